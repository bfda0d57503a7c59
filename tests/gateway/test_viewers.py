"""Connections that are bound to an account: they act for it alone, and see its orders alone."""

import pytest

from support.gateway import Client, World


@pytest.fixture
def alice(world: World) -> Client:
    """A connection bound to ALICE, whose order 1 has bought 0.5 of 1 from BOB's order 2, with BOB's order 3 open."""
    everybody = world.connect()
    everybody.order("Buy", "100", "1", account="ALICE")
    everybody.order("Sell", "100", "0.5", account="BOB")
    everybody.order("Sell", "101", "1", account="BOB")
    return world.connect("/?account=alice")


def test_its_own_orders(alice: Client) -> None:
    """A bound connection finds its account's orders; others are as if they were not."""
    assert alice.ask("ListOpen", scope="All", set="All") == ["1"]
    for kind in ("GetOrderState", "GetOrderDetails", "GetRejectReason"):
        assert [order["order_id"] for order in alice.ask(kind, order_ids=["3", "2", "1"])] == ["1"]


def test_its_own_fills(world: World, alice: Client) -> None:
    """A bound connection finds its account's side of a trade only, even by the other's id."""
    everything = world.connect().ask("ListFills", scope="All", set="All")
    own = alice.ask("ListFills", scope="All", set="All")
    assert own == everything[1:]
    found = alice.ask("GetFillDetails", fill_ids=everything)
    assert [(fill["fill_id"], fill["account"]) for fill in found] == [(own[0], "ALICE")]


@pytest.mark.parametrize("whose", ["BOB", "NOBODY"])
def test_whether_there_is_another_account_is_not_told(alice: Client, whose: str) -> None:
    """A bound connection that names another account is told the same whether there is one or not."""
    expected = f'expected "All", {{"Account": name}} or the name of an account (ALICE), got {whose!r}'
    for kind in ("ListOpen", "ListFills"):
        assert alice.refused(kind, scope="All", set={"Account": whose}) == f"`$.set`: {expected}"
    assert alice.refused("GetLimits", limits=[[whose, "All"]]) == f"`$.limits[0][0]`: {expected}"
    terms = {"dir": "Buy", "price": "1", "quantity": "1", "target": "BTC Crypto/USD*COINBASE/DIRECT"}
    assert alice.refused("SendLimitOrder", account=whose, **terms) == (
        f"`$.account`: this connection is bound to the account 'ALICE', not {whose!r}"
    )


def test_it_halts_no_market(world: World, alice: Client) -> None:
    """A bound connection cannot stop trading for everybody, nor let it go on."""
    bound = "this connection is bound to the account 'ALICE'"
    assert alice.refused("Halt", halt="All") == f"`$.halt`: {bound}, and halts no market"
    world.connect().ask("Halt", halt="All")
    assert alice.refused("Resume", resume="All") == f"`$.resume`: {bound}, and resumes no market"
    assert alice.ask("GetHalts") == ["All"]


def test_what_all_accounts_have_open_is_not_told(world: World, alice: Client) -> None:
    """A bound connection's reject names a limit of all accounts, and not what they have come to together."""
    everybody = world.connect()
    limit = {"set": "All", "scope": "All", "name": "MaxOpenQty", "value": "2"}
    everybody.ask("SetLimits", limits=[limit])
    order = alice.order("Buy", "1", "1", account="ALICE")
    (told,), (known,) = (who.ask("GetRejectReason", order_ids=[order]) for who in (alice, everybody))
    assert told["reason"] == "LimitExceeded: MaxOpenQty is 2 for all accounts, all products"
    assert known["reason"] == f"{told['reason']}; this order would make it 2.5"


def test_its_own_updates(world: World, alice: Client) -> None:
    """A bound connection's subscription tells its account's open orders and changes and no others."""
    first = alice.request("SubscribeOrderState")
    mine = {"order_id": "1", "state": ["Open", "Acked"], "filled_qty": "0.5", "avg_fill_price": "100.00"}
    assert first == [{"id": 1, "response": {"Ok": [mine]}}]
    world.connect().order("Sell", "100", "0.1", account="BOB")
    world.connect().order("Buy", "1", "1")
    assert alice.news() == [{"id": 1, "response": {"Ok": [{**mine, "filled_qty": "0.6"}]}}]


@pytest.mark.parametrize("order_id", ["3", 3])
def test_it_cannot_cancel_anothers_order(world: World, alice: Client, order_id: str | int) -> None:
    """A bound connection's cancel of another's order is refused as if there were none, and the order stays."""
    assert alice.refused("CancelOrder", order_id=order_id) == "there is no order '3'"
    assert world.connect().ask("ListOpen", scope="All", set="BOB") == ["3"]


def test_it_cancels_its_own_order(alice: Client) -> None:
    """A bound connection cancels its account's order, whichever connection sent it."""
    assert alice.ask("CancelOrder", order_id="1") is None


def test_it_orders_for_its_own_account_only(alice: Client) -> None:
    """A bound connection sends orders for its account in any case, and for no other."""
    terms = {"dir": "Buy", "price": "1", "quantity": "1", "target": "BTC Crypto/USD*COINBASE/DIRECT"}
    assert alice.refused("SendLimitOrder", account="default", **terms) == (
        "`$.account`: this connection is bound to the account 'ALICE', not 'default'"
    )
    assert alice.ask("SendLimitOrder", account="Alice", **terms) == "4"


def test_it_limits_itself_only(alice: Client) -> None:
    """A bound connection sets its own account's limits, and neither another's nor everybody's."""
    limit = {"scope": "All", "name": "MaxOrderQty", "value": "1"}
    assert alice.refused("SetLimits", limits=[{"set": "All", **limit}]) == (
        "`$.limits[0].set`: this connection is bound to the account 'ALICE'"
    )
    assert "the name of an account (ALICE), got 'BOB'" in alice.refused("SetLimits", limits=[{"set": "BOB", **limit}])
    assert alice.ask("SetLimits", limits=[{"set": "alice", **limit}]) is None
    assert alice.ask("GetLimits", limits=[["ALICE", "All"]]) == [{"set": {"Account": "ALICE"}, **limit}]


def test_it_sees_its_own_limits_and_everybodys(world: World, alice: Client) -> None:
    """A bound connection is told the limits that apply to it, not another account's."""
    limits = [
        {"set": whose, "scope": "All", "name": "MaxOrderQty", "value": "1"}
        for whose in ("All", {"Account": "ALICE"}, {"Account": "BOB"})
    ]
    world.connect().ask("SetLimits", limits=limits)
    assert alice.ask("GetLimits", limits=[["ALICE", "All"], ["All", "All"]]) == [limits[1], limits[0]]


@pytest.mark.parametrize("target", ["/?account=nobody", "/architect?account=", "/netidx?account=x", "/?account"])
def test_a_connection_to_no_account(world: World, target: str) -> None:
    """A connection that asks for an account that does not exist is none."""
    with pytest.raises(Exception, match=r"^there is no account "):
        world.sim.connect(target)


@pytest.mark.parametrize("path", ["", "/x", "/architect/", "/Architect", "//"])
def test_a_connection_to_nowhere(world: World, path: str) -> None:
    """A connection elsewhere than the three paths is none, and says what they are."""
    with pytest.raises(Exception, match=r"connect to one of /architect, /, /netidx$"):
        world.sim.connect(path)
