"""What fails a test besides its own asserts, and how it is said."""

import pytest

from support.plugin import ARGS, CLIENT, Run

pytest_plugins = ["pytester"]


def test_required_rule_that_never_fired(run: Run) -> None:
    """A required rule that never fired fails the test, with the nearest request and what it lacks, and the seed."""
    result = run(
        """
RULES = {"rules": [
    {"name": "big buy", "required": True,
     "when": {"request": "SendLimitOrder", "quantity": {"ge": 10}}, "then": ["ack"]},
]}

@pytest.mark.exchange(RULES, seed=7)
def test_it(exchange):
    order(exchange.url, quantity="1")
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "rules?0?: expected the rule 'big buy' to fire, which is required; it never did",
            "nearest: * #1 {*SendLimitOrder*",
            "  quantity: wanted {'ge': '10'}, came 1",
            "",
            "last messages:",
            "  * #1 --> {*SendLimitOrder*}",
            '  * #1 <-- {"id":1,"response":{"Ok":"1"}}',
            "seed: 7",
        ],
        consecutive=False,
    )


def test_expectation_that_does_not_hold(run: Run) -> None:
    """What the scenario expects never to come, and came, fails the test."""
    result = run(
        """
@pytest.mark.exchange({"expect": [{"never": {"request": "SendLimitOrder", "nth": 2}}]})
def test_it(exchange):
    order(exchange.url)
    order(exchange.url)
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["expect?0?.never: expected never *SendLimitOrder*, got 1", "first: *SendLimitOrder*"])


def test_strict_scenario_without_a_rule(run: Run) -> None:
    """A request for which a strict scenario has no rule fails the test."""
    result = run(
        """
@pytest.mark.exchange({"strict": True, "rules": [{"when": {"request": "CancelOrder"}, "then": ["reject"]}]})
def test_it(exchange):
    order(exchange.url)
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["exchange: the scenario is strict and has no rule for SendLimitOrder on connection 1"])


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('["ack", {"fill": {"price": "20000"}}]', "rule 1: fill: order 1 buys at * or better, not at 20000"),
        ('["ack", {"fill": 1}, {"correct": {"quantity": 50}}]', "rule 1: correct: order 1 cannot have been filled 50"),
    ],
)
def test_step_that_cannot_be_done(run: Run, steps: str, said: str) -> None:
    """A step of a script that no venue can do, and that is therefore not done, fails the test."""
    result = run(
        f"""
@pytest.mark.exchange({{"rules": [{{"when": {{"request": "SendLimitOrder"}}, "then": {steps}}}]}})
def test_it(exchange):
    order(exchange.url)
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"exchange: expected what a venue can do, but could not do: {said}"])


def test_step_that_comes_too_late(run: Run) -> None:
    """A step for an order that its client has cancelled meanwhile is passed over, as a venue does."""
    result = run(
        """
@pytest.mark.exchange({"rules": [{"when": {"request": "SendLimitOrder"}, "then": ["ack", {"hold": "on"}, "fill"]}]})
def test_it(exchange):
    order(exchange.url)
    exchange.do({"cancel": {"order": "last"}})
    exchange.release("on")
"""
    )
    result.assert_outcomes(passed=1)


def test_error_inside_the_simulator(run: Run) -> None:
    """A mistake of the simulator's own fails the test with its traceback, whatever the client made of it."""
    result = run(
        """
def test_it(exchange, monkeypatch):
    def broken(*args):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(exchange.simulation.venue, "submit", broken)
    with pytest.raises(Exception):
        order(exchange.url)
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["exchange: the simulator itself failed: RuntimeError('a mistake')", "RuntimeError: a mistake"]
    )


def test_a_test_s_own_failure_comes_first(run: Run) -> None:
    """A test that fails by itself is not told of unmet expectations besides."""
    result = run(
        """
@pytest.mark.exchange({"expect": [{"received": {"request": "SendLimitOrder"}}]})
def test_it(exchange):
    assert exchange.orders == ["nothing"]
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*expected*SendLimitOrder*")


STALLED = """
RULES = {"latency": {"reply": "250ms"},
         "rules": [{"when": {"dir": "Buy"}, "then": ["ack", {"delay": "2s"}, {"hold": "rest"}, {"fill": "rest"}]}]}
"""


def _section(result: pytest.RunResult, test: str) -> list[str]:
    """Return the lines of the report of a test that come after the title of a section about an exchange."""
    lines = result.outlines
    start = next(at for at, line in enumerate(lines) if f" {test} __" in line)
    title = next(at for at in range(start, len(lines)) if " exchange ws://127.0.0.1:" in lines[at])
    end = next(at for at in range(title + 1, len(lines)) if lines[at].startswith(("__", "==", "--")))
    return lines[title + 1 : end]


def test_transcript_of_a_failed_test(run: Run) -> None:
    """A test that fails by itself shows the last messages, escaped, the seed, the clock and what waits for the test."""
    result = run(
        STALLED
        + """
@pytest.mark.exchange(RULES, clock="manual", seed=7)
def test_it(exchange):
    exchange.advance("1500ms")
    with connect(exchange.url + "/") as venue:
        venue.send("\\x1b[31m")
        venue.send(json.dumps({"type": "SendLimitOrder", "id": 1, "account": "DEFAULT", "dir": "Buy", "price": 1,
                               "quantity": 1, "target": PAIR}))
        exchange.wait_for(request="SendLimitOrder")
        exchange.advance(0)
        exchange.do({"hold": "on"})
        with pytest.raises(AssertionError):
            exchange.do("ack")
"""
    )
    result.assert_outcomes(failed=1)
    section = _section(result, "test_it")
    assert section[:3] == ["last messages:", "  00:00:01.500000Z #1 +++ /", "  00:00:01.500000Z #1 --> \\x1b[31m"]
    assert section[-3:] == [
        "seed: 7",
        "clock: manual, which stands at +1.5 s; things are due, the next in 0.25 s: exchange.advance('0.25s')",
        "held: exchange.release('on')",
    ]


def test_transcripts_of_several_exchanges(run: Run) -> None:
    """A failed test shows each exchange in which something happened, also a fixture's and one that has stopped."""
    result = run(
        """
@pytest.fixture(scope="session")
def venues(exchange_factory):
    return [exchange_factory(seed=seed) for seed in (1, 2)]

@pytest.fixture
def broken(exchange):
    order(exchange.url)
    raise RuntimeError

@pytest.mark.exchange(seed=4)
def test_both(venues, make_exchange, exchange):
    order(venues[1].url)
    with make_exchange(seed=3, clock={"scaled": 20}):
        assert 0

def test_none(venues):
    assert 0

@pytest.mark.exchange(seed=4)
def test_setup(broken):
    pass
"""
    )
    result.assert_outcomes(failed=2, errors=1)
    seeds = [line for line in result.outlines if line.startswith(("seed: ", "clock: ", "_"))]
    result_titles = [line.strip("_ ") if line.startswith("_") else line for line in seeds]
    assert result_titles == [
        "ERROR at setup of test_setup",
        *("seed: 4", "clock: real"),
        "test_both",
        *("seed: 1", "clock: real", "seed: 2", "clock: real", "seed: 4", "clock: real"),
        *("seed: 3", "clock: scaled, 20 times as fast"),
        "test_none",
    ]


def test_transcript_is_shown_once(run: Run) -> None:
    """A failure of the plugin's own that shows what happened is not followed by it, nor is what comes after."""
    result = run(
        """
EXPECTED = {"expect": [{"received": {"request": "SendLimitOrder"}}], "seed": 7}

@pytest.mark.exchange(EXPECTED)
def test_unmet(exchange):
    pass

@pytest.mark.exchange(seed=7)
def test_raised(exchange):
    with connect(exchange.url + "/"):
        exchange.wait_for(request="SendLimitOrder", timeout=0.01)

@pytest.mark.exchange(seed=7)
def test_caught(exchange):
    with connect(exchange.url + "/") as venue:
        with pytest.raises(Exception):
            exchange.wait_for(request="SendLimitOrder", timeout=0.01)
    assert 0

@pytest.fixture
def untidy(exchange):
    yield
    raise RuntimeError

@pytest.mark.exchange(seed=7)
def test_untidy(untidy):
    assert 0
""",
        "-rN",  # in CI the summary at the end says all of it again
    )
    result.assert_outcomes(failed=4, errors=1)
    assert [line.removeprefix("E").strip() for line in result.outlines].count("seed: 7") == 4
    assert _section(result, "test_caught")[-2:] == ["seed: 7", "clock: real"]


def test_exchange_that_does_not_answer(run: Run) -> None:
    """A report does not wait for ever for an exchange whose thread does something else, and says so."""
    result = run(
        """
import threading
from simulator.testing import thread

def test_it(exchange, monkeypatch, request):
    monkeypatch.setattr(thread, "PATIENCE", 0.05)
    go_on = threading.Event()
    request.config.add_cleanup(go_on.set)
    exchange._thread._loop.call_soon_threadsafe(go_on.wait, 20)
    assert 0
"""
    )
    result.assert_outcomes(failed=1)
    assert _section(result, "test_it") == [
        "the exchange is not done within 0.05 s of the wall's time, and goes on: it has come to +0 s of its own and to "
        "line 0 of its journal",
        "seed: 0",
    ]


def test_passed_test_shows_nothing(run: Run) -> None:
    """A test that passes shows nothing of its exchange."""
    result = run("def test_it(exchange):\n    order(exchange.url)\n", "-rA")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*seed: 0*")


def test_waiting_and_never(run: Run) -> None:
    """A test waits for what the client says, and what does not come in time is explained by the nearest that did."""
    result = run(
        """
import threading

def test_it(exchange):
    threading.Thread(target=order, args=(exchange.url,)).start()
    (sent,) = exchange.wait_for(request="SendLimitOrder")
    assert (sent.connection, sent.request, sent.fields["dir"]) == (1, "SendLimitOrder", "Buy")
    exchange.never(request="CancelOrder")
    with pytest.raises(Exception) as caught:
        exchange.wait_for(request="SendLimitOrder", dir="Sell", timeout=0.01)
    lines = str(caught.value).splitlines()
    assert lines[0] == "exchange: expected 1 of {'request': 'SendLimitOrder', 'dir': 'Sell'} within 0.01 s, got 0"
    assert "  dir: wanted Sell, came Buy" in lines
"""
    )
    result.assert_outcomes(passed=1)


def test_waiting_in_an_async_test(pytester: pytest.Pytester) -> None:
    """In an async test wait_for says that it would block the client's loop, and until does not."""
    pytester.makepyfile(
        CLIENT
        + """
import asyncio

@pytest.mark.asyncio
async def test_it(exchange):
    with pytest.raises(Exception, match="await exchange.until"):
        exchange.wait_for(request="SendLimitOrder")
    sent = asyncio.create_task(asyncio.to_thread(order, exchange.url))
    assert len(await exchange.until(request="SendLimitOrder")) == 1
    await sent
"""
    )
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    result = pytester.runpytest_subprocess(*ARGS)
    result.assert_outcomes(passed=1)


def test_what_any_client_must_do(run: Run) -> None:
    """A law that any client must keep fails the test that broke it; what its own client is expected to do does not."""
    result = run(
        """
MUST = {"timeline": [{"at": "1s", "do": {"disconnect": {"code": 1012}}}], "client": [{"send": {"type": "GetHalts"}}],
        "must": [{"reconnects": "30s"}], "expect": [{"received": {"request": "GetHalts"}}]}

@pytest.mark.exchange(MUST, clock="manual")
@pytest.mark.parametrize("comes_again", [True, False])
def test_it(exchange, comes_again):
    with connect(exchange.url + "/"):
        exchange.advance("1s")
    if comes_again:
        with connect(exchange.url + "/"):
            pass
    exchange.advance("32s")
"""
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "must?0?.reconnects: expected a client that reconnects: connection 1 ended (closed by the scenario*",
            "at 00:00:01.*Z:",
        ]
    )
