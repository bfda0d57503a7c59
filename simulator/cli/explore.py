"""The command ``explore``: draws unkind venues, and says what breaks a client, made as small as can be."""

import argparse
import contextlib
import shlex
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli.clients import add_client_options, class_of, program_of
from simulator.cli.options import number_from
from simulator.cli.output import STOPPED, note, say, write
from simulator.cli.progress import Progress
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from simulator.exploration import SweepProgress
    from simulator.libraries import Subcommands

__all__ = ["add_explore_command"]

_NOTHING_BREAKS, _SOMETHING_BREAKS = 0, 1
_EVERY = 10.0
"""How many seconds lie between two lines of progress, where there is no bar."""

_DESCRIPTION = (
    "Draw unkind venues, seed by seed, put a client through each, and hold it to the laws of certify. What breaks it "
    "is made as small as can be, and saved with a test that plays it again. The first seeds are one fault each, the "
    "others pairs of faults and the mix of all. TARGET is as for certify."
)
_EPILOG = "Exit status: 0 if nothing breaks the client, 1 if something does, 2 if a target or an option is wrong."


def add_explore_command(commands: "Subcommands") -> None:
    """Add the command to those of the program."""
    explore = commands.add_parser(
        "explore", help="draw unkind venues, and say what breaks a client", description=_DESCRIPTION, epilog=_EPILOG
    )
    explore.set_defaults(run=_explore)
    add_client_options(explore, targets="+")
    explore.add_argument(
        "--seeds",
        type=_seeds,
        default="200",
        metavar="N",
        help="how many seeds of about twenty venues each, or which, as FIRST-LAST (default: %(default)s)",
    )
    explore.add_argument(
        "--fault", action="append", metavar="NAME", help="only venues with this fault; may be repeated"
    )
    explore.add_argument(
        "--jobs", type=number_from(1), default=1, metavar="N", help="in how many processes (default: 1)"
    )
    explore.add_argument(
        "--executor", metavar="dask://HOST:PORT", help="over the workers of a dask scheduler (the extra dask)"
    )
    explore.add_argument(
        "--state", type=Path, metavar="FILE", help="keep there what is done, and go on with what is there"
    )
    explore.add_argument(
        "--save",
        type=Path,
        default=Path("explored"),
        metavar="DIR",
        help="what breaks it goes there (default: explored)",
    )
    explore.add_argument("--json", type=Path, metavar="FILE", help="write what was found there")


def _seeds(text: str) -> range:
    first, dash, last = text.partition("-")
    with contextlib.suppress(ValueError):
        seeds = range(int(first), int(last) + 1) if dash else range(int(first))
        if seeds and seeds[0] >= 0 and len(seeds) <= 1_000_000:
            return seeds
    raise argparse.ArgumentTypeError(f"expected a number of seeds, or the first and the last as 0-99, got {text!r}")


def _explore(options: argparse.Namespace) -> int:
    import msgspec

    from simulator.exploration.client import ExploredClient
    from simulator.exploration.explore import explore
    from simulator.exploration.report import TEST, as_data, lines_of, save, summary

    _look_for_hypothesis()
    client = ExploredClient.of(
        class_of(options) or program_of(options, "explore"),
        lines=options.lines,
        catalogue=options.catalogue,
        product=options.product,
        account=options.account,
        pace=options.pace,
    )
    began = time.perf_counter()
    try:
        with _executor(options.executor) as executor, Progress(len(options.seeds)) as bar:
            exploration = explore(
                client,
                seeds=options.seeds,
                faults=options.fault,
                executor=executor,
                jobs=options.jobs,
                state=options.state,
                progress=_shown_by(bar),
            )
    except KeyboardInterrupt:
        kept = f"; what is done is in {options.state}, and the same command goes on" if options.state else ""
        note(f"stopped{kept}")
        return STOPPED
    try:
        paths = save(exploration, client, options.save)
    except OSError as error:
        raise SimulatorError(f"cannot write to {options.save}: {error.strerror}") from error
    for cause, path in zip(exploration.causes, paths, strict=True):
        say(*lines_of(cause, shlex.join(["pytest", f"{options.save / TEST}", "-k", path.name])))
    for lost in exploration.lost:
        say("", f"seed {lost.seed} was lost: {lost.why}")
    if options.json is not None:
        write(options.json, msgspec.json.format(msgspec.json.encode(as_data(exploration))) + b"\n")
    say("", f"{summary(exploration)}, in {time.perf_counter() - began:.1f} s")
    return _SOMETHING_BREAKS if exploration.causes or exploration.lost else _NOTHING_BREAKS


@contextlib.contextmanager
def _executor(address: str | None) -> Iterator[Executor | None]:
    """Return the executor at an address, None for none; raises `SimulatorError` for what is not there."""
    if address is None:
        yield None
        return
    scheme, _, where = address.partition("://")
    if scheme != "dask" or not where:
        raise SimulatorError(f"--executor: expected dask://HOST:PORT, got {address!r}")
    try:
        import distributed
    except ModuleNotFoundError:
        raise SimulatorError(
            "--executor dask:// needs distributed: pip install distributed, or exchange-simulator with the extra [dask]"
        ) from None
    cluster: Any = distributed.Client
    try:
        client = cluster(f"tcp://{where}", timeout=10)
    except OSError as error:
        raise SimulatorError(f"--executor: there is no dask scheduler at {where}: {error}") from error
    with client:
        yield client.get_executor(retries=2)


def _look_for_hypothesis() -> None:
    """Raise `SimulatorError` if what draws venues is not installed."""
    try:
        import simulator.testing.strategies  # noqa: F401
    except ModuleNotFoundError as error:
        raise SimulatorError(f"explore: {error}") from error


def _shown_by(bar: Progress) -> Callable[["SweepProgress"], None]:
    """Return what shows progress: by the bar, and where there is none by a line now and then."""
    from simulator.exploration.report import progress_line

    last = time.monotonic()

    def show(progress: "SweepProgress") -> None:
        nonlocal last
        bar.reach(progress.done, f"{progress.venues} venues, {progress.causes} causes")
        if not bar.is_shown and time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            note(progress_line(progress))

    return show
