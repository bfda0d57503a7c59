"""What an editor with yaml-language-server makes of the schema: hovers, completions, marks.

The server is fetched from npm into a folder of its own; without node and npm, or without a way to fetch it, these
tests are skipped and say so.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.scenario.documentation import key_docs, structs
from simulator.scenario.model import Scenario
from simulator.scenario.reading.files import bundled
from simulator.scenario.schema import schema
from support import FIXTURES
from support.language import Example, examples

SERVER = "yaml-language-server@1.25.0"
ASKING = Path(__file__).parent / "ask.cjs"
BROKEN = sorted((FIXTURES / "broken").glob("*.yaml"))

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ask the server about documents, with the schema as it is."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("npm")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), SERVER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"{SERVER} could not be fetched: {done.stderr.strip()[:200]}")
    environment = {**os.environ, "NODE_PATH": str(folder / "node_modules")}

    def asked(**documents: list[Any]) -> dict[str, Any]:
        about = {"schema": schema(), "hovers": [], "completions": [], "files": [], **documents}
        done = subprocess.run(
            ["node", str(ASKING)], input=json.dumps(about), capture_output=True, text=True, timeout=120, env=environment
        )
        assert done.returncode == 0, done.stderr
        answers: dict[str, Any] = json.loads(done.stdout)
        return answers

    return asked


def one_each() -> list[Example]:
    """Return an example of each key, one that has the key with a value if there is such a one."""
    found: dict[tuple[type, str], Example] = {}
    for example in sorted(examples(), key=lambda example: f"{example.key}:" not in example.text):
        found.setdefault((example.cls, example.key), example)
    return list(found.values())


def at(text: str, line: int, character: int) -> dict[str, Any]:
    """Return a place in a document as the server is asked about it."""
    return {"text": text, "line": line, "character": character}


def test_every_key_is_explained_on_hover(ask: Ask) -> None:
    """The cursor on a key shows what the key means, and an example, but where a key takes no value."""
    keys = one_each()
    places = [at(example.file, example.cursor[0], example.cursor[1] + 1) for example in keys]
    shown = [re.sub(r"\\(.)|&nbsp;", r"\1", hover) for hover in ask(hovers=places)["hovers"]]
    explained = [
        key_docs(example.cls)[example.key].text.replace("`", "") in hover
        and ("Example" in hover or example.key == "heal")
        for example, hover in zip(keys, shown, strict=True)
    ]
    assert [str(example) for example, is_so in zip(keys, explained, strict=True) if not is_so] == []
    assert len(keys) == sum(len(key_docs(cls)) for cls in structs())


def words(part: dict[str, Any]) -> list[Any]:
    """Return the values that a key's schema has in a list of its own."""
    if part.get("type") == "boolean":
        return ["true", "false"]
    return [*part.get("enum", ()), *(word for one in part.get("anyOf", ()) for word in words(one))]


def test_closed_values_complete(ask: Ask) -> None:
    """Where a key takes words of a list, all of them are offered, and true and false only where they are meant."""
    made = schema()
    places, wanted, names = [], [], []
    for example in one_each():
        definition = made if example.cls is Scenario else made["$defs"][example.cls.__name__]
        part = definition["properties"][example.key]
        is_list = part.get("type") == "array" or part.get("anyOf", [{}])[0].get("type") == "array"
        items = part.get("items", part.get("anyOf", [{}])[0].get("items"))
        choices = words((items or {}) if is_list else part)
        if f"{example.key}:" in example.text:
            line, character = example.cursor
            lines = example.file.split("\n")
            lines[line] = lines[line][: character + len(example.key)] + (": []" if is_list else ": ")
            places.append(at("\n".join(lines), line, len(lines[line]) - is_list))
            wanted.append(set(choices))
            names.append(str(example))
    offered = [set(labels) for labels in ask(completions=places)["completions"]]
    checked = list(zip(names, wanted, offered, strict=True))
    assert [(name, choices - labels) for name, choices, labels in checked if choices - labels] == []
    truths = {"true", "false"}
    assert [name for name, choices, labels in checked if labels & truths and not choices & truths] == []
    assert sum(bool(choices) for choices in wanted) >= 40


@pytest.mark.parametrize(
    ("text", "line", "character", "some"),
    [
        ("client:\n- send: {type: }\n", 1, 15, {"SendLimitOrder", "CancelOrder", "SubscribeOrderState"}),
        ("client:\n- send:\n    type: CancelOrder\n    \n", 3, 4, {"order_id"}),
        ("rules:\n- when: {request: }\n  then: []\n", 1, 18, {"SendLimitOrder", "CancelOrder"}),
        ("rules:\n- when: {request: [CancelOrder, ]}\n  then: []\n", 1, 32, {"SendLimitOrder"}),
        ("rules:\n- when: {}\n  then:\n  - \n", 3, 4, {"ack", "fill", "rate_limit"}),
        ("latency:\n  requests:\n    \n", 2, 4, {"SendLimitOrder", "CancelOrder"}),
        ("rules:\n- when: {}\n  then:\n  - view:\n      \n", 4, 6, {"ListOpen", "GetFillDetails"}),
        ("timeline:\n- at: 1s\n  do:\n    halt:\n      \n", 4, 6, {"Venue", "Product"}),
    ],
)
def test_words_complete(ask: Ask, text: str, line: int, character: int, some: set[str]) -> None:
    """Types of requests, their fields, steps and the names in a view or a scope are offered where they can stand."""
    (offered,) = ask(completions=[at(text, line, character)])["completions"]
    assert some <= set(offered)


def test_what_loads_is_not_marked(ask: Ask) -> None:
    """No bundled scenario and no example has a mark."""
    files = {name: path.read_text(encoding="utf-8").partition("\n")[2] for name, path in bundled().items()}
    files |= {str(example): example.file for example in examples()}
    marks = zip(files, ask(files=list(files.values()))["files"], strict=True)
    assert [mark for mark in marks if mark[1]] == []


BEYOND_A_SCHEMA = """
ack-after-reject ack-twice alias-within-itself bust-before-fill cancel-twice catalogue-broken catalogue-inline
catalogue-missing catalogue-outside control-character crossed cut-with-a-code dead-patterns empty expire-after-fill
fill-after-cancel fill-after-fill fill-after-reject fill-nothing fill-over-all fill-over-bound fills include-broken
include-cycle include-missing include-outside include-shadowed key-not-a-word merge-of-a-text no-order
no-space-before-list not-best-first off-increments only-comment order-ids order-ids-the-same refuse-after-cancel
regex-for-ever regex reject-after-ack reject-after-fill reply-twice rule-names shadowed stale-after-fill states
two-documents unknown-accounts unknown-fill unknown-hold unknown-products unknown-scopes
"""
"""Files whose mistake lies between their parts, in other files, in the catalogue, or in what the editor lets pass."""


def test_broken_files_are_marked(ask: Ask) -> None:
    """A file that does not load is marked in the editor, unless its mistake is beyond any schema."""
    marks = ask(files=[path.read_text(encoding="utf-8", errors="replace") for path in BROKEN])["files"]
    unmarked = {path.stem for path, found in zip(BROKEN, marks, strict=True) if not found}
    assert unmarked == set(BEYOND_A_SCHEMA.split())


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("rules:\n- when: {request: SendLimtOrder}\n  then: [ack]\n", 2),
        ("rules:\n- when: {request: [SendLimitOrder, CancelOrdr]}\n  then: [ack]\n", 2),
        ("rules:\n- when: {request: SendLimitOrder}\n  then: [akc]\n", 3),
        ("rules:\n- when: {request: SendLimitOrder}\n  then: [{fil: 40%}]\n", 3),
        ("rules:\n- when: {request: CancelOrder, price: 5}\n  then: [ack]\n", 2),
        ("client:\n- send: {type: SendLimtOrder}\n", 2),
        ("client:\n- await: {state: [Oppen]}\n", 2),
    ],
)
def test_misspelt_words_are_marked(ask: Ask, text: str, marked: int) -> None:
    """A misspelt request, step, field or flag is marked in its line."""
    (found,) = ask(files=[text])["files"]
    assert [mark.split(":")[0] for mark in found] == [str(marked)]
