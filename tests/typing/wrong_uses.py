"""Wrong uses of the public API, none of which is run: mypy refuses each, or calls the comment unused that says so."""

from simulator import Exchange, Simulation
from simulator.scenario.words import ExpectedWords
from simulator.testing.strategies import order_flows, play, requests, scenarios


def exchanges() -> None:
    """What an exchange is started with."""
    Exchange("partial-fill", 7)  # type: ignore[call-arg]  # the seed has its name
    Exchange(7)  # type: ignore[arg-type]
    Exchange(seed="7")  # type: ignore[arg-type]
    Exchange(clock=20)  # type: ignore[arg-type]  # {"scaled": 20}
    Exchange(clock="manuel")  # type: ignore[arg-type]
    Exchange(scenarios=["partial-fill"])  # type: ignore[call-arg]


def times(exchange: Exchange) -> None:
    """Times are texts, timedeltas or whole nanoseconds."""
    exchange.advance(0.25)  # type: ignore[arg-type]
    exchange.advance(milliseconds=250)  # type: ignore[call-arg]
    exchange.wait_for(timeout="5s")  # type: ignore[arg-type]
    exchange.now = 0  # type: ignore[misc]


def steps(exchange: Exchange) -> None:
    """Steps are texts or dicts, each an argument of its own, and rules are a list."""
    exchange.do(["ack"])  # type: ignore[arg-type]
    exchange.do("ak")  # type: ignore[arg-type]
    exchange.do({"fil": 1})  # type: ignore[arg-type]
    exchange.do({"fill": {"quantty": 1}})  # type: ignore[arg-type]
    exchange.do({"stall": "everything"})  # type: ignore[arg-type]
    exchange.do({"refuse": {}})  # type: ignore[arg-type]
    exchange.set_rules({"when": {}, "then": []})  # type: ignore[arg-type]
    exchange.set_rules([{"wen": {}, "then": []}])  # type: ignore[typeddict-unknown-key, typeddict-item]
    exchange.set_rules([{"when": {"requst": "*"}, "then": []}])  # type: ignore[typeddict-unknown-key]
    exchange.release(1)  # type: ignore[arg-type]
    exchange.close_connections("1012")  # type: ignore[arg-type]


def laws() -> None:
    """Laws are words, or their bounds: times or whole numbers."""
    _: list[ExpectedWords] = [
        "backs_of",  # type: ignore[list-item]
        {"reconnects": 30},  # type: ignore[list-item]
        {"backs_off": "5s"},  # type: ignore[list-item]
    ]


async def expectations(exchange: Exchange) -> None:
    """What is expected is said by a rule's words, and waited for."""
    exchange.received("SendLimitOrder")  # type: ignore[call-arg]
    exchange.received(requst="SendLimitOrder")  # type: ignore[call-arg]
    exchange.never(quantity={"gte": 1})  # type: ignore[arg-type]
    exchange.wait_for(event="conect")  # type: ignore[arg-type]
    exchange.wait_until(order={"ordr_id": "1"})  # type: ignore[call-overload]
    exchange.wait_until(request="SendLimitOrder")  # type: ignore[call-overload]
    await exchange.until(order={"order_id": "1"}, request="SendLimitOrder")  # type: ignore[call-overload]
    exchange.until(request="SendLimitOrder")  # type: ignore[unused-coroutine]


def truth(exchange: Exchange) -> None:
    """What has happened is as the gateway tells it, decimals as texts, and cannot be changed."""
    assert exchange.ordres  # type: ignore[attr-defined]
    assert exchange.book("BTC Crypto/USD*COINBASE/DIRECT")["buy"]  # type: ignore[index]
    assert exchange.orders[0].filled_qty + 1  # type: ignore[operator]
    exchange.orders[0].filled_qty = "1"  # type: ignore[misc]
    assert exchange.fills[0].qty  # type: ignore[attr-defined]


def simulations(world: Simulation) -> None:
    """A world takes what comes on a session, and gives what may be no message."""
    Simulation({}, 7)  # type: ignore[call-arg,arg-type]  # the seed has its name
    Simulation(seed="7")  # type: ignore[arg-type]
    session = world.connect()
    world.receive("{}")  # type: ignore[call-arg,arg-type]
    world.receive(session, {"id": 1})  # type: ignore[arg-type]
    world.advance("1s")  # type: ignore[arg-type]
    for _session, items in world.take():
        items[0].decode()  # type: ignore[union-attr]


def strategies(world: Simulation) -> None:
    """Strategies draw data, which is played, not they themselves."""
    scenarios(faults=3)  # type: ignore[arg-type]
    requests(kind="CancelOrder")  # type: ignore[call-arg]
    play(order_flows(), world)  # type: ignore[arg-type]
