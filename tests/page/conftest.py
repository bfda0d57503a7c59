"""What drives a browser, for the page and for reports."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.browser import BROWSER


@pytest.fixture(scope="session")
def playwright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that drives a browser, installed outside the checkout; the test is skipped where it cannot be had."""
    if BROWSER is None or shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Chromium, node or npm to drive the page with")
    folder = tmp_path_factory.mktemp("node")
    command = [
        "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--silent",
        "--prefix",
        str(folder),
        "playwright-core@1.60.0",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if done.returncode:
        pytest.skip(f"playwright-core cannot be installed: {done.stderr.strip()[-200:]}")
    return folder / "node_modules" / "playwright-core" / "index.mjs"
