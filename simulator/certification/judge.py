"""Judges the evidence of a run by the laws."""

from collections.abc import Iterable

import msgspec

from simulator.certification.case import Case
from simulator.certification.evidence import Evidence
from simulator.certification.laws import LAWS, WIRE_LAWS, Finding, Law

__all__ = ["Verdict", "judge"]


class Verdict(msgspec.Struct, frozen=True):
    """What came of one case: the laws that were broken, none for a client that survives it.

    Args:
        case: which.
        seed: of the venue.
        findings: what broke a law, in the order of `LAWS`.
        lines: what passed at the end, for a report.
    """

    case: Case
    seed: int
    findings: tuple[Finding, ...]
    evidence: Evidence

    @property
    def survives(self) -> bool:
        """Whether no law was broken."""
        return not self.findings


def judge(case: Case, seed: int, evidence: Evidence, laws: Iterable[Law] | None = None) -> Verdict:
    """Hold the evidence against the laws: those given, or all that can be judged of such a client.

    What the scenario says that any client must do is held against it besides, where it does not say the same again.
    """
    held = laws if laws is not None else LAWS if evidence.wanted or not evidence.acts else WIRE_LAWS
    findings = [finding for law in held for finding in law(evidence)]
    broken = {finding.law for finding in findings}
    findings += [finding for finding in evidence.duties if finding.law not in broken]
    return Verdict(case, seed, tuple(findings), evidence)
