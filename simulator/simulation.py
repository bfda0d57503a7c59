"""One simulated world, without sockets, threads or a clock of its own.

A shell tells it what came on which connection and at what time, and is told what to send. The same seed and the
same calls give the same bytes, always.
"""

import heapq
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from simulator.catalogue import Catalogue, TradableProduct, load
from simulator.exchange.instrument import Instrument
from simulator.exchange.market import Market, MarketSpec
from simulator.exchange.orders import Traded
from simulator.exchange.venue import Venue
from simulator.gateway import Gateway
from simulator.journal import DEFAULT_LIMIT, Journal
from simulator.session import GATEWAY, NETIDX, Session, Subscription
from simulator.subscriptions import Subscriptions
from simulator.terms import BILLION, EPOCH_2024, Refusal, text_of_time
from simulator.wire import BadRequest, decode, decode_netidx, encode, replies
from simulator.wire.requests import CancelOrder, Request, SendLimitOrder, Unsubscribe

__all__ = ["CLOCK_PATH", "HELLO", "PATHS", "Simulation"]

HELLO = b'"Normal"'
"""The first message on ``/architect``."""

PATHS = ("/architect", "/", "/netidx")
"""Where a client may connect."""

CLOCK_PATH = "/local/architect/core/clock"
"""The path under which the exchange's clock is published."""


class Simulation:
    """A world: one exchange behind one gateway, and the connections to it.

    Args:
        catalogue: what is traded: a `Catalogue`, a bundled name (``default``, ``reference``) or a file.
        seed: everything random is drawn from it.
        moving: how many of the catalogue's markets walk and trade; the others stand still.
        start: the time at which the world begins, in nanoseconds since 1970.
        journal_limit: how many entries the journal keeps.
    """

    def __init__(
        self,
        catalogue: Catalogue | str | Path = "default",
        *,
        seed: int = 0,
        moving: int = 0,
        start: int = EPOCH_2024,
        journal_limit: int = DEFAULT_LIMIT,
    ) -> None:
        self.catalogue = catalogue if isinstance(catalogue, Catalogue) else load(catalogue)
        self.seed = seed
        self.now = start
        self.journal = Journal(journal_limit)
        self.venue = Venue(self.catalogue)
        self.gateway = Gateway(self.venue, self.catalogue.accounts, self.instrument, seed, start)
        self.sessions: dict[int, Session] = {}
        self.subscriptions = Subscriptions(self.gateway)
        self.markets: dict[str, Market] = {}
        self._news: dict[int, Session] = {}
        self._connected = 0
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._scheduled = 0
        self._clock_readers: dict[tuple[int, int], Session] = {}
        self._clock_runs = False
        self._set_moving(moving)

    # What a shell calls

    def connect(self, target: str = "/architect", now: int | None = None) -> Session:
        """Open a connection on one of `PATHS`; ``?account=NAME`` binds it to an account.

        Raises `ValueError` for a path that is none of them, or an account that does not exist: a shell refuses
        such a connection before it is one.
        """
        self._catch_up(now)
        kind, viewer = self.read_target(target)
        self._connected += 1
        session = Session(self._connected, kind, viewer, self.journal, self._news)
        self.sessions[session.number] = session
        self.journal.write(self.now, session.number, "open", target)
        if urlsplit(target).path == "/architect":
            session.say(HELLO, self.now)
        return session

    def read_target(self, target: str) -> tuple[str, str | None]:
        """Return the kind of connection that a request target asks for and the account it is bound to."""
        parts = urlsplit(target)
        if parts.path not in PATHS:
            raise ValueError(f"there is nothing at {parts.path!r}; connect to one of {', '.join(PATHS)}")
        names = parse_qs(parts.query, keep_blank_values=True).get("account")
        viewer = None
        if names:
            viewer = self.gateway.accounts.get(names[-1].lower())
            if viewer is None:
                raise ValueError(f"there is no account {names[-1]!r}")
        return (NETIDX if parts.path == "/netidx" else GATEWAY), viewer

    def receive(self, session: Session, text: str | bytes, now: int | None = None) -> None:
        """Take one message from a client."""
        self._catch_up(now)
        self.journal.write(self.now, session.number, "in", text)
        if session.kind == NETIDX:
            self._receive_netidx(session, text)
            return
        request = decode(text)
        if isinstance(request, BadRequest):
            session.refuse(request.id, request.text, self.now)
            return
        self._handle(session, request)
        self._publish()

    def disconnect(self, session: Session, now: int | None = None, why: str = "") -> None:
        """A connection is gone, and its subscriptions with it; its orders stay."""
        if not session.is_open:
            return
        self._catch_up(now)
        session.is_open = False
        session.outbox.clear()
        self._news.pop(session.number, None)
        self.sessions.pop(session.number, None)
        self.subscriptions.end_all(session)
        for key in [key for key in self._clock_readers if key[0] == session.number]:
            del self._clock_readers[key]
        self.journal.write(self.now, session.number, "close", why)

    def next_due(self) -> int | None:
        """Return the time at which something happens by itself, in nanoseconds, or None."""
        return self._due[0][0] if self._due else None

    def advance(self, now: int) -> list[tuple[Session, list[bytes]]]:
        """Let time pass until ``now``; return what is to be sent, each session's messages in their order."""
        self._catch_up(now)
        return self.take()

    def take(self) -> list[tuple[Session, list[bytes]]]:
        """Return what is to be sent since the last call, each session's messages in their order."""
        news = self._news
        if not news:
            return []
        taken = []
        for session in news.values():
            taken.append((session, session.outbox))
            session.outbox = []
            session.waiting = 0
        news.clear()
        return taken

    # Time

    def _catch_up(self, now: int | None) -> None:
        """Do all that is due by ``now``, each thing at its own time; time never goes back."""
        if now is None or now <= self.now:
            return
        due = self._due
        while due and due[0][0] <= now:
            self.now, _, act = heapq.heappop(due)
            act()
            self._publish()
        self.now = now

    def _at(self, time: int, act: Callable[[], None]) -> None:
        self._scheduled += 1
        heapq.heappush(self._due, (max(time, self.now), self._scheduled, act))

    # Requests

    def _handle(self, session: Session, request: Request) -> None:
        kind = type(request)
        if kind is SendLimitOrder:
            self._send_order(session, request)  # type: ignore[arg-type]  # the line above says so
        elif kind is CancelOrder:
            self._cancel_order(session, request)  # type: ignore[arg-type]
        elif kind is Unsubscribe:
            self._unsubscribe(session, bytes(request.id))
        elif kind in Subscriptions.REQUESTS:
            self._subscribe(session, request)
        else:
            answer = self.gateway.answer(request, session.viewer, self.now)
            if isinstance(answer, Refusal):
                session.refuse(bytes(request.id), answer.text, self.now)
            else:
                session.answer(bytes(request.id), answer, self.now)

    def _send_order(self, session: Session, request: SendLimitOrder) -> None:
        terms = self.gateway.read_order(request, session.viewer)
        if isinstance(terms, Refusal):
            session.refuse(bytes(request.id), terms.text, self.now)
            return
        account, instrument, buy, price, quantity, quote_id, params = terms
        order = self.venue.submit(account, instrument, buy, price, quantity, self.now)
        order.quote_id = quote_id
        order.params = params
        session.answer(bytes(request.id), str(order.id), self.now)

    def _cancel_order(self, session: Session, request: CancelOrder) -> None:
        order = self.gateway.read_cancel(request, session.viewer)
        if isinstance(order, Refusal):
            session.refuse(bytes(request.id), order.text, self.now)
            return
        self.venue.ask_cancel(order)
        self.venue.cancel(order)
        session.answer(bytes(request.id), None, self.now)

    def _subscribe(self, session: Session, request: Request) -> None:
        number = bytes(request.id)
        if number in session.subscriptions:
            session.refuse(number, f"`$.id`: there is a subscription {number.decode()} already", self.now)
            return
        subscription = self.subscriptions.begin(session, request)
        if isinstance(subscription, Refusal):
            session.refuse(number, subscription.text, self.now)
            return
        first = self.subscriptions.first(subscription, self.now)
        if first is not None:
            session.say(first, self.now)
        if subscription.kind == "SubscribeCandles":
            self._await_candle(subscription)

    def _await_candle(self, subscription: Subscription) -> None:
        width = subscription.bucket
        self._at((self.now // width + 1) * width, lambda: self._end_candle(subscription))

    def _end_candle(self, subscription: Subscription) -> None:
        session = subscription.session
        if session.subscriptions.get(subscription.id) is subscription:
            candle = self.subscriptions.candle(subscription, self.now)
            if candle is not None:
                session.say(candle, self.now)
            self._await_candle(subscription)

    def _unsubscribe(self, session: Session, number: bytes) -> None:
        if self.subscriptions.end(session, number):
            session.answer(number, None, self.now)
        else:
            session.refuse(number, f"`$.id`: there is no subscription {number.decode()}", self.now)

    def _publish(self) -> None:
        """Tell the subscriptions and the journal what the exchange has done."""
        venue = self.venue
        if venue.events:
            events, venue.events = venue.events, []
            now = self.now
            for event in events:
                self.journal.write(now, 0, "event", event)
                if isinstance(event, Traded):
                    self.gateway.tape.record(event)
                self.subscriptions.tell(event, now)
        if venue.touched:
            touched, venue.touched = venue.touched, {}
            self.subscriptions.tell_books(touched.values(), self.now)

    # Publish/subscribe by path

    def _receive_netidx(self, session: Session, text: str | bytes) -> None:
        request = decode_netidx(text)
        if isinstance(request, BadRequest):
            session.say(encode({"type": "Error", "error": request.text}), self.now)
        elif request.type == "Subscribe" and isinstance(request.path, str):
            self._subscribe_path(session, request.path)
        elif request.type == "Unsubscribe" and isinstance(request.id, int):
            self._clock_readers.pop((session.number, request.id), None)
        else:
            session.say(
                encode(
                    {
                        "type": "Error",
                        "error": "expected a Subscribe with a path, or an Unsubscribe with an id",
                    }
                ),
                self.now,
            )

    def _subscribe_path(self, session: Session, path: str) -> None:
        number = session.next_path()
        session.say(encode(replies.NetidxSubscribed(number)), self.now)
        if path != CLOCK_PATH:
            session.say(_netidx_event(number, "Unsubscribed", None), self.now)
            return
        if not self._clock_runs:
            self._clock_runs = True
            self._at((self.now // BILLION + 1) * BILLION, self._tick_clock)
        self._clock_readers[session.number, number] = session
        session.say(_netidx_event(number, "Update", text_of_time(self.now)), self.now)

    def _tick_clock(self) -> None:
        for (_, number), session in self._clock_readers.items():
            session.say(_netidx_event(number, "Update", text_of_time(self.now)), self.now)
        self._clock_runs = bool(self._clock_readers)
        if self._clock_runs:
            self._at(self.now + BILLION, self._tick_clock)

    # Markets

    def instrument(self, listing: TradableProduct) -> Instrument:
        """Return the trading state of a tradable product; its market opens when it is first asked for."""
        instrument = self.venue.instruments.get(listing.id)
        if instrument is None:
            instrument = self.venue.instrument(listing)
            if listing.mid is not None:
                self._open_market(instrument, MarketSpec(listing.mid))
        return instrument

    def _open_market(self, instrument: Instrument, spec: MarketSpec) -> Market:
        listing = instrument.listing
        rng = random.Random(f"{self.seed} {listing.name}")  # noqa: S311 - a seeded market is the point
        market = Market(self.venue, instrument, spec, rng, self.now)
        self.markets[listing.id] = market
        if spec.every is not None:
            self._at(self.now + spec.every, lambda: self._move_market(market))
        if spec.trade_every is not None:
            self._at(market.next_trade(self.now), lambda: self._trade_in(market))
        return market

    def _move_market(self, market: Market) -> None:
        market.move(self.now)
        self._at(self.now + (market.spec.every or BILLION), lambda: self._move_market(market))

    def _trade_in(self, market: Market) -> None:
        market.trade(self.now)
        self._at(market.next_trade(self.now), lambda: self._trade_in(market))

    def _set_moving(self, count: int) -> None:
        """Let the most traded of the canonical markets walk: a step each quarter of a second, a trade a second."""
        canonical = [listing for product in self.catalogue.products if (listing := self.catalogue.canonical(product))]
        canonical.sort(key=lambda listing: (listing.quote.kind != "Fiat", -listing.turnover, listing.name))
        for listing in [listing for listing in canonical if listing.mid is not None][:count]:
            spec = MarketSpec(listing.mid or 0, every=BILLION // 4, trade_every=BILLION)
            self._open_market(self.venue.instrument(listing), spec)


def _netidx_event(number: int, kind: str, value: str | None) -> bytes:
    event = replies.NetidxEvent(kind, value)
    return encode(replies.NetidxUpdates([replies.NetidxUpdate(number, event)]))
