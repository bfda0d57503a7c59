"""A catalogue as the text of a catalogue file."""

import json
import re
from collections.abc import Iterable
from typing import assert_never

from simulator.catalogue.model import Catalogue
from simulator.catalogue.products import Product, Route, Thing, TradableProduct, VenueInfo, default_symbol, derived_id
from simulator.decimals import text_of_amount

__all__ = ["dump"]

_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_/.*+ -]*[A-Za-z0-9_/.*+-])?")
_RESERVED = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")

_Fields = dict[str, str | bool | tuple[str, ...] | None]


def dump(catalogue: Catalogue) -> str:
    """Return YAML, a line for each thing, that `simulator.catalogue.load` reads as an equal catalogue."""
    lines = [
        f"name: {_word(catalogue.name)}",
        f"accounts: {_words(catalogue.accounts)}",
        *_section("venues", (_place("venue", venue) for venue in catalogue.venues)),
        *_section("routes", (_place("route", route) for route in catalogue.routes)),
        *_section("products", (_mapping(_product(product)) for product in catalogue.products)),
        *_section("tradable_products", (_mapping(_tradable(tradable)) for tradable in catalogue.tradable_products)),
    ]
    return "\n".join(lines) + "\n"


def _section(key: str, entries: Iterable[str]) -> list[str]:
    lines = [f"  - {entry}" for entry in entries]
    return [f"{key}:", *lines] if lines else [f"{key}: []"]


def _word(word: str) -> str:
    if _PLAIN.fullmatch(word) and word.lower() not in _RESERVED:
        return word
    return json.dumps(word, ensure_ascii=False)


def _words(words: tuple[str, ...]) -> str:
    return f"[{', '.join(_word(word) for word in words)}]"


def _mapping(fields: _Fields) -> str:
    written = []
    for key, value in fields.items():
        match value:
            case None:
                continue
            case bool():
                text = "true" if value else "false"
            case tuple():
                text = _words(value)
            case str():
                text = _word(value)
            case _:
                assert_never(value)
        written.append(f"{key}: {text}")
    return f"{{{', '.join(written)}}}"


def _own_id(thing: Thing, name: str, id_: str) -> str | None:
    return None if id_ == derived_id(thing, name) else id_


def _place(thing: Thing, place: VenueInfo | Route) -> str:
    id_ = _own_id(thing, place.name, place.id)
    return _word(place.name) if id_ is None else _mapping({"name": place.name, "id": id_})


def _product(product: Product) -> _Fields:
    fields: _Fields = {
        "name": product.name,
        "kind": product.kind,
        "price_in_limit_dollars": text_of_amount(product.price_in_limit_dollars),
        "id": _own_id("product", product.name, product.id),
    }
    if product.value is not None:
        for field in product.value.__struct_fields__:
            fields[field] = getattr(product.value, field)
    return fields


def _tradable(tradable: TradableProduct) -> _Fields:
    symbol = tradable.symbol
    return {
        "base": tradable.base.name,
        "quote": tradable.quote.name,
        "venue": tradable.venue.name,
        "route": tradable.route.name,
        "quote_increment": text_of_amount(tradable.quote_increment),
        "base_increment": text_of_amount(tradable.base_increment),
        "mid": None if tradable.mid is None else text_of_amount(tradable.mid),
        "turnover": str(tradable.turnover) if tradable.turnover else None,
        "symbol": None if symbol == default_symbol(tradable.base.name, tradable.quote.name) else symbol,
        "flags": tradable.flags or None,
        "quoted": None if tradable.quoted else False,
        "traded": None if tradable.traded else False,
        "pool": tradable.pool,
        "id": _own_id("tradable_product", tradable.name, tradable.id),
    }
