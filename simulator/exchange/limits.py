"""Limits on accounts, checked before the venue sees an order.

A limit on quantities speaks of one product, so it counts what has the order's own base product within its
scope; a limit on dollars adds up all products. A position is judged as if every open order of the order's own
side were filled.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, assert_never, get_args

import msgspec

from simulator.catalogue.products import TradableProduct
from simulator.decimals import text_of_amount
from simulator.exchange.instrument import Exposure, Instrument
from simulator.exchange.orders import Order
from simulator.terms import BILLION, LimitName

__all__ = ["ALL", "ALL_ACCOUNTS", "SCOPE_KINDS", "WOULD_BE", "Limit", "Limits", "Scope", "ScopeKind"]

ScopeKind = Literal["TradableProduct", "Product", "Venue", "Route"]
"""What a scope may name; a product as the base of what is traded."""

SCOPE_KINDS: tuple[ScopeKind, ...] = get_args(ScopeKind)


ALL_ACCOUNTS = "all accounts"
WOULD_BE = "; this order would make it "
"""The words of a reason that tells of the limit of all accounts together, and of what they have come to."""


class Scope(msgspec.Struct, frozen=True):
    """Which instruments something is about: all, or those of the named thing of this id."""

    kind: Literal["All"] | ScopeKind = "All"
    id: str = ""

    def covers(self, listing: TradableProduct) -> bool:
        """Tell whether a tradable product is within this scope."""
        return self.kind == "All" or self.id == _id_within(listing, self.kind)


def _id_within(listing: TradableProduct, kind: ScopeKind) -> str:
    """Return the id of the one thing of a kind that a tradable product is within."""
    match kind:
        case "TradableProduct":
            return listing.id
        case "Product":
            return listing.base.id
        case "Venue":
            return listing.venue.id
        case "Route":
            return listing.route.id
        case _:
            assert_never(kind)


ALL = Scope()


class Limit(msgspec.Struct, frozen=True):
    """One limit: ``account`` None means every account together; ``value`` in billionths, None lifts it."""

    account: str | None
    scope: Scope
    name: LimitName
    value: int | None


class Limits:
    """The limits in force, and whether an order may pass them."""

    def __init__(self) -> None:
        self.in_force: dict[tuple[str | None, Scope], dict[LimitName, Limit]] = {}
        """The limits by whose they are and what they are about."""
        self._applying: dict[tuple[str, str], tuple[Limit, ...]] = {}

    def __iter__(self) -> Iterator[Limit]:
        return (limit for limits in self.in_force.values() for limit in limits.values())

    def of(self, account: str | None, scope: Scope) -> tuple[Limit, ...]:
        """Return the limits of just this account, or of all together, and just this scope, as they were set."""
        return tuple(self.in_force.get((account, scope), {}).values())

    def set(self, limits: Iterable[Limit]) -> None:
        """Put limits in force, or lift those without a value."""
        for limit in limits:
            key = (limit.account, limit.scope)
            in_force = self.in_force.setdefault(key, {})
            in_force.pop(limit.name, None)
            if limit.value is not None:
                in_force[limit.name] = limit
            elif not in_force:
                del self.in_force[key]
        self._applying.clear()

    def breach(self, instruments: Iterable[Instrument], order: Order) -> str | None:
        """Say which limit a new order would break, what it is and what the order would make of it.

        ``instruments`` are all that anybody has traded. Where several limits of one name are broken, the
        lowest speaks. Returns None if the order may pass.
        """
        if not self.in_force:
            return None
        for limit in self._for(order.account, order.instrument.listing):
            would = _would_be(limit, instruments, order)
            value = limit.value
            if value is not None and would > value:
                return (
                    f"{limit.name.value} is {text_of_amount(value)} for {_whose(limit)}"
                    f"{WOULD_BE}{text_of_amount(would)}"
                )
        return None

    def _for(self, account: str, listing: TradableProduct) -> tuple[Limit, ...]:
        key = (account, listing.id)
        applying = self._applying.get(key)
        if applying is None:
            names = list(LimitName)
            applying = self._applying[key] = tuple(
                sorted(
                    (
                        limit
                        for whose in (None, account)
                        for scope in _scopes_of(listing)
                        for limit in self.of(whose, scope)
                    ),
                    key=lambda limit: (names.index(limit.name), limit.value or 0),
                )
            )
        return applying


def _scopes_of(listing: TradableProduct) -> tuple[Scope, ...]:
    """Return every scope that covers a tradable product."""
    return (ALL, *(Scope(kind, _id_within(listing, kind)) for kind in SCOPE_KINDS))


def _whose(limit: Limit) -> str:
    scope = "all products" if limit.scope.kind == "All" else f"{limit.scope.kind} {limit.scope.id}"
    return f"{ALL_ACCOUNTS if limit.account is None else limit.account}, {scope}"


def _would_be(limit: Limit, instruments: Iterable[Instrument], order: Order) -> int:
    """Return what the limit's measure would be with the order in, in billionths."""
    own, buy, quantity = order.instrument, order.buy, order.quantity
    base = own.listing.base
    if limit.name is LimitName.MAX_ORDER_QTY:
        return quantity
    if limit.name is LimitName.MAX_ORDER_DOLLARS:
        return _rounded_up(_dollars(quantity, own))
    held = [
        (instrument, exposure)
        for instrument in instruments
        if limit.scope.covers(instrument.listing)
        for account, exposure in instrument.exposures.items()
        if limit.account in (None, account)
    ]
    same = [exposure for instrument, exposure in held if instrument.listing.base.id == base.id]
    match limit.name:
        case LimitName.MAX_OPEN_QTY:
            return quantity + sum(exposure.buying + exposure.selling for exposure in same)
        case LimitName.MAX_OPEN_BUY_QTY:
            return quantity + sum(exposure.buying for exposure in same) if buy else 0
        case LimitName.MAX_OPEN_SELL_QTY:
            return 0 if buy else quantity + sum(exposure.selling for exposure in same)
        case LimitName.MAX_OPEN_ORDERS:
            return (1 + sum(exposure.orders for _, exposure in held)) * BILLION
        case LimitName.MAX_OPEN_DOLLARS:
            return _rounded_up(
                _dollars(quantity, own)
                + sum(_dollars(exposure.buying + exposure.selling, instrument) for instrument, exposure in held)
            )
        case LimitName.MAX_POSITION:
            return _worst_position(same, buy, quantity)
        case LimitName.MAX_POSITION_DOLLARS:
            return _position_dollars(held, own, buy, quantity)
        case _:
            assert_never(limit.name)


def _worst_position(held: Iterable[Exposure], buy: bool, quantity: int) -> int:
    if buy:
        return quantity + sum(exposure.position + exposure.buying for exposure in held)
    return quantity + sum(exposure.selling - exposure.position for exposure in held)


def _position_dollars(held: list[tuple[Instrument, Exposure]], own: Instrument, buy: bool, quantity: int) -> int:
    """Return the dollars of the worst position in the order's product and of the positions in all others.

    An order that only reduces a position makes nothing worse, whatever the others come to.
    """
    by_product: dict[str, list[tuple[Instrument, Exposure]]] = {}
    for instrument, exposure in held:
        by_product.setdefault(instrument.listing.base.id, []).append((instrument, exposure))
    same = by_product.pop(own.listing.base.id, [])
    worst = _worst_position([exposure for _, exposure in same], buy, quantity)
    if worst <= 0:
        return 0
    dollars = _dollars(worst, own)
    for others in by_product.values():
        dollars += abs(_dollars(sum(exposure.position for _, exposure in others), others[0][0]))
    return _rounded_up(dollars)


def _dollars(quantity: int, instrument: Instrument) -> int:
    """Return what a quantity is worth, in billionths of billionths: a sum of these is rounded once, at its end."""
    return quantity * instrument.listing.base.price_in_limit_dollars


def _rounded_up(dollars: int) -> int:
    return -(-dollars // BILLION)
