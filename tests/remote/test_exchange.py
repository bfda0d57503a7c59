"""The same assertions of an exchange in this process, and of the same one over HTTP."""

import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from simulator import Exchange as Here
from simulator.errors import ClockRuns, ScenarioError, SimulatorError, UnknownName, UnmetExpectation
from simulator.libraries import without_proxy
from simulator.remote import Exchange as Remote
from simulator.testing.methods import ExchangeMethods

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
BUY = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "10", "quantity": "2", "target": PAIR}
SLOW: dict[str, Any] = {
    "rules": [
        {
            "name": "slow",
            "when": {"request": "SendLimitOrder", "dir": "Buy"},
            "then": ["ack", {"delay": "250ms"}, {"fill": "40%"}, {"hold": "rest"}, {"fill": "rest"}],
        }
    ]
}
ONLY_HERE = {"is_running", "start", "server", "simulation", "scenario", "ca_file", "keep_books"}
"""What is within an exchange, or says whether it is there."""

Either = Here | Remote
Make = Callable[..., AbstractContextManager[Either]]


@contextmanager
def here(scenario: Any = None, **options: Any) -> Iterator[Either]:
    """An exchange in this process."""
    with Here(scenario, **options) as exchange:
        exchange.is_judged = True  # each test says what it verifies
        yield exchange


@contextmanager
def remote(scenario: Any = None, **options: Any) -> Iterator[Either]:
    """The same, controlled over HTTP."""
    with here(scenario, **options) as exchange:
        yield Remote(exchange.url)


@contextmanager
def world(scenario: Any = None, **options: Any) -> Iterator[Either]:
    """A world of one that runs, controlled over HTTP."""
    with Here() as exchange:
        made = Remote(exchange.url).world(scenario, **options)
        yield made
        made.stop()


@pytest.fixture(params=[here, remote, world])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes an exchange, of one kind after the other."""
    made: Make = request.param
    return made


@contextmanager
def dialled(exchange: Either) -> Iterator[ClientConnection]:
    """Connect."""
    with connect(f"{exchange.url}/", **without_proxy()) as venue:
        yield venue


def ask(venue: ClientConnection, number: int, **fields: Any) -> Any:
    """Return what a request is answered."""
    venue.send(json.dumps({"id": number, **fields}))
    return json.loads(venue.recv(10))["response"]


def test_partial_fill_in_its_time(make: Make) -> None:
    """Orders, fills, what is held and due, the book and the clock are told as plain data of the same types."""
    with make(SLOW, clock="manual", seed=7) as exchange, dialled(exchange) as venue:
        assert (exchange.clock, exchange.seed) == ("manual", 7)
        assert ask(venue, 1, **BUY) == {"Ok": "1"}
        began = exchange.now
        (due,) = exchange.due
        assert (due.left, due.is_endless) == ("0.25s", False)
        assert exchange.advance("100ms") == "2024-01-01T00:00:00.100000000Z"
        exchange.advance(timedelta(milliseconds=100))
        exchange.advance(49_999_999)
        assert exchange.orders[0].filled_qty == "0"
        exchange.advance(next=True)
        assert exchange.now - began == 250_000_000
        (order,) = exchange.orders
        assert (order, order.state, order.leaves_qty) == (exchange.order("1"), ("Open", "Acked"), "1.2")
        assert [(one.name, one.order_id) for one in exchange.held] == [("rest", "1")]
        assert exchange.book(PAIR).bids[0].price == "42279.98"
        exchange.release("rest")
        assert [fill.quantity for fill in exchange.fills] == ["0.8", "1.2"]
        (rule,) = exchange.rules
        assert (rule.name, rule.fired, rule.is_on) == ("slow", 1, True)
        assert [session.connection for session in exchange.sessions] == [1]
        assert exchange.limits == []
        assert (exchange.state.orders, exchange.state.open_orders, exchange.state.fills) == (1, 0, 2)


def test_journal(make: Make) -> None:
    """The journal says what happened, each entry with its cause, messages as data; and what came behind a line."""
    with make(SLOW, clock="manual") as exchange, dialled(exchange) as venue:
        ask(venue, 1, **BUY)
        lines = [line for line in exchange.journal if line.kind in ("in", "out", "rule")]
        assert [(line.kind, line.data) for line in lines] == [
            ("in", {"id": 1, **BUY}),
            ("rule", "slow"),
            ("out", {"id": 1, "response": {"Ok": "1"}}),
        ]
        assert (lines[0].connection, lines[0].direction) == (1, "in")
        last = exchange.journal[-1].line
        assert exchange.journal_since(last) == []
        exchange.do({"fill": {"order": "last", "quantity": "rest"}})
        assert next(line.line for line in exchange.journal_since(last)) == last + 1


def test_what_a_test_does(make: Make) -> None:
    """Steps, rules, the clock and resets do the same; names that there are not are told with the nearest."""
    with make(SLOW, clock="manual") as exchange, dialled(exchange) as venue:
        exchange.switch_rule("slow", False)
        assert [rule.is_on for rule in exchange.rules] == [False]
        ask(venue, 1, **BUY)
        exchange.do({"fill": {"order": "1", "quantity": 1}})
        assert exchange.order("1").filled_qty == "1"
        exchange.set_rules(
            [{"name": "refuse", "when": {"request": "SendLimitOrder"}, "then": [{"reject": {"code": "Halted"}}]}]
        )
        assert [rule.name for rule in exchange.rules] == ["refuse"]
        with pytest.raises(UnknownName, match="there is no rule 'refus'; did you mean 'refuse'"):
            exchange.switch_rule("refus", True)
        with pytest.raises(UnknownName, match="there is no order '9'; the last orders: 1"):
            exchange.order("9")
        misspelt: Any = {"fil": "rest"}
        with pytest.raises(ScenarioError) as caught:
            exchange.do(misspelt)
        assert "did you mean 'fill'" in caught.value.problems[0].message
        with pytest.raises(ScenarioError, match="no rule holds 'x'"):
            exchange.release("x")
        exchange.set_clock({"scaled": 20})
        assert exchange.clock == "scaled"
        with pytest.raises(ClockRuns, match="time is told to pass only on a manual clock, and this one is scaled"):
            exchange.advance("1ms")
        exchange.close_connections(1013)
        exchange.reset(seed=9, clock="manual")
        assert (exchange.seed, exchange.clock, exchange.orders) == (9, "manual", [])


def test_what_a_test_expects(make: Make) -> None:
    """What was received, what never came and what is waited for; unmet, each says what came nearest."""
    with make(SLOW, clock="manual") as exchange, dialled(exchange) as venue:
        ask(venue, 1, **BUY)
        (request,) = exchange.received(request="SendLimitOrder", quantity={"ge": 2})
        assert (request.request, request.fields["price"], request.connection) == ("SendLimitOrder", "10", 1)
        assert exchange.wait_for(request="SendLimitOrder") == [request]
        none = exchange.received(request="SendLimitOrder", dir="Sell")
        assert none == []
        assert repr(none).startswith("[] (nearest: ")
        assert "dir: wanted Sell, came Buy" in repr(none)
        exchange.never(request="CancelOrder")
        with pytest.raises(UnmetExpectation, match="expected never"):
            exchange.never(request="SendLimitOrder")
        with pytest.raises(UnmetExpectation) as caught:
            exchange.wait_until(order={"order_id": "1", "state": "Filled"}, timeout=0.05)
        assert "nearest: " in caught.value.failures[0].details
        assert "-->" in caught.value.context
        exchange.do({"fill": {"order": "last", "quantity": "rest"}})
        assert [order.filled_qty for order in exchange.wait_until(order={"order_id": "1", "state": "Filled"})] == ["2"]
        assert [fill.quantity for fill in exchange.wait_until(fill={"order_id": "1"})] == ["2"]
        (sent,) = exchange.wait_until(sent={"message": {"id": 1, "response": {"Ok": "1"}}})
        assert sent.connection == 1
        wrong: Any = {"reqest": "SendLimitOrder"}
        with pytest.raises(ScenarioError, match="did you mean 'request'"):
            exchange.received(**wrong)


def test_verify_and_check(make: Make, tmp_path: Path) -> None:
    """A required rule that never fired is unmet; what is wrong with a scenario is told with its place."""
    required = {"rules": [{**SLOW["rules"][0], "required": True}]}
    with make(required, clock="manual") as exchange:
        with pytest.raises(UnmetExpectation, match="slow"):
            exchange.verify()
        with dialled(exchange) as venue:
            ask(venue, 1, **BUY)
        exchange.verify()
        assert "clock: manual" in exchange.transcript()
        (problem,) = exchange.check({"rules": [{"when": {"request": "SendLimitOrde"}, "then": ["ack"]}]})
        assert problem.path == "rules[0].when.request"
        file = tmp_path / "wrong.yaml"
        file.write_text("clock: instant\nseed: x\n")
        (problem,) = exchange.check(file)
        assert (problem.line, problem.column) == (2, 7)


@pytest.mark.asyncio
async def test_async_forms(make: Make) -> None:
    """In an async test the same waits are awaited, and those that would block the loop say so."""
    with make(SLOW, clock="manual") as exchange, dialled(exchange) as venue:
        venue.send(json.dumps({"id": 1, **BUY}))
        assert [one.request for one in await exchange.until(request="SendLimitOrder")] == ["SendLimitOrder"]
        assert await exchange.advance_async("250ms") == "2024-01-01T00:00:00.250000000Z"
        assert [order.filled_qty for order in await exchange.until(order={"filled_qty": "0.8"})] == ["0.8"]
        with pytest.raises(SimulatorError, match=r"wait_for\(\) would block the loop"):
            exchange.wait_for(request="SendLimitOrder")
        with pytest.raises(UnmetExpectation):
            await exchange.until(order={"order_id": "1", "state": "Out"}, timeout=0.05)


def test_same_names_and_signatures() -> None:
    """What an exchange in this process has, but for what is within it, one elsewhere has, with the same words."""
    names = {name for name in dir(Here) if not name.startswith("_")} - ONLY_HERE
    assert {name for name in dir(Remote) if not name.startswith("_")} - names == {"world"}
    for name in names:
        here, there = getattr(Here, name), getattr(Remote, name)
        assert type(here) is type(there), name
        if callable(here) and name != "reset":  # which takes, in this process, what is loaded already
            assert inspect.signature(here) == inspect.signature(there), name
    assert list(inspect.signature(Here.reset).parameters) == list(inspect.signature(Remote.reset).parameters)
    assert issubclass(Remote, ExchangeMethods)


# What only one elsewhere has


def test_world_of_a_block() -> None:
    """A block around a world verifies it and ends it; others go on."""
    with Here() as running:
        server = Remote(running.url.replace("ws:", "http:"))
        required = {"rules": [{**SLOW["rules"][0], "required": True}]}
        with pytest.raises(UnmetExpectation, match="slow"), server.world(required, name="mine") as exchange:
            assert exchange.url == f"{running.url}/worlds/mine"
        with pytest.raises(UnknownName, match="there is no world 'mine'"):
            _ = Remote(f"{running.url}/worlds/mine").orders
        assert server.orders == []


def test_bundled_scenario_expects_nothing_unless_asked() -> None:
    """A world of a bundled scenario is held to what it expects only if that is said, as it is in this process."""
    with Here() as running:
        server = Remote(running.url)
        with server.world("cancel-loses-the-race"):
            pass
        with pytest.raises(UnmetExpectation), server.world("cancel-loses-the-race", expect=True):
            pass


def test_over_wss() -> None:
    """An exchange that is reached by wss is controlled by https, by who trusts its authority."""
    with Here(tls=True) as running:
        assert Remote(running.url, ca_file=running.ca_file).orders == []
        with pytest.raises(SimulatorError, match=r"no answer from the exchange at wss://.*certificate"):
            _ = Remote(running.url).orders


def test_nobody_there() -> None:
    """An address at which nobody answers, or that is none, is a mistake that says so."""
    with Here() as running:
        url = running.url
    with pytest.raises(SimulatorError, match=f"no answer from the exchange at {url}: "):
        _ = Remote(url).orders
    with pytest.raises(SimulatorError, match=r"expected an address such as http://127\.0\.0\.1:6001, got '127.0.0.1'"):
        Remote("127.0.0.1")


def test_what_any_client_must_do(make: Make) -> None:
    """A law that any client must keep is verified over HTTP as in this process, and told in the same words."""
    cut = {"timeline": [{"at": "1s", "do": {"disconnect": {"code": 1012}}}], "must": [{"reconnects": "30s"}]}
    with make(cut, clock="manual") as exchange:
        with dialled(exchange):
            exchange.advance("1s")
        exchange.advance("30s")
        exchange.verify()
        exchange.advance("1s")
        with pytest.raises(UnmetExpectation) as caught:
            exchange.verify()
        (failure,) = caught.value.failures
        assert (str(failure.place), failure.text) == (
            "must[0].reconnects",
            "expected a client that reconnects: connection 1 ended (closed by the scenario: 1012), and it did not try "
            "to connect again within 30 s",
        )
        assert "at 00:00:01.000000Z:" in failure.details
        exchange.reset({})
