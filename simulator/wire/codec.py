"""The one decoder and the one encoder of the gateway's messages: the only place that knows JSON."""

import re
from typing import Any, Union

import msgspec

from simulator.decimals import LONGEST_CACHED, parse_amount
from simulator.errors import nearest
from simulator.terms import Dir, LimitName
from simulator.wire.requests import NetidxRequest, Request

__all__ = [
    "NO_ID",
    "REQUEST_TYPES",
    "BadRequest",
    "amount_of",
    "decode",
    "decode_netidx",
    "encode",
    "err",
    "ok",
    "unknown_fields",
]

NO_ID = b"null"
"""The id of an answer to something that had none."""

_LONGEST_ID = 64
_LONGEST_QUOTE = 80
_NOT_UNICODE = "not a JSON request: not valid UTF-8"


class BadRequest(msgspec.Struct, frozen=True):
    """A message that is no request: what to answer it with, under the id it had if it had one."""

    id: bytes
    text: str


class _Envelope(msgspec.Struct):
    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    type: msgspec.Raw = msgspec.Raw(b"null")


def _concrete(kind: type[Request]) -> list[type[Request]]:
    subclasses = kind.__subclasses__()
    return [leaf for sub in subclasses for leaf in _concrete(sub)] if subclasses else [kind]


REQUEST_TYPES: dict[str, type[Request]] = {kind.__name__: kind for kind in _concrete(Request)}
"""Every request type by its name on the wire."""

_requests: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[tuple(REQUEST_TYPES.values())])  # noqa: UP007 - made of a tuple
_envelopes = msgspec.json.Decoder(_Envelope)
_texts = msgspec.json.Decoder(str)
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_netidx = msgspec.json.Decoder(NetidxRequest)
_encoder = msgspec.json.Encoder()

encode = _encoder.encode
"""Encode a reply's struct, or plain data, as JSON bytes."""


def decode(text: str | bytes) -> Request | BadRequest:
    """Decode one message into a typed request, or into the reason why it is none."""
    if not _is_unicode(text):
        return BadRequest(NO_ID, _NOT_UNICODE)
    try:
        request: Request = _requests.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return _bad_request(text, error)
    number = bytes(request.id)
    if not _is_id(number):
        return BadRequest(NO_ID, _bad_id(number))
    return request


def decode_netidx(text: str | bytes) -> NetidxRequest | BadRequest:
    """Decode one message of the publish/subscribe connection."""
    if not _is_unicode(text):
        return BadRequest(NO_ID, _NOT_UNICODE)
    try:
        return _netidx.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return BadRequest(NO_ID, _explain(str(error), None))


def ok(number: bytes, body: bytes) -> bytes:
    """Return the message that answers request ``number`` with a JSON body."""
    return b'{"id":%b,"response":{"Ok":%b}}' % (number, body)


def err(number: bytes, text: str) -> bytes:
    """Return the message that refuses request ``number``."""
    return b'{"id":%b,"response":{"Err":%b}}' % (number, encode(text))


_amounts: dict[bytes, int] = {}
_MOST_AMOUNTS = 1 << 16


def amount_of(raw: msgspec.Raw) -> int | None:
    """Return a decimal's JSON, a string or a number, in billionths; None if it is neither or out of bounds."""
    text = bytes(raw)
    amount = _amounts.get(text)
    if amount is None:
        amount = _parse(text)
        if amount is not None and len(text) <= LONGEST_CACHED:
            if len(_amounts) >= _MOST_AMOUNTS:
                _amounts.clear()
            _amounts[text] = amount
    return amount


def _parse(text: bytes) -> int | None:
    if text[:1] != b'"':
        return parse_amount(text.decode())
    if b"\\" in text:  # a digit may be written as an escape
        return parse_amount(_texts.decode(text))
    return parse_amount(text[1:-1].decode())


def _is_unicode(text: str | bytes) -> bool:
    """Tell whether a message can be UTF-8; the decoder does not look into what it skips."""
    if text.isascii():
        return True
    try:
        text.decode() if isinstance(text, bytes) else text.encode()
    except UnicodeError:
        return False
    return True


def unknown_fields(text: str | bytes, request: Request) -> str | None:
    """Say which fields of a message its request does not have, with the nearest ones that it has; None if none."""
    known = (*type(request).__struct_encode_fields__, "type")
    unknown = [name[:_LONGEST_QUOTE] for name in _objects.decode(text) if name not in known]
    if not unknown:
        return None
    said = ", ".join(f"`$.{name}` is unknown{nearest(name, known)}" for name in unknown[:10])
    return f"{said}; a {type(request).__name__} has {', '.join(known)}"


def _is_id(number: bytes) -> bool:
    return number[:1] in b"-0123456789" and 0 < len(number) <= _LONGEST_ID


def _bad_id(number: bytes) -> str:
    if len(number) > _LONGEST_ID:
        return f"`$.id`: expected a number of at most {_LONGEST_ID} characters, got {len(number)}"
    return f"`$.id`: expected a number, got {number.decode(errors='replace')}"


def _bad_request(text: str | bytes, error: Exception) -> BadRequest:
    try:
        envelope = _envelopes.decode(text)
    except (msgspec.DecodeError, RecursionError) as worse:
        return BadRequest(NO_ID, _explain(str(worse), None))
    if isinstance(envelope.id, msgspec.UnsetType):
        return BadRequest(NO_ID, "`$.id` is missing: expected a number")
    number = bytes(envelope.id)
    if not _is_id(number):
        return BadRequest(NO_ID, _bad_id(number))
    return BadRequest(number, _explain(str(error), envelope.type))


_PLACE = re.compile(r"(?s)(.*?)(?: - at `(\$[^`]*)`)?")
_EXPECTED = re.compile(r"Expected `([^`]*)`( of length \d+)?(?:, got `([^`]*)`)?")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_ENUM = re.compile(r"(?s)Invalid enum value (.*)")


def _explain(error: str, raw: msgspec.Raw | None) -> str:
    """Return what the decoder says of a message of a raw type in words of our own, where it says something known."""
    match = _PLACE.fullmatch(error)
    what, where = match.groups() if match else (error, None)
    where = where or "$"
    if where == "$.type" and raw is not None:
        return _explain_type(raw)
    if missing := _MISSING.fullmatch(what):
        return f"`{where}.{missing[1]}` is missing{_wanted(raw) if where == '$' else ''}"
    if expected := _EXPECTED.fullmatch(what):
        came = f", got {expected[3]}" if expected[3] else ""
        return f"`{where}`: expected {expected[1]}{expected[2] or ''}{came}"
    if enum := _ENUM.fullmatch(what):
        return f"`{where}`: expected {_choices(where)}, got {enum[1][:_LONGEST_QUOTE]}"
    if where != "$":
        return f"`{where}`: {what[:_LONGEST_QUOTE]}"
    return f"not a JSON request: {what[:_LONGEST_QUOTE]}"


def _explain_type(raw: msgspec.Raw) -> str:
    text = bytes(raw)
    if text[:1] != b'"':
        return f"`$.type`: expected the name of a request, got {_cut(text.decode())}"
    kind = _texts.decode(raw)
    if kind in REQUEST_TYPES:
        return "`$.type`: expected once, got twice"
    return f"unknown request type {_short(kind)}{nearest(kind[:_LONGEST_QUOTE], REQUEST_TYPES)}"


def _wanted(raw: msgspec.Raw | None) -> str:
    """Return what the fields of a request of a raw type are, or that the type itself is wanted."""
    known = REQUEST_TYPES.get(_texts.decode(raw)) if raw is not None and bytes(raw)[:1] == b'"' else None
    if known is None:
        return ": expected the name of a request"
    return f": a {known.__name__} has {', '.join(name for name in known.__struct_fields__ if name != 'id')}"


def _choices(where: str) -> str:
    kind = Dir if where.endswith(".dir") else LimitName
    return "one of " + ", ".join(str(member.value) for member in kind)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def _short(text: str) -> str:
    return repr(_cut(text))
