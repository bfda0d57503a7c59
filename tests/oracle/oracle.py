"""Gives our venue, a naive reference book and the book of orderly-chaos the same commands, and compares each trade.

    python tests/oracle/oracle.py --commands 10000000 --seed 7

The commands come in streams of 100,000, each with a market of another kind (thin or deep, busy or full of cancels)
and with books of its own. Every answer and every trade is compared as it comes, both whole books every 100 commands.
On a difference it prints the command and how to run that stream alone, and exits with 1.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from oracle.engines import OurVenue, TheirBook
from oracle.reference_book import ReferenceBook

STREAM = 100_000
_BOOKS_EVERY = 100

Command = tuple[Any, ...]
"""A verb of the books, and its arguments."""


class Kind(NamedTuple):
    """What a stream's market is like."""

    spread: int
    """How many ticks around the middle orders are."""
    most: int
    """The largest quantity."""
    weights: tuple[int, int, int, int, int]
    """How often: limit, cancel, fill, take, quote."""
    recent: int
    """Of how many of the last orders one is cancelled or filled."""


KINDS = (
    Kind(4, 5, (60, 20, 5, 10, 5), 20),
    Kind(20, 100, (50, 35, 5, 5, 5), 60),
    Kind(60, 1000, (48, 40, 5, 5, 2), 300),
    Kind(1, 3, (70, 15, 5, 10, 0), 30),
    Kind(30, 10, (40, 20, 10, 10, 20), 100),
)
_MIDDLE = 1000


def commands(seed: int, stream: int, count: int) -> Iterator[Command]:
    """Yield the commands of a stream."""
    rng = random.Random(f"{seed} {stream}")
    kind = KINDS[stream % len(KINDS)]
    verbs = rng.choices(("limit", "cancel", "fill", "take", "quote"), kind.weights, k=count)
    draw, spread, most, recent = rng.randrange, kind.spread, kind.most, kind.recent
    numbered, middle = 0, _MIDDLE
    for verb in verbs:
        if verb in ("cancel", "fill"):
            number = numbered - draw(min(numbered, recent)) if numbered else 0
            if not number:
                continue
            yield (verb, number) if verb == "cancel" else (verb, number, 1 + draw(most))
        elif verb == "take":
            yield verb, draw(2) == 0, 1 + draw(2 * most)
        elif verb == "quote":
            middle = max(2 * spread, middle + draw(-1, 2))
            yield (
                verb,
                [(draw(2) == 0, middle + draw(-spread, spread + 1), 1 + draw(most)) for _ in range(draw(6))],
            )
        else:
            numbered += 1
            yield verb, numbered, draw(2) == 0, middle + draw(-spread, spread + 1), 1 + draw(most)


class Difference(Exception):
    """Two engines do not say the same."""


def compare(seed: int, stream: int, count: int) -> tuple[int, int]:
    """Run a stream; return how many commands and trades there were. Raises `Difference`."""
    ours, reference, theirs = OurVenue(), ReferenceBook(), TheirBook()
    done = trades = 0
    for done, command in enumerate(commands(seed, stream, count), 1):
        verb, *arguments = command
        answers = [getattr(engine, verb)(*arguments) for engine in (ours, reference, theirs)]
        if not answers[0] == answers[1] == answers[2]:
            raise Difference(_shown(seed, stream, done, command, answers))
        if isinstance(answers[0], list):
            trades += len(answers[0])
        if done % _BOOKS_EVERY == 0:
            books = [engine.depth() for engine in (ours, reference, theirs)]
            if not books[0] == books[1] == books[2]:
                raise Difference(_shown(seed, stream, done, command, books))
    check_sums(ours)
    return done, trades


def check_sums(ours: OurVenue) -> None:
    """Check that what the venue keeps of its accounts is what its orders and fills add up to."""
    venue = ours.venue
    sums: dict[str, list[int]] = {}
    for order in venue.orders.values():
        at = sums.setdefault(order.account, [0, 0, 0, 0])
        if not order.is_out:
            at[0 if order.buy else 1] += order.leaves_qty
            at[2] += 1
    for fill in venue.fills:
        sums[fill.account][3] += fill.quantity if fill.buy else -fill.quantity
    kept = {
        account: [exposure.buying, exposure.selling, exposure.orders, exposure.position]
        for account, exposure in ours.instrument.exposures.items()
    }
    if kept != sums:
        raise Difference(f"accounts hold {kept}, and their orders and fills add up to {sums}")


def _shown(seed: int, stream: int, done: int, command: Command, answers: list[Any]) -> str:
    said = "\n".join(f"  {name}: {answer}" for name, answer in zip(("ours", "naive", "orderly"), answers, strict=True))
    again = f"python tests/oracle/oracle.py --commands {done} --seed {seed} --first {stream}"
    return f"stream {stream} of seed {seed}, command {done}, {command}:\n{said}\nagain: {again}"


def run(seed: int, count: int, first: int = 0) -> tuple[int, int]:
    """Run so many commands in streams; return how many commands and trades there were."""
    done = trades = 0
    for stream in range(first, first + -(-count // STREAM)):
        size = min(STREAM, count - (stream - first) * STREAM)
        more, traded = compare(seed, stream, size)
        done, trades = done + more, trades + traded
    return done, trades


def main() -> int:
    """Run what the command line says; return 1 on a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--first", type=int, default=0, help="the stream to begin with")
    parser.add_argument("--seconds", type=float, default=3600, help="how long it may take in all")
    args = parser.parse_args()
    began = time.monotonic()
    done = trades = 0
    sys.stdout.write(f"seed {args.seed}\n")
    for stream in range(args.first, args.first + -(-args.commands // STREAM)):
        try:
            more, traded = run(args.seed, min(STREAM, args.commands - (stream - args.first) * STREAM), stream)
        except Difference as difference:
            sys.stdout.write(f"{difference}\n")
            return 1
        done, trades = done + more, trades + traded
        if time.monotonic() - began > args.seconds:
            sys.stdout.write("out of time\n")
            break
    took = time.monotonic() - began
    sys.stdout.write(f"{done} commands, {trades} trades, no difference; {done / took:.0f} commands a second\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
