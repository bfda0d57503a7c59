"""Rules that set each other off: in which order they are played, and however many they are."""

from support.steps import Play

MANY = 2000


def test_chain_of_releases() -> None:
    """Each order releases the one before it: however long the chain, each is filled, and nothing recurses."""
    play = Play(
        *(
            {
                "when": {"request": "SendLimitOrder", "nth": number + 1},
                "then": [{"hold": str(number)}, {"release": str(max(0, number - 1))}, {"fill": "rest"}],
            }
            for number in range(900)
        )
    )
    client = play.connect()
    for _ in range(900):
        client.order()
    play.sim.release("899")
    assert {order.cum_qty for order in play.sim.venue.orders.values()} == {10 * 10**9}


def test_released_is_played_before_what_released_it() -> None:
    """What a release lets go on comes before the steps behind it, and several in the order in which they waited."""
    play = Play(
        {"when": {"request": "SendLimitOrder"}, "then": ["ack", {"hold": "go"}, {"fill": "rest"}]},
        {"when": {"request": "CancelOrder"}, "then": [{"release": "go"}, {"reject": {"code": "TooLateToCancel"}}]},
    )
    client = play.follow()
    for _ in range(3):
        client.order()
    client.news()
    client.cancel(3)
    told = [message for _, message in client.news()]
    filled = [message["response"]["Ok"][0]["order_id"] for message in told if "Filled" in str(message)]
    assert (filled, "Err" in told[-1]["response"]) == (["1", "2", "3"], True)


def test_everybody_is_disconnected_when_one_goes() -> None:
    """A rule that ends every connection when one ends ends all of them, each once."""
    play = Play({"when": {"event": "disconnect"}, "then": [{"disconnect": {"session": "all"}}]})
    clients = [play.connect() for _ in range(MANY)]
    play.sim.disconnect(clients[0].session)
    assert play.sim.sessions == {}
    assert len(play.notes("close")) == MANY
