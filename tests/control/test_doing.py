"""What a test has its exchange do: how it is said, and how what cannot be done is refused."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from websockets.sync.client import connect

from simulator.control.doing import do
from simulator.errors import ScenarioError, SimulatorError
from simulator.simulation import Simulation
from simulator.testing.exchange import Exchange
from support.plugin import PAIR

NEARLY = "BTC Crypto/USD*COINBAS/DIRECT"
INSTEAD = f"got {NEARLY!r}; did you mean {PAIR!r}?"
ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "10", "quantity": "1", "target": PAIR}
TIMELINE = [{"at": "1h", "do": [{"hold": "timeline"}]}]
RULES = [{"name": "sells", "when": {"dir": "Sell"}, "then": ["ack", {"hold": "sell"}, {"fill": "rest"}]}]


@pytest.fixture
def venue() -> Iterator[Exchange]:
    """An exchange with order 1 open in it."""
    with Exchange({"rules": RULES, "timeline": TIMELINE}, clock="manual") as running:
        send(running, ORDER)
        yield running


def send(venue: Exchange, *orders: dict[str, Any]) -> None:
    """Send orders, and take their replies."""
    with connect(venue.url + "/") as client:
        for number, order in enumerate(orders, 1):
            client.send(json.dumps({"id": number, **order}))
            client.recv(timeout=5)


@pytest.mark.parametrize(
    ("steps", "mistake"),
    [
        ([{"cancel": {"order": "9"}}], "do: cancel: there is no order to do it to"),
        ([{"fill": {"order": "1", "quantity": 5}}], "do: fill: order 1 has 1 left, not 5"),
        ([{"bust": "x"}], "do: there is no fill 'x'"),
        (
            [{"cancel": {"order": "9"}}, {"cancel": {"order": "1"}}, {"cancel": {"order": "1"}}],
            "do: cancel: there is no order to do it to\ndo: cancel: order 1 is out already",
        ),
        ([{"trade": {"product": PAIR, "price": 1, "quantity": 0}}], "a quantity is above zero, not 0"),
    ],
)
def test_what_cannot_be_done_is_a_mistake(venue: Exchange, steps: list[Any], mistake: str) -> None:
    """A step that could not be done is raised in the words of the journal, each of several, and not again later."""
    with pytest.raises(SimulatorError) as caught:
        venue.do(*steps)
    assert str(caught.value) == mistake
    venue.do({"goto": "anywhere"})


def test_what_cannot_be_done_with_a_short_journal() -> None:
    """A step that could not be done is raised however much the journal has given up."""
    world = Simulation(journal_limit=3)
    for _ in range(3):
        with pytest.raises(SimulatorError) as caught:
            do(world, [{"bust": "x"}, {"bust": "y"}])
        assert str(caught.value) == "do: there is no fill 'x'\ndo: there is no fill 'y'"
    do(world, [{"goto": "anywhere"}])


@pytest.mark.parametrize(
    ("step", "mistake"),
    [
        ({"reply": "never"}, "reply: expected only in a rule for a request, because here no request is being answered"),
        ("reply", "reply: expected only in a rule for a request, because here no request is being answered"),
        (
            {"rate_limit": {"cap": 1}},
            "rate_limit: expected only in a rule for a request, because here no request is being answered",
        ),
        (
            {"book": {"product": NEARLY, "bids": [[1, 1]]}},
            f"book.product: expected a tradable product of the catalogue, {INSTEAD}",
        ),
        (
            {"trade": {"product": NEARLY, "price": 1, "quantity": 1}},
            f"trade.product: expected a tradable product of the catalogue, {INSTEAD}",
        ),
        (
            {"increments": {"product": NEARLY}},
            f"increments.product: expected a tradable product of the catalogue, {INSTEAD}",
        ),
        ({"delist": NEARLY}, f"delist: expected a tradable product of the catalogue, {INSTEAD}"),
        (
            {"halt": {"Venue": "COINBAS"}},
            "halt: there is no Venue 'COINBAS'; did you mean 'COINBASE'?",
        ),
        (
            {"resume": NEARLY},
            'resume: expected "All", {"TradableProduct": id}, {"Product": id}, {"Venue": id}, {"Route": id}, '
            f"or the name or id of one such thing, {INSTEAD}",
        ),
        (
            {"limits": [{"set": "All", "scope": NEARLY, "name": "MaxOpenQty", "value": 1}]},
            'limits[0].scope: expected "All", {"TradableProduct": id}, {"Product": id}, {"Venue": id}, {"Route": id}, '
            f"or the name or id of one such thing, {INSTEAD}",
        ),
        ({"release": "sel"}, "release: no rule holds 'sel'; did you mean 'sell'?"),
    ],
)
def test_words_that_mean_nothing_here_are_refused(venue: Exchange, step: Any, mistake: str) -> None:
    """A step that needs a request, or names what there is not, is refused with the nearest word; nothing is done."""
    with pytest.raises(ScenarioError) as caught:
        venue.do({"cancel": {"order": "1"}}, step)
    assert (str(caught.value), venue.orders[0].state) == (mistake, ("Open", "Acked"))


def test_what_is_skipped_by_others_is_not_the_test_s_mistake(venue: Exchange) -> None:
    """A rule that goes on, or was skipped before, raises nothing: only a test's own steps are its mistakes."""
    send(venue, {**ORDER, "dir": "Sell", "price": "20"})
    venue.do({"cancel": {"order": "2"}}, {"release": "sell"})
    skipped = [entry.data for entry in venue.journal if entry.kind == "skipped"]
    assert skipped == ["sells: fill: order 2 has nothing left to fill"]
    venue.do({"cancel": {"order": "1"}})
    assert [order.state for order in venue.orders] == [("Acked", "Canceled", "Out")] * 2


def test_release_ahead(venue: Exchange) -> None:
    """What a rule, the timeline, a test's own step holds, or will hold, is released; what nothing holds is not."""
    for name in ("sell", "timeline"):
        venue.release(name)
    venue.do({"release": "own"}, {"hold": "own"})
    venue.set_rules([{"when": {"dir": "Buy"}, "then": [{"hold": "buy"}]}])
    venue.release("buy")
    with pytest.raises(SimulatorError, match=r"no rule holds 'sell'$"):
        venue.release("sell")
    venue.do({"hold": "own"})
    venue.release("own")


def test_book_of_no_product(venue: Exchange) -> None:
    """A book that there is not is refused with the nearest product."""
    with pytest.raises(SimulatorError) as caught:
        venue.book(NEARLY)
    assert str(caught.value) == f"book: expected a tradable product of the catalogue, {INSTEAD}"


def test_start_twice() -> None:
    """An exchange that runs, as the factory's do, may be entered as a with block, which ends it."""
    running = Exchange().start()
    with running as same:
        send(same, ORDER)
        assert [order.order_id for order in running.orders] == ["1"]
    with pytest.raises(SimulatorError, match="the exchange is not running"):
        running.do("ack")


@pytest.mark.parametrize("step", ["disconnect", "stall", "slow"])
def test_a_connection_that_is_not_there_is_a_mistake(step: str) -> None:
    """A step about a connection is refused if there is none of that number, with those that there are."""
    world = Simulation()
    for _ in range(3):
        world.connect("/")
    world.disconnect(world.sessions[1])
    steps: dict[str, dict[str, Any]] = {
        "disconnect": {},
        "stall": {"what": "data"},
        "slow": {"bytes_per_second": 5},
    }
    args = steps[step]
    with pytest.raises(ScenarioError) as caught:
        do(world, [{step: {**args, "session": 1}}])
    assert str(caught.value) == f"{step}.session: expected the number of an open connection (2, 3) or all, got '1'"
    do(world, [{step: {**args, "session": 2}}, {step: {**args, "session": "all"}}])


def test_time_goes_on(venue: Exchange) -> None:
    """Time that is to pass is not below nothing."""
    for time in (-1, timedelta(seconds=-1)):
        with pytest.raises(SimulatorError, match="time only goes on, so expected 0 or more"):
            venue.advance(time)


def test_who_waits_holds_up_nobody(venue: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that comes while somebody looks whether it has come is answered, and is not missed."""
    ask = venue._ask

    def asks(question: Callable[[], Any]) -> Any:
        found = ask(question)
        if len(venue.simulation.venue.orders) < 3:
            send(venue, ORDER)
        return found

    monkeypatch.setattr(venue, "_ask", asks)
    assert [one.connection for one in venue.wait_for(request="SendLimitOrder", count=2)] == [1, 2]
