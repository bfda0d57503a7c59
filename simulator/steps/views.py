"""The steps about what the gateway says: queries may lag or leave things out, and times be ahead or behind."""

from functools import partial
from typing import assert_never

from simulator.gateway.said_times import SaidTimes
from simulator.gateway.view_faults import FaultyView, ViewFault
from simulator.scenario.amounts import duration, offset
from simulator.scenario.steps import SKEWED, SkewStep, ViewEntry, ViewStep
from simulator.schedule import Schedule
from simulator.steps.orders import OrderSteps
from simulator.steps.run import RuleRun

__all__ = ["ViewSteps"]


class ViewSteps:
    """Does the steps about what the gateway says.

    Args:
        schedule: the world's time.
        views: what each query looks through that a scenario may make wrong.
        times: which times are said.
        order_steps: knows the orders and fills that a step may name.
    """

    def __init__(
        self, schedule: Schedule, views: dict[str, FaultyView], times: SaidTimes, order_steps: OrderSteps
    ) -> None:
        self._schedule = schedule
        self._times = times
        self._views = views
        self._order_steps = order_steps

    def do(self, run: RuleRun, step: ViewStep | SkewStep) -> None:
        """Do a step."""
        match step.verb:
            case "view":
                self._bend(run, step)
            case "skew":
                self._skew(step)
            case _:
                assert_never(step)

    def _skew(self, step: SkewStep) -> None:
        for what in SKEWED if step.of == "all" else (step.of,):
            turn = self._times.skew(what, offset(step.by))
            if step.for_ is not None:
                self._schedule.at(self._schedule.now + duration(step.for_), partial(self._times.end, what, turn))

    def _bend(self, run: RuleRun, step: ViewStep) -> None:
        """Bend the views that a step names."""
        for name, asked in step.views.items():
            view = self._views[name]
            view.fault = fault = self._read_fault(run, asked)
            if asked.for_ is not None:
                self._schedule.at(self._schedule.now + duration(asked.for_), partial(_restore, view, fault))

    def straighten(self) -> None:
        """Let every view be straight again, and every time that is said from now on be the world's."""
        self._times.end_all()
        for view in self._views.values():
            view.fault = ViewFault()

    def _read_fault(self, run: RuleRun, view: ViewEntry) -> ViewFault:
        """Read how a view is bent: what is left out is what the names stand for at this moment."""
        lag = None if view.lag is None else duration(view.lag)
        if "all" in view.omit:
            return ViewFault(lag, orders=None)
        orders: set[int] = set()
        fills: set[int] = set()
        for name in view.omit:
            named = self._order_steps.orders(name, run)
            orders.update(order.id for order in named)
            if not named and (fill := self._order_steps.fill(name, run)):
                fills.add(fill.number)
        return ViewFault(lag, frozenset(orders), frozenset(fills))


def _restore(view: FaultyView, fault: ViewFault) -> None:
    """Let a view be straight again, unless it has been bent anew since."""
    if view.fault is fault:
        view.fault = ViewFault()
