"""The forms in which commands say what came of many files: text for people, JSON for programs, GitHub's commands."""

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from simulator.cli.output import note, say

if TYPE_CHECKING:
    from simulator.replay.results import Result

__all__ = ["Format", "add_format", "as_data", "say_json", "summarize"]

Format = Literal["text", "json", "github"]


def add_format(parser: argparse.ArgumentParser, github: str) -> None:
    """Add the option by which a form is chosen; ``github`` says what that one is of this command."""
    parser.add_argument(
        "--format",
        choices=["text", "json", "github"],
        default="github" if os.environ.get("GITHUB_ACTIONS") else "text",
        help=f"text, json, or github: {github} (default: text, and github where GITHUB_ACTIONS is set)",
    )


def as_data(results: "Iterable[Result]") -> list[dict[str, Any]]:
    """Return results as plain data, with every failure; ``elapsed`` is in nanoseconds of the scenario's time."""
    return [
        {
            "source": result.source,
            "name": result.name,
            "verdict": result.verdict,
            "seed": result.seed,
            "run": result.run,
            "steps": result.steps,
            "elapsed": result.elapsed,
            "seconds": round(result.seconds, 6),
            "failures": [failure._asdict() for failure in result.failures],
        }
        for result in results
    ]


def say_json(data: object) -> None:
    """Print data as one document of JSON."""
    import msgspec

    say(msgspec.json.format(msgspec.json.encode(data)).decode())


def summarize(title: str, results: "Sequence[Result]", counts: str) -> None:
    """Append a table of what did not pass to the summary of the job, where GitHub has a file for that."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    rows = [
        f"| {_cell(result.verdict)} | {_cell(result.name)} | {_cell(failure.place)} | {_cell(failure.text)} |"
        for result in results
        for failure in result.failures
    ]
    mark = "❌" if rows else "✅"
    table = ["| | scenario | where | what |", "| --- | --- | --- | --- |", *rows] if rows else []
    lines = [f"### {mark} {title}", "", counts, "", *table, ""]
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as error:
        note(f"cannot write the job's summary: {error.strerror}")


def _cell(text: str) -> str:
    """Return a text as a cell of a table in Markdown: in one line, and meaning nothing but itself."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
    return escaped.replace("\n", "<br>")
