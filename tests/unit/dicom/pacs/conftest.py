"""What the tests of the DICOM network share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.spool import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "inbox") as one:
        yield one


@pytest.fixture
def asking(spool: Spool) -> Asking:
    return Asking("HER2DESK", spool=spool)
