"""The one decoder and the one encoder of the gateway's messages: the only place that knows JSON."""

from typing import Union, final

import msgspec

from simulator.decimals import AmountCache, parse_amount
from simulator.did_you_mean import nearest
from simulator.quoting import cut
from simulator.wire.decode_errors import explained
from simulator.wire.requests import REQUEST_TYPES, NetidxRequest, Request

__all__ = [
    "NO_ID",
    "REQUEST_TYPES",
    "BadRequest",
    "amount_of",
    "amounts",
    "decode",
    "decode_netidx",
    "encode",
    "err",
    "ok",
    "ok_list",
    "unknown_fields",
]

NO_ID = b"null"
"""The id of an answer to something that had none."""

_LONGEST_ID = 64
_NOT_UNICODE = "not a JSON request: not valid UTF-8"


@final
class BadRequest(msgspec.Struct, frozen=True):
    """A message that is no request: what to answer it with, under the id it had if it had one."""

    id: bytes
    text: str


class _Envelope(msgspec.Struct):
    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    type: msgspec.Raw = msgspec.Raw(b"null")


_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Union[tuple(REQUEST_TYPES.values())])  # noqa: UP007 - made of a tuple
_decode_request = _requests.decode
_envelopes = msgspec.json.Decoder(_Envelope)
_texts = msgspec.json.Decoder(str)
_objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
_netidx = msgspec.json.Decoder(NetidxRequest)
_encoder = msgspec.json.Encoder()

encode = _encoder.encode
"""Encode a reply's struct, or plain data, as JSON bytes."""


def decode(text: str | bytes) -> Request | BadRequest:
    """Decode one message into a typed request, or into the reason why it is none."""
    if not text.isascii() and not _is_unicode(text):
        return BadRequest(NO_ID, _NOT_UNICODE)
    try:
        request = _decode_request(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return _bad_request(text, error)
    number = bytes(request.id)
    if not (number.isdigit() and len(number) <= _LONGEST_ID) and not _is_id(number):
        return BadRequest(NO_ID, _bad_id(number))
    return request


def decode_netidx(text: str | bytes) -> NetidxRequest | BadRequest:
    """Decode one message of the publish/subscribe connection."""
    if not text.isascii() and not _is_unicode(text):
        return BadRequest(NO_ID, _NOT_UNICODE)
    try:
        return _netidx.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return BadRequest(NO_ID, explained(str(error)))


def ok(number: bytes, body: bytes) -> bytes:
    """Return the message that answers request ``number`` with a JSON body."""
    return b'{"id":%b,"response":{"Ok":%b}}' % (number, body)


def ok_list(number: bytes, parts: list[bytes]) -> bytes:
    """Return the message that answers request ``number`` with a list, whose JSON comes in parts, without brackets."""
    pieces = [b'{"id":%b,"response":{"Ok":[' % number]
    for part in parts:
        pieces += (part, b",")
    if parts:
        pieces.pop()
    return b"".join([*pieces, b"]}}"])


def err(number: bytes, text: str) -> bytes:
    """Return the message that refuses request ``number``."""
    return b'{"id":%b,"response":{"Err":%b}}' % (number, encode(text))


def amount_of(raw: msgspec.Raw) -> int | None:
    """Return a decimal's JSON, a string or a number, in billionths; None if it is neither or out of bounds."""
    return amounts[bytes(raw)]


def _parse(text: bytes) -> int | None:
    if text[:1] != b'"':
        return parse_amount(text.decode())
    if b"\\" in text:  # a digit may be written as an escape
        return parse_amount(_texts.decode(text))
    return parse_amount(text[1:-1].decode())


amounts = AmountCache(_parse)
"""Decimals in billionths by their JSON, as `amount_of` returns them: for where orders pass."""


def _is_unicode(text: str | bytes) -> bool:
    """Tell whether a message can be UTF-8; the decoder does not look into what it skips."""
    try:
        text.decode() if isinstance(text, bytes) else text.encode()
    except UnicodeError:
        return False
    return True


def unknown_fields(text: str | bytes, request: Request) -> str | None:
    """Say which fields of a message its request does not have, with the nearest ones that it has; None if none."""
    known = (*type(request).__struct_encode_fields__, "type")
    unknown = [cut(name) for name in _objects.decode(text) if name not in known]
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
        return BadRequest(NO_ID, explained(str(worse)))
    if isinstance(envelope.id, msgspec.UnsetType):
        return BadRequest(NO_ID, "`$.id` is missing: expected a number")
    number = bytes(envelope.id)
    if not _is_id(number):
        return BadRequest(NO_ID, _bad_id(number))
    return BadRequest(number, explained(str(error), text, envelope.type))
