"""Runs whole worlds without a socket: for each seed a random legal scenario, random clients and random faults.

    python tests/worlds/worlds.py --seeds 5000            # seeds 0 to 4999
    python tests/worlds/worlds.py --seeds 1 --first 1234  # one of them, with its scenario and all that happened

After every step the invariants of `invariants` hold; then the world is run again from what its journal says
came from outside, and must say the same bytes and write the same journal, though its journal is packed, and though
somewhere on the way it is written down as a snapshot and goes on as what is read of that.
"""

import argparse
import random
import sys
import time
import traceback
from pathlib import Path
from unittest.mock import patch

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])  # started as a command, it finds the other folders by their names

from simulator import command_log as command_log
from simulator.gateway.outgoing import Outgoing
from simulator.gateway.session import NETIDX, Session
from simulator.journal import journal as journals
from simulator.journal.journal import JournalEntry
from simulator.scenario import Loaded
from simulator.simulation import Refused, Simulation
from simulator.terms import BILLION
from worlds.invariants import Broken, Watch, require
from worlds.maker import Maker, Talker

STEPS = 60
_PAUSES = (0, 0, 1_000, 1_000_000, 50_000_000, 400_000_000, BILLION)
_END = 15 * BILLION
_STRIDE = 100_000_000
_HISTORIES = (1, 2, 5, 250_000)
"""How many orders that are out, and how many fills, an exchange may keep."""
_HANGS_UP = "the client hangs up"

Sent = dict[int, list[Outgoing]]


class Run:
    """One seed's world."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.loaded: Loaded = Maker(rng).scenario()
        self.history = rng.choice(_HISTORIES)
        self.simulation = Simulation(self.loaded, history_limit=self.history)
        self.sent: Sent = {}
        self._rng = rng
        self._talker = Talker(rng)
        self._watch = Watch(self.simulation)
        self._sessions: list[Session] = []

    def run(self) -> None:
        """Run it, and run it again from its journal."""
        self._connect(self.simulation.now)
        self._connect(self.simulation.now)
        self._after()
        for _ in range(STEPS):
            self._step()
            self._after()
        end = self.simulation.now + _END
        while self.simulation.now < end:
            due = self.simulation.next_due() or end
            self._after(self.simulation.advance(min(end, max(due, self.simulation.now + _STRIDE))))
        self._watch.check_updates()
        self._replay()

    def _step(self) -> None:
        sim, rng = self.simulation, self._rng
        now = sim.now + rng.choice(_PAUSES)
        open_ones = [session for session in self._sessions if session.is_open]
        draw = rng.random()
        if not open_ones or (draw < 0.05 and len(open_ones) < 5):
            self._connect(now)
        elif draw < 0.08:
            self._after(sim.advance(now))  # what is due by then is sent before the end, as by a shell with a timer
            sim.disconnect(rng.choice(open_ones), now, _HANGS_UP)
        elif draw < 0.25:
            self._after(sim.advance(now))
        else:
            for _ in range(rng.choice((1, 1, 1, 3))):
                session = rng.choice(open_ones)
                if session.is_open:
                    sim.receive(session, self._talker.text(session.kind == NETIDX), now)

    def _connect(self, now: int) -> None:
        try:
            self._sessions.append(self.simulation.connect(self._talker.target(), now))
        except Refused as refused:
            require(refused.status in (404, 503), f"a connection is refused with {refused.status}")

    def _after(self, news: list[tuple[Session, list[Outgoing]]] | None = None) -> None:
        if news is None:
            news = self.simulation.take()
        for session, items in news:
            self.sent.setdefault(session.number, []).extend(items)
        self._watch.after(news)

    def _replay(self) -> None:
        """Run the world again from what came from outside, by the journal."""
        journal = list(self.simulation.journal)
        place = self._rng.randrange(len(journal))
        with patch.multiple(journals, _RECENT=24, _CHUNK=8):
            sent, again = replayed(self.loaded, self.history, journal, self.simulation.now, place)
        for entry, other in zip(journal, again, strict=False):
            require(entry == other, f"the journal has {entry!r:.300}, a replay of it {other!r:.300}")
        require(len(journal) == len(again), f"the journal has {len(journal)} entries, a replay of it {len(again)}")
        require(sent == self.sent, "a replay of the journal sends other bytes")


def replayed(
    loaded: Loaded, history: int, journal: list[JournalEntry], end: int, place: int
) -> tuple[Sent, list[JournalEntry]]:
    """Run a scenario with the inputs of a journal; return what is sent, and its own journal.

    Before the entry of a place its world is written down as a snapshot, and goes on as what is read of that.
    """
    sim = Simulation(loaded, history_limit=history)
    sessions: dict[int, Session] = {}
    sent: Sent = {}

    def collect(news: list[tuple[Session, list[Outgoing]]]) -> None:
        for session, items in news:
            sent.setdefault(session.number, []).extend(items)

    for line, (now, number, kind, data) in enumerate(journal):
        if line == place:
            made = Simulation(loaded, history_limit=history)
            header = command_log.header_of(made, None)
            written = command_log.encode_snapshot(header, sim, command_log.given_of(sim))
            sim = command_log.decode_snapshot(written, header, command_log.given_of(made))
            sessions |= sim.sessions
        if kind == "open":
            sessions[number] = sim.connect(data, now)
        elif kind == "refused":
            try:
                sim.connect(data.partition(": ")[0], now)  # why it was refused stands behind
            except Refused:
                continue
            raise Broken(f"{data} was refused, and is not when replayed")
        elif kind == "in":
            sim.receive(sessions[number], data, now)
        elif kind == "close" and data == _HANGS_UP:
            collect(sim.advance(now))
            sim.disconnect(sessions[number], now, data)
        else:
            continue
        collect(sim.take())
        sim.journal.pack()
    collect(sim.advance(end))
    return sent, list(sim.journal)


def check(seed: int) -> Run:
    """Run one seed; raises `Broken`, with how to see it again."""
    run = None
    try:
        run = Run(seed)
        run.run()
    except Exception as error:
        again = f"python tests/worlds/worlds.py --seeds 1 --first {seed}"
        raise Broken(f"seed {seed}: {type(error).__name__}: {error}\nagain: {again}") from error
    return run


def main() -> int:
    """Run what the command line says; return 1 if a world breaks an invariant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3600, help="how long it may take in all")
    args = parser.parse_args()
    began, entries, broken, done = time.monotonic(), 0, 0, 0
    for seed in range(args.first, args.first + args.seeds):
        if time.monotonic() - began > args.seconds:
            sys.stdout.write("out of time\n")
            break
        done += 1
        try:
            entries += len(check(seed).simulation.journal)
        except Broken as error:
            broken += 1
            sys.stdout.write(f"{error}\n")
            if args.seeds == 1:
                show(seed)
                traceback.print_exception(error)
    took = time.monotonic() - began
    sys.stdout.write(f"{done} worlds, {entries} journal entries, {broken} broken, {took:.0f} s\n")
    return 1 if broken else 0


def show(seed: int) -> None:
    """Write a seed's scenario and its journal."""
    run = Run(seed)
    sys.stdout.write(f"{run.loaded.scenario}\n")
    try:
        run.run()
    except Exception:
        for entry in run.simulation.journal:
            sys.stdout.write(f"{entry!r:.300}\n")


if __name__ == "__main__":
    sys.exit(main())
