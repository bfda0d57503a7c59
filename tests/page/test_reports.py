"""The report: what it knows of every moment, how long it is, and what it makes of text from outside."""

import json
import os
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simulator.control.reading import order_info
from simulator.errors import Failure
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
    run_report = RunReport("a run", "failed", [], tuple(simulation.journal.since(0)), **more)
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
    assert told["terms"].keys() == {str(number) for number in range(1, 10)}


def test_report_in_a_browser(playwright: Path, tmp_path: Path) -> None:
    """Opened from the disk it asks for nothing, shows each moment as it was, and takes every text as text."""
    assert BROWSER is not None
    simulation, stops = played(3)
    session = simulation.connect("/")
    for text in HOSTILE:
        simulation.receive(session, text)
    failures = [Failure("x.yaml:2:3", "expected a, got b", HOSTILE[0])]
    entries = tuple(simulation.journal.since(0))
    run_report = RunReport(HOSTILE[0], "failed", failures, entries, {"seed": "3"}, HOSTILE[1], "x.yaml", "one\ntwo")
    file = tmp_path / "report.html"
    file.write_bytes(report_page(HOSTILE[0], [run_report, RunReport("other", "passed", [], [])]))
    (tmp_path / "stops.json").write_text(json.dumps([line for line, _ in stops]))
    command = ["node", str(DRIVE), str(playwright), BROWSER, str(file), str(tmp_path / "stops.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ))
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    told = dict(json.loads(line) for line in done.stdout.splitlines())
    assert told.pop("stops") == [orders for _, orders in stops]
    assert told == {
        "title": HOSTILE[0],
        "marked": "two",
        "sides": ["a", "b"],
        "filtered": 1,
        "first": "There was no order yet.",
        "end": True,
        "other": "Nothing happened.",
        "requests": [],
        "problems": [],
    }
