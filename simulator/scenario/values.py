"""Values as a scenario writes them: names put in for what they stand for, and comparison with what came."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from simulator.decimals import parse_amount, text_of_amount
from simulator.quoting import cut
from simulator.wildcards import Glob, has_wildcard

__all__ = ["decoded", "differences", "fill_in", "leaves", "mapped", "message_of", "shown", "text_of"]

_LONGEST = 200
_LONGEST_DAMAGED = 500


def decoded(text: str | bytes) -> Any:
    """Return a message's JSON as data, numbers with all their digits; raises `ValueError` if it is none."""
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        raise ValueError(f"{shown(text)} is too large or too small") from None


def message_of(data: bytes) -> Any:
    """Return a message's JSON as data; one that is none is an object with its beginning as ``damaged``."""
    try:
        return decoded(data.decode())
    except ValueError:
        return {"damaged": data.decode(errors="replace")[:_LONGEST_DAMAGED]}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def text_of(value: Any) -> str:
    """Return data as JSON, numbers just as they were written."""
    plain = mapped(value, lambda _, leaf: msgspec.Raw(str(leaf).encode()) if isinstance(leaf, Decimal) else leaf)
    return msgspec.json.encode(plain).decode()


def shown(value: Any) -> str:
    """Return data as JSON fit to print, cut if it is long."""
    return cut(text_of(value), _LONGEST)


def fill_in(value: Any, names: dict[str, Any]) -> Any:
    """Return data with every text ``$name`` replaced by what the name stands for, as far as it is known."""
    return mapped(
        value, lambda _, leaf: names.get(leaf[1:], leaf) if isinstance(leaf, str) and leaf[:1] == "$" else leaf
    )


def mapped(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """Return data with each text, number, truth value and null changed, which is given with the key that it is under.

    ``key`` is the one that the data itself is under; what is in a list is under the list's.
    """
    match value:
        case dict():
            return {name: mapped(item, change, name) for name, item in value.items()}
        case list() | tuple():
            return [mapped(item, change, key) for item in value]
        case _:
            return change(key, value)


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each text, number, truth value and null of data with the key that it is under, as for `mapped`."""
    match value:
        case dict():
            for name, item in value.items():
                yield from leaves(item, name)
        case list() | tuple():
            for item in value:
                yield from leaves(item, key)
        case _:
            yield key, value


def differences(wanted: Any, came: Any, place: str = "") -> list[str]:
    """Return where what came is not what is wanted; nothing if it fits.

    An object fits if it has what the wanted keys want, whatever else it has; a text fits literally, as a number or
    by wildcards, ``*`` alone fits anything, and numbers are compared as numbers.
    """
    if isinstance(wanted, dict) and isinstance(came, dict):
        return _object(wanted, came, place)
    if isinstance(wanted, list | tuple) and isinstance(came, list):
        if len(wanted) != len(came):
            return [f"{place or 'the value'}: wanted a list of {len(wanted)}, came {shown(came)}"]
        pairs = enumerate(zip(wanted, came, strict=True))
        return [found for at, (one, other) in pairs for found in differences(one, other, f"{place}[{at}]")]
    if _fits(wanted, came):
        return []
    return [f"{place or 'the value'}: wanted {shown(wanted)}, came {shown(came)}"]


def _object(wanted: dict[str, Any], came: dict[str, Any], place: str) -> list[str]:
    found = []
    for key, value in wanted.items():
        here = f"{place}.{key}" if place else key
        if key in came:
            found += differences(value, came[key], here)
        else:
            found.append(f"{here}: wanted {shown(value)}, came nothing")
    return found


def _fits(wanted: Any, came: Any) -> bool:
    if wanted == "*":
        return True
    if isinstance(wanted, bool) or wanted is None or isinstance(came, bool) or came is None:
        return wanted is came
    if isinstance(wanted, str) and isinstance(came, str) and (wanted == came or _is_alike(wanted, came)):
        return True
    number = _number(wanted)
    return number is not None and number == _number(came)


def _is_alike(wanted: str, came: str) -> bool:
    return has_wildcard(wanted) and Glob(wanted).matches(came)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, msgspec.Raw):
        value = bytes(value).decode()
    if isinstance(value, str):
        amount = parse_amount(value)
        return None if amount is None else Decimal(text_of_amount(amount))
    return Decimal(value) if isinstance(value, int | Decimal) else None
