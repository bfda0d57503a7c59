"""What an ``await`` looks for among the messages of an exchange."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from simulator.scenario.model import Await
from simulator.scenario.values import differences, fill_in, shown

__all__ = ["Awaited", "Piece", "is_envelope", "pieces"]

_ORDER_FIELDS = ("order_id", "filled_qty", "avg_fill_price")


class Piece(msgspec.Struct, eq=False):
    """What one message says of one thing: an item of the list that it bears, or all that it bears.

    ``payload`` is the ``Ok`` of a message of the gateway, and the whole message otherwise.
    """

    line: str
    message: Any
    id: Any
    payload: Any
    item: Any


def pieces(line: str, message: Any) -> Iterator[Piece]:
    """Yield what a message says, one thing after the other."""
    number, payload = None, message
    if is_envelope(message):
        number = message["id"]
        response = message["response"]
        payload = response["Ok"] if isinstance(response, dict) and "Ok" in response else response
    items = payload if isinstance(payload, list) and payload else [payload]
    for item in items:
        yield Piece(line, message, number, payload, item)


def is_envelope(message: Any) -> bool:
    """Tell whether a message is the gateway's: a reply or an update."""
    return isinstance(message, dict) and "id" in message and "response" in message


class Awaited:
    """A message that is awaited.

    Args:
        wanted: the file's words.
        line: the name of the connection on which it is to come; None for any.
        names: what the script's names stand for.
        number: the id of the subscription or request that it is to bear, in a list; empty for any.
    """

    def __init__(self, wanted: Await, line: str | None, names: dict[str, Any], number: list[Any]) -> None:
        stated = {name: value for name in _ORDER_FIELDS if (value := getattr(wanted, name)) is not None}
        self._fields: dict[str, Any] = fill_in(stated, names)
        self._state = wanted.state
        self._message = fill_in(wanted.message, names)
        self._line = line
        self._number = number
        self._order = {"order_id": self._fields["order_id"]} if "order_id" in self._fields else None
        where = f" on {wanted.on}" if wanted.on is not None else ""
        self.said = f"within {wanted.within} a message{where} with {shown(self._stated())}"
        """What is awaited, in words."""

    def _stated(self) -> dict[str, Any]:
        said = dict(self._fields)
        if self._state is not None:
            said["state"] = list(self._state)
        if self._message is not UNSET:
            said["message"] = self._message
        return said

    def fits(self, piece: Piece) -> bool:
        """Tell whether a piece is what is awaited."""
        return self._concerns(piece) and not self._lacks(piece)

    def passes(self, piece: Piece) -> bool:
        """Tell whether a piece is behind once one after it is taken: it is of the same subscription and order.

        An await that names neither passes over nothing.
        """
        if not self._concerns(piece) or not (self._number or self._order):
            return False
        return self._order is None or not differences(self._order, piece.item)

    def nearest(self, recent: Iterable[Piece]) -> list[str]:
        """Return, in lines, the piece that lacks the least, and what it lacks; nothing if none comes near."""
        concerned = [piece for piece in recent if self._concerns(piece)]
        if not concerned:
            return []
        best = min(reversed(concerned), key=lambda piece: len(self._lacks(piece)))
        lacks = self._lacks(best)
        if not lacks:
            return [f"nearest: {shown(best.item)}, which an earlier step has taken or passed over"]
        return [f"nearest: {shown(best.item)}", *(f"  {difference}" for difference in lacks)]

    def _concerns(self, piece: Piece) -> bool:
        return self._line in (None, piece.line) and (not self._number or [piece.id] == self._number)

    def _lacks(self, piece: Piece) -> list[str]:
        found = differences(self._fields, piece.item) if self._fields else []
        if self._state is not None:
            found += _other_flags(self._state, piece.item)
        if self._message is not UNSET:
            found += self._other_message(piece)
        return found

    def _other_message(self, piece: Piece) -> list[str]:
        found = differences(self._message, piece.payload if self._number else piece.message)
        if found and isinstance(self._message, dict) and isinstance(piece.payload, list):
            return min(found, differences(self._message, piece.item), key=len)
        return found


def _other_flags(state: tuple[str, ...], item: Any) -> list[str]:
    came = item.get("state") if isinstance(item, dict) else None
    if isinstance(came, list) and sorted(map(str, came)) == sorted(state):
        return []
    return [f"state: wanted {shown(list(state))}, came {shown(came)}"]
