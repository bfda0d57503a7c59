"""The certificate of the published client that the README shows, made anew."""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_certificate_of_the_published_client(published_client: str) -> None:
    """The published client survives the cases that the README says, and no others."""
    command = [sys.executable, "-m", "simulator", "certify", "certified_client.py:PublishedClient"]
    environment = {**os.environ, "PYTHONPATH": published_client}
    done = subprocess.run(
        command, env=environment, cwd=EXAMPLES, capture_output=True, text=True, timeout=300, check=False
    )
    certificate = done.stdout[done.stdout.index("\nnothing unusual") + 1 :]
    assert certificate.startswith((EXAMPLES / "certified_client.txt").read_text(encoding="utf-8").rstrip("\n"))
    assert done.returncode == 1
