"""The entries of a catalogue file as they are written, before their words are checked against each other."""

import re
from typing import Any

import msgspec

from simulator.errors import CatalogueError, nearest

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
    """What is wrong at one place of a catalogue: ``where`` is a path such as ``products[3].kind``."""

    def __init__(self, source: str, where: str, problem: str) -> None:
        super().__init__(f"{source}: {where}: {problem}" if where else f"{source}: {problem}")
        self.where = where
        self.problem = problem


class NamedEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A venue or a route that is more than a name."""

    name: str
    id: str | None = None


class ProductEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A product; the last five fields are for derivatives."""

    name: str
    kind: str
    price_in_limit_dollars: str | int
    id: str | None = None
    underlying: str | None = None
    multiplier: str | int | None = None
    expiration: str | None = None
    strike: str | int | None = None
    put_or_call: str | None = None


class TradableEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A tradable product: the names of its parts, and how it trades."""

    base: str
    quote: str
    venue: str
    route: str
    quote_increment: str | int
    base_increment: str | int
    id: str | None = None
    symbol: str | None = None
    flags: list[str] = []
    mid: str | int | None = None
    turnover: str | int = 0
    quoted: bool = True
    traded: bool = True
    pool: str | None = None


class ExpirationEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A date counted from the start of the world: the ``next``-th such day of those months, at a time of day in UTC."""

    day: str
    at: str
    next: str | int = 1
    of: list[str] = []


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A whole catalogue file."""

    products: list[ProductEntry]
    tradable_products: list[TradableEntry]
    venues: list[str | NamedEntry]
    routes: list[str | NamedEntry]
    name: str | None = None
    accounts: tuple[str, ...] = ("DEFAULT",)
    expirations: dict[str, ExpirationEntry] = {}


_PLACE = re.compile(r"(?P<problem>.*?)(?: - at `(?:key in )?\$\.?(?P<where>.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "products": ProductEntry,
    "tradable_products": TradableEntry,
    "venues": NamedEntry,
    "routes": NamedEntry,
    "expirations": ExpirationEntry,
}


def read_document(document: Any, source: str) -> Document:
    """Return the entries of decoded data; raises `DocumentError` for a wrong key or kind of value."""
    try:
        return msgspec.convert(document, Document)
    except msgspec.ValidationError as error:
        match = _PLACE.fullmatch(str(error))
        where, problem = (match["where"] or "", match["problem"]) if match else ("", str(error))
    raise DocumentError(source, *_in_words(where, problem))


def _in_words(where: str, problem: str) -> tuple[str, str]:
    fields = _STRUCTS.get(where.partition("[")[0], Document).__struct_fields__
    if unknown := _UNKNOWN.fullmatch(problem):
        place = f"{where}.{unknown[1]}" if where else unknown[1]
        return place, f"expected one of {', '.join(fields)}, got {unknown[1]!r}{nearest(unknown[1], fields)}"
    if missing := _MISSING.fullmatch(problem):
        return where, f"expected the key {missing[1]!r}, which is missing"
    if problem.endswith("got `float`"):
        return where, "expected a decimal in quotes, which keeps its digits, got a float"
    return where, problem[:1].lower() + problem[1:].replace("`", "")
