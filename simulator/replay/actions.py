"""What a replayed client wants of the shell that has the connections and the time; times in nanoseconds."""

import msgspec

__all__ = ["Action", "Leave", "Listen", "Open", "Say"]


class Open(msgspec.Struct, frozen=True):
    """Open a connection to a target such as ``/architect``, and say if it was refused."""

    line: str
    target: str


class Say(msgspec.Struct, frozen=True):
    """Send one text message."""

    line: str
    text: str


class Leave(msgspec.Struct, frozen=True):
    """Close a connection."""

    line: str


class Listen(msgspec.Struct, frozen=True):
    """Let time pass until something comes on any connection, or until a time."""

    until: int


Action = Open | Say | Leave | Listen
