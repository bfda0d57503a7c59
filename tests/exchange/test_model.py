"""Random commands to a venue and to a naive model of one, which must agree on everything after each."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from simulator.exchange.corrections import bust, correct
from simulator.exchange.engine import MARKET_ACCOUNT
from simulator.exchange.limits import ALL, Limit, Scope
from simulator.exchange.orders import LEGAL, Fill, OrderChanged, Traded
from simulator.exchange.venue import Venue
from simulator.terms import BILLION, STALE, FillKind, LimitName, flags_of
from support.exchange import BTC_NORTH, BTC_SOUTH, CATALOGUE, ETH_NORTH, amount, exposures

ACCOUNTS = ("ann", "bob", "cat")
NAMES = (BTC_NORTH, ETH_NORTH, BTC_SOUTH)
DOLLARS = {BTC_NORTH: amount(10), ETH_NORTH: amount("2.5"), BTC_SOUTH: amount(10)}
BASES = {BTC_NORTH: "BTC", ETH_NORTH: "ETH", BTC_SOUTH: "BTC"}
LISTINGS = {name: listing for name in NAMES if (listing := CATALOGUE.tradable_product(name))}
SCOPES = {ALL: NAMES, Scope("TradableProduct", LISTINGS[ETH_NORTH].id): (ETH_NORTH,)}


@dataclass(eq=False)
class Standing:
    """An order, or a quote of the market (number 0), as the model has it."""

    number: int
    account: str
    name: str
    buy: bool
    price: int
    quantity: int
    leaves_qty: int
    flags: set[str] = field(default_factory=set)
    rests: bool = False
    executed: int = 0


@dataclass
class Side:
    """One side of a trade as the model has it, at its latest price and quantity."""

    fill: Fill
    price: int
    quantity: int


class Model:
    """A venue written the slow and obvious way: lists, and every sum made anew from the trades."""

    def __init__(self) -> None:
        self.orders: list[Standing] = []
        self.ages: list[Standing] = []  # all that ever rested, the oldest first
        self.sides: list[Side] = []
        self.fills: list[Fill] = []
        self.limits: dict[tuple[str | None, Scope, LimitName], int] = {}
        self.halts: list[Scope] = []
        self.trades = 0
        self.now = 0

    def resting(self, name: str, buy: bool) -> list[Standing]:
        """Return what rests on a side, in the order in which it trades."""
        found = [one for one in self.ages if one.rests and one.name == name and one.buy is buy]
        return sorted(found, key=lambda one: -one.price if buy else one.price)

    def open(self) -> list[Standing]:
        """Return the orders that are not out, the oldest first."""
        return [order for order in self.orders if "Out" not in order.flags]

    def amounts(self, order: Standing) -> tuple[int, int]:
        """Return the quantity and the notional of an order's fills as they stand now."""
        own = [side for side in self.sides if side.fill.order_id == order.number]
        return sum(side.quantity for side in own), sum(side.price * side.quantity for side in own)

    def holding(self, account: str, name: str) -> tuple[int, int, int, int]:
        """Return what an account is buying and selling, how many orders it has open, and its position."""
        own = [order for order in self.open() if (order.account, order.name) == (account, name)]
        position = sum(
            side.quantity if side.fill.buy else -side.quantity
            for side in self.sides
            if (side.fill.account, side.fill.target) == (account, LISTINGS[name].id)
        )
        buying = sum(order.leaves_qty for order in own if order.buy)
        return buying, sum(order.leaves_qty for order in own if not order.buy), len(own), position

    def breaks(self, order: Standing) -> bool:
        """Tell whether an order breaks a limit."""
        return any(
            order.name in SCOPES[scope] and account in (None, order.account) and self.measure(order, *key) > value
            for key, value in self.limits.items()
            for account, scope, _ in [key]
        )

    def measure(self, order: Standing, account: str | None, scope: Scope, name: LimitName) -> int:
        """Return what a limit would measure with an order in, in billionths of billionths."""
        accounts = ACCOUNTS if account is None else (account,)
        held = {at: [self.holding(who, at) for who in accounts] for at in SCOPES[scope]}
        base = BASES[order.name]
        same = [one for at, ones in held.items() if BASES[at] == base for one in ones]
        buying, selling, _, position = (sum(one[index] for one in same) for index in range(4))
        worst = order.quantity + (buying + position if order.buy else selling - position)
        others = 0
        for other in set(BASES.values()) - {base}:
            positions = [one[3] for at, ones in held.items() if BASES[at] == other for one in ones]
            others += abs(sum(positions)) * next(DOLLARS[at] for at in NAMES if BASES[at] == other)
        return {
            LimitName.MAX_ORDER_QTY: order.quantity * BILLION,
            LimitName.MAX_OPEN_QTY: (order.quantity + buying + selling) * BILLION,
            LimitName.MAX_OPEN_BUY_QTY: (order.quantity + buying) * BILLION if order.buy else 0,
            LimitName.MAX_OPEN_SELL_QTY: 0 if order.buy else (order.quantity + selling) * BILLION,
            LimitName.MAX_POSITION: worst * BILLION,
            LimitName.MAX_OPEN_ORDERS: (1 + sum(one[2] for ones in held.values() for one in ones)) * BILLION**2,
            LimitName.MAX_ORDER_DOLLARS: order.quantity * DOLLARS[order.name],
            LimitName.MAX_OPEN_DOLLARS: order.quantity * DOLLARS[order.name]
            + sum((one[0] + one[1]) * DOLLARS[at] for at, ones in held.items() for one in ones),
            LimitName.MAX_POSITION_DOLLARS: worst * DOLLARS[order.name] + others if worst > 0 else 0,
        }[name]

    def place(self, account: str, name: str, buy: bool, price: int, quantity: int) -> Standing:
        """Take an order."""
        order = Standing(len(self.orders) + 1, account, name, buy, price, quantity, quantity, {"Open"})
        halted = any(name in SCOPES[scope] for scope in self.halts)
        if self.breaks(order) or halted or price % LISTINGS[name].quote_increment:
            order.flags, order.leaves_qty = {"Rejected", "Out"}, 0
        self.orders.append(order)
        return order

    def match(self, one: Standing) -> int:
        """Trade what comes with what rests, then rest it if it is an order; return what is left."""
        for maker in self.resting(one.name, not one.buy):
            suits = maker.price <= one.price if one.buy else maker.price >= one.price
            if one.leaves_qty and suits:
                self.cross(one, maker, min(one.leaves_qty, maker.leaves_qty))
        if one.leaves_qty:
            one.rests = True
            self.ages.append(one)
        return one.leaves_qty

    def cross(self, taker: Standing, maker: Standing, quantity: int) -> None:
        """Make one trade, at the maker's price."""
        self.trades += 1
        self.give(taker, maker.price, quantity, False, maker.account)
        self.give(maker, maker.price, quantity, True, taker.account)

    def give(self, one: Standing, price: int, quantity: int, maker: bool, against: str) -> None:
        """Fill one side of a trade."""
        one.leaves_qty -= quantity
        one.executed += quantity
        one.rests = one.rests and one.leaves_qty > 0
        if not one.number:
            return
        target = LISTINGS[one.name].id
        fill = Fill(
            len(self.fills) + 1,
            one.number,
            one.account,
            target,
            one.buy,
            price,
            quantity,
            maker,
            against,
            self.trades,
            self.now,
        )
        self.fills.append(fill)
        self.sides.append(Side(fill, price, quantity))
        if not one.leaves_qty:
            one.flags = (one.flags & {"Acked"}) | {"Out"}
            if self.amounts(one)[0] == one.quantity:
                one.flags.add("Filled")

    def end(self, order: Standing, flags: set[str]) -> None:
        """Take an order out unfilled."""
        order.flags, order.leaves_qty, order.rests = flags, 0, False

    def amend(self, side: Side, price: int, quantity: int, kind: FillKind) -> None:
        """Replace a side of a trade."""
        of = side.fill
        told = (side.price, side.quantity) if kind is FillKind.REVERSAL else (price, quantity)
        self.fills.append(
            Fill(
                len(self.fills) + 1,
                of.order_id,
                of.account,
                of.target,
                of.buy,
                *told,
                of.maker,
                of.against,
                of.trade,
                self.now,
                kind,
                of.number,
            )
        )
        side.price, side.quantity = price, quantity
        order = self.orders[of.order_id - 1]
        if "Out" in order.flags and not order.flags & {"Canceled", "Rejected"}:
            order.flags -= {"Filled"}
            if self.amounts(order)[0] == order.quantity:
                order.flags |= {"Filled"}


AMOUNTS = st.integers(1, 5).map(amount)
PRICES = st.integers(2, 7).map(amount)
NEW_ORDER = rule(
    account=st.sampled_from(ACCOUNTS),
    name=st.sampled_from(NAMES[:2]),
    buy=st.booleans(),
    price=PRICES | PRICES.map(lambda price: price + BILLION // 4 * (price % (5 * BILLION) == 0)),
    quantity=AMOUNTS,
)
ANY_ORDER = precondition(lambda self: self.model.orders)
ANY_TRADE = precondition(lambda self: self.model.sides)


class VenueAgainstModel(RuleBasedStateMachine):
    """The venue and its model, given the same commands."""

    def __init__(self) -> None:
        super().__init__()
        self.venue = Venue(CATALOGUE)
        self.model = Model()
        self.told = 0
        self.states: dict[int, int] = {}
        self.instruments = {name: self.venue.instrument(listing) for name, listing in LISTINGS.items()}

    def tick(self) -> int:
        """Let time pass."""
        self.model.now += 1
        return self.model.now

    def pick(self, data: st.DataObject) -> Standing:
        """Choose an order, the latest ones rather than the old."""
        order: Standing = data.draw(st.sampled_from(self.model.orders[-8:][::-1]))
        return order

    def attempt(self, legal: bool, command: Callable[[], object]) -> bool:
        """Give a command that must raise if it is not legal; the invariants see that it has then changed nothing."""
        if legal:
            command()
        else:
            events = list(self.venue.events)
            with pytest.raises(ValueError, match=r"\w"):
                command()
            assert self.venue.events == events
        return legal

    @NEW_ORDER
    def submit(self, account: str, name: str, buy: bool, price: int, quantity: int) -> None:
        """An order comes and is matched at once."""
        now = self.tick()
        order = self.model.place(account, name, buy, price, quantity)
        if "Open" in order.flags:
            order.flags.add("Acked")
            self.model.match(order)
        assert self.venue.submit(account, self.instruments[name], buy, price, quantity, now).id == order.number

    @NEW_ORDER
    def place(self, account: str, name: str, buy: bool, price: int, quantity: int) -> None:
        """An order comes and waits."""
        now = self.tick()
        order = self.model.place(account, name, buy, price, quantity)
        assert self.venue.place(account, self.instruments[name], buy, price, quantity, now).id == order.number

    @ANY_ORDER
    @rule(data=st.data(), stands=st.booleans())
    def match(self, data: st.DataObject, stands: bool) -> None:
        """An order that may be waiting is matched, or told to stand."""
        one, now = self.pick(data), self.tick()
        order = self.venue.orders[one.number]
        command = self.venue.rest_only if stands else self.venue.match
        if not self.attempt("Out" not in one.flags, lambda: command(order, now)):
            return
        one.flags.add("Acked")
        if one.rests:
            return
        for quote in self.model.resting(one.name, not one.buy) if stands else []:
            if not quote.number and (quote.price <= one.price if one.buy else quote.price >= one.price):
                quote.rests = False
        self.model.match(one)

    @ANY_ORDER
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        """The venue confirms an order, in time or late."""
        one = self.pick(data)
        if self.attempt("Rejected" not in one.flags, lambda: self.venue.ack(self.venue.orders[one.number])):
            one.flags.add("Acked")

    @ANY_ORDER
    @rule(data=st.data(), grant=st.booleans())
    def ask_cancel(self, data: st.DataObject, grant: bool) -> None:
        """A client asks for a cancel, and may be told at once that there will be none."""
        one = self.pick(data)
        order = self.venue.orders[one.number]
        if self.attempt("Out" not in one.flags, lambda: self.venue.ask_cancel(order)):
            one.flags.add("Canceling")
            if not grant:
                self.venue.refuse_cancel(order)
                one.flags.discard("Canceling")

    @ANY_ORDER
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """An order is cancelled, once."""
        one = self.pick(data)
        if self.attempt("Out" not in one.flags, lambda: self.venue.cancel(self.venue.orders[one.number], "Other: x")):
            self.model.end(one, (one.flags & {"Acked"}) | {"Canceled", "Out"})

    @ANY_ORDER
    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        """An order is rejected, if it is neither acked nor out."""
        one = self.pick(data)
        legal = not one.flags & {"Out", "Acked"}
        if self.attempt(legal, lambda: self.venue.reject(self.venue.orders[one.number], "Other: x")):
            self.model.end(one, {"Rejected", "Out"})

    @ANY_ORDER
    @rule(data=st.data(), unsure=st.booleans())
    def stale(self, data: st.DataObject, unsure: bool) -> None:
        """An order's state becomes uncertain or certain."""
        one = self.pick(data)
        if self.attempt("Out" not in one.flags, lambda: self.venue.stale(self.venue.orders[one.number], unsure)):
            one.flags = one.flags | {"Stale"} if unsure else one.flags - {"Stale"}

    @ANY_ORDER
    @rule(data=st.data(), quantity=st.integers(0, 5).map(amount), price=PRICES)
    def fill(self, data: st.DataObject, quantity: int, price: int) -> None:
        """An order is filled whatever the market says."""
        one, now = self.pick(data), self.tick()
        order = self.venue.orders[one.number]
        if not self.attempt(
            0 < quantity <= one.leaves_qty, lambda: self.venue.fill(order, quantity, price, "eve", now)
        ):
            return
        rested = one.rests
        for maker in self.model.resting(one.name, not one.buy):
            if maker.price == price and quantity:
                traded = min(maker.leaves_qty, quantity)
                self.model.cross(one, maker, traded)
                quantity -= traded
        if quantity:
            self.model.trades += 1
            self.model.give(one, price, quantity, rested, "eve")

    @ANY_TRADE
    @rule(data=st.data())
    def bust(self, data: st.DataObject) -> None:
        """A trade is taken back, once."""
        side, now = data.draw(st.sampled_from(self.model.sides[-6:])), self.tick()
        if self.attempt(side.quantity > 0, lambda: bust(self.venue, side.fill, now)):
            for other in [one for one in self.model.sides if one.fill.trade == side.fill.trade]:
                self.model.amend(other, other.price, 0, FillKind.REVERSAL)

    @ANY_TRADE
    @rule(data=st.data(), price=PRICES, quantity=AMOUNTS)
    def correct(self, data: st.DataObject, price: int, quantity: int) -> None:
        """A trade gets another price and quantity, if its orders have so much to give."""
        side, now = data.draw(st.sampled_from(self.model.sides[-6:])), self.tick()
        both = [one for one in self.model.sides if one.fill.trade == side.fill.trade]
        legal = True
        for one in both:
            order = self.model.orders[one.fill.order_id - 1]
            legal = (
                legal and self.model.amounts(order)[0] - one.quantity + quantity <= order.quantity - order.leaves_qty
            )
        if self.attempt(legal, lambda: correct(self.venue, side.fill, price, quantity, now)):
            for one in both:
                self.model.amend(one, price, quantity, FillKind.CORRECTION)

    @rule(
        name=st.sampled_from(NAMES[:2]),
        quotes=st.lists(st.tuples(st.booleans(), PRICES, AMOUNTS), max_size=5),
    )
    def quote(self, name: str, quotes: list[tuple[bool, int, int]]) -> None:
        """The market quotes anew."""
        now = self.tick()
        for one in self.model.ages:
            if not one.number and one.name == name:
                one.rests = False
        for buy, price, quantity in quotes:
            self.model.match(Standing(0, MARKET_ACCOUNT, name, buy, price, quantity, quantity))
        self.venue.quote(self.instruments[name], quotes, now)

    @rule(name=st.sampled_from(NAMES[:2]), buy=st.booleans(), price=PRICES, quantity=AMOUNTS)
    def trade(self, name: str, buy: bool, price: int, quantity: int) -> None:
        """Somebody in the market takes, and does not stay."""
        now = self.tick()
        taker = Standing(0, MARKET_ACCOUNT, name, buy, price, quantity, quantity)
        left = self.model.match(taker)
        taker.rests = False
        self.venue.trade(self.instruments[name], buy, price, quantity, now)
        if left:
            assert self.venue.events[-1] == Traded(LISTINGS[name].id, buy, price, left, now)

    @rule(
        account=st.sampled_from((*ACCOUNTS, None)),
        scope=st.sampled_from(list(SCOPES)),
        name=st.sampled_from(LimitName),
        value=st.integers(3, 40).map(amount) | st.none(),
    )
    def limit(self, account: str | None, scope: Scope, name: LimitName, value: int | None) -> None:
        """A limit is set or lifted."""
        self.venue.limits.set([Limit(account, scope, name, value)])
        self.model.limits.pop((account, scope, name), None)
        if value is not None:
            self.model.limits[account, scope, name] = value * BILLION

    @rule(scope=st.sampled_from(list(SCOPES)))
    def halt(self, scope: Scope) -> None:
        """Trading stops within a scope."""
        self.venue.halts.begin(scope)
        if scope not in self.model.halts:
            self.model.halts.append(scope)

    @precondition(lambda self: self.model.halts)
    @rule(scope=st.sampled_from(list(SCOPES)))
    def resume(self, scope: Scope) -> None:
        """A halt ends, or every halt if all is to resume."""
        ended = [halt for halt in self.model.halts if scope in (halt, ALL)]
        assert self.venue.halts.end(scope) is bool(ended)
        self.model.halts = [halt for halt in self.model.halts if halt not in ended]
        assert self.venue.halts == self.model.halts

    @precondition(lambda self: self.model.halts or self.model.limits)
    @rule()
    def calm(self) -> None:
        """All halts and limits end, so that the others' commands are not refused for ever."""
        assert self.venue.halts.end(ALL) is bool(self.model.halts)
        self.venue.limits.set([Limit(*key, None) for key in self.model.limits])
        self.model.halts.clear()
        self.model.limits.clear()
        assert (self.venue.halts, list(self.venue.limits)) == ([], [])

    @invariant()
    def orders_agree(self) -> None:
        """Every order is in the state, and has the amounts, that the model says."""
        assert list(self.venue.orders) == [one.number for one in self.model.orders]
        for one in self.model.orders:
            order = self.venue.orders[one.number]
            assert set(flags_of(order.state)) == one.flags
            assert (order.leaves_qty, order.cum_qty, order.notional) == (one.leaves_qty, *self.model.amounts(one))
            assert order.cum_qty + order.leaves_qty <= order.quantity
            assert (order.reason is not None) is bool(one.flags & {"Rejected", "Canceled"})
            if not order.is_out:
                assert order.leaves_qty + one.executed == order.quantity
                assert order.leaves_qty > 0
            elif not one.flags & {"Canceled", "Rejected"}:
                assert ("Filled" in one.flags) is (order.cum_qty == order.quantity)

    @invariant()
    def open_orders_are_in_order_of_age(self) -> None:
        """The open orders are those that are not out, the oldest first."""
        assert list(self.venue.open.items()) == [
            (number, order) for number, order in self.venue.orders.items() if not order.is_out
        ]
        assert list(self.venue.open) == [one.number for one in self.model.open()]

    @invariant()
    def fills_agree(self) -> None:
        """Every fill, reversal and correction is the one that the model has, numbered as they came."""
        assert list(self.venue.fills) == self.model.fills
        assert [fill.number for fill in self.venue.fills] == list(range(1, len(self.venue.fills) + 1))

    @invariant()
    def books_agree(self) -> None:
        """The same stands in each book in the same order, and no book is crossed."""
        for name, instrument in self.instruments.items():
            book = instrument.book
            for buy, side in ((True, book.bids), (False, book.asks)):
                entries = [entry for level in side for entry in level]
                ones = self.model.resting(name, buy)
                assert [(entry.price, entry.leaves_qty) for entry in entries] == [
                    (one.price, one.leaves_qty) for one in ones
                ]
                assert [getattr(entry, "id", 0) for entry in entries] == [one.number for one in ones]
                assert [level.quantity for level in side] == [sum(e.leaves_qty for e in level) for level in side]
            if book.bids.best is not None and book.asks.best is not None:
                assert book.bids.best < book.asks.best

    @invariant()
    def exposures_agree(self) -> None:
        """What each account has open and holds is what its orders and fills add up to."""
        assert exposures(self.venue) == {
            (LISTINGS[name].id, account): holding
            for name in NAMES
            for account in ACCOUNTS
            if any(holding := self.model.holding(account, name))
        }

    @invariant()
    def events_tell_the_truth(self) -> None:
        """Events tell each new fill once and in order, legal state changes only, and end at what is so."""
        events = self.venue.take_events()
        fills = [event for event in events if isinstance(event, Fill)]
        assert fills == self.venue.fills[self.told :]
        self.told = self.venue.fills.made
        last: dict[int, OrderChanged] = {}
        for event in events:
            if isinstance(event, OrderChanged):
                before, after = self.states.get(event.order_id, 0) & ~STALE, event.state & ~STALE
                assert after == before or after in LEGAL[before]
                self.states[event.order_id] = event.state
                last[event.order_id] = event
        for event in last.values():
            order = self.venue.orders[event.order_id]
            assert (event.state, event.cum_qty) == (order.state, order.cum_qty)
        assert self.states == {number: order.state for number, order in self.venue.orders.items()}


TestVenueAgainstModel = VenueAgainstModel.TestCase
TestVenueAgainstModel.settings = settings(max_examples=100, stateful_step_count=40)
