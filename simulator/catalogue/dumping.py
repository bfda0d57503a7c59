"""A catalogue as the text of a catalogue file."""

from simulator.catalogue.model import Catalogue
from simulator.catalogue.products import (
    Product,
    Route,
    ThingKind,
    TradableProduct,
    VenueInfo,
    default_symbol,
    derived_id,
)
from simulator.decimals import text_of_amount

__all__ = ["dump"]

_Fields = dict[str, str | bool | list[str] | None]


def dump(catalogue: Catalogue) -> str:
    """Return YAML, a line for each thing, that `simulator.catalogue.load` reads as an equal catalogue.

    Dates that are counted from the start of the world are written as such.
    """
    from simulator.yaml_writer import yaml_of  # imports PyYAML

    return yaml_of(
        catalogue.document
        or {
            "name": catalogue.name,
            "accounts": list(catalogue.accounts),
            "venues": [_place("venue", venue) for venue in catalogue.venues],
            "routes": [_place("route", route) for route in catalogue.routes],
            "products": [_stated(_product(product)) for product in catalogue.products],
            "tradable_products": [_stated(_tradable(tradable)) for tradable in catalogue.tradable_products],
        }
    )


def _stated(fields: _Fields) -> dict[str, str | bool | list[str]]:
    return {key: value for key, value in fields.items() if value is not None}


def _own_id(thing: ThingKind, name: str, id_: str) -> str | None:
    return None if id_ == derived_id(thing, name) else id_


def _place(thing: ThingKind, place: VenueInfo | Route) -> str | dict[str, str]:
    id_ = _own_id(thing, place.name, place.id)
    return place.name if id_ is None else {"name": place.name, "id": id_}


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
        "flags": list(tradable.flags) or None,
        "quoted": None if tradable.quoted else False,
        "traded": None if tradable.traded else False,
        "pool": tradable.pool,
        "id": _own_id("tradable_product", tradable.name, tradable.id),
    }
