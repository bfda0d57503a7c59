"""The battery: every case that a client is certified with."""

from simulator.certification.case import Case
from simulator.certification.cases import messages

__all__ = ["CASES"]

CASES: tuple[Case, ...] = (*messages.CASES,)
"""Every case, family by family."""
