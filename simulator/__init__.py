"""A mock exchange to test trading clients against."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.exploration.explore import explore as explore
    from simulator.simulation import Simulation as Simulation
    from simulator.testing.exchange import Exchange as Exchange

__all__ = ["Exchange", "Simulation", "__version__", "explore"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is first asked for."""
    if name == "Simulation":
        from simulator.simulation import Simulation

        return Simulation
    if name == "Exchange":
        from simulator.testing.exchange import Exchange

        return Exchange
    if name == "explore":
        from simulator.exploration.explore import explore

        return explore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
