"""What the tests of the DICOM network share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.spool import Spool
from tests.orthanc import Orthanc, orthanc_program, running_orthanc


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    program = orthanc_program()
    if program is None:
        pytest.skip("Orthanc is absent: apt-get install orthanc")
    with running_orthanc(program, tmp_path_factory.mktemp("orthanc")) as orthanc:
        yield orthanc


@pytest.fixture
def orthanc(archive: Orthanc) -> Orthanc:
    """The archive, empty."""
    archive.empty()
    return archive


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "inbox") as one:
        yield one


@pytest.fixture
def asking(spool: Spool) -> Asking:
    return Asking("HER2DESK", spool=spool)
