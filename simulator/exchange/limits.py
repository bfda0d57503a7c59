"""Limits on accounts, checked before the venue sees an order.

A limit on quantities speaks of one product, so it counts what has the order's own base product within its
scope; a limit on dollars adds up all products. A position is judged as if every open order of the order's own
side were filled.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, assert_never, get_args

import msgspec

from simulator.catalogue.products import Product, TradableProduct
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


class Total:
    """What one account, or all together, have open and hold within one scope: the sums that limits are about.

    Dollars are in billionths of billionths.
    """

    __slots__ = ("by_base", "open_dollars", "orders", "position_dollars")

    def __init__(self) -> None:
        self.by_base: dict[str, Exposure] = {}
        """By the id of what is traded."""
        self.orders = 0
        self.open_dollars = 0
        self.position_dollars = 0
        """What the positions in all products are worth, the short ones as much as the long ones."""

    def add(self, base: Product, buying: int, selling: int, position: int, orders: int) -> None:
        """Add what is open on both sides, what is held, and how many orders there are; all may be negative."""
        same = self.by_base.get(base.id)
        if same is None:
            same = self.by_base[base.id] = Exposure()
        self.orders += orders
        self.open_dollars += _dollars(buying + selling, base)
        self.position_dollars -= abs(_dollars(same.position, base))
        same.buying += buying
        same.selling += selling
        same.position += position
        self.position_dollars += abs(_dollars(same.position, base))


_NOTHING = Exposure()


class Limits:
    """The limits in force, and whether an order may pass them."""

    def __init__(self) -> None:
        self.in_force: dict[tuple[str | None, Scope], dict[LimitName, Limit]] = {}
        """The limits by whose they are and what they are about."""
        self._applying: dict[tuple[str, str], tuple[Limit, ...]] = {}
        self._totals: dict[tuple[str | None, Scope], Total] = {}
        """What the limits are about, once an order has been checked; from then on they are kept up to date."""
        self._counting: dict[tuple[str, str], tuple[Total, ...]] = {}

    def __iter__(self) -> Iterator[Limit]:
        return (limit for limits in self.in_force.values() for limit in limits.values())

    def __len__(self) -> int:
        return sum(map(len, self.in_force.values()))

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
        self._totals.clear()

    def count(self, order: Order, opened: int, filled: int, orders: int) -> None:
        """Take note of what has become of an order: its account has so much more open, filled, and so many orders."""
        if self._totals:
            listing = order.instrument.listing
            change = (opened, 0, filled, orders) if order.buy else (0, opened, -filled, orders)
            for total in self._totals_with(order.account, listing):
                total.add(listing.base, *change)

    def breach(self, instruments: Iterable[Instrument], order: Order) -> str | None:
        """Say which limit a new order would break, what it is and what the order would make of it.

        ``instruments`` are all that anybody has traded. Where several limits of one name are broken, the
        lowest speaks. Returns None if the order may pass.
        """
        if not self.in_force:
            return None
        if not self._totals:
            self._sum_up(instruments)
        for limit in self._for(order.account, order.instrument.listing):
            would = _would_be(limit, self._totals[limit.account, limit.scope], order)
            value = limit.value
            if value is not None and would > value:
                return (
                    f"{limit.name.value} is {text_of_amount(value)} for {_whose(limit)}"
                    f"{WOULD_BE}{text_of_amount(would)}"
                )
        return None

    def _sum_up(self, instruments: Iterable[Instrument]) -> None:
        self._counting.clear()
        self._totals = {key: Total() for key in self.in_force}
        for instrument in instruments:
            base = instrument.listing.base
            for account, held in instrument.exposures.items():
                for total in self._totals_with(account, instrument.listing):
                    total.add(base, held.buying, held.selling, held.position, held.orders)

    def _totals_with(self, account: str, listing: TradableProduct) -> tuple[Total, ...]:
        """Return the totals that something of an account and a tradable product is part of."""
        key = (account, listing.id)
        totals = self._counting.get(key)
        if totals is None:
            totals = self._counting[key] = tuple(
                total
                for whose in (None, account)
                for scope in _scopes_of(listing)
                if (total := self._totals.get((whose, scope))) is not None
            )
        return totals

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


def _would_be(limit: Limit, total: Total, order: Order) -> int:
    """Return what the limit's measure would be with the order in, in billionths."""
    buy, quantity, base = order.buy, order.quantity, order.instrument.listing.base
    same = total.by_base.get(base.id, _NOTHING)
    match limit.name:
        case LimitName.MAX_ORDER_QTY:
            return quantity
        case LimitName.MAX_ORDER_DOLLARS:
            return _rounded_up(_dollars(quantity, base))
        case LimitName.MAX_OPEN_QTY:
            return quantity + same.buying + same.selling
        case LimitName.MAX_OPEN_BUY_QTY:
            return quantity + same.buying if buy else 0
        case LimitName.MAX_OPEN_SELL_QTY:
            return 0 if buy else quantity + same.selling
        case LimitName.MAX_OPEN_ORDERS:
            return (1 + total.orders) * BILLION
        case LimitName.MAX_OPEN_DOLLARS:
            return _rounded_up(_dollars(quantity, base) + total.open_dollars)
        case LimitName.MAX_POSITION:
            return _worst_position(same, buy, quantity)
        case LimitName.MAX_POSITION_DOLLARS:
            return _position_dollars(total, same, order)
        case _:
            assert_never(limit.name)


def _worst_position(held: Exposure, buy: bool, quantity: int) -> int:
    return quantity + (held.position + held.buying if buy else held.selling - held.position)


def _position_dollars(total: Total, same: Exposure, order: Order) -> int:
    """Return the dollars of the worst position in the order's product and of the positions in all others.

    An order that only reduces a position makes nothing worse, whatever the others come to.
    """
    base = order.instrument.listing.base
    worst = _worst_position(same, order.buy, order.quantity)
    if worst <= 0:
        return 0
    others = total.position_dollars - abs(_dollars(same.position, base))
    return _rounded_up(_dollars(worst, base) + others)


def _dollars(quantity: int, base: Product) -> int:
    """Return what a quantity is worth, in billionths of billionths: a sum of these is rounded once, at its end."""
    return quantity * base.price_in_limit_dollars


def _rounded_up(dollars: int) -> int:
    return -(-dollars // BILLION)
