"""Outcomes of many replays: short enough to pass between processes, and reported for people and for machines."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal
from xml.etree import ElementTree as ET

import msgspec

from simulator.errors import Failure
from simulator.terms import BILLION

__all__ = ["Outcome", "annotations", "junit", "line", "once", "report", "summary"]

Verdict = Literal["passed", "failed", "wrong", "skipped", "unreachable"]

_PLACE = re.compile(r"(?s)(.+):(\d+):(\d+)")
_WORDS = {"passed": "ok", "failed": "FAILED", "wrong": "WRONG", "skipped": "skipped", "unreachable": "UNREACHABLE"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Outcome(msgspec.Struct, frozen=True):
    """What came of one replay of one file.

    ``seed`` is the one that was used, if one was, and ``run`` counts the replays of the file from 0;
    ``failures`` say why it did not pass, ``context`` what happened last; ``elapsed`` is the scenario's time in
    nanoseconds, ``seconds`` the wall's.
    """

    source: str
    name: str
    verdict: Verdict
    seed: int | None = None
    run: int = 0
    steps: int = 0
    elapsed: int = 0
    seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    context: str = ""


def once(runs: Iterable[Outcome]) -> list[Outcome]:
    """Return the runs of one scenario, those that could not be played at all only once."""
    found: list[Outcome] = []
    for run in runs:
        if run.verdict not in ("wrong", "unreachable") or all(run.verdict != other.verdict for other in found):
            found.append(run)
    return found


def line(runs: Sequence[Outcome]) -> str:
    """Return the line about all runs of one scenario."""
    worst = next((run for run in runs if run.verdict not in ("passed", "skipped")), runs[0])
    said = f"{_WORDS[worst.verdict]:<7} {worst.name}"
    if worst.name != worst.source:
        said += f" ({worst.source})"
    if worst.verdict == "skipped":
        return f"{said}: it has no client"
    if worst.verdict in ("wrong", "unreachable"):
        return said
    said += f": {worst.steps} step{'s' * (worst.steps != 1)} in {worst.elapsed / BILLION:.10g}s of its time"
    if len(runs) > 1:
        said += f", passed {sum(run.verdict == 'passed' for run in runs)} of {len(runs)} times"
    return said


def report(runs: Iterable[Outcome]) -> list[str]:
    """Return, in indented lines, why the first of a scenario's runs that did not pass did not."""
    bad = next((run for run in runs if run.failures), None)
    if bad is None:
        return []
    text = "\n".join([*map(str, bad.failures), *([bad.context] if bad.context else [])])
    return [f"    {part}" for part in text.splitlines()]


def summary(outcomes: Iterable[Outcome], seconds: float) -> str:
    """Return how many replays came out in which way."""
    verdicts: list[str] = [outcome.verdict for outcome in outcomes]
    counts = [f"{count} {verdict}" for verdict in _WORDS if (count := verdicts.count(verdict))]
    return f"{', '.join(counts)} in {seconds:.2f}s"


def annotations(outcomes: Iterable[Outcome]) -> list[str]:
    """Return the commands by which GitHub shows failures at their lines."""
    return [_annotation(outcome, failure) for outcome in outcomes for failure in outcome.failures]


def _annotation(outcome: Outcome, failure: Failure) -> str:
    place = _PLACE.fullmatch(failure.place)
    file, at, column = place.groups() if place else (outcome.source, "1", "1")
    properties = {"file": file, "line": at, "col": column, "title": _titled(outcome, " ({} {})")}
    said = ",".join(f"{key}={_escaped_property(value)}" for key, value in properties.items())
    text = "\n".join(part for part in (failure.text, failure.details) if part)
    return f"::error {said}::{_escaped(text)}"


def _titled(outcome: Outcome, form: str) -> str:
    """Return a replay's name with, in a form of its own, its seed, or which run it was where no seed was used."""
    if outcome.seed is not None:
        return outcome.name + form.format("seed", outcome.seed)
    return outcome.name + (form.format("run", outcome.run + 1) if outcome.run else "")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def junit(outcomes: Sequence[Outcome]) -> bytes:
    """Return a JUnit report, one test case a replay."""
    verdicts = [outcome.verdict for outcome in outcomes]
    counts: dict[str, object] = {
        "tests": len(outcomes),
        "failures": verdicts.count("failed"),
        "errors": verdicts.count("wrong") + verdicts.count("unreachable"),
        "skipped": verdicts.count("skipped"),
        "time": f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    }
    suites = ET.Element("testsuites")
    attributes = {"name": "exchange-simulator replay"} | {key: str(value) for key, value in counts.items()}
    suite = ET.SubElement(suites, "testsuite", attributes)
    for outcome in outcomes:
        _add_case(suite, outcome)
    data: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _add_case(suite: ET.Element, outcome: Outcome) -> None:
    name = _xml(_titled(outcome, "[{}={}]"))
    seconds = f"{outcome.seconds:.3f}"
    case = ET.SubElement(suite, "testcase", classname=_xml(outcome.source), name=name, time=seconds)
    if outcome.verdict == "skipped":
        ET.SubElement(case, "skipped", message="it has no client")
    elif outcome.failures:
        kind = "failure" if outcome.verdict == "failed" else "error"
        problem = ET.SubElement(case, kind, message=_xml(outcome.failures[0].text))
        problem.text = _xml("\n".join([*map(str, outcome.failures), outcome.context]).strip())


def _xml(text: str) -> str:
    """Return a text without the characters that no XML may bear."""
    return _NOT_XML.sub("?", text)
