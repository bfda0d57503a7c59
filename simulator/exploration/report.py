"""What a person reads of an exploration, and what is saved of it: venues, and a test that plays them again."""

import textwrap
from pathlib import Path
from typing import Any

import msgspec

from simulator.exploration.client import ExploredClient
from simulator.exploration.results import Cause, Exploration, SweepProgress
from simulator.yaml_writer import yaml_of

__all__ = ["TEST", "as_data", "lines_of", "progress_line", "save", "summary"]

TEST = "test_explored.py"
_WIDTH = 79
_TEST = '''\
"""Venues that broke the client: each is survived now, or still does break it."""

from pathlib import Path

import pytest

from simulator.exploration import replay

VENUES = sorted(Path(__file__).parent.glob("*.venue.yaml"))


@pytest.mark.parametrize("venue", VENUES, ids=[path.name for path in VENUES])
def test_survives(venue):
    """The client breaks no law at a venue."""
    verdict = replay({target!r}, venue{options})
    assert [str(finding) for finding in verdict.findings] == []
'''


def lines_of(cause: Cause, again: str) -> list[str]:
    """Return a cause, in lines: the law, what the client did, the venue, and how to see it again."""
    often = f"{cause.venues} venue{'s' * (cause.venues != 1)}"
    lines = ["", f"{cause.name} ({often})"]
    for said in _said(cause):
        lines += textwrap.wrap(said, _WIDTH, initial_indent="  broken     ", subsequent_indent=" " * 13)
    venue = _yaml(cause.venue).splitlines() or ["a plain exchange"]
    lines += [f"  {'venue' if number == 0 else '':<10} {line}" for number, line in enumerate(venue)]
    return [*lines, f"  again      {again}"]


def summary(exploration: Exploration) -> str:
    """Return the last line: how many causes were found at how many venues."""
    count = len(exploration.causes)
    causes = {0: "nothing breaks it", 1: "1 cause breaks it"}.get(count, f"{count} causes break it")
    lost = f"; {len(exploration.lost)} seeds were lost" if exploration.lost else ""
    seeds = sum(result.seed >= 0 for result in exploration.results)
    return f"{causes}, at {exploration.venues} venues of {seeds} seeds{lost}"


def progress_line(progress: SweepProgress) -> str:
    """Return how far an exploration is."""
    return f"{progress.done} of {progress.seeds} seeds, {progress.venues} venues, {progress.causes} causes"


def save(exploration: Exploration, client: ExploredClient, folder: Path) -> list[Path]:
    """Write the venue of each cause to a file, and a test that plays all of them again; return the venues' paths.

    Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for cause in exploration.causes:
        path = folder / f"{cause.name}.venue.yaml"
        said = [line for one in _said(cause) for line in textwrap.wrap(one, 118)]
        text = "".join(f"# {line}\n" for line in said) + yaml_of({"seed": cause.seed, **cause.venue})
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    if paths:
        target = client.name if not client.is_program else list(client.what)
        test = _TEST.format(target=target, options=_options(client))
        (folder / TEST).write_text(test, encoding="utf-8")
    return paths


def _said(cause: Cause) -> list[str]:
    """Return each law of a cause, and what the client did."""
    return [f"{law.replace('_', ' ')}: {text}" for law, text in cause.laws.items()]


def _options(client: ExploredClient) -> str:
    """Return what a test says of the client besides its name."""
    said: dict[str, Any] = {name: getattr(client, name) for name in ("catalogue", "product", "account")}
    said |= {"lines": client.lines or None, "pace": None if client.pace == 1 else client.pace}
    return "".join(f", {name}={value!r}" for name, value in said.items() if value is not None)


def _yaml(venue: dict[str, Any]) -> str:
    return yaml_of(venue) if venue else ""


def as_data(exploration: Exploration) -> dict[str, Any]:
    """Return an exploration as plain data, for JSON."""
    return {
        "venues": exploration.venues,
        "seconds": exploration.seconds,
        "causes": [msgspec.to_builtins(cause) for cause in exploration.causes],
        "lost": [msgspec.to_builtins(one) for one in exploration.lost],
        "seeds": [
            {"seed": one.seed, "faults": list(one.faults), "venues": one.venues, "digest": one.digest}
            for one in exploration.results
        ],
    }
