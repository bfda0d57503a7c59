"""The published client writes ``str(Decimal)``, which has an exponent for what is small or large."""

import os
import subprocess
import sys
from decimal import Decimal

import pytest

from simulator.testing.exchange import Exchange

PROGRAM = """
import asyncio
from decimal import Decimal
from architect_py.client import Client, Dir

async def main():
    client = Client({url!r})
    await client.connect()
    product = await client.get_tradable_product("BTC", "USD", "COINBASE")
    print(await client.send_limit_order(product["id"], Dir.Buy, Decimal({price!r}), Decimal({quantity!r})))

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("price", "quantity", "sent"),
    [
        ("10000", "0.00000001", ('"price": "10000"', '"quantity": "1E-8"')),
        ("1E+4", "0.00000050", ('"price": "1E+4"', '"quantity": "5.0E-7"')),
        ("10000.00000000000", "1.5E-7", ('"price": "10000.00000000000"', '"quantity": "1.5E-7"')),
    ],
)
def test_smallest_orders_are_taken(price: str, quantity: str, sent: tuple[str, ...], published_client: str) -> None:
    """An order of one base increment goes out as 1E-8, is taken as what it is worth, and the client is answered."""
    with Exchange() as exchange:
        program = PROGRAM.format(url=exchange.url, price=price, quantity=quantity)
        environment = {**os.environ, "PYTHONPATH": published_client}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=20, check=False
        )
        assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr
        message = exchange.received(request="SendLimitOrder")[0].text
        assert [part for part in sent if part not in message] == []
        (order,) = exchange.orders
        assert (Decimal(order.price), Decimal(order.quantity)) == (Decimal(price), Decimal(quantity))
