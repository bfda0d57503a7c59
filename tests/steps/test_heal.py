"""The step that ends every fault: what is lifted, and what stays."""

from simulator.gateway.outgoing import RawBytes, text_frame
from support.steps import PAIR, Play


def test_heal_ends_every_fault() -> None:
    """After it no rule decides, nothing is halted, refused, stalled, slow, bent or held; orders and time stay."""
    play = Play(
        {"when": {"request": "SendLimitOrder"}, "then": ["ack", {"hold": "fill"}, {"fill": "rest"}]},
        {"when": {"request": "GetHalts"}, "then": [{"reply": {"Err": "no"}}]},
    )
    client = play.connect()
    client.order(price=100, quantity=2)
    play.sim.do(
        {"halt": "All"},
        {"halt": {"TradableProduct": PAIR}},
        {"refuse": {"for": "1h"}},
        {"stall": "all"},
        {"corrupt": {"what": "json", "messages": 5}},
        {"view": {"ListOpen": {"omit": ["all"]}}},
    )
    client.news()
    play.sim.do("heal")
    client.news()
    assert (list(play.sim.held), play.sim.venue.halts, play.sim.director.rules) == ([], [], [])
    assert play.sim.venue.orders[1].cum_qty == 2 * 10**9
    other = play.connect()
    assert other.ask("GetHalts")["Ok"] == []
    assert client.ask("ListOpen", set="All", scope="All")["Ok"] == []


def test_heal_sends_the_rest_of_what_drips() -> None:
    """After it what was dripping is there at once, in its order, and nothing drips any more."""
    play = Play()
    client = play.follow()
    play.sim.do({"slow": {"bytes_per_second": 10}})
    client.order(price=100, quantity=2)
    client.request("GetHalts")
    play.advance("2s")
    play.sim.do("heal")
    frames = b"".join(item.data for _, item in client.raw() if isinstance(item, RawBytes))
    assert frames.count(b'"response"') == 4
    assert frames.endswith(text_frame(b'{"id":3,"response":{"Ok":[]}}'))
    assert client.ask("GetHalts") == {"Ok": []}


def test_heal_cuts_what_waits_to_be_cut() -> None:
    """A connection whose end waits behind what drips is cut at once, and the others are healed all the same."""
    play = Play()
    client, _ = play.connect(), play.connect()
    play.sim.do({"slow": {"bytes_per_second": 10, "session": "1"}})
    client.request("GetHalts")
    play.sim.do({"corrupt": {"what": "frame", "session": "1"}})
    client.request("GetHalts")
    play.sim.do("heal")
    assert list(play.sim.sessions) == [2]


def test_heal_ends_latencies() -> None:
    """After it messages travel in no time, whatever way they go."""
    play = Play(latency={"entry": "1s", "reply": "1s", "update": "1s", "requests": {"GetHalts": "2s"}})
    client = play.connect()
    play.sim.do("heal")
    assert client.ask("GetHalts") == {"Ok": []}
    assert client.ask("ListOpen", set="All", scope="All") == {"Ok": []}
