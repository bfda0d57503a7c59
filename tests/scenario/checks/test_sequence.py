import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from simulator.scenario.checks.sequence import OrderVerb, StepSequence
from simulator.simulation import Simulation

FILLS = st.sampled_from(["rest", "10%", "50%", "90%", "4", "10"]).map(lambda quantity: ("fill", quantity))
STEPS = st.sampled_from([(verb, "rest") for verb in ("ack", "reject", "match", "cancel", "expire", "stale")]) | FILLS
ORDER = {"account": "account1", "dir": "Buy", "price": "90", "quantity": "10", "target": "tp1"}
NO_LIES = {"the order is acked already", "the order has a fill, so nothing can reject it"}
"""What no venue does, and the exchange does if it is made to: it leaves an ack as it is, and forgets no fill."""

TEN = 10 * 10**9


def lies(steps: list[tuple[OrderVerb, str]]) -> int:
    """Return how many steps on a new order of ten the exchange, made to do them, can only lie about."""
    then: list[Any] = [{"fill": quantity} if verb == "fill" else verb for verb, quantity in steps]
    rule = {"when": {"request": "SendLimitOrder"}, "illegal": True, "then": then}
    sim = Simulation({"catalogue": "reference", "rules": [rule]})
    sim.receive(sim.connect("/"), json.dumps({"id": 1, "type": "SendLimitOrder", **ORDER}))
    return sum(kind == "lie" for _, _, kind, _ in sim.journal)


@example([("fill", "50%"), ("reject", "rest")])
@example([("fill", "50%"), ("fill", "90%")])
@example([("reject", "rest"), ("ack", "rest")])
@example([("fill", "rest"), ("stale", "rest")])
@example([("match", "rest"), ("reject", "rest")])
@given(st.lists(STEPS, max_size=6))
def test_what_is_refused_is_what_the_exchange_cannot_do(steps: list[tuple[OrderVerb, str]]) -> None:
    """A new order's steps can be done up to the first that is refused, which the exchange can only lie about."""
    order = StepSequence(is_new=True, most=TEN)
    said = [order.do(verb, quantity) for verb, quantity in steps]
    legal = next((at for at, why in enumerate(said) if why is not None), len(steps))
    assert lies(steps[:legal]) == 0
    if legal < len(steps) and said[legal] not in NO_LIES:
        assert lies(steps[: legal + 1]) == 1
