"""Changes one thing at a time in `simulator.exchange`, and sees whether the tests notice.

    python tests/oracle/mutants.py --jobs 2                 # every mutant, about half an hour
    python tests/oracle/mutants.py --share 10 --seed 7      # a tenth of them
    python tests/oracle/mutants.py --only venue.py          # those of one file
    python tests/oracle/mutants.py --only venue.py:227:8:2  # one of them

A mutant is a copy of the package in which an operator, a comparison, a number, a condition or a statement is another.
It is killed if a test fails, or does not end in time. The survivors are printed, with their lines.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGE = "simulator/exchange"
TESTS = (
    "tests/exchange/test_book.py",
    "tests/exchange/test_fills.py",
    "tests/exchange/test_orders.py",
    "tests/exchange/test_limits.py",
    "tests/exchange/test_liquidity.py",
    "tests/exchange/test_venue.py",
    "tests/exchange/test_markets.py",
    "tests/gateway/test_expiry.py",
    "tests/gateway/test_rfqs.py",
    "tests/exchange/test_walk.py",
    "tests/oracle/test_oracle.py",
    "tests/exchange/test_model.py",
    "tests/test_simulation.py",
)
"""What is run against each mutant, the quickest first."""

_TIMEOUT = 60
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


class Mutant(NamedTuple):
    file: str
    line: int
    column: int
    way: int
    source: str
    """The whole file, changed."""
    before: str
    after: str

    @property
    def name(self) -> str:
        """Return what `--only` takes."""
        return f"{self.file}:{self.line}:{self.column}:{self.way}"


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node could be instead."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            yield ast.Compare(node.left, [_COMPARISONS[type(op)]()], node.comparators)
            if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                yield ast.Constant(value=True)
                yield ast.Constant(value=False)
        case ast.BinOp(op=op) if type(op) in _OPERATORS:
            yield ast.BinOp(node.left, _OPERATORS[type(op)](), node.right)
        case ast.AugAssign(op=op) if type(op) in _OPERATORS:
            yield ast.AugAssign(node.target, _OPERATORS[type(op)](), node.value)
            yield ast.Pass()
        case ast.BoolOp(op=op):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), node.values)
            yield from node.values
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node.operand
        case ast.IfExp():
            yield node.body
            yield node.orelse
        case ast.If():
            yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        case ast.Constant(value=bool()):
            yield ast.Constant(value=not node.value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value=value + 1)
        case ast.Expr(value=ast.Call()) | ast.Delete() | ast.Assign(targets=[ast.Attribute()]):
            yield ast.Pass()
        case ast.Break() | ast.Continue():
            yield ast.Pass()
        case ast.Return(value=ast.expr()) if not isinstance(node.value, ast.Constant):
            yield ast.Return(ast.Constant(value=None))


def mutants() -> Iterator[Mutant]:
    """Yield every mutant of the package."""
    for path in sorted((ROOT / PACKAGE).glob("*.py")):
        tree = ast.parse(path.read_text())
        hints = _hints(tree)
        for number, node in enumerate(ast.walk(tree)):
            if not isinstance(node, ast.stmt | ast.expr) or node in hints:
                continue
            for way, change in enumerate(changes(node)):
                changed = _replaced(tree, number, change)
                before, after = ast.unparse(node), ast.unparse(ast.fix_missing_locations(copy.deepcopy(change)))
                yield Mutant(path.name, node.lineno, node.col_offset, way, changed, before, after)


def _hints(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes of annotations, which nobody runs."""
    found = [getattr(node, "annotation", None) or getattr(node, "returns", None) for node in ast.walk(tree)]
    return {inner for hint in found if isinstance(hint, ast.AST) for inner in ast.walk(hint)}


def _replaced(tree: ast.Module, number: int, change: ast.AST) -> str:
    """Return a module's source with the node of a number replaced."""
    own = copy.deepcopy(tree)
    wanted = next(node for at, node in enumerate(ast.walk(own)) if at == number)

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(change) if node is wanted else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Replace().visit(own)))


def passes(folder: Path) -> bool:
    """Run the tests against a copy of the project; tell whether all of them pass in time."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--hypothesis-seed=0"]
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *TESTS],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return ran.returncode == 0


def survives(mutant: Mutant, folder: Path) -> bool:
    """Run the tests against a mutant in a copy of the project; tell whether all of them pass."""
    target = folder / PACKAGE / mutant.file
    original = target.read_text()
    target.write_text(mutant.source)
    try:
        return passes(folder)
    finally:
        target.write_text(original)


def run(chosen: list[Mutant], jobs: int, seconds: float) -> tuple[list[Mutant], int]:
    """Run mutants in copies of the project, one for each job; return the survivors, and how many were run."""
    began, done = time.monotonic(), 0
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / str(job) for job in range(jobs)]
        for folder in folders:
            for name in ("simulator", "tests", "fixtures", "scenarios"):
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "pyproject.toml", folder)
        if not passes(folders[0]):
            raise SystemExit("the tests do not pass without a mutant, so they say nothing about mutants")

        def work(job: int) -> None:
            nonlocal done
            for mutant in chosen[job::jobs]:
                if time.monotonic() - began > seconds:
                    return
                done += 1
                if survives(mutant, folders[job]):
                    survivors.append(mutant)
                    sys.stdout.write(f"survives: {mutant.name}\n  - {mutant.before}\n  + {mutant.after}\n")
                    sys.stdout.flush()

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(work, range(jobs)))
    return survivors, done


def main() -> int:
    """Run what the command line says; return 1 if a mutant survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=int, default=1, help="run one of so many mutants")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=7200, help="how long it may take in all")
    parser.add_argument("--only", help="one mutant, as it is printed, or those of one file")
    args = parser.parse_args()
    chosen = list(mutants())
    total = len(chosen)
    random.Random(args.seed).shuffle(chosen)
    chosen = chosen[: -(-total // args.share)]
    if args.only:
        chosen = [mutant for mutant in mutants() if args.only in (mutant.name, mutant.file)]
    survivors, done = run(chosen, args.jobs, args.seconds)
    killed = done - len(survivors)
    sys.stdout.write(f"seed {args.seed}: {killed} of {done} mutants killed, of {total} that there are\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
