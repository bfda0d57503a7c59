"""A client of a simulation in process, and a quiet world to connect it to."""

import json
from typing import Any

from simulator.catalogue import Catalogue, build
from simulator.simulation import Simulation
from support.messages import Sent, payloads


class World:
    """A simulation, and what it has said on each connection but nobody has read yet."""

    def __init__(self, catalogue: Catalogue | str, **options: Any) -> None:
        self.sim = Simulation(catalogue=catalogue, **options)
        self.said: dict[int, list[bytes]] = {}

    def connect(self, target: str = "/") -> "Client":
        """Open a connection."""
        return Client(self, target)

    def advance(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.collect(self.sim.advance(self.sim.now + nanoseconds))

    def collect(self, sent: Sent) -> None:
        """Keep what the simulation says until it is read."""
        for session, items in sent:
            self.said.setdefault(session.number, []).extend(payloads(items))


class Client:
    """A connection that counts its requests' ids up from 1."""

    def __init__(self, world: World, target: str) -> None:
        self.world = world
        self.session = world.sim.connect(target)
        self.id = 0

    def send(self, text: str | bytes) -> None:
        """Send one message as it is."""
        self.world.sim.receive(self.session, text)

    def raw(self) -> list[bytes]:
        """Return the messages that have come since the last look."""
        self.world.collect(self.world.sim.take())
        return self.world.said.pop(self.session.number, [])

    def news(self) -> list[Any]:
        """Return the messages that have come since the last look, decoded."""
        return [json.loads(message) for message in self.raw()]

    def request(self, kind: str, **fields: Any) -> list[Any]:
        """Send a request; return all that comes at once."""
        self.id += 1
        self.send(json.dumps({"id": self.id, "type": kind, **fields}))
        return self.news()

    def response(self, kind: str, **fields: Any) -> Any:
        """Send a request; return its one answer, an ``Ok`` or an ``Err``."""
        (message,) = self.request(kind, **fields)
        assert message == {"id": self.id, "response": message["response"]}
        return message["response"]

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send a request that gets one answer, which is an ``Ok``; return what it says."""
        response = self.response(kind, **fields)
        assert list(response) == ["Ok"], response
        return response["Ok"]

    def refused(self, kind: str, **fields: Any) -> str:
        """Send a request that gets one answer, which is an ``Err``; return what it says."""
        response = self.response(kind, **fields)
        assert list(response) == ["Err"], response
        return str(response["Err"])

    def order(self, side: str, price: Any, quantity: Any, **fields: Any) -> str:
        """Send an order for the quiet world's first product; return its id."""
        terms = {"dir": side, "price": price, "quantity": quantity, "target": PAIR, "account": "DEFAULT"}
        return str(self.ask("SendLimitOrder", **terms | fields))


PAIR = "BTC Crypto/USD*COINBASE/DIRECT"


def quiet_catalogue() -> Catalogue:
    """Return a catalogue in whose markets only clients trade."""
    pair = {"quote": "USD", "quote_increment": "0.01", "base_increment": "0.001"}
    return build(
        {
            "name": "quiet",
            "accounts": ["DEFAULT", "ALICE", "BOB"],
            "venues": ["COINBASE", "KRAKEN"],
            "routes": ["DIRECT", "TALOS"],
            "products": [
                {"name": "BTC Crypto", "kind": "Coin", "price_in_limit_dollars": "50000"},
                {"name": "ETH Crypto", "kind": "Coin", "price_in_limit_dollars": "3000"},
                {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
            ],
            "tradable_products": [
                {"base": "BTC Crypto", "venue": "COINBASE", "route": "DIRECT", **pair},
                {"base": "BTC Crypto", "venue": "KRAKEN", "route": "TALOS", **pair},
                {"base": "ETH Crypto", "venue": "COINBASE", "route": "DIRECT", **pair},
                {"base": "ETH Crypto", "venue": "KRAKEN", "route": "DIRECT", "flags": ["Disabled"], **pair},
                {"base": "ETH Crypto", "venue": "KRAKEN", "route": "TALOS", "traded": False, **pair},
            ],
        },
        "quiet",
    )
