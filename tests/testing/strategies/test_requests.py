"""Strategies for requests: every type, understood by the gateway, and those that it must refuse."""

import json
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from simulator.simulation import Simulation
from simulator.testing.strategies import requests, wrong_requests
from simulator.wire import REQUEST_TYPES, BadRequest, decode
from simulator.wire.requests import OUT_OF_SCOPE
from support.messages import messages

BEYOND_A_VENUE = {struct.__name__ for struct in OUT_OF_SCOPE}
MAY_BE_REFUSED = {*BEYOND_A_VENUE, "CancelOrder", "Unsubscribe", "Resume"}
"""Types of which a valid request may ask for what is not there: an order, a subscription, a halt."""

SEARCH = settings(max_examples=200, database=None, derandomize=True, phases=(Phase.generate, Phase.shrink))


def answers(request: dict[str, Any], catalogue: str) -> list[dict[str, Any]]:
    """Return what a new exchange says to one request."""
    simulation = Simulation(catalogue=catalogue)
    simulation.receive(simulation.connect("/"), json.dumps(request))
    return messages(simulation.take())


@pytest.mark.parametrize("kind", REQUEST_TYPES)
@settings(max_examples=5)
@given(data=st.data())
def test_every_type_is_drawn_and_understood(kind: str, data: st.DataObject) -> None:
    """A request of each type decodes to that type, and is refused only where it may ask for what is not there."""
    request = data.draw(requests("reference", [kind]))
    decoded = decode(json.dumps(request))
    assert type(decoded).__name__ == kind
    for answer in answers(request, "reference"):
        assert answer["id"] == request["id"]
        assert "Ok" in answer["response"] or kind in MAY_BE_REFUSED, answer


@given(requests())
def test_the_default_catalogue_has_what_is_asked_for(request_: dict[str, Any]) -> None:
    """Requests about the default catalogue are refused no more than those about the reference's."""
    for answer in answers(request_, "default"):
        assert "Ok" in answer["response"] or request_["type"] in MAY_BE_REFUSED, answer


@settings(max_examples=150)
@given(wrong_requests("reference"))
def test_wrong_requests_are_refused(request_: dict[str, Any]) -> None:
    """A request with one thing wrong in it is answered once, with an Err."""
    (answer,) = answers(request_, "reference")
    assert list(answer["response"]) == ["Err"]


def test_requests_shrink_to_the_plainest() -> None:
    """The smallest order is a small one at the middle of the market with id 1."""
    order = find(requests("reference", ["SendLimitOrder"]), lambda request: True, settings=SEARCH)
    assert order["id"] == 1
    assert order["dir"] == "Buy"
    assert order["price"] == "100"
    assert order["quantity"] == "0.001"


def test_orders_may_be_off_the_increments() -> None:
    """Some orders are valid requests that the venue rejects: off its tick or its step."""
    orders = requests("reference", ["SendLimitOrder"])
    assert find(orders, lambda order: len(order["price"].partition(".")[2]) > 2, settings=SEARCH)


def test_a_type_that_is_none_is_refused() -> None:
    """A type that does not exist is a mistake that names the nearest one."""
    with pytest.raises(ValueError, match="CancelOrder"):
        requests(kinds=["CancelOder"])


def test_what_is_decoded_is_no_bad_request() -> None:
    """The decoder tells a wrong request apart, so that the tests above mean something."""
    assert isinstance(decode('{"id":1,"type":"CancelOder"}'), BadRequest)
