"""The gateway's published Python client, installed as its users would, into a directory of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import websockets

CLIENT = "architect-py==0.1.0"


@pytest.fixture(scope="session")
def published_client(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path on which the published client is found, and websockets where these tests find it."""
    target = tmp_path_factory.mktemp("published")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), CLIENT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return os.pathsep.join([str(target), str(Path(websockets.__file__).parents[1])])
