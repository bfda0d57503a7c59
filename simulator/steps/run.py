"""A rule being played for one request: how far it has come, and what it is about."""

from simulator.exchange.orders import Order
from simulator.gateway.session import Session
from simulator.scenario.steps import StepList
from simulator.terms import Refusal
from simulator.wire.requests import Request

__all__ = ["RuleRun"]


class RuleRun:
    """Steps being played.

    Args:
        name: the rule's name, for the journal.
        steps: what is to be done.
        cause: the number of the journal's entry that has set it off.
        session: the connection that the request came on, if there is one.
        request: the request, if there is one.
        size: how many bytes the request has.
        illegal: whether the steps may tell what is not true.
    """

    __slots__ = (
        "cause",
        "illegal",
        "is_answered",
        "name",
        "named",
        "order",
        "position",
        "refusal",
        "request",
        "session",
        "size",
        "steps",
    )

    def __init__(
        self,
        name: str,
        steps: StepList,
        cause: int,
        session: Session | None = None,
        request: Request | None = None,
        size: int = 0,
        illegal: bool = False,
    ) -> None:
        self.name = name
        self.steps = steps
        self.cause = cause
        self.session = session
        self.request = request
        self.size = size
        self.illegal = illegal
        self.order: Order | None = None
        self.named: dict[str, int] | None = None
        """The numbers of the fills that it has given names."""
        self.refusal: Refusal | None = None
        """What the request is answered with if a step has refused it."""
        self.position = 0
        self.is_answered = request is None
