from pathlib import Path

import pytest

from simulator.certification.targets import class_named
from simulator.errors import SimulatorError

METHODS = "".join(f"    def {name}(self, *given): ...\n" for name in ("start", "submit", "cancel", "flatten", "stop"))


def test_a_class_of_a_file_is_found(tmp_path: Path) -> None:
    """What has the five methods is a client, and is made when it is called."""
    path = tmp_path / "found_client.py"
    path.write_text(f"class Found:\n{METHODS}", encoding="utf-8")
    assert type(class_named(f"{path}:Found")()).__name__ == "Found"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "Bare",
            "{path}: a client is a class with start, submit, cancel, flatten and stop; "
            "Bare lacks start, submit, cancel, flatten, stop",
        ),
        ("Half", "{path}: a client is a class with start, submit, cancel, flatten and stop; Half lacks flatten, stop"),
        ("Bar", "{path} has no class 'Bar'; did you mean 'Bare'?"),
    ],
)
def test_what_is_no_client_is_refused_at_once(name: str, why: str, tmp_path: Path) -> None:
    """A class that lacks a method is a mistake in what was asked, and not a client that survives nothing."""
    path = tmp_path / "no_client.py"
    half = "\n".join(METHODS.splitlines()[:3])
    path.write_text(f"class Bare: ...\n\n\nclass Half:\n{half}\n", encoding="utf-8")
    with pytest.raises(SimulatorError) as raised:
        class_named(f"{path}:{name}")
    assert str(raised.value) == why.format(path=path)
