"""An order book in the slowest and plainest way: two lists, searched from end to end."""

from typing import NamedTuple

MARKET = 0
"""The number under which all that is no client's order appears in a trade."""


class Trade(NamedTuple):
    taker: int
    maker: int
    buy: bool
    price: int
    quantity: int


class Resting:
    def __init__(self, number: int, price: int, left: int) -> None:
        self.number = number
        self.price = price
        self.left = left


class ReferenceBook:
    """Price-time priority, as its definition says it."""

    def __init__(self) -> None:
        self.bids: list[Resting] = []
        self.asks: list[Resting] = []
        self.quotes: list[Resting] = []

    def limit(self, number: int, buy: bool, price: int, quantity: int) -> list[Trade]:
        """Take an order, trade it, and rest what is left of it."""
        trades, left = self._trade(number, buy, price, quantity)
        if left:
            self._rest(Resting(number, price, left), buy)
        return trades

    def take(self, buy: bool, quantity: int) -> list[Trade]:
        """Take from the other side at any price; what finds nothing is gone."""
        return self._trade(MARKET, buy, None, quantity)[0]

    def cancel(self, number: int) -> bool:
        """Take an order out; False if it does not rest."""
        for side in (self.bids, self.asks):
            for one in side:
                if one.number == number:
                    side.remove(one)
                    return True
        return False

    def fill(self, number: int, quantity: int) -> bool:
        """Fill an order where it rests, by nobody in the book; False if it has not so much left."""
        for side in (self.bids, self.asks):
            for one in side:
                if one.number == number and one.left >= quantity:
                    one.left -= quantity
                    if not one.left:
                        side.remove(one)
                    return True
        return False

    def quote(self, quotes: list[tuple[bool, int, int]]) -> list[Trade]:
        """Replace the market's quotes; new ones trade like orders."""
        self.bids = [one for one in self.bids if one not in self.quotes]
        self.asks = [one for one in self.asks if one not in self.quotes]
        self.quotes = []
        trades = []
        for buy, price, quantity in quotes:
            more, left = self._trade(MARKET, buy, price, quantity)
            trades += more
            if left:
                quote = Resting(MARKET, price, left)
                self.quotes.append(quote)
                self._rest(quote, buy)
        return trades

    def depth(self) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
        """Return price, quantity and number of entries of each level, best first: the bids, and the asks."""
        bids, asks = (_levels(side) for side in (self.bids, self.asks))
        return bids, asks

    def _rest(self, one: Resting, buy: bool) -> None:
        """Put one behind all that are as good as it."""
        side = self.bids if buy else self.asks
        better = [other for other in side if (other.price >= one.price if buy else other.price <= one.price)]
        side.insert(len(better), one)

    def _trade(self, number: int, buy: bool, price: int | None, left: int) -> tuple[list[Trade], int]:
        side = self.asks if buy else self.bids
        trades: list[Trade] = []
        while side and left:
            first = side[0]
            if price is not None and (first.price > price if buy else first.price < price):
                break
            quantity = min(left, first.left)
            left -= quantity
            first.left -= quantity
            trades.append(Trade(number, first.number, buy, first.price, quantity))
            if not first.left:
                side.pop(0)
        return trades, left


def _levels(side: list[Resting]) -> list[tuple[int, int, int]]:
    levels: list[tuple[int, int, int]] = []
    for one in side:
        if levels and levels[-1][0] == one.price:
            price, quantity, count = levels[-1]
            levels[-1] = (price, quantity + one.left, count + 1)
        else:
            levels.append((one.price, one.left, 1))
    return levels
