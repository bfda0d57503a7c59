"""Hypothesis strategies: requests, flows of orders, and venues that are legal but unkind.

They need `hypothesis <https://hypothesis.works>`_, which the extra ``hypothesis`` of this package brings along.
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ModuleNotFoundError(
        "simulator.testing.strategies needs hypothesis, which is not installed: pip install hypothesis, "
        "or exchange-simulator with the extra [hypothesis]",
        name="hypothesis",
    )

from simulator.testing.strategies.flows import order_flows
from simulator.testing.strategies.playing import Heard, play
from simulator.testing.strategies.requests import limit_orders, requests, wrong_requests
from simulator.testing.strategies.scenario_dict import ScenarioDict
from simulator.testing.strategies.venues import FAULTS, MORE_FAULTS, scenarios

__all__ = [
    "FAULTS",
    "MORE_FAULTS",
    "Heard",
    "ScenarioDict",
    "limit_orders",
    "order_flows",
    "play",
    "requests",
    "scenarios",
    "wrong_requests",
]
