"""Every public ultrasound file loses its identity and nothing else."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.masks import MaskBook
from her2desk.dicom.deidentify.one_file import Choices
from her2desk.dicom.deidentify.profile import ALL_OPTIONS, Option
from her2desk.dicom.deidentify.remarks import without_remarks
from her2desk.dicom.deidentify.run import Result, deidentify
from her2desk.dicom.deidentify.source import open_source
from her2desk.dicom.deidentify.writing import CAN_HOLD_REMARKS
from her2desk.dicom.header import J2K_SYNTAXES, quiet
from her2desk.dicom.reader import open_image
from her2desk.domain.progress import SilentProgress

pytestmark = pytest.mark.data

KEY = ProjectKey(b"a key of this test, 32 bytes long")
IDENTIFYING = (
    "PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "AccessionNumber",
    "InstitutionName", "InstitutionAddress", "ReferringPhysicianName", "OperatorsName",
    "PerformingPhysicianName", "PhysiciansOfRecord", "StudyID", "StudyInstanceUID",
    "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "StudyDescription",
    "SeriesDescription", "ImageComments", "PatientAddress", "RequestingPhysician",
)  # fmt: skip
SHORTEST = 4  # characters; shorter strings occur by chance
LOST_ITS_SEQUENCE = "fo-dicom__GH364.dcm"


@pytest.fixture(scope="module")
def folder(test_data: Path) -> Path:
    return test_data / "dicom_us"


@pytest.fixture(scope="module")
def names(folder: Path) -> list[str]:
    with (folder / "INDEX.csv").open(newline="", encoding="utf-8") as stream:
        return [row["file"] for row in csv.DictReader(stream)]


def run(folder: Path, out: Path, options: frozenset[Option]) -> dict[str, Path]:
    result = deidentify([folder], out, Choices(KEY, options, MaskBook()), SilentProgress())
    return outputs(result, out)


def outputs(result: Result, out: Path) -> dict[str, Path]:
    return {Path(f.source).name: out / f.output for f in result.report.files if f.output}


@pytest.fixture(scope="module")
def headers_only(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All files with the pixels left alone."""
    options = ALL_OPTIONS - {Option.CLEAN_PIXEL_DATA}
    return run(folder, tmp_path_factory.mktemp("deid") / "out", options)


def strings_of(dataset: Dataset, keywords: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for element in dataset.iterall():
        if element.keyword in keywords and element.value:
            many = element.value if element.VM > 1 else [element.value]
            found |= {str(value) for value in many}
    return {text for text in found if len(text) >= SHORTEST}


def header_bytes(path: Path) -> bytes:
    return path.read_bytes()[: open_source(path).header.offset]


def read(path: Path) -> Dataset:
    with quiet():
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        if 0xFFFEE000 in dataset:
            del dataset[0xFFFEE000]
        return dataset


def test_every_file_is_written(names: list[str], headers_only: dict[str, Path]) -> None:
    assert set(names) <= set(headers_only)


def test_no_identifying_string_is_left_outside_the_pixels(
    folder: Path, names: list[str], headers_only: dict[str, Path]
) -> None:
    for name in names:
        with quiet():
            strings = strings_of(read(folder / name), IDENTIFYING)
        left = header_bytes(headers_only[name])
        for text in strings:
            assert text.encode("latin-1", "replace") not in left, (name, text)


def test_names_in_the_old_header_are_in_no_text_of_the_new_one(
    folder: Path, names: list[str], headers_only: dict[str, Path]
) -> None:
    for name in names:
        with quiet():
            people = strings_of(read(folder / name), ("PatientName", "ReferringPhysicianName"))
            parts = {p for text in people for p in re.split(r"[\^\s=]+", text) if len(p) > 3}
            texts = [str(e.value) for e in read(headers_only[name]).iterall() if e.VR != "SQ"]
        for part in parts:
            assert not any(re.search(rf"\b{re.escape(part)}\b", text) for text in texts), name


def test_the_pixel_bytes_are_copied_bit_for_bit_but_for_remarks(
    folder: Path, names: list[str], headers_only: dict[str, Path]
) -> None:
    for name in names:
        before, after = open_source(folder / name), open_source(headers_only[name])
        assert before.header.syntax == after.header.syntax
        assert len(before.pixels.frames) == len(after.pixels.frames)
        old, new = (folder / name).read_bytes(), headers_only[name].read_bytes()
        syntax = before.header.syntax
        for ours, theirs in zip(after.pixels.frames, before.pixels.frames, strict=True):
            there = [old[s.offset : s.offset + s.length] for s in theirs]
            if syntax in CAN_HOLD_REMARKS:
                bare = without_remarks(b"".join(there), is_j2k=syntax in J2K_SYNTAXES)
                there = there if bare == b"".join(there) else [bare]
            assert [new[s.offset : s.offset + s.length] for s in ours] == there, name


def test_the_copies_open_with_the_same_picture_and_calibration(
    folder: Path, names: list[str], headers_only: dict[str, Path]
) -> None:
    for name in names:
        before, after = open_image(folder / name), open_image(headers_only[name])
        assert np.array_equal(before.frames.frame(0), after.frames.frame(0)), name
        assert after.image.regions == before.image.regions
        assert after.image.pixel_spacing_mm == before.image.pixel_spacing_mm
        assert after.image.frame_time_ms == before.image.frame_time_ms
        assert after.image.model_name == before.image.model_name
        middle = before.image.columns / 2, before.image.rows / 2
        assert after.image.spacing_at(*middle) == before.image.spacing_at(*middle)
        if name != LOST_ITS_SEQUENCE:  # whose bare items go, and with them the warning about them
            codes = [w.code for w in before.image.warnings if w.code != "burned-in"]
            assert [w.code for w in after.image.warnings if w.code != "burned-in"] == codes


def test_the_header_says_what_was_done(names: list[str], headers_only: dict[str, Path]) -> None:
    for name in names:
        ds = read(headers_only[name])
        assert ds.PatientIdentityRemoved == "YES"
        assert ds.LongitudinalTemporalInformationModified == "MODIFIED"
        codes = [item.CodeValue for item in ds.DeidentificationMethodCodeSequence]
        assert codes == ["113100", "113109", "113107"]
        assert ds.PatientName == ds.PatientID
        assert str(ds.PatientID).startswith("H2D-")
        assert ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID
        assert ds.SOPInstanceUID.startswith("2.25.")
        assert ds.SOPInstanceUID.is_valid
        assert not any(tag.is_private or 0x5000 <= tag.group <= 0x60FF for tag in ds.keys())  # noqa: SIM118


def test_intervals_between_a_files_dates_are_kept(
    folder: Path, names: list[str], headers_only: dict[str, Path]
) -> None:
    from datetime import datetime

    moved = 0
    for name in names:
        with quiet():
            before, after = read(folder / name), read(headers_only[name])
            shifts = set()
            for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
                old, new = str(before.get(keyword) or ""), str(after.get(keyword) or "")
                assert bool(old) == bool(new), (name, keyword)
                if old:
                    days = [datetime.strptime(v.replace(".", ""), "%Y%m%d") for v in (old, new)]
                    shifts.add((days[1] - days[0]).days)
        assert len(shifts) <= 1
        moved += len(shifts)
        assert all(-3652 <= shift < 0 for shift in shifts)
    assert moved > 20


def test_another_run_gives_the_same_pseudonyms_and_another_key_others(
    folder: Path, headers_only: dict[str, Path], tmp_path: Path
) -> None:
    name = "pydicom-data__US1_UNCI.dcm"
    options = ALL_OPTIONS - {Option.CLEAN_PIXEL_DATA}
    again = run(folder / name, tmp_path / "again", options)
    assert again[name].read_bytes() == headers_only[name].read_bytes()
    other = Choices(ProjectKey(b"x" * 32), options, MaskBook())
    result = deidentify([folder / name], tmp_path / "other", other, SilentProgress())
    ds, ours = read(outputs(result, tmp_path / "other")[name]), read(headers_only[name])
    assert ds.PatientID != ours.PatientID
    assert ds.StudyInstanceUID != ours.StudyInstanceUID


def test_outside_the_boxes_every_pixel_of_every_frame_is_as_it_was(
    folder: Path, names: list[str], tmp_path: Path
) -> None:
    """The run itself compares every copy with its original; here a few once more, by hand."""
    few = [
        "pydicom-data__OBXXXX1A_rle_2frame.dcm",  # palette, RLE
        "pydicom-data__OBXXXX1A_expb.dcm",  # palette, big endian
        "orthanc-tests__2023-04-21-RLEPlanarConfigurationYBR_FULL.dcm",
        "cornerstone3D__US-YBR_FULL_422-EVRLE.dcm",  # subsampled, uncompressed
        "pydicom-data__JPGLosslessP14SV1_1s_1f_8b.dcm",
        "dicomParser__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm",
    ]
    for name in few:
        assert name in names
        out = tmp_path / name
        result = deidentify(
            [folder / name], out, Choices(KEY, ALL_OPTIONS, MaskBook()), SilentProgress()
        )
        (file,) = result.report.files
        assert file.done is not None, file.reason.text()
        assert file.output is not None
        kept = np.ones((file.done.scanner.rows, file.done.scanner.columns), bool)
        for box in file.done.boxes:
            kept[box.y0 : box.y1, box.x0 : box.x1] = False
        assert 0 < kept.sum() < kept.size
        before, after = open_image(folder / name), open_image(out / file.output)
        for index in range(before.image.frames):
            old, new = before.frames.frame(index), after.frames.frame(index)
            assert np.array_equal(old[kept], new[kept]), name
            assert new[~kept].max() == 0, name


def test_the_report_among_the_copies_names_no_original(
    folder: Path, names: list[str], headers_only: dict[str, Path]
) -> None:
    top = next(iter(headers_only.values())).parents[3]
    text = (top / "deidentification-report.json").read_text(encoding="utf-8")
    assert len(json.loads(text)["files"]) >= len(names)
    for name in names:
        assert name not in text
        assert name not in (top / "deidentification-report.html").read_text(encoding="utf-8")
