"""What a client believes: of its orders, by the tags under which it was asked to send them, and of its position."""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from simulator.quoting import quoted

__all__ = ["Belief", "OrderBelief", "Outcome", "read_belief"]

Outcome = Literal["open", "filled", "canceled", "rejected", "expired", "lost"]
"""What became of an order; ``lost`` for one of which the venue knows nothing any more."""


_LONGEST_AMOUNT = 50
"""How many digits an amount may have at most, and how many places the point may be away from them."""


class OrderBelief(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a client believes of one order. What it does not keep it leaves out, and that is not judged.

    Args:
        outcome: ``open``, ``filled``, ``canceled``, ``rejected``, ``expired`` or ``lost``.
        filled: how much of it is filled, as a decimal's text.
        average: at what price on average, as a decimal's text; None if nothing is filled.
    """

    outcome: Outcome | None = None
    filled: str | None = None
    average: str | None = None


class Belief(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a client believes.

    Args:
        orders: its orders by their tags; None if it keeps none.
        position: what it holds, bought less sold, as a decimal's text; None if it does not keep it.
    """

    orders: dict[str, OrderBelief] | None = None
    position: str | None = None


def read_belief(data: Any) -> Belief:
    """Read what a client says of its belief: a `Belief`, or the same as a dict, with numbers for decimals if it likes.

    Raises `ValueError` for what is neither, in words that name the place.
    """
    try:
        belief = data if isinstance(data, Belief) else msgspec.convert(_texts(data), Belief)
    except msgspec.ValidationError as error:
        raise ValueError(f"a belief is {{orders: {{tag: {{outcome, filled, average}}}}, position}}: {error}") from None
    _require_amount("position", belief.position)
    for tag, order in (belief.orders or {}).items():
        _require_amount(f"filled of {quoted(tag)}", order.filled)
        _require_amount(f"average of {quoted(tag)}", order.average)
    return belief


def _require_amount(what: str, text: str | None) -> None:
    """Raise `ValueError` for a text that is no amount that an exchange could hold."""
    if text is None:
        return
    try:
        value = Decimal(text[: _LONGEST_AMOUNT + 1])
    except InvalidOperation:
        value = Decimal("NaN")
    if len(text) > _LONGEST_AMOUNT or not value.is_finite() or abs(value.adjusted()) > _LONGEST_AMOUNT:
        raise ValueError(f"{what}: expected a decimal, got {quoted(text)}")


def _texts(data: Any) -> Any:
    """Return data with every number as its text, so that no float is compared."""
    if isinstance(data, dict):
        return {key: _texts(value) for key, value in data.items()}
    if isinstance(data, msgspec.Struct):
        return _texts(msgspec.to_builtins(data))
    if data is None or isinstance(data, str | bool | list | tuple):
        return data
    return str(data)
