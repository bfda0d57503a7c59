"""Programs are judged by what they do, and what is wrong with one is a finding in its words, at once."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.catalogue import load
from simulator.certification import Case, ClientBounds, Verdict
from simulator.certification.adapters import Adapter
from simulator.certification.certify import certify_over_sockets
from simulator.certification.ground import Ground
from simulator.certification.programs import LinesAdapter, ProgramAdapter
from simulator.certification.routine import Cancel, Submit, Wait
from simulator.cli.main import main

PORTS = Path(__file__).parents[1] / "examples" / "lines"
GO_PATH = Path("/usr/share/gocode")
SHORT = Case(
    name="short",
    family="short ones",
    what="The venue does what it should.",
    must="Trade.",
    scenario=lambda ground: {},
    routine=(
        Wait("200ms"),
        Submit("a", "Buy", 1, 20),
        Submit("b", "Sell", 20, 30),
        Wait("200ms"),
        Cancel("b"),
        Wait("200ms"),
    ),
)
CLOSED = Case(
    name="closed",
    family="short ones",
    what="The line is closed.",
    must="Come back.",
    scenario=lambda ground: {"timeline": [{"at": "3s", "do": {"disconnect": {"code": 1001}}}]},
    routine=(Wait("20s"),),
)
BOUNDS = ClientBounds(act=4, settle=8, reconnect=4, follow=4, stop=4)
ECHO = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    {act}
    print(json.dumps({{"id": said["id"], **({{"belief": None}} if "ask" in said else {{"done": True}})}}), flush=True)
"""
ONE_ORDER = """
import asyncio, json, sys
from websockets.asyncio.client import connect
async def main():
    async with connect(sys.argv[1] + "/") as venue:
        await venue.send(json.dumps({"id": 1, "type": "ListOpen", "scope": "All", "set": "All"}))
        async for text in venue:
            if MORE:
                continue
            break
asyncio.run(main())
"""


def judged(make: Callable[[], Adapter], case: Case = SHORT, bounds: ClientBounds = BOUNDS) -> Verdict:
    """Return the verdict on a client that is a program."""
    ground = Ground.of(load("default"))
    (verdict,) = asyncio.run(certify_over_sockets(make, [case], ground, bounds=bounds, pace=4))
    return verdict


def of_lines(act: str) -> list[str]:
    """Return what is found about a program that speaks lines, and does something first at each."""
    verdict = judged(lambda: LinesAdapter([sys.executable, "-c", ECHO.format(act=act)]))
    return [str(finding) for finding in verdict.findings]


def of_program(code: str, case: Case = SHORT) -> list[str]:
    """Return what is found about a program as it stands."""
    verdict = judged(lambda: ProgramAdapter([sys.executable, "-c", code, "{url}"]), case)
    return [str(finding) for finding in verdict.findings]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            "sys.exit('out of luck' if said.get('do') == 'submit' else 0) if said.get('do') == 'submit' else None",
            "ends only when done: it ended early, with status 1; stderr: out of luck",
        ),
        (
            "print('Hello!')",
            "ends only when done: it wrote a line that is no JSON object: b'Hello!\\n'",
        ),
        (
            "print('[1, 2]')",
            "ends only when done: it wrote a line that is no JSON object: b'[1, 2]\\n'",
        ),
        (
            "print('x' * (1 << 21))",
            "ends only when done: it wrote a line of more than 1048576 bytes",
        ),
        (
            "print('{\"id\": 77}')",
            "ends only when done: it answered what it was not asked: b'{\"id\": 77}\\n'",
        ),
        (
            "sys.stdout.close(); import time; time.sleep(1); sys.exit(3)",
            "ends only when done: it ended early, with status 3",
        ),
    ],
    ids=["ends early", "rubbish", "no object", "too long", "unasked", "says nothing more"],
)
def test_what_a_program_of_lines_does_wrong(act: str, said: str) -> None:
    """A program that no longer speaks the protocol is told of in one finding, with its own words."""
    assert said in of_lines(act)


def test_program_of_lines_that_fails() -> None:
    """A failure that a program tells is a finding with its text."""
    act = "\n    if said.get('do') == 'cancel': print(json.dumps({'id': said['id'], 'failed': 'no id'})); continue"
    assert of_lines(act)[0] == "does what it is asked: cancel('b') failed: no id"


def test_program_of_lines_that_never_answers() -> None:
    """What a program has not answered when it is told to stop has not ended, and has not failed."""
    act = "\n    if said.get('do') == 'submit': continue"
    assert [one for one in of_lines(act) if "submit" in one] == [
        "waits for nothing for ever: submit('a') had not ended after 4 s",
        "waits for nothing for ever: submit('b') had not ended after 4 s",
    ]


def test_program_of_lines_that_hangs() -> None:
    """A program that does not answer is found to wait for ever, and is ended."""
    found = of_lines("import time; time.sleep(600) if said.get('do') == 'submit' else None")
    assert "waits for nothing for ever: submit('a') had not ended after 4 s" in found


def test_program_that_writes_much_to_stderr() -> None:
    """A program whose stderr is long is read all the same, and its last words are cut."""
    act = "sys.stderr.write('x' * (1 << 22) + '\\n' * 1000 + 'y' * 1000); sys.stderr.flush()"
    code = act + "\n    if said.get('do') == 'cancel': sys.exit(1)"
    assert f"ends only when done: it ended early, with status 1; stderr:  |  |  |  | {'y' * 300}…" in of_lines(code)


@pytest.mark.skipif(sys.platform != "linux", reason="it is looked for in /proc")
def test_what_a_program_has_started_ends_with_it(tmp_path: Path) -> None:
    """A program that was started by a script does not stay behind when the script is ended."""
    mark = tmp_path / "process"
    script = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}])"
    of_program(code)
    status = Path("/proc", mark.read_text(encoding="utf-8"), "status")
    assert not status.exists() or "State:\tZ" in status.read_text(encoding="utf-8")  # nobody may have waited for it


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit('no key')", "it ended by itself, with status 1; stderr: no key"),
        ("pass", "it ended by itself, with status 0, and had asked the venue nothing"),
    ],
)
def test_program_that_ends_is_judged_at_once(code: str, said: str) -> None:
    """Nothing is waited for once a program has ended by itself."""
    long = Case(name="long", family="", what="", must="", scenario=lambda ground: {}, routine=(Wait("1h"),))
    began = time.perf_counter()
    assert of_program(code, long) == [f"ends only when done: {said}"]
    assert time.perf_counter() - began < 60


def test_program_that_has_done_its_work() -> None:
    """A program that has asked what it wanted, and ends its connection itself, survives."""
    assert of_program(ONE_ORDER.replace("MORE", "False")) == []


def test_program_that_ends_with_its_connection() -> None:
    """A program that ends because the venue has closed its connection does not survive."""
    assert of_program(ONE_ORDER.replace("MORE", "True"), CLOSED) == [
        "ends only when done: it ended by itself, with status 0, when its connection was closed by the scenario: 1001"
    ]


def test_program_that_is_slow_to_come_up() -> None:
    """What happens at the exchange happens to a program that takes longer to come up, too."""
    code = "import time; time.sleep(2)\n" + ONE_ORDER.replace("MORE", "True")
    bounds = ClientBounds(act=40, settle=8, reconnect=4, follow=4, stop=4)
    verdict = judged(lambda: ProgramAdapter([sys.executable, "-c", code, "{url}"]), CLOSED, bounds)
    assert [str(finding) for finding in verdict.findings] == [
        "ends only when done: it ended by itself, with status 0, when its connection was closed by the scenario: 1001"
    ]


@pytest.mark.parametrize("arguments", [["/nowhere/program"], ["--lines", "/nowhere/program"]])
def test_program_that_is_not_there(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A program that is not there is one line, and exit status 2."""
    assert main(["certify", *arguments]) == 2
    said = capsys.readouterr()
    line = "exchange-simulator: certify: there is no program '/nowhere/program' that can be started\n"
    assert (said.out, said.err) == ("", line)


def test_program_that_cannot_be_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that the system does not start is one line, and exit status 2."""
    script = tmp_path / "client"
    script.write_text("#!/nowhere/python\n", encoding="utf-8")
    script.chmod(0o755)
    assert main(["certify", "--", str(script), "{url}"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        f"exchange-simulator: cannot start the program {str(script)!r}: No such file or directory\n",
    )


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_port_for_node(capsys: pytest.CaptureFixture[str]) -> None:
    """The client in Node survives a venue that does what it should."""
    node = ["node", "--experimental-websocket", "--no-warnings", str(PORTS / "client.mjs")]
    status = main(["certify", "--lines", "--pace", "40", "--case", "well-behaved", "--", *node])
    assert (status, capsys.readouterr().out.splitlines()[0]) == (0, "survives  well-behaved")


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no go")
@pytest.mark.skipif(
    not (GO_PATH / "src/golang.org/x/net/websocket").is_dir(), reason="golang.org/x/net/websocket is not installed"
)
def test_port_for_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The client in Go survives a venue that does what it should."""
    program = tmp_path / "client"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOCACHE": str(tmp_path / "cache")}
    build = ["go", "build", "-o", str(program), str(PORTS / "client.go")]
    subprocess.run(build, env=environment, check=True, capture_output=True, timeout=300)
    status = main(["certify", "--lines", "--pace", "40", "--case", "well-behaved", "--", str(program)])
    assert (status, capsys.readouterr().out.splitlines()[0]) == (0, "survives  well-behaved")
