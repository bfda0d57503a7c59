"""The step about views: what queries say of orders and fills may lag, or leave things out."""

from functools import partial

from simulator.gateway.view_faults import FaultyView, ViewFault
from simulator.scenario.amounts import duration
from simulator.scenario.steps import ViewEntry, ViewStep
from simulator.schedule import Schedule
from simulator.steps.orders import OrderSteps
from simulator.steps.run import RuleRun

__all__ = ["ViewSteps"]


class ViewSteps:
    """Does the step about views.

    Args:
        schedule: the world's time.
        views: what each query looks through that a scenario may make wrong.
        order_steps: knows the orders and fills that a step may name.
    """

    def __init__(self, schedule: Schedule, views: dict[str, FaultyView], order_steps: OrderSteps) -> None:
        self._schedule = schedule
        self._views = views
        self._order_steps = order_steps

    def do(self, run: RuleRun, step: ViewStep) -> None:
        """Bend the views that a step names."""
        for name, asked in step.views.items():
            view = self._views[name]
            view.fault = fault = self._read_fault(run, asked)
            if asked.for_ is not None:
                self._schedule.at(self._schedule.now + duration(asked.for_), partial(_restore, view, fault))

    def straighten(self) -> None:
        """Let every view be straight again."""
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
