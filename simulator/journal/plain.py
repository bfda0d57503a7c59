"""What an entry of a journal says, as plain data: names and amounts as texts."""

from typing import Any

import msgspec

from simulator.catalogue import Catalogue
from simulator.decimals import text_of_amount
from simulator.exchange.orders import Fill, OrderChanged, Traded
from simulator.terms import flags_of

__all__ = ["message", "plain"]


def message(data: str | bytes) -> Any:
    """Return a message to be written as it is, or as text if it is no JSON or would not stay on its line."""
    text = data if isinstance(data, str) else data.decode(errors="backslashreplace")
    try:
        raw = text.encode()
        msgspec.json.decode(raw)
    except (ValueError, RecursionError):  # what cannot be encoded, and what is no JSON
        return text.encode(errors="backslashreplace").decode()
    return text if b"\n" in raw or b"\r" in raw else msgspec.Raw(raw)


def plain(data: Any, catalogue: Catalogue | None = None) -> Any:
    """Return what is no message as plain data: the fields of a struct with its name, amounts and names as texts."""
    match data:
        case Fill():
            return {
                "type": "Fill",
                "number": data.number,
                "kind": data.kind.value,
                "order_id": str(data.order_id),
                "product": _name(data.target, catalogue),
                "account": data.account,
                "dir": _dir(data.buy),
                "price": text_of_amount(data.price),
                "quantity": text_of_amount(data.quantity),
                "liquidity": "Maker" if data.maker else "Taker",
                "against": data.against,
                "trade": data.trade,
                "of": data.of,
            }
        case OrderChanged():
            return {
                "type": "OrderChanged",
                "order_id": str(data.order_id),
                "account": data.account,
                "state": flags_of(data.state),
                "filled_qty": text_of_amount(data.cum_qty),
                "avg_fill_price": None if data.avg_price is None else text_of_amount(data.avg_price, data.digits),
            }
        case Traded():
            return {
                "type": "Traded",
                "product": _name(data.target, catalogue),
                "dir": _dir(data.buy),
                "price": text_of_amount(data.price),
                "quantity": text_of_amount(data.quantity),
            }
        case msgspec.Struct():
            fields = {name: getattr(data, name) for name in data.__struct_fields__}
            return {"type": type(data).__name__, **msgspec.to_builtins(fields)}
        case bytes():
            return data.decode(errors="backslashreplace")
        case _:
            return data


def _name(product: str, catalogue: Catalogue | None) -> str:
    listing = None if catalogue is None else catalogue.tradable_product(product)
    return product if listing is None else listing.name


def _dir(buy: bool) -> str:
    return "Buy" if buy else "Sell"
