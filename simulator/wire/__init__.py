"""The gateway's messages: typed requests and replies, and the codec between them and JSON."""

from simulator.wire import replies, requests
from simulator.wire.codec import (
    NO_ID,
    REQUEST_TYPES,
    BadRequest,
    amount_of,
    amounts,
    decode,
    decode_netidx,
    encode,
    err,
    ok,
    ok_list,
    unknown_fields,
)

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
    "replies",
    "requests",
    "unknown_fields",
]
