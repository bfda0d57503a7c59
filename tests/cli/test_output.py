"""No character and no end of its reader ends a command: what it does and its exit status stay the same."""

import subprocess
from pathlib import Path

import pytest

from support.cli import ENVIRONMENT, PROGRAM

ODD = """\
name: "сделка ✓ {0}"
client:
  - send: {{type: GetHalts}}
    reply: {{Ok: "{0} ✓"}}
"""
COMMANDS = [
    ("list", 0),
    ("schema", 0),
    ("catalogue --venues 1 --products 2", 0),
    ("check good.yaml wrong-✓.yaml", 1),
    ("replay odd.yaml", 1),
    ("replay wrong-✓.yaml", 2),
    ("replay nothing-✓.yaml", 2),
    ("diff a.jsonl b.jsonl", 1),
    ("diff ✓ ✗", 2),
    ("--help", 0),
    ("replay --help", 0),
    ("help fill", 0),
    ("record --upstream ✓ -o x.yaml", 2),
    ("serve ✓", 2),
    ("no-such-✓", 2),
]
ENCODINGS = ["ascii", "cp1252", "cp437"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files whose words are in no code page at once."""
    folder = tmp_path_factory.mktemp("odd")
    for name, text in {
        "good.yaml": "seed: 1\n",
        "odd.yaml": ODD.format("ж"),
        "wrong-✓.yaml": "rules: [{when: {✓: 1}, then: []}]\n",
        "a.jsonl": '{"line": 1, "data": "✓"}\n',
        "b.jsonl": '{"line": 1, "data": "ж"}\n',
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("command", "status"), COMMANDS)
def test_characters(command: str, status: int, folder: Path) -> None:
    """What a code page lacks is escaped, on stdout and on stderr."""
    for encoding in ENCODINGS:
        environment = {**ENVIRONMENT, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
        done = subprocess.run(
            [*PROGRAM, *command.split()], capture_output=True, cwd=folder, env=environment, timeout=60, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode, b"Traceback" in said) == (status, False), said.decode(encoding)
        assert said.decode(encoding)


@pytest.mark.parametrize(("command", "status"), COMMANDS)
@pytest.mark.parametrize("gone", ["stdout", "stderr"])
def test_nobody_reads(command: str, status: int, gone: str, folder: Path) -> None:
    """A command whose reader has gone, like ``head``, says nothing of it, and what it has found out is its status."""
    with subprocess.Popen(
        [*PROGRAM, *command.split()], cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        left, right = (process.stdout, process.stderr)[:: 1 if gone == "stdout" else -1]
        assert left is not None
        assert right is not None
        left.close()
        said = right.read()
        assert process.wait(60) == status
    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said


def test_streams_that_are_not_there(folder: Path) -> None:
    """A command that was started without stdout or stderr does its work all the same."""
    for command, status in (("list", 0), ("schema", 0), ("check wrong-✓.yaml", 1), ("nothing", 2)):
        line = f"exec {' '.join(PROGRAM)} {command} >&- 2>&-"  # the shell closes them
        done = subprocess.run(["sh", "-c", line], cwd=folder, env=ENVIRONMENT, timeout=60, check=False)
        assert done.returncode == status


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_a_full_disk() -> None:
    """A disk that takes no more is said, and is a mistake in where the output goes."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*PROGRAM, "list"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr.decode()) == (
        2,
        "exchange-simulator: cannot write the output: No space left on device\n",
    )
