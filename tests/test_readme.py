"""Every snippet of the README is run, and prints what the README says it prints."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from simulator.cli.main import _parser
from simulator.replay import replay
from simulator.simulation import Simulation
from simulator.testing.exchange import Exchange

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [match.groups() for match in BLOCK.finditer(README.read_text(encoding="utf-8"))]
BY_KIND = {kind: [text for name, text in BLOCKS if name == kind] for kind in {name for name, _ in BLOCKS}}


def _is_test(text: str) -> bool:
    return "def test_" in text


def _printed(number: int) -> str:
    """Return the text block that follows the block of a number, or an empty text."""
    following = BLOCKS[number + 1 : number + 2]
    return following[0][1] if following and following[0][0] == "text" else ""


PROGRAMS = [
    (text, _printed(number))
    for number, (kind, text) in enumerate(BLOCKS)
    if kind == "python" and not _is_test(text) and "architect_py" not in text  # that one has a test of its own in e2e
]
TESTS = [(text, _printed(number)) for number, (kind, text) in enumerate(BLOCKS) if kind == "python" and _is_test(text)]
SCENARIOS = [text for text in BY_KIND["yaml"] if "\nrules:" in text]


def test_kinds_of_blocks() -> None:
    """The README has no block of a kind that no test runs."""
    assert set(BY_KIND) <= {"sh", "python", "text", "yaml", "json"}


@pytest.mark.parametrize(("program", "printed"), PROGRAMS)
def test_program(program: str, printed: str) -> None:
    """A program prints what the README shows, against an exchange as it is started from the command line."""
    with Exchange() as exchange:
        text = program.replace("ws://127.0.0.1:6001", exchange.url)
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == (printed, "")


@pytest.mark.parametrize(("text", "printed"), TESTS)
def test_test(text: str, printed: str, pytester: pytest.Pytester) -> None:
    """A test of the README passes, or fails with what the README shows."""
    pytester.makepyfile(text)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error")
    result.assert_outcomes(**{"failed" if printed else "passed": text.count("def test_")})
    said = [line.removeprefix("E").strip() for line in result.outlines]
    shown = [line.strip() for line in printed.splitlines()]
    assert not shown or said[said.index(shown[0]) :][: len(shown)] == shown


@pytest.mark.parametrize("text", SCENARIOS)
def test_scenario(text: str, tmp_path: Path) -> None:
    """A scenario of the README is right, and its client survives it."""
    path = tmp_path / "readme.scenario.yaml"
    path.write_text(text, encoding="utf-8")
    replay(path).check()


@pytest.mark.parametrize("line", [line for text in BY_KIND["sh"] for line in text.splitlines()])
def test_command(line: str) -> None:
    """A command of the README is one that the program has, with options that it takes."""
    for command in line.split("&&"):
        words = shlex.split(command.split("#")[0])
        if words[0] == "exchange-simulator":
            assert callable(_parser().parse_args(words[1:]).run)
        else:
            assert words[0] in ("pip", "pytest")


def test_requests() -> None:
    """Each request of the README is answered Ok, sent one after the other, and no type of the reference is left out."""
    world = Simulation()
    client = world.connect("/")
    sent = [json.loads(line) for text in BY_KIND["json"] for line in text.splitlines()]
    for request in sent:
        world.receive(client, json.dumps(request))
    answers = [json.loads(item) for _, items in world.take() for item in items if isinstance(item, bytes)]
    assert [request["id"] for request in sent] == list(range(1, 18))
    assert sorted({answer["id"] for answer in answers if "Ok" in answer["response"]}) == list(range(1, 18))
    assert len({request["type"] for request in sent}) == 17


@pytest.mark.parametrize("text", [text for text in BY_KIND["yaml"] if text not in SCENARIOS])
def test_other_yaml(text: str) -> None:
    """What else is YAML in the README can be read."""
    assert yaml.safe_load(text)
