"""The live page: static files, and what a browser may do with them."""

from functools import lru_cache
from pathlib import Path

__all__ = ["POLICY", "file_of"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: nothing from elsewhere, nothing written into the page, and in nobody's frame."""

_FOLDER = Path(__file__).parent / "files"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def file_of(path: str) -> tuple[str, str, bytes] | None:
    """Return the kind of a file of the page, the policy and what it holds, by its path; None if there is none."""
    name = "index.html" if path == "/" else path.removeprefix("/page/") if path.startswith("/page/") else ""
    return _files().get(name)


@lru_cache(1)
def _files() -> dict[str, tuple[str, str, bytes]]:
    return {
        path.name: (f"{_KINDS[path.suffix]}; charset=utf-8", POLICY, path.read_bytes())
        for path in sorted(_FOLDER.iterdir())
    }
