"""Strategies for venues that keep to the rules and make life hard for a client all the same."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, TypeVar

from hypothesis import strategies as st

from simulator.catalogue import Catalogue, TradableProduct
from simulator.did_you_mean import nearest
from simulator.scenario import load
from simulator.scenario.steps import VIEWED
from simulator.testing.strategies.legal_steps import (
    HOLD,
    RuleData,
    StepData,
    answered_once,
    legal_rules,
    of_cancel,
    of_order,
    verb_of,
)
from simulator.testing.strategies.market_events import TimelineData, market_events, units
from simulator.testing.strategies.requests import price_of, traded
from simulator.testing.strategies.scenario_dict import ScenarioDict

__all__ = ["FAULTS", "MORE_FAULTS", "scenarios"]

FAULTS: Mapping[str, str] = {
    "fills": "an order is filled whatever the market says, in whole or in parts",
    "late-acks": "an order is filled or cancelled before it is acked",
    "late-replies": "a request is answered after what comes of it",
    "lost-replies": "a request is done and never answered",
    "lost-updates": "a change of an order is not told, only the next one",
    "duplicates": "a reply or an update comes twice, a fill under two ids",
    "delays": "it takes time",
    "rejects": "an order is rejected by the venue",
    "refusals": "a request gets an Err and nothing comes of it",
    "unasked-cancels": "an order is cancelled or expires and nobody asked",
    "refused-cancels": "a cancel is refused and the order lives on",
    "races": "an order is filled while its cancel is on its way",
    "busts": "a fill is taken back",
    "stale": "the gateway is unsure of an order for a while",
    "views": "queries lag, or leave orders out for a while",
    "latency": "messages travel for a while",
    "reordering": "messages overtake each other",
    "disconnects": "the connection is closed or cut, and new ones are refused for a while",
    "stalls": "the connection stands still for a while",
    "slow-lines": "the connection drips for a while",
    "restarts": "the venue restarts and keeps its orders",
    "lost-orders": "the venue restarts and has lost its orders",
    "halts": "trading is halted for a while",
    "rate-limits": "more than so many requests in a second are refused",
}
"""What a venue can do to a client: the names for `scenarios`, and what each of them means."""

MORE_FAULTS: Mapping[str, str] = {
    "garbage": "messages come damaged, under another id, or in pieces",
    "late-duplicates": "what is so of an order is told once more, long after",
    "forgotten-orders": "the venue loses an order, and nothing else",
    "lost-subscriptions": "the connection lives, and nothing that it follows is told any more",
    "lowered-limits": "only small orders are taken for a while",
    "bans": "who asks too often is cut off, and let in again after a while",
    "late-fills": "a cancel is answered Ok, and the order is filled after it",
    "corrections": "the price or the quantity of a fill is corrected",
    "overfills": "an update says that more is filled than was ordered, and the venue's own books are right",
    "dead-lines": "the connection goes dead, or drips, and does not recover",
    "odd-ids": "order ids are very large, or fall, or leave gaps",
    "tick-changes": "the product's tick is larger for a while",
    "delistings": "the product is delisted, and its orders are cancelled",
}
"""What is drawn only where it is asked for by name, as `simulator.explore` does: much of it is no venue's right."""

_NEEDS: Mapping[str, tuple[str, ...]] = {
    "late-acks": ("fills", "unasked-cancels"),
    "lost-updates": ("fills", "unasked-cancels"),
    "duplicates": ("fills",),
    "busts": ("fills",),
    "corrections": ("fills",),
    "late-fills": ("fills",),
}
"""The faults that show only together with another: any of these, the first of them unless one is asked for."""

_DRAWN = ("rules", "timeline", "latency", "order_ids")
_MOST_RULES = 4
_MOST_STEPS = 5
_MOST_EVENTS = 3
_TIMES = ("1ms", "10ms", "100ms", "1s", "10s")
_PARTS = ("50%", "10%", "90%", "30%", "1%")
_CODES = ("InsufficientFunds", "PriceOutOfBand", "RateLimited", "VenueUnavailable")
_LATER = ("10s", "90s")
_UNSURE = ("1s", "10s", "20s")
_IDS = ({"first": 9007199254740993}, {"first": 9_000_000, "step": -7}, {"first": 1000, "step": 13})
"""Ids above what a number of floating point holds, ids that fall, and ids with gaps."""
_QUERIES = (*VIEWED, "SubscribeOrderState", "GetRejectReason")

_T = TypeVar("_T")
_StepStrategy = st.SearchStrategy[Any]
_Pool = list[tuple[str, _StepStrategy]]
_Faults = frozenset[str]
_time = st.sampled_from(_TIMES)
_whole = st.just("rest")
_side = st.sampled_from((None, None, "Buy", "Sell"))


def scenarios(
    faults: Iterable[str] | None = None,
    base: Mapping[str, Any] | None = None,
    product: TradableProduct | str | None = None,
) -> st.SearchStrategy[ScenarioDict]:
    """Return a strategy for venues that are legal but unkind: scenarios in the file's own words, as `ScenarioDict`.

    The smallest is a plain exchange, the next have the fewest rules and steps.

    Args:
        faults: what a client must survive, names of `FAULTS` or `MORE_FAULTS`; all of `FAULTS` unless it is said. What
            cannot show by itself brings what it needs along: what is about fills brings fills.
        base: what every scenario says besides, such as ``{"clock": "instant", "catalogue": "reference"}``;
            anything but rules, a timeline, latency and order ids.
        product: what is traded there, or its name: whose tick changes, and which is delisted. The base's catalogue has
            it; its busiest by default.
    """
    wanted = frozenset(FAULTS if faults is None else faults)
    for name in wanted:
        if name not in FAULTS and name not in MORE_FAULTS:
            raise ValueError(f"expected names of faults, got {name!r}{nearest(name, [*FAULTS, *MORE_FAULTS])}")
    said = dict(base or {})
    if drawn := said.keys() & set(_DRAWN):
        raise ValueError(f"expected a base without {', '.join(sorted(drawn))}, which are drawn")
    listing = _listing(load(said).catalogue, product)
    wanted = _with_needs(wanted)
    rules, timelines = _rules(wanted, listing), _timelines(wanted, listing)
    latencies = _seldom(_latencies(wanted), {})
    return _venues(said, rules, timelines, latencies, _order_ids(wanted))


def _listing(catalogue: Catalogue, product: TradableProduct | str | None) -> TradableProduct:
    if isinstance(product, TradableProduct):
        return product
    listing = traded(catalogue)[0] if product is None else catalogue.tradable_product(product)
    if listing is None:
        raise ValueError(f"there is no tradable product {product!r}")
    return listing


def _with_needs(faults: _Faults) -> _Faults:
    return faults | {needs[0] for fault, needs in _NEEDS.items() if fault in faults and not faults & set(needs)}


@st.composite
def _venues(
    draw: st.DrawFn,
    base: dict[str, Any],
    rule_lists: st.SearchStrategy[list[RuleData]],
    timelines: st.SearchStrategy[list[list[TimelineData]]],
    latencies: st.SearchStrategy[dict[str, Any]],
    ids: st.SearchStrategy[dict[str, Any]],
) -> ScenarioDict:
    rules, groups, latency, order_ids = draw(rule_lists), draw(timelines), draw(latencies), draw(ids)
    timeline = [entry for group in groups for entry in group]
    rules = legal_rules(rules, releases=any("release" in entry["do"] for entry in timeline))
    if any(map(_loses_orders, [*(step for rule in rules for step in rule["then"]), *(one["do"] for one in timeline)])):
        rules = [_told_as_it_is(rule) for rule in rules if "illegal" not in rule]
    has_hold = any({"hold": HOLD} in rule["then"] for rule in rules)
    timeline = [entry for entry in timeline if has_hold or "release" not in entry["do"]]
    sections = {"order_ids": order_ids, "rules": rules, "timeline": timeline, "latency": latency}
    return ScenarioDict(deepcopy({**base, **{name: section for name, section in sections.items() if section}}))


def _loses_orders(step: StepData) -> bool:
    return step in ("lose", {"restart": {"orders": "lost"}})


def _told_as_it_is(rule: RuleData) -> RuleData:
    """Return a rule without fills under two ids: of an order that is lost nobody can ask how much is filled."""
    return {**rule, "then": [_without_two_ids(step) for step in rule["then"]]}


def _without_two_ids(step: Any) -> StepData:
    told: StepData = step
    if isinstance(step, dict) and "renamed" in repr(step):
        told = {"fill": {**step["fill"], "send": "twice"}}
    return told


# Rules


def _rules(faults: _Faults, product: TradableProduct) -> st.SearchStrategy[list[RuleData]]:
    order, cancel, query = _order_steps(faults, product), _cancel_steps(faults), _common_steps(faults)
    kinds = [_rule(faults, st.just("SendLimitOrder"), order)] * 4 if order else []
    kinds += [_rule(faults, st.just("CancelOrder"), cancel)] * 2 if cancel else []
    kinds += [_rule(faults, st.sampled_from(_QUERIES), query)] if query else []
    kinds += [st.integers(1, 5).map(_rate_limit)] if "rate-limits" in faults else []
    kinds += [st.builds(_ban, st.integers(1, 5), _time)] if "bans" in faults else []
    kinds += [st.builds(_overfill, _side, _time)] if "overfills" in faults else []
    kinds += [st.builds(_repeated, _side, st.sampled_from(_LATER))] if "late-duplicates" in faults else []
    return _lists(kinds, _MOST_RULES)


def _overfill(side: str | None, time: str) -> RuleData:
    return {"when": _order_of(side), "then": ["ack", {"delay": time}, {"fill": "150%"}], "illegal": True, "times": 2}


def _repeated(side: str | None, time: str) -> RuleData:
    return {"when": _order_of(side), "then": ["match", {"delay": time}, "repeat"]}


def _order_of(side: str | None) -> dict[str, str]:
    return {"request": "SendLimitOrder"} if side is None else {"request": "SendLimitOrder", "dir": side}


def _rate_limit(cap: int) -> RuleData:
    return {"when": {"request": "*"}, "then": [{"rate_limit": {"cap": cap}}]}


def _ban(cap: int, time: str) -> RuleData:
    return {"when": {"request": "*"}, "then": [{"rate_limit": {"cap": cap, "ban": time}}], "times": 20}


@st.composite
def _rule(draw: st.DrawFn, faults: _Faults, request: st.SearchStrategy[str], steps: list[_StepStrategy]) -> RuleData:
    kind = draw(request)
    drawn = draw(st.lists(st.one_of(steps), min_size=1, max_size=_MOST_STEPS))
    if kind == "SendLimitOrder":
        then = of_order(drawn, "late-acks" in faults)
    else:
        then = of_cancel(drawn) if kind == "CancelOrder" else answered_once(drawn)
    when = _order_of(draw(_side)) if kind == "SendLimitOrder" else {"request": kind}
    if any(verb_of(step) == "correct" for step in then):
        when["dir"] = "Buy"  # the price that is drawn is within the limit of such an order
    rule: RuleData = {"when": when}
    if after := draw(st.sampled_from((0, 0, 1, 2))):
        rule["after"] = after
    if times := draw(st.sampled_from((None, None, 1, 2))):
        rule["times"] = times
    return {**rule, "then": then}


# Steps


def _order_steps(faults: _Faults, product: TradableProduct) -> list[_StepStrategy]:
    """Return strategies for the steps of a new order, the plainest first."""
    fills = _told(faults, "fill", st.sampled_from(("rest", "rest", *_PARTS)), renamed=True)
    pool: _Pool = [
        ("fills", fills),
        ("fills" if "fills" in faults else "late-acks", _told(faults, "ack")),
        ("late-replies", st.just("reply")),
        ("rejects", st.just("reject") | st.sampled_from(_CODES).map(lambda code: {"reject": {"code": code}})),
        ("unasked-cancels", _told(faults, "cancel") | _told(faults, "expire")),
        ("busts", st.just("bust")),
        ("corrections", st.sampled_from(_corrections(product))),
        ("stale", st.sampled_from(_UNSURE).map(lambda time: {"stale": {"for": time}})),
        ("races", st.just({"hold": HOLD})),
        ("forgotten-orders", st.just("lose")),
    ]
    return _wanted(faults, pool) + _grouped(_common_steps(faults))


def _cancel_steps(faults: _Faults) -> list[_StepStrategy]:
    """Return strategies for the steps of a cancel, the plainest first."""
    fills = _told(faults, "fill", st.sampled_from(("rest", *_PARTS)), renamed=True)
    pool: _Pool = [
        ("refused-cancels", st.just({"reject": {"code": "TooLateToCancel"}})),
        ("races", fills),
        ("races", st.just({"release": HOLD})),
        ("late-fills", st.just("reply")),
        ("late-fills", _time.map(lambda time: {"delay": time})),
        ("late-fills", fills),
        ("lost-updates", st.just({"cancel": {"send": "never"}})),
        ("duplicates", st.just({"cancel": {"send": "twice"}})),
        ("late-replies", st.sampled_from(("cancel", "reply"))),
    ]
    return _wanted(faults, pool) + _grouped(_common_steps(faults))


def _corrections(product: TradableProduct) -> list[StepData]:
    """Return corrections of the last fill: to a better price for who buys, and to less."""
    price, quantity = price_of(product, -40), units(product, 1)
    return [{"correct": {"fill": "last", "price": price}}, {"correct": {"fill": "last", "quantity": quantity}}]


def _common_steps(faults: _Faults) -> list[_StepStrategy]:
    """Return strategies for the steps of any request."""
    pool: _Pool = [
        ("lost-replies", st.just({"reply": "never"})),
        ("duplicates", st.just({"reply": "twice"})),
        ("delays", _time.map(lambda time: {"delay": time})),
        ("refusals", st.just({"reply": {"Err": "the venue is not available"}})),
        ("views", _views()),
    ]
    return _wanted(faults, pool) + _grouped(_wanted(faults, _troubles()))


def _grouped(steps: list[_StepStrategy]) -> list[_StepStrategy]:
    """Return strategies of which all together are drawn as often as any two others."""
    return [st.sampled_from(steps).flatmap(lambda step: step)] * 2 if steps else []


def _told(
    faults: _Faults, verb: str, quantity: st.SearchStrategy[str] = _whole, *, renamed: bool = False
) -> _StepStrategy:
    """Return a strategy for a step that is told once, twice or never."""
    tellings = ["once"] * 2
    tellings += ["twice"] if "duplicates" in faults else []
    tellings += ["renamed"] if "duplicates" in faults and renamed else []
    tellings += ["never"] if "lost-updates" in faults else []

    def step(part: str, telling: str) -> StepData:
        if telling == "once":
            return verb if part == "rest" else {verb: part}
        return {verb: {"send": telling} if part == "rest" else {"quantity": part, "send": telling}}

    return st.builds(step, quantity, st.sampled_from(tellings))


def _views() -> _StepStrategy:
    lag = st.fixed_dictionaries({"lag": _time})
    gap = st.fixed_dictionaries({"omit": st.sampled_from((["all"], ["last"], ["this"])), "for": _time})
    return st.dictionaries(st.sampled_from(VIEWED), lag | gap, min_size=1, max_size=2).map(lambda view: {"view": view})


def _troubles() -> _Pool:
    """Return what can befall a connection, or the whole venue, whatever has been asked."""
    codes = st.sampled_from((1001, 1011, 1012, 1013))
    return [
        ("disconnects", codes.map(lambda code: {"disconnect": {"code": code}}) | st.just({"disconnect": "abort"})),
        ("disconnects", _with_time("refuse", {})),
        ("stalls", _with_time("stall", {"what": st.sampled_from(("data", "all"))})),
        ("slow-lines", _with_time("slow", {"bytes_per_second": st.sampled_from((1000, 100))})),
        ("restarts", st.just("restart") | _with_time("restart", {})),
        ("lost-orders", st.just({"restart": {"orders": "lost"}})),
        ("garbage", _damages()),
        ("lost-subscriptions", st.just("unsubscribe")),
    ]


def _damages() -> _StepStrategy:
    kinds = st.sampled_from(("json", "id", "utf8", "frame", "fragments"))
    args = st.fixed_dictionaries({"what": kinds, "messages": st.sampled_from((1, 3, 10))})
    return kinds.map(lambda kind: {"corrupt": kind}) | args.map(lambda said: {"corrupt": said})


def _with_time(verb: str, args: dict[str, st.SearchStrategy[Any]]) -> _StepStrategy:
    """Return a strategy for a step that lasts for a time."""
    return st.fixed_dictionaries({verb: st.fixed_dictionaries({**args, "for": _time})})


def _lists(items: list[_StepStrategy], most: int) -> st.SearchStrategy[list[Any]]:
    """Return a strategy for lists of what any of the strategies draws; without any, for the empty list."""
    return st.lists(st.one_of(items), max_size=most) if items else st.just([])


def _seldom(strategy: st.SearchStrategy[_T], otherwise: _T) -> st.SearchStrategy[_T]:
    """Return a strategy that draws from another one time in three, because too many faults at once hide each other."""
    return st.sampled_from((False, False, True)).flatmap(lambda is_drawn: strategy if is_drawn else st.just(otherwise))


def _wanted(faults: _Faults, pool: _Pool) -> list[_StepStrategy]:
    return [steps for fault, steps in pool if fault in faults]


# What happens by itself


def _timelines(faults: _Faults, product: TradableProduct) -> st.SearchStrategy[list[list[TimelineData]]]:
    """Return a strategy for groups of entries of the timeline."""
    pool: _Pool = [
        ("unasked-cancels", st.sampled_from(("all", "last")).map(lambda name: {"cancel": {"order": name}})),
        ("busts", st.just("bust")),
        ("corrections", st.just({"correct": {"fill": "last", "quantity": units(product, 1)}})),
        ("races", st.just({"release": HOLD})),
        ("dead-lines", st.sampled_from(({"stall": "all"}, {"slow": {"bytes_per_second": 20}}))),
        *_troubles(),
    ]
    groups: list[_StepStrategy] = [st.builds(_at, _time, steps) for steps in _wanted(faults, pool)]
    groups += market_events(faults, product, _time)
    return _seldom(_lists(groups, _MOST_EVENTS), [])


def _at(time: str, step: StepData) -> list[TimelineData]:
    return [{"at": time, "do": step}]


# Latency and ids


def _order_ids(faults: _Faults) -> st.SearchStrategy[dict[str, Any]]:
    none: dict[str, Any] = {}
    return _seldom(st.sampled_from(_IDS), none) if "odd-ids" in faults else st.just(none)


@st.composite
def _latencies(draw: st.DrawFn, faults: _Faults) -> dict[str, Any]:
    legs: dict[str, Any] = {}
    if not faults & {"latency", "reordering"}:
        return legs
    fixed = st.sampled_from((None, None, *_TIMES)) if "latency" in faults else st.none()
    for name in ("entry", "reply", "update"):
        if leg := draw(fixed):
            legs[name] = leg
    if "reordering" in faults and draw(st.sampled_from((False, False, False, True))):
        longest = draw(_time)
        legs |= {"reply": {"uniform": ["0ms", longest]}, "update": {"uniform": ["0ms", longest]}, "reorder": True}
    return legs
