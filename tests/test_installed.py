"""What is tested is the package as it is installed."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import simulator

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


def test_the_version_stands_in_one_place() -> None:
    """What is installed says of itself what the package says."""
    assert distribution("exchange-simulator").version == simulator.__version__


def test_a_wheel_holds_what_users_use() -> None:
    """A wheel has the package, the catalogues, the schema and the scenarios, and nothing for tests."""
    installed = distribution("exchange-simulator")
    if json.loads(installed.read_text("direct_url.json") or "{}").get("dir_info", {}).get("editable"):
        pytest.skip("it is installed as it stands in the checkout, without a wheel")
    files = {str(path) for path in installed.files or () if path.parts[0] == "simulator" and path.suffix != ".pyc"}
    root = TESTS.parent
    package = [path for path in (root / "simulator").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    data = [*root.glob("fixtures/catalogue/*"), *root.glob("fixtures/*.schema.json"), *root.glob("scenarios/*")]
    assert files == {
        *(str(path.relative_to(root)) for path in package if path.name != "README.md"),
        *(str("simulator/_data" / path.relative_to(root)) for path in data),
    }


def test_strategies_without_hypothesis_say_what_to_install() -> None:
    """Whoever imports the strategies without having hypothesis is told what to install."""
    script = "import sys; sys.modules['hypothesis'] = None; import simulator.testing.strategies"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: simulator.testing.strategies needs hypothesis, which is not installed: "
        "pip install hypothesis, or exchange-simulator with the extra [hypothesis]"
    )


def test_exploring_without_hypothesis_says_what_to_install() -> None:
    """The command that draws venues ends with one line and status 2 where hypothesis is not installed."""
    script = "import sys; sys.modules['hypothesis'] = None; from simulator.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", script, "explore", "module:Class"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "exchange-simulator: explore: simulator.testing.strategies needs hypothesis, which is not installed: "
        "pip install hypothesis, or exchange-simulator with the extra [hypothesis]\n",
    )
