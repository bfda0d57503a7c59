"""A catalogue made from decoded data: every word is checked, and every reference found."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from simulator.catalogue.checks import Checks
from simulator.catalogue.entries import (
    Document,
    ExpirationEntry,
    NamedEntry,
    ProductEntry,
    TradableEntry,
    read_document,
)
from simulator.catalogue.expirations import dates, fill_in
from simulator.catalogue.model import Catalogue, Origin
from simulator.catalogue.products import (
    FLAGS,
    KINDS,
    Contract,
    Product,
    Route,
    ThingKind,
    TradableProduct,
    VenueInfo,
    default_symbol,
    derived_id,
    tradable_product_name,
)
from simulator.quoting import quoted
from simulator.times import EPOCH_2024, parse_time

__all__ = ["build"]

_CONTRACT_FIELDS: Final = ("underlying", "multiplier", "expiration", "strike", "put_or_call")
_REQUIRED: Final = {"Future": _CONTRACT_FIELDS[:3], "Option": _CONTRACT_FIELDS}
_ALLOWED: Final = {"Perpetual": _CONTRACT_FIELDS[:2], **_REQUIRED}

_MOST_MADE: Final = 4

_T = TypeVar("_T")


def build(document: dict[str, Any], source: str, start: int = EPOCH_2024) -> Catalogue:
    """Return the catalogue that decoded data states, such as a catalogue file's or part of a scenario's.

    ``source`` names the data in messages, and the catalogue if it has no name of its own; ``start`` is the time in
    nanoseconds from which ``expirations`` are counted. Raises `simulator.errors.CatalogueError`, which says where, what
    was expected and what came, for every key and value that cannot be used, name given twice, and reference to nothing.
    """
    entries = read_document(document, source)
    if entries.expirations:
        return _Dated(document, source, entries.expirations).at(start)
    return _catalogue(Checks(source), entries, source)


class _Dated:
    """Data with dates that are counted from the start of the world, and the catalogues that were made of it last."""

    def __init__(self, document: dict[str, Any], source: str, expirations: dict[str, ExpirationEntry]) -> None:
        self.document = document
        self._source = source
        self._expirations = expirations
        self._made: list[tuple[int, int, Catalogue]] = []

    def at(self, start: int) -> Catalogue:
        """Return the catalogue of a world that begins at a time: the same object where the dates are the same."""
        for since, until, catalogue in self._made:
            if since <= start < until:
                return catalogue
        check = Checks(self._source)
        times, since, until = dates(check, self._expirations, start)
        check.settle()
        entries = read_document(self.document, self._source)
        counted = [entry for entry in entries.products if entry.expiration in times]
        fill_in(check, entries, times)
        catalogue = _catalogue(check, entries, self._source, self, frozenset(entry.name for entry in counted))
        if len(self._made) >= _MOST_MADE:
            self._made.clear()
        self._made.append((since, until, catalogue))
        return catalogue


def _catalogue(
    check: Checks,
    entries: Document,
    source: str,
    origin: Origin | None = None,
    counted: frozenset[str] = frozenset(),
) -> Catalogue:
    if entries.name is not None:
        check.name("name", entries.name)
    venues = {name: VenueInfo(name, id_) for name, id_ in _places(check, "venue", entries.venues)}
    routes = {name: Route(name, id_) for name, id_ in _places(check, "route", entries.routes)}
    products = _products(check, entries.products)
    accounts = _accounts(check, entries)
    tradable_products = _TradableProducts(check, venues, routes, products).all(entries.tradable_products)
    check.settle()
    return Catalogue(
        name=source if entries.name is None else entries.name,
        accounts=accounts,
        venues=venues.values(),
        routes=routes.values(),
        products=products.values(),
        tradable_products=tradable_products,
        origin=origin,
        counted=counted,
    )


def _accounts(check: Checks, entries: Document) -> tuple[str, ...]:
    if not entries.accounts:
        check.wrong("accounts", "expected at least one account, got none")
    seen: dict[str, str] = {}
    for at, account in enumerate(entries.accounts):
        where = f"accounts[{at}]"
        check.once(seen, check.name(where, account).casefold(), where, account)
    return entries.accounts


def _places(check: Checks, thing: ThingKind, entries: list[str | NamedEntry]) -> list[tuple[str, str]]:
    """Return the name and the id of each venue or route."""
    names: dict[str, str] = {}
    ids: dict[str, str] = {}
    found = []
    for at, entry in enumerate(entries):
        where = f"{thing}s[{at}]"
        written = NamedEntry(entry) if isinstance(entry, str) else entry
        if check.once(names, check.name(where, written.name), where, written.name):
            found.append((written.name, _id(check, ids, thing, where, written.name, written.id)))
    return found


def _id(check: Checks, seen: dict[str, str], thing: ThingKind, where: str, name: str, written: str | None) -> str:
    id_ = derived_id(thing, name) if written is None else check.name(f"{where}.id", written)
    check.once(seen, id_.lower(), f"{where}.id", id_)
    return id_


def _products(check: Checks, entries: list[ProductEntry]) -> dict[str, Product]:
    names: dict[str, str] = {}
    ids: dict[str, str] = {}
    for at, entry in enumerate(entries):
        where = f"products[{at}]"
        check.once(names, check.name(f"{where}.name", entry.name), f"{where}.name", entry.name)
    products: dict[str, Product] = {}
    for at, entry in enumerate(entries):
        where = f"products[{at}]"
        if entry.name in products:
            continue
        kind = check.one_of(f"{where}.kind", entry.kind, KINDS)
        contract, expires = _contract(check, where, entry, names)
        products[entry.name] = Product(
            name=entry.name,
            id=_id(check, ids, "product", where, entry.name, entry.id),
            kind=kind,
            value=contract,
            price_in_limit_dollars=check.amount(
                f"{where}.price_in_limit_dollars", entry.price_in_limit_dollars, zero=True
            ),
            expires=expires,
        )
    return products


def _contract(
    check: Checks, where: str, entry: ProductEntry, names: Mapping[str, str]
) -> tuple[Contract | None, int | None]:
    """Return what a derivative is on, and when it expires in nanoseconds."""
    for field in _CONTRACT_FIELDS:
        given = getattr(entry, field) is not None
        if given and field not in _ALLOWED.get(entry.kind, ()):
            check.wrong(f"{where}.{field}", f"expected no such key for kind {entry.kind!r}, got one")
        if not given and field in _REQUIRED.get(entry.kind, ()):
            check.wrong(where, f"expected the key {field!r} for kind {entry.kind!r}, which is missing")
    if entry.underlying is None:
        if entry.multiplier is not None and entry.kind not in _REQUIRED:
            check.wrong(f"{where}.multiplier", "expected an underlying beside a multiplier, got none")
        return None, None
    multiplier = "1" if entry.multiplier is None else str(entry.multiplier)
    check.amount(f"{where}.multiplier", multiplier)
    if entry.strike is not None:
        check.amount(f"{where}.strike", entry.strike)
    if entry.put_or_call is not None:
        check.one_of(f"{where}.put_or_call", entry.put_or_call, ("Put", "Call"))
    expires, expiration = _expiration(check, f"{where}.expiration", entry.expiration)
    contract = Contract(
        underlying=check.one_of(f"{where}.underlying", entry.underlying, names),
        multiplier=multiplier,
        expiration=expiration,
        strike=None if entry.strike is None else str(entry.strike),
        put_or_call=entry.put_or_call,
    )
    return contract, expires


def _expiration(check: Checks, where: str, written: str | None) -> tuple[int | None, str | None]:
    if written is None:
        return None, None
    time = parse_time(written)
    if time is None:
        wanted = "a date like 2024-12-20, an RFC 3339 time or a name in expirations"
        check.wrong(where, f"expected {wanted}, got {quoted(written)}")
        return None, None
    return time


class _TradableProducts:
    """Makes tradable products of the things they refer to."""

    def __init__(
        self, check: Checks, venues: dict[str, VenueInfo], routes: dict[str, Route], products: dict[str, Product]
    ) -> None:
        self._check = check
        self._venues = venues
        self._routes = routes
        self._products = products
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._symbols: dict[str, tuple[str, str]] = {}

    def all(self, entries: list[TradableEntry]) -> list[TradableProduct]:
        made = (self._one(f"tradable_products[{at}]", entry) for at, entry in enumerate(entries))
        return [tradable for tradable in made if tradable is not None]

    def _one(self, where: str, entry: TradableEntry) -> TradableProduct | None:
        """Return what an entry states, or None for one that cannot be, which is remembered."""
        base = self._find(where, "base", entry.base, self._products)
        quote = self._find(where, "quote", entry.quote, self._products)
        venue = self._find(where, "venue", entry.venue, self._venues)
        route = self._find(where, "route", entry.route, self._routes)
        amount = self._check.amount
        quote_increment = amount(f"{where}.quote_increment", entry.quote_increment)
        base_increment = amount(f"{where}.base_increment", entry.base_increment)
        flags = self._flags(where, entry.flags)
        mid = None if entry.mid is None else amount(f"{where}.mid", entry.mid)
        turnover = self._check.count(f"{where}.turnover", entry.turnover)
        pool = None if entry.pool is None else self._check.name(f"{where}.pool", entry.pool)
        if base is None or quote is None or venue is None or route is None:
            return None
        name = tradable_product_name(base.name, quote.name, venue.name, route.name)
        if not self._check.once(self._names, name, where, name):
            return None
        symbol, full_symbol, quote_symbol_id, trading_symbol_id = self._symbol(where, entry)
        return TradableProduct(
            name=name,
            id=_id(self._check, self._ids, "tradable_product", where, name, entry.id),
            base=base,
            quote=quote,
            venue=venue,
            route=route,
            symbol=symbol,
            quote_symbol=full_symbol,
            quote_symbol_id=quote_symbol_id,
            trading_symbol=full_symbol,
            trading_symbol_id=trading_symbol_id,
            quote_increment=quote_increment,
            base_increment=base_increment,
            flags=flags,
            mid=mid,
            turnover=turnover,
            quoted=entry.quoted,
            traded=entry.traded,
            pool=pool,
        )

    def _find(self, where: str, key: str, name: str, things: dict[str, _T]) -> _T | None:
        self._check.one_of(f"{where}.{key}", name, things)
        return things.get(name)

    def _symbol(self, where: str, entry: TradableEntry) -> tuple[str, str, str, str]:
        """Return the venue's word for the pair, that word after its name, and the ids of both symbols."""
        symbol = default_symbol(entry.base, entry.quote)
        if entry.symbol is not None:
            symbol = self._check.name(f"{where}.symbol", entry.symbol)
        full = f"{entry.venue}:{symbol}"
        ids = self._symbols.get(full)
        if ids is None:
            ids = self._symbols[full] = (derived_id("quote_symbol", full), derived_id("trading_symbol", full))
        return symbol, full, *ids

    def _flags(self, where: str, flags: list[str]) -> tuple[str, ...]:
        """Return the flags, each once, in the order in which the wire lists them."""
        for at, flag in enumerate(flags):
            self._check.one_of(f"{where}.flags[{at}]", flag, FLAGS)
        return tuple(flag for flag in FLAGS if flag in flags) if flags else ()
