"""What happens to a whole market, whatever has been asked: halts, other rules for a while, and the end of trading."""

from collections.abc import Callable, Collection
from typing import Any

from hypothesis import strategies as st

from simulator.catalogue import TradableProduct
from simulator.decimals import text_of_amount
from simulator.scenario.amounts import duration

__all__ = ["TimelineData", "market_events", "units"]

TimelineData = dict[str, Any]
"""An entry of the timeline in a scenario file's own words."""

_EventsStrategy = st.SearchStrategy[list[TimelineData]]

_UNITS = (25, 45)
"""Quantities in steps of the product, of which some orders of the battery are more and some are less."""


def units(product: TradableProduct, count: int) -> str:
    """Return a quantity of so many steps of a product."""
    return text_of_amount(count * product.base_increment)


def market_events(
    faults: Collection[str], product: TradableProduct, times: st.SearchStrategy[str]
) -> list[_EventsStrategy]:
    """Return strategies for entries of the timeline that belong together: what begins, and how it ends."""
    tick = product.quote_increment
    limit = {"set": "All", "scope": "All", "name": "MaxOrderQty"}
    most = st.sampled_from([units(product, count) for count in _UNITS])
    ticks = st.sampled_from((10, 100)).map(lambda factor: _with_tick(product, factor * tick))
    pool: dict[str, Callable[[], _EventsStrategy]] = {
        "halts": lambda: _for_a_while(times, st.just({"halt": "All"}), {"resume": "All"}),
        "lowered-limits": lambda: _for_a_while(
            times, most.map(lambda value: {"limits": [{**limit, "value": value}]}), {"limits": [limit]}
        ),
        "tick-changes": lambda: _for_a_while(times, ticks, _with_tick(product, tick)),
        "delistings": lambda: times.map(lambda time: [{"at": time, "do": {"delist": product.name}}]),
    }
    return [events() for fault, events in pool.items() if fault in faults]


def _with_tick(product: TradableProduct, tick: int) -> dict[str, Any]:
    return {"increments": {"product": product.name, "quote_increment": text_of_amount(tick)}}


def _for_a_while(
    times: st.SearchStrategy[str], begins: st.SearchStrategy[dict[str, Any]], end: dict[str, Any]
) -> _EventsStrategy:
    def events(time: str, more: str, begin: dict[str, Any]) -> list[TimelineData]:
        over = duration(time) + duration(more)
        return [{"at": time, "do": begin}, {"at": f"{over // 1_000_000}ms", "do": end}]

    return st.builds(events, times, times, begins)
