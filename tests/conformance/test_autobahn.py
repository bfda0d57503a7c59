import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("autobahn_cases.py")


def test_autobahn_cases() -> None:
    """Groups 1 to 7 and 10 of the Autobahn cases come to what they should, in a process of their own.

    The cases change Python's own modules when they are imported.
    """
    ran = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    assert ran.stdout.startswith("247 cases: ")
    assert ran.stdout.endswith("; 0 not as expected\n")
