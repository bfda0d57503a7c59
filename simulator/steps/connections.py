"""The steps about connections: they end, stand still, drip, damage messages, or are refused."""

from collections.abc import Callable
from typing import Any

from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.sessions import Sessions
from simulator.scenario.amounts import duration
from simulator.steps.run import RuleRun

__all__ = ["ConnectionSteps"]


class ConnectionSteps:
    """Does the steps about connections.

    Args:
        venue: loses its open orders in a restart that says so.
        sessions: who is there.
        delivery: brings messages to connections, and does to them what a scenario wants.
    """

    def __init__(self, venue: Venue, sessions: Sessions, delivery: Delivery) -> None:
        self._venue = venue
        self._sessions = sessions
        self._delivery = delivery
        self.by_verb: dict[str, Callable[[RuleRun, Any], None]] = {
            "disconnect": self._disconnect,
            "refuse": lambda run, args: sessions.refuse(duration(args.for_)),
            "stall": self._stall,
            "slow": self._slow,
            "corrupt": self._corrupt,
            "restart": self._restart,
        }

    def _disconnect(self, run: RuleRun, args: Any) -> None:
        name = None if args == "abort" else args and args.session
        for session in self._sessions.named(name, run.session):
            if args == "abort":
                self._sessions.abort(session)
            else:
                self._sessions.close(session, args.code, args.reason)

    def _stall(self, run: RuleRun, args: Any) -> None:
        for session in self._sessions.named(args.session, run.session):
            self._delivery.stall(session, args.what, None if args.for_ is None else duration(args.for_))

    def _slow(self, run: RuleRun, args: Any) -> None:
        for session in self._sessions.named(args.session, run.session):
            self._delivery.slow(session, args.bytes_per_second, None if args.for_ is None else duration(args.for_))

    def _corrupt(self, run: RuleRun, args: Any) -> None:
        for session in self._sessions.named(args.session, run.session):
            self._delivery.corrupt(session, args.what, args.messages)

    def _restart(self, run: RuleRun, args: Any) -> None:
        if args.orders == "lost":
            self._venue.forget_open()
        self._sessions.restart(duration(args.for_))
