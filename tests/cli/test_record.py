"""What the command `record` does to its file, and says of it."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from simulator.record.proxy import Recorder
from simulator.server import Server
from simulator.simulation import Simulation

PATIENCE = 10
EMPTY = "name: recorded session\nclock: instant\ncatalogue: default\n"


async def _ask(url: str) -> None:
    async with asyncio.timeout(PATIENCE), connect(url + "/architect") as client:
        await client.recv()
        await client.send('{"id":1,"type":"GetHalts"}')
        await client.recv()


def _until_written(path: Path, text: str) -> None:
    while text not in path.read_text():
        pass


async def _come_and_go(url: str) -> None:
    async with asyncio.timeout(PATIENCE), connect(url + "/architect") as client:
        await client.recv()


def record(path: Path, *visits: str) -> tuple[int, str]:
    """Record what visitors say to a simulator; return the command's status and what it said on stderr."""

    async def run() -> tuple[int, str]:
        server = Server(Simulation({"clock": "instant"}), port=0)
        await server.start()
        command = ["-m", "simulator", "record", "--upstream", f"{server.url}/architect", "--port", "0", "-o", str(path)]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().strip()
            for visit in visits:
                await (_ask(url) if visit == "asks" else _come_and_go(url))
            process.send_signal(signal.SIGINT)
            _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
        finally:
            await server.close()
        return process.returncode or 0, said.decode()

    return asyncio.run(run())


@pytest.mark.parametrize("visits", [(), ("comes and goes",)])
def test_nothing_was_recorded(tmp_path: Path, visits: tuple[str, ...]) -> None:
    """Where nobody said anything, the file that was there stays, and that is said."""
    path = tmp_path / "session.yaml"
    path.write_text("precious\n")
    assert record(path, *visits) == (0, f"nothing was recorded: {path} is as it was\n")
    assert path.read_text() == "precious\n"


def test_a_file_that_was_not_there_is_written(tmp_path: Path) -> None:
    """Where there was no file there is one, and what is in it is said."""
    path = tmp_path / "session.yaml"
    assert record(path) == (0, f"wrote {path}: 0 steps, 0 rules\n")
    assert path.read_text() == EMPTY


def test_what_was_seen_outlives_a_kill(tmp_path: Path) -> None:
    """What has passed is printed as it passes and is in the file soon after, even if the recorder is killed."""
    path = tmp_path / "session.yaml"

    async def killed() -> list[str]:
        server = Server(Simulation({"clock": "instant"}), port=0)
        await server.start()
        command = ["-m", "simulator", "record", "--upstream", f"{server.url}/architect", "--port", "0", "-o", str(path)]
        try:
            process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=subprocess.PIPE)
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().strip()
            await _ask(url)
            async with asyncio.timeout(PATIENCE):
                lines = [(await process.stdout.readline()).decode().split(" ", 1)[1] for _ in range(5)]
                await asyncio.to_thread(_until_written, path, "GetHalts")
            process.kill()
            await process.wait()
        finally:
            await server.close()
        return lines

    assert asyncio.run(killed()) == [
        "#1 +++ /architect\n",
        '#1 <-- "Normal"\n',
        '#1 --> {"id":1,"type":"GetHalts"}\n',
        '#1 <-- {"id":1,"response":{"Ok":[]}}\n',
        "#1 --- 1000\n",
    ]
    assert path.read_text().startswith("name: recorded session\n")
    assert [other.name for other in tmp_path.iterdir()] == ["session.yaml"]


def test_what_was_written_is_said(tmp_path: Path) -> None:
    """A recording replaces the file, and how many steps and rules it has is said."""
    path = tmp_path / "session.yaml"
    path.write_text("old\n")
    status, said = record(path, "asks")
    assert (status, said.startswith(f"wrote {path}: "), said.endswith(" steps, 1 rule\n")) == (0, True, True)
    assert path.read_text().startswith("name: recorded session\n")


def test_the_query_of_the_upstream_is_passed_on() -> None:
    """An upstream with a path and a query is reached by clients of that path, with its query."""

    async def viewer() -> list[str | None]:
        simulation = Simulation({"clock": "instant"})
        server = Server(simulation, port=0)
        await server.start()
        recorder = Recorder(f"{server.url}/architect?account=DEFAULT")
        await recorder.start("127.0.0.1", 0)
        try:
            async with asyncio.timeout(PATIENCE), connect(recorder.url + "/architect") as client:
                await client.recv()
                return [session.viewer for session in simulation.sessions.values()]
        finally:
            await recorder.close()
            await server.close()

    assert asyncio.run(viewer()) == ["DEFAULT"]
