"""Where the data that ships with the package lies: in the wheel, or beside the package in a checkout."""

from pathlib import Path

__all__ = ["data_path"]

_PACKAGE = Path(__file__).resolve().parent


def data_path(name: str) -> Path:
    """Return the path of a bundled file or folder, such as ``fixtures/catalogue/default.json``.

    A wheel carries ``fixtures`` and ``scenarios`` inside the package; a checkout has them beside it.
    """
    installed = _PACKAGE / "_data" / name
    return installed if installed.exists() else _PACKAGE.parent / name
