"""Does inputs to a simulation, in one way only: as they come, and when they are read back after a crash."""

from collections.abc import Callable, Sequence
from typing import assert_never

from simulator.command_log.control_call import decode_call, make_again
from simulator.command_log.records import Input
from simulator.control import Control
from simulator.control.control import ClockData
from simulator.errors import SimulatorError
from simulator.gateway.session import Session
from simulator.scenario import Loaded
from simulator.simulation import Refused, Simulation

__all__ = ["FAILED", "CommandRunner", "refuse_to_keep_connections"]

FAILED = "the simulator failed"
_FAILED_WHY = f"1011 {FAILED}"


class CommandRunner:
    """Does inputs to one simulation.

    A mistake of the simulator's own in what was due by itself is passed over; one in an input closes its connection.
    Either way the same comes of it whenever the input is done again.

    Args:
        simulation: what they are done to.
        fail: is told of the simulator's own mistakes, and of the session whose input it was, if it was one's, before
            that is closed.
    """

    def __init__(
        self,
        simulation: Simulation,
        fail: Callable[[Exception, Session | None], None] = lambda error, session: None,
    ) -> None:
        self.simulation = simulation
        """The simulation; another one once it was told to begin anew."""
        self.has_begun = False
        """Whether a connection was opened in it."""
        self._fail = fail

    def settle(self, until: int, is_over: Callable[[], bool] = lambda: False) -> None:
        """Let time pass, whatever fails on the way, unless ``is_over`` says between two moments that it is to stop."""
        while True:
            try:
                self.simulation.pass_time(until, is_over)
            except Exception as error:
                self._fail(error, None)
            else:
                return

    def perform(self, entry: Input) -> None:
        """Do an input at its time; one of a connection that is closed by then is nothing."""
        match entry.kind:
            case "in":
                self._catch_up(entry.time)
                session = self.simulation.sessions.get(entry.connection)
                if session is not None:
                    self._hear(session, entry)
            case "close":
                self._catch_up(entry.time)
                session = self.simulation.sessions.get(entry.connection)
                if session is not None:
                    self._lose(session, entry.time, _text(entry))
            case "open":
                try:
                    self.open(entry)
                except Refused:
                    return
                except Exception as error:
                    self._fail(error, None)
            case "down":
                self._sleep(entry.time)
            case "control":
                self.settle(entry.time)
                self._make(_text(entry))
            case "time":
                self.settle(entry.time)
            case _:
                assert_never(entry.kind)

    def open(self, entry: Input) -> Session:
        """Open a connection; raises what `Simulation.connect` does."""
        self.has_begun = True
        self._catch_up(entry.time)
        return self.simulation.connect(_text(entry), entry.time)

    def _make(self, text: str) -> None:
        """Make a call; what is wrong with it was told to whoever made it."""
        call = decode_call(text)
        try:
            make_again(call, Control(_KeptWorld(self, call.wall_time)))
        except SimulatorError:
            return
        except Exception as error:
            self._fail(error, None)

    def _sleep(self, until: int) -> None:
        try:
            self.simulation.sleep(until)
        except Exception as error:
            self._fail(error, None)
        self.settle(until)

    def _catch_up(self, until: int) -> None:
        """Let happen what is due, apart from the input that follows, lest a mistake in one hinder the other."""
        due = self.simulation.next_due()
        if due is not None and due <= until:
            self.settle(until)

    def _hear(self, session: Session, entry: Input) -> None:
        try:
            self.simulation.receive(session, entry.text, entry.time)
        except Exception as error:
            self._fail(error, session)
            self._lose(session, entry.time, _FAILED_WHY)

    def _lose(self, session: Session, time: int, why: str) -> None:
        try:
            self.simulation.disconnect(session, time, why)
        except Exception as error:
            self._fail(error, None)


class _KeptWorld:
    """The world of a runner, for a call that is made again at a time of the wall's."""

    def __init__(self, runner: CommandRunner, wall_time: int) -> None:
        self._runner = runner
        self._wall_time = wall_time
        self.errors: Sequence[Exception] = ()

    @property
    def simulation(self) -> Simulation:
        return self._runner.simulation

    def advance(self, nanoseconds: int) -> None:
        self._runner.settle(self.simulation.now + nanoseconds)

    def set_clock(self, clock: ClockData) -> None:
        self.simulation.set_clock(clock)

    def restart(
        self, loaded: Loaded | None, *, seed: int | None, clock: ClockData | None, keep_connections: bool
    ) -> None:
        refuse_to_keep_connections(keep_connections)
        runner = self._runner
        runner.simulation = runner.simulation.anew(loaded, seed=seed, clock=clock, wall_time=self._wall_time)
        runner.has_begun = False


def refuse_to_keep_connections(keeps: bool) -> None:
    """Raise `SimulatorError` if an exchange that is kept is to begin anew with its connections."""
    if keeps:
        raise SimulatorError("keep_connections: a world that --persist keeps closes them when it begins anew")


def _text(entry: Input) -> str:
    return entry.text if isinstance(entry.text, str) else entry.text.decode(errors="replace")
