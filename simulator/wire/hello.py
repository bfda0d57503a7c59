"""The hello: the message that a connection to the gateway begins with, before anything is asked."""

from typing import Literal

from simulator.wire.codec import encode

__all__ = ["GREETED", "Hello", "hello_message", "is_greeted"]

GREETED = "/architect"
"""The path whose connections begin with it."""

Hello = Literal["Normal", "Trial", "FirstRun", "NotLicensed"]
"""What it may say."""


def is_greeted(target: str) -> bool:
    """Tell whether a connection with this request target begins with a hello."""
    return target.partition("?")[0] == GREETED


def hello_message(hello: Hello) -> bytes:
    """Return the message of a hello."""
    return encode(hello)
