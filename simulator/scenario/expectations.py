"""What must be true in the end: of requests, of orders, of rules, and of what any client does."""

from typing import TYPE_CHECKING, Annotated, Literal, get_args

from msgspec import UNSET, Meta, UnsetType

from simulator.scenario.steps import Amount, Duration, Name
from simulator.scenario.when import FileEntry, When

__all__ = ["LAW_NAMES", "Expectation", "ExpectationInFile", "OrderExpectation"]

Count = Annotated[int, Meta(ge=0)]


class OrderExpectation(FileEntry, frozen=True):
    """How an order must be in the end."""

    state: tuple[str, ...] | None = None
    """The order's flags, just these, in any order: Open, Acked, Filled, Canceling, Canceled, Rejected, Out and Stale.
    Example: ``state: [Acked, Filled, Out]``.
    """
    filled_qty: Amount | None = None
    """How much of it is filled. Example: ``filled_qty: 10``."""
    avg_fill_price: Amount | None = None
    """The mean price of its fills. Example: ``avg_fill_price: 9999.75``."""


class Expectation(FileEntry, frozen=True):
    """What must be true in the end: exactly one of never, received, orders, fired, or a law of what a client does.

    A law may stand alone, with a bound of its own. A client is judged where it had the means and the time to keep it.
    """

    never: When | UnsetType = UNSET  # type: ignore[valid-type]  # made at run time
    """Requests that must not have come, in the words of a rule's when. Example:
    ``never: {request: SendLimitOrder, nth: 2}``.
    """
    received: When | UnsetType = UNSET  # type: ignore[valid-type]
    """Requests that must have come, in the words of a rule's when. Example: ``received: {request: CancelOrder}``."""
    count: Annotated[int, Meta(ge=0)] | None = None
    """How many of them, just so many; without it, at least one. Example:
    ``received: {request: CancelOrder}, count: 1``.
    """
    orders: dict[str, OrderExpectation] | UnsetType = UNSET
    """Orders as they must be at the exchange, by their ids or the names that an as gave them. Example:
    ``orders: {$order: {filled_qty: 10}}``.
    """
    fired: Name | UnsetType = UNSET
    """The name of a rule that must have fired. Example: ``fired: slow partial``."""
    never_sent_twice: Duration | UnsetType | None = UNSET
    """The client sends no order again on the same terms while it knows nothing of the first, which is open or filled:
    neither a reply nor the answer to a question has told of it. Orders within so short a time are parts of one;
    without it, 1s. Examples: ``never_sent_twice``, ``never_sent_twice: 500ms``.
    """
    asks_again: Duration | UnsetType | None = UNSET
    """The client asks for its orders within so long when one has changed and it was not told so: the update was lost,
    held up or damaged. Without it, 120s. Examples: ``asks_again``, ``asks_again: 60s``.
    """
    reconnects: Duration | UnsetType | None = UNSET
    """The client tries to connect again within so long when the exchange has ended its only connection. Without it,
    60s. Examples: ``reconnects``, ``reconnects: 30s``.
    """
    follows_again: Duration | UnsetType | None = UNSET
    """The client follows its orders again, or asks for them, within so long on a new connection after one that the
    exchange has ended. Without it, 60s. Examples: ``follows_again``, ``follows_again: 5s``.
    """
    notices_a_dead_line: Duration | UnsetType | None = UNSET
    """The client gives a connection up within so long on which nothing comes any more, not even pongs. Without it,
    90s. Examples: ``notices_a_dead_line``, ``notices_a_dead_line: 30s``.
    """
    backs_off: Count | UnsetType | None = UNSET
    """The client tries to connect in vain at most so many times in ten seconds. Without it, 20. Examples:
    ``backs_off``, ``backs_off: 5``.
    """
    respects_the_rate: Count | UnsetType | None = UNSET
    """The client has at most so many requests refused for their rate in ten seconds. Without it, 30. Examples:
    ``respects_the_rate``, ``respects_the_rate: 3``.
    """
    learns_from_refusals: Count | UnsetType | None = UNSET
    """The client sends an order on the same terms at most so many times that is rejected each time. Without it, 5.
    Examples: ``learns_from_refusals``, ``learns_from_refusals: 1``.
    """
    cancels_end: Count | UnsetType | None = UNSET
    """The client cancels an order at most so many times after it was told that the order is out. Without it, 5.
    Examples: ``cancels_end``, ``cancels_end: 1``.
    """


LawName = Literal[
    "never_sent_twice",
    "asks_again",
    "reconnects",
    "follows_again",
    "notices_a_dead_line",
    "backs_off",
    "respects_the_rate",
    "learns_from_refusals",
    "cancels_end",
]
LAW_NAMES: tuple[str, ...] = get_args(LawName)
"""The laws: the expectations that may stand alone."""

if TYPE_CHECKING:
    ExpectationInFile = Expectation
else:
    ExpectationInFile = LawName | Expectation
"""An expectation as a file has it; what is read of it is an `Expectation`."""
