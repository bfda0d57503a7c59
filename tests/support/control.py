"""A world in process that is controlled, without a socket or a clock."""

import json
from typing import Any

from simulator.control import Control
from simulator.control.control import ClockData
from simulator.gateway.session import Session
from simulator.scenario import Loaded
from simulator.simulation import Simulation

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "10", "quantity": "1", "target": PAIR}


class Controlled:
    """Drives a world whose time stands, and reads nothing of what it sends."""

    def __init__(self, scenario: dict[str, Any] | None = None, **options: Any) -> None:
        self.simulation = Simulation(scenario or {}, **{"clock": "manual", **options})
        self.errors: list[Exception] = []
        self.control = Control(self)
        self.kept_connections = False

    def advance(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.simulation.advance(self.simulation.now + nanoseconds)

    def set_clock(self, clock: ClockData) -> None:
        """Say that the world's clock is another one."""
        self.simulation.set_clock(clock)

    def restart(
        self, loaded: Loaded | None, *, seed: int | None, clock: ClockData | None, keep_connections: bool
    ) -> None:
        """Begin anew."""
        self.simulation = self.simulation.anew(loaded, seed=seed, clock=clock, wall_time=0)
        self.kept_connections = keep_connections

    def connect(self, target: str = "/") -> Session:
        """Open a connection."""
        return self.simulation.connect(target)

    def send(self, session: Session, *requests: dict[str, Any]) -> None:
        """Send requests, numbered from 1."""
        for number, request in enumerate(requests, 1):
            self.simulation.receive(session, json.dumps({"id": number, **request}))
