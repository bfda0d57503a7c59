"""The entries of a catalogue file as they are written, before their words are checked against each other."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

import msgspec

from simulator.did_you_mean import nearest
from simulator.errors import CatalogueError, Problem
from simulator.quoting import quoted

__all__ = [
    "Document",
    "DocumentError",
    "ExpirationEntry",
    "NamedEntry",
    "ProductEntry",
    "TradableEntry",
    "read_document",
]


class DocumentError(CatalogueError):
    """What is wrong with a catalogue's data: paths such as ``products[3].kind``, each with its problem."""

    def __init__(self, source: str, faults: Iterable[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__(Problem(problem, where, source) for where, problem in self.faults)


class NamedEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A venue or a route that is more than a name."""

    name: str
    """Its name. Example: ``name: COINBASE``."""
    id: str | None = None
    """Its id; without it, one made of the name. Example: ``name: DIRECT, id: the way``."""


class ProductEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A product; the last five fields are for derivatives."""

    name: str
    """Its name, as orders and pairs say it. Example: ``name: GOLD``."""
    kind: str
    """Coin, Fiat, Equity, Perpetual, Future, Option, Index or Commodity. Example: ``kind: Commodity``."""
    price_in_limit_dollars: str | int
    """What one of it counts in limits that are in dollars. Example: ``price_in_limit_dollars: "2600.50"``."""
    id: str | None = None
    """Its id; without it, one made of the name. Example: ``id: gold``."""
    underlying: str | None = None
    """The name of the product that a derivative is of. Example: ``underlying: GOLD``."""
    multiplier: str | int | None = None
    """How many of the underlying one contract is for. Example: ``multiplier: "100"``."""
    expiration: str | None = None
    """When the contract expires: a date, which is its midnight in UTC, a time, or a name in expirations. Example:
    ``expiration: '2034-12-27'``.
    """
    strike: str | int | None = None
    """An option's strike. Example: ``strike: "2600"``."""
    put_or_call: str | None = None
    """Whether an option is a Put or a Call. Example: ``put_or_call: Put``."""


class TradableEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A tradable product: the names of its parts, and how it trades."""

    base: str
    """The name of the product that is traded. Example: ``base: GOLD``."""
    quote: str
    """The name of the product that its price is in. Example: ``quote: USD``."""
    venue: str
    """The name of the venue. Example: ``venue: CME``."""
    route: str
    """The name of the route. Example: ``route: DIRECT``."""
    quote_increment: str | int
    """The tick of its prices. Example: ``quote_increment: "0.10"``."""
    base_increment: str | int
    """The step of its quantities. Example: ``base_increment: "1"``."""
    id: str | None = None
    """Its id; without it, one made of the name. Example: ``id: gold in dollars``."""
    symbol: str | None = None
    """The venue's own word for the pair; without it, one made of the names. Example: ``symbol: GC``."""
    flags: list[str] = []
    """Any of Disabled, CancelOnly, PostOnly, LimitOnly, MarginEnabled. Example: ``flags: [PostOnly]``."""
    mid: str | int | None = None
    """A price around which a plausible market stands; without it, there is none. Example: ``mid: "2600"``."""
    turnover: str | int = 0
    """How much is traded, a whole number: the most traded pair of a product is its canonical one, and liquid. Example:
    ``turnover: 1000``.
    """
    quoted: bool = True
    """Whether there is market data of it. Example: ``quoted: false``."""
    traded: bool = True
    """Whether it can be traded. Example: ``traded: false``."""
    pool: str | None = None
    """A word by which queries find it with others: Pool. Example: ``pool: metals``."""


class ExpirationEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A date counted from the start of the world: the ``next``-th such day of those months, at a time of day in UTC."""

    day: str
    """The day: 3rd Friday, last Friday, last weekday. Example: ``day: 3rd Friday``."""
    at: str
    """The time of day, in UTC. Example: ``at: "14:30"``."""
    next: str | int = 1
    """Which one: 1 is the first after the start of the world, 0 the last before it. Example: ``next: 2``."""
    of: list[str] = []
    """The months that have one; without it, all. Example: ``of: [Mar, Jun, Sep, Dec]``."""


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A whole catalogue file."""

    products: list[ProductEntry]
    """What is traded, and what it is paid in. Example:
    ``products: [{name: USD, kind: Fiat, price_in_limit_dollars: "1"}]``.
    """
    tradable_products: list[TradableEntry]
    """The pairs, each at a venue by a route. Example: ``tradable_products: []``."""
    venues: list[str | NamedEntry]
    """The venues: names, or mappings. Example: ``venues: [CME]``."""
    routes: list[str | NamedEntry]
    """The routes: names, or mappings. Example: ``routes: [DIRECT]``."""
    name: str | None = None
    """What the catalogue is called; without it, its file's name. Example: ``name: small``."""
    accounts: tuple[str, ...] = ("DEFAULT",)
    """The accounts there are. Example: ``accounts: [DEFAULT, ALICE]``."""
    expirations: dict[str, ExpirationEntry] = {}
    """Dates by names, counted from the start of the world; {name} in a product's name or a symbol is the date.
    Example: ``expirations: {quarter: {day: 3rd Friday, of: [Mar, Jun, Sep, Dec], at: "14:30"}}``.
    """


_PLACE = re.compile(r"(?P<problem>.*?)(?: - at `(?:key in )?\$(?P<where>.*)`)?", re.DOTALL)
_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "products": ProductEntry,
    "tradable_products": TradableEntry,
    "venues": NamedEntry,
    "routes": NamedEntry,
}


def read_document(document: dict[str, Any], source: str) -> Document:
    """Return the entries of decoded data; raises `DocumentError` for wrong keys and kinds of values."""
    try:
        return msgspec.convert(document, Document)
    except msgspec.ValidationError:
        raise DocumentError(source, _document_faults(document)) from None


def _document_faults(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with each key and each entry."""
    yield from _unknown_keys("", document, Document)
    for field in msgspec.structs.fields(Document):
        if field.name not in document:
            if field.required:
                yield "", f"expected the key {field.name!r}, which is missing"
            continue
        value = document[field.name]
        if field.name in _STRUCTS and isinstance(value, list):
            (kind,) = get_args(field.type)
            for at, entry in enumerate(value):
                yield from _entry_faults(f"{field.name}[{at}]", entry, kind, _STRUCTS[field.name])
        elif field.name == "expirations" and isinstance(value, dict):
            for name, entry in value.items():
                yield from _entry_faults(f"{field.name}.{name}", entry, ExpirationEntry, ExpirationEntry)
        else:
            yield from _wrong_kind(field.name, value, field.type)


def _entry_faults(where: str, entry: Any, kind: Any, struct: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    if not isinstance(entry, dict):
        yield from _wrong_kind(where, entry, kind)
        return
    yield from _unknown_keys(where, entry, struct)
    known = {key: value for key, value in entry.items() if key in struct.__struct_fields__}
    for field in msgspec.structs.fields(struct):
        if field.name in known:
            yield from _wrong_kind(f"{where}.{field.name}", known[field.name], field.type)
        elif field.required:
            yield where, f"expected the key {field.name!r}, which is missing"


def _unknown_keys(where: str, entry: dict[str, Any], struct: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    fields = struct.__struct_fields__
    for key in entry:
        if key not in fields:
            place = f"{where}.{key}" if where else key
            yield place, f"expected one of {', '.join(fields)}, got {quoted(str(key))}{nearest(str(key), fields)}"


def _wrong_kind(where: str, value: Any, kind: Any) -> Iterator[tuple[str, str]]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        match = _PLACE.fullmatch(str(error))
        place, problem = (match["where"] or "", match["problem"]) if match else ("", str(error))
        if problem.endswith("got `float`"):
            yield where + place, "expected a decimal in quotes, which keeps its digits, got a float"
        else:
            yield where + place, problem[:1].lower() + problem[1:].replace("`", "")
