"""A patient who is erased is neither waiting to come in again nor to be sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from her2desk.dicom.pacs import waiting
from her2desk.dicom.pacs.outbox import NETWORK_FOLDER, outbox_of
from her2desk.dicom.pacs.spool import Spool
from her2desk.dicom.reader import open_image
from her2desk.errors import StoreRefused
from her2desk.inference.forgetting import forget_cases
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from tests.unit.dicom.pacs.samples import instance


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library", reader="Reader A") as opened:
        yield opened


def image_of(folder: Path, patient_id: str, number: int) -> Path:
    path = instance(folder, number)
    dataset = dcmread(path)
    dataset.PatientID = patient_id
    dataset.save_as(path)
    return path


def add(library: Library, path: Path) -> int:
    return library.add_image(path, open_image(path).image).case_id


def receive(library: Library, content: bytes, uid: str) -> Path:
    with Spool(library.folder / NETWORK_FOLDER / "inbox") as spool:
        part = spool.begin(uid, b"")
        part.write(content)
        return part.finish().path


def test_what_waits_of_an_erased_patient_goes(library: Library, tmp_path: Path) -> None:
    one, two = (image_of(tmp_path / "files", name, n) for n, name in ((1, "P1"), (2, "P12")))
    first, _ = add(library, one), add(library, two)
    received = receive(library, image_of(tmp_path / "more", "P1", 3).read_bytes(), "1.3")
    kept = receive(library, image_of(tmp_path / "more", "P12", 4).read_bytes(), "1.4")
    garbage = receive(library, b"no DICOM", "1.5")
    aside = received.parent / "aside" / "0.dcm"
    aside.parent.mkdir()
    aside.write_bytes(one.read_bytes())
    out = outbox_of(library.folder).add("PACS", one).path
    stays = outbox_of(library.folder).add("PACS", two).path
    taken = forget_cases(library, [first])
    assert taken.case_ids == (first,)
    assert [path.exists() for path in (received, aside, out)] == [False] * 3
    assert [path.exists() for path in (kept, stays)] == [True] * 2
    assert taken.copies == (garbage,)  # nobody can tell whose it is


def test_a_case_of_a_patient_who_has_others_takes_nothing_else(
    library: Library, tmp_path: Path
) -> None:
    first, _ = (add(library, image_of(tmp_path / "files", "P1", n)) for n in (1, 2))
    received = receive(library, image_of(tmp_path / "more", "P1", 3).read_bytes(), "1.3")
    forget_cases(library, [first])
    assert received.exists()


def test_a_file_without_a_patient_is_nobody_s(library: Library, tmp_path: Path) -> None:
    first = add(library, image_of(tmp_path / "files", "", 1))
    received = receive(library, image_of(tmp_path / "more", "", 3).read_bytes(), "1.3")
    forget_cases(library, [first])
    assert received.exists()


def test_what_cannot_be_removed_is_said(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add(library, image_of(tmp_path / "files", "P1", 1))
    receive(library, image_of(tmp_path / "more", "P1", 3).read_bytes(), "1.3")

    def fails(_folder: Path) -> None:
        raise OSError("gone")

    monkeypatch.setattr(waiting, "sync_folder", fails)
    with pytest.raises(StoreRefused) as refused:
        forget_cases(library, [first])
    assert refused.value.code == "store-traces-left"
