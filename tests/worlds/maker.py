"""Random legal scenarios, with every verb there is, and random clients of them; a seed makes the same ones again."""

import json
import random
from collections.abc import Callable
from typing import Any

from simulator.errors import ScenarioError
from simulator.scenario import Loaded, load
from simulator.terms import LimitName

ACCOUNTS = ("ann", "bob")
BTC, ETH = "BTC Crypto/USD*NORTH/DIRECT", "ETH Crypto/USD*SOUTH/DIRECT"
PRODUCTS = (BTC, ETH)
MIDDLE = 100
CATALOGUE = {
    "accounts": list(ACCOUNTS),
    "venues": ["NORTH", "SOUTH"],
    "routes": ["DIRECT"],
    "products": [
        {"name": "BTC Crypto", "kind": "Coin", "price_in_limit_dollars": "10"},
        {"name": "ETH Crypto", "kind": "Coin", "price_in_limit_dollars": "2.5"},
        {"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"},
    ],
    "tradable_products": [
        {"base": base, "quote": "USD", "venue": venue, "route": "DIRECT", **increments}
        for base, venue, increments in (
            ("BTC Crypto", "NORTH", {"quote_increment": "0.5", "base_increment": "0.01"}),
            ("ETH Crypto", "SOUTH", {"quote_increment": "1", "base_increment": "1"}),
        )
    ],
}
_QUERIES = ("ListOpen", "GetOrderState", "GetOrderDetails", "ListFills", "GetFillDetails")
_TIMES = ("0ms", "1ms", "20ms", "300ms", "2s", "7s")
_TRIES = 3
_NONSENSE = ("", "{}", "[", '{"id":1}', '{"id":null,"type":"X"}', b"\xff\x00", "[" * 3000, "1e999999")

Step = Any
Rule = dict[str, Any]


class Maker:
    """Makes one world.

    Args:
        rng: where all is drawn from.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.chance = rng.random

    def scenario(self) -> Loaded:
        """Return a scenario that the loader takes: what it refuses is drawn anew, or left out."""
        rng = self.rng
        base: dict[str, Any] = {"catalogue": CATALOGUE, "seed": rng.randrange(1000), "clock": "manual"}
        base |= {"strict": True} if self.chance() < 0.15 else {}
        base |= self._latency() if self.chance() < 0.4 else {}
        base |= {"markets": self._markets()} if self.chance() < 0.6 else {}
        base |= {"limits": [self._limit()]} if self.chance() < 0.15 else {}
        base |= {"hello": rng.choice(("Normal", "Trial"))}
        for section, make, most in (("rules", self._rule, 4), ("timeline", self._entry, 3)):
            for _ in range(rng.randrange(most + 1)):
                self._add(base, section, make)
        return load(base)

    def _add(self, base: dict[str, Any], section: str, make: Callable[[], Rule]) -> None:
        for _ in range(_TRIES):
            more = [*base.get(section, ()), make()]
            try:
                load({**base, section: more})
            except ScenarioError:
                continue
            base[section] = more
            return

    # Sections

    def _time(self) -> str:
        return self.rng.choice(_TIMES)

    def _later(self) -> str:
        return self.rng.choice(_TIMES[1:])

    def _price(self) -> str:
        return str(MIDDLE + self.rng.randrange(-5, 6))

    def _size(self) -> str:
        return str(self.rng.randrange(1, 9))

    def _latency(self) -> Rule:
        leg = self._time if self.chance() < 0.5 else lambda: {"uniform": ["1ms", "300ms"]}
        legs: Rule = {name: leg() for name in ("entry", "reply", "update") if self.chance() < 0.6}
        legs |= {"reorder": True} if self.chance() < 0.3 else {}
        return {"latency": legs}

    def _markets(self) -> Rule:
        walking = {"mid": str(MIDDLE), "levels": 3, "walk": {"every": "300ms"}, "trades": {"per_second": "2"}}
        still = {"bids": [["97", "5"], ["96", "3"]], "asks": [["103", "4"], ["104", "9"]]}
        return {name: self.rng.choice((walking, still)) for name in PRODUCTS if self.chance() < 0.7}

    def _limit(self) -> Rule:
        return {
            "set": self.rng.choice(("All", {"Account": "ann"})),
            "scope": self.rng.choice(("All", {"TradableProduct": BTC})),
            "name": self.rng.choice(list(LimitName)).value,
            "value": str(self.rng.randrange(1, 500)),
        }

    def _rule(self) -> Rule:
        rng = self.rng
        kind = rng.choice(("SendLimitOrder",) * 5 + ("CancelOrder", "CancelOrder", "*", rng.choice(_QUERIES), "event"))
        steps = [self._step() for _ in range(rng.randrange(1, 5))]
        when: Rule = {"event": rng.choice(("connect", "subscribe", "disconnect"))} if kind == "event" else {}
        when = when or {"request": kind}
        when |= {"dir": rng.choice(("Buy", "Sell"))} if kind == "SendLimitOrder" and self.chance() < 0.3 else {}
        rule: Rule = {"when": when, "then": steps}
        rule |= {"times": rng.randrange(1, 4)} if self.chance() < 0.4 else {}
        rule |= {"after": rng.randrange(1, 4)} if self.chance() < 0.3 else {}
        rule |= {"every": 2} if self.chance() < 0.2 else {}
        rule |= {"chance": "60%"} if self.chance() < 0.2 else {}
        rule |= {"illegal": True} if self.chance() < 0.1 else {}
        return rule

    def _entry(self) -> Rule:
        entry: Rule = {"at": self._time(), "do": [self._step() for _ in range(self.rng.randrange(1, 3))]}
        return entry | ({"every": self.rng.choice(("400ms", "3s"))} if self.chance() < 0.3 else {})

    # Steps

    def _step(self) -> Step:
        pool = self.rng.choice((self._about_orders, self._about_orders, self._about_wire, self._about_market))
        return self.rng.choice(pool())

    def _told(self, **args: Any) -> Rule:
        args |= {"send": self.rng.choice(("twice", "never"))} if self.chance() < 0.3 else {}
        return args | ({"order": self.rng.choice(("this", "last", "all"))} if self.chance() < 0.3 else {})

    def _about_orders(self) -> list[Step]:
        rng = self.rng
        part = rng.choice(("rest", "50%", "10%", "2"))
        return [
            {"ack": self._told()},
            {"fill": self._told(quantity=part)},
            {"fill": self._told(quantity=part, price=self._price(), against="EVE")},
            {"fill": {"quantity": part, "send": "renamed"}},
            {"match": self._told()},
            {"cancel": self._told()},
            {"expire": self._told()},
            {"reject": self._told(code=rng.choice(("InsufficientFunds", "Other")))},
            {"stale": self._told() | {"for": self._later()}},
            "bust",
            {"correct": {"price": self._price(), "quantity": self._size()}},
            {"delay": self._time()},
            {"hold": rng.choice("ab")},
            {"release": rng.choice("ab")},
            {"reply": rng.choice(("never", "once", "twice", {"Err": "no"}, {"Ok": {"a": 1}}, {"raw": "{"}))},
        ]

    def _about_wire(self) -> list[Step]:
        rng = self.rng
        whose = {"session": "all"} if self.chance() < 0.3 else {}
        return [
            {"disconnect": {"code": rng.choice((1000, 1011, 4999)), **whose}},
            {"disconnect": "abort"},
            {"refuse": {"for": self._later()}},
            {"stall": {"what": rng.choice(("data", "pong", "all")), "for": self._later(), **whose}},
            {"slow": {"bytes_per_second": rng.choice((50, 5000)), "for": self._later(), **whose}},
            {"corrupt": {"what": rng.choice(("json", "frame", "id", "utf8")), "messages": rng.randrange(1, 4)}},
            {"view": {rng.choice(_QUERIES): {"lag": self._later()}}},
            {"view": {rng.choice(_QUERIES): {"omit": [rng.choice(("last", "all"))], "for": self._later()}}},
            {"rate_limit": {"cap": rng.randrange(1, 4)}},
            {"rate_limit": {"cap": rng.randrange(1, 4), "ban": self._later()}},
            {"restart": {"orders": rng.choice(("kept", "lost")), "for": self._time()}},
            {"alert": {"text": "careful"}},
            {"goto": "later"},
        ]

    def _about_market(self) -> list[Step]:
        rng = self.rng
        product = rng.choice(PRODUCTS)
        scope = rng.choice(("All", {"TradableProduct": product}))
        levels = [[self._price(), self._size()] for _ in range(rng.randrange(3))]
        return [
            {"book": {"product": product, rng.choice(("bids", "asks")): levels}},
            {"trade": {"product": product, "price": self._price(), "quantity": self._size(), "dir": "Sell"}},
            {"trade": {"product": product, "price": self._price(), "quantity": self._size()}},
            {"halt": scope},
            {"resume": scope},
            {"delist": product},
            {"increments": {"product": product, "quote_increment": rng.choice(("0.5", "1", "2"))}},
            {"limits": [self._limit()]},
        ]


class Talker:
    """Says what a client may say, sense and nonsense.

    Args:
        rng: where all is drawn from.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.number = 0

    def target(self) -> str:
        """Return where to connect."""
        paths = ("/", "/", "/architect", "/?account=ann", "/architect?account=BOB", "/netidx", "/nowhere")
        return self.rng.choice(paths)

    def text(self, is_netidx: bool) -> str | bytes:
        """Return a message."""
        rng = self.rng
        if is_netidx:
            return rng.choice(
                (
                    '{"type":"Subscribe","path":"/local/architect/core/clock"}',
                    '{"type":"Subscribe","path":"/a"}',
                    '{"type":"Unsubscribe","id":1}',
                    "{",
                )
            )
        if rng.random() < 0.04:
            return rng.choice(
                ("", "{}", "[", '{"id":1}', '{"id":null,"type":"X"}', b"\xff\x00", "[" * 3000, "1e999999")
            )
        self.number += 1
        kind, fields = self._request()
        return json.dumps({"id": self.number, "type": kind, **fields})

    def _request(self) -> tuple[str, dict[str, Any]]:
        rng = self.rng
        product = rng.choice(PRODUCTS)
        if rng.random() < 0.45:
            price = MIDDLE + rng.randrange(-6, 7)
            return "SendLimitOrder", {
                "account": rng.choice(ACCOUNTS),
                "dir": rng.choice(("Buy", "Sell")),
                "price": str(price) if rng.random() < 0.95 else rng.choice(("0", "0.3", "-1", "1e3", "x")),
                "quantity": str(rng.randrange(1, 10)),
                "target": product,
            }
        ids = [str(rng.randrange(1, 25)) for _ in range(3)]
        everything = {"scope": "All", "set": "All"}
        limit = {"set": "All", "scope": "All", "name": rng.choice(list(LimitName)).value}
        return rng.choice(
            (
                ("CancelOrder", {"order_id": ids[0]}),
                ("CancelOrder", {"order_id": ids[1]}),
                ("CancelOrder", {"order_id": ids[2]}),
                ("SubscribeOrderState", {}),
                ("SubscribeOrderState", {}),
                ("SubscribeBook", {"tradable_product": product, "width": rng.randrange(0, 3)}),
                ("SubscribeTrades", {"tradable_product": product}),
                ("SubscribeCandles", {"tradable_product": product, "width": "1s"}),
                ("SubscribeConsolidatedBook", {"tradable_products": list(PRODUCTS), "precision": "1"}),
                ("SubscribeAlerts", {"path": None, "seek": None}),
                ("Unsubscribe", {}),
                ("ListOpen", everything),
                ("ListFills", everything),
                ("GetOrderState", {"order_ids": ids}),
                ("GetOrderDetails", {"order_ids": ids}),
                ("GetRejectReason", {"order_ids": ids}),
                ("SetLimits", {"limits": [limit | {"value": rng.choice((None, str(rng.randrange(5, 900))))}]}),
                ("Halt", {"halt": {"TradableProduct": product}}),
                ("Resume", {"resume": {"TradableProduct": product}}),
                ("SearchSymbol", {"limit": 5, "pat": "b", "scope": "All"}),
                ("GetBalances", {}),
            )
        )
