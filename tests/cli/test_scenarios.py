import argparse
import json
from pathlib import Path

import pytest

from simulator.cli.scenarios import add_commands
from simulator.scenario.schema import schema
from simulator.wire.asyncapi import asyncapi


def run(*arguments: str) -> int:
    """Run one of the commands; return its status."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def test_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The schema comes as JSON."""
    assert run("schema") == 0
    assert json.loads(capsys.readouterr().out) == schema()


def test_schema_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a file it goes there, for an editor that reads it outside a checkout."""
    path = tmp_path / "here" / "scenario.schema.json"
    assert run("schema", "-o", str(path)) == 0
    assert (json.loads(path.read_text(encoding="utf-8")), capsys.readouterr().out) == (schema(), "")


def test_the_gateway_is_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The AsyncAPI document is printed, or written to a file."""
    assert run("asyncapi") == 0
    assert json.loads(capsys.readouterr().out) == asyncapi()
    assert run("asyncapi", "-o", str(tmp_path / "gateway.json")) == 0
    assert json.loads((tmp_path / "gateway.json").read_text(encoding="utf-8")) == asyncapi()


def test_bundled_scenarios_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each bundled scenario is listed by its name and its idea, which its first comment says."""
    (tmp_path / "good.yaml").write_text("# Nothing happens.\n# At all.\nrules: []\n", encoding="utf-8")
    (tmp_path / "partial-fill.yaml").write_text("name: no comment\n", encoding="utf-8")
    monkeypatch.setattr("simulator.scenario.reading.files.BUNDLED", tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert run("list") == 0
    assert capsys.readouterr().out == "good          Nothing happens.\npartial-fill\n"
    assert run("list", "--format", "json") == 0
    ideas = [{"name": "good", "idea": "Nothing happens."}, {"name": "partial-fill", "idea": ""}]
    assert json.loads(capsys.readouterr().out) == ideas
    assert run("list", "--format", "github") == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["| good | Nothing happens. |", "| partial-fill |  |"]
