"""What is tested is the package as it is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
TEST = """
import simulator
from support.gateway import World


def test_it(world: World) -> None:
    assert world.sim.seed == 7
"""


def test_checkout_is_not_what_is_tested(tmp_path: Path) -> None:
    """In a checkout the tests find the package where it is installed, and what they share in ``tests``."""
    shutil.copy(TESTS.parent / "pyproject.toml", tmp_path)
    shutil.copytree(TESTS / "support", tmp_path / "tests" / "support", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TESTS / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_it.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "simulator").mkdir()
    (tmp_path / "simulator" / "__init__.py").write_text(
        "raise AssertionError('this is the checkout')", encoding="utf-8"
    )
    pytest = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider"]  # -P: like the command, without "."
    done = subprocess.run(pytest, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
