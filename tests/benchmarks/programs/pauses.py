"""Takes so many resting orders as a server does, and prints how long the longest search for garbage was, in ms."""

import gc
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])

from benchmarks.programs.orders import order
from simulator import Simulation
from simulator.server.garbage import short_searches


def main(count: int) -> None:
    """Measure."""
    pauses = [0.0]
    began = 0.0

    def see(phase: str, info: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.process_time()
        else:
            pauses.append(time.process_time() - began)

    world = Simulation()
    session = world.connect("/")
    with short_searches():
        gc.callbacks.append(see)
        for number in range(count):
            world.receive(session, order(number))
            world.take()
    sys.stdout.write(f"{max(pauses) * 1e3}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
