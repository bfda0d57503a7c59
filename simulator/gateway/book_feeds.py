"""What several subscriptions to a book, or to quotes from it, show alike: it is looked up and encoded once for all."""

from typing import assert_never

from simulator.exchange.instrument import Instrument
from simulator.gateway import replies
from simulator.gateway.rfqs import PromisedQuote, Rfqs
from simulator.gateway.said_times import SaidTimes
from simulator.gateway.session import Subscription
from simulator.gateway.topics import BookTopic, ConsolidatedBookTopic, QuotesTopic, ShownTopic
from simulator.terms import Refusal
from simulator.wire import encode, ok

__all__ = ["BookFeed", "BookFeeds"]

_MOST_VIEWED = 256
"""How many instruments all the different views of one instrument may show together: each change makes them anew."""

_Shown = replies.ShownBook | list[PromisedQuote]


class BookFeed:
    """One view of books.

    Args:
        topic: of which, and in buckets of which width or for which quantity.
        rfqs: gives quotes.
        times: which times are said.
    """

    def __init__(self, topic: ShownTopic, rfqs: Rfqs, times: SaidTimes) -> None:
        self._rfqs = rfqs
        self._times = times
        self.topic = topic
        self.readers: dict[int, Subscription] = {}
        self.shown: _Shown | None = None
        """What was published last."""
        self._shown_before: _Shown | None = None
        self.body = b""
        """The same as JSON."""

    def look(self) -> _Shown:
        """Return what is to be seen now."""
        topic = self.topic
        match topic:
            case BookTopic():
                return replies.shown_book(topic.instruments, topic.ticks * topic.instrument.tick)
            case ConsolidatedBookTopic():
                return replies.shown_book(topic.instruments, topic.bucket)
            case QuotesTopic():
                return self._rfqs.look(topic.instruments, topic.quantity)
            case _:
                assert_never(topic)

    def encode(self, seen: _Shown) -> bytes:
        """Return what has been seen as JSON."""
        if isinstance(seen, tuple):
            return encode(replies.book_view(seen, self._times.now("books")))
        return encode(self._rfqs.give(seen))

    def first(self, subscription: Subscription) -> bytes:
        """Return the first message of a subscription, which may be ahead of what is published next."""
        subscription.shown = seen = self.look()
        return ok(subscription.id, self.encode(seen))

    def refresh(self) -> bool:
        """Look again; return whether there is anything to be published."""
        seen = self.look()
        if seen == self.shown:
            return False
        self._shown_before, self.shown = self.shown, seen
        self.body = self.encode(seen)
        return True

    def shows_news_to(self, subscription: Subscription) -> bool:
        """Tell whether a subscription's last message shows something else than is published now; it is its last now."""
        last = subscription.shown
        if last is not self._shown_before and last == self.shown:  # what was published before is something else
            return False
        subscription.shown = self.shown
        return True


class BookFeeds:
    """Every view of books that anybody has subscribed to.

    Args:
        rfqs: gives the quotes that some of them show.
        times: which times are said.
    """

    def __init__(self, rfqs: Rfqs, times: SaidTimes) -> None:
        self._rfqs = rfqs
        self._times = times
        self._feeds: dict[ShownTopic, BookFeed] = {}
        self._of: dict[str, dict[ShownTopic, BookFeed]] = {}

    def join(self, topic: ShownTopic, subscription: Subscription) -> BookFeed | Refusal:
        """Let a subscription show what others do that have its topic, or say why there can be no such view."""
        feed = self._feeds.get(topic)
        if feed is None:
            for instrument in topic.instruments:
                viewed = sum(len(other.instruments) for other in self._of.get(instrument.listing.id, {}))
                if viewed + len(topic.instruments) > _MOST_VIEWED:
                    return Refusal(
                        f"there are too many different views of {instrument.listing.name}: ask for one that others have"
                    )
            feed = self._feeds[topic] = BookFeed(topic, self._rfqs, self._times)
            for instrument in topic.instruments:
                self._of.setdefault(instrument.listing.id, {})[topic] = feed
        feed.readers[subscription.number] = subscription
        return feed

    def leave(self, feed: BookFeed, subscription: Subscription) -> None:
        """A subscription has ended; what nobody shows is looked up no longer."""
        del feed.readers[subscription.number]
        if feed.readers:
            return
        topic = feed.topic
        del self._feeds[topic]
        for instrument in topic.instruments:
            feeds = self._of[instrument.listing.id]
            del feeds[topic]
            if not feeds:
                del self._of[instrument.listing.id]
                instrument.bid_depth.forget()
                instrument.ask_depth.forget()

    def of(self, instrument: Instrument) -> tuple[BookFeed, ...]:
        """Return the views that show an instrument."""
        return tuple(self._of.get(instrument.listing.id, {}).values())
