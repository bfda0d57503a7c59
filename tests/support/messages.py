"""What a simulation sends, where all of it is messages."""

import json
from collections.abc import Iterable
from typing import Any

from simulator.gateway.outgoing import Outgoing
from simulator.gateway.session import Session

Sent = Iterable[tuple[Session, list[Outgoing]]]
"""What is sent on each connection, as `Simulation.take` and `Simulation.advance` return it."""


def payloads(items: Iterable[Outgoing]) -> list[bytes]:
    """Return what is sent on one connection: messages, and no damage nor end."""
    found: list[bytes] = []
    for item in items:
        assert isinstance(item, bytes), item
        found.append(item)
    return found


def messages(sent: Sent) -> list[Any]:
    """Return what is sent on all connections, decoded."""
    return [json.loads(message) for _, items in sent for message in payloads(items)]
