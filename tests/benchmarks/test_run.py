"""The command that measures, where what it compares with is not installed."""

import sys

import pytest

from benchmarks import run


@pytest.mark.parametrize(
    ("row", "module", "package"),
    [
        ("engine", "orderbook", "akhil4n-orderbook"),
        ("engine-compiled", "bourse", "bourse"),
        ("engine-growth", "orderbook", "akhil4n-orderbook"),
        ("engine-growth", "bourse", "bourse"),
        ("order-uvloop", "uvloop", "uvloop"),
        ("by-hand-aiohttp", "aiohttp", "aiohttp"),
    ],
)
def test_what_is_not_installed_is_skipped(
    row: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row that is compared with a package that is not there says so, and is no failure."""
    for name in ("orderbook", "bourse"):
        monkeypatch.setitem(sys.modules, name, sys)  # as if they were there
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(sys, "argv", ["run.py", row, "--quick"])
    assert run.main() == 0
    assert capsys.readouterr().out.rstrip(" |\n").endswith(f"| skipped: {package} is not installed")
