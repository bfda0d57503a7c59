"""The browser that tests drive, and texts that are to stay texts in it."""

import shutil
import subprocess
from pathlib import Path

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\u202eevil\u2066",
    "\x00\x1b[31m",
    "&lt;b&gt;",
]


class CannotInstall(Exception):
    """npm does not install what drives a browser; the text says why."""


def install_playwright(folder: Path) -> Path:
    """Install the library that drives a browser in a folder, and return its module; raises `CannotInstall`."""
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
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise CannotInstall(done.stderr.strip()[-200:])
    return folder / "node_modules" / "playwright-core" / "index.mjs"
