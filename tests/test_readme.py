"""The snippets of the README and its pages are the files of ``tests/examples``, and those do what the pages say."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from simulator.catalogue import load
from simulator.cli.configuration import configure
from simulator.cli.main import _parser, main
from simulator.simulation import Simulation
from simulator.testing.exchange import Exchange
from simulator.times import EPOCH_2024

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [README, *sorted((README.parent / ".docs").glob("*.md"))]
BLOCKS = [match.groups() for path in PAGES for match in BLOCK.finditer(path.read_text(encoding="utf-8"))]
KINDS = {".py": "python", ".toml": "toml", ".txt": "text", ".yaml": "yaml", ".json": "json", ".mjs": "js"}
EXAMPLES = Path(__file__).parent / "examples"  # its test and its scenario are collected by pytest themselves


def example(name: str) -> str:
    """Return the text of an example."""
    return (EXAMPLES / name).read_text(encoding="utf-8")


def test_snippets_are_the_examples() -> None:
    """Each snippet but the commands is an example, to the letter, and what a program prints follows it."""
    examples = [(KINDS[path.suffix], path.read_text(encoding="utf-8")) for path in EXAMPLES.iterdir() if path.is_file()]
    snippets = [block for block in BLOCKS if block[0] != "sh"]
    assert sorted(snippets) == sorted(examples)
    for path in EXAMPLES.glob("*.txt"):
        program = snippets.index(("python", example(path.with_suffix(".py").name)))
        assert snippets[program + 1] == ("text", example(path.name))


LEADS_TO = [
    ".github/CHANGELOG.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
    *(f".docs/{path.name}" for path in PAGES[1:]),
    "scenarios/LANGUAGE.md",
    "scenarios/README.md",
    "simulator/README.md",
    "tests/README.md",
]


@pytest.mark.parametrize("page", ["README.md", "fixtures/README.md", *LEADS_TO])
def test_links(page: str) -> None:
    """A page links only files that there are."""
    assert [path for path in _linked(README.parent / page) if not path.exists()] == []


def test_whoever_works_on_it_finds_the_other_pages() -> None:
    """The README links the pages about each use, and about the project itself."""
    assert {(README.parent / page).resolve() for page in LEADS_TO} <= _linked(README)


def _linked(page: Path) -> set[Path]:
    """Return the files that a page links."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    return {(page.parent / target).resolve() for target in targets}


@pytest.mark.parametrize("name", ["first_client", "in_process"])
def test_program(name: str) -> None:
    """A program prints what the README shows, against an exchange as it is started from the command line."""
    with Exchange() as exchange:
        text = example(f"{name}.py").replace("ws://127.0.0.1:6001", exchange.url)
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == (example(f"{name}.txt"), "")


def test_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The client that sends its orders again gets the certificate that the README shows."""
    (tmp_path / "my_client.py").write_text(example("my_client.py"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["certify", "my_client.py:MyClient", "--case", "lost-reply"]) == 1
    assert capsys.readouterr().out.startswith(example("my_client.txt"))


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_other_language(tmp_path: Path) -> None:
    """A test of Node's own runner scripts a partial fill over HTTP."""
    with Exchange() as exchange:
        text = example("partial_fill.test.mjs").replace("127.0.0.1:6001", exchange.url.removeprefix("ws://"))
        (tmp_path / "partial_fill.test.mjs").write_text(text, encoding="utf-8")
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
        flags = ["--experimental-websocket"] if int(version[1:].split(".")[0]) < 22 else []
        command = ["node", *flags, "--test", str(tmp_path / "partial_fill.test.mjs")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


LANGUAGES = {
    "go": ("exchange_test.go", ["go", "test", "-count=1"]),
    "java": ("ExchangeTest.java", ["java"]),
    "node": ("exchange.test.mjs", ["node", "--test"]),
}


@pytest.mark.parametrize("program", LANGUAGES)
def test_pytest_tests_in_other_languages(program: str, tmp_path: Path) -> None:
    """The README's two tests of pytest, on nothing but the standard library of another language, pass."""
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    name, command = LANGUAGES[program]
    shutil.copy(EXAMPLES / "languages" / name, tmp_path)
    if program == "node":
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
        command = command if int(version[1:].split(".")[0]) >= 22 else ["node", "--experimental-websocket", "--test"]
    with Exchange() as exchange:
        environment = os.environ | {"EXCHANGE": exchange.url.replace("ws:", "http:"), "GOCACHE": str(tmp_path / "go")}
        done = subprocess.run(
            [*command, name], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_invented_venues(pytester: pytest.Pytester) -> None:
    """The client with a bug fails with the venue that the README shows."""
    pytester.makepyfile(example("invented_venues.py"))
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:faker", "-W", "error"
    )
    result.assert_outcomes(failed=1)
    # Older releases of hypothesis call it otherwise.
    outlines = [line.replace("Falsifying example:", "Failing test case:") for line in result.outlines]
    said = [line.removeprefix("E").strip() for line in outlines]
    shown = [line.strip() for line in example("invented_venues.txt").splitlines()]
    assert said[said.index(shown[0]) :][: len(shown)] == shown


@pytest.mark.parametrize("line", [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()])
def test_command(line: str) -> None:
    """A command of the README is one that the program has, with options that it takes."""
    for command in line.split("&&"):
        words = shlex.split(command.split("#")[0])
        if words[0] == "exchange-simulator":
            assert callable(_parser()[0].parse_args(words[1:]).run)
        else:
            assert words[0] in ("pip", "pytest")


def test_requests() -> None:
    """Each request of the README is answered Ok, sent one after the other, and no type of the reference is left out."""
    world = Simulation()
    client = world.connect("/")
    sent = [json.loads(line) for line in example("requests.json").splitlines()]
    for request in sent:
        world.receive(client, json.dumps(request))
    answers = [json.loads(item) for _, items in world.take() for item in items if isinstance(item, bytes)]
    assert [request["id"] for request in sent] == list(range(1, 18))
    assert sorted({answer["id"] for answer in answers if "Ok" in answer["response"]}) == list(range(1, 18))
    assert len({request["type"] for request in sent}) == 17


def test_catalogue() -> None:
    """The catalogue has the contract that the README says, whose names follow the start of the world."""
    path = EXAMPLES / "catalogue.yaml"
    (future,) = load(path).tradable_products
    assert (future.base.name, future.symbol) == ("ES Future 20240621", "ESM4")
    (later,) = load(path, start=EPOCH_2024 + 1058 * 86_400 * 10**9).tradable_products
    assert (later.base.name, later.symbol) == ("ES Future 20270319", "ESH7")


def test_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README writes into pyproject.toml is how an exchange is served."""
    (tmp_path / "pyproject.toml").write_text(example("configuration.toml"), encoding="utf-8")
    parser, commands = _parser()
    configure(commands, "serve", {}, tmp_path)
    options = parser.parse_args(["serve"])
    assert (options.port, options.seed, options.allow_host) == (7001, 7, ["exchange", "*.test.internal"])


def test_workflow() -> None:
    """The workflow replays, with options that the command takes."""
    (job,) = yaml.safe_load(example("workflow.yaml"))["jobs"].values()
    (command,) = (step["run"] for step in job["steps"] if "run" in step)
    words = shlex.split(re.sub(r"\$\{\{.*?\}\}", "1/2", command.rpartition("&& ")[2]))
    assert words[0] == "exchange-simulator"
    assert callable(_parser()[0].parse_args(words[1:]).run)
