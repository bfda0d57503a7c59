"""The composite actions: each step's script is run as a runner would, with the program that the tests have."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTIONS = ROOT / ".github" / "actions"
CLIENT = "tests/examples/my_client.py:MyClient"


def action(name: str) -> dict[str, Any]:
    """Return what an action says."""
    said: dict[str, Any] = yaml.safe_load((ACTIONS / name / "action.yml").read_text(encoding="utf-8"))
    return said


def run_last_step(name: str, inputs: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an action's last step with its inputs, in a checkout."""
    said = action(name)
    given = {key: str(value.get("default", "")) for key, value in said["inputs"].items()} | inputs
    step = said["runs"]["steps"][-1]
    environment = {key: given[value.split(".")[1].rstrip(" }")] for key, value in step["env"].items()}
    programs = folder / "exchange-simulator" / "bin"
    programs.mkdir(parents=True)
    program = programs / "exchange-simulator"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m simulator "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=ROOT,
        env=os.environ | environment | {"RUNNER_TEMP": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", sorted(ACTIONS.iterdir()), ids=lambda path: path.name)
def test_an_action_installs_the_package_that_it_comes_with(path: Path) -> None:
    """An action installs what lies beside it, says what each input is, and puts none of them into a script."""
    said = action(path.name)
    install = said["runs"]["steps"][1]["run"]
    assert "$GITHUB_ACTION_PATH/../../.." in install
    assert (path / "../../..").resolve() == ROOT
    assert all(value["description"] for value in said["inputs"].values())
    assert [step["run"] for step in said["runs"]["steps"] if "inputs." in step.get("run", "")] == []


def test_check_fails_for_a_mistake(tmp_path: Path) -> None:
    """The action about scenarios passes for what is right, and fails with the mistake."""
    assert run_last_step("check", {}, tmp_path / "right").returncode == 0
    wrong = run_last_step("check", {"paths": "scenarios/partial-fill.yaml nosuch"}, tmp_path / "wrong")
    assert (wrong.returncode, wrong.stdout) == (2, "ok scenarios/partial-fill.yaml\n1 ok, 1 not found\n")


def test_replay_writes_its_report(tmp_path: Path) -> None:
    """The action that replays plays what it is given, and leaves a report."""
    report = tmp_path / "report.xml"
    inputs = {"paths": "scenarios/partial-fill.yaml", "junitxml": str(report)}
    done = run_last_step("replay", inputs, tmp_path)
    assert (done.returncode, report.is_file()) == (0, True), done.stderr


def test_certify_judges_a_class_and_a_program(tmp_path: Path) -> None:
    """The action that certifies takes a class of Python, and a program with its arguments."""
    given = {"target": CLIENT, "cases": "lost-reply", "junitxml": str(tmp_path / "report.xml")}
    judged = run_last_step("certify", given, tmp_path)
    assert (judged.returncode, judged.stdout.splitlines()[-1].split(",")[0]) == (1, "survives 0 of 1"), judged.stderr
    assert (tmp_path / "report.xml").is_file()
    absent = run_last_step("certify", {"target": "nosuch {url}", "cases": "lost-reply"}, tmp_path / "absent")
    assert (absent.returncode, absent.stderr) == (
        2,
        "exchange-simulator: certify: there is no program 'nosuch' that can be started\n",
    )
