"""The nine limits: what each counts, where it bites, what it says, and whom it concerns."""

import random
from contextlib import suppress

import pytest

from simulator.decimals import text_of_amount
from simulator.exchange import corrections
from simulator.exchange.instrument import Instrument
from simulator.exchange.limits import ALL, Limit, Limits, Scope
from simulator.exchange.orders import Order
from simulator.terms import LimitName
from support.exchange import BTC_NORTH, BTC_SOUTH, BUY, CATALOGUE, ETH_NORTH, SELL, Floor, amount

_MANY = amount(1_000_000)
EVERYTHING = {BTC_NORTH, BTC_SOUTH, ETH_NORTH}


def product(name: str) -> str:
    """Return a product's id."""
    found = CATALOGUE.product(name)
    assert found is not None
    return found.id


def scopes() -> dict[str, tuple[Scope, set[str]]]:
    """Return a scope of each kind, and which tradable products it covers."""
    south = CATALOGUE.tradable_product(BTC_SOUTH)
    assert south is not None
    return {
        "All": (ALL, EVERYTHING),
        "TradableProduct": (Scope("TradableProduct", south.id), {BTC_SOUTH}),
        "Product": (Scope("Product", product("BTC Crypto")), {BTC_NORTH, BTC_SOUTH}),
        "Venue": (Scope("Venue", south.venue.id), {BTC_SOUTH}),
        "Route": (Scope("Route", south.route.id), {BTC_SOUTH}),
    }


@pytest.fixture
def floor() -> Floor:
    """A venue on which ann is long 5 BTC, has 3 to buy and 4 to sell of it, and is short 2 ETH with 1 to buy."""
    floor = Floor()
    south, ether = floor.instrument(BTC_SOUTH), floor.instrument(ETH_NORTH)
    floor.fill(floor.submit("ann", BUY, 100, 5), 5, 100)
    floor.submit("ann", BUY, 90, 1)
    floor.submit("ann", BUY, 90, 2, south)
    floor.submit("ann", SELL, 110, 4)
    floor.fill(floor.submit("ann", SELL, 20, 2, ether), 2, 20)
    floor.submit("ann", BUY, 10, 1, ether)
    return floor


def breach(
    floor: Floor, limits: Limits, buy: bool, quantity: int, account: str = "ann", on: Instrument | None = None
) -> str | None:
    """Return what a limit says to an order of a quantity in billionths."""
    instrument = on or floor.btc
    ref = instrument.ref
    order = Order(buy, amount(1), quantity, id=99, account=account, instrument_ref=ref, quantity=quantity, time=0)
    anew = Limits()  # which sums up what the floor has now
    anew.set(limits)
    return anew.breach(floor.venue.instruments.values(), order)


def only(name: LimitName, value: int | str | None, account: str | None = "ann", scope: Scope = ALL) -> Limits:
    """Return limits of which just one is in force."""
    limits = Limits()
    limits.set([Limit(account, scope, name, None if value is None else amount(value))])
    return limits


@pytest.mark.parametrize(
    ("name", "buy", "would"),
    [
        (LimitName.MAX_ORDER_QTY, BUY, 7),
        (LimitName.MAX_ORDER_QTY, SELL, 7),
        (LimitName.MAX_OPEN_QTY, BUY, 7 + 3 + 4),
        (LimitName.MAX_OPEN_QTY, SELL, 7 + 3 + 4),
        (LimitName.MAX_OPEN_BUY_QTY, BUY, 7 + 3),
        (LimitName.MAX_OPEN_SELL_QTY, SELL, 7 + 4),
        (LimitName.MAX_POSITION, BUY, 5 + 3 + 7),
        (LimitName.MAX_POSITION, SELL, 4 + 7 - 5),
        (LimitName.MAX_ORDER_DOLLARS, BUY, 70),
        (LimitName.MAX_ORDER_DOLLARS, SELL, 70),
        (LimitName.MAX_OPEN_DOLLARS, BUY, "142.5"),  # 14 BTC at 10, 1 ETH at 2.50
        (LimitName.MAX_OPEN_DOLLARS, SELL, "142.5"),
        (LimitName.MAX_POSITION_DOLLARS, BUY, 155),  # 15 BTC at 10, 2 ETH at 2.50
        (LimitName.MAX_POSITION_DOLLARS, SELL, 65),
    ],
)
def test_limit_bites_just_above_its_value(floor: Floor, name: LimitName, buy: bool, would: int | str) -> None:
    """An order that makes just the limit passes; a billionth more is refused, with limit, value and result named."""
    limits = only(name, would)
    seven, dust = amount(7), 1
    assert breach(floor, limits, buy, seven) is None
    dollars = name.value.endswith("Dollars")
    above = text_of_amount(amount(would) + (10 if dollars else 1))
    assert breach(floor, limits, buy, seven + dust) == (
        f"{name.value} is {would} for ann, all products; this order would make it {above}"
    )


def test_open_orders_are_counted_over_all_products(floor: Floor) -> None:
    """The number of open orders counts every product within the scope and the new order itself."""
    assert breach(floor, only(LimitName.MAX_OPEN_ORDERS, 5), BUY, amount(7)) is None
    assert breach(floor, only(LimitName.MAX_OPEN_ORDERS, "4.999999999"), BUY, 1) == (
        "MaxOpenOrders is 4.999999999 for ann, all products; this order would make it 5"
    )
    assert breach(floor, only(LimitName.MAX_OPEN_ORDERS, 4), SELL, 1) == (
        "MaxOpenOrders is 4 for ann, all products; this order would make it 5"
    )


@pytest.mark.parametrize(("name", "other"), [(LimitName.MAX_OPEN_BUY_QTY, SELL), (LimitName.MAX_OPEN_SELL_QTY, BUY)])
def test_one_sides_limit_lets_the_other_side_pass(floor: Floor, name: LimitName, other: bool) -> None:
    """A limit on one side refuses its own side only, though it stands at zero."""
    assert breach(floor, only(name, 0), other, amount(1000)) is None
    assert breach(floor, only(name, 0), not other, 1) is not None


@pytest.mark.parametrize("name", [name for name in LimitName if name is not LimitName.MAX_OPEN_ORDERS])
def test_dollars_add_products_and_quantities_do_not(floor: Floor, name: LimitName) -> None:
    """What an account has in ETH counts for a limit in dollars on an order for BTC, and for no other."""
    counts_all = name in (LimitName.MAX_OPEN_DOLLARS, LimitName.MAX_POSITION_DOLLARS)

    def measure() -> str:
        said = breach(floor, only(name, 0), BUY, amount(7))
        if said is None:
            said = breach(floor, only(name, 0), SELL, amount(7))
        assert said is not None
        return said

    before = measure()
    ether = floor.instrument(ETH_NORTH)
    floor.submit("ann", BUY, 10, 100, ether)
    floor.fill(floor.submit("ann", SELL, 20, 50, ether), 50, 20)
    assert (measure() != before) is counts_all


@pytest.mark.parametrize("kind", ["All", "TradableProduct", "Product", "Venue", "Route"])
def test_scope_says_which_orders_a_limit_concerns(floor: Floor, kind: str) -> None:
    """A limit concerns orders for the products within its scope, and names the scope."""
    scope, covered = scopes()[kind]
    limits = only(LimitName.MAX_ORDER_QTY, 1, "ann", scope)
    words = "all products" if kind == "All" else f"{kind} {scope.id}"
    said = f"MaxOrderQty is 1 for ann, {words}; this order would make it 2"
    for name in EVERYTHING:
        expected = said if name in covered else None
        assert breach(floor, limits, BUY, amount(2), on=floor.instrument(name)) == expected


@pytest.mark.parametrize(("kind", "open_buying"), [("All", 3), ("Product", 3), ("Venue", 2), ("Route", 2)])
def test_scope_says_what_a_limit_counts(floor: Floor, kind: str, open_buying: int) -> None:
    """A limit counts what is open within its scope, and nothing outside it."""
    limits = only(LimitName.MAX_OPEN_BUY_QTY, open_buying + 1, "ann", scopes()[kind][0])
    south = floor.instrument(BTC_SOUTH)
    assert breach(floor, limits, BUY, amount(1), on=south) is None
    assert breach(floor, limits, BUY, amount(1) + 1, on=south) is not None


def test_limit_of_one_account_leaves_others_alone(floor: Floor) -> None:
    """A limit of one account neither refuses another's orders nor counts what that one has."""
    limits = only(LimitName.MAX_OPEN_QTY, 8)
    assert breach(floor, limits, BUY, amount(1000), "bob") is None
    floor.submit("bob", BUY, 50, 1000)
    assert breach(floor, limits, BUY, amount(1)) is None
    assert breach(floor, limits, BUY, amount(1) + 1) is not None


def test_limit_of_all_accounts_adds_them_up(floor: Floor) -> None:
    """A limit of all accounts counts what everybody has, and refuses whoever goes beyond it."""
    limits = only(LimitName.MAX_OPEN_QTY, 10, None)
    floor.submit("bob", BUY, 50, 1)
    assert breach(floor, limits, BUY, amount(2), "bob") is None
    for account in ("ann", "bob", "new"):
        assert breach(floor, limits, SELL, amount(3), account) == (
            "MaxOpenQty is 10 for all accounts, all products; this order would make it 11"
        )


def test_strictest_limit_speaks(floor: Floor) -> None:
    """Of several limits of one name that an order breaks the lowest speaks, in whichever order they were set."""
    wide = Limit("ann", ALL, LimitName.MAX_ORDER_QTY, amount(3))
    narrow = Limit(None, scopes()["Product"][0], LimitName.MAX_ORDER_QTY, amount(2))
    said = f"MaxOrderQty is 2 for all accounts, Product {product('BTC Crypto')}; this order would make it 4"
    for order in ([wide, narrow], [narrow, wide]):
        limits = Limits()
        limits.set(order)
        assert breach(floor, limits, BUY, amount(4)) == said


def test_lower_limit_that_holds_leaves_the_higher_to_speak(floor: Floor) -> None:
    """A limit that an order keeps is silent, though it is lower than the one that the order breaks."""
    limits = Limits()
    south = scopes()["TradableProduct"][0]
    limits.set(
        [
            Limit("ann", south, LimitName.MAX_OPEN_BUY_QTY, amount(3)),
            Limit("ann", ALL, LimitName.MAX_OPEN_BUY_QTY, amount("3.5")),
        ]
    )
    assert breach(floor, limits, BUY, amount(1), on=floor.instrument(BTC_SOUTH)) == (
        "MaxOpenBuyQty is 3.5 for ann, all products; this order would make it 4"
    )


def test_limits_of_several_names_speak_in_the_contracts_order(floor: Floor) -> None:
    """Of limits of several names that an order breaks, the one that the contract names first speaks."""
    limits = Limits()
    limits.set([Limit("ann", ALL, name, 0) for name in reversed(LimitName)])
    spoken: list[str] = []
    for _ in LimitName:
        for buy in (BUY, SELL):
            said = breach(floor, limits, buy, amount(7))
            if said is not None and (not spoken or said.split()[0] != spoken[-1]):
                spoken.append(said.split()[0])
                limits.set([Limit("ann", ALL, LimitName(spoken[-1]), None)])
    assert spoken == [name.value for name in LimitName]


def test_limit_without_a_value_is_lifted(floor: Floor) -> None:
    """None lifts just the limit of that account, scope and name; lifting what is not there does nothing."""
    limits = Limits()
    kept = Limit(None, ALL, LimitName.MAX_ORDER_QTY, amount(5))
    limits.set([kept, Limit("ann", ALL, LimitName.MAX_ORDER_QTY, amount(1))])
    assert breach(floor, limits, BUY, amount(2)) is not None
    limits.set([Limit("ann", ALL, LimitName.MAX_ORDER_QTY, None), Limit("bob", ALL, LimitName.MAX_POSITION, None)])
    assert list(limits) == [kept]
    assert breach(floor, limits, BUY, amount(2)) is None
    assert breach(floor, limits, BUY, amount(6)) is not None


def test_later_value_replaces_the_earlier(floor: Floor) -> None:
    """A limit set anew has its new value at once, within one call too, where the last one counts."""
    limits = only(LimitName.MAX_ORDER_QTY, 1)
    assert breach(floor, limits, BUY, amount(2)) is not None
    last = Limit("ann", ALL, LimitName.MAX_ORDER_QTY, amount(2))
    limits.set([Limit("ann", ALL, LimitName.MAX_ORDER_QTY, 0), last])
    assert list(limits) == [last]
    assert breach(floor, limits, BUY, amount(2)) is None


@pytest.mark.parametrize("account", [None, "ann"])
@pytest.mark.parametrize("kind", ["All", "TradableProduct", "Product", "Venue", "Route"])
@pytest.mark.parametrize("name", [name for name in LimitName if not name.value.startswith("MaxOrder")])
def test_a_limit_follows_all_that_becomes_of_orders(name: LimitName, kind: str, account: str | None) -> None:
    """Whatever is placed, filled, cancelled, busted or lost, a limit that was there says what one set anew does."""
    drawn = random.Random(7)
    floor = Floor()
    venue = floor.venue
    places = [floor.instrument(listed) for listed in (BTC_NORTH, BTC_SOUTH, ETH_NORTH)]
    venue.limits.set(
        [Limit(account, scopes()[kind][0], name, amount(1 if name is LimitName.MAX_OPEN_ORDERS else 100_000))]
    )
    said = set()
    for _ in range(80):
        order = drawn.choice(list(venue.open.values())) if venue.open else None
        choice = drawn.randrange(12)
        if choice == 0:
            venue.forget_open()
        elif choice <= 2 and order is not None:
            venue.cancel(order)
        elif choice <= 4 and order is not None:
            floor.fill(order, 1, drawn.choice((99, 100)))
        elif choice == 5 and len(venue.fills):
            with suppress(ValueError):  # it may be a reversal, or busted already, or lost
                corrections.bust(venue, drawn.choice(list(venue.fills)), floor.tick())
        else:
            terms = drawn.choice(("ann", "bob")), drawn.choice((BUY, SELL)), drawn.choice((99, 100, 101))
            floor.submit(*terms, drawn.choice((1, 2)), drawn.choice(places))
        for on in places:
            for side in (BUY, SELL):
                order = Order(side, 1, _MANY, id=0, account="ann", instrument_ref=on.ref, quantity=_MANY, time=0)
                said.add(venue.limits.breach((), order))
                assert venue.limits.breach((), order) == breach(floor, venue.limits, side, _MANY, on=on)
    assert len(said) > 1


def test_no_limits_let_everything_pass(floor: Floor) -> None:
    """With no limit in force any order passes."""
    assert list(Limits()) == []
    assert breach(floor, Limits(), BUY, 10**30) is None


def test_lowered_limit_touches_no_resting_order(floor: Floor) -> None:
    """Orders that rest stay when a limit falls below them; new ones are refused until enough is gone."""
    before = dict(floor.venue.open)
    floor.venue.limits.set([Limit("ann", ALL, LimitName.MAX_OPEN_BUY_QTY, amount(2))])
    assert floor.venue.open == before
    refused = floor.submit("ann", BUY, 50, "0.01")
    assert refused.reason == ("LimitExceeded: MaxOpenBuyQty is 2 for ann, all products; this order would make it 3.01")
    for order in [order for order in before.values() if order.buy and order.instrument.listing.name != ETH_NORTH]:
        floor.venue.cancel(order)
    assert not floor.submit("ann", BUY, 50, 2).is_out
    assert floor.submit("ann", BUY, 50, "0.01").is_out


@pytest.mark.parametrize("name", [LimitName.MAX_POSITION, LimitName.MAX_POSITION_DOLLARS])
def test_reducing_order_passes_a_position_limit(name: LimitName) -> None:
    """With a position beyond the limit an order towards zero passes, with all its like, and one beyond does not."""
    floor = Floor()
    ether = floor.instrument(ETH_NORTH)
    floor.fill(floor.submit("ann", BUY, 100, 5), 5, 100)
    floor.fill(floor.submit("ann", SELL, 100, 5, ether), 5, 100)
    limits = only(name, 0)
    assert breach(floor, limits, SELL, amount(5)) is None
    assert breach(floor, limits, SELL, amount(5) + 1) is not None
    assert breach(floor, limits, BUY, 1) is not None
    assert breach(floor, limits, BUY, amount(5), on=ether) is None
    assert breach(floor, limits, SELL, 1, on=ether) is not None
    floor.submit("ann", SELL, 200, 2)
    assert breach(floor, limits, SELL, amount(3)) is None
    assert breach(floor, limits, SELL, amount(3) + 1) is not None


def test_dollars_of_small_amounts_are_not_lost() -> None:
    """Parts too small for a billionth of a dollar each still add up, and what is over a limit is shown rounded up."""
    floor = Floor()
    ether, limits = floor.instrument(ETH_NORTH), only(LimitName.MAX_OPEN_DOLLARS, "0.000000004")
    ether.set_increments(None, 1)
    floor.submit("ann", BUY, 10, "0.000000001", ether)  # 2.5 billionths of a dollar
    assert breach(floor, limits, BUY, 1, on=ether) == (
        "MaxOpenDollars is 0.000000004 for ann, all products; this order would make it 0.000000005"
    )
    limits = only(LimitName.MAX_ORDER_DOLLARS, "0.000000002")
    assert breach(floor, limits, BUY, 1, on=ether) == (
        "MaxOrderDollars is 0.000000002 for ann, all products; this order would make it 0.000000003"
    )


@pytest.mark.parametrize("kind", ["All", "TradableProduct", "Product", "Venue", "Route"])
def test_scope_covers(kind: str) -> None:
    """A scope of each kind covers just the tradable products that have it."""
    scope, covered = scopes()[kind]
    assert {listing.name for listing in CATALOGUE.tradable_products if scope.covers(listing)} == covered
