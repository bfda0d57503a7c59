"""Disks are whole when a test begins."""

from collections.abc import Iterator

import pytest

from support.command_log import FailingFile


@pytest.fixture(autouse=True)
def _whole_disk() -> Iterator[None]:
    FailingFile.room, FailingFile.is_stuck, FailingFile.syncs = None, False, 0
    yield
    FailingFile.room, FailingFile.is_stuck = None, False
