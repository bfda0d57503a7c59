"""What a client is certified on: one product, one account, and prices about the market's."""

import msgspec

from simulator.catalogue import Catalogue, TradableProduct
from simulator.decimals import text_of_amount
from simulator.did_you_mean import nearest
from simulator.errors import SimulatorError

__all__ = ["Ground"]

_LEVELS = 5


class Ground(msgspec.Struct, frozen=True):
    """A tradable product and an account, and prices and quantities that fit them; amounts in billionths.

    Args:
        catalogue: what the exchange trades.
        product: what the client is asked to trade.
        account: for which.
    """

    catalogue: Catalogue
    product: TradableProduct
    account: str

    @classmethod
    def of(cls, catalogue: Catalogue, product: str | None = None, account: str | None = None) -> "Ground":
        """Return the ground of a product and an account by their names.

        By default they are the catalogue's busiest market for dollars, and its first account.

        Raises `SimulatorError` for a name that the catalogue has not, with the nearest that it has.
        """
        traded = [one for one in catalogue.tradable_products if one.traded and not one.flags]
        listing = max(traded, key=_busy, default=None) if product is None else catalogue.tradable_product(product)
        if listing is None or not listing.traded:
            hint = nearest(product or "", [one.name for one in traded])
            raise SimulatorError(f"there is no product {product!r} to trade{hint}")
        whose = account or (catalogue.accounts or ("DEFAULT",))[0]
        if whose not in catalogue.accounts:
            raise SimulatorError(f"there is no account {whose!r}{nearest(whose, catalogue.accounts)}")
        return cls(catalogue, listing, whose)

    @property
    def mid(self) -> int:
        """The price around which the market quotes: a whole number of ticks."""
        tick = self.product.quote_increment
        price = self.product.mid or 1000 * tick
        return max(50, price // tick) * tick

    @property
    def unit(self) -> int:
        """The quantity of which every order is a multiple: a tenth of the smallest order of the routine."""
        return self.product.base_increment

    def price(self, ticks: int) -> str:
        """Return a price so many ticks above the market's, or below it."""
        return text_of_amount(self.mid + ticks * self.product.quote_increment)

    def quantity(self, units: int) -> str:
        """Return a quantity of so many units."""
        return text_of_amount(units * self.unit)

    def market(self, size: int = 1000) -> dict[str, list[list[str]]]:
        """Return a market that stands still: five bids below the price and five offers above it, a tick apart."""
        return {
            "bids": [[self.price(-level), self.quantity(size)] for level in range(1, _LEVELS + 1)],
            "asks": [[self.price(level), self.quantity(size)] for level in range(1, _LEVELS + 1)],
        }


def _busy(listing: TradableProduct) -> tuple[bool, int, str]:
    return listing.quote.name == "USD", listing.turnover, listing.name
