"""What a recording is said to lack, to add and to leave out."""

import json

from simulator.catalogue import load as load_catalogue
from simulator.journal.journal import JournalEntry
from simulator.record import RecordedEvent, left_out, scenario_of
from simulator.record.omissions import differences
from simulator.replay import replay
from support.record import MS, ORDER, PAIR, Visit, newcomer


def journal_of(seen: list[RecordedEvent]) -> list[JournalEntry]:
    """Return the journal of a world in which the same passed."""
    return [(one.time, one.connection, one.kind, one.data) for one in seen]


def test_a_session_does_not_differ_from_itself() -> None:
    """Where a client is told just what it was told, nothing is lacking and nothing is added."""
    seen = newcomer("cancel-loses-the-race")
    assert differences(seen, journal_of(seen), keep_accounts=True) == []


def test_every_message_that_is_not_told_again_is_named() -> None:
    """Updates, replies and messages that make no sense are named once each, and how often they are missing."""
    seen = newcomer("garbage-on-the-wire")
    told = [one for one in seen if one.kind == "out"]
    lost = [told[0], *(one for one in told if "Canceling" in one.data or "1000006" in one.data)]
    left = [one for one in seen if one not in lost]
    lines = differences(seen, journal_of(left), keep_accounts=True)
    assert lines == [
        "lacks the message '\"Normal\"' on connection 1",
        "lacks the update of 1 on updates1: Open, Acked, Canceling; filled 4 at 10000",
        'lacks the message \'{"id":1000006,"response":{"Ok":"2"}}\' on connection 1',
        "lacks the update of 2 on updates1: Open, Acked, Canceling; filled 0",
    ]
    assert differences(left, journal_of(seen), keep_accounts=True) == [line.replace("lacks", "adds") for line in lines]


def test_what_is_told_more_than_once_is_counted() -> None:
    """A message that is missing several times is one line."""
    seen = newcomer("order-refused")
    extra = [RecordedEvent(0, 2, "open", "/architect"), *(RecordedEvent(0, 2, "out", "noise") for _ in range(3))]
    assert differences([*seen, *extra], journal_of(seen), keep_accounts=True) == [
        "lacks the message 'noise' on connection 2, 3 times"
    ]


def test_an_update_of_a_foreign_order_is_lacking() -> None:
    """An order that the client did not send cannot be in its recording, and is named."""
    visit = Visit("order-refused")
    visit.ask({"type": "SubscribeOrderState"})
    state = {"order_id": "99", "state": ["Open"], "filled_qty": "0", "avg_fill_price": None}
    seen = [
        *visit.seen,
        RecordedEvent(visit.seen[-1].time, 1, "out", json.dumps({"id": 1, "response": {"Ok": [state]}})),
    ]
    result = replay(scenario_of(seen, load_catalogue("default")))
    assert (result.failures, differences(seen, result.journal)) == (
        (),
        ["lacks the update of 99 on updates1: Open; filled 0"],
    )


def test_what_no_recording_has_is_named() -> None:
    """Market data, the other protocol, refused connections and bytes that are no text are a line each."""
    visit = Visit({"markets": {PAIR: {"bids": [["9999", 1]], "asks": [["10000", 1]]}}})
    visit.ask({"type": "SubscribeBook", "tradable_product": PAIR, "width": 1})
    others = [
        RecordedEvent(0, 2, "open", "/netidx?account=DEFAULT"),
        RecordedEvent(0, 2, "out", "{}"),
        RecordedEvent(MS, 2, "out", "{}"),
        RecordedEvent(2 * MS, 0, "refused", "/architect with 503"),
        RecordedEvent(3 * MS, 1, "out", "\ufffd"),
    ]
    assert left_out([*visit.seen, *others]) == [
        "1 message of SubscribeBook (market data)",
        "2 messages of /netidx",
        "a connection that was refused: /architect with 503",
        "a message with bytes that are no UTF-8, for which U+FFFD stands: '\ufffd'",
    ]


def test_market_data_is_not_compared() -> None:
    """What is left out on purpose is neither lacking nor added."""
    visit = Visit({"markets": {PAIR: {"bids": [["9999", 1]], "asks": [["10000", 1]]}}})
    visit.ask({"type": "SubscribeBook", "tradable_product": PAIR, "width": 1})
    result = replay(scenario_of(visit.seen, load_catalogue("default")))
    assert (result.failures, differences(visit.seen, result.journal)) == ((), [])


def test_late_replies_are_named() -> None:
    """An order that is followed is answered at once in a recording, so it is said how late the answers were."""
    visit = Visit({"latency": {"requests": {"SendLimitOrder": "70ms"}}})
    visit.ask({"type": "SubscribeOrderState"})
    visit.ask(ORDER)
    visit.wait(100)
    assert left_out(visit.seen) == ["the time until orders were answered, up to 70ms"]
