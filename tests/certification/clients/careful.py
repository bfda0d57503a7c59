"""The careful clients, each of another make: none of them breaks a law, whatever a venue does that ends."""

from certification.clients.by_fills import FillsClient
from certification.clients.line_each import LineForEachRequestClient
from certification.clients.polling import PollingClient
from certification.clients.slow_polls import SlowPollingClient
from certification.clients.streaming import StreamingClient
from simulator.certification.adapters import AsyncClient

__all__ = ["CAREFUL"]

CAREFUL: tuple[type[AsyncClient], ...] = (
    StreamingClient,
    PollingClient,
    FillsClient,
    SlowPollingClient,
    LineForEachRequestClient,
)
