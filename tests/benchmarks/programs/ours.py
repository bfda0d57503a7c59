"""The exchange as its own command serves it, on a loop that is chosen here and not by what is installed.

With ``--asleep`` it does not stay awake between messages.
"""

import sys

from simulator.cli import serve
from simulator.cli.main import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if "--asleep" in arguments:
        arguments.remove("--asleep")
        serve._STAY_AWAKE = 0.0
    if "--uvloop" in arguments:
        arguments.remove("--uvloop")
    else:
        sys.modules["uvloop"] = None  # type: ignore[assignment]  # as if it were not installed
    sys.exit(main(["serve", "--quiet", "--port", "0", *arguments]))
