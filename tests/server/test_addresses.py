import ipaddress
import socket

import pytest

from simulator.server import addresses


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.1.2.3", "exchange.example", "localhost"])
def test_host_that_is_one(host: str) -> None:
    """What listens on one address is reached by it."""
    assert (addresses.reachable_host(host), addresses.hosts_of(host)) == (host, (host,))


@pytest.mark.parametrize(("host", "version"), [("", 4), ("0.0.0.0", 4), ("::", 6), ("0::0", 6)])  # noqa: S104
def test_every_address_of_this_machine(host: str, version: int) -> None:
    """What listens on every address is reached by the machine's own, of the same kind, and by its name."""
    found = addresses.reachable_host(host)
    address = ipaddress.ip_address(found)
    assert (address.version, address.is_unspecified) == (version, False)
    assert addresses.hosts_of(host) == tuple(dict.fromkeys((found, socket.gethostname())))


@pytest.mark.parametrize(("host", "found"), [("0.0.0.0", "127.0.0.1"), ("::", "::1")])  # noqa: S104
def test_machine_in_no_net(host: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is in no net is reached by its loopback."""
    monkeypatch.setattr(addresses, "_ELSEWHERE", dict.fromkeys(addresses._ELSEWHERE, "no address"))
    assert addresses.reachable_host(host) == found
