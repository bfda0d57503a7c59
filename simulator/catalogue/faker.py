"""Invented exchanges: a Faker provider of venues, products and tradable products, and whole catalogues.

Importing this module imports Faker, which takes a while; nothing else in the package does.
"""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final

from faker import Generator
from faker.providers import BaseProvider

from simulator.catalogue.document import build
from simulator.catalogue.model import Catalogue
from simulator.decimals import parse_amount, text_of_amount
from simulator.errors import CatalogueError
from simulator.terms import BILLION

__all__ = ["EXPIRATIONS", "ExchangeProvider", "invent"]

_QUARTERS: Final = ["Mar", "Jun", "Sep", "Dec"]
EXPIRATIONS: Final[dict[str, dict[str, Any]]] = {
    "m1": {"next": 1, "day": "last Friday", "at": "16:00"},
    "q2": {"next": 2, "day": "3rd Friday", "of": _QUARTERS, "at": "14:30"},
    "q3": {"next": 3, "day": "3rd Friday", "of": _QUARTERS, "at": "14:30"},
}
"""The dates on which invented contracts expire: what a catalogue with any of them needs as its ``expirations``."""

_YEARS_ROOT: Final = {"m1": 250, "q2": 600, "q3": 800}
"""The square root of the time to each date, in thousandths of that of a year."""

_SYLLABLES: Final = ("AL", "BIT", "COR", "DEX", "EL", "FI", "GA", "HEX", "ION", "KRA", "LUM", "MER", "NOR", "ORB")
_ENDINGS: Final = ("BASE", "EX", "MARKETS", "MART", "NET", "SWAP", "TRADE", "X")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FIATS: Final = {
    "EUR": "1.1039",
    "GBP": "1.2731",
    "JPY": "0.00709",
    "CHF": "1.1885",
    "CAD": "0.755",
    "AUD": "0.6812",
    "SGD": "0.7576",
    "HKD": "0.1281",
    "SEK": "0.0992",
    "MXN": "0.0589",
}
_SUFFIXES: Final = {"Coin": "Crypto", "Equity": "Equity", "Commodity": "Commodity", "Index": "Index"}
_UNDERLYINGS: Final = {
    "Perpetual": ("Coin",),
    "Future": ("Coin", "Index", "Commodity"),
    "Option": ("Coin", "Equity", "Index"),
}
_VOLATILITIES: Final = {"Coin": 700, "Equity": 300, "Index": 150}
"""By the kind of the underlying, in thousandths a year."""

_KINDS: Final = (
    *("Coin",) * 5,
    *("Equity",) * 4,
    *("Fiat",) * 2,
    "Commodity",
    "Index",
    *("Perpetual",) * 2,
    *("Future",) * 2,
    *("Option",) * 3,
)
_MAX_VENUES_OF_ONE: Final = 3
_MOST_TRIES: Final = 20
_DIGITS: Final = 5
_OPTION_DIGITS: Final = 3
_CENT: Final = BILLION // 100


class ExchangeProvider(BaseProvider):
    """Invents the entries of a catalogue file: names, and mappings that `simulator.catalogue.build` takes.

    All of it comes from the generator's random numbers, so a seeded generator invents the same every time.
    """

    def exchange_venue(self) -> str:
        """Return a venue's name, such as ``KRAMART``."""
        syllables = self.random_elements(_SYLLABLES, length=self.random_int(1, 2))
        return "".join(syllables) + str(self.random_element(_ENDINGS))

    def product_ticker(self) -> str:
        """Return three to five capital letters."""
        return "".join(self.random_elements(_LETTERS, length=self.random_int(3, 5)))

    def exchange_product(
        self, underlyings: Sequence[dict[str, Any]] | None = None, kind: str | None = None
    ) -> dict[str, Any]:
        """Return the entry of a product, of a kind or any: a derivative only if there is a product that it can be on.

        ``underlyings`` are entries of products. A derivative is priced near its underlying, and expires on one of
        `EXPIRATIONS`.
        """
        kind = str(self.random_element(_KINDS)) if kind is None else kind
        if kind == "Fiat":
            name = str(self.random_element(tuple(_FIATS)))
            return _entry(name, kind, parse_amount(_FIATS[name]) or 0)
        fitting = [entry for entry in underlyings or () if entry["kind"] in _UNDERLYINGS.get(kind, ())]
        if fitting:
            return self._derivative(kind, self.random_element(fitting))
        kind = kind if kind in _SUFFIXES else "Coin"
        return _entry(f"{self.product_ticker()} {_SUFFIXES[kind]}", kind, self._price(kind))

    def exchange_tradable_product(self, base: dict[str, Any], venue: str, route: str) -> dict[str, Any]:
        """Return the entry of a pair against USD, with a tick, a step and a mid that suit the price."""
        price = (parse_amount(base["price_in_limit_dollars"]) or 0) // int(base.get("multiplier", "1"))
        tick = _tick(base, price)
        entry = {
            "base": base["name"],
            "quote": "USD",
            "venue": venue,
            "route": route,
            "quote_increment": text_of_amount(tick),
            "base_increment": text_of_amount(_step(base, price)),
            "mid": text_of_amount(max(price // tick + self.random_int(-3, 3), 1) * tick),
            "turnover": str(self.random_int(1, 100_000)),
        }
        return entry | ({"traded": False} if base["kind"] == "Index" else {})

    def _price(self, kind: str) -> int:
        """Return a price in billionths such as things of a kind have."""
        match kind:
            case "Equity":  # four to nine hundred dollars
                return int(self.random_int(20, 300) * self.random_int(20, 300)) * _CENT
            case "Commodity":
                return int(self.random_int(20, 500) * self.random_int(20, 500)) * _CENT
            case "Index":
                return int(self.random_int(100_000, 4_000_000)) * _CENT
            case _:
                return int(self.random_int(10 ** (_DIGITS - 1), 10**_DIGITS - 1)) * _power(self.random_int(1, 9))

    def _derivative(self, kind: str, underlying: dict[str, Any]) -> dict[str, Any]:
        ticker = underlying["name"].rpartition(" ")[0]
        price = parse_amount(underlying["price_in_limit_dollars"]) or 0
        if kind == "Perpetual":
            near = price * self.random_int(9_990, 10_010) // 10_000
            return _entry(f"{ticker} Perpetual", kind, near) | _contract(underlying, "1")
        date = str(self.random_element(tuple(EXPIRATIONS)))
        if kind == "Future":
            multiplier = str(10 ** self.random_int(0, 2))
            near = price * (10_000 + self.random_int(0, 5) * _YEARS_ROOT[date] ** 2 // 10_000) // 10_000
            entry = _entry(f"{ticker} Future {{{date}}}", kind, near * int(multiplier))
            return entry | _contract(underlying, multiplier) | {"expiration": date}
        multiplier = "100" if underlying["kind"] == "Equity" else "1"
        strike, right, worth = self._option(price, underlying["kind"], date)
        entry = _entry(f"{ticker} Option {{{date}}} {strike} {right}", kind, worth * int(multiplier))
        contract = _contract(underlying, multiplier)
        return entry | contract | {"expiration": date, "strike": strike, "put_or_call": right}

    def _option(self, price: int, kind: str, date: str) -> tuple[str, str, int]:
        """Return a strike within a fifth of the underlying's price, a right, and what the option is worth.

        That is what it would be worth at once, and a time value that falls with the distance of the strike; so a call
        and a put of one strike are worth what parity asks for.
        """
        grain = max(_power(len(str(price)) - 2) // 2, 1)
        strike = max(price * int(self.random_int(80, 120)) // 100 // grain, 1) * grain
        right = str(self.random_element(("Call", "Put")))
        at_the_money = price * 4 * _VOLATILITIES[kind] * _YEARS_ROOT[date] // 10_000_000
        time_value = at_the_money**2 // (at_the_money + abs(price - strike))
        at_once = price - strike if right == "Call" else strike - price
        return text_of_amount(strike), right, max(at_once, 0) + max(time_value, _CENT if kind == "Equity" else 1)


def _entry(name: str, kind: str, price: int) -> dict[str, Any]:
    return {"name": name, "kind": kind, "price_in_limit_dollars": text_of_amount(price)}


def _contract(underlying: dict[str, Any], multiplier: str) -> dict[str, Any]:
    return {"underlying": underlying["name"], "multiplier": multiplier}


def _tick(base: dict[str, Any], price: int) -> int:
    """Return a tick: a cent for equities, options on them and indices, else the last of a few significant digits."""
    if base["kind"] in ("Equity", "Index") or (base["kind"] == "Option" and base["multiplier"] == "100"):
        return _CENT
    return _power(len(str(price)) - (_OPTION_DIGITS if base["kind"] == "Option" else _DIGITS))


def _step(base: dict[str, Any], price: int) -> int:
    """Return a step: one share or contract, else worth between a tenth of a cent and a cent, but one at most."""
    if base["kind"] in ("Equity", "Index", "Future", "Option"):
        return BILLION
    return min(_power(16 - len(str(price))), BILLION)


def _power(digits: int) -> int:
    return int(10 ** max(digits, 0))


def invent(seed: int, venues: int, products: int) -> Catalogue:
    """Return an invented catalogue with just so many venues and products, the same for the same arguments.

    One of the products is ``USD``, and every other has a pair against it on up to three venues, so there must
    be two products and a venue at least; raises `simulator.errors.CatalogueError` for less. Contracts expire on dates
    that are counted from the start of the world.
    """
    for word, given, least in (("venues", venues, 1), ("products", products, 2)):
        if given < least:
            raise CatalogueError(f"an invented catalogue: {word}: expected {least} or more, got {given}")
    generator = Generator()
    generator.seed_instance(seed)
    return build(_document(ExchangeProvider(generator), seed, venues, products), f"invented-{seed}")


def _document(provider: ExchangeProvider, seed: int, venues: int, products: int) -> dict[str, Any]:
    places: list[str] = []
    for _ in range(venues):
        places.append(_unused(provider.exchange_venue(), places.__contains__))
    entries: dict[str, dict[str, Any]] = {}
    for kind in _kinds(provider, products - 1):
        entry = _unused_product(provider, kind, entries)
        entries[entry["name"]] = entry
    pairs = [
        provider.exchange_tradable_product(entry, venue, "DIRECT")
        for entry in entries.values()
        for venue in provider.random_sample(places, length=provider.random_int(1, min(len(places), _MAX_VENUES_OF_ONE)))
    ]
    return {
        "name": f"invented-{seed}",
        "accounts": ["DEFAULT"],
        "venues": places,
        "routes": ["DIRECT"],
        "expirations": EXPIRATIONS,
        "products": [{"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"}, *entries.values()],
        "tradable_products": pairs,
    }


def _kinds(provider: ExchangeProvider, number: int) -> list[str]:
    """Return the kinds of so many products, mixed, but each of a score of them as often as it should be."""
    kinds: list[str] = []
    while len(kinds) < number:
        kinds += map(str, provider.random_sample(_KINDS, length=len(_KINDS)))
    return kinds[:number]


def _unused_product(provider: ExchangeProvider, kind: str, entries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the entry of a product whose name is not used yet: one more try, another kind, or a number in its name."""
    underlyings = list(entries.values())
    for _ in range(_MOST_TRIES):
        entry = provider.exchange_product(underlyings, kind)
        if entry["name"] not in entries:
            return entry
    entry = provider.exchange_product(underlyings, "Coin")
    return entry | {"name": _unused(entry["name"], entries.__contains__)}


def _unused(name: str, used: Callable[[str], bool]) -> str:
    """Return a name that is not used yet: this one, or the first with a number after its first word."""
    if not used(name):
        return name
    ticker, blank, rest = name.partition(" ")
    return next(word for number in count(2) if not used(word := f"{ticker}{number}{blank}{rest}"))
