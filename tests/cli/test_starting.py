import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.scenario.reading.files import BUNDLED
from support.cli import run


def test_a_bundled_scenario_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """The file of a bundled scenario is printed to the letter, and a name that there is not says the nearest."""
    assert main(["show", "partial-fill"]) == 0
    assert capsys.readouterr().out == (BUNDLED / "partial-fill.yaml").read_text(encoding="utf-8")
    assert main(["show", "partial-fil"]) == 2
    said = "exchange-simulator: there is no bundled scenario 'partial-fil'; did you mean 'partial-fill'?\n"
    assert capsys.readouterr().err == said


def test_what_init_writes_works(tmp_path: Path) -> None:
    """The first scenario is right and passes, so does the test, and a second time nothing is written over."""
    first = run("init", str(tmp_path))
    assert [line.split(" ")[0] for line in first.stdout.splitlines()[:4]] == ["wrote"] * 4
    assert run("check", str(tmp_path / "scenarios")).returncode == 0
    replayed = run("replay", str(tmp_path / "scenarios"))
    assert replayed.returncode == 0, replayed.stdout
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout
    (tmp_path / "tests/test_exchange.py").write_text("mine", encoding="utf-8")
    again = run("init", str(tmp_path))
    assert [line.split(" ")[0] for line in again.stdout.splitlines()[:4]] == ["left"] * 4
    assert (tmp_path / "tests/test_exchange.py").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a shell is given has every command, and an option of one of them."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [word for word in ("serve", "replay", "certify", "junitxml", "show") if word not in script] == []


def test_bash_completes_a_command() -> None:
    """In bash, what begins with c after the command's name is completed to the commands that do."""
    script = run("completion", "bash").stdout + (
        "\nCOMP_WORDS=(exchange-simulator c); COMP_CWORD=1; COMP_LINE='exchange-simulator c'; COMP_POINT=20\n"
        "_shtab_exchange_simulator; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert {line.strip() for line in done.stdout.splitlines()} == {"catalogue", "certify", "check", "completion"}
