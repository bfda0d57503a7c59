from typing import Any

import pytest

from simulator.catalogue import derived_id
from simulator.gateway import query_requests
from support.gateway import Client

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"
PAIR_ID = derived_id("tradable_product", PAIR)
ETH = "ETH Crypto/USD*COINBASE/DIRECT"


def limit(name: str, value: Any, whose: Any = "All", scope: Any = "All") -> dict[str, Any]:
    """Return a limit as a request says it."""
    return {"set": whose, "scope": scope, "name": name, "value": value}


def reason(client: Client, order_id: str) -> str | None:
    """Return why an order was rejected."""
    ((found),) = client.ask("GetRejectReason", order_ids=[order_id])
    return None if found["reason"] is None else str(found["reason"])


def test_a_limit_rejects_an_order(client: Client) -> None:
    """An order beyond a limit is rejected with the limit's name and value and what the order would make of it."""
    assert client.ask("SetLimits", limits=[limit("MaxOpenQty", "1.5")]) is None
    first, second = client.order("Buy", "1", "1"), client.order("Sell", "2", "1")
    assert reason(client, first) is None
    assert reason(client, second) == (
        "LimitExceeded: MaxOpenQty is 1.5 for all accounts, all products; this order would make it 2"
    )


def test_limits_are_shown_as_they_would_be_set(client: Client) -> None:
    """Limits are told by pair of set and scope, with names resolved, in the order in which they were set."""
    client.ask(
        "SetLimits",
        limits=[
            limit("MaxOrderQty", "5.50", "alice", PAIR),
            limit("MaxPosition", 0, {"Account": "ALICE"}, {"TradableProduct": PAIR_ID}),
            limit("MaxOpenOrders", "3"),
        ],
    )
    alices = {"set": {"Account": "ALICE"}, "scope": {"TradableProduct": PAIR_ID}}
    assert client.ask(
        "GetLimits", limits=[["ALICE", PAIR], ["All", PAIR], ["bob", "All"], ["All", "All"], ["alice", PAIR_ID]]
    ) == [
        {**alices, "name": "MaxOrderQty", "value": "5.5"},
        {**alices, "name": "MaxPosition", "value": "0"},
        limit("MaxOpenOrders", "3"),
    ]
    asked = ["MaxOrderQty", "MaxOpenOrders", "MaxOpenOrders"]
    assert client.ask("GetGlobalLimits", limits=asked) == [limit("MaxOpenOrders", "3")]


def test_a_limit_is_replaced_and_lifted(client: Client) -> None:
    """A limit of the same set, scope and name replaces the one before; null lifts it, and lifting none is no harm."""
    client.ask("SetLimits", limits=[limit("MaxOrderQty", "1"), limit("MaxOrderQty", "2")])
    assert client.ask("GetGlobalLimits", limits=["MaxOrderQty"]) == [limit("MaxOrderQty", "2")]
    client.ask("SetLimits", limits=[limit("MaxOrderQty", None), limit("MaxOpenQty", None)])
    assert client.ask("GetGlobalLimits", limits=["MaxOrderQty", "MaxOpenQty"]) == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (limit("MaxOpenQty", "-1"), "$.limits[1].value"),
        (limit("MaxOpenQty", "1e30"), "$.limits[1].value"),
        (limit("MaxOpenQty", True), "$.limits[1].value"),
        (limit("MaxQty", "1"), "$.limits[1].name"),
        (limit("MaxOpenQty", "1", "nobody"), "$.limits[1].set"),
        (limit("MaxOpenQty", "1", "All", "nowhere"), "$.limits[1].scope"),
        ({"set": "All", "scope": "All", "name": "MaxOpenQty"}, "$.limits[1].value"),
    ],
)
def test_all_limits_or_none(client: Client, wrong: dict[str, Any], where: str) -> None:
    """Where one limit of an array is wrong, it is named and none of them is set or lifted."""
    client.ask("SetLimits", limits=[limit("MaxOrderQty", "1")])
    why = client.refused("SetLimits", limits=[limit("MaxOrderQty", None), wrong, limit("MaxPosition", "1")])
    assert why.startswith(f"`{where}`")
    names = ["MaxOrderQty", "MaxOpenQty", "MaxPosition"]
    assert client.ask("GetGlobalLimits", limits=names) == [limit("MaxOrderQty", "1")]


def test_the_strictest_limit_decides(client: Client) -> None:
    """Of several limits of one name that apply, the lowest is the reason."""
    client.ask("SetLimits", limits=[limit("MaxOrderQty", "3"), limit("MaxOrderQty", "2", "DEFAULT", "COINBASE")])
    assert reason(client, client.order("Buy", "1", "4")) == (
        f"LimitExceeded: MaxOrderQty is 2 for DEFAULT, Venue {derived_id('venue', 'COINBASE')}; "
        "this order would make it 4"
    )
    assert reason(client, client.order("Buy", "1", "2.5", account="ALICE")) is None


@pytest.mark.parametrize("scope", ["All", "KRAKEN", {"Product": "ETH Crypto"}, {"TradableProduct": PAIR}])
def test_a_halt_and_its_end(client: Client, scope: Any) -> None:
    """A halt is listed, rejects orders within its scope, leaves cancels alone, and ends when it is resumed."""
    ids = [client.order("Buy", "1", "1", target=target) for target in (PAIR, ETH)]
    covered = {"All": [True, True], "KRAKEN": [False, False]}.get(str(scope)) or [
        "TradableProduct" in scope,
        "Product" in scope,
    ]
    assert client.ask("Halt", halt=scope) is None
    (listed,) = client.ask("GetHalts")
    rejected = [reason(client, client.order("Buy", "1", "1", target=target)) for target in (PAIR, ETH)]
    assert rejected == [
        f"Halted: {target} is halted" if is_halted else None
        for target, is_halted in zip((PAIR, ETH), covered, strict=True)
    ]
    assert [client.ask("CancelOrder", order_id=order_id) for order_id in ids] == [None, None]
    assert client.ask("Resume", resume=listed) is None
    assert client.ask("GetHalts") == []
    assert reason(client, client.order("Buy", "1", "1")) is None


def test_halting_twice_is_one_halt(client: Client) -> None:
    """A halt in force is not in force twice; halts are listed in the order in which they began."""
    for halt in ("KRAKEN", "All", {"Venue": "KRAKEN"}):
        client.ask("Halt", halt=halt)
    assert client.ask("GetHalts") == [{"Venue": derived_id("venue", "KRAKEN")}, "All"]


def test_only_a_halt_in_force_can_end(client: Client) -> None:
    """A halt ends by its own scope, not by a narrower one within it."""
    client.ask("Halt", halt="All")
    why = client.refused("Resume", resume={"Venue": "KRAKEN"})
    assert why.startswith("`$.resume`: there is no halt of ")
    assert client.ask("GetHalts") == ["All"]


@pytest.mark.parametrize(("kind", "field"), [("Halt", "halt"), ("Resume", "resume")])
def test_a_halt_of_nothing(client: Client, kind: str, field: str) -> None:
    """A halt of what does not exist is refused, with what may stand there."""
    why = client.refused(kind, **{field: "nowhere"})
    assert why.startswith(f'`$.{field}`: expected "All", {{"TradableProduct": id}}')
    assert client.ask("GetHalts") == []


def test_as_many_limits_as_there_may_be(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """More limits than may be in force are refused, all of a request; those that replace or lift others are not."""
    monkeypatch.setattr(query_requests, "_MOST_LIMITS", 2)
    client.ask("SetLimits", limits=[limit("MaxOrderQty", "1"), limit("MaxOpenQty", "1")])
    why = "`$.limits`: expected at most 2 limits in force, these included"
    assert client.refused("SetLimits", limits=[limit("MaxOrderQty", "3"), limit("MaxPosition", "1")]) == why
    client.ask("SetLimits", limits=[limit("MaxOrderQty", "2"), limit("MaxOpenQty", None), limit("MaxPosition", "1")])
    assert client.ask("GetLimits", limits=[["All", "All"]]) == [limit("MaxOrderQty", "2"), limit("MaxPosition", "1")]
