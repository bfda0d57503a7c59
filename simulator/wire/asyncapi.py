"""The AsyncAPI document of the gateway's API, made of the types that requests and replies are read and written by."""

from typing import Any, get_args

import msgspec
from msgspec import Raw

from simulator import __version__
from simulator.wire import replies, requests

__all__ = ["asyncapi"]

_REFS = "#/components/schemas/{name}"

_GIVES: dict[type, Any] = {
    requests.SearchSymbol: dict[str, list[tuple[str, str]]],
    requests.QueryTradableProductIndex: list[str],
    requests.GetRouteDetails: list[replies.Named],
    requests.GetVenueDetails: list[replies.Named],
    requests.GetProductDetails: list[replies.ProductDetails],
    requests.GetTradableProductDetails: list[replies.TradableProductDetails],
    requests.GetCanonicalTradableProduct: list[tuple[str, str]],
    requests.SendLimitOrder: str,
    requests.CancelOrder: None,
    requests.ListOpen: list[str],
    requests.GetOrderState: list[replies.OrderStateView],
    requests.SubscribeOrderState: list[replies.OrderStateView],
    requests.GetRejectReason: list[replies.RejectReasonView],
    requests.GetOrderDetails: list[replies.OrderDetails],
    requests.ListFills: list[str],
    requests.GetFillDetails: list[replies.FillDetails],
    requests.SetLimits: None,
    requests.GetLimits: list[replies.LimitView],
    requests.GetGlobalLimits: list[replies.LimitView],
    requests.SubscribeBook: replies.BookView,
    requests.SubscribeTrades: replies.TradeView,
    requests.SubscribeCandles: replies.CandleView,
    requests.SubscribeConsolidatedBook: replies.BookView,
    requests.Unsubscribe: None,
    requests.GetHistoricalCandles: list[replies.CandleView],
    requests.GetHalts: list[str | dict[str, str]],
    requests.Halt: None,
    requests.Resume: None,
    requests.SubscribeAlerts: Any,
    requests.SubscribeRfqs: list[replies.RfqQuote],
    requests.SendRfqs: list[replies.RfqQuote],
}
"""What the Ok of each request's reply, and of its updates, holds; what is missing here holds what a scenario says."""

_DECIMALS = {"price", "quantity", "value", "precision"}
_SUBSCRIPTIONS = frozenset(get_args(requests.Subscribe))


def asyncapi() -> dict[str, Any]:
    """Return the document, of AsyncAPI 3.0, seen from the exchange: it receives requests and replies to them."""
    kinds = list(requests.REQUEST_TYPES.values())
    gives = [_GIVES.get(kind, Any) for kind in kinds]
    described = [_with_plain_defaults(kind) for kind in kinds]
    schemas, components = msgspec.json.schema_components([*described, *gives], ref_template=_REFS)
    for kind in [*kinds, requests.RequestedLimit, requests.RfqQuery]:
        _complete(components[kind.__name__], kind)
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for kind, taken, given in zip(kinds, schemas[: len(kinds)], schemas[len(kinds) :], strict=True):
        name, text = kind.__name__, (kind.__doc__ or "").strip()
        messages[name] = {"name": name, "summary": text, "contentType": "application/json", "payload": taken}
        messages[f"{name}Reply"] = {
            "name": f"{name}Reply",
            "summary": f"The reply to {name}" + (", and each update." if kind in _SUBSCRIPTIONS else "."),
            "contentType": "application/json",
            "payload": _reply(given),
        }
        operations[name] = {
            "action": "receive",
            "summary": text,
            "channel": {"$ref": "#/channels/gateway"},
            "messages": [{"$ref": f"#/channels/gateway/messages/{name}"}],
            "reply": {
                "channel": {"$ref": "#/channels/gateway"},
                "messages": [{"$ref": f"#/channels/gateway/messages/{name}Reply"}],
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "The trading gateway's WebSocket API, as exchange-simulator answers it",
            "version": __version__,
            "description": "Each message is one JSON object. A reply has its request's id; so has each update of a "
            "subscription. Times are RFC 3339 in UTC; ids of orders are decimal strings.",
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:6001", "protocol": "ws", "description": "exchange-simulator serve"}},
        "channels": {
            "gateway": {
                "address": "/",
                "servers": [{"$ref": "#/servers/local"}],
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": operations,
        "components": {"messages": messages, "schemas": components},
    }


def _with_plain_defaults(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return a request's type, or one like it where a field is some JSON by default, which no schema is made of."""
    fields = msgspec.structs.fields(kind)
    if not any(isinstance(field.default, Raw) for field in fields):
        return kind
    like = [
        (field.name, Any, None)
        if isinstance(field.default, Raw)
        else (field.name, field.type, field.default)
        if not field.required
        else (field.name, field.type)
        for field in fields
    ]
    return msgspec.defstruct(kind.__name__, like, tag=True, tag_field="type", namespace={"__doc__": kind.__doc__})


def _complete(schema: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Say of the fields that are kept as the JSON they came in what that JSON is."""
    properties = schema["properties"]
    for field in msgspec.structs.fields(kind):
        if field.encode_name == "id":
            properties["id"] = {"type": "number", "description": "Any number of your own: the reply has it too."}
        elif field.encode_name in _DECIMALS:
            decimal = {"type": ["string", "number"], "description": "A decimal, in any notation."}
            if not field.required or field.encode_name == "value":
                decimal["type"] = ["string", "number", "null"]
            properties[field.encode_name] = decimal


def _reply(given: dict[str, Any]) -> dict[str, Any]:
    identified = {"type": ["number", "null"], "description": "The request's; null if it could not be read."}
    return {
        "type": "object",
        "required": ["id", "response"],
        "properties": {
            "id": identified,
            "response": {
                "oneOf": [
                    {"type": "object", "required": ["Ok"], "properties": {"Ok": given}, "additionalProperties": False},
                    {
                        "type": "object",
                        "required": ["Err"],
                        "properties": {"Err": {"type": "string", "description": "Why it is refused."}},
                        "additionalProperties": False,
                    },
                ]
            },
        },
    }
