"""What drives a browser, for the page and for reports."""

import shutil
from pathlib import Path

import pytest

from support.browser import BROWSER, CannotInstall, install_playwright


@pytest.fixture(scope="session")
def playwright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that drives a browser, installed outside the checkout; the test is skipped where it cannot be had."""
    if BROWSER is None or shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Chromium, node or npm to drive the page with")
    try:
        return install_playwright(tmp_path_factory.mktemp("node"))
    except CannotInstall as error:
        pytest.skip(f"playwright-core cannot be installed: {error}")
