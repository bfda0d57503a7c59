"""A strategy for what a client may do with orders: nothing refers to an order that was not sent."""

from typing import Any

from hypothesis import strategies as st

from simulator.catalogue import Catalogue
from simulator.testing.strategies.requests import limit_orders

__all__ = ["order_flows"]

Flow = list[dict[str, Any]]

_TIMES = ("1ms", "10ms", "100ms", "1s", "10s")
_OF_ORDERS = ("GetOrderState", "GetOrderDetails", "GetRejectReason")
_OF_ALL = ("ListOpen", "ListFills")


def order_flows(
    catalogue: Catalogue | str | None = None, *, product: str | None = None, max_size: int = 12
) -> st.SearchStrategy[Flow]:
    """Return a strategy for legal flows of orders, in the words of a scenario's ``client:`` section.

    A flow follows its orders' states, sends orders (``as: order1``), cancels earlier ones (``$order1``), asks for
    what there is, and waits. `simulator.testing.strategies.playing.play` plays it.

    Args:
        catalogue: what is traded, or its name; the default one unless it is said.
        product: the name of the one product to trade; any that takes orders unless it is said.
        max_size: the most that it does.
    """
    earlier = st.integers(0, 20)
    moves = st.one_of(
        limit_orders(catalogue, product).map(lambda fields: ("send", fields)),
        earlier.map(lambda number: ("cancel", number)),
        st.tuples(st.just("ask"), st.tuples(st.sampled_from(_OF_ORDERS), st.lists(earlier, max_size=3))),
        st.tuples(st.just("list"), st.sampled_from(_OF_ALL)),
        st.tuples(st.just("wait"), st.sampled_from(_TIMES)),
    )
    return _flows(st.lists(moves, max_size=max_size))


@st.composite
def _flows(draw: st.DrawFn, lists: st.SearchStrategy[list[tuple[str, Any]]]) -> Flow:
    flow: Flow = [{"send": {"type": "SubscribeOrderState"}, "as": "states"}]
    sent = 0
    for move, what in draw(lists):
        match move:
            case "send":
                sent += 1
                flow.append({"send": {"type": "SendLimitOrder", **what}, "as": f"order{sent}"})
            case "wait":
                flow.append({"wait": what})
            case "list":
                flow.append({"send": {"type": what, "scope": "All", "set": "All"}})
            case "cancel":
                if sent:
                    flow.append({"send": {"type": "CancelOrder", "order_id": _earlier(what, sent)}})
            case "ask":
                query, numbers = what
                ids = [_earlier(number, sent) for number in numbers if sent]
                flow.append({"send": {"type": query, "order_ids": ids}})
            case _:
                raise ValueError(f"there is no move {move!r}")
    return flow


def _earlier(number: int, sent: int) -> str:
    """Return the reference to one of the orders sent so far: the last for 0, the one before it for 1, and so on."""
    return f"$order{sent - number % sent}"
