"""The query language: what may be asked of tradable products, and what is the same in both of its forms."""

from typing import Literal, NamedTuple, assert_never, get_args

import msgspec

from simulator.catalogue.products import KINDS
from simulator.did_you_mean import nearest
from simulator.quoting import quoted
from simulator.times import parse_span

__all__ = [
    "EXPIRATIONS",
    "MAX_DEPTH",
    "MAX_TERMS",
    "NAMES",
    "VARIANTS",
    "DateVariant",
    "Expiration",
    "LeafVariant",
    "Misread",
    "NameVariant",
    "Term",
    "Variant",
    "expiration",
    "leaf",
    "shown",
    "unknown",
]

NameVariant = Literal["Base", "BaseKind", "Quote", "Venue", "Route", "Pool", "ExchangeSymbol", "Underlying"]
NAMES: tuple[NameVariant, ...] = get_args(NameVariant)
"""The variants whose value is one name."""

LeafVariant = Literal["All", "Expired"] | NameVariant
Variant = LeafVariant | Literal["Expiration", "And", "Or", "Not"]
VARIANTS: tuple[Variant, ...] = ("All", *NAMES, "Expired", "Expiration", "And", "Or", "Not")
"""Every variant."""

DateVariant = Literal["On", "OnOrAfter", "OnOrBefore", "Between"]
EXPIRATIONS: dict[DateVariant, int] = {"On": 1, "OnOrAfter": 1, "OnOrBefore": 1, "Between": 2}
"""The variants of an expiration, and how many dates each takes."""

MAX_DEPTH = 64
"""How deep a query may be nested."""

MAX_TERMS = 4096
"""How many terms a query may have."""


class Term(msgspec.Struct, frozen=True):
    """A query, read: a variant with what its value was read into.

    ``name`` is set for a variant of `NAMES`; ``expired`` for ``Expired``; ``span``, the first and the last
    nanosecond that match, for ``Expiration`` (None on a side: no bound); ``terms`` for ``And``, ``Or`` and
    ``Not``.
    """

    variant: Variant
    name: str = ""
    expired: bool = True
    span: tuple[int | None, int | None] = (None, None)
    terms: tuple["Term", ...] = ()


class Misread(Exception):
    """What is wrong with a query; `simulator.catalogue.query` makes a refusal of it.

    Args:
        where: the path below the query, such as ``.value[1].type``, or the column of its text.
        what: what was expected, and what came.
    """

    def __init__(self, where: str, what: str) -> None:
        super().__init__(where, what)
        self.where = where
        self.what = what


class Expiration(NamedTuple):
    """An expiration as it was written: its variant and its dates, each with the place it stands at."""

    variant: DateVariant
    dates: list[tuple[object, str]]


def leaf(variant: LeafVariant, value: object, where: str) -> Term:
    """Return the term of a variant whose value holds no term and no expiration; raises `Misread`."""
    if variant == "All":
        if value is not None:
            raise Misread(where, f"All takes no value, got {shown(value)}")
        return Term("All")
    if variant == "Expired":
        if value is not None and not isinstance(value, bool):
            raise Misread(where, f"expected true or false, got {shown(value)}")
        return Term("Expired", expired=value is not False)
    if not isinstance(value, str):
        raise Misread(where, f"{variant} takes a string, got {shown(value)}")
    if variant == "BaseKind" and value not in KINDS:
        raise unknown("a kind", value, KINDS, where)
    return Term(variant, name=value)


def expiration(written: Expiration, where: str) -> Term:
    """Return the term of an expiration; raises `Misread` if its dates are not as many or not dates."""
    wanted = EXPIRATIONS[written.variant]
    if len(written.dates) != wanted:
        dates = "a date" if wanted == 1 else "two dates"
        raise Misread(where, f"{written.variant} takes {dates}, got {len(written.dates)}")
    spans = [_span(value, place) for value, place in written.dates]
    first, last = spans[0][0], spans[-1][1]
    match written.variant:
        case "On" | "Between":
            return Term("Expiration", span=(first, last))
        case "OnOrAfter":
            return Term("Expiration", span=(first, None))
        case "OnOrBefore":
            return Term("Expiration", span=(None, last))
        case _:
            assert_never(written.variant)


def shown(value: object) -> str:
    """Return what a client wrote, cut short if need be, for a message."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "an object"
        case list():
            return "an array"
        case str():
            return quoted(value)
        case _:
            return "a number"


def unknown(what: str, word: str, valid: list[str] | tuple[str, ...], where: str) -> Misread:
    """Return the mistake of a word that is none of the valid ones."""
    return Misread(where, f"expected {what}, one of {', '.join(valid)}, got {quoted(word)}{nearest(word, valid)}")


def _span(value: object, where: str) -> tuple[int, int]:
    span = parse_span(value) if isinstance(value, str) else None
    if span is None:
        raise Misread(where, f"expected a date like 2024-12-20 or an RFC 3339 time, got {shown(value)}")
    return span
