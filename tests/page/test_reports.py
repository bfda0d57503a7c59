"""The report: what it knows of every moment, how long it is, and what it makes of text from outside."""

import json
import os
import random
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.client import connect

from server.test_http import serving
from simulator.control.reading import order_info
from simulator.decimals import text_of_amount
from simulator.errors import Failure
from simulator.gateway.session import Session
from simulator.page.reports import RunReport, orders_after, report_page
from simulator.simulation import Simulation
from support.browser import BROWSER, HOSTILE
from support.cli import run
from support.server import PAIR, order, request, small_catalogue

DRIVE = Path(__file__).parent / "drive_report.mjs"
RULES = [
    {"when": {"request": "SendLimitOrder", "price": "99"}, "then": ["ack", {"delay": "20ms"}, {"fill": "40%"}]},
    {"when": {"request": "SendLimitOrder", "price": "98"}, "then": [{"fill": "rest"}, {"delay": "5ms"}, "ack"]},
    {"when": {"request": "SendLimitOrder", "price": "97"}, "then": [{"reject": {"code": "Halted"}}]},
]
WALK = {"every": "7ms", "volatility": "1%"}
SCENARIO = {
    "rules": RULES,
    "markets": {PAIR: {"mid": "100", "spread": "2", "levels": 25, "walk": WALK, "trades": {"per_second": 90}}},
}
Actions = list[tuple[int, str | bytes]]
"""How much time passes, in nanoseconds, and what the client says then."""


class Stop(NamedTuple):
    """How all stands where a replay has stopped: the levels of books, the orders, and what its client was told."""

    books: dict[str, list[dict[str, str]]]
    orders: dict[str, Any]
    told: dict[str, Any]


def best_levels(side: Any, digits: int, is_bid: bool) -> dict[str, str]:
    """Return the twenty best levels of a side."""
    prices = sorted(side.levels, reverse=is_bid)[:20]
    return {text_of_amount(price, digits): text_of_amount(side.levels[price].quantity) for price in prices}


def world(keeps_books: bool) -> tuple[Simulation, Session]:
    """Return a world whose market walks, and a connection that follows its orders."""
    simulation = Simulation(SCENARIO, catalogue=small_catalogue(), keeps_books=keeps_books)
    return simulation, simulation.connect("/")


def run_through(actions: Actions) -> Simulation:
    """Return a world in which all has been done, as a server does it."""
    simulation, session = world(keeps_books=True)
    for passes, said in actions:
        simulation.receive(session, said, simulation.now + passes)
        simulation.take()
    return simulation


def run_again(actions: Actions) -> dict[int, Stop]:
    """Run again moment by moment, and return how all stood at each line at which a replay can stop."""
    simulation, session = world(keeps_books=False)
    stops: dict[int, Stop] = {}
    told: dict[str, Any] = {}

    def stop() -> None:
        for _, items in simulation.take():
            for item in items:
                for state in told_in(item):
                    told[state["order_id"]] = [state["state"], state["filled_qty"]]
        last = simulation.journal.entry(simulation.journal.written)
        if last is not None and last[0] == simulation.now:
            books = {
                product: [
                    best_levels(one.book.bids, one.digits, True),
                    best_levels(one.book.asks, one.digits, False),
                ]
                for product, one in simulation.venue.instruments.items()
            }
            stops[simulation.journal.written] = Stop(books, truth(simulation), dict(told))

    stop()
    for passes, said in actions:
        until = simulation.now + passes
        while (due := simulation.next_due()) is not None and due <= until:
            simulation.pass_time(due, bool)
            stop()
        simulation.receive(session, said, until)
        stop()
    return stops


def told_in(item: Any) -> list[Any]:
    """Return the states of orders in a message."""
    said = json.loads(item) if isinstance(item, bytes) else {}
    states = said.get("response", {}).get("Ok") if isinstance(said, dict) else None
    return [one for one in states if isinstance(one, dict) and "state" in one] if isinstance(states, list) else []


def books_in(run_data: Any, line: int) -> dict[str, list[dict[str, str]]]:
    """Return how a report's books are at a line."""
    told = run_data["books"]
    ids = [product for product, _ in told["products"]]
    books: dict[str, list[dict[str, str]]] = {}
    changes = [*told["before"], *(change[1:] for change in told["changes"] if change[0] <= line)]
    for number, *sides in changes:
        levels = books.setdefault(ids[number], [{}, {}])
        for side, pairs in zip(levels, sides, strict=True):
            side.update(zip(pairs[::2], pairs[1::2], strict=True))
            for price in [price for price, quantity in side.items() if quantity == "0"]:
                del side[price]
    return books


def actions_of(draws: list[tuple[int, str, int]]) -> Actions:
    """Return what a client does: orders around the market and cancels, at any distance in time."""
    said: Actions = [(0, request(0, "SubscribeOrderState"))]
    for number, (passes, dir_, price) in enumerate(draws, 1):
        if dir_ == "Cancel":
            said.append((passes, request(number, "CancelOrder", order_id=str(price - 90))))
        else:
            said.append((passes, order(number, dir=dir_, price=str(price))))
    return said


draws = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1_000_000, 7_000_000, 20_000_000]),
        st.sampled_from(["Buy", "Sell", "Cancel"]),
        st.integers(91, 109),
    ),
    max_size=25,
)


def truth(simulation: Simulation) -> dict[str, Any]:
    """Return every order as it is: its state, what is filled, and at what price on average."""
    infos = [order_info(one) for one in simulation.venue.orders.values()]
    return {one.order_id: [list(one.state), one.filled_qty, one.avg_fill_price] for one in infos}


def played(seed: int, turns: int = 60, most: int = 1000) -> tuple[Simulation, list[tuple[int, dict[str, Any]]]]:
    """Return a world in which much has happened, and how its orders were at each stop: the journal's line, and all."""
    rng = random.Random(seed)
    simulation = Simulation({"rules": RULES}, catalogue=small_catalogue(), seed=seed)
    session = simulation.connect("/")
    stops = [(simulation.journal.written, truth(simulation))]
    simulation.receive(session, request(0, "SubscribeOrderState"))
    for number in range(1, turns):
        if rng.random() < 0.7:
            said = order(number, price=str(rng.randint(96, 103)), dir=rng.choice(["Buy", "Sell"]))
        else:
            said = request(number, "CancelOrder", order_id=str(rng.randint(1, number)))
        simulation.receive(session, said)
        if len(stops) < most:
            stops.append((simulation.journal.written, truth(simulation)))
        simulation.advance(simulation.now + rng.randint(0, 10_000_000))
        if len(stops) < most:
            stops.append((simulation.journal.written, truth(simulation)))
    return simulation, stops


def report_of(simulation: Simulation, **more: Any) -> bytes:
    """Return the report of a world."""
    journal = simulation.journal
    run_report = RunReport("a run", "failed", [], tuple(journal.since(0)), books=journal.books, **more)
    return report_page("Report", [run_report])


def data_of(page: bytes) -> Any:
    """Return what a report has inside."""
    found = re.search(rb'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize("seed", range(20))
def test_every_stop_is_as_it_was(seed: int) -> None:
    """At every line at which a replay can stop, the report has the orders as the exchange had them then."""
    simulation, stops = played(seed)
    entries = list(simulation.journal)
    for line, orders in stops:
        said = orders_after(entries[:line])
        shown = {number: [list(one["state"]), one["filled_qty"], one["avg_fill_price"]] for number, one in said.items()}
        assert shown == orders, line
    terms = data_of(report_of(simulation))["runs"][0]["terms"]
    infos = {str(number): order_info(one) for number, one in simulation.venue.orders.items()}
    assert terms.keys() == infos.keys()
    assert all((one["dir"], one["target"]) == (infos[number].dir, PAIR) for number, one in terms.items())


@given(draws=draws)
def test_every_position_is_as_in_a_replay_stopped_there(draws: list[tuple[int, str, int]]) -> None:
    """At every line at which a run can stop the report has books and orders as a second run has them there."""
    actions = actions_of(draws)
    simulation = run_through(actions)
    entries = list(simulation.journal)
    (told,) = data_of(report_of(simulation))["runs"]
    for line, stop in run_again(actions).items():
        assert books_in(told, line) == stop.books, line
        said = orders_after(entries[:line])
        shown = {number: [list(one["state"]), one["filled_qty"], one["avg_fill_price"]] for number, one in said.items()}
        assert shown == stop.orders, line


def test_ten_thousand_lines() -> None:
    """Of a long journal the newest ten thousand lines are there, and how the open orders stood before; in 3 MB."""
    simulation, _ = played(1, turns=4000, most=0)
    assert simulation.journal.written > 12_000
    page = report_of(simulation)
    (told,) = data_of(page)["runs"]
    assert (len(page) < 3_000_000, len(told["entries"])) == (True, 10_000)
    assert told["left_out"] == simulation.journal.written - 10_000
    assert told["entries"][0][0] == told["left_out"] + 1
    before = orders_after(list(simulation.journal)[: told["left_out"]])
    assert told["orders_before"] == {
        number: one | {"state": list(one["state"])} for number, one in before.items() if "Out" not in one["state"]
    }


def test_long_texts_and_many_runs_are_bounded() -> None:
    """However long messages are, and however many runs there are, the file is no longer than three million bytes."""
    simulation = Simulation(catalogue=small_catalogue())
    session = simulation.connect("/")
    for number in range(300):
        simulation.receive(session, request(number, "GetHalts", text="x" * 100_000))
    entries = tuple(simulation.journal.since(0))
    failed = RunReport("failed", "failed", [Failure("a:1:1", "text")], entries, source="s" * 5_000_000)
    page = report_page("Report", [*[RunReport(f"run {n}", "passed", [], entries) for n in range(200)], failed])
    told = data_of(page)
    assert len(page) < 3_000_000
    assert (told["runs"][0]["name"], len(told["runs"]), told["left_out"]) == ("failed", 100, 101)


def test_text_from_outside_ends_no_script() -> None:
    """What clients send, and what a scenario is called, is nowhere in the file as markup."""
    simulation = Simulation(catalogue=small_catalogue())
    session = simulation.connect("/")
    for text in HOSTILE:
        simulation.receive(session, text)
    page = report_of(simulation, again="".join(HOSTILE), source="".join(HOSTILE), facts={"a": HOSTILE[0]})
    assert (page.count(b"<script"), page.count(b"</script>"), page.count(b"<img")) == (2, 2, 0)
    assert [entry[5] for entry in data_of(page)["runs"][0]["entries"] if entry[3] == "in"] == HOSTILE


def test_replay_writes_one(tmp_path: Path) -> None:
    """replay --html writes what failed first, its place in the file marked, with the command that does it again."""
    file = tmp_path / "bad.yaml"
    file.write_text("client:\n  - send: {type: GetHalts}\n    reply: {Err: '*'}\n")
    report = tmp_path / "out" / "report.html"
    done = run("replay", str(file), "partial-fill", "--html", str(report))
    assert done.returncode == 1, done.stderr
    failed, passed = data_of(report.read_bytes())["runs"]
    assert (failed["verdict"], failed["marked"], failed["file"]) == ("failed", [3], str(file))
    assert failed["again"] == f"exchange-simulator replay {file} --seed 0"
    assert failed["source"] == file.read_text()
    assert [entry[3] for entry in failed["entries"]] == ["open", "out", "in", "out", "close"]
    assert (passed["verdict"], passed["failures"], len(passed["entries"]) > 10) == ("passed", [], True)
    assert (passed["books"]["from"], len(passed["books"]["products"])) == (0, 1)


def test_certify_writes_one(tmp_path: Path) -> None:
    """certify --html writes which laws a client broke in a case, with what its orders were for."""
    client, report = Path(__file__).parent.parent / "examples" / "my_client.py", tmp_path / "report.html"
    done = run("certify", f"{client}:MyClient", "--case", "lost-reply", "--html", str(report))
    assert done.returncode == 1, done.stderr
    (told,) = data_of(report.read_bytes())["runs"]
    laws = ["does what it is asked", "never sent twice"]
    assert (told["name"], told["verdict"], [one["place"] for one in told["failures"]]) == ("lost-reply", "broken", laws)
    assert told["failures"][0]["details"].startswith("the venue: The reply to an order never comes")
    assert told["again"] == f"exchange-simulator certify --case lost-reply --seed 0 {client}:MyClient"
    assert told["books"]["from"] == 0
    assert told["terms"].keys() == {str(number) for number in range(1, 10)}


def test_report_in_a_browser(playwright: Path, tmp_path: Path) -> None:
    """Opened from the disk it asks for nothing, shows each moment as it was, and takes every text as text."""
    assert BROWSER is not None
    rng = random.Random(3)
    runs, stops = [], []
    for number in range(8):
        passes, dirs = [0, 1, 1_000_000, 7_000_000, 20_000_000], ["Buy", "Sell", "Cancel"]
        actions = actions_of([(rng.choice(passes), rng.choice(dirs), rng.randint(91, 109)) for _ in range(20)])
        simulation = run_through(actions)
        stops.append(run_again(actions))
        session = simulation.connect("/")
        for text in HOSTILE:
            simulation.receive(session, text)
        failures = [Failure("x.yaml:2:3", "expected a, got b", HOSTILE[0])]
        journal = simulation.journal
        entries = tuple(journal.since(0))
        name = HOSTILE[0] if number == 0 else f"run {number}"
        facts = {"seed": "3"}
        runs.append(
            RunReport(name, "failed", failures, entries, facts, HOSTILE[1], "x.yaml", "one\ntwo", journal.books)
        )
    file = tmp_path / "report.html"
    file.write_bytes(report_page(HOSTILE[0], [*runs, RunReport("other", "passed", [], [])]))
    (tmp_path / "stops.json").write_text(json.dumps([list(one) for one in stops]))
    command = ["node", str(DRIVE), str(playwright), BROWSER, str(file), str(tmp_path / "stops.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ))
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    told = dict(json.loads(line) for line in done.stdout.splitlines())
    assert told.pop("stops") == [[stop._asdict() for stop in one.values()] for one in stops]
    assert told == {
        "title": HOSTILE[0],
        "marked": "two",
        "sides": ["a", "b"],
        "ladder": 41,
        "filtered": 1,
        "first": "There was no order yet.",
        "end": True,
        "what is not known": "What the market itself quoted in this run is not known; these are clients' orders alone.",
        "other": "Nothing happened.",
        "requests": [],
        "problems": [],
    }


def test_of_a_long_run_the_newest_books_are_there() -> None:
    """Of very many changes of books the newest are in the report, which says from which line on; in 3 MB."""
    simulation, session = world(keeps_books=True)
    for number in range(3000):
        simulation.receive(session, order(number, price=str(95 + number % 10)), simulation.now + 7_000_000)
    page = report_of(simulation)
    (told,) = data_of(page)["runs"]
    books = simulation.journal.books
    assert books is not None
    assert len(page) < 3_000_000
    first = told["books"]["from"]
    assert told["entries"][0][0] < first < told["entries"][-1][0]
    (product,) = books.products
    for line in (first, first + 1, simulation.journal.written):
        levels = books.at(line)[product]
        texts = [{text_of_amount(price, 2): text_of_amount(left) for price, left in side.items()} for side in levels]
        assert books_in(told, line) == {product: texts}


def test_books_are_known_from_when_they_are_kept() -> None:
    """Of a world whose books were not kept, how they stand at its last line is known, and nothing before."""
    with serving(SCENARIO) as api, connect(f"ws://127.0.0.1:{api.port}/") as venue:
        venue.send(order(1))
        venue.recv()
        line = api.get("/state")["line"]
        (told,) = data_of(api.raw("GET", "/_exchange/report.html")[1])["runs"]
        (listing,) = told["books"]["products"]
        assert (told["books"]["from"], listing[1], told["books"]["changes"]) == (line, PAIR, [])
        book = api.get(f"/book?product={PAIR.replace(' ', '%20')}&depth=20")
        levels = [{one["price"]: one["quantity"] for one in book[side]} for side in ("bids", "asks")]
        assert books_in(told, line) == {listing[0]: levels}
