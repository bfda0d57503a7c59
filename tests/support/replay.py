"""Scenarios to replay, in few words."""

from typing import Any

from simulator.replay import Result, replay

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
ORDER = {"type": "SendLimitOrder", "target": PAIR, "dir": "Buy", "price": 100, "quantity": 10, "account": "DEFAULT"}
FOLLOW: dict[str, Any] = {"send": {"type": "SubscribeOrderState"}, "as": "states"}
BUY: dict[str, Any] = {"send": ORDER, "as": "order"}
FILLS_IN_PARTS: dict[str, Any] = {
    "name": "parts",
    "when": {"request": "SendLimitOrder"},
    "then": ["ack", {"delay": "1s"}, {"fill": {"quantity": "40%", "price": 100}}, {"delay": "1s"}, {"fill": "rest"}],
}


def scenario(*client: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """Return a scenario's data with a client's steps."""
    return {"seed": 7, "client": list(client), **sections}


def play(*client: dict[str, Any], **sections: Any) -> Result:
    """Replay a client's steps in process."""
    return replay(scenario(*client, **sections))


def failure(*client: dict[str, Any], **sections: Any) -> str:
    """Replay steps that fail in one place; return what is said of it."""
    (failure,) = play(*client, **sections).failures
    return str(failure)


def update(**fields: Any) -> dict[str, Any]:
    """Return the step that awaits an update of the order."""
    return {"await": {"on": "$states", "order_id": "$order", **fields}}


def said(result: Result, kind: str = "out") -> list[bytes | str]:
    """Return the messages of a replay that went one way."""
    return [data for _, _, entry, data in result.journal if entry == kind]
