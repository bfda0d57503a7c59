"""The object form of the query language: ``{"type": "Base", "value": "BTC Crypto"}``."""

from simulator.catalogue.query_terms import (
    EXPIRATIONS,
    MAX_DEPTH,
    MAX_TERMS,
    VARIANTS,
    Expiration,
    Misread,
    Term,
    expiration,
    leaf,
    shown,
    unknown,
)

__all__ = ["read_object"]


def read_object(query: object) -> Term:
    """Return the query that an object states; raises `Misread` with the path of what is wrong."""
    return _ObjectReader().read(query, "", 0)


class _ObjectReader:
    """Reads an object by descent, counting the terms."""

    def __init__(self) -> None:
        self._terms = 0

    def read(self, query: object, where: str, depth: int) -> Term:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise Misread(where, f"expected at most {MAX_TERMS} terms")
        if depth >= MAX_DEPTH:
            raise Misread(where, f"expected a nesting of at most {MAX_DEPTH}")
        variant, value = self._tagged(query, where)
        if variant not in VARIANTS:
            raise unknown("a type", variant, VARIANTS, f"{where}.type")
        inner = f"{where}.value"
        match variant:
            case "Not":
                return Term("Not", terms=(self.read(value, inner, depth + 1),))
            case "And" | "Or":
                if not isinstance(value, list):
                    raise Misread(inner, f"{variant} takes an array of queries, got {shown(value)}")
                terms = [self.read(part, f"{inner}[{at}]", depth + 1) for at, part in enumerate(value)]
                return Term(variant, terms=tuple(terms))
            case "Expiration":
                return expiration(self._expiration(value, inner), inner)
            case _:
                return leaf(variant, value, inner)

    def _tagged(self, query: object, where: str) -> tuple[str, object]:
        if not isinstance(query, dict):
            raise Misread(where, f'expected an object {{"type", "value"}}, got {shown(query)}')
        variant = query.get("type")
        if not isinstance(variant, str):
            raise Misread(f"{where}.type", f"expected a string, got {shown(variant)}")
        return variant, query.get("value")

    def _expiration(self, value: object, where: str) -> Expiration:
        variant, dates = self._tagged(value, where)
        if variant not in EXPIRATIONS:
            raise unknown("a type", variant, tuple(EXPIRATIONS), f"{where}.type")
        inner = f"{where}.value"
        if isinstance(dates, list):
            return Expiration(variant, [(part, f"{inner}[{at}]") for at, part in enumerate(dates)])
        return Expiration(variant, [] if dates is None else [(dates, inner)])
