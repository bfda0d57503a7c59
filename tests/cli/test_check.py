import argparse
import io
import json
from pathlib import Path

import pytest

from simulator.cli.check import add_check_command
from simulator.cli.sources import scenario_files
from simulator.errors import SimulatorError

GOOD = "# yaml-language-server: $schema=x.json\n# Nothing happens.\n# At all.\nrules: []\n"

CATALOGUE = "{venues: [], routes: [], products: [], tradable_products: []}\n"


def run(*arguments: str) -> int:
    """Run the command; return its status."""
    parser = argparse.ArgumentParser()
    add_check_command(parser.add_subparsers(required=True))
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing says that this runs in a job of GitHub's."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with two scenarios and a catalogue."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    Path("good.yaml").write_text(GOOD, encoding="utf-8")
    Path("sub/bad.yaml").write_text("rules:\n  - {then: []}\nseed: x\n", encoding="utf-8")
    Path("sub/catalogue.yaml").write_text(CATALOGUE, encoding="utf-8")
    return tmp_path


def test_check_says_ok_for_what_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A right file is ok, and so is the status."""
    assert run("check", "good.yaml") == 0
    assert capsys.readouterr() == ("ok good.yaml\n", "")


def test_check_says_every_mistake_of_every_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder is searched for scenarios, every mistake is said, and a missing file has its own status."""
    assert run("check", ".", "no-such") == 2
    out, err = capsys.readouterr()
    assert out == ("ok good.yaml\nok sub/catalogue.yaml\n2 ok, 1 wrong, 1 not found\n")
    assert err == (
        "sub/bad.yaml:2:5: rules[0]: expected the key 'when', which is missing\n  - {then: []}\n    ^\n"
        "sub/bad.yaml:3:7: seed: expected a whole number of 0 or more, got 'x'\nseed: x\n      ^\n"
        "expected a scenario's file or the name of a bundled one, got 'no-such': there is no such file\n"
    )


def test_check_takes_a_scenario_with_its_own_catalogue(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pattern that nothing of the default catalogue matches is a mistake, though the file names no catalogue."""
    Path("dead.yaml").write_text("rules: [{when: {target: 'NOWHERE*'}, then: []}]\n", encoding="utf-8")
    assert run("check", "dead.yaml") == 1
    assert capsys.readouterr().err.splitlines()[0] == (
        "dead.yaml:1:25: rules[0].when.target: expected a tradable product of the catalogue, or a pattern that one "
        "matches, got 'NOWHERE*'"
    )


def test_whatever_looks_like_a_scenario_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt key, a key of any section, and a file that is no YAML at all make a file one that is checked."""
    files = {"a": "rulez: []\n", "b": "seed: 1\nseed: 2\n", "c": "rules: [\n", "d": "latency: {}\n"}
    for name, text in files.items():
        (folder / "sub" / f"{name}.yml").write_text(text, encoding="utf-8")
    (folder / "sub" / "bad.yaml").unlink()
    assert run("check", "sub") == 1
    out, err = capsys.readouterr()
    assert out == "ok sub/catalogue.yaml\nok sub/d.yml\n2 ok, 3 wrong\n"
    assert [line.split(": ")[0] for line in err.splitlines() if line.startswith("sub")] == [
        "sub/a.yml:1:1",
        "sub/b.yml:2:1",
        "sub/c.yml:2:1",
    ]


def test_what_is_no_scenario_is_passed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each other YAML file is said with the reason, and a folder of nothing else is a mistake."""
    other = folder / "other"
    (other / ".hidden").mkdir(parents=True)
    files = {
        "empty.yaml": "# nothing\n",
        "list.yaml": "[1]\n",
        "other.yaml": "services: {}\n",
        "data.json": "{}",
        ".hidden/good.yaml": GOOD,
    }
    for name, text in files.items():
        (other / name).write_text(text, encoding="utf-8")
    with pytest.raises(SimulatorError, match=r"^there is no scenario in other$"):
        run("check", "other")
    assert capsys.readouterr().out == (
        "passed over other/empty.yaml: it is empty\n"
        "passed over other/list.yaml: it has no keys such as rules\n"
        "passed over other/other.yaml: it has none of a scenario's keys, such as rules\n"
    )
    assert scenario_files("other") == []
    assert scenario_files(".") == ["good.yaml", "sub/bad.yaml"]


def test_contracts_that_have_expired_are_spoken_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario whose own catalogue has contracts that are over when it begins is good, with a word on them."""
    Path("dated.yaml").write_text(
        "catalogue:\n"
        "  name: mine\n"
        "  venues: []\n"
        "  routes: []\n"
        "  tradable_products: []\n"
        "  products:\n"
        "    - {name: SPX, kind: Index, price_in_limit_dollars: 1}\n"
        "    - {name: ES, kind: Future, price_in_limit_dollars: 1, underlying: SPX, multiplier: 50,"
        " expiration: 2023-12-15}\n",
        encoding="utf-8",
    )
    assert run("check", "dated.yaml") == 0
    said = capsys.readouterr()
    assert said.out == "ok dated.yaml\n"
    assert said.err == (
        "dated.yaml: the catalogue 'mine' has 1 of its contracts expire before the world begins at "
        "2024-01-01T00:00:00Z, which take no orders: ES\n"
    )


def test_stdin_is_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario that another program writes is checked as it comes."""
    monkeypatch.setattr("sys.stdin", io.StringIO("rulez: []\n"))
    assert run("check", "-") == 1
    assert capsys.readouterr().err == (
        "<stdin>:1:1: expected one of name, include, seed, clock, start, hello, strict, catalogue, accounts, latency, "
        "limits, markets, …, got 'rulez'; did you mean 'rules'?\nrulez: []\n^\n"
    )


def test_programs_read_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, each file has its verdict and its mistakes with their places."""
    assert run("check", "good.yaml", "sub", "--format", "json") == 1
    said = json.loads(capsys.readouterr().out)
    assert [(one["source"], one["verdict"], [failure["place"] for failure in one["failures"]]) for one in said] == [
        ("good.yaml", "passed", []),
        ("sub/bad.yaml", "wrong", ["sub/bad.yaml:2:5", "sub/bad.yaml:3:7"]),
        ("sub/catalogue.yaml", "passed", []),
    ]


def test_github_shows_mistakes_at_their_lines(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a job of GitHub's, each mistake is an annotation and a row of the job's summary."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    assert run("check", "sub/bad.yaml") == 1
    assert capsys.readouterr().out == (
        "::error file=sub/bad.yaml,line=2,col=5,title=sub/bad.yaml::"
        "rules[0]: expected the key 'when', which is missing\n"
        "::error file=sub/bad.yaml,line=3,col=7,title=sub/bad.yaml::"
        "seed: expected a whole number of 0 or more, got 'x'\n"
    )
    assert (folder / "summary.md").read_text(encoding="utf-8") == (
        "### ❌ Check of scenarios\n\n1 wrong\n\n"
        "| | scenario | where | what |\n| --- | --- | --- | --- |\n"
        "| wrong | sub/bad.yaml | sub/bad.yaml:2:5 | rules[0]: expected the key 'when', which is missing |\n"
        "| wrong | sub/bad.yaml | sub/bad.yaml:3:7 | seed: expected a whole number of 0 or more, got 'x' |\n\n"
    )


def test_catalogues_are_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A catalogue, too, is told everything that is wrong with it."""
    Path("mine.yaml").write_text("venues: [A, A]\nroutes: []\nproducts: []\ntradable_products: {}\n", encoding="utf-8")
    assert run("check", "mine.yaml", "sub/catalogue.yaml") == 1
    out, err = capsys.readouterr()
    assert out == "ok sub/catalogue.yaml\n1 ok, 1 wrong\n"
    assert err == (
        "mine.yaml:4:20: tradable_products: expected array, got object\ntradable_products: {}\n                   ^\n"
    )
