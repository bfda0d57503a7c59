"""The image, the compose example, the unit and the hook: what they run is run here, without an engine for them."""

import configparser
import contextlib
import http.client
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from support.cli import run, started

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".docker"


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, each with what it is given."""
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], " ".join(line.split()[1:])) for line in lines]


def instruction(name: str) -> str:
    """Return what the last instruction of a name is given."""
    return [text for other, text in instructions() if other == name][-1]


def status_for(host: str, port: int) -> int:
    """Return with which status the endpoint at a port answers who knows it by a name."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.closing(connection):
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status


def test_the_image_runs_as_nobody_in_particular() -> None:
    """The image starts as a user of its own, from the release of Python that the package is tested with."""
    assert instruction("USER") == "exchange"
    assert [text for name, text in instructions() if name == "FROM"] == [
        "python:3.13-slim AS build",
        "python:3.13-slim",
    ]
    assert "Programming Language :: Python :: 3.13" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_image_is_built_of_what_is_there() -> None:
    """What the image is built of is let in by the ignore file, and stands in the checkout."""
    lines = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    let_in = [line[1:] for line in lines if line.startswith("!")]
    assert lines[0] == "*"
    assert [name for name in let_in if not (ROOT / name).exists()] == []


def test_the_image_starts_and_says_that_it_is_well() -> None:
    """The image's command serves, and its health check passes while it does and fails afterwards."""
    command = [*json.loads(instruction("ENTRYPOINT")), *json.loads(instruction("CMD"))]
    assert command == ["exchange-simulator", "serve", "--host", "0.0.0.0"]  # noqa: S104 - in a container, whose ports are published
    check = json.loads(instruction("HEALTHCHECK").partition(" CMD ")[2])
    assert check[:2] == ["python", "-c"]
    with started(*command[2:], "--port", "0") as program:
        code = check[2].replace(":6001/", f":{program.port}/")
        assert code != check[2]
        healthy = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
        assert (healthy.returncode, healthy.stderr) == (0, b"")
        program.stop()
        dead = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
        assert dead.returncode == 1


def test_compose_lets_other_services_in() -> None:
    """The compose example's service answers by the name that other services know it by."""
    service: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"]
    [(name, exchange)] = service.items()
    assert (FOLDER / exchange["build"]["context"] / exchange["build"]["dockerfile"]).samefile(FOLDER / "Dockerfile")
    [scenarios] = exchange["volumes"]
    assert (FOLDER / scenarios.split(":")[0]).is_dir()
    with started(*exchange["command"][1:], "--port", "0") as program:
        assert [status_for(host, program.port) for host in (f"{name}:6001", "elsewhere:6001")] == [200, 421]


def test_the_unit_starts_what_serve_understands(tmp_path: Path) -> None:
    """The unit's command line is one of serve's, and the session that it keeps goes on where it was."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # as configparser documents it
    unit.read(FOLDER / "exchange-simulator.service", encoding="utf-8")
    program, *arguments = shlex.split(unit["Service"]["ExecStart"].replace("%S", str(tmp_path)))
    assert program == "/opt/exchange-simulator/bin/exchange-simulator"
    assert arguments[0] == "serve"
    for _ in range(2):
        with started(*arguments[1:], "--port", "0") as served:
            assert served.stop() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["exchange-simulator"]


def test_the_hook_checks_scenarios_alone() -> None:
    """The hook of pre-commit runs the check, for files in a folder of scenarios."""
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    names = ["scenarios/a.yaml", "tests/scenarios/b.yml", "config/c.yaml", "scenarios/d.md"]
    assert [name for name in names if re.search(hook["files"], name)] == names[:2]
    program, *arguments = hook["entry"].split()
    assert (program, run(*arguments, "partial-fill").stdout) == ("exchange-simulator", "ok partial-fill\n")
