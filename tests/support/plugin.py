"""What the tests of the plugin share: texts of test files that use it."""

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]
"""Runs pytest on a test file's text, with more arguments of the command line, in a process of its own."""

ARGS = ("-W", "error", "--strict-markers", "-p", "no:cacheprovider")
ALONE = (*ARGS, *(f"-pno:{name}" for name in ("asyncio", "faker", "hypothesispytest", "pytest_cov", "xdist")))
"""Without the plugins of others, which take longer to import than most of these tests take; one test has them all."""

PAIR = "BTC Crypto/USD*COINBASE/DIRECT"

CLIENT = f"""
import json

import pytest
from websockets.sync.client import connect

PAIR = {PAIR!r}


def ask(url, **request):
    with connect(url + "/") as venue:
        venue.send(json.dumps({{"id": 1, **request}}))
        return json.loads(venue.recv(timeout=5))["response"]


def order(url, price="10000", quantity="1", **more):
    return ask(
        url, type="SendLimitOrder", account="DEFAULT", dir="Buy", price=price, quantity=quantity, target=PAIR, **more
    )
"""
