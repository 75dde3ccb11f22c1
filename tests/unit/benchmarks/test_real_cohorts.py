"""Public images as cohorts: pixels, scale, outlines and status survive the conversion."""

import numpy as np
import pytest
from PIL import Image

from benchmarks.real_cohorts import as_calibrated_dicom, as_mask, grey, write_cohort
from her2desk.dicom.reader import open_image
from her2desk.domain.progress import SilentProgress
from her2desk.inference.cohort import read_cohort
from her2desk.inference.cohort_check import check_cohort


def test_what_is_transparent_is_black(tmp_path):
    picture = np.full((4, 6, 4), 200, dtype=np.uint8)
    picture[:, :3, 3], picture[:, 3:, 3] = 255, 0
    Image.fromarray(picture).save(tmp_path / "p.png")
    pixels = grey(tmp_path / "p.png")
    assert (pixels[:, :3] == 200).all()
    assert (pixels[:, 3:] == 0).all()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_masks_of_every_mode_become_black_and_white(mode, tmp_path):
    inside = np.zeros((5, 5), dtype=np.uint8)
    inside[1:3, 1:4] = 90
    Image.fromarray(inside).convert(mode).save(tmp_path / "m.png")
    as_mask(tmp_path / "m.png", tmp_path / "out.png")
    written = Image.open(tmp_path / "out.png")
    assert written.mode == "L"
    assert (np.asarray(written) == np.where(inside, 255, 0)).all()


def test_a_wrapped_picture_keeps_its_pixels_and_has_its_scale(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (33, 21)).astype(np.uint8)  # an odd size
    as_calibrated_dicom(pixels, 0.0078125, "case001", tmp_path / "case001.dcm")
    opened = open_image(tmp_path / "case001.dcm")
    assert opened.image.spacing_at(3.5, 3.5).mm == pytest.approx((0.078125, 0.078125))
    assert (opened.frames.frame(0) == pixels).all()


@pytest.mark.slow
@pytest.mark.data
def test_breast_usg_is_one_lesion_a_patient(test_data, tmp_path):
    rows = write_cohort("breast-usg", test_data, tmp_path / "cohort")
    read = read_cohort(tmp_path / "cohort")
    assert len(rows) == len({row.patient_id for row in read}) == 252  # without 4 normal ones
    assert sum(bool(row.positive) for row in read) == 98
    known = [row.clinical.age_years for row in read if row.clinical.age_years is not None]
    assert (min(known), max(known)) == (18, 87)
    assert len(known) < 252  # "not available" stays not known


@pytest.mark.data
def test_busbra_keeps_a_patients_pictures_together(test_data, tmp_path):
    write_cohort("busbra", test_data, tmp_path / "cohort")
    read = read_cohort(tmp_path / "cohort")
    assert len(read) == 376
    status = {row.patient_id: row.positive for row in read}
    assert (len(status), sum(map(bool, status.values()))) == (212, 68)
    assert {row.scanner for row in read} >= {"GE Logiq 7 @10-14MHz", "U-Systems @10-14MHz"}
    assert all(row.site is None and row.clinical.laterality is None for row in read)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["breast-usg", "breast-usg-png", "busbra"])
def test_the_builder_takes_the_cohort(kind, test_data, tmp_path):
    write_cohort(kind, test_data, tmp_path / "cohort")
    check = check_cohort(tmp_path / "cohort", SilentProgress())
    assert check.usable, [f.message.text() for f in check.findings if f.is_error]
    is_calibrated = [mm is not None for mm in check.spacings_mm]
    assert all(is_calibrated) if kind == "breast-usg" else not any(is_calibrated)
