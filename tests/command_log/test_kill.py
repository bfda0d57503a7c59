import re
import subprocess
import sys
from pathlib import Path

KILL = Path(__file__).parents[1] / "crash" / "kill.py"


def test_five_kills() -> None:
    """Killed at five random moments under load, in three scenarios, a server has lost nothing that it acknowledged.

    Most times it comes back from a snapshot.
    """
    done = subprocess.run(
        [sys.executable, str(KILL), "--points", "5", "--each", "2"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = re.search(r"\n5 kills, ([0-5]) times from a snapshot, 0 things missing\n$", done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said is not None, done.stdout
    assert int(said[1]) > 0, done.stdout
