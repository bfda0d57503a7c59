"""New orders and cancels: what they ask for is read, and done to the exchange."""

from simulator.catalogue import TradableProduct
from simulator.exchange.instrument import Instrument
from simulator.exchange.orders import Order, PassedThrough
from simulator.gateway.query_requests import Gateway
from simulator.gateway.rfqs import no_amount
from simulator.quoting import cut_raw, quoted
from simulator.schedule import Schedule
from simulator.terms import Dir, Refusal
from simulator.wire import amounts
from simulator.wire.requests import NULL, CancelOrder, SendLimitOrder

__all__ = ["OrderRequests"]

_BUY = Dir.BUY  # looking a member up takes as long as all else that is asked about a direction
_MOST_FOUND = 4096
_MOST_OPEN = 100_000
_MOST_PARAMS = 1024
"""How many bytes of an order's ``params`` are kept, to be handed back with its details."""


class OrderRequests:
    """Does what requests about orders ask for, as far as the account that a connection is bound to may.

    Args:
        gateway: finds accounts, products and orders.
        schedule: the world's time.
    """

    def __init__(self, gateway: Gateway, schedule: Schedule) -> None:
        self._gateway = gateway
        self._venue = gateway.venue
        self._schedule = schedule
        self._found: dict[tuple[str, str], tuple[str, TradableProduct]] = {}
        """Accounts and products by what orders have called them."""

    def place(self, request: SendLimitOrder, viewer: str | None) -> Order | Refusal:
        """Take a new order without letting the engine have it: it is open, or rejected."""
        return self.submit(request, viewer, matches=False)

    def promise(self, told: bytes) -> None:
        """Let orders take the quotes that a scenario has told, given as JSON."""
        self._gateway.rfqs.hold(told)

    def submit(self, request: SendLimitOrder, viewer: str | None, *, matches: bool = True) -> Order | Refusal:
        """Take a new order and let the engine have it, or say why the gateway does not take it."""
        found = self._found.get((request.account, request.target)) or self._find(request, viewer)
        if type(found) is Refusal:
            return found
        account, listing = found
        if viewer is not None and viewer != account:
            return self._gateway.no_account(request.account, viewer)
        price = amounts[bytes(request.price)]
        if price is None or price <= 0:
            return no_amount("$.price", request.price)
        quantity = amounts[bytes(request.quantity)]
        if quantity is None or quantity <= 0:
            return no_amount("$.quantity", request.quantity)
        if len(self._venue.open) >= _MOST_OPEN:
            return Refusal(f"the exchange has {_MOST_OPEN} open orders, and takes no more before some are out")
        params = None if request.params is NULL else self._read_params(request)
        if type(params) is Refusal:
            return params
        instrument = self._venue.instruments.get(listing.id) or self._gateway.instrument(listing)
        buy = request.dir is _BUY
        if request.quote_id is not None:
            order = self._take_quote(request.quote_id, account, instrument, buy, price, quantity)
            if isinstance(order, Refusal):
                return order
            order.passed_through = PassedThrough(request.quote_id, params)
            if matches and not order.is_out:
                self._venue.match(order, self._schedule.now)
            return order
        take = self._venue.submit if matches else self._venue.place
        order = take(account, instrument, buy, price, quantity, self._schedule.now)
        if params is not None:
            order.passed_through = PassedThrough(None, params)
        return order

    def _take_quote(
        self, quote_id: str, account: str, instrument: Instrument, buy: bool, price: int, quantity: int
    ) -> Order | Refusal:
        """Take an order to which a quote promises a price; the quote is taken unless the order is rejected."""
        rfqs = self._gateway.rfqs
        promised = rfqs.promised(quote_id, instrument.listing, buy, price, quantity)
        if isinstance(promised, Refusal):
            return promised
        order = self._venue.place(account, instrument, buy, price, quantity, self._schedule.now)
        if not order.is_out:
            order.promised = promised
            rfqs.take(quote_id)
        return order

    def _read_params(self, request: SendLimitOrder) -> bytes | Refusal | None:
        """Return the JSON that comes with an order and means nothing to the exchange; None for null."""
        params = bytes(request.params)
        if params == b"null":
            return None
        if params[:1] != b"{":
            return Refusal(f"`$.params`: expected an object or null, got {cut_raw(request.params)}")
        if len(params) > _MOST_PARAMS:
            return Refusal(f"`$.params`: expected at most {_MOST_PARAMS} bytes, got {len(params)}")
        return params

    def _find(self, request: SendLimitOrder, viewer: str | None) -> tuple[str, TradableProduct] | Refusal:
        """Find an order's account and product, and remember them: most orders are like one before."""
        gateway = self._gateway
        account = gateway.accounts.get(request.account.lower())
        if account is None or viewer not in (None, account):
            return gateway.no_account(request.account, viewer)
        listing = gateway.catalogue.tradable_product(request.target)
        if listing is None:
            hint = gateway.catalogue.meant(request.target)
            return Refusal(f"`$.target`: there is no tradable product {quoted(request.target)}{hint}")
        if not listing.traded:
            return Refusal(f"`$.target`: {listing.name} is quoted but not traded")
        if len(self._found) >= _MOST_FOUND:
            self._found.clear()
        self._found[request.account, request.target] = account, listing
        return account, listing

    def cancel(self, request: CancelOrder, viewer: str | None) -> Order | Refusal:
        """Cancel the order that a request names, or say why there is none to cancel."""
        order = self.ask_cancel(request, viewer)
        if isinstance(order, Order):
            self._venue.cancel(order)
        return order

    def ask_cancel(self, request: CancelOrder, viewer: str | None) -> Order | Refusal:
        """Find the order that a cancel is for, and mark it as one that is being cancelled."""
        order = self._gateway.order(request.order_id)
        if order is None or viewer not in (None, order.account):  # nobody learns that another's order exists
            return Refusal(f"there is no order {quoted(str(request.order_id))}")
        if order.is_out:
            return Refusal(f"order {order.id} is out already")
        self._venue.ask_cancel(order)
        return order
