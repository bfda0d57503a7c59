"""The rules of the house: imports run one way, what decides is pure, and importing is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import simulator

PACKAGE = Path(simulator.__file__).parent

# A module imports only from rows above its own; those in one row do not know each other.
ROWS = [
    {"errors", "terms", "resources", "libraries"},
    {"wire", "catalogue", "outgoing"},
    {"exchange", "agenda"},
    {"journal", "views", "candles", "scopes"},
    {"scenario", "lens"},
    {"gateway", "session"},
    {"subscriptions", "delivery", "markets", "script"},
    {"desk", "paths"},
    {"connections", "truth"},
    {"stage"},
    {"playing"},
    {"simulation"},
    {"ledger"},
    {"server", "traffic", "scenario_commands"},
    {"serve_command", "expecting"},
    {"replay"},
    {"replay_socket", "record"},
    {"testing"},
    {"plugin", "replay_commands", "journal_commands", "record_command"},
    {"cli"},
    {"__main__"},
]
ROW = {name: number for number, row in enumerate(ROWS) for name in row}

SHELLS = {
    "server",
    "serve_command",
    "replay_socket",
    "replay_commands",
    "record_command",
    "cli",
    "traffic",
    "testing",
    "__main__",
}
"""Where sockets, clocks and threads are allowed."""

IMPURE = {"asyncio", "socket", "threading", "time", "uuid", "secrets", "select", "subprocess", "signal"}


def _modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if name not in ("__init__", "_data"):
            found.append((name, path))
    return found


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names += [f"{module}.{alias.name}" for alias in node.names] if module == "simulator" else [module]
    return names


@pytest.mark.parametrize(("name", "path"), _modules(), ids=lambda value: getattr(value, "stem", value))
def test_imports_run_one_way(name: str, path: Path) -> None:
    """A module imports only modules of rows above its own."""
    for imported in _imports(path):
        parts = imported.split(".")
        if parts[0] == "simulator" and len(parts) > 1 and parts[1] in ROW and parts[1] != name:
            assert ROW[parts[1]] < ROW[name], f"{path.name} imports {imported}"


@pytest.mark.parametrize(
    ("name", "path"),
    [pair for pair in _modules() if pair[0] not in SHELLS],
    ids=lambda value: getattr(value, "stem", value),
)
def test_what_decides_is_pure(name: str, path: Path) -> None:
    """Outside the shells there is no clock, no socket, no thread and no random number without a seed."""
    source = path.read_text(encoding="utf-8")
    assert not IMPURE & {imported.split(".")[0] for imported in _imports(path)}
    for call in ("datetime.now", "uuid4", "random.random(", "random.choice(", "random.randint("):
        assert call not in source


def test_importing_the_package_is_light() -> None:
    """Importing the package alone brings in neither the server nor Faker nor YAML nor a test runner."""
    heavy = "{'asyncio', 'websockets', 'faker', 'yaml', 'pytest', 'hypothesis', 'msgspec'}"
    script = f"import simulator, sys; print(sorted({heavy} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output == "[]\n"
