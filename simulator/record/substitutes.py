"""What is a session's own and must not stay in its scenario: the ids of its orders, and the names of its accounts."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["accounts_of", "fake_accounts", "orders_in", "renamed", "with_accounts", "with_orders"]

_ORDER_KEYS = ("order_id", "order_ids")
_ACCOUNT_KEYS = ("account", "Account")


def with_orders(value: Any, names: dict[str, str], here: bool = False) -> Any:
    """Return data with the ids of orders, where such stand, replaced by their names; ``here`` if one stands here."""
    match value:
        case dict():
            return {key: with_orders(item, names, key in _ORDER_KEYS) for key, item in value.items()}
        case list():
            return [with_orders(item, names, here) for item in value]
        case str() | int() if here and not isinstance(value, bool):
            return names.get(str(value), value)
        case _:
            return value


def orders_in(value: Any, here: bool = False) -> Iterator[str]:
    """Yield the ids of orders in data, where such stand; ``here`` if one stands here."""
    match value:
        case dict():
            for key, item in value.items():
                yield from orders_in(item, key in _ORDER_KEYS or (here and key == "Ok"))
        case list():
            for item in value:
                yield from orders_in(item, here)
        case str() if here:
            yield value


def with_accounts(value: Any, names: dict[str, str]) -> Any:
    """Return data with the accounts in it called by their other names; ``names`` has them in lower case."""
    match value:
        case dict():
            return {
                key: names.get(item.casefold(), item)
                if key in _ACCOUNT_KEYS and isinstance(item, str)
                else with_accounts(item, names)
                for key, item in value.items()
            }
        case list():
            return [with_accounts(item, names) for item in value]
        case _:
            return value


def renamed(text: str, names: dict[str, str]) -> str:
    """Return a text with the accounts in it, as whole words, called by their other names."""
    if not names:
        return text
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?i)\b({pattern})\b", lambda found: names[found[0].casefold()], text)


def fake_accounts(names: Iterable[str]) -> dict[str, str]:
    """Return another name for each account, by its own; the same ones every time."""
    from faker import Faker

    fake = Faker()
    fake.seed_instance(0)
    return {name: fake.unique.name() for name in names}


def accounts_of(value: Any) -> Iterator[str]:
    """Yield the accounts that data names."""
    match value:
        case dict():
            for key, item in value.items():
                if key in _ACCOUNT_KEYS and isinstance(item, str):
                    yield item
                else:
                    yield from accounts_of(item)
        case list():
            for item in value:
                yield from accounts_of(item)
