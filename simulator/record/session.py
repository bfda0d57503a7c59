"""A session that was seen between a client and an endpoint, as a scenario that replays.

The client's requests become its steps. What the endpoint answered becomes rules: queries are answered as they were,
and orders live as they were seen to, with times as delays. The ids of orders become names, and accounts are called
otherwise, unless they are to be kept. Market data is not kept. What a gateway refuses by itself has no rule, and
messages that are no requests are not counted by one, since they never reach the rules.
"""

from collections.abc import Iterable
from typing import Any

from simulator.catalogue import Catalogue
from simulator.record.accounts import Accounts
from simulator.record.client import steps_of
from simulator.record.reading import RecordedEvent, RecordedSession
from simulator.record.rules import RuleFinder

__all__ = ["scenario_of"]


def scenario_of(
    session: Iterable[RecordedEvent],
    catalogue: Catalogue,
    catalogue_name: str = "default",
    keep_accounts: bool = False,
    start: str | None = None,
) -> dict[str, Any]:
    """Return a session as a scenario's data, in the file's own words.

    Args:
        session: what passed, in its order.
        catalogue: what is traded.
        catalogue_name: what the scenario calls it.
        keep_accounts: whether accounts are called as they are, instead of otherwise.
        start: when it began, as a scenario says it: what a client calls by its date is there in a world of that time.
    """
    session = list(session)
    reading = RecordedSession(session)
    accounts = Accounts(reading, keep_accounts)
    rules = RuleFinder(reading, catalogue, accounts)
    found: dict[str, Any] = {
        "name": "recorded session",
        "clock": "instant",
        "start": start if _names_contract(session, catalogue) else None,
        "catalogue": catalogue_name,
        "accounts": accounts.known,
        "rules": list(rules.all()),
        "timeline": rules.timeline(),
        "client": steps_of(reading, accounts, rules.refused),
    }
    return {key: value for key, value in found.items() if value not in ([], None)}


def _names_contract(session: list[RecordedEvent], catalogue: Catalogue) -> bool:
    """Tell whether a client has named a contract whose name changes with the time at which a world begins."""
    if catalogue.document is None:
        return False
    dated = [product for product in catalogue.products if product.expires is not None]
    words = {word for each in dated for word in (each.name, each.id)}
    words |= {each.id for each in catalogue.tradable_products if each.base.expires is not None}
    return any(word in seen.data for seen in session if seen.kind == "in" for word in words)
