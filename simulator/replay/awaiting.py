"""What an ``await`` of a client's script looks for among the messages that have come."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from simulator.replay.inbox import Piece
from simulator.scenario.model import Await
from simulator.scenario.values import differences, fill_in, shown

__all__ = ["Awaited"]

_ORDER_FIELDS = ("order_id", "filled_qty", "avg_fill_price")


class Awaited:
    """A message that is awaited.

    Args:
        wanted: the file's words.
        line: the name of the connection on which it is to come.
        names: what the script's names stand for.
        number: the id of the subscription or request that it is to bear, in a list; empty for any.
    """

    def __init__(self, wanted: Await, line: str, names: dict[str, Any], number: list[Any]) -> None:
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
        pieces = [piece for piece in recent if self._concerns(piece)]
        if not pieces:
            return []
        best = min(reversed(pieces), key=lambda piece: len(self._lacks(piece)))
        lacks = self._lacks(best)
        if not lacks:
            return [f"nearest: {shown(best.item)}, which an earlier step has taken or passed over"]
        return [f"nearest: {shown(best.item)}", *(f"  {difference}" for difference in lacks)]

    def _concerns(self, piece: Piece) -> bool:
        return piece.line == self._line and (not self._number or [piece.id] == self._number)

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
