"""Certification: does a client survive what venues do?

A client is put through cases. In each the venue misbehaves while the client is asked to trade; then all is well again,
the client is told to be flat, and what it sent, what it believes and what is true are held against laws.
"""

from simulator.certification.adapters import AsyncClient
from simulator.certification.belief import Belief, OrderBelief
from simulator.certification.case import Case
from simulator.certification.cases import CASES
from simulator.certification.certify import certify, chosen
from simulator.certification.evidence import ClientBounds, Evidence
from simulator.certification.judge import Verdict
from simulator.certification.laws import LAWS, Finding
from simulator.certification.scenarios import case_of

__all__ = [
    "CASES",
    "LAWS",
    "AsyncClient",
    "Belief",
    "Case",
    "ClientBounds",
    "Evidence",
    "Finding",
    "OrderBelief",
    "Verdict",
    "case_of",
    "certify",
    "chosen",
]
