"""Venues, routes, products and tradable products: their names and ids, how they are searched and selected."""

from simulator.catalogue.document import build
from simulator.catalogue.dumping import dump
from simulator.catalogue.files import load
from simulator.catalogue.model import Catalogue
from simulator.catalogue.products import (
    FLAGS,
    KINDS,
    Contract,
    Product,
    Route,
    TradableProduct,
    VenueInfo,
    derived_id,
    is_expired,
    tradable_product_name,
)

__all__ = [
    "FLAGS",
    "KINDS",
    "Catalogue",
    "Contract",
    "Product",
    "Route",
    "TradableProduct",
    "VenueInfo",
    "build",
    "derived_id",
    "dump",
    "is_expired",
    "load",
    "tradable_product_name",
]
