"""Why a message is no request, in one sentence that names the place, what was expected there and what came.

The decoder's own words are for programmers; what it expected at a place is read from the request's type.
"""

import re
from collections.abc import Iterator

import msgspec
from msgspec import inspect

from simulator.did_you_mean import nearest
from simulator.quoting import cut, cut_raw, quoted
from simulator.wire.requests import REQUEST_TYPES, Request

__all__ = ["explained"]

_PLACE = re.compile(r"(?s)(.*?)(?: - at `(\$[^`]*)`)?")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_EXPECTED = re.compile(r"Expected `([^`]*)`(?:, got `([^`]*)`)?")
_LENGTH = re.compile(r"Expected `(array|str)` of length (?:([<>]=) )?(\d+)")
_BOUNDS = {"<=": "at most", ">=": "at least"}
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_ENUM = re.compile(r"(?s)Invalid enum value (.*)")

_texts = msgspec.json.Decoder(str)
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_arrays = msgspec.json.Decoder(list[msgspec.Raw])
_arrays_or_texts: msgspec.json.Decoder[list[msgspec.Raw] | str] = msgspec.json.Decoder(list[msgspec.Raw] | str)


def explained(error: str, text: str | bytes = b"", type_: msgspec.Raw | None = None) -> str:
    """Return what the decoder's error says of a message.

    ``text`` is the message and ``type_`` its type in JSON, if it is an object that has an id.
    """
    match = _PLACE.fullmatch(error)
    what, where = match.groups() if match else (error, None)
    where = where or "$"
    if where == "$.type" and type_ is not None:
        return _explained_type(type_)
    if missing := _MISSING.fullmatch(what):
        return f"`{where}.{missing[1]}` is missing{_fields(type_) if where == '$' else ''}"
    if length := _LENGTH.fullmatch(what):
        return _explained_length(length, text, where)
    if expected := _EXPECTED.fullmatch(what):
        came = f", got {expected[2]}" if expected[2] else ""
        return f"`{where}`: expected {expected[1]}{came}"
    if (enum := _ENUM.fullmatch(what)) and (words := _words_at(_request_type(type_), where)):
        return f"`{where}`: expected one of {', '.join(words)}, got {cut(enum[1])}"
    if where != "$":
        return f"`{where}`: {cut(what)}"
    return f"not a JSON request: {cut(what)}"


def _explained_type(raw: msgspec.Raw) -> str:
    text = bytes(raw)
    if text[:1] != b'"':
        return f"`$.type`: expected the name of a request, got {cut_raw(raw)}"
    name = _texts.decode(raw)
    if name in REQUEST_TYPES:
        return "`$.type`: expected once, got twice"
    return f"unknown request type {quoted(name)}{nearest(name, REQUEST_TYPES)}"


def _fields(type_: msgspec.Raw | None) -> str:
    """Return what the fields of a request are, or that its type is wanted."""
    kind = _request_type(type_)
    if kind is None:
        return ": expected the name of a request"
    return f": a {kind.__name__} has {', '.join(name for name in kind.__struct_fields__ if name != 'id')}"


def _request_type(raw: msgspec.Raw | None) -> type[Request] | None:
    return REQUEST_TYPES.get(_texts.decode(raw)) if raw is not None and bytes(raw)[:1] == b'"' else None


def _explained_length(said: re.Match[str], text: str | bytes, where: str) -> str:
    kind, sign, length = said.groups()
    wanted = f"{kind} of length {length}" if sign is None else f"{_BOUNDS[sign]} {length}"
    unit = " characters" if kind == "str" else ""
    got = _length_at(text, where)
    is_wrong = got is not None and (got != int(length) if sign is None else (got > int(length)) is (sign == "<="))
    came = f", got {got}" if is_wrong else ""  # else its key is there twice, and another has this length
    return f"`{where}`: expected {wanted}{unit}{came}"


def _length_at(text: str | bytes, where: str) -> int | None:
    """Return how long the list or the text at a place such as ``$.limits[0]`` is, or None if nothing such is there."""
    value: str | bytes | msgspec.Raw = text
    try:
        for name, index in _STEP.findall(where):
            value = _objects.decode(value)[name] if name else _arrays.decode(value)[int(index)]
        return len(_arrays_or_texts.decode(value))
    except (msgspec.DecodeError, LookupError):
        return None


def _words_at(request: type[Request] | None, where: str) -> list[str]:
    """Return the words of the enumeration that is expected at a place of a request; none if nothing such is."""
    expected: list[inspect.Type] = [] if request is None else [inspect.type_info(request)]
    for name, _ in _STEP.findall(where):
        expected = [inner for outer in expected for inner in _inner(outer, name)]
    return [str(member.value) for kind in expected if isinstance(kind, inspect.EnumType) for member in kind.cls]


def _inner(outer: inspect.Type, name: str) -> Iterator[inspect.Type]:
    """Yield what is expected within a type: in its field of a name, or in its items."""
    match outer:
        case inspect.StructType():
            yield from (part for field in outer.fields if field.encode_name == name for part in _parts(field.type))
        case inspect.ListType():
            yield from _parts(outer.item_type)
        case inspect.TupleType():
            yield from (part for item in outer.item_types for part in _parts(item))


def _parts(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)
