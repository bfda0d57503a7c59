"""A report of what happened: one file of HTML, with all that it shows inside, which opens without a server.

What it shows is made of the journal: every line of it is a moment at which one can look. It is bounded: of a long
journal the newest lines are there, and how the orders stood before them.
"""

import base64
import html
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any

import msgspec

from simulator import __version__
from simulator.decimals import text_of_amount
from simulator.errors import Failure
from simulator.exchange.orders import OrderChanged
from simulator.journal.books import BookLevels, BookRecord
from simulator.journal.journal import JournalEntry
from simulator.journal.plain import message, plain
from simulator.times import text_of_time

__all__ = ["RunReport", "orders_after", "report_page"]

_FILES = Path(__file__).parent / "report_files"
_PAGE_STYLE = Path(__file__).parent / "files" / "page.css"
_MOST_ENTRIES = 10_000
_MOST_BYTES = 2_800_000
"""Of all runs together; the file has at most three million."""
_LEAST_BYTES = 20_000
_LONGEST = 4000
_MOST_ORDERS = 1000
_MOST_RUNS = 100
_PLACE = re.compile(r"(?s)(.+):(\d+):\d+")
_FINAL = "Out"


class RunReport(msgspec.Struct, frozen=True):
    """What a report tells of one run.

    Args:
        name: what it is called.
        verdict: what came of it, in a word.
        failures: what was expected and is not so.
        entries: the journal, each with its line and the line of its cause, or 0.
        facts: what else is to be known, by its name: the seed, the clock.
        again: the command that does it again; empty for none.
        file: the scenario's file, and ``source`` what stands in it; empty for none.
        books: how books stood at the journal's lines, if that is known.
    """

    name: str
    verdict: str
    failures: Sequence[Failure]
    entries: Sequence[tuple[int, JournalEntry, int]]
    facts: Mapping[str, str] = {}
    again: str = ""
    file: str = ""
    source: str = ""
    books: BookRecord | None = None


def report_page(title: str, runs: Sequence[RunReport]) -> bytes:
    """Return a report of runs, as UTF-8; those that failed come first, and at most a hundred are in it."""
    shown = sorted(runs, key=lambda run: not run.failures)[:_MOST_RUNS]
    left, data = _MOST_BYTES, []
    for number, run in enumerate(shown):
        one = _run_data(run, max(_LEAST_BYTES, left // (len(shown) - number)))
        left -= len(one)
        data.append(msgspec.Raw(one))
    told = {"version": __version__, "runs": data, "left_out": len(runs) - len(shown)}
    text = msgspec.json.encode(told).decode().replace("<", "\\u003c")
    page, style, script = _files()
    policy = f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    said = {"policy": policy, "title": html.escape(title), "style": style, "script": script, "data": text}
    return page.substitute(said).encode()


def orders_after(entries: Iterable[JournalEntry]) -> dict[str, dict[str, Any]]:
    """Return every order as it stood behind entries of a journal, by its id."""
    return {
        str(data.order_id): plain(data)
        for _, _, kind, data in entries
        if kind == "event" and isinstance(data, OrderChanged)
    }


@lru_cache(1)
def _files() -> tuple[Template, str, str]:
    """Return the page, what it looks like, and what it does."""
    style = _PAGE_STYLE.read_text(encoding="utf-8") + (_FILES / "report.css").read_text(encoding="utf-8")
    script = (_FILES / "report.js").read_text(encoding="utf-8")
    return Template((_FILES / "report.html").read_text(encoding="utf-8")), style, script


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def _run_data(run: RunReport, budget: int) -> bytes:
    """Return a run as JSON, of about so many bytes at most."""
    encode = msgspec.json.Encoder().encode
    kept: list[bytes] = []
    source = run.source[: budget // 4]
    left = (budget - len(source)) * 3 // 4
    for line, entry, cause in reversed(run.entries[-_MOST_ENTRIES:]):
        data = encode(_entry_data(line, entry, cause))
        left -= len(data) + 1
        if left < 0:
            break
        kept.append(data)
    kept.reverse()
    left_out = len(run.entries) - len(kept)
    before = orders_after(entry for _, entry, _ in run.entries[:left_out])
    lasting = {number: order for number, order in before.items() if _FINAL not in order["state"]}
    terms = dict(_terms(run.entries))
    first = run.entries[left_out][0] if kept else 0
    books = None if run.books is None else _books_data(run.books, first - 1, budget // 4)
    return encode(
        {
            "name": run.name,
            "verdict": run.verdict,
            "failures": [{"place": one.place, "text": one.text, "details": one.details} for one in run.failures],
            "facts": dict(run.facts),
            "again": run.again,
            "file": run.file,
            "source": source,
            "marked": [int(found[2]) for one in run.failures if (found := _PLACE.fullmatch(one.place))],
            "left_out": left_out,
            "orders_before": dict(list(lasting.items())[-_MOST_ORDERS:]),
            "terms": terms,
            "books": books,
            "entries": [msgspec.Raw(data) for data in kept],
        }
    )


def _books_data(books: BookRecord, line: int, budget: int) -> dict[str, Any]:
    """Return how books stood at a line and what changed behind it, in about so many bytes: of more, the newest."""
    numbers = {product: number for number, product in enumerate(books.products)}
    encode = msgspec.json.Encoder().encode
    kept: deque[tuple[int, bytes]] = deque()
    line = max(line, books.first)
    for change in reversed(list(books.since(line))):
        data = encode(
            [change.line, numbers[change.product], *_levels_data(change.levels, books.products[change.product])]
        )
        budget -= len(data) + 1
        if budget < 0:
            line = change.line
            while kept and kept[0][0] == line:  # of a line all changes are known, or none
                kept.popleft()
            break
        kept.appendleft((change.line, data))
    before = books.at(line).items()
    return {
        "from": line,
        "products": [[product, name] for product, (name, _) in books.products.items()],
        "before": [[numbers[product], *_levels_data(levels, books.products[product])] for product, levels in before],
        "changes": [msgspec.Raw(data) for _, data in kept],
    }


def _levels_data(levels: BookLevels, product: tuple[str, int]) -> Iterator[list[str]]:
    """Yield the bids and the asks: prices and quantities in turn."""
    for side in levels:
        yield [
            text
            for price, quantity in side.items()
            for text in (text_of_amount(price, product[1]), text_of_amount(quantity))
        ]


def _entry_data(line: int, entry: JournalEntry, cause: int) -> list[Any]:
    time, connection, kind, data = entry
    return [line, text_of_time(time), connection, kind, cause, _shown(kind, data)]


def _shown(kind: str, data: Any) -> Any:
    if kind not in ("in", "out"):
        return plain(data)
    if len(data) > _LONGEST:
        text = data if isinstance(data, str) else data.decode(errors="replace")
        return f"{text[:_LONGEST]}… ({len(text) - _LONGEST} more)"
    return message(data)


def _terms(entries: Iterable[tuple[int, JournalEntry, int]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what each order was for: what caused it, or else the request that its id is the answer to."""
    asked: dict[int, dict[str, Any]] = {}
    causes: dict[int, int] = {}
    by_id: dict[tuple[int, Any], dict[str, Any]] = {}
    for line, (_, connection, kind, data), cause in entries:
        causes[line] = cause
        if kind == "in" and (request := _order_request(data)):
            asked[line] = by_id[connection, request.pop("id", None)] = request
        elif kind == "event" and isinstance(data, OrderChanged) and (found := _first(asked, causes, cause)):
            yield str(data.order_id), found
        elif kind == "out" and (answer := _placed(data)) and (connection, answer[0]) in by_id:
            yield answer[1], by_id.pop((connection, answer[0]))


def _first(asked: dict[int, dict[str, Any]], causes: dict[int, int], cause: int) -> dict[str, Any] | None:
    """Return the request that is at the beginning of what a line caused, once."""
    while cause and cause not in asked:
        cause = causes.get(cause, 0)
    return asked.pop(cause, None)


class _OrderRequest(msgspec.Struct):
    """What a report says of the request for an order."""

    type: str
    dir: str = ""
    price: Any = ""
    quantity: Any = ""
    target: Any = ""
    id: Any = None


class _OrderReply(msgspec.Struct):
    """The answer to it."""

    id: Any
    response: dict[str, Any]


_decode_request = msgspec.json.Decoder(_OrderRequest).decode
_decode_reply = msgspec.json.Decoder(_OrderReply).decode


def _order_request(data: str | bytes) -> dict[str, Any] | None:
    """Return what a message asks for, if it is an order."""
    if ("SendLimitOrder" if isinstance(data, str) else b"SendLimitOrder") not in data:  # type: ignore[operator]
        return None
    try:
        said = _decode_request(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    words = {name: str(getattr(said, name))[:100] for name in ("dir", "price", "quantity", "target")}
    key = said.id if isinstance(said.id, int | str) else None
    return {**words, "id": key}


def _placed(data: bytes) -> tuple[Any, str] | None:
    """Return the request's number and the order's id, if a message is the answer to an order."""
    if not data.startswith(b'{"id":') or b'{"Ok":"' not in data or len(data) > 200:
        return None
    try:
        said = _decode_reply(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    placed = said.response.get("Ok")
    return (said.id, placed) if isinstance(placed, str) and isinstance(said.id, int | str) else None
