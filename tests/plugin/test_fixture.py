"""The ``exchange`` fixture, in pytest runs of its own."""

import pytest

from support.plugin import ALONE, ARGS, CLIENT, Run

pytest_plugins = ["pytester"]


def test_sync_test_talks_to_its_own_exchange(run: Run) -> None:
    """A test gets an exchange with books of its own: the first order of each test is order 1."""
    result = run(
        """
@pytest.mark.parametrize("_", range(3))
def test_order(exchange, _):
    assert order(exchange.url) == {"Ok": "1"}
    assert [(o.order_id, o.price, o.state) for o in exchange.orders] == [("1", "10000.00", ("Open", "Acked"))]
"""
    )
    result.assert_outcomes(passed=3)


def test_params_of_orders_are_data(run: Run) -> None:
    """What an order's sender hangs on it is there to compare, no digit of a number lost."""
    result = run(
        """
from decimal import Decimal

def test_params(exchange):
    order(exchange.url)
    order(exchange.url, params={"desk": ["a", 1]})
    with connect(exchange.url + "/") as venue:
        terms = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "1", "quantity": "1"}
        terms = json.dumps({"id": 1, "target": PAIR, **terms})
        venue.send(terms[:-1] + ', "params": {"x": 1e999}}')
        venue.recv(timeout=5)
    assert [o.params for o in exchange.orders] == [None, {"desk": ["a", 1]}, {"x": Decimal("1e999")}]
"""
    )
    result.assert_outcomes(passed=1)


def test_manual_clock_and_steps(run: Run) -> None:
    """On a manual clock a test lets time pass, releases what is held, and pushes steps of its own."""
    result = run(
        """
RULES = {
    "rules": [
        {"when": {"request": "SendLimitOrder"},
         "then": [{"delay": "250ms"}, "ack", {"hold": "fill"}, {"fill": "40%"}]}
    ]
}

@pytest.mark.exchange(RULES, clock="manual")
def test_time(exchange):
    begin = exchange.now
    assert order(exchange.url) == {"Ok": "1"}
    assert exchange.orders[0].state == ("Open",)
    exchange.advance("249ms")
    assert exchange.orders[0].state == ("Open",)
    exchange.advance("1ms")
    assert exchange.orders[0].state == ("Open", "Acked")
    exchange.release("fill")
    assert exchange.orders[0].filled_qty == "0.4"
    with pytest.raises(Exception, match="no rule holds 'fil'; did you mean 'fill'?"):
        exchange.release("fil")
    with pytest.raises(Exception, match="whole nanoseconds, got 1.5"):
        exchange.advance(1.5)
    exchange.do({"fill": {"order": "last"}})
    assert [fill.quantity for fill in exchange.fills] == ["0.4", "0.6"]
    assert exchange.now == begin + 250_000_000
"""
    )
    result.assert_outcomes(passed=1)


MISSING = "expected a scenario's file or the name of a bundled one, got"
CATALOGUES = "expected a catalogue to be default or reference, or a file that ends in .yaml, .yml, .json, got"
WRONG = [
    (
        '"partial-fil"',
        f": scenario: {MISSING} 'partial-fil': there is no such file; did you mean 'partial-fill'?"
        " (looked for in HERE)",
    ),
    ('"missing.yaml"', f": scenario: {MISSING} 'missing.yaml': there is no such file (looked for in HERE)"),
    ('"/missing.yaml"', f": scenario: {MISSING} '/missing.yaml': there is no such file"),
    ("7", ": scenario is a file, a bundled name or a dict, got int"),
    ("'a', 'b'", " takes one scenario, got 2: ('a', 'b')"),
    ("'a', scenario='b'", " got 'scenario' twice"),
    ("sed=7", " has no argument 'sed'; did you mean 'seed'?; it takes scenario, seed, clock, catalogue, expect, tls"),
    ("seed='x'", ": seed is a whole number, got 'x'"),
    ("seed=True", ": seed is a whole number, got True"),
    ('clock="manuel"', ": clock is real, instant, manual or {'scaled': 20}, got 'manuel'; did you mean 'manual'?"),
    ('clock={"scaled": 0}', ": clock is real, instant, manual or {'scaled': 20}, got {'scaled': 0}"),
    ('clock={"scaled": "x"}', ": clock is real, instant, manual or {'scaled': 20}, got {'scaled': 'x'}"),
    ('catalogue="none"', f": catalogue: {CATALOGUES} 'none' (looked for in HERE)"),
    (
        'catalogue="none.json"',
        ": catalogue: none.json: expected a file that can be read: No such file or directory (looked for in HERE)",
    ),
    ("catalogue={}", ": catalogue is a file or a bundled name, got dict"),
]


def test_wrong_marker_is_a_usage_error(run: Run, pytester: pytest.Pytester) -> None:
    """A marker that says something wrong is an error that says what is right and where it was looked, and only that."""
    tests = [f"@pytest.mark.exchange({marker})\ndef test_it(exchange):\n    pass\n" for marker, _ in WRONG]
    result = run("".join(text.replace("test_it", f"test_{number}") for number, text in enumerate(tests)))
    result.assert_outcomes(errors=len(WRONG))
    begin = next(at for at, line in enumerate(result.outlines) if "ERROR at setup of test_0 " in line)
    end = next(at for at, line in enumerate(result.outlines) if "short test summary info" in line)
    said = [line for line in result.outlines[begin:end] if not line.startswith("__")]
    assert said == [
        f"usage error: @pytest.mark.exchange{error}".replace("HERE", str(pytester.path)) for _, error in WRONG
    ]


def test_wrong_scenario_of_a_marker(run: Run, pytester: pytest.Pytester) -> None:
    """What is wrong inside a scenario, a file or a dict, is said with its place there."""
    pytester.makefile(".yaml", wrong="rules:\n  - when: {requst: '*'}\n    then: [ack]\n")
    result = run(
        """
@pytest.mark.exchange("wrong.yaml")
def test_file(exchange):
    pass

@pytest.mark.exchange({"seed": "x"})
def test_dict(exchange):
    pass
"""
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["usage error: */wrong.yaml:2:12: *did you mean 'request'?", "usage error: seed: expected *, got 'x'"]
    )


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ("seed=x", "is a whole number, got 'x'"),
        ("clock=-2", "is real, instant, manual or {'scaled': 20}, got '-2'"),
        ("catalogue=none", f": {CATALOGUES} 'none' (looked for in HERE)"),
    ],
)
def test_wrong_option_is_a_usage_error(run: Run, pytester: pytest.Pytester, option: str, error: str) -> None:
    """An option that says something wrong is named, on the command line and in the ini file."""
    name, value = option.split("=")
    separator = "" if error[0] == ":" else " "
    expected = separator + error.replace("HERE", str(pytester.path))
    text = "def test_it(exchange):\n    pass\n"
    result = run(text, f"--exchange-{name}={value}")
    assert f"usage error: --exchange-{name}{expected}" in result.outlines
    pytester.makeini(f"[pytest]\nexchange_{name} = {value}\n")
    result = run(text)
    assert f"usage error: the ini option exchange_{name}{expected}" in result.outlines


FEW = """
{"accounts": ["ME"], "venues": ["HERE"], "routes": ["DIRECT"], "tradable_products": [],
 "products": [{"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"}]}
"""


def test_files_beside_the_test(pytester: pytest.Pytester) -> None:
    """A scenario's file and a catalogue's are looked for beside the test, then at the root, wherever pytest starts."""
    tests = pytester.mkdir("tests")
    (tests / "mine.yaml").write_text("seed: 5\n")
    pytester.makefile(".json", few=FEW)
    (tests / "test_files.py").write_text(
        CLIENT
        + """
@pytest.mark.exchange("mine.yaml", catalogue="few.json")
def test_it(exchange):
    assert (exchange.seed, [venue.name for venue in exchange.simulation.catalogue.venues]) == (5, ["HERE"])

@pytest.mark.exchange(None, catalogue="reference", clock="20")
def test_plain(exchange):
    pass
"""
    )
    pytester.makeini("[pytest]\n")
    result = pytester.runpytest_subprocess(*ALONE, "tests", "--exchange-clock", "20")
    result.assert_outcomes(passed=2)


def test_precedence(run: Run, pytester: pytest.Pytester) -> None:
    """The command line comes before the marker, the marker before the ini file, that before the default."""
    text = """
@pytest.mark.exchange(seed=2)
def test_marked(exchange):
    print("marked", exchange.seed)

def test_plain(exchange):
    print("plain", exchange.seed)
"""
    for ini, more, expected in [
        ("", (), [0, 2]),
        ("exchange_seed = 1", (), [1, 2]),
        ("exchange_seed = 1", ("--exchange-seed", "3"), [3, 3]),
    ]:
        pytester.makeini(f"[pytest]\n{ini}\n")
        result = run(text, "-s", *more)
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines_random([f"*plain {expected[0]}*", f"*marked {expected[1]}*"])


def test_config_fixture_decides(run: Run) -> None:
    """A suite that overrides exchange_config decides itself what is started."""
    result = run(
        """
@pytest.fixture
def exchange_config():
    return {"catalogue": "reference", "seed": 9}

def test_it(exchange):
    assert exchange.seed == 9
    assert exchange.simulation.catalogue.name == "reference"
"""
    )
    result.assert_outcomes(passed=1)


def test_several_venues_in_one_test(run: Run) -> None:
    """The factory makes as many exchanges as a test wants, each with its own books; a with block ends one."""
    result = run(
        """
def test_it(make_exchange):
    one = make_exchange()
    with make_exchange(clock="manual") as other:
        assert order(one.url) == {"Ok": "1"}
        assert order(one.url) == {"Ok": "2"}
        assert order(other.url) == {"Ok": "1"}
    with pytest.raises(OSError):
        order(other.url)
"""
    )
    result.assert_outcomes(passed=1)


def test_trio_client(run: Run) -> None:
    """A client on trio talks to the exchange as any other."""
    pytest.importorskip("websockets.trio", reason="websockets has a client for trio from 17 on")
    result = run(
        """
import trio
from websockets.trio.client import connect as trio_connect


def test_trio(exchange):
    async def main():
        async with trio_connect(exchange.url + "/architect") as venue:
            return await venue.recv()

    assert trio.run(main) == '"Normal"'
"""
    )
    result.assert_outcomes(passed=1)


def test_client_in_another_process(run: Run) -> None:
    """A client in another process talks to the exchange as any other."""
    result = run(
        """
import subprocess
import sys


def test_subprocess(exchange):
    code = f"from websockets.sync.client import connect; print(connect({exchange.url!r} + '/architect').recv())"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20).stdout
    assert output == '"Normal"\\n'
"""
    )
    result.assert_outcomes(passed=1)


def test_async_test_under_pytest_asyncio(pytester: pytest.Pytester) -> None:
    """An async test calls the exchange's methods from its own loop without standing still."""
    pytester.makepyfile(
        CLIENT
        + """
from websockets.asyncio.client import connect as async_connect

@pytest.mark.asyncio
@pytest.mark.exchange(clock="manual")
async def test_it(exchange):
    async with async_connect(exchange.url + "/netidx") as venue:
        await venue.send(json.dumps({"type": "Subscribe", "path": "/local/architect/core/clock"}))
        assert json.loads(await venue.recv()) == {"type": "Subscribed", "id": 1}
        await venue.recv()
        exchange.advance("1s")
        assert json.loads(await venue.recv())["updates"][0]["event"]["value"] == "2024-01-01T00:00:01.000000000Z"
"""
    )
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    result = pytester.runpytest_subprocess(*ARGS)
    result.assert_outcomes(passed=1)


def test_xdist(pytester: pytest.Pytester) -> None:
    """Under two workers each test still has an exchange of its own."""
    pytester.makepyfile(
        CLIENT
        + """
@pytest.mark.parametrize("_", range(6))
def test_order(exchange, _):
    assert order(exchange.url) == {"Ok": "1"}
"""
    )
    result = pytester.runpytest_subprocess(*ARGS, "-p", "no:asyncio", "-n", "2")
    result.assert_outcomes(passed=6)


def test_wss(run: Run) -> None:
    """The marker and the factories start an exchange that is reached by wss."""
    result = run(
        """
import ssl

@pytest.mark.exchange(tls=True)
def test_order(exchange, make_exchange):
    for one in (exchange, make_exchange(tls=True)):
        with connect(one.url, ssl=ssl.create_default_context(cafile=one.ca_file)) as venue:
            venue.send(json.dumps({"id": 1, "type": "GetHalts"}))
            assert json.loads(venue.recv(timeout=5)) == {"id": 1, "response": {"Ok": []}}
"""
    )
    result.assert_outcomes(passed=1)
