"""Files of HTML for tests: what happened in a test's exchanges, to be looked through in a browser."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.errors import Failure
from simulator.page.reports import RunReport, report_page
from simulator.testing.items import ScenarioItem

if TYPE_CHECKING:
    from simulator.testing.exchange import Exchange

__all__ = ["write_report"]


def write_report(
    item: pytest.Item, report: pytest.TestReport, exchanges: "Iterable[Exchange]", folder: Path
) -> Path | None:
    """Write what happened in a test's exchanges, or in the replay that it is; return where, or None for nothing."""
    runs = list(_runs(item, report, exchanges))
    if not runs:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', item.nodeid)[-150:]}.html"
    file.write_bytes(report_page(item.nodeid, runs))
    return file


def _runs(item: pytest.Item, report: pytest.TestReport, exchanges: "Iterable[Exchange]") -> Iterator[RunReport]:
    verdict, again = report.outcome, f"pytest {item.nodeid!r}"
    path, line, _ = report.location
    failures = [Failure(f"{path}:{(line or 0) + 1}:1", _reason(report), report.longreprtext)] if report.failed else []
    for running in exchanges:
        loaded = running.simulation.loaded
        facts = {"seed": str(running.seed), "clock": running.clock}
        journal = running.simulation.journal.copy()
        file, source = ("", "") if loaded is None else (loaded.source, loaded.yaml)
        yield RunReport(
            item.nodeid, verdict, failures, tuple(journal.since(0)), facts, again, file, source, journal.books
        )
    if isinstance(item, ScenarioItem) and item.replayed is not None and item.loaded is not None:
        replayed, journal, text = item.replayed, item.replayed.journal, item.loaded.yaml
        facts = {"seed": str(replayed.seed), "steps": str(replayed.steps)}
        found = replayed.failures
        entries = tuple(journal.since(0))
        yield RunReport(item.nodeid, verdict, found, entries, facts, again, replayed.source, text, journal.books)


def _reason(report: pytest.TestReport) -> str:
    """Return in a line why a test has failed."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = report.longreprtext if crash is None else str(crash.message)
    return text.strip().partition("\n")[0]
