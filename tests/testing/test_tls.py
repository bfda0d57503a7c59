import json
import ssl
from pathlib import Path

import pytest
from websockets.sync.client import connect

from simulator import Exchange
from simulator.errors import SimulatorError
from simulator.libraries import without_proxy


def test_exchange_by_wss() -> None:
    """With tls=True a client that trusts ca_file connects by wss; resets, closes and faults are as they are by ws."""
    with Exchange(tls=True) as exchange:
        assert exchange.url.startswith("wss://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=exchange.ca_file)
        with connect(f"{exchange.url}/", ssl=trusting, **without_proxy()) as venue:
            venue.send('{"id": 1, "type": "GetHalts"}')
            assert json.loads(venue.recv(5)) == {"id": 1, "response": {"Ok": []}}
            exchange.do({"disconnect": "abort"})
            with pytest.raises(Exception, match="no close frame"):
                venue.recv(5)
        assert exchange.sessions == []


def test_file_of_the_authority_is_there_while_it_runs() -> None:
    """The file to trust is there from the start to the stop, and at no other time."""
    exchange = Exchange(tls=True)
    with pytest.raises(SimulatorError, match="ca_file: the exchange is not running"):
        _ = exchange.ca_file
    with exchange:
        file = Path(exchange.ca_file)
        assert file.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert not file.exists()


def test_no_file_without_tls() -> None:
    """An exchange without TLS says how to have it."""
    with (
        Exchange() as exchange,
        pytest.raises(SimulatorError, match="the exchange is reached by ws: say tls=True"),
    ):
        _ = exchange.ca_file
