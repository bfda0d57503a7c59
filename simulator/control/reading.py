"""Reads what is told of a running world."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from typing import Any, assert_never

import msgspec

from simulator.catalogue import Catalogue, Product, Route, TradableProduct, VenueInfo
from simulator.control.infos import (
    BookInfo,
    DueInfo,
    FillInfo,
    HeldInfo,
    LevelInfo,
    LimitInfo,
    OrderInfo,
    RuleInfo,
    SessionInfo,
    StateInfo,
    SubscriptionInfo,
)
from simulator.decimals import text_of_amount
from simulator.exchange.book import Side
from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import Limit, Scope
from simulator.exchange.orders import Fill, Order, average_price
from simulator.gateway.session import Session, Subscription
from simulator.journal.journal import Journal
from simulator.journal.lines import traffic_line
from simulator.journal.queries import MissSearch
from simulator.parts import Turns, in_parts
from simulator.scenario.rules.director import RuleInPlay
from simulator.scenario.step_forms import in_words
from simulator.scenario.values import decoded
from simulator.simulation import Simulation
from simulator.terms import flags_of
from simulator.times import text_of_time

__all__ = [
    "KnownRule",
    "book_info",
    "due_infos",
    "fill_info",
    "held_infos",
    "limit_info",
    "order_info",
    "place_of",
    "rule_info",
    "session_info",
    "state_info",
]

_MOST_DAMAGES = 100
_MOST_MISSES = 3


def order_info(order: Order) -> OrderInfo:
    """Return an order."""
    digits = order.instrument.digits
    average = average_price(order.notional, order.cum_qty)
    quote_id, params = order.passed_through or (None, None)
    return OrderInfo(
        order_id=str(order.id),
        product=order.instrument.listing.name,
        tradable_product=order.instrument.listing.id,
        account=order.account,
        dir=_dir(order.buy),
        price=text_of_amount(order.price, digits),
        quantity=text_of_amount(order.quantity),
        state=flags_of(order.state),
        filled_qty=text_of_amount(order.cum_qty),
        leaves_qty=text_of_amount(order.leaves_qty),
        avg_fill_price=None if average is None else text_of_amount(average, digits),
        reason=order.reason,
        time=text_of_time(order.time),
        quote_id=quote_id,
        params=None if params is None else _data(params),
    )


def _data(params: bytes) -> Any:
    """Return what an order's sender hung on it as data, or as text if Python reads no such number or depth."""
    try:
        return decoded(params)
    except ValueError:
        return bytes(params).decode()


def fill_info(fill: Fill, simulation: Simulation) -> FillInfo:
    """Return a fill."""
    text = simulation.gateway.fill_ids.text
    instrument = simulation.venue.instruments[fill.target]
    return FillInfo(
        fill_id=text(fill.number),
        order_id=str(fill.order_id),
        product=instrument.listing.name,
        tradable_product=fill.target,
        account=fill.account,
        dir=_dir(fill.buy),
        price=text_of_amount(fill.price, instrument.digits),
        quantity=text_of_amount(fill.quantity),
        kind=fill.kind.value,
        liquidity="Maker" if fill.maker else "Taker",
        against=fill.against,
        of=None if fill.of is None else text(fill.of),
        time=text_of_time(fill.time),
    )


def _dir(buy: bool) -> str:
    return "Buy" if buy else "Sell"


def book_info(instrument: Instrument, depth: int | None, most_orders: int | None = None) -> BookInfo:
    """Return a book: so many levels of each side, or all, each with so many of its orders' ids, or all."""
    listing, digits = instrument.listing, instrument.digits
    bids, asks = (_levels(side, depth, digits, most_orders) for side in (instrument.book.bids, instrument.book.asks))
    return BookInfo(listing.name, listing.id, bids, asks)


def _levels(side: Side, depth: int | None, digits: int, most: int | None) -> tuple[LevelInfo, ...]:
    levels: list[LevelInfo] = []
    total = 0
    for level in side:
        if len(levels) == depth:
            break
        total += level.quantity
        orders = tuple(islice((str(entry.id) for entry in level if isinstance(entry, Order)), most))
        price, quantity = text_of_amount(level.price, digits), text_of_amount(level.quantity)
        levels.append(LevelInfo(price, quantity, text_of_amount(total), orders))
    return tuple(levels)


def session_info(session: Session, now: int) -> SessionInfo:
    """Return a connection."""
    subscriptions = tuple(map(_subscription_info, session.subscriptions.values()))
    faults = session.faults
    if faults is None:
        return SessionInfo(session.number, session.target, session.viewer, subscriptions)
    return SessionInfo(
        session.number,
        session.target,
        session.viewer,
        subscriptions,
        is_stalled=faults.stalled_until > now,
        kept=len(faults.kept),
        bytes_per_second=faults.bytes_per_second or None,
        damages=tuple(islice(_each(faults.damages), _MOST_DAMAGES)),
        answers_pings=faults.silent_until <= now,
    )


def _each(damages: Iterable[tuple[str, int]]) -> Iterator[str]:
    return chain.from_iterable(repeat(what, times) for what, times in damages)


def _subscription_info(subscription: Subscription) -> SubscriptionInfo:
    products = tuple(instrument.listing.name for instrument in subscription.topic.instruments)
    return SubscriptionInfo(subscription.id.decode(), type(subscription.request).__name__, products)


def limit_info(limit: Limit, catalogue: Catalogue) -> LimitInfo:
    """Return a limit in force."""
    value = 0 if limit.value is None else limit.value  # one that is in force has a value
    return LimitInfo(limit.account or "All", _scope(limit.scope, catalogue), limit.name.value, text_of_amount(value))


def _scope(scope: Scope, catalogue: Catalogue) -> str | dict[str, str]:
    """Return a scope as a step may say it, by the thing's name."""
    match scope.kind:
        case "All":
            return "All"
        case "TradableProduct":
            thing: TradableProduct | Product | VenueInfo | Route | None = catalogue.tradable_product(scope.id)
        case "Product":
            thing = catalogue.product(scope.id)
        case "Venue":
            thing = catalogue.venue(scope.id)
        case "Route":
            thing = catalogue.route(scope.id)
        case _:
            assert_never(scope.kind)
    return {scope.kind: scope.id if thing is None else thing.name}


def held_infos(simulation: Simulation) -> list[HeldInfo]:
    """Return the rules that wait for a release."""
    return [
        HeldInfo(
            name,
            run.name,
            None if run.order is None else str(run.order.id),
            None if run.session is None else run.session.number,
        )
        for name, runs in simulation.held.items()
        for run in runs
    ]


def due_infos(simulation: Simulation, most: int) -> list[DueInfo]:
    """Return so much of what is due, the next first."""
    infos = []
    for time, is_background, cause in simulation.due(most):
        entry = simulation.journal.entry(cause)
        line = None if entry is None else traffic_line(entry)
        left = f"{text_of_amount(time - simulation.now)}s"
        infos.append(DueInfo(text_of_time(time), left, cause or None, line or "", is_background))
    return infos


class KnownRule:
    """What is told of a rule that does not change, and the search for what nearly was its own: for who asks again."""

    def __init__(self, rule: RuleInPlay, simulation: Simulation) -> None:
        said = rule.rule
        self.place = place_of(rule, simulation)
        self.when: dict[str, Any] = msgspec.to_builtins(said.when)
        self.then = tuple(map(in_words, said.then))
        self.search = MissSearch(said.when, simulation.catalogue, _MOST_MISSES)


@in_parts
def rule_info(rule: RuleInPlay, words: KnownRule, journal: Journal, newest: int | None = None) -> Turns[RuleInfo]:
    """Return a rule and what has become of it; ``newest`` is how many lines are looked at for near misses."""
    said = rule.rule
    found = yield from words.search.look(journal, newest)
    return RuleInfo(
        name=rule.name,
        number=rule.number,
        place=words.place,
        is_on=rule.is_on,
        is_required=said.required,
        matched=rule.matched,
        fired=rule.fired,
        left=None if said.times is None else said.times - rule.fired,
        when=words.when,
        then=words.then,
        misses=tuple(found),
    )


def place_of(rule: RuleInPlay, simulation: Simulation) -> str:
    """Return where a rule stands in its file, or among those that have been put in place of the file's."""
    loaded = simulation.loaded
    rules: Sequence[Any] = () if loaded is None else loaded.scenario.rules
    if loaded is not None and rule.number < len(rules) and rules[rule.number] is rule.rule:
        return loaded.position(("rules", rule.number))
    return f"rules[{rule.number}]"


def state_info(simulation: Simulation, errors: Sequence[Exception]) -> StateInfo:
    """Return how a world stands."""
    venue, scenario = simulation.venue, simulation.scenario
    due = simulation.next_due()
    clock = scenario.clock
    return StateInfo(
        scenario=scenario.name or (None if simulation.loaded is None else simulation.loaded.source),
        seed=simulation.seed,
        clock=clock if isinstance(clock, str) else {"scaled": clock.scaled},
        began=text_of_time(simulation.began),
        now=text_of_time(simulation.now),
        state=simulation.director.state,
        orders=len(venue.orders),
        open_orders=len(venue.open),
        fills=len(venue.fills),
        connections=len(simulation.sessions),
        held=tuple(simulation.held),
        halts=tuple(_scope(scope, simulation.catalogue) for scope in venue.halts),
        next_due=None if due is None else text_of_time(due),
        line=simulation.journal.written,
        errors=tuple(map(repr, errors)),
    )
