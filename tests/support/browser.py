"""The browser that tests drive, and texts that are to stay texts in it."""

import shutil

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\u202eevil\u2066",
    "\x00\x1b[31m",
    "&lt;b&gt;",
]
