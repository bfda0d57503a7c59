"""Does so many operations on a book of so many resting orders: ``engine_path.py SEED DEPTH COUNT``.

It ends at once, so that nothing is counted of taking down what was made.
"""

import gc
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])

from benchmarks.engines import operations_on, play
from simulator.exchange.book import Book, BookEntry

_MOST = 20_000


def main(seed: int, depth: int, count: int) -> None:
    """Do them; as many are made whatever the count, so that runs differ by what is counted alone."""
    ops = operations_on(depth, _MOST, seed)
    book = Book()
    entries: list[BookEntry] = []
    log: list[tuple[int, int]] = []
    gc.collect()
    gc.disable()
    play(book, ops[:depth], entries, log)
    play(book, ops[depth : depth + count], entries, log)
    os._exit(0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
