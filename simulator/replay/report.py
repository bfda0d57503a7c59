"""What came of many replays, reported for people and for machines."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from simulator.errors import Failure, Problem
from simulator.replay.results import Result
from simulator.terms import BILLION

__all__ = [
    "again",
    "again_command",
    "annotations",
    "error_command",
    "failure_of",
    "junit",
    "line",
    "once",
    "report",
    "summary",
]

_PLACE = re.compile(r"(?s)(.+):(\d+):(\d+)")
_WORDS = {"passed": "ok", "failed": "FAILED", "wrong": "WRONG", "skipped": "skipped", "unreachable": "UNREACHABLE"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def once(runs: Iterable[Result]) -> list[Result]:
    """Return the runs of one scenario, those that could not be played at all only once."""
    found: list[Result] = []
    for run in runs:
        if run.verdict not in ("wrong", "unreachable") or all(run.verdict != other.verdict for other in found):
            found.append(run)
    return found


def failure_of(problem: Problem, source: str) -> Failure:
    """Return what is wrong with a file as a failure to be reported like the others."""
    place = problem.file or source
    if problem.line:
        place += f":{problem.line}:{problem.column}"
    return Failure(place, f"{problem.path}: {problem.message}" if problem.path else problem.message)


def line(runs: Sequence[Result]) -> str:
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


def report(runs: Iterable[Result]) -> list[str]:
    """Return, in indented lines, why the first of a scenario's runs that did not pass did not."""
    bad = next((run for run in runs if run.failures), None)
    if bad is None:
        return []
    text = "\n".join([*map(str, bad.failures), *([bad.context] if bad.context else [])])
    return [f"    {part}" for part in text.splitlines()]


def again(results: Iterable[Result], options: Sequence[str]) -> list[str]:
    """Return, in lines, what did not pass, each with the command that plays just that again.

    ``options`` are those of the command by which it was played.
    """
    bad = [result for result in results if result.failures]
    return [f"{_WORDS[result.verdict]:<7} {again_command(result, options)}" for result in bad]


def again_command(result: Result, options: Sequence[str]) -> str:
    """Return the command that plays just what came to a result again."""
    seed = [] if result.seed is None else ["--seed", str(result.seed)]
    return shlex.join(["exchange-simulator", "replay", result.source, *seed, *options])


def summary(results: Iterable[Result], left_out: Mapping[str, int], seconds: float) -> str:
    """Return how many replays came out in which way, and how many scenarios were left out for which reason."""
    verdicts: list[str] = [result.verdict for result in results]
    counts = [f"{count} {verdict}" for verdict in _WORDS if (count := verdicts.count(verdict))]
    counts += [f"{count} {why}" for why, count in left_out.items() if count]
    return f"{', '.join(counts)} in {seconds:.2f}s"


def annotations(results: Iterable[Result]) -> list[str]:
    """Return the commands by which GitHub shows failures at their lines."""
    return [_annotation(result, failure) for result in results for failure in result.failures]


def _annotation(result: Result, failure: Failure) -> str:
    place = _PLACE.fullmatch(failure.place)
    file, at, column = place.groups() if place else (result.source, "1", "1")
    properties = {"file": file, "line": at, "col": column, "title": _titled(result, " ({} {})")}
    return error_command(properties, "\n".join(part for part in (failure.text, failure.details) if part))


def error_command(properties: Mapping[str, str], text: str) -> str:
    """Return the command by which GitHub shows a text as an error, at the file and line that its properties say."""
    said = ",".join(f"{key}={_escaped_property(value)}" for key, value in properties.items())
    return f"::error {said}::{_escaped(text)}"


def _titled(result: Result, form: str) -> str:
    """Return a replay's name with, in a form of its own, its seed, or which run it was where no seed was used."""
    if result.seed is not None:
        return result.name + form.format("seed", result.seed)
    return result.name + (form.format("run", result.run + 1) if result.run else "")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def junit(results: Sequence[Result], name: str = "exchange-simulator replay") -> bytes:
    """Return a JUnit report with a suite's name, one test case a result.

    A case says its file, the line of what did not come as expected, and as properties its seed, how many of its
    client's steps were done and how long it took of the scenario's time, in seconds.
    """
    verdicts = [result.verdict for result in results]
    counts: dict[str, object] = {
        "tests": len(results),
        "failures": verdicts.count("failed"),
        "errors": verdicts.count("wrong") + verdicts.count("unreachable"),
        "skipped": verdicts.count("skipped"),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
    suites = ET.Element("testsuites")
    attributes = {"name": name} | {key: str(value) for key, value in counts.items()}
    suite = ET.SubElement(suites, "testsuite", attributes)
    for result in results:
        _add_case(suite, result)
    data: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _add_case(suite: ET.Element, result: Result) -> None:
    attributes = {
        "classname": _xml(result.source),
        "name": _xml(_titled(result, "[{}={}]")),
        "time": f"{result.seconds:.3f}",
        "file": _xml(result.source),
    }
    place = _PLACE.fullmatch(result.failures[0].place) if result.failures else None
    if place is not None:
        attributes |= {"file": _xml(place[1]), "line": place[2]}
    case = ET.SubElement(suite, "testcase", attributes)
    properties = ET.SubElement(case, "properties")
    for key, value in (
        ("seed", result.seed),
        ("steps", result.steps),
        ("venue_seconds", f"{result.elapsed / BILLION:.10g}"),
    ):
        if value is not None:
            ET.SubElement(properties, "property", name=key, value=str(value))
    if result.verdict == "skipped":
        ET.SubElement(case, "skipped", message="it has no client")
    elif result.failures:
        kind = "failure" if result.verdict == "failed" else "error"
        problem = ET.SubElement(case, kind, message=_xml(result.failures[0].text))
        problem.text = _xml("\n".join([*map(str, result.failures), result.context]).strip())


def _xml(text: str) -> str:
    """Return a text without the characters that no XML may bear."""
    return _NOT_XML.sub("?", text)
