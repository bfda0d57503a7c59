import argparse

import pytest

from simulator.cli.options import number_from, port_number


@pytest.mark.parametrize("text", ["0", "6001", "65535", "00080"])
def test_ports(text: str) -> None:
    """A port is a number of sixteen bits, 0 among them, which stands for any free one."""
    assert port_number(text) == int(text)


@pytest.mark.parametrize("text", ["", "-1", "65536", "6001.0", " 6001", "+1", "6_001", "\u0661", "x", "9" * 5000])
def test_what_is_no_port(text: str) -> None:
    """Whatever else Python takes for a number is refused, with the bounds, and cut if it is long."""
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        port_number(text)
    assert str(caught.value).startswith("expected a number from 0 to 65535, got ")
    assert len(str(caught.value)) < 140


def test_numbers_without_an_upper_bound() -> None:
    """Where there is only a lower bound, a number may be longer than a machine's word."""
    assert number_from(1)(str(1 << 200)) == 1 << 200
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number of 1 or more, got '0'"):
        number_from(1)("0")
