"""What is a session's own and must not stay in its scenario: the ids of its orders, and the names of its accounts."""

import re
from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from simulator.scenario.values import leaves, mapped

__all__ = ["accounts_of", "fake_accounts", "orders_in", "renamed", "with_accounts", "with_orders"]

_ORDER_KEYS = ("order_id", "order_ids")
_ACCOUNT_KEYS = ("account", "Account")


def with_orders(value: Any, names: dict[str, str], here: bool = False) -> Any:
    """Return data with the ids of orders, where such stand, replaced by their names; ``here`` if one stands here."""

    def named(key: str, leaf: Any) -> Any:
        return names.get(str(leaf), leaf) if key in _ORDER_KEYS and type(leaf) in (str, int) else leaf

    return mapped(value, named, _ORDER_KEYS[0] if here else "")


def orders_in(response: Any, is_orders: bool = False) -> Iterator[str]:
    """Yield the ids of orders in a response, where such stand; ``is_orders`` if all that is ``Ok`` are such."""
    keys = (*_ORDER_KEYS, "Ok") if is_orders else _ORDER_KEYS
    return (leaf for key, leaf in leaves(response) if key in keys and isinstance(leaf, str))


def with_accounts(value: Any, names: dict[str, str]) -> Any:
    """Return data with the accounts in it called by their other names; ``names`` has them in lower case."""

    def named(key: str, leaf: Any) -> Any:
        return names.get(leaf.casefold(), leaf) if key in _ACCOUNT_KEYS and isinstance(leaf, str) else leaf

    return mapped(value, named)


def accounts_of(value: Any) -> Iterator[str]:
    """Yield the accounts that data names."""
    return (leaf for key, leaf in leaves(value) if key in _ACCOUNT_KEYS and isinstance(leaf, str))


def renamed(text: str, names: dict[str, str]) -> str:
    """Return a text with the accounts in it, as whole words, called by their other names."""
    if not names:
        return text
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?i)\b({pattern})\b", lambda found: names[found[0].casefold()], text)


def fake_accounts(names: Collection[str]) -> dict[str, str]:
    """Return another name for each account, by its own in lower case: ``ACCOUNT1`` and so on, in their order."""
    own = set(names)
    free = (name for name in map("ACCOUNT{}".format, count(1)) if name.casefold() not in own)
    return dict(zip(names, free, strict=False))
