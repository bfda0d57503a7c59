"""What breaks a client is found whoever explores it, told once, kept, and played again by what is saved."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from certification.clients.mistaken import CancelErrIsTheEnd
from certification.clients.streaming import StreamingClient
from simulator import explore
from simulator.certification import ClientBounds
from simulator.cli.main import main
from simulator.errors import SimulatorError
from simulator.exploration import Exploration, Lost, SweepProgress, replay

CLIENTS = Path(__file__).parents[1] / "certification" / "clients"
TESTS = str(CLIENTS.parents[1])
MISTAKEN = "certification.clients.mistaken:CancelErrIsTheEnd"
FAULTS = ["refused-cancels", "halts", "refusals"]


@pytest.fixture(autouse=True)
def found_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes of their own find the clients."""
    monkeypatch.setenv("PYTHONPATH", TESTS)


def outcome(exploration: Exploration) -> Any:
    """Return all that must be the same however it is explored."""
    return (
        exploration.causes,
        [(one.seed, one.faults, one.venues, one.digest, one.breakages) for one in exploration.results],
        exploration.lost,
        exploration.is_whole,
    )


def test_one_worker_and_four_find_the_same() -> None:
    """The venues, and what is found at them, depend on the seeds alone."""
    alone = explore(MISTAKEN, seeds=range(4), faults=FAULTS)
    assert [cause.name for cause in alone.causes] == ["cancel-order-reject", "halt", "cancel-order-reply-err"]
    assert alone.causes[0].venue == {"rules": [{"when": {"request": "CancelOrder"}, "then": ["reject"]}]}
    assert set(alone.causes[0].laws) == {"belief_of_outcomes", "is_flat_when_told"}
    assert outcome(explore(MISTAKEN, seeds=range(4), faults=FAULTS, jobs=4)) == outcome(alone)
    with ThreadPoolExecutor(2) as threads:
        assert outcome(explore(MISTAKEN, seeds=range(4), faults=FAULTS, executor=threads)) == outcome(alone)


def test_client_that_is_careful() -> None:
    """Nothing breaks a client that is careful."""
    exploration = explore(StreamingClient, seeds=range(4))
    assert (exploration.causes, exploration.lost) == ((), ())
    assert exploration.venues > 40


def test_what_breaks_at_a_plain_exchange_is_told_once() -> None:
    """A law that is broken at a plain exchange says nothing about venues, and is told of that one alone."""
    exploration = explore("certification.clients.mistaken:StopsNever", seeds=range(3), faults=FAULTS)
    (cause,) = exploration.causes
    assert (cause.name, cause.venue, list(cause.laws)) == ("a-plain-exchange", {}, ["ends_when_told"])


def test_progress() -> None:
    """After each seed it is told how many are done."""
    said: list[SweepProgress] = []
    explore(CancelErrIsTheEnd, seeds=range(3), faults=FAULTS, progress=said.append)
    assert [(one.done, one.seeds) for one in said] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert (said[-1].venues > 10, said[-1].causes) == (True, 3)


def test_exploration_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was done before an interrupt is not done again, and a line that was cut short is."""
    state = tmp_path / "state.jsonl"

    def stop(progress: SweepProgress) -> None:
        if progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(MISTAKEN, seeds=range(4), faults=FAULTS, state=state, progress=stop)
    lines = state.read_bytes().splitlines(keepends=True)
    assert len(lines) == 4  # what it is, the plain exchange, two seeds
    state.write_bytes(b"".join(lines[:-1]) + lines[-1][:20])
    said: list[int] = []
    again = explore(MISTAKEN, seeds=range(4), faults=FAULTS, state=state, progress=lambda one: said.append(one.done))
    assert said == [2, 3, 4]
    assert outcome(again) == outcome(explore(MISTAKEN, seeds=range(4), faults=FAULTS))
    with pytest.raises(SimulatorError, match=r"is of another exploration: its faults was .*, and is \('halts',\) now"):
        explore(MISTAKEN, seeds=range(4), faults=["halts"], state=state)


def test_state_that_is_none(tmp_path: Path) -> None:
    """A file of something else is not written to."""
    path = tmp_path / "notes"
    path.write_text("buy milk\n", encoding="utf-8")
    with pytest.raises(SimulatorError, match="notes is not what explore keeps"):
        explore(MISTAKEN, state=path)
    assert path.read_text(encoding="utf-8") == "buy milk\n"


class DiesOnce(StreamingClient):
    """Takes its process along, the first time that there is one."""

    def __init__(self) -> None:
        super().__init__()
        mark = Path(os.environ["DIES_ONCE"])
        if not mark.exists():
            mark.touch()
            os._exit(9)


class DiesWhenHalted(StreamingClient):
    """Takes its process along when it hears that the market is halted."""

    def hear(self, message: Any) -> None:
        if "Rejected" in str(message):
            os._exit(9)
        super().hear(message)


def test_share_of_a_dead_worker_is_done_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is missing of what a process had that died."""
    monkeypatch.setenv("DIES_ONCE", str(tmp_path / "mark"))
    exploration = explore(f"{__file__}:DiesOnce", seeds=range(3), faults=FAULTS, jobs=2)
    assert (exploration.causes, exploration.lost) == ((), ())
    assert [result.seed for result in exploration.results] == [-1, 0, 1, 2]


def test_seed_that_kills_every_worker_is_reported() -> None:
    """A seed that nobody can finish is named, and the others are done."""
    exploration = explore(f"{__file__}:DiesWhenHalted", seeds=range(3), faults=["fills", "halts", "delays"], jobs=2)
    assert exploration.lost == (Lost(1, "the process that explored it died each time"),)
    assert [result.seed for result in exploration.results] == [-1, 0, 2]


class Broken(Executor):
    """Loses what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        lost: Future[Any] = Future()
        lost.set_exception(ConnectionError("the worker is gone"))
        return lost


def test_executor_that_loses_all() -> None:
    """What an executor of the user's loses is reported, seed by seed."""
    lost = tuple(Lost(seed, "ConnectionError: the worker is gone") for seed in (-1, 0, 1))
    assert explore(MISTAKEN, seeds=range(2), executor=Broken()).lost == lost


def test_executor_of_the_users_that_is_broken(tmp_path: Path) -> None:
    """Processes of the user's that have died are not made anew: all is reported."""
    with ProcessPoolExecutor(1) as pool:
        pool.submit(os._exit, 1).exception()
        exploration = explore(MISTAKEN, seeds=range(2), executor=pool)
    assert [lost.seed for lost in exploration.lost] == [-1, 0, 1]


def test_dask() -> None:
    """Workers of a dask cluster, which are processes of their own, find the same, though one of them dies."""
    distributed = pytest.importorskip("distributed")
    script = f"""
import os, sys
from distributed import Client, LocalCluster
from simulator import explore
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            first = next(iter(cluster.workers.values())).pid
            state = []
            def kill_one(progress):
                if progress.done == 1 and not state:
                    state.append(os.kill(first, 9))
            found = explore({MISTAKEN!r}, seeds=range(4), faults={FAULTS!r}, executor=client.get_executor(retries=3),
                            progress=kill_one)
    print([cause.name for cause in found.causes], [one.digest for one in found.results], found.lost, state)
"""
    assert distributed
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)
    alone = explore(MISTAKEN, seeds=range(4), faults=FAULTS)
    names, digests = [cause.name for cause in alone.causes], [one.digest for one in alone.results]
    assert done.stdout.splitlines()[-1:] == [f"{names} {digests} () [None]"], done.stderr


def test_what_is_saved_plays_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says what breaks a client once, and saves it with a test that fails while it does."""
    options = ["--seeds", "4", *(f"--fault={name}" for name in FAULTS), "--save", str(tmp_path / "explored")]
    assert main(["explore", MISTAKEN, *options]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[1:9] == [
        "cancel-order-reject (15 venues)",
        "  broken     belief of outcomes: it believes that 'resting buy' is canceled,",
        "             and order 1 is Open, Acked",
        "  broken     is flat when told: it was told to be flat, and left 2 orders open",
        "             (1, 2)",
        "  venue      rules:",
        "             - when: {request: CancelOrder}",
        "               then: [reject]",
    ]
    folder = tmp_path / "explored"
    assert (folder / "cancel-order-reject.venue.yaml").read_text(encoding="utf-8").splitlines()[-4:] == [
        "seed: 0",
        "rules:",
        "- when: {request: CancelOrder}",
        "  then: [reject]",
    ]
    command = [sys.executable, "-m", "pytest", str(folder), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "belief of outcomes: it believes that 'resting buy' is canceled" in done.stdout
    assert done.returncode == 1
    careful = replay(StreamingClient, folder / "cancel-order-reject.venue.yaml")
    assert careful.survives


def test_nothing_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing breaks the client nothing is saved, and the status is 0."""
    options = ["--seeds", "1-1", "--save", str(tmp_path / "explored"), "--json", str(tmp_path / "found.json")]
    assert main(["explore", "certification.clients.streaming:StreamingClient", *options]) == 0
    assert capsys.readouterr().out.startswith("\nnothing breaks it, at 13 venues of 1 seeds")
    assert list((tmp_path / "explored").iterdir()) == []
    assert '"causes": []' in (tmp_path / "found.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere:Client"], "cannot import nowhere: ModuleNotFoundError: No module named 'nowhere'"),
        (
            ["certification.clients.streaming:StreamClient"],
            "certification.clients.streaming has no class 'StreamClient'",
        ),
        (["/nowhere/program"], "explore: there is no program '/nowhere/program' that can be started"),
        ([MISTAKEN, "--fault", "haltz"], "there is no fault 'haltz'; did you mean 'halts'?"),
        ([MISTAKEN, "--executor", "ray://x"], "--executor: expected dask://HOST:PORT, got 'ray://x'"),
        ([MISTAKEN, "--product", "NOTHING"], "there is no product 'NOTHING' to trade"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be explored is one line, and exit status 2."""
    assert main(["explore", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"exchange-simulator: {message}")


PROGRAM = """
import asyncio, json, sys
from websockets.asyncio.client import connect

async def main():
    async with connect(sys.argv[1] + "/") as venue:
        for number in range(1, 1000):
            for kind in ("GetOrderState", "GetOrderDetails", "GetRejectReason"):
                await venue.send(json.dumps({"id": number, "type": kind, "order_ids": []}))
                if "Err" in json.loads(await venue.recv())["response"]:
                    sys.exit("cannot go on")
            await asyncio.sleep(0.1)

asyncio.run(main())
"""


def test_program(tmp_path: Path) -> None:
    """A program is explored by the wall's clock, a seed's venues at once, and what breaks it is made smaller."""
    (tmp_path / "client.py").write_text(PROGRAM, encoding="utf-8")
    program = [sys.executable, str(tmp_path / "client.py"), "{url}"]
    bounds = ClientBounds(reconnect=5, follow=5, stop=5)
    found = explore(program, seeds=[0], faults=["refusals"], bounds=bounds, pace=10)
    cause = found.causes[0]
    assert cause.laws == {"ends_only_when_done": "it ended by itself, with status 1; stderr: cannot go on"}
    (rule,) = cause.venue["rules"]
    assert rule["then"] == [{"reply": {"Err": "the venue is not available"}}]
