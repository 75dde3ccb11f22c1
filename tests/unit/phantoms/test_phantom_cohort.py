"""The cohort folder: files that repeat to the last bit and that other programs can read."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from her2desk.domain.roi import roi_from_json
from her2desk.errors import Cancelled, InputRefused
from her2desk.phantoms.cohort import COLUMNS, WrittenCohort, write_cohort
from her2desk.phantoms.patient import simulate_patient
from her2desk.radiomics.mask import rasterise
from her2desk.texts import Message

SEED = 11
PATIENTS = 4


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> WrittenCohort:
    return write_cohort(tmp_path_factory.mktemp("cohort"), PATIENTS, SEED)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "cohort.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def datasets(cohort: WrittenCohort) -> Iterator[tuple[dict[str, str], pydicom.Dataset]]:
    for row in table(cohort.folder):
        yield row, pydicom.dcmread(cohort.folder / row["image"])


def test_running_again_gives_the_same_bytes(cohort: WrittenCohort, tmp_path: Path) -> None:
    write_cohort(tmp_path, PATIENTS, SEED)
    assert contents(tmp_path) == contents(cohort.folder)


def test_a_smaller_cohort_made_in_two_processes_has_the_same_first_patients(
    cohort: WrittenCohort, tmp_path: Path
) -> None:
    write_cohort(tmp_path, 2, SEED, workers=2)
    small, large = contents(tmp_path), contents(cohort.folder)
    assert len(small) == 1 + 3 * 2
    assert all(large[name] == data for name, data in small.items() if name != "cohort.csv")
    assert table(tmp_path) == table(cohort.folder)[:2]


def test_the_table_has_the_columns_of_a_cohort(cohort: WrittenCohort) -> None:
    rows = table(cohort.folder)
    assert tuple(rows[0]) == COLUMNS
    assert [row["patient_id"] for row in rows] == ["PH-0001", "PH-0002", "PH-0003", "PH-0004"]
    assert {row["er"] for row in rows} <= {"true", "false"}
    assert cohort.positive + cohort.negative + cohort.unknown == cohort.patients == PATIENTS


def test_pictures_read_back_as_calibrated_ultrasound(cohort: WrittenCohort) -> None:
    for index, (_, data) in enumerate(datasets(cohort)):
        patient = simulate_patient(index, SEED, 1.0)
        assert data.SOPClassUID == pydicom.uid.UltrasoundImageStorage
        assert data.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
        assert np.array_equal(data.pixel_array, patient.image)
        (region,) = data.SequenceOfUltrasoundRegions
        assert region.PhysicalUnitsXDirection == region.PhysicalUnitsYDirection == 3
        assert region.PhysicalDeltaX * 10 == pytest.approx(patient.spacing_mm)
        assert region.PhysicalDeltaY * 10 == pytest.approx(patient.spacing_mm)
        assert region.RegionLocationMaxX1 - region.RegionLocationMinX0 + 1 == (
            patient.scanner.picture_columns
        )
        assert region.RegionLocationMaxY1 < data.Rows


def test_headers_say_whose_simulated_picture_it_is(cohort: WrittenCohort) -> None:
    for row, data in datasets(cohort):
        assert data.PatientID == row["patient_id"]
        assert str(data.PatientName) == f"Phantom^{row['patient_id'][3:]}"
        assert data.PatientAge == f"{int(row['age_years']):03d}Y"
        assert (data.PatientSex, data.BodyPartExamined, data.Modality) == ("F", "BREAST", "US")
        assert data.Laterality == row["laterality"]
        assert data.ManufacturerModelName == row["scanner"]
        assert data.QualityControlImage == "YES"


def test_uids_differ_and_are_valid(cohort: WrittenCohort) -> None:
    uids = [
        uid
        for _, data in datasets(cohort)
        for uid in (data.SOPInstanceUID, data.SeriesInstanceUID, data.StudyInstanceUID)
    ]
    assert len(set(uids)) == len(uids)
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in uids)


def test_outline_files_open_and_agree_with_the_masks(cohort: WrittenCohort) -> None:
    for row, data in datasets(cohort):
        roi = roi_from_json((cohort.folder / row["roi"]).read_text(encoding="utf-8"))
        assert roi.frame_index == int(row["frame_index"]) == 0
        mask = np.asarray(Image.open(cohort.folder / "masks" / f"{row['patient_id']}.png")) > 0
        assert np.array_equal(mask, rasterise(roi.polygon, data.Rows, data.Columns))


def test_missing_values_are_empty_cells(tmp_path: Path) -> None:
    write_cohort(tmp_path, 2, SEED, missing=1.0)
    assert all(row["pr"] == row["age_years"] == "" for row in table(tmp_path))
    assert all(row["laterality"] for row in table(tmp_path))


class Watcher:
    """Notes each step and cancels after ``limit`` of them."""

    def __init__(self, limit: int):
        self.limit = limit
        self.fractions: list[float] = []

    def step(self, fraction: float, text: Message) -> None:
        self.fractions.append(fraction)
        assert text.text() == f"Simulated {len(self.fractions)} of 4 patients"
        if len(self.fractions) == self.limit:
            raise Cancelled


def test_cancelling_leaves_no_table(tmp_path: Path) -> None:
    watcher = Watcher(limit=2)
    with pytest.raises(Cancelled):
        write_cohort(tmp_path, 4, SEED, progress=watcher)
    assert watcher.fractions == [0.25, 0.5]
    assert not (tmp_path / "cohort.csv").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        {"patients": 0, "seed": 1},
        {"patients": 2, "seed": -1},
        {"patients": 2, "seed": 1, "signal": 1.5},
        {"patients": 2, "seed": 1, "missing": float("nan")},
    ],
)
def test_impossible_arguments_are_refused(tmp_path: Path, arguments: dict[str, float]) -> None:
    with pytest.raises(InputRefused) as refusal:
        write_cohort(tmp_path / "new", **arguments)  # type: ignore[arg-type]
    assert refusal.value.code == "phantom-arguments"
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    with pytest.raises(InputRefused, match=r"cannot be written.*1 MB free") as refusal:
        write_cohort(tmp_path / "file", 1, SEED)
    assert refusal.value.code == "cohort-unwritable"


def test_roi_files_are_plain_json(cohort: WrittenCohort) -> None:
    raw = json.loads((cohort.folder / "rois" / "PH-0001.json").read_text(encoding="utf-8"))
    assert set(raw) == {"frame_index", "polygon"}
