import socket
import subprocess
from pathlib import Path

import pytest

import simulator
from simulator.cli.main import main
from support.cli import ENVIRONMENT, PROGRAM, run, started


def test_version() -> None:
    """The version is printed by --version."""
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"exchange-simulator {simulator.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["serve", "--nonsense"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "x"],
        ["serve", "--seed", "x"],
        ["catalogue", "--venues", "x"],
    ],
)
def test_wrong_options(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that is wrong ends with status 2, and its last line says why."""
    with pytest.raises(SystemExit) as ending:
        main(arguments)
    out, err = capsys.readouterr()
    assert (ending.value.code, out) == (2, "")
    assert err.splitlines()[-1].startswith("exchange-simulator")


def test_port_that_is_taken() -> None:
    """A port that is taken ends the program with one line on stderr and status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"exchange-simulator: cannot listen on 127.0.0.1 port {port}: ")
    assert "in use" in line


def test_host_that_does_not_exist() -> None:
    """A host that is none of this machine's ends the program with one line on stderr and status 2."""
    done = run("serve", "--port", "0", "--host", "192.0.2.1")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("exchange-simulator: cannot listen on 192.0.2.1 port 0: ")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("missing.yaml", None, "missing.yaml"),
        ("catalogue.txt", b"", "catalogue.txt"),
        ("binary.yaml", b"\xff\xfe", "UTF-8"),
        ("broken.yaml", b"venues: [", "broken.yaml:2:1: expected YAML"),
        ("wrong.json", b'{"venuez": []}', "wrong.json"),
        ("folder.yaml", "folder", "folder.yaml"),
    ],
)
def test_bad_catalogue(name: str, text: bytes | str | None, said: str, tmp_path: Path) -> None:
    """A catalogue that cannot be used ends the program with status 2; stderr says what is wrong, each with its line."""
    path = tmp_path / name
    if isinstance(text, bytes):
        path.write_bytes(text)
    elif text is not None:
        path.mkdir()
    done = run("serve", "--port", "0", "--catalogue", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    line = done.stderr.splitlines()[0]
    assert line.startswith("exchange-simulator: ")
    assert said in line


def test_catalogue_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    """An invented catalogue is the same each time, and can be served."""
    arguments = ["catalogue", "--seed", "7", "--venues", "5", "--products", "40"]
    first, other = run(*arguments), run(*arguments[:1], "--seed", "8", *arguments[3:])
    path = tmp_path / "invented.yaml"
    second = run(*arguments, "-o", str(path))
    assert (first.returncode, first.stderr) == (second.returncode, second.stderr) == (0, "")
    assert second.stdout == ""
    assert first.stdout == path.read_text(encoding="utf-8") != other.stdout
    with started("--port", "0", "--catalogue", str(path)) as program:
        assert program.stop() == 0


def test_catalogue_that_cannot_be_written(tmp_path: Path) -> None:
    """A catalogue that cannot be written ends the program with one line on stderr and status 2."""
    path = tmp_path / "file" / "catalogue.yaml"
    path.parent.touch()
    done = run("catalogue", "--venues", "1", "--products", "2", "-o", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"exchange-simulator: cannot write {path}: File exists\n"


def test_nobody_reads_the_catalogue() -> None:
    """A catalogue whose reader has gone, like head, ends the program in silence."""
    with subprocess.Popen(
        [*PROGRAM, "catalogue"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(15) == 0
