"""A scenario in process on manual time, and short ways to write what it says."""

import json
from typing import Any

from simulator.gateway.outgoing import Outgoing
from simulator.gateway.session import Session
from simulator.scenario.amounts import duration
from simulator.simulation import Simulation

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
OTHER_PAIR = "ETH Crypto/USD*COINBASE/DIRECT"
EMPTY: dict[str, Any] = {"bids": [], "asks": []}


class Play:
    """A scenario being played: what it says on each connection is kept with the millisecond at which it did.

    Args:
        rules: the scenario's rules.
        scenario: its other sections; its markets are empty unless it says otherwise.
    """

    def __init__(self, *rules: dict[str, Any], **scenario: Any) -> None:
        markets = {PAIR: EMPTY, OTHER_PAIR: EMPTY, **scenario.pop("markets", {})}
        self.sim = Simulation({"rules": list(rules), "markets": markets, **scenario})
        self.start = self.sim.now
        self.said: dict[int, list[tuple[float, Any]]] = {}

    def connect(self, target: str = "/") -> "Client":
        """Open a connection."""
        return Client(self, self.sim.connect(target))

    def follow(self, target: str = "/") -> "Client":
        """Open a connection that follows orders under the id 1."""
        client = self.connect(target)
        client.request("SubscribeOrderState")
        client.news()
        return client

    def advance(self, time: str) -> None:
        """Let time pass, from one thing that is due to the next."""
        sim = self.sim
        end = sim.now + duration(time)
        self.collect()
        while (due := sim.next_due()) is not None and due <= end:
            self._keep(sim.advance(due))
        self._keep(sim.advance(end))

    def collect(self) -> None:
        """Keep what has been said without time passing."""
        self._keep(self.sim.take())

    @property
    def ms(self) -> float:
        """How many milliseconds have passed."""
        return (self.sim.now - self.start) / 1e6

    def journal(self, *kinds: str) -> list[tuple[float, int, str, Any]]:
        """Return the journal's entries of some kinds, with milliseconds."""
        entries = [entry for entry in self.sim.journal if entry[2] in kinds]
        return [((time - self.start) / 1e6, number, kind, data) for time, number, kind, data in entries]

    def notes(self, *kinds: str) -> list[Any]:
        """Return the data of the journal's entries of some kinds."""
        return [entry[3] for entry in self.journal(*kinds)]

    def _keep(self, news: list[tuple[Session, list[Outgoing]]]) -> None:
        for session, items in news:
            self.said.setdefault(session.number, []).extend((self.ms, item) for item in items)


class Client:
    """A connection whose requests count their ids up from 1."""

    def __init__(self, play: Play, session: Session) -> None:
        self.play = play
        self.session = session
        self.id = 0

    def request(self, kind: str, **fields: Any) -> int:
        """Send a request; return its id."""
        self.id += 1
        self.play.sim.receive(self.session, json.dumps({"id": self.id, "type": kind, **fields}))
        return self.id

    def order(self, quantity: Any = 10, price: Any = 100, side: str = "Buy", **fields: Any) -> int:
        """Send an order; return the request's id."""
        terms = {"dir": side, "price": price, "quantity": quantity, "target": PAIR, "account": "DEFAULT"}
        return self.request("SendLimitOrder", **{**terms, **fields})

    def cancel(self, order_id: int | str) -> int:
        """Ask for a cancel; return the request's id."""
        return self.request("CancelOrder", order_id=order_id)

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send a request that is answered at once, and with nothing else; return its response."""
        assert self.news() == []
        number = self.request(kind, **fields)
        ((_, message),) = self.news()
        assert message["id"] == number
        return message["response"]

    def state(self, order_id: int) -> Any:
        """Return an order's state as GetOrderState says it."""
        (found,) = self.ask("GetOrderState", order_ids=[order_id])["Ok"]
        return found

    def reason(self, order_id: int) -> Any:
        """Return why an order was rejected."""
        (found,) = self.ask("GetRejectReason", order_ids=[order_id])["Ok"]
        return found["reason"]

    def fills(self) -> list[tuple[str, str, str, str]]:
        """Return the kind, order, quantity and price of all fills."""
        ids = self.ask("ListFills", scope="All", set="All")["Ok"]
        details = self.ask("GetFillDetails", fill_ids=ids)["Ok"]
        return [(fill["kind"], fill["order_id"], fill["quantity"], fill["price"]) for fill in details]

    def raw(self) -> list[tuple[float, Outgoing]]:
        """Return what has been said since the last look, as it is, with the millisecond of each."""
        self.play.collect()
        return self.play.said.pop(self.session.number, [])

    def news(self) -> list[tuple[float, Any]]:
        """Return what has been said since the last look, messages decoded, with the millisecond of each."""
        return [(ms, json.loads(item) if isinstance(item, bytes) else item) for ms, item in self.raw()]


def ok(number: int, value: Any) -> dict[str, Any]:
    """Return a reply."""
    return {"id": number, "response": {"Ok": value}}


def err(number: int, text: str) -> dict[str, Any]:
    """Return a refusal."""
    return {"id": number, "response": {"Err": text}}


def state(order_id: int, flags: str, filled: str = "0", mean: str | None = None) -> dict[str, Any]:
    """Return an order's state: its flags in one text."""
    return {"order_id": str(order_id), "state": flags.split(), "filled_qty": filled, "avg_fill_price": mean}


def told(order_id: int, flags: str, filled: str = "0", mean: str | None = None) -> dict[str, Any]:
    """Return the message that tells those who follow orders of a state."""
    return ok(1, [state(order_id, flags, filled, mean)])


def sends(*steps: Any, **rule: Any) -> dict[str, Any]:
    """Return a rule for new orders."""
    return {"when": {"request": "SendLimitOrder"}, "then": list(steps), **rule}


def cancels(*steps: Any, **rule: Any) -> dict[str, Any]:
    """Return a rule for cancels."""
    return {"when": {"request": "CancelOrder"}, "then": list(steps), **rule}
