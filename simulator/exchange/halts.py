"""The halts in force."""

from simulator.catalogue.products import TradableProduct
from simulator.exchange.limits import ALL, Scope

__all__ = ["Halts"]


class Halts(list[Scope]):
    """The scopes within which nothing is traded, as they were halted; orders that rest stay and may be cancelled."""

    def cover(self, listing: TradableProduct) -> bool:
        """Tell whether a halt covers a tradable product."""
        return any(scope.covers(listing) for scope in self)

    def begin(self, scope: Scope) -> None:
        """Stop trading within a scope."""
        if scope not in self:
            self.append(scope)

    def end(self, scope: Scope) -> bool:
        """End a halt, or every halt if all is to resume; False if there was none."""
        ended = list(self) if scope == ALL else [halt for halt in self if halt == scope]
        for halt in ended:
            self.remove(halt)
        return bool(ended)
