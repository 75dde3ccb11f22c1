"""Each file of an import says what became of it."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import generate_uid

from her2desk.dicom.reader import open_image
from her2desk.domain.image import Region, UltrasoundImage
from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, StoreRefused
from her2desk.inference import importing, importing_apart
from her2desk.inference.importing import ImportStatus, import_files, main_spacing
from her2desk.store.intake import AddedImage, Intake
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.texts import Message, msg

from .ultrasound_files import COLUMNS, ROWS, write_ultrasound


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


def imported(library: Library, *paths: Path) -> list[importing.ImportedFile]:
    return import_files(paths, library, SilentProgress())


def test_a_still_becomes_a_case_with_its_calibration(library: Library, tmp_path: Path) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    (only,) = imported(library, file)
    assert only.to_json() == {
        "path": str(file),
        "status": "imported",
        "reason": None,
        "remedy": None,
        "code": None,
        "case_id": library.cases()[0].case_id,
        "sop_instance_uid": str(generate_uid(entropy_srcs=["one.dcm"])),
        "frames": 1,
        "rows": ROWS,
        "columns": COLUMNS,
        "spacing_mm": [pytest.approx(0.1), pytest.approx(0.2)],
        "spacing_source": "ultrasound-region",
        "regions": [
            {
                "index": 0,
                "x0": 0,
                "y0": 0,
                "x1": COLUMNS - 1,
                "y1": ROWS - 1,
                "spatial_format": 1,
                "data_type": 1,
                "units_x": 3,
                "units_y": 3,
                "delta_x": 0.02,
                "delta_y": 0.01,
                "spacing_mm": [pytest.approx(0.1), pytest.approx(0.2)],
            }
        ],
        "warnings": [],
    }


def test_the_same_file_again_is_a_duplicate_and_says_where_it_is(
    library: Library, tmp_path: Path
) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    (first,) = imported(library, file)
    (again,) = imported(library, file)
    assert again.status is ImportStatus.DUPLICATE
    assert again.case_id == first.case_id
    assert again.reason is not None
    assert f"case {first.case_id}" in again.reason.text()
    assert again.to_json()["rows"] == ROWS


def test_a_folder_tells_of_every_file(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    write_ultrasound(folder / "a.dcm")
    write_ultrasound(folder / "b.dcm", modality="MR")
    torn = write_ultrasound(folder / "c.dcm")
    torn.write_bytes(torn.read_bytes()[:-100])
    (folder / "d.txt").write_text("notes")
    found = {Path(f.path).name: (str(f.status), f.code) for f in imported(library, folder)}
    assert found == {
        "a.dcm": ("imported", ""),
        "b.dcm": ("skipped", "other-modality"),
        "c.dcm": ("refused", "truncated-frame"),
        "d.txt": ("skipped", "not-an-image"),
    }
    assert len(library.cases()) == 1


def test_whatever_is_not_imported_says_why_and_shows_no_figures(
    library: Library, tmp_path: Path
) -> None:
    (only,) = imported(library, write_ultrasound(tmp_path / "b.dcm", modality="MR"))
    entry = only.to_json()
    assert entry["reason"]
    assert entry["remedy"]
    assert [entry[k] for k in ("rows", "spacing_mm", "spacing_source", "case_id")] == [None] * 4


def test_a_file_whose_picture_does_not_decode_is_refused(library: Library, tmp_path: Path) -> None:
    picture = tmp_path / "one.png"
    noise = np.random.default_rng(1).integers(0, 255, (ROWS, COLUMNS), dtype=np.uint8)
    Image.fromarray(noise).save(picture)
    picture.write_bytes(picture.read_bytes()[:-800])
    (only,) = imported(library, picture)
    assert only.status is ImportStatus.REFUSED
    assert library.cases() == []


def test_a_picture_opens_again_from_the_library_by_its_content(
    library: Library, tmp_path: Path
) -> None:
    picture = tmp_path / "one.png"
    Image.fromarray(np.full((ROWS, COLUMNS), 77, np.uint8)).save(picture)
    (only,) = imported(library, picture)
    assert only.case_id is not None
    again = open_image(library.image_path(only.case_id))
    assert again.image == only.image
    assert int(again.frames.frame(0).max()) == 77
    assert only.to_json()["spacing_source"] == "unknown"


def test_an_archive_is_looked_into(library: Library, tmp_path: Path) -> None:
    archive = tmp_path / "study.zip"
    file = write_ultrasound(tmp_path / "one.dcm")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(file, "disc/one.dcm")
    (only,) = imported(library, archive)
    assert only.status is ImportStatus.IMPORTED
    assert only.path == f"{archive}/disc/one.dcm"
    assert library.cases()[0].file_name == "one.dcm"


def test_a_path_that_does_not_exist_is_refused(library: Library, tmp_path: Path) -> None:
    (only,) = imported(library, tmp_path / "absent.dcm")
    assert only.status is ImportStatus.REFUSED


def test_a_file_that_we_handle_wrongly_costs_only_itself(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = write_ultrasound(tmp_path / "bad.dcm"), write_ultrasound(tmp_path / "good.dcm")
    really_check = importing_apart.check

    def check(path: Path) -> object:
        if path == bad:
            raise ZeroDivisionError
        return really_check(path)

    monkeypatch.setattr(importing_apart, "check", check)
    first, second = imported(library, bad, good)
    assert (first.status, first.code) == (ImportStatus.REFUSED, "internal")
    assert second.status is ImportStatus.IMPORTED


def test_cancelling_stops_between_files_and_keeps_what_is_imported(
    library: Library, tmp_path: Path
) -> None:
    class StopAfterOne:
        def __init__(self) -> None:
            self.seen: list[tuple[float, str]] = []

        def step(self, fraction: float, text: Message) -> None:
            if len(self.seen) == 2:
                raise Cancelled
            self.seen.append((fraction, text.text()))

    files = [write_ultrasound(tmp_path / f"{n}.dcm", shade=n) for n in range(3)]
    progress = StopAfterOne()
    with pytest.raises(Cancelled):
        import_files(files, library, progress)
    assert progress.seen == [(0.0, "Looking for images"), (0.0, "File 1 of 3 · 0.dcm")]
    assert [case.file_name for case in library.cases()] == ["0.dcm"]


def test_the_main_spacing_is_that_of_the_first_calibrated_tissue_region() -> None:
    # An ACUSON's first region is a dummy without units; the true one comes second.
    dummy = Region(0, 0, 0, COLUMNS - 1, ROWS - 1, 1, 1, 0, 0, 1.0, 1.0)
    true = Region(1, 10, 10, 50, 30, 1, 1, 3, 3, -0.05, 0.04)
    image = UltrasoundImage("", None, ROWS, COLUMNS, 1, "MONOCHROME2", "", regions=(dummy, true))
    spacing = main_spacing(image)
    assert spacing.mm == pytest.approx((0.4, 0.5))
    assert spacing.region_index == 1


class Rows:
    """What was told, batch by batch, with what the library had by then."""

    def __init__(self, library: Library) -> None:
        self.batches: list[list[importing.ImportedFile]] = []
        self.in_library: list[int] = []
        self._library = library

    def __call__(self, files: Sequence[importing.ImportedFile]) -> None:
        self.batches.append(list(files))
        self.in_library.append(len(self._library.cases()))


def test_what_is_told_is_in_the_library_and_in_order(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_FILES", 2)
    monkeypatch.setattr(importing, "BATCH_SECONDS", 1000.0)  # however busy the machine is
    files = [write_ultrasound(tmp_path / f"{n}.dcm", shade=n) for n in range(5)]
    told = Rows(library)
    found = import_files(files, library, SilentProgress(), told=told)
    assert [f.path for batch in told.batches for f in batch] == [str(f) for f in files]
    assert [f for batch in told.batches for f in batch] == found
    assert told.in_library == [2, 4, 5]


@pytest.mark.parametrize(
    ("limit", "value"), [("BATCH_BYTES", 1), ("BATCH_SECONDS", 0.0), ("ROWS_AT_ONCE", 1)]
)
def test_a_batch_ends_by_size_time_or_rows(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: float
) -> None:
    monkeypatch.setattr(importing, limit, value)
    files = [write_ultrasound(tmp_path / f"{n}.dcm", shade=n) for n in range(3)]
    told = Rows(library)
    import_files(files, library, SilentProgress(), told=told)
    assert told.in_library == [1, 2, 3]


def test_the_same_bytes_twice_in_one_drop_are_one_case(library: Library, tmp_path: Path) -> None:
    one = write_ultrasound(tmp_path / "one.dcm")
    two = tmp_path / "two.dcm"
    two.write_bytes(one.read_bytes())
    first, second = imported(library, one, two)
    assert [first.status, second.status] == [ImportStatus.IMPORTED, ImportStatus.DUPLICATE]
    assert second.case_id == first.case_id
    assert len(library.cases()) == 1


@pytest.mark.parametrize("in_one_drop", [True, False])
def test_the_same_instance_with_other_content_is_imported_with_a_warning(
    library: Library, tmp_path: Path, in_one_drop: bool
) -> None:
    one, folder = write_ultrasound(tmp_path / "one.dcm", shade=1), tmp_path / "again"
    folder.mkdir()
    two = write_ultrasound(folder / "one.dcm", shade=2)
    if in_one_drop:
        first, second = imported(library, one, two)
    else:
        (first,), (second,) = imported(library, one), imported(library, two)
    assert first.to_json()["warnings"] == []
    assert second.status is ImportStatus.IMPORTED
    (warning,) = second.to_json()["warnings"]
    assert warning["code"] == "same-instance-other-content"
    assert f"Case {first.case_id} " in warning["message"]


def test_what_the_first_frame_shows_is_among_the_warnings(library: Library, tmp_path: Path) -> None:
    """Two halves with a black gap between them are two pictures (dicom.contents)."""
    pixels = np.random.default_rng(1).integers(60, 120, (120, 200), dtype=np.uint8)
    pixels[:, 95:105] = 0
    Image.fromarray(pixels).save(tmp_path / "two.png")
    (only,) = imported(library, tmp_path / "two.png")
    assert "dual-view" in [w["code"] for w in only.to_json()["warnings"]]


def test_a_library_that_fails_refuses_the_files_of_the_batch_only(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_FILES", 2)
    files = [write_ultrasound(tmp_path / f"{n}.dcm", shade=n) for n in range(3)]
    really_commit, calls = Intake.commit, []

    def commit(intake: Intake) -> list[AddedImage]:
        calls.append(intake.waiting)
        if len(calls) == 1:
            intake.__exit__(None, None, None)
            intake._waiting = []
            raise StoreRefused(msg("Another program is using it."), msg("Wait."), code="store-busy")
        return really_commit(intake)

    monkeypatch.setattr(Intake, "commit", commit)
    found = imported(library, *files)
    assert [f.code for f in found] == ["store-busy", "store-busy", ""]
    assert [case.file_name for case in library.cases()] == ["2.dcm"]


def test_a_file_that_changes_between_check_and_copy_is_refused(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_ultrasound(tmp_path / "one.dcm")
    really_check = importing_apart.check

    def check(path: Path) -> UltrasoundImage:
        image = really_check(path)
        path.write_bytes(b"something else")
        return image

    monkeypatch.setattr(importing_apart, "check", check)
    (only,) = imported(library, file)
    assert (only.status, only.code) == (ImportStatus.REFUSED, "file-changed")
    assert only.remedy


def test_a_walk_through_a_large_folder_can_be_stopped(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    for n in range(importing.SEEN_A_STEP + 1):
        (folder / f"{n}.txt").write_text("Dear colleague")
    said: list[str] = []

    class Stop:
        def step(self, fraction: float, text: Message) -> None:
            said.append(text.text())
            if "seen" in said[-1]:
                raise Cancelled

    with pytest.raises(Cancelled):
        import_files([folder], library, Stop())
    assert said == ["Looking for images", "Looking for images, 50 files seen"]


def test_an_archive_can_be_stopped_while_it_is_unpacked(library: Library, tmp_path: Path) -> None:
    archive = tmp_path / "study.zip"
    file = write_ultrasound(tmp_path / "one.dcm")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(file, "one.dcm")

    class Stop:
        def step(self, fraction: float, text: Message) -> None:
            if "seen" in text.text():
                raise Cancelled

    with pytest.raises(Cancelled):
        import_files([archive], library, Stop())


def test_checking_apart_gives_the_same_answers(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    for n in range(6):
        write_ultrasound(folder / f"{n}.dcm", shade=n)
    write_ultrasound(folder / "mr.dcm", modality="MR")
    torn = write_ultrasound(folder / "torn.dcm")
    torn.write_bytes(torn.read_bytes()[:-100])
    with open_library(tmp_path / "other") as other:
        here = import_files([folder], other, SilentProgress(), apart=False)
    apart = import_files([folder], library, SilentProgress())
    assert [f.to_json() for f in apart] == [f.to_json() for f in here]
    assert {str(f.status) for f in apart} == {"imported", "skipped", "refused"}
