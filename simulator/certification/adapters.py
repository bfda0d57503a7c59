"""How the kit speaks to a client: a Python class, a program that speaks JSON lines, or a program as it stands."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from simulator.certification.belief import Belief, read_belief
from simulator.certification.evidence import Ending
from simulator.errors import SimulatorError

__all__ = ["Adapter", "AsyncClient", "CannotStart", "ClassAdapter", "is_async"]


class CannotStart(SimulatorError):
    """There is no client to judge: what was given as one cannot be started."""


class AsyncClient(Protocol):
    """What a user writes about a client, in at most 30 lines. Each method may be ``async def`` or plain.

    A method returns when the client has done what it does at once, such as having sent the order; the kit looks
    later at what became of it. ``belief`` may be left out: then only the wire and the truth are judged.
    """

    def start(self, url: str) -> Any:
        """Connect to the address, such as ``ws://127.0.0.1:6001``, and follow orders."""

    def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> Any:
        """Send an order; ``side`` is ``Buy`` or ``Sell``, ``tag`` is what it is called from now on."""

    def cancel(self, tag: str) -> Any:
        """Cancel the order of a tag."""

    def flatten(self) -> Any:
        """Cancel all that is open, and trade until nothing is held."""

    def stop(self) -> Any:
        """End all connections."""


class Adapter(Protocol):
    """A client as a run of a case sees it."""

    trades_by_itself: bool
    """Whether the client does its own trading, so that only the wire is judged."""

    async def start(self, url: str) -> None:
        """Let the client connect."""

    async def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        """Let the client send an order."""

    async def cancel(self, tag: str) -> None:
        """Let the client cancel an order."""

    async def flatten(self) -> None:
        """Let the client become flat."""

    async def stop(self) -> None:
        """Let the client end."""

    async def belief(self) -> Belief | None:
        """Return what the client believes, or None if it does not tell."""

    async def gone(self) -> Ending | None:
        """Wait until the client has ended by itself, and return how; None at once for one that cannot."""

    async def discard(self) -> None:
        """Leave nothing of the client behind, whatever state it is in."""


class ClassAdapter:
    """A client that is an object in this process.

    Args:
        client: has the methods of `AsyncClient`, and ``belief()`` if it likes.
        call: calls a method: as it is, or in a thread for a client that blocks.
    """

    trades_by_itself = False

    def __init__(self, client: Any, call: "Callable[..., Awaitable[Any]] | None" = None) -> None:
        self._client = client
        self._call = call or _call

    async def start(self, url: str) -> None:
        """Let the client connect."""
        await self._call(self._client.start, url)

    async def submit(self, tag: str, side: str, price: str, quantity: str, product: str) -> None:
        """Let the client send an order."""
        await self._call(self._client.submit, tag, side, price, quantity, product)

    async def cancel(self, tag: str) -> None:
        """Let the client cancel an order."""
        await self._call(self._client.cancel, tag)

    async def flatten(self) -> None:
        """Let the client become flat."""
        await self._call(self._client.flatten)

    async def stop(self) -> None:
        """Let the client end."""
        await self._call(self._client.stop)

    async def belief(self) -> Belief | None:
        """Return what the client believes, or None if it does not tell; raises `ValueError` for what is no belief."""
        tell = getattr(self._client, "belief", None)
        return None if tell is None else read_belief(await self._call(tell))

    async def gone(self) -> None:
        """Return at once: an object does not end."""

    async def discard(self) -> None:
        """Do nothing: the object goes by itself."""


async def _call(method: Callable[..., Any], *args: Any) -> Any:
    result = method(*args)
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise TypeError(f"{method.__name__} is a generator, which does nothing when it is called")
    return await result if inspect.isawaitable(result) else result


def is_async(client: Any) -> bool:
    """Tell whether a client runs on an event loop: its ``start`` or ``submit`` is ``async def``."""
    return any(inspect.iscoroutinefunction(getattr(client, name, None)) for name in ("start", "submit"))
