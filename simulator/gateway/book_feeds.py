"""What several subscriptions to a book, or to quotes from it, show alike: it is looked up and encoded once for all."""

from simulator.exchange.instrument import Instrument
from simulator.gateway import replies
from simulator.gateway.rfqs import PromisedQuote, Rfqs
from simulator.gateway.session import Subscription
from simulator.terms import Refusal
from simulator.times import text_of_time
from simulator.wire import encode, ok
from simulator.wire.replies import BookLevel, BookView
from simulator.wire.requests import SubscribeBook, SubscribeRfqs

__all__ = ["BookFeed", "BookFeeds"]

_MOST_VIEWED = 256
"""How many instruments all the different views of one instrument may show together: each change makes them anew."""

_Shown = tuple[list[BookLevel], list[BookLevel]] | list[PromisedQuote]
_Key = tuple[type, tuple[str, ...], int]


class BookFeed:
    """One view of books: which, and in buckets of which width or for which quantity.

    Args:
        subscription: the first that shows it.
        rfqs: gives quotes.
    """

    def __init__(self, subscription: Subscription, rfqs: Rfqs) -> None:
        self._rfqs = rfqs
        self.instruments = subscription.instruments
        self.readers: dict[int, Subscription] = {}
        self._is_rfqs = isinstance(subscription.request, SubscribeRfqs)
        self._is_in_ticks = isinstance(subscription.request, SubscribeBook)
        self._bucket = subscription.bucket
        self.shown: _Shown | None = None
        """What was published last."""
        self.body = b""
        """The same as JSON."""

    def look(self) -> _Shown:
        """Return what is to be seen now."""
        if self._is_rfqs:
            return self._rfqs.look(self.instruments, self._bucket)
        bucket = self._bucket
        if self._is_in_ticks:  # which may change
            bucket *= self.instruments[0].tick
        return replies.book_levels(self.instruments, bucket)

    def encode(self, seen: _Shown, now: int) -> bytes:
        """Return what has been seen as JSON."""
        if isinstance(seen, tuple):
            bids, asks = seen
            return encode(BookView(bids, asks, text_of_time(now)))
        return encode(self._rfqs.give(seen))

    def first(self, subscription: Subscription, now: int) -> bytes:
        """Return the first message of a subscription, which may be ahead of what is published next."""
        subscription.shown = seen = self.look()
        return ok(subscription.id, self.encode(seen, now))

    def refresh(self, now: int) -> bool:
        """Look again; return whether there is anything to be published."""
        seen = self.look()
        if seen == self.shown:
            return False
        self.shown = seen
        self.body = self.encode(seen, now)
        return True

    def message(self, subscription: Subscription) -> bytes | None:
        """Return what is published as a subscription's message, or None if that has shown the same last."""
        if subscription.shown == self.shown:
            return None
        subscription.shown = self.shown
        return ok(subscription.id, self.body)


class BookFeeds:
    """Every view of books that anybody has subscribed to.

    Args:
        rfqs: gives the quotes that some of them show.
    """

    def __init__(self, rfqs: Rfqs) -> None:
        self._rfqs = rfqs
        self._feeds: dict[_Key, BookFeed] = {}
        self._of: dict[str, dict[_Key, BookFeed]] = {}

    def join(self, number: int, subscription: Subscription) -> BookFeed | Refusal:
        """Let a subscription show what others do that are alike, or say why there can be no such view."""
        key = _key_of(subscription)
        feed = self._feeds.get(key)
        if feed is None:
            for instrument in subscription.instruments:
                viewed = sum(len(other.instruments) for other in self._of.get(instrument.listing.id, {}).values())
                if viewed + len(subscription.instruments) > _MOST_VIEWED:
                    return Refusal(
                        f"there are too many different views of {instrument.listing.name}: ask for one that others have"
                    )
            feed = self._feeds[key] = BookFeed(subscription, self._rfqs)
            for instrument in subscription.instruments:
                self._of.setdefault(instrument.listing.id, {})[key] = feed
        feed.readers[number] = subscription
        return feed

    def leave(self, number: int, subscription: Subscription) -> None:
        """A subscription has ended; what nobody shows is looked up no longer."""
        key = _key_of(subscription)
        feed = self._feeds[key]
        del feed.readers[number]
        if feed.readers:
            return
        del self._feeds[key]
        for instrument in subscription.instruments:
            feeds = self._of[instrument.listing.id]
            del feeds[key]
            if not feeds:
                del self._of[instrument.listing.id]
                instrument.bid_depth.forget()
                instrument.ask_depth.forget()

    def of(self, instrument: Instrument) -> tuple[BookFeed, ...]:
        """Return the views that show an instrument."""
        return tuple(self._of.get(instrument.listing.id, {}).values())


def _key_of(subscription: Subscription) -> _Key:
    ids = tuple(instrument.listing.id for instrument in subscription.instruments)
    return type(subscription.request), ids, subscription.bucket
