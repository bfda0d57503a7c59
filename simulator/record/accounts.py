"""What the accounts of a session are called in its scenario: otherwise, or as they are."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulator.record.reading import OPEN_ORDERS, SEND, RecordedRequest, RecordedSession
from simulator.record.substitutes import accounts_of, fake_accounts, renamed, with_accounts, with_orders

__all__ = ["Accounts"]

_NO_ACCOUNT = "there is no account "


class Accounts:
    """The accounts that a session names, and what they are called.

    Args:
        reading: the session.
        keep: whether they keep their names.
    """

    def __init__(self, reading: RecordedSession, keep: bool = False) -> None:
        self._spelled = _spelled(reading)
        self._names = {} if keep else fake_accounts(self._spelled)
        self.known = [self._names.get(name, self._spelled[name]) for name in _known(reading, self._spelled)]
        """Those that the endpoint knew, as they are called."""

    def in_data(self, value: Any, orders: dict[str, str]) -> Any:
        """Return data with accounts as they are called, and the ids of orders replaced."""
        return with_accounts(with_orders(value, orders), self._names)

    def in_text(self, text: str) -> str:
        """Return a text with accounts as they are called."""
        return renamed(text, self._names)

    def answer(self, request: RecordedRequest, orders: dict[str, str], response: Any = None) -> Any:
        """Return a request's answer, or another response of its kind, without what is the session's own."""
        found = self.in_data(request.response if response is None else response, orders)
        if request.type in (OPEN_ORDERS, SEND) and "Ok" in found:
            return {"Ok": with_orders(found["Ok"], orders, here=True)}
        if isinstance(found.get("Err"), str):
            return {"Err": self.in_text(found["Err"])}
        return found

    def garbled(self, request: RecordedRequest, orders: dict[str, str]) -> str:
        """Return what came in the place of a request's answer, with the order that it names as it will be."""
        text = self.in_text(request.garbled or "")
        if request.order is None:
            return text
        return text.replace(f'"Ok":"{request.order}', f'"Ok":"{orders.get(request.order, request.order)}')


def _spelled(reading: RecordedSession) -> dict[str, str]:
    """Return each account as it is spelled first, by its name in lower case."""
    found: dict[str, str] = {}
    for request in reading.requests.values():
        for value in (request.fields, request.response):
            for name in accounts_of(value):
                found.setdefault(name.casefold(), name)
    for target in reading.targets.values():
        for name in parse_qs(urlsplit(target).query).get("account", ()):
            found.setdefault(name.casefold(), name)
    return found


def _known(reading: RecordedSession, spelled: dict[str, str]) -> list[str]:
    """Return the accounts, in lower case, but for those that the endpoint did not know."""
    unknown = dict.fromkeys(spelled, False)
    named: dict[str, list[bool]] = {}
    for request in reading.requests.values():
        for name in accounts_of(request.fields):
            named.setdefault(name.casefold(), []).append(_NO_ACCOUNT in (request.refusal or ""))
    unknown |= {name: all(refusals) for name, refusals in named.items()}
    return [name for name in spelled if not unknown[name]]
