"""The rules of the house: imports run one way, what decides is pure, and importing is cheap."""

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import simulator

PACKAGE = Path(simulator.__file__).parent
TESTS = Path(__file__).parent

# A room, or a module outside of rooms, imports only from floors above its own; those on one floor do not import each
# other.
FLOORS = [
    {
        "quoting",
        "terms",
        "resources",
        "wildcards",
        "schedule",
        "byte_budget",
        "parts",
        "libraries",
        "yaml_writer",
        "regex",
    },
    {"errors", "did_you_mean", "decimals", "times"},
    {"catalogue", "wire"},
    {"exchange"},
    {"scenario"},
    {"journal"},
    {"gateway", "laws"},
    {"steps"},
    {"simulation"},
    {"control", "page"},
    {"command_log"},
    {"server"},
    {"replay"},
    {"record", "testing"},
    {"certification", "remote"},
    {"exploration"},
    {"plugin", "cli"},
    {"__main__"},
]
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}

SHELLS = (
    "server",
    "cli",
    "testing",
    "certification.run",
    "certification.failing",
    "certification.certify",
    "certification.programs",
    "command_log.snapshots",
    "exploration.explore",
    "exploration.seeds",
    "exploration.venues",
    "replay.sockets",
    "record.proxy",
    "remote",
    "__main__",
)
"""Where sockets, clocks and threads are allowed."""

_CAMEL_CASE = re.compile(r"_?[A-Z][A-Za-z]*[a-z]")

IMPURE = {"asyncio", "socket", "threading", "time", "uuid", "secrets", "select", "subprocess", "signal"}


def _module(path: Path) -> str:
    """Return a file's dotted name within the package: ``exchange.book``, or ``exchange`` for its ``__init__``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    _module(path): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "_data" not in path.parts and path != PACKAGE / "__init__.py"
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            whole = (f"{module}.{alias.name}" for alias in node.names)
            names += [name if module == "simulator" or _local(name) in MODULES else module for name in whole]
    return names


def _local(name: str) -> str:
    return name.removeprefix("simulator.")


def _is_shell(module: str) -> bool:
    return any(module == shell or module.startswith(f"{shell}.") for shell in SHELLS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    """Every module is on a floor, and imports only from its own room or from floors above."""
    room = module.partition(".")[0]
    assert room in FLOOR, f"{room} is on no floor"
    for imported in _imports(MODULES[module]):
        parts = imported.split(".")
        if parts[0] == "simulator" and parts[1:] and parts[1] != room and not parts[1].startswith("__"):
            assert FLOOR[parts[1]] < FLOOR[room], f"{module} imports {imported}"


def test_no_room_has_a_circle() -> None:
    """Within a room, too, modules import each other one way: what only types need is asked for as such."""
    needs = {module: {_local(name) for name in _needed(path)} & MODULES.keys() for module, path in MODULES.items()}
    assert list(TopologicalSorter(needs).static_order())


def _needed(path: Path) -> list[str]:
    """Return what a module imports when it is imported: not in a function, and not for types alone."""
    names = []
    for node in _tree(path).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if _local(name) in MODULES else node.module for name in whole]
    return names


def test_no_two_types_share_a_name() -> None:
    """One word names one type in the whole package; type variables of one letter are everybody's."""
    places: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for name in _types(_tree(path)):
            places.setdefault(name.lstrip("_"), []).append(module)
    assert {name: where for name, where in places.items() if len(where) > 1 and len(name) > 1} == {}


def _types(tree: ast.Module) -> list[str]:
    """Return the names of a module's classes, aliases and type variables: those in ``CamelCase``."""
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names += [target.id for target in targets if isinstance(target, ast.Name) and _CAMEL_CASE.match(target.id)]
    return names


@pytest.mark.parametrize("module", [module for module in MODULES if not _is_shell(module)])
def test_what_decides_is_pure(module: str) -> None:
    """Outside the shells there is no clock, no socket, no thread and no random number without a seed."""
    path = MODULES[module]
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


def test_folders_of_tests_mirror_the_rooms() -> None:
    """Each folder with tests is a room of the package, or is named by the tests' README."""
    named = set(re.findall(r"^\| `(\w+)/`", (TESTS / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    rooms = {module.rpartition(".")[0].replace(".", "/") for module in MODULES} | {"plugin"}
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")} - {Path()}
    assert [str(folder) for folder in folders if str(folder) not in rooms and folder.parts[0] not in named] == []
