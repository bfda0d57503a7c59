"""Orders that are lost or told again, subscriptions that end, messages in pieces, and ids of other kinds."""

import json

from simulator.gateway.outgoing import RawBytes
from support.steps import Play


def test_a_lost_order_is_unknown_and_keeps_its_fills() -> None:
    """No query knows an order that the venue has lost, nobody is told, and its fills stay."""
    play = Play({"when": {"request": "SendLimitOrder"}, "then": ["ack", {"fill": "40%"}, {"delay": "1s"}, "lose"]})
    client = play.connect()
    client.order(quantity=10)
    client.news()
    play.advance("1s")
    assert client.news() == []
    assert client.ask("GetOrderState", order_ids=["1"]) == {"Ok": []}
    assert client.ask("ListOpen", scope="All", set="All") == {"Ok": []}
    assert [quantity for _, _, quantity, _ in client.fills()] == ["4"]


def test_an_order_that_is_out_cannot_be_lost() -> None:
    """A step that finds no open order is passed over, and says so."""
    play = Play({"when": {"request": "CancelOrder"}, "then": ["cancel", "reply", {"delay": "1s"}]})
    client = play.connect()
    client.order()
    client.cancel(1)
    play.sim.do({"lose": {"order": "1"}})
    assert play.notes("skipped") == ["do: lose: order 1 is out already"]


def test_what_is_so_is_told_again_much_later() -> None:
    """An order that is out is told of once more, as it was told before."""
    play = Play({"when": {"request": "SendLimitOrder"}, "then": ["ack", "fill", {"delay": "40m"}, "repeat"]})
    client = play.follow()
    client.order()
    told = [message for _, message in client.news()]
    play.advance("40m")
    assert [message for _, message in client.news()] == told[-1:]


def test_a_snapshot_after_subscribing_tells_all_again() -> None:
    """Who follows orders again hears of all that it may see, of what is out too, in one message."""
    play = Play({"when": {"event": "subscribe", "session": 2}, "then": ["snapshot"]}, accounts=["ALICE", "BOB"])
    client = play.connect()
    for account in ("ALICE", "BOB", "ALICE"):
        client.order(account=account)
    play.sim.do({"fill": {"order": "1"}})
    follower = play.follow("/?account=ALICE")
    play.sim.do("snapshot")
    again = [message["response"]["Ok"] for _, message in follower.news()]
    assert [[(state["order_id"], state["filled_qty"]) for state in states] for states in again] == [
        [("1", "10"), ("3", "0")],
    ]


def test_a_snapshot_goes_out_behind_the_first_message() -> None:
    """What is open is told first, as ever, and then what there has been."""
    play = Play({"when": {"event": "subscribe"}, "then": ["snapshot"]})
    client = play.connect()
    client.order()
    play.sim.do({"cancel": {"order": "1"}})
    client.news()
    client.request("SubscribeOrderState")
    told = [message["response"]["Ok"] for _, message in client.news()]
    assert [[(state["order_id"], state["state"]) for state in states] for states in told] == [
        [],
        [("1", ["Acked", "Canceled", "Out"])],
    ]


def test_a_connection_lives_on_without_its_subscriptions() -> None:
    """Nothing is told to who followed orders, replies still come, and it may follow them again."""
    play = Play()
    client = play.follow()
    play.sim.do("unsubscribe")
    client.order()
    assert [message for _, message in client.news()] == [{"id": 2, "response": {"Ok": "1"}}]
    client.request("SubscribeOrderState")
    assert len(client.news()) == 1


def test_a_message_comes_in_pieces() -> None:
    """A fragmented message is three frames, whose payloads together are the message."""
    play = Play()
    client = play.connect()
    play.sim.do({"corrupt": "fragments"})
    client.request("GetHalts")
    ((_, item),) = client.raw()
    assert isinstance(item, RawBytes)
    data, frames = item.data, []
    while data:
        frames.append((data[0], data[2 : 2 + data[1]]))
        data = data[2 + data[1] :]
    assert [head for head, _ in frames] == [0x01, 0x00, 0x80]
    assert json.loads(b"".join(payload for _, payload in frames)) == {"id": 1, "response": {"Ok": []}}


def test_ids_are_large_or_fall() -> None:
    """Orders get the ids that the scenario says, and are known by them."""
    play = Play(order_ids={"first": 9007199254740993, "step": -7})
    client = play.connect()
    for _ in range(3):
        client.order()
    ids = [message["response"]["Ok"] for _, message in client.news()]
    assert ids == ["9007199254740993", "9007199254740986", "9007199254740979"]
    assert client.ask("ListOpen", scope="All", set="All") == {"Ok": ids}
    assert client.ask("CancelOrder", order_id=ids[2])["Ok"] is None
