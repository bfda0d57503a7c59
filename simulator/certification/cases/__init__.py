"""The battery: every case that a client is certified with."""

from simulator.certification.case import Case
from simulator.certification.cases import connections, messages, orders, venues

__all__ = ["CASES"]

CASES: tuple[Case, ...] = (*messages.CASES, *orders.CASES, *connections.CASES, *venues.CASES)
"""Every case, family by family."""
