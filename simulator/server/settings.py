"""The bounds of a server, with defaults that are safe on a developer's machine."""

import msgspec

__all__ = ["Settings"]


class Settings(msgspec.Struct, frozen=True):
    """What a server allows; sizes in bytes, times in seconds.

    Args:
        max_message: the longest message that a client may send; a longer one closes with 1009.
        max_fragments: into how many frames a message may be cut.
        send_buffer: how much may wait for a client that reads nothing for ``read_timeout``; more closes with 1013.
        most_unread: how much may wait for a client that reads; more closes with 1013.
        most_held: how much may wait for all clients together, and come from them before it is whole; if it is more,
            the client is closed with 1013 of which the most is held.
        max_connections: how many connections are held at once; one more is answered 503.
        ping_interval: how long a connection may be silent before it is pinged.
        ping_timeout: how long a client may take to answer a ping before it is closed with 1011.
        read_timeout: how long a client may read nothing while more than ``send_buffer`` waits for it.
        open_timeout: how long the opening handshake may take.
        close_timeout: how long the closing handshake may take before the connection is cut.
        busy_poll_for: how long to look out for the next message before sleeping, when the last two were no further
            apart; 0 for never, as is right where the client is in the same process.
        turn: how long one round of the loop may go on before whoever else waits has a turn.
        allowed_hosts: names besides the loopback ones that a ``Host`` header may bear.
        allowed_origins: origins of web pages that may connect.
        subprotocols: those that the server speaks; a client must offer one of them then.
        deflate: whether messages are compressed for clients that offer permessage-deflate.
        control: whether the server may be controlled over HTTP, and has a page.
        token: what whoever controls it must say, where it is reached from beyond this machine.
    """

    max_message: int = 1 << 20
    max_fragments: int = 1024
    send_buffer: int = 1 << 20
    most_unread: int = 1 << 25
    most_held: int = 1 << 28
    max_connections: int = 10_000
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    read_timeout: float = 5.0
    open_timeout: float = 10.0
    close_timeout: float = 1.0
    busy_poll_for: float = 0.0
    turn: float = 0.01
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    subprotocols: tuple[str, ...] = ()
    deflate: bool = False
    control: bool = True
    token: str | None = None
