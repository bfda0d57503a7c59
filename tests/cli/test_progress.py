import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli.progress import Progress
from support.cli import ENVIRONMENT, PROGRAM

COLOURED = "\x1b[32mok      a\x1b[0m\n\x1b[1;31mFAILED  b\x1b[0m\n    why [1]\n"
PLAIN = "ok      a\nFAILED  b\n    why [1]\n"


@pytest.mark.parametrize(
    ("environment", "shown"),
    [({}, PLAIN), ({"FORCE_COLOR": "1"}, COLOURED), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, PLAIN)],
)
def test_colour_is_for_who_looks(
    environment: dict[str, str], shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What goes into a file has no colour unless it is forced, and none where it is not wanted."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TERM", "xterm")
    with Progress(2) as progress:
        progress.show(["a"])
        progress.advance()
        progress.say("ok      a", "FAILED  b", "    why [1]")
    assert capsys.readouterr() == (shown, "")


def test_rich_is_imported_for_a_terminal_alone() -> None:
    """A replay whose output goes to a program imports nothing to draw with."""
    script = (
        "import sys; from simulator.cli.main import main; main(['replay', 'partial-fill']); "
        "sys.exit('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def seen_on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Return the exit status of a command, and all that a terminal is sent."""
    import os
    import pty

    said = b""
    own, theirs = pty.openpty()
    environment = ENVIRONMENT | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen([*PROGRAM, *arguments], stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        while True:
            try:
                part = os.read(own, 4096)
            except OSError:  # how Linux says that nobody writes any more
                break
            if not part:
                break
            said += part
        status = process.wait()
    os.close(own)
    return status, said.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such terminals")
def test_a_terminal_sees_results_above_a_bar() -> None:
    """On a terminal the results scroll by above a bar, which is gone in the end."""
    status, text = seen_on_a_terminal("replay", "partial-fill", "duplicate-reply")
    assert status == 0
    assert "\x1b[32mok      partial-fill" in text
    assert "2 passed in" in text.splitlines()[-1]
    assert text.index("partial-fill") < text.index("2 passed")


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such terminals")
def test_a_terminal_sees_how_far_an_exploration_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a bar says how many seeds are done, and how many causes have been found."""
    monkeypatch.chdir(tmp_path)
    target = f"{Path(__file__).parents[1] / 'certification' / 'clients' / 'streaming.py'}:StreamingClient"
    status, text = seen_on_a_terminal("explore", target, "--fault", "halts", "--fault", "rejects", "--seeds", "2")
    assert status == 0
    assert "venues, 0 causes" in text
    assert "nothing breaks it" in text.splitlines()[-1]
