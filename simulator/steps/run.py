"""A rule being played for one request: how far it has come, and what it is about."""

from simulator.exchange.orders import Order
from simulator.gateway.session import Session
from simulator.scenario.steps import TRUTH, Reply, StepEntry
from simulator.terms import Refusal
from simulator.wire.requests import Request

__all__ = ["RuleRun"]


class RuleRun:
    """Steps being played.

    Args:
        name: the rule's name, for the journal.
        steps: what is to be done.
        session: the connection that the request came on, if there is one.
        request: the request, if there is one.
        illegal: whether the steps may tell what is not true.
    """

    __slots__ = (
        "answers",
        "illegal",
        "is_answered",
        "is_truthful",
        "name",
        "order",
        "position",
        "refusal",
        "request",
        "session",
        "steps",
    )

    def __init__(
        self,
        name: str,
        steps: tuple[StepEntry, ...],
        session: Session | None = None,
        request: Request | None = None,
        illegal: bool = False,
    ) -> None:
        self.name = name
        self.steps = steps
        self.session = session
        self.request = request
        self.illegal = illegal
        self.order: Order | None = None
        self.refusal: Refusal | None = None
        """What the request is answered with if a step has refused it."""
        self.position = 0
        self.is_answered = request is None
        verbs = [step.verb for step in steps]
        self.answers = "reply" in verbs
        """Whether the steps say when, or whether, the request is answered."""
        self.is_truthful = not TRUTH.isdisjoint(verbs)
        """Whether the steps say what becomes of the order; else the engine does."""

    @property
    def refuses(self) -> bool:
        """Whether the request is answered with an ``Err`` and nothing comes of it."""
        return not self.is_truthful and any(
            step.verb == "reply" and isinstance(step.args, Reply) and isinstance(step.args.err, str)
            for step in self.steps
        )
