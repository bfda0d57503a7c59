"""Invented exchanges: a Faker provider of venues, products and tradable products, and whole catalogues.

Importing this module imports Faker, which takes a while; nothing else in the package does.
"""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from faker import Generator
from faker.providers import BaseProvider

from simulator.catalogue.document import build
from simulator.catalogue.model import Catalogue
from simulator.decimals import parse_amount, text_of_amount
from simulator.errors import CatalogueError
from simulator.terms import BILLION

__all__ = ["ExchangeProvider", "invent"]

_SYLLABLES: Final = (
    "AL",
    "BIT",
    "COR",
    "DEX",
    "EL",
    "FI",
    "GA",
    "HEX",
    "ION",
    "KRA",
    "LUM",
    "MER",
    "NOR",
    "ORB",
)
_ENDINGS: Final = ("BASE", "EX", "MARKETS", "MART", "NET", "SWAP", "TRADE", "X")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_KINDS: Final = ("Coin",) * 6 + ("Equity",) * 3 + ("Perpetual",) * 2 + ("Future", "Commodity")
_SUFFIXES: Final = {"Coin": "Crypto", "Equity": "Equity", "Commodity": "Commodity"}
_FIRST_DAY: Final = date(2023, 7, 1)
_MAX_VENUES_OF_ONE: Final = 3
_DIGITS: Final = 5


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

    def exchange_product(self, underlyings: list[str] | None = None) -> dict[str, Any]:
        """Return the entry of a product: a derivative only if there are products it can be on."""
        kind = str(self.random_element(_KINDS))
        if kind in _SUFFIXES or not underlyings:
            kind = kind if kind in _SUFFIXES else "Coin"
            return self._entry(f"{self.product_ticker()} {_SUFFIXES[kind]}", kind)
        underlying = str(self.random_element(underlyings))
        ticker = underlying.rpartition(" ")[0]
        contract = {"underlying": underlying, "multiplier": str(10 ** self.random_int(0, 2))}
        if kind == "Perpetual":
            return self._entry(f"{ticker} Perpetual", kind) | contract
        day = _FIRST_DAY + timedelta(days=self.random_int(0, 730))
        return self._entry(f"{ticker} Future {day:%Y%m%d}", kind) | contract | {"expiration": day.isoformat()}

    def exchange_tradable_product(self, base: dict[str, Any], venue: str, route: str) -> dict[str, Any]:
        """Return the entry of a pair against USD, with a tick, a step and a mid that suit the price."""
        price = parse_amount(base["price_in_limit_dollars"]) or 0
        # Five significant digits in the price; a step worth between a tenth of a cent and a dollar.
        tick = max(10 ** (len(str(price)) - _DIGITS), 1)
        step = min(10 ** max(19 - len(str(price)), 0), BILLION)
        return {
            "base": base["name"],
            "quote": "USD",
            "venue": venue,
            "route": route,
            "quote_increment": text_of_amount(tick),
            "base_increment": text_of_amount(step),
            "mid": text_of_amount((price // tick + self.random_int(-3, 3)) * tick),
            "turnover": str(self.random_int(1, 100_000)),
        }

    def _entry(self, name: str, kind: str) -> dict[str, Any]:
        price = self.random_int(10 ** (_DIGITS - 1), 10**_DIGITS - 1) * 10 ** self.random_int(1, 9)
        return {"name": name, "kind": kind, "price_in_limit_dollars": text_of_amount(price)}


def invent(seed: int, venues: int, products: int) -> Catalogue:
    """Return an invented catalogue with just so many venues and products, the same for the same arguments.

    One of the products is ``USD``, and every other has a pair against it on up to three venues, so there must
    be two products and a venue at least; raises `simulator.errors.CatalogueError` for less.
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
    underlyings: list[str] = []
    for _ in range(products - 1):
        entry = provider.exchange_product(underlyings)
        entry["name"] = _unused(entry["name"], entries.__contains__)
        entries[entry["name"]] = entry
        if entry["kind"] in _SUFFIXES:
            underlyings.append(entry["name"])
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
        "products": [{"name": "USD", "kind": "Fiat", "price_in_limit_dollars": "1"}, *entries.values()],
        "tradable_products": pairs,
    }


def _unused(name: str, used: Callable[[str], bool]) -> str:
    """Return a name that is not used yet: this one, or the first with a number after its first word."""
    if not used(name):
        return name
    ticker, blank, rest = name.partition(" ")
    return next(word for number in count(2) if not used(word := f"{ticker}{number}{blank}{rest}"))
