"""Short ways to write the scenarios of cases: which order of the routine a rule is for, and what is done to it."""

from typing import Any

from simulator.certification.ground import Ground
from simulator.certification.routine import DEFAULT, Submit

__all__ = ["at", "on", "on_cancel", "on_order", "rules"]

_UNITS = {one.tag: one.units for one in DEFAULT if isinstance(one, Submit)}

RESTING = ("resting buy", "resting sell", "replacement")
"""The orders of the routine that rest in the book."""


def rules(*of_them: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a scenario of some rules."""
    return {"rules": list(of_them), **more}


def on(request: str, *then: Any, **more: Any) -> dict[str, Any]:
    """Return a rule for a type of request; ``more`` is what stands beside ``when`` and ``then``."""
    return {"when": {"request": request}, "then": list(then), **more}


def on_order(ground: Ground, tags: tuple[str, ...], *then: Any, **more: Any) -> dict[str, Any]:
    """Return a rule for the orders of some tags, once for each."""
    quantities = [ground.quantity(_UNITS[tag]) for tag in tags]
    when = {"request": "SendLimitOrder", "quantity": quantities}
    return {"when": when, "then": list(then), "times": len(tags), **more}


def on_cancel(*then: Any, times: int = 2, **more: Any) -> dict[str, Any]:
    """Return a rule for the first cancels of the routine."""
    return {"when": {"request": "CancelOrder"}, "then": list(then), "times": times, **more}


def at(time: str, *steps: Any, **more: Any) -> dict[str, Any]:
    """Return a scenario that does steps at a time."""
    return {"timeline": [{"at": time, "do": list(steps)}], **more}
