"""The client that is explored, said so that it can be found on another machine, too."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from simulator.catalogue import load
from simulator.certification.adapters import Adapter
from simulator.certification.certify import adapted, runs_on_a_loop
from simulator.certification.evidence import ClientBounds
from simulator.certification.ground import Ground
from simulator.certification.programs import LinesAdapter, ProgramAdapter
from simulator.certification.targets import class_named

__all__ = ["ExploredClient"]


class ExploredClient(msgspec.Struct, frozen=True):
    """A client, and what it is explored on.

    Args:
        what: what makes a client, the name of such a class, or a program and its arguments.
        lines: whether the program speaks lines of JSON; else it does its own trading.
        catalogue: what the exchange trades: a bundled name or a file; the default one for None.
        product: what the client is asked to trade, and ``account`` for which.
        bounds: what it is held to.
        pace: by the wall's clock, how many seconds of the exchange's time one of the wall's is.
    """

    what: Any
    lines: bool = False
    catalogue: str | None = None
    product: str | None = None
    account: str | None = None
    bounds: ClientBounds | None = None
    pace: float = 1.0

    @classmethod
    def of(cls, target: Any, **options: Any) -> "ExploredClient":
        """Return a client as `simulator.explore` takes it: one itself, a class or its name, or a program's words."""
        if isinstance(target, cls):
            return target
        return cls(target if isinstance(target, str) or callable(target) else tuple(target), **options)

    @property
    def is_program(self) -> bool:
        """Whether it is a program."""
        return isinstance(self.what, tuple)

    @property
    def make(self) -> Callable[[], Any]:
        """What makes a client that is a class."""
        found: Callable[[], Any] = class_named(self.what) if isinstance(self.what, str) else self.what
        return found

    @property
    def runs_on_a_loop(self) -> bool:
        """Whether it can run in virtual time."""
        return not self.is_program and runs_on_a_loop(self.make)

    def ground(self) -> Ground:
        """Return what it is explored on; raises `SimulatorError` for names that there are not."""
        return _ground(self.catalogue, self.product, self.account)

    def adapter(self) -> Adapter:
        """Return a new client to speak to."""
        if not self.is_program:
            return adapted(self.make)()
        return (LinesAdapter if self.lines else ProgramAdapter)(list(self.what))

    def words(self) -> Sequence[str]:
        """Return how the client is said on the command line."""
        return list(self.what) if self.is_program else [self.name]

    @property
    def name(self) -> str:
        """What the client is called: by its class, or by its program."""
        if isinstance(self.what, str):
            return self.what
        return " ".join(self.what) if self.is_program else f"{self.what.__module__}:{self.what.__qualname__}"


@lru_cache(maxsize=4)
def _ground(catalogue: str | None, product: str | None, account: str | None) -> Ground:
    return Ground.of(load(catalogue or "default"), product, account)
