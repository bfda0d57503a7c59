"""An exchange that runs elsewhere, controlled over HTTP with the names that the pytest fixture has."""

from simulator.remote.exchange import RemoteExchange as Exchange

__all__ = ["Exchange"]
