"""Scenario files as cases: what they do to a client while it trades, and what any client must do there."""

from pathlib import Path

from simulator.certification.case import Case
from simulator.certification.ground import Ground
from simulator.scenario.listing import words_to_clients
from simulator.scenario.loader import Loaded, load
from simulator.scenario.model import MarketEntry
from simulator.scenario.reading.files import find

__all__ = ["case_of"]


def case_of(source: str | Path) -> Case:
    """Return the case of a scenario's file, or of a bundled scenario by its name.

    What it says of one product is told of the product that the client trades; a file that has no markets gets one. Its
    own client, and what that is expected to do, are left out, and what any client ``must`` do is held against the
    client, beside all laws. Raises `simulator.errors.ScenarioError` for a file that cannot be used.
    """
    loaded = load(source)
    what, must = words_to_clients(find(source))
    return Case(
        name=loaded.name,
        family="scenarios",
        what=what or f"The venue is as {loaded.source} says.",
        must=must or "Do what the scenario says that any client must.",
        scenario=lambda ground: _told_of(source, ground, bool(loaded.scenario.markets)),
        source=str(source),
    )


def _told_of(source: str | Path, ground: Ground, has_markets: bool) -> Loaded:
    """Return a scenario that is about the product that a client trades."""
    name = ground.product.name
    loaded = load(source, catalogue=ground.catalogue, product=name if has_markets else None).expecting(False)
    scenario, quotes = loaded.scenario, ground.market()
    market = MarketEntry(bids=_levels(quotes["bids"]), asks=_levels(quotes["asks"]))
    accounts = scenario.accounts and tuple(dict.fromkeys((*scenario.accounts, ground.account)))
    markets = {name: market, **scenario.markets}
    return loaded.saying(clock="real", strict=False, accounts=accounts, markets=markets)


def _levels(quotes: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((price, quantity) for price, quantity in quotes)
