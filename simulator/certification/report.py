"""Reports of a certification: lines for people, and data for machines."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from simulator.certification.case import Case
from simulator.certification.evidence import Evidence, TrueOrder
from simulator.certification.judge import Verdict
from simulator.decimals import text_of_amount
from simulator.errors import Failure
from simulator.journal.queries import traffic_about
from simulator.page.reports import RunReport
from simulator.replay.results import Result
from simulator.terms import flags_of
from simulator.times import text_of_time

__all__ = [
    "as_data",
    "case_lines",
    "certificate",
    "explanation",
    "outcome_of",
    "run_report",
    "summary",
    "verdict_line",
]

_WIDTH = 79
_AROUND = 6
"""How many lines of what passed are shown before the moment at which a law was broken, and after it."""

_WHEN = "all is well again"
"""When orders are looked at: after the faults, and before the client is told to be flat."""

_WORDS = {True: "survives", False: "BROKEN"}


def verdict_line(verdict: Verdict) -> str:
    """Return the line about one case: whether the client survives it, and else which laws it broke."""
    laws = ", ".join(dict.fromkeys(finding.law.replace("_", " ") for finding in verdict.findings))
    return f"{_WORDS[verdict.survives]:<9} {verdict.case.name}{f': {laws}' if laws else ''}"


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return the last line: how many of the cases the client survives."""
    survived = sum(verdict.survives for verdict in verdicts)
    return f"survives {survived} of {len(verdicts)}"


def certificate(verdicts: Sequence[Verdict]) -> list[str]:
    """Return how many cases of each family the client survives, and the names of those that it does not."""
    families = list(dict.fromkeys(verdict.case.family for verdict in verdicts))
    width = max((len(family) for family in families), default=0)
    lines: list[str] = []
    for family in families:
        own = [verdict for verdict in verdicts if verdict.case.family == family]
        broken = [verdict.case.name for verdict in own if not verdict.survives]
        count = f"{len(own) - len(broken)} of {len(own)}"
        first = f"{family:<{width}}  {count:<8}  "
        names = textwrap.wrap(", ".join(broken), _WIDTH - len(first), break_on_hyphens=False) or [""]
        lines += [f"{first if number == 0 else ' ' * len(first)}{line}".rstrip() for number, line in enumerate(names)]
    return lines


def explanation(verdict: Verdict, again: str) -> list[str]:
    """Return why a client does not survive a case, in lines: what the venue did, what the client did, what is so.

    ``again`` is the command that shows it again.
    """
    case, evidence = verdict.case, verdict.evidence
    lines = ["", f"{case.name}", *_paragraph("the venue", case.what), *_paragraph("must", case.must)]
    for finding in verdict.findings:
        when = f", at {_clock(finding.time)}" if finding.time else ""
        lines += _paragraph("broken", f"{finding}{when}")
    lines += _passed(evidence, next((finding.time for finding in verdict.findings if finding.time), 0))
    lines += _beside_each_other(evidence)
    return [*lines, f"  again      {again}"]


def _paragraph(word: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"  {word:<10} ", subsequent_indent=" " * 13)


def _clock(time: int) -> str:
    return f"{text_of_time(time)[11:23]}"


def _passed(evidence: Evidence, around: int) -> list[str]:
    """Return what passed about a moment, or at the end for none."""
    shown = traffic_about(evidence.journal, around, _AROUND)
    return [f"  {'traffic' if number == 0 else '':<10} {_cut(line)}" for number, line in enumerate(shown)]


def _cut(line: str) -> str:
    room = _WIDTH - 13
    return line if len(line) <= room else f"{line[: room - 1]}…"


def _beside_each_other(evidence: Evidence) -> list[str]:
    """Return each order that was wanted: what is true of it, and what the client believes."""
    reading = evidence.settled
    if reading is None or not evidence.wanted:
        return []
    believed = {} if reading.belief is None else reading.belief.orders or {}
    rows = []
    for tag, orders in evidence.by_tag(reading).items():
        belief = believed.get(tag)
        rows.append(
            (
                tag,
                "; ".join(map(_said, orders)) or "no such order",
                "" if belief is None else " ".join(filter(None, (belief.outcome, _filled(belief.filled)))),
            )
        )
    widths = [max(len(row[column]) for row in [(_WHEN, "true", ""), *rows]) for column in range(2)]
    head = f"  {'orders':<10} {_WHEN:<{widths[0]}}  {'true':<{widths[1]}}  believed".rstrip()
    return [head, *(f"{'':<13}{tag:<{widths[0]}}  {true:<{widths[1]}}  {said}".rstrip() for tag, true, said in rows)]


def _said(order: TrueOrder) -> str:
    flags = [flag for flag in flags_of(order.state) if flag not in ("Open", "Acked", "Out")]
    word = " ".join(flags).lower() or ("open" if order.is_open else "out")
    return " ".join(filter(None, (f"#{order.id}", word, _filled(text_of_amount(order.cum_qty)))))


def _filled(quantity: str | None) -> str:
    return f"({quantity})" if quantity not in (None, "0") else ""


def case_lines(cases: Iterable[Case]) -> list[str]:
    """Return the list of cases, family by family, each with what a client must do to survive it."""
    lines: list[str] = []
    family = ""
    for case in cases:
        if case.family != family:
            family = case.family
            lines += ["", family]
        lines.append(f"  {case.name}")
        lines += textwrap.wrap(case.what, _WIDTH, initial_indent="    ", subsequent_indent="    ")
        lines += textwrap.wrap(f"Must: {case.must}", _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return lines[1:]


def outcome_of(verdict: Verdict, target: str, taken: float, again: str) -> Result:
    """Return a verdict as the result of a test case, for a JUnit report; ``taken`` is in seconds."""
    details = "\n".join(explanation(verdict, again))
    failures = tuple(Failure(target, str(finding), details) for finding in verdict.findings)
    word: Literal["passed", "failed"] = "passed" if verdict.survives else "failed"
    journal = verdict.evidence.journal
    elapsed = journal[-1][0] - journal[0][0] if journal else 0
    return Result(target, verdict.case.name, word, verdict.seed, 0, 0, elapsed, taken, failures)


def run_report(verdict: Verdict, again: str) -> RunReport:
    """Return what a page tells of a case; ``again`` is the command that does it again."""
    case = verdict.case
    details = f"the venue: {case.what}\nmust: {case.must}"
    failures = [
        Failure(finding.law.replace("_", " "), finding.text, "" if number else details)
        for number, finding in enumerate(verdict.findings)
    ]
    evidence = verdict.evidence
    causes = evidence.causes or [0] * len(evidence.journal)
    pairs = enumerate(zip(evidence.journal, causes, strict=True), 1)
    entries = [(line, entry, max(0, cause)) for line, (entry, cause) in pairs]
    word = "survives" if verdict.survives else "broken"
    facts = {"seed": str(verdict.seed), "family": case.family}
    return RunReport(case.name, word, failures, entries, facts, again, books=evidence.books)


def as_data(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """Return verdicts as plain data, for JSON."""
    return [
        {
            "case": verdict.case.name,
            "family": verdict.case.family,
            "survives": verdict.survives,
            "seed": verdict.seed,
            "findings": [
                {"law": one.law, "text": one.text, "time": text_of_time(one.time) if one.time else None}
                for one in verdict.findings
            ],
        }
        for verdict in verdicts
    ]
