"""How a request says whose orders and which instruments it is about, and what it is told when it says it wrongly."""

from typing import assert_never

from simulator.catalogue import Catalogue, Product, Route, TradableProduct, VenueInfo
from simulator.exchange.limits import ALL, SCOPE_KINDS, Scope, ScopeKind
from simulator.quoting import listed, quoted
from simulator.terms import Refusal

__all__ = ["EVERYBODY", "read_scope", "read_set"]

EVERYBODY = ""
"""The account that stands for all accounts: what the set ``All`` reads as."""


def read_scope(value: object, catalogue: Catalogue, where: str = "$.scope") -> Scope | Refusal:
    """Read a scope from decoded JSON: ``"All"``, ``{kind: name or id}``, or the name or id of exactly one thing."""
    if value == "All":
        return ALL
    if isinstance(value, str):
        found = [Scope(kind, id_) for kind in SCOPE_KINDS if (id_ := _id_of(kind, value, catalogue))]
        if len(found) == 1:
            return found[0]
        if found:
            kinds = " and ".join(scope.kind for scope in found)
            return Refusal(f"`{where}`: {_shown(value)} is the name of a {kinds}: say which, as in {{kind: name}}")
    elif isinstance(value, dict) and len(value) == 1:
        kind, name = next(iter(value.items()))
        if kind in SCOPE_KINDS and isinstance(name, str):
            id_ = _id_of(kind, name, catalogue)
            if id_ is not None:
                return Scope(kind, id_)
            return Refusal(f"`{where}`: there is no {kind} {_shown(name)}")
    return Refusal(
        f'`{where}`: expected "All", {{"TradableProduct": id}}, {{"Product": id}}, {{"Venue": id}}, {{"Route": id}}, '
        f"or the name or id of one such thing, got {_shown(value)}"
    )


def _id_of(kind: ScopeKind, name: str, catalogue: Catalogue) -> str | None:
    found: TradableProduct | Product | VenueInfo | Route | None
    match kind:
        case "TradableProduct":
            found = catalogue.tradable_product(name)
        case "Product":
            found = catalogue.product(name)
        case "Venue":
            found = catalogue.venue(name)
        case "Route":
            found = catalogue.route(name)
        case _:
            assert_never(kind)
    return None if found is None else found.id


def read_set(value: object, accounts: dict[str, str], where: str = "$.set") -> str | Refusal:
    """Read whose orders are meant: ``"All"``, ``{"Account": name}`` or an account's name.

    ``accounts`` are the names by their lower case. Returns the account's name, or `EVERYBODY`.
    """
    if value == "All":
        return EVERYBODY
    name = value
    if isinstance(value, dict) and len(value) == 1 and "Account" in value:
        name = value["Account"]
    if isinstance(name, str) and name.lower() in accounts:
        return accounts[name.lower()]
    return Refusal(
        f'`{where}`: expected "All", {{"Account": name}} or the name of an account '
        f"({listed(accounts.values())}), got {_shown(name)}"
    )


def _shown(value: object) -> str:
    match value:
        case str():
            return quoted(value)
        case dict() if len(value) == 1:
            return f"an object with the key {_shown(next(iter(value)))}"
        case dict():
            return f"an object with {len(value)} keys"
        case list():
            return "an array"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case _:
            return "a number"
