"""Hypothesis strategies: requests, flows of orders, and venues that are legal but unkind.

They need `hypothesis <https://hypothesis.works>`_, which whoever imports this module brings along.
"""

from simulator.testing.strategies.flows import order_flows
from simulator.testing.strategies.playing import Heard, play
from simulator.testing.strategies.requests import limit_orders, requests, wrong_requests
from simulator.testing.strategies.scenario_dict import Venue
from simulator.testing.strategies.venues import FAULTS, scenarios

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
