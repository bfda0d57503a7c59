"""The JSON Schema of catalogue files, made of the types that they are read by and of what is said of them."""

from typing import Any

import msgspec

from simulator.catalogue.entries import Document, ExpirationEntry, NamedEntry, ProductEntry, TradableEntry
from simulator.catalogue.expirations import MONTHS
from simulator.catalogue.products import FLAGS, KINDS
from simulator.scenario.documentation import plain_text, text_of
from simulator.scenario.schema import DIALECT, describe, eased

__all__ = ["catalogue_schema"]

_DECIMAL = {"type": ["string", "number"], "pattern": "^[0-9]"}
_NARROWER: dict[str, dict[str, Any]] = {
    "ProductEntry": {
        "kind": {"enum": list(KINDS)},
        "put_or_call": {"enum": ["Put", "Call"]},
        "price_in_limit_dollars": _DECIMAL,
        "multiplier": _DECIMAL,
        "strike": _DECIMAL,
    },
    "TradableEntry": {
        "flags": {"type": "array", "items": {"enum": list(FLAGS)}},
        "quote_increment": _DECIMAL,
        "base_increment": _DECIMAL,
        "mid": _DECIMAL,
    },
    "ExpirationEntry": {"of": {"type": "array", "items": {"enum": list(MONTHS)}}},
}


def catalogue_schema() -> dict[str, Any]:
    """Return the schema, for editors that complete and check catalogue files as they are typed."""
    (_, components) = msgspec.json.schema_components([Document], ref_template="#/$defs/{name}")
    definitions: dict[str, Any] = {name: eased(part) for name, part in components.items()}
    for cls in (Document, NamedEntry, ProductEntry, TradableEntry, ExpirationEntry):
        describe(definitions[cls.__name__], cls)
        properties = definitions[cls.__name__]["properties"]
        for key, part in _NARROWER.get(cls.__name__, {}).items():
            kept = {word: properties[key][word] for word in ("description", "examples") if word in properties[key]}
            properties[key] = part | kept
    root = definitions.pop("Document")
    heading = {"title": "Exchange simulator catalogue", "description": plain_text(text_of(Document))}
    return {"$schema": DIALECT, **heading, **root, "$defs": definitions}
