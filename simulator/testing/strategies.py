"""Hypothesis strategies: requests, flows of orders, and venues that are legal but unkind.

They need `hypothesis <https://hypothesis.works>`_, which whoever imports this module brings along.
"""

from simulator.testing.flows import order_flows
from simulator.testing.playing import Heard, play
from simulator.testing.requests import limit_orders, requests, wrong_requests
from simulator.testing.unkindness import FAULTS, scenarios
from simulator.testing.venue import Venue

__all__ = [
    "FAULTS",
    "Heard",
    "Venue",
    "limit_orders",
    "order_flows",
    "play",
    "requests",
    "scenarios",
    "wrong_requests",
]
