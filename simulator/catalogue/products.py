"""What a catalogue holds: products, venues, routes, the tradable products made of them, and their ids."""

from hashlib import sha1
from typing import Final, Literal

import msgspec

__all__ = [
    "FLAGS",
    "KINDS",
    "Contract",
    "Product",
    "Route",
    "ThingKind",
    "TradableProduct",
    "VenueInfo",
    "default_symbol",
    "derived_id",
    "id_key",
    "is_expired",
    "tradable_product_name",
]

KINDS: Final = ("Coin", "Fiat", "Equity", "Perpetual", "Future", "Option", "Index", "Commodity")
"""Every kind of product."""

FLAGS: Final = ("Disabled", "CancelOnly", "PostOnly", "LimitOnly", "MarginEnabled")
"""Every flag that a tradable product can bear."""

_KIND_WORDS: Final = ("Crypto", "Equity", "Index", "Commodity", "Perpetual")

ThingKind = Literal["product", "venue", "route", "tradable_product", "quote_symbol", "trading_symbol"]
"""Each kind of thing that has a name and an id."""

_NAMESPACES: Final[dict[ThingKind, bytes]] = {
    "product": bytes.fromhex("bb25a7a7a61c485aac291de369a6a043"),
    "venue": bytes.fromhex("dd85a6c5b45f46d1bf50793dacb1e51a"),
    "route": bytes.fromhex("0cadbcc598bc488894bafbbcb6f39132"),
    "tradable_product": bytes.fromhex("0bfe858ca74943a9a99e6d1f31a760ad"),
    "quote_symbol": bytes.fromhex("38cc860a38554f9fbad3bc6c5ede7228"),
    "trading_symbol": bytes.fromhex("43c1fdcc28cb49b58ad385298f4b89ed"),
}


def derived_id(thing: ThingKind, name: str) -> str:
    """Return the id of a named thing: the text of the UUIDv5 of its name in the gateway's namespace."""
    return uuid_of(_NAMESPACES[thing] + name.encode())


def uuid_of(data: bytes) -> str:
    """Return the text of the UUIDv5 of a namespace and a name, which is always the same."""
    # uuid.uuid5 gives the same at several times the price, which a large catalogue pays 90,000 times.
    digest = bytearray(sha1(data, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def id_key(id_: str) -> str:
    """Return the key of an id, whatever its case, in a table that is also keyed by names.

    A name cannot hold a control character, so the key of an id is never mistaken for a name.
    """
    return "\0" + id_.lower()


def tradable_product_name(base: str, quote: str, venue: str, route: str) -> str:
    """Return the name that a tradable product has from its parts: ``BTC Crypto/USD*COINBASE/DIRECT``."""
    return f"{base}/{quote}*{venue}/{route}"


def default_symbol(base: str, quote: str) -> str:
    """Return the word a venue is taken to have for a pair if no other is given: ``BTC-USD``."""
    return f"{_short(base)}-{_short(quote)}"


def _short(product: str) -> str:
    short, _, kind = product.rpartition(" ")
    return short if short and kind in _KIND_WORDS else product


class Contract(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a derivative is on: the value of a product's class, ready to be encoded as JSON.

    ``underlying`` is the name of a product of the catalogue; ``multiplier`` and ``strike`` are decimals;
    ``expiration`` is RFC 3339 in UTC, and absent for a perpetual; ``put_or_call`` is ``Put`` or ``Call``.
    """

    underlying: str
    multiplier: str
    expiration: str | None = None
    strike: str | None = None
    put_or_call: str | None = None


class Product(msgspec.Struct, frozen=True):
    """Something that is traded, or that something else is priced in.

    ``kind`` is one of `KINDS`; ``price_in_limit_dollars`` is in billionths; ``expires`` is the time of the
    contract's expiration in nanoseconds, or None if it never expires.
    """

    name: str
    id: str
    kind: str
    value: Contract | None
    price_in_limit_dollars: int
    expires: int | None = None


def is_expired(product: Product, now: int) -> bool:
    """Tell whether a contract has expired at a time in nanoseconds."""
    return product.expires is not None and product.expires <= now


class VenueInfo(msgspec.Struct, frozen=True):
    """Where products are traded."""

    name: str
    id: str


class Route(msgspec.Struct, frozen=True):
    """The way orders go to a venue: straight there, or through a broker."""

    name: str
    id: str


class TradableProduct(msgspec.Struct, frozen=True):
    """A base product priced in a quote product at a venue by a route: what an order is for.

    ``quote_increment`` is the price tick and ``base_increment`` the quantity step, in billionths, as is
    ``mid``, a price around which a plausible market stands (None: there is no market). ``symbol`` is the
    venue's own word for the pair; the quote and trading symbols are that word after the venue's name, which
    no other venue shares. The greater ``turnover``, the more liquid. Without ``quoted`` there is no market
    data, without ``traded`` no trading.
    """

    name: str
    id: str
    base: Product
    quote: Product
    venue: VenueInfo
    route: Route
    symbol: str
    quote_symbol: str
    quote_symbol_id: str
    trading_symbol: str
    trading_symbol_id: str
    quote_increment: int
    base_increment: int
    flags: tuple[str, ...] = ()
    mid: int | None = None
    turnover: int = 0
    quoted: bool = True
    traded: bool = True
    pool: str | None = None
