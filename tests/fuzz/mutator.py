"""Messages from nearly right to noise; a seed makes the same ones again."""

import json
import random
from collections.abc import Callable
from typing import Any

ORDER = {
    "type": "SendLimitOrder",
    "account": "account1",
    "dir": "buy",
    "price": "100.0",
    "quantity": "1",
    "target": "tp1",
    "params": None,
    "quote_id": None,
}
VALID: tuple[dict[str, Any], ...] = (
    ORDER,
    ORDER | {"dir": "Sell"},
    {"type": "CancelOrder", "order_id": "1"},
    {"type": "SearchSymbol", "limit": 10, "pat": "prod*", "scope": "All"},
    {"type": "QueryTradableProductIndex", "query": {"type": "Base", "value": "product1"}},
    {"type": "QueryTradableProductIndex", "query": 'Base("product1") && !(Venue("venue1") || All)'},
    {"type": "GetRouteDetails", "route": ["route1"]},
    {"type": "GetTradableProductDetails", "tradable_product": ["tp1"]},
    {"type": "GetCanonicalTradableProduct", "product": ["product1"]},
    {"type": "ListOpen", "scope": {"TradableProduct": "tp1"}, "set": {"Account": "account1"}},
    {"type": "GetOrderState", "order_ids": ["1", 2]},
    {"type": "GetOrderDetails", "order_ids": ["1"]},
    {"type": "GetFillDetails", "fill_ids": ["fill1"]},
    {"type": "ListFills", "scope": "All", "set": "All"},
    {"type": "SubscribeOrderState"},
    {"type": "SubscribeBook", "tradable_product": "tp1", "width": 1},
    {"type": "SubscribeTrades", "tradable_product": "tp1"},
    {"type": "SubscribeCandles", "tradable_product": "tp1", "width": "1s"},
    {"type": "SubscribeConsolidatedBook", "tradable_products": ["tp1", "tp2"], "precision": "0.1"},
    {"type": "Unsubscribe"},
    {"type": "SetLimits", "limits": [{"set": "All", "scope": "All", "name": "MaxOrderQty", "value": "1"}]},
    {"type": "GetLimits", "limits": [["All", "All"]]},
    {"type": "GetGlobalLimits", "limits": ["MaxOrderQty"]},
    {"type": "Halt", "halt": "tp1"},
    {"type": "Resume", "resume": "tp1"},
    {"type": "SendRfqs", "query": {"base": "product1", "quote": "USD", "quantity": "1", "venues": None}},
    {
        "type": "GetHistoricalCandles",
        "tradable_product": "tp1",
        "start": "2023-12-31T23:59:00Z",
        "end": "2024-01-01",
        "width": "1m",
    },
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1 << 63,
    10**40,
    1e308,
    "",
    "1e1000000",
    "0.000000000000000000001",
    "9" * 400,
    "-0",
    "NaN",
    "\x00",
    "ü€🧀",
    "\ud800",
    [],
    {},
    [[]],
    {"type": "All"},
    ["a"] * 50,
    "tp2",
    "account1",
    "All",
)
_TEXTS = ("\\u0000", "\\ud800", "e999", "1E-9999999", "[[[[[[", '{"id":', '"', "}", ",", "\x00", "\x7f", "é", "//", " ")
_DEEP = 60


class Mutator:
    """Makes messages.

    Args:
        rng: where all is drawn from.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._ways: tuple[Callable[[], bytes], ...] = (
            self._valid,
            self._changed,
            self._changed,
            self._spoiled,
            self._spoiled,
            self._spliced,
            self._nested,
            self._noise,
        )

    def message(self) -> bytes:
        """Return a message, which need not be UTF-8."""
        return self._rng.choice(self._ways)()

    def _request(self) -> dict[str, Any]:
        return {"id": self._rng.randrange(1 << 40), **self._rng.choice(VALID)}

    def _valid(self) -> bytes:
        return _text(self._request())

    def _changed(self) -> bytes:
        """Return a request with other fields."""
        rng, request = self._rng, self._request()
        for _ in range(rng.randrange(1, 4)):
            name = rng.choice(list(request))
            draw = rng.random()
            if draw < 0.2:
                del request[name]
                if not request:
                    break
            elif draw < 0.9:
                request[name] = rng.choice(_VALUES)
            else:
                request[name] = rng.choice(list(rng.choice(VALID).values()))
        return _text(request)

    def _spoiled(self) -> bytes:
        """Return a request with other bytes."""
        rng, data = self._rng, bytearray(self._valid())
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(data) + 1)
            draw = rng.random()
            if draw < 0.3 and at < len(data):
                data[at] = rng.randrange(256)
            elif draw < 0.5:
                del data[at : at + rng.randrange(1, 8)]
            elif draw < 0.8:
                data[at:at] = rng.choice(_TEXTS).encode()
            else:
                data[at:at] = data[rng.randrange(len(data) + 1) :][:20]
        return bytes(data)

    def _spliced(self) -> bytes:
        """Return the head of one request with the tail of another."""
        first, second = self._valid(), self._valid()
        return first[: self._rng.randrange(len(first))] + second[self._rng.randrange(len(second)) :]

    def _nested(self) -> bytes:
        """Return a request with one field deep inside lists or objects."""
        rng, request = self._rng, self._request()
        value: Any = rng.choice(_VALUES)
        for _ in range(rng.randrange(_DEEP)):
            value = [value] if rng.random() < 0.5 else {rng.choice(("type", "value", "And", "Account")): value}
        request[rng.choice(list(request))] = value
        return _text(request)

    def _noise(self) -> bytes:
        return self._rng.randbytes(self._rng.randrange(60))


def _text(value: Any) -> bytes:
    """Return JSON; what JSON's own encoder writes for a lone surrogate is its escape."""
    return json.dumps(value).encode()
