"""Every public ultrasound file opens with the pixels and the calibration that its index states."""

import csv
import hashlib
import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import generate_frames

from her2desk.dicom.pixels import grey
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.dicom.scan import candidate_files
from her2desk.domain.image import SpacingSource

pytestmark = pytest.mark.data

GOLDEN = Path(__file__).parents[2] / "golden" / "dicom_pixels.json"
CROPPED = ("pydicom__examples_palette.dcm", "pydicom__examples_ybr_color.dcm")
LUMA = np.array([0.299, 0.587, 0.114])
GREY = ("MONOCHROME1", "MONOCHROME2")


@pytest.fixture(scope="module")
def folder(test_data: Path) -> Path:
    return test_data / "dicom_us"


@pytest.fixture(scope="module")
def index(folder: Path) -> list[dict[str, str]]:
    with (folder / "INDEX.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 32
    return rows


@pytest.fixture(scope="module")
def opened(folder: Path, index: list[dict[str, str]]) -> dict[str, OpenedImage]:
    return {row["file"]: open_image(folder / row["file"]) for row in index}


def test_the_header_is_as_the_index_states(
    index: list[dict[str, str]], opened: dict[str, OpenedImage]
) -> None:
    for row in index:
        image = opened[row["file"]].image
        stated = int(row["rows"]), int(row["cols"]), int(row["frames"]), row["photometric"]
        assert (image.rows, image.columns, image.frames, image.photometric) == stated, row["file"]
        assert image.transfer_syntax == row["transfer_syntax"]
        assert image.sha256 == row["sha256"]


def test_the_regions_are_as_the_index_states(
    index: list[dict[str, str]], opened: dict[str, OpenedImage]
) -> None:
    for row in index:
        regions = opened[row["file"]].image.regions
        assert len(regions) == int(row["n_regions"]), row["file"]
        for region, stated in zip(regions, json.loads(row["regions_json"]), strict=True):
            box = stated["x0"], stated["y0"], stated["x1"], stated["y1"]
            assert (region.x0, region.y0, region.x1, region.y1) == box
            assert (region.spatial_format, region.data_type) == (stated["fmt"], stated["type"])
            assert (region.units_x, region.units_y) == (stated["ux"], stated["uy"])
            assert (region.delta_x, region.delta_y) == (stated["dx"], stated["dy"])


def true_region(row: dict[str, str]) -> dict[str, Any] | None:
    """The first region whose delta the index gives as the file's."""
    if not row["delta_x"]:
        return None
    regions = json.loads(row["regions_json"])
    return next(r for r in regions if r["dx"] == float(row["delta_x"]) and r["ux"] == 3)


def test_the_spacing_at_the_true_region_is_the_stated_one(
    index: list[dict[str, str]], opened: dict[str, OpenedImage]
) -> None:
    for row in index:
        image = opened[row["file"]].image
        region = true_region(row)
        if region is None:
            assert image.spacing_at(image.columns / 2, image.rows / 2).mm is None
            continue
        centre = (region["x0"] + region["x1"] + 1) / 2, (region["y0"] + region["y1"] + 1) / 2
        spacing = image.spacing_at(*centre)
        if row["file"] in CROPPED:
            assert spacing.source is SpacingSource.UNKNOWN
            assert [w.code for w in image.warnings] == ["regions-outside-image"]
            continue
        assert spacing.source is SpacingSource.ULTRASOUND_REGION, row["file"]
        stated = [float(v) for v in row["spacing_mm"].split("/")]
        assert spacing.mm == pytest.approx(stated, rel=1e-4), row["file"]


def test_first_and_last_frames_have_their_shape_and_kind(opened: dict[str, OpenedImage]) -> None:
    for name, file in opened.items():
        image = file.image
        colour = () if image.photometric in GREY else (3,)
        for number in {0, image.frames - 1}:
            frame = file.frames.frame(number)
            assert frame.shape == (image.rows, image.columns, *colour), name
            assert frame.dtype == np.uint8
            assert grey(frame).shape == (image.rows, image.columns)
            assert frame.std() > 1, f"{name} came out empty"


def test_decoded_pixels_are_the_golden_ones(opened: dict[str, OpenedImage]) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(golden) == set(opened)
    for name, file in opened.items():
        first, last = file.frames.frame(0), file.frames.frame(len(file.frames) - 1)
        digests = {
            "first": hashlib.sha256(first.tobytes()).hexdigest(),
            "last": hashlib.sha256(last.tobytes()).hexdigest(),
        }
        assert digests == golden[name], name


def test_uncompressed_rgb_is_the_bytes_of_the_file(
    folder: Path, opened: dict[str, OpenedImage]
) -> None:
    for name in ("pydicom-data__US1_UNCI.dcm", "go-dicom__I_000034.dcm"):
        frame = opened[name].frames.frame(0)
        assert frame.tobytes() in (folder / name).read_bytes()


def test_lossless_copies_of_one_picture_agree(opened: dict[str, OpenedImage]) -> None:
    run_length = opened["dicom-test-files__US1_RLE"].frames.frame(0)
    assert np.array_equal(opened["pydicom-data__US1_J2KR.dcm"].frames.frame(0), run_length)
    palette = opened["pydicom-data__OBXXXX1A.dcm"].frames.frame(0)
    for name in ("pydicom-data__OBXXXX1A_expb.dcm", "pydicom-data__OBXXXX1A_rle.dcm"):
        assert np.array_equal(opened[name].frames.frame(0), palette), name


def test_the_lossy_copy_agrees_with_its_uncompressed_form(opened: dict[str, OpenedImage]) -> None:
    # NEMA's US1_UNCI is what US1_J2KI decodes to, stored without compression
    plain = opened["pydicom-data__US1_UNCI.dcm"].frames.frame(0)
    assert np.array_equal(opened["pydicom-data__US1_J2KI.dcm"].frames.frame(0), plain)


@pytest.mark.filterwarnings("ignore:Incorrect value for Specific Character Set")
def test_jpeg_baseline_agrees_with_an_independent_decoder(
    folder: Path, index: list[dict[str, str]], opened: dict[str, OpenedImage]
) -> None:
    names = [r["file"] for r in index if r["transfer_syntax"].endswith(".4.50")]
    assert len(names) >= 8
    for name in names:
        ds = pydicom.dcmread(folder / name)
        encoded = next(generate_frames(ds.PixelData, number_of_frames=int(ds.NumberOfFrames)))
        theirs = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(int)
        ours = opened[name].frames.frame(0).astype(int)
        # chroma is upsampled differently; where the picture is grey they differ by rounding
        assert np.abs(grey(ours.astype(np.uint8)).astype(int) - theirs @ LUMA).mean() < 1, name
        assert np.abs(ours - theirs).mean() < 2, name


def test_every_frame_of_a_cine_decodes_in_any_order(opened: dict[str, OpenedImage]) -> None:
    fragmented = opened["dicomParser__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm"].frames
    plain = opened["dicomParser__IM00001.implicit_little_endian.dcm"].frames
    for number in reversed(range(8)):
        difference = fragmented.frame(number).astype(int) - plain.frame(number)
        assert np.abs(difference).mean() < 4


def test_a_file_without_its_region_tag_opens_and_says_so(opened: dict[str, OpenedImage]) -> None:
    image = opened["fo-dicom__GH364.dcm"].image
    assert [w.code for w in image.warnings] == ["regions-unreadable", "burned-in"]
    assert image.spacing_at(512, 384).mm is None


def test_cine_and_patient_details_are_read(opened: dict[str, OpenedImage]) -> None:
    cine = opened["go-dicom__I_000031.dcm"].image
    assert cine.frame_time_ms == pytest.approx(33.333)
    assert cine.manufacturer == "TOSHIBA_MEC"
    assert opened["deid-data__GREYSCALE_IMAGE.dcm"].image.patient_age_years == 65
    assert opened["pydicom-data__gdcm-US-ALOKA-16.dcm"].image.laterality == "R"
    assert all(math.isfinite(o.image.frame_time_ms or 0) for o in opened.values())


def test_the_cine_in_the_archive_is_found_and_opens(folder: Path, tmp_path: Path) -> None:
    archive = folder / "GREYSCALE_CINE.zip"
    (candidate,) = candidate_files([archive], tmp_path)
    assert candidate.name.endswith("GREYSCALE_CINE.zip/GREYSCALE_CINE.dcm")
    cine = open_image(candidate.path)
    assert cine.image.frames == 27
    with zipfile.ZipFile(archive) as stored:
        content = stored.read("GREYSCALE_CINE.dcm")
    assert cine.image.sha256 == hashlib.sha256(content).hexdigest()
    assert not np.array_equal(cine.frames.frame(0), cine.frames.frame(26))
