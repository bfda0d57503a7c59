"""What an order or a fill is to be like, in the words of a rule's ``when``, and where one is not."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from simulator.control.infos import FillInfo, OrderInfo
from simulator.decimals import parse_amount
from simulator.did_you_mean import nearest
from simulator.scenario.checks.names import Fault, KnownNames
from simulator.scenario.checks.rules import check_matcher, words
from simulator.scenario.rules.matching import Difference, Matches, compile_matcher, said
from simulator.scenario.steps import Amount
from simulator.scenario.when import Matcher
from simulator.terms import FillKind, flags_of
from simulator.wildcards import has_wildcard

__all__ = ["FillWhen", "OrderWhen", "Pattern", "SentWhen", "check_pattern"]

_FOLDED = frozenset({"account", "dir"})
_PRODUCTS = ("product", "tradable_product")
_AMOUNTS = frozenset({"price", "quantity", "filled_qty", "leaves_qty", "avg_fill_price"})
_WORDS = {
    "state": flags_of(255),
    "dir": ("Buy", "Sell"),
    "kind": tuple(kind.value for kind in FillKind),
    "liquidity": ("Maker", "Taker"),
}


def _fields_of(info: type[msgspec.Struct]) -> list[tuple[str, Any, Any]]:
    return [(name, Matcher | UnsetType, UNSET) for name in info.__struct_fields__ if name != "params"]


OrderWhen = msgspec.defstruct(
    "OrderWhen",
    _fields_of(OrderInfo),
    frozen=True,
    forbid_unknown_fields=True,
    module=__name__,
    namespace={"__doc__": "Which orders are meant: all that is said must hold."},
)
FillWhen = msgspec.defstruct(
    "FillWhen",
    _fields_of(FillInfo),
    frozen=True,
    forbid_unknown_fields=True,
    module=__name__,
    namespace={"__doc__": "Which fills are meant: all that is said must hold."},
)


class SentWhen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which messages to clients are meant, in the words of a client's ``await``; on any connection unless one is said.

    Of a message that bears a list, one item of it must be as is said.
    """

    connection: int | None = None
    order_id: str | None = None
    state: tuple[str, ...] | None = None
    filled_qty: Amount | None = None
    avg_fill_price: Amount | None = None
    message: Any = UNSET


class Pattern:
    """A compiled `OrderWhen` or `FillWhen`.

    A field is compared as a rule's ``when`` compares a request's, except that a list of states is all that an order
    is to be in.
    """

    def __init__(self, when: msgspec.Struct) -> None:
        self._tests = [
            (name, _compiled(name, wanted), wanted)
            for name in when.__struct_fields__
            if (wanted := getattr(when, name)) is not UNSET
        ]

    def differences(self, info: msgspec.Struct) -> list[Difference]:
        """Return where an order or a fill is not as it is wanted."""
        return [
            Difference(name, _said(name, wanted), ", ".join(texts) or "nothing")
            for name, matches, wanted in self._tests
            if not matches(texts := _texts(name, info))
        ]


def _compiled(name: str, wanted: Any) -> Matches:
    if name == "state" and isinstance(wanted, tuple):
        return lambda texts: sorted(texts) == sorted(wanted)
    matches = compile_matcher(wanted, name in _FOLDED)
    return (lambda texts: matches(tuple(map(str.casefold, texts)))) if name in _FOLDED else matches


def _said(name: str, wanted: Any) -> str:
    return ", ".join(wanted) if name == "state" and isinstance(wanted, tuple) else said(wanted)


def _texts(name: str, info: Any) -> tuple[str, ...]:
    if name in _PRODUCTS:
        return info.product, info.tradable_product
    value = getattr(info, name)
    return value if isinstance(value, tuple) else () if value is None else (value,)


def check_pattern(when: Any, known: KnownNames) -> Iterator[Fault]:
    """Yield the faults of what no order and no fill of an exchange can be, nor what is told of them."""
    for name in when.__struct_fields__:
        yield from check_matcher(getattr(when, name), (name,))
        for place, word in words(getattr(when, name), (name,)):
            if name in _PRODUCTS:
                yield from (known.pattern if has_wildcard(word) else known.thing)("tradable_product", word, place)
            elif has_wildcard(word):
                continue
            elif name == "account":
                yield from known.account(word, place)
            elif name == "dir" and word.casefold() in ("buy", "sell"):
                continue
            elif name in _WORDS and word not in _WORDS[name]:
                listed = ", ".join(_WORDS[name])
                yield place, f"expected one of {listed}, got {word!r:.80}{nearest(word[:80], _WORDS[name])}"
            elif name in _AMOUNTS and parse_amount(word) is None:
                yield place, f"expected a number, or bounds such as {{ge: 10}}, got {word!r:.80}"
