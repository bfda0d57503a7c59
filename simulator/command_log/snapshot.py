"""A world as bytes, and back: all that it holds and all that is due in it, whatever was going on.

What a world was made of in the beginning (its catalogue, its scenario's files) is not in it, nor are old entries of its
journal: the newest are. The bytes are those of Python's ``pickle``, but only classes of the rooms that make a world
are made of them and only the few functions named here are called, so that a file can do nothing that a world cannot.
"""

import copyreg
import io
import pickle
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any
from weakref import ReferenceType

import msgspec

from simulator.catalogue import Catalogue, Product, Route, TradableProduct, VenueInfo
from simulator.command_log.records import CommandLogError, Header
from simulator.scenario.loader import Loaded
from simulator.scenario.rules.index import RuleIndex
from simulator.scenario.rules.matching import Condition
from simulator.simulation import Simulation
from simulator.wire.requests import REQUEST_TYPES

__all__ = ["decode_snapshot", "encode_snapshot", "given_of"]

_START = b"exsimsn\x01"
_DIGEST = 32
_LENGTH = 4

_ROOMS = frozenset(
    {
        "byte_budget",
        "catalogue",
        "exchange",
        "gateway",
        "journal",
        "scenario",
        "schedule",
        "simulation",
        "steps",
        "terms",
        "wildcards",
        "wire",
    }
)
"""Whose classes may be in a world."""
_OTHERS = frozenset(
    {
        ("builtins", "bytearray"),
        ("builtins", "frozenset"),
        ("builtins", "int"),
        ("builtins", "set"),
        ("collections", "Counter"),
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("collections", "deque"),
        ("decimal", "Decimal"),
        ("functools", "partial"),
        ("pathlib", "PosixPath"),
        ("msgspec", "Raw"),
        ("msgspec", "UNSET"),
        ("msgspec._core", "UNSET"),
        ("msgspec._utils", "rebuild"),
        ("random", "Random"),
        ("simulator.scenario.latency", "_lognormal"),
        ("simulator.scenario.latency", "_normal"),
        ("simulator.steps.views", "_restore"),
        ("weakref", "ReferenceType"),
        (__name__, "_given_thing"),
        (__name__, "_method"),
        (__name__, "_request_type"),
    }
)


def given_of(simulation: Simulation) -> list[object]:
    """Return what a world was made of, always in one order."""
    catalogue = simulation.catalogue
    return [
        *simulation.made_of,
        *catalogue.venues,
        *catalogue.routes,
        *catalogue.products,
        *catalogue.tradable_products,
    ]


def encode_snapshot(header: Header, simulation: Simulation, given: list[object]) -> bytes:
    """Return the snapshot of a world that has come as far as where a command log begins that has this header.

    ``given`` is what the first world of the command log was made of: it is not written down again. Raises
    `pickle.PicklingError` for what has no place in a world.
    """
    file = io.BytesIO()
    _Pickler(file, given).dump(simulation)
    head = msgspec.msgpack.encode(header)
    rest = len(head).to_bytes(_LENGTH, "little") + head + file.getbuffer()
    return _START + sha256(rest).digest() + rest


def decode_snapshot(data: bytes, header: Header, given: list[object]) -> Simulation:
    """Return the world of a snapshot.

    Args:
        data: the snapshot.
        header: of the command log that goes on where the snapshot ends.
        given: what the first world of the command log is made of.

    Raises `CommandLogError` if the bytes are not what was written, or belong to another command log.
    """
    start = len(_START) + _DIGEST
    if data[: len(_START)] != _START or sha256(data[start:]).digest() != data[len(_START) : start]:
        raise CommandLogError("it is damaged")
    begin = start + _LENGTH
    end = begin + int.from_bytes(data[start:begin], "little")
    if data[begin:end] != msgspec.msgpack.encode(header):
        raise CommandLogError("it is of another command log")
    try:
        simulation: Simulation = _Unpickler(io.BytesIO(memoryview(data)[end:]), given).load()
    except Exception as error:  # it is whole, so it was written by another program than this
        raise CommandLogError(f"this program cannot read it: {error}") from None
    return simulation


class _Pickler(pickle.Pickler):
    """Writes a world down; of what it was made of, only which it is."""

    def __init__(self, file: io.BytesIO, given: list[object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        numbers = {id(thing): number for number, thing in enumerate(given)}

        def reduced(thing: Any) -> Any:
            number = numbers.get(id(thing))
            return thing.__reduce_ex__(pickle.HIGHEST_PROTOCOL) if number is None else (_given_thing, (number,))

        own: dict[type, Callable[[Any], Any]] = {
            MethodType: lambda method: (_method, (method.__self__, method.__name__)),
            ReferenceType: lambda ref: (ReferenceType, (ref(),)),
            type(msgspec.Struct): _reduced_type,
            Condition: lambda condition: (Condition, (condition.when,), {"seen": condition.seen}),
            RuleIndex: lambda index: (RuleIndex, (index.conditions,)),
        }
        for kind in (Catalogue, Loaded, Product, Route, TradableProduct, VenueInfo, type(Path())):
            own[kind] = reduced
        self.dispatch_table = copyreg.dispatch_table | own

    def reducer_override(self, thing: Any) -> Any:
        """Refuse a class or a function that nobody would read again; all else is written as it always is."""
        if isinstance(thing, type | FunctionType | BuiltinFunctionType):
            place = thing.__module__, thing.__qualname__
            if place not in _OTHERS and not (isinstance(thing, type) and _is_in_a_room(thing.__module__)):
                raise pickle.PicklingError(f"{'.'.join(place)} has no place in a world")
        return NotImplemented


def _is_in_a_room(module: str) -> bool:
    """Tell whether a module's classes may be in a world."""
    package, _, room = module.partition(".")
    return package == "simulator" and room.partition(".")[0] in _ROOMS


class _Unpickler(pickle.Unpickler):
    """Reads a world; what it was made of is that of another one."""

    def __init__(self, file: io.BytesIO, given: list[object]) -> None:
        super().__init__(file)
        self._given = given

    def find_class(self, module: str, name: str) -> Any:
        """Return a class or a function that may be in a world; raises `pickle.UnpicklingError` for any other."""
        if (module, name) == (__name__, _given_thing.__name__):
            return self._given.__getitem__
        if _is_in_a_room(module) or (module, name) in _OTHERS:
            found = super().find_class(module, name)
            if isinstance(found, type) or (module, name) in _OTHERS:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a world")


def _given_thing(number: int) -> object:
    """Stands in a snapshot for a look-up that only who reads it can do."""
    raise NotImplementedError


def _method(thing: object, name: str) -> object:
    """Return a method of something in a world."""
    if name.startswith("__"):
        raise pickle.UnpicklingError(f"{name} is no method of a world's")
    return getattr(thing, name)


def _reduced_type(kind: type) -> Any:
    """Return how a struct's type is found: by its name, or by that of the request which it stands for."""
    return (_request_type, (kind.__name__,)) if REQUEST_TYPES.get(kind.__name__) is kind else kind.__qualname__


def _request_type(name: str) -> type:
    return REQUEST_TYPES[name]
