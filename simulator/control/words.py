"""What a test says of the truth that it waits for, as types for Python data."""

from collections.abc import Sequence
from typing import Any, TypedDict

from simulator.scenario.words import MatcherWords, Text

__all__ = ["FillWhenWords", "OrderWhenWords", "SentWhenWords"]


class OrderWhenWords(TypedDict, total=False):
    """Which orders are meant: all that is said must hold."""

    order_id: MatcherWords
    product: MatcherWords
    tradable_product: MatcherWords
    account: MatcherWords
    dir: MatcherWords
    price: MatcherWords
    quantity: MatcherWords
    state: MatcherWords
    filled_qty: MatcherWords
    leaves_qty: MatcherWords
    avg_fill_price: MatcherWords
    reason: MatcherWords
    time: MatcherWords
    quote_id: MatcherWords


class FillWhenWords(TypedDict, total=False):
    """Which fills are meant: all that is said must hold."""

    fill_id: MatcherWords
    order_id: MatcherWords
    product: MatcherWords
    tradable_product: MatcherWords
    account: MatcherWords
    dir: MatcherWords
    price: MatcherWords
    quantity: MatcherWords
    kind: MatcherWords
    liquidity: MatcherWords
    against: MatcherWords
    of: MatcherWords
    time: MatcherWords


class SentWhenWords(TypedDict, total=False):
    """Which messages to clients are meant, in the words of a client's ``await``."""

    connection: int | None
    order_id: Text | None
    state: Sequence[Text] | None
    filled_qty: Text | None
    avg_fill_price: Text | None
    message: Any
