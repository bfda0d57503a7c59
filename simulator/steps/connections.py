"""The steps about connections: they end, stand still, drip, damage messages, or are refused."""

from typing import assert_never

from simulator.exchange.venue import Venue
from simulator.gateway.delivery import Delivery
from simulator.gateway.sessions import Sessions
from simulator.gateway.subscriptions import Subscriptions
from simulator.scenario.amounts import duration
from simulator.scenario.steps import ConnectionStep, DisconnectStep
from simulator.steps.run import RuleRun

__all__ = ["ConnectionSteps"]


class ConnectionSteps:
    """Does the steps about connections.

    Args:
        venue: loses its open orders in a restart that says so.
        sessions: who is there.
        delivery: brings messages to connections, and does to them what a scenario wants.
        subscriptions: who follows what.
    """

    def __init__(self, venue: Venue, sessions: Sessions, delivery: Delivery, subscriptions: Subscriptions) -> None:
        self._venue = venue
        self._subscriptions = subscriptions
        self._sessions = sessions
        self._delivery = delivery

    def do(self, run: RuleRun, step: ConnectionStep) -> None:
        """Do a step, to the connections that it names."""
        sessions, delivery = self._sessions, self._delivery
        match step.verb:
            case "disconnect":
                self._disconnect(run, step)
            case "refuse":
                sessions.refuse(duration(step.for_))
            case "stall":
                for session in sessions.named(step.session, run.session):
                    delivery.stall(session, step.what, _time(step.for_))
            case "slow":
                for session in sessions.named(step.session, run.session):
                    delivery.slow(session, step.bytes_per_second, _time(step.for_))
            case "corrupt":
                for session in sessions.named(step.session, run.session):
                    delivery.corrupt(session, step.what, step.messages)
            case "unsubscribe":
                for session in sessions.named(step.session, run.session):
                    self._subscriptions.end_all(session)
            case "snapshot":
                for session in sessions.named(step.session, run.session):
                    self._subscriptions.tell_all_orders(session)
            case "restart":
                if step.orders == "lost":
                    self._venue.forget_open()
                sessions.restart(duration(step.for_))
            case _:
                assert_never(step)

    def heal(self) -> None:
        """Let connections be opened again, and those that are open carry what they are given as it is, at once."""
        self._sessions.refuse_no_more()
        self._delivery.end_latency()
        for session in list(self._sessions.open.values()):  # one that waits to be cut is cut, and leaves them
            self._delivery.heal(session)

    def _disconnect(self, run: RuleRun, step: DisconnectStep) -> None:
        for session in self._sessions.named(step.session, run.session):
            if step.abort:
                self._sessions.abort(session)
            else:
                self._sessions.close(session, step.code, step.reason)


def _time(text: str | None) -> int | None:
    return None if text is None else duration(text)
