import subprocess
import sys
from pathlib import Path

KILL = Path(__file__).parents[1] / "crash" / "kill.py"


def test_five_kills() -> None:
    """Killed at five random moments under load, in three scenarios, a server has lost nothing that it acknowledged."""
    done = subprocess.run(
        [sys.executable, str(KILL), "--points", "5", "--each", "2"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["5 kills, 0 things missing"]), (
        done.stdout + done.stderr
    )
