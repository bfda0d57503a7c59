"""A call by which an exchange is controlled, as it is written down and made again."""

from typing import Any

import msgspec

from simulator.control import Control
from simulator.control.calls import CALLS

__all__ = ["ControlCall", "decode_call", "encode_call", "make_again"]

_CALLS = {call.name: call for call in CALLS}


class ControlCall(msgspec.Struct, frozen=True):
    """A call that changes an exchange.

    Args:
        name: which of `simulator.control.calls.CALLS`.
        body: what it takes, as JSON.
        part: what its path has between braces.
        wall_time: when it was made by the wall, in nanoseconds since 1970: when an exchange begins that lives by it.
    """

    name: str
    body: msgspec.Raw
    part: str
    wall_time: int


_decode = msgspec.json.Decoder(ControlCall).decode


def encode_call(name: str, body: msgspec.Struct, part: str, wall_time: int) -> str:
    """Return a call as text."""
    call = ControlCall(name, msgspec.Raw(msgspec.json.encode(body)), part, wall_time)
    return msgspec.json.encode(call).decode()


def decode_call(text: str) -> ControlCall:
    """Return the call of a text."""
    return _decode(text)


def make_again(said: ControlCall, control: Control) -> Any:
    """Make a call as it was made; raises what it raised then."""
    call = _CALLS[said.name]
    return call.make(control, msgspec.json.decode(said.body, type=call.takes), said.part)
