import argparse
from pathlib import Path

import pytest

from simulator.cli.configuration import configure
from simulator.cli.options import port_number
from simulator.errors import SimulatorError


def options(arguments: list[str], folder: Path, text: str = "", **environment: str) -> argparse.Namespace:
    """Return what becomes of a command line where a file and an environment say this."""
    program = argparse.ArgumentParser()
    commands = program.add_subparsers()
    serve = commands.add_parser("serve")
    serve.add_argument("--port", type=port_number, default=6001)
    serve.add_argument("--sync", choices=["always", "never"], default="never")
    serve.add_argument("--quiet", action="store_true")
    serve.add_argument("--allow-host", action="append", default=[])
    commands.add_parser("replay").add_argument("--seed", type=int)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    configure(commands.choices, arguments[0], environment, folder)
    return program.parse_args(arguments)


def test_the_command_line_comes_first_then_the_environment_then_the_files_tables(tmp_path: Path) -> None:
    """Of everything that says a port, the nearest to the command counts."""
    said = "[tool.exchange-simulator]\nport = 1\n[tool.exchange-simulator.serve]\nport = 2\n"
    general, _, _ = said.partition("[tool.exchange-simulator.serve]")
    port = {"EXCHANGE_SIMULATOR_PORT": "3"}
    assert [
        options(["serve"], tmp_path).port,
        options(["serve"], tmp_path, general).port,
        options(["serve"], tmp_path, said).port,
        options(["serve"], tmp_path, said, **port).port,
        options(["serve", "--port", "4"], tmp_path, said, **port).port,
    ] == [6001, 1, 2, 3, 4]


def test_the_nearest_file_above_is_read(tmp_path: Path) -> None:
    """A command that is run in a subfolder finds the project's file, and the other commands' tables do not matter."""
    (tmp_path / "pyproject.toml").write_text("[tool.exchange-simulator.replay]\nseed = 7\n", encoding="utf-8")
    (tmp_path / "sub").mkdir()
    program = argparse.ArgumentParser()
    commands = program.add_subparsers()
    commands.add_parser("replay").add_argument("--seed", type=int)
    configure(commands.choices, "replay", {}, tmp_path / "sub")
    assert program.parse_args(["replay"]).seed == 7


def test_switches_and_lists(tmp_path: Path) -> None:
    """A switch is true or false, and what may be repeated is a list, or one value."""
    text = '[tool.exchange-simulator.serve]\nquiet = true\nallow-host = ["a", "b"]\n'
    said = options(["serve"], tmp_path, text)
    assert (said.quiet, said.allow_host) == (True, ["a", "b"])
    environment = {"EXCHANGE_SIMULATOR_QUIET": "0", "EXCHANGE_SIMULATOR_ALLOW_HOST": "c"}
    said = options(["serve"], tmp_path, text, **environment)
    assert (said.quiet, said.allow_host) == (False, ["c"])


def test_what_another_command_has_is_no_mistake(tmp_path: Path) -> None:
    """What holds for all commands is left out by those that have no such option."""
    assert vars(options(["replay"], tmp_path, EXCHANGE_SIMULATOR_PORT="1")) == {"seed": None}


@pytest.mark.parametrize(
    ("text", "environment", "why"),
    [
        (
            "",
            {"EXCHANGE_SIMULATOR_PROT": "1"},
            "EXCHANGE_SIMULATOR_PROT: there is no such option; did you mean 'port'?",
        ),
        ("", {"EXCHANGE_SIMULATOR_PORT": "x"}, "EXCHANGE_SIMULATOR_PORT: expected a number from 0 to 65535, got 'x'"),
        (
            "[tool.exchange-simulator.serve]\nsync = 'allways'\n",
            {},
            "{file}: tool.exchange-simulator.serve.sync: expected one of always, never, got 'allways'; "
            "did you mean 'always'?",
        ),
        (
            "[tool.exchange-simulator.serve]\nquiet = 'perhaps'\n",
            {},
            "{file}: tool.exchange-simulator.serve.quiet: expected true or false, got 'perhaps'",
        ),
        (
            "[tool.exchange-simulator]\nserve = 1\n",
            {},
            "{file}: tool.exchange-simulator.serve: expected a table of the command's options",
        ),
        (
            "[tool.exchange-simulator]\nsrve = {port = 1}\n",
            {},
            "{file}: tool.exchange-simulator.srve: there is no such option or command; did you mean 'serve'?",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, environment: dict[str, str], why: str, tmp_path: Path) -> None:
    """A name that there is not and a value that does not fit are mistakes, with where they stand."""
    with pytest.raises(SimulatorError) as raised:
        options(["serve"], tmp_path, text, **environment)
    assert str(raised.value) == why.format(file=tmp_path / "pyproject.toml")


def test_a_file_that_is_no_toml_is_said(tmp_path: Path) -> None:
    """A file that cannot be read is one line."""
    with pytest.raises(SimulatorError, match=r"^cannot read .*pyproject\.toml: Expected '='"):
        options(["serve"], tmp_path, "[tool]\nx\n")
