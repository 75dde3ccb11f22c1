"""From cohort folder to samples: the same crop and features that a prediction would use."""

import csv
import dataclasses

import numpy as np
import pytest

from her2desk.domain.roi import roi_from_json
from her2desk.errors import InputRefused
from her2desk.inference.cohort import cohort_sha256, outline_of, read_cohort
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.requests import read_case
from her2desk.packs.manifest import Preprocessing
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.mask import rasterise
from her2desk.training.cohort import load_samples
from her2desk.training.demo import demo_profile

PROFILE = demo_profile()
NAMES = tuple(n for n in all_names(PROFILE) if n.startswith("original_firstorder"))[:5]
SETTINGS = Preprocessing(crop_margin_px=10, input_size_px=48)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort(folder, 4, 3)
    found = read_cohort(folder)
    return [dataclasses.replace(row, positive=i % 2 == 0) for i, row in enumerate(found)]


@pytest.fixture(scope="module")
def samples(rows):
    return load_samples(rows, PROFILE, NAMES, SETTINGS, jobs=1)


def test_samples_follow_the_rows(rows, samples):
    assert [s.patient_id for s in samples] == [r.patient_id for r in rows]
    assert [s.positive for s in samples] == [True, False, True, False]
    assert [s.clinical for s in samples] == [r.clinical for r in rows]


def test_a_sample_is_what_a_prediction_of_the_same_patient_sees(rows, samples):
    """Otherwise the deployed models would be fed other numbers than those they were fitted to."""
    for row, sample in zip(rows, samples, strict=True):
        case = read_case(row.image, roi_from_json(row.roi.read_text()), row.clinical)
        box = crop_box(case.roi, case.image.rows, case.image.columns, SETTINGS)
        mask = rasterise(case.roi.polygon, case.image.rows, case.image.columns)
        values = extract(case.pixels, mask, case.roi.spacing(case.image).mm, PROFILE, NAMES)
        assert sample.box == box
        assert np.array_equal(sample.crop, network_input(case.pixels, box, SETTINGS))
        assert np.array_equal(sample.mask, mask)
        assert sample.features.tolist() == [values[name] for name in NAMES]


def test_crops_are_squares_of_mean_0_and_deviation_1(samples):
    for sample in samples:
        assert sample.crop.shape == (48, 48)
        assert sample.crop.dtype == np.float32
        assert sample.crop.mean() == pytest.approx(0, abs=1e-4)
        assert sample.crop.std() == pytest.approx(1, abs=1e-3)


def test_features_come_in_the_order_of_the_names(rows, samples):
    backwards = load_samples(rows[:1], PROFILE, NAMES[::-1], SETTINGS, jobs=1)[0]
    assert backwards.features.tolist() == samples[0].features.tolist()[::-1]


def test_a_patient_of_unknown_status_is_left_out(rows):
    unknown = [dataclasses.replace(rows[0], positive=None), rows[1]]
    found = load_samples(unknown, PROFILE, NAMES, SETTINGS, jobs=1)
    assert [s.patient_id for s in found] == [rows[1].patient_id]


def test_a_patient_with_two_rows_is_refused_by_name(rows):
    """Two images of one patient could be on both sides of a fold."""
    second = dataclasses.replace(rows[1], patient_id=rows[0].patient_id)
    with pytest.raises(InputRefused, match=rows[0].patient_id) as refused:
        load_samples([rows[0], second], PROFILE, NAMES, SETTINGS, jobs=1)
    assert refused.value.code == "cohort-patient-twice"


def test_an_outline_of_another_frame_or_none_is_refused(rows, tmp_path):
    other = dataclasses.replace(rows[0], frame_index=rows[0].frame_index + 1)
    for wrong, code in (
        (other, "frame-contradicts-roi"),
        (dataclasses.replace(rows[0], roi=tmp_path / "gone.json"), "unreadable-file"),
    ):
        with pytest.raises(InputRefused) as refused:
            load_samples([wrong], PROFILE, NAMES, SETTINGS, jobs=1)
        assert refused.value.code == code


# The table itself


def altered(tmp_path, rows, **changes):
    """The cohort's first row with other cells, in a folder that has the table only."""
    with (rows[0].image.parent.parent / "cohort.csv").open(newline="") as file:
        raw = next(csv.DictReader(file))
    raw.update(changes)
    with (tmp_path / "cohort.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(raw))
        writer.writeheader()
        writer.writerow(raw)
    return tmp_path


@pytest.mark.parametrize(
    ("ihc", "fish", "positive"),
    [
        ("0", "", False),
        ("1+", "", False),
        ("2+", "", None),
        ("2+", "amplified", True),
        ("2+", "not amplified", False),
        ("3+", "", True),
    ],
)
def test_the_status_follows_asco_cap(tmp_path, rows, ihc, fish, positive):
    (row,) = read_cohort(altered(tmp_path, rows, her2_ihc=ihc, her2_fish=fish))
    assert row.positive is positive


def test_an_empty_clinical_cell_is_not_known(tmp_path, rows):
    (row,) = read_cohort(altered(tmp_path, rows, pr="", er="TRUE", family_history="0"))
    assert row.clinical.pr is None
    assert row.clinical.er is True
    assert row.clinical.family_history is False


@pytest.mark.parametrize(
    "changes",
    [
        {"her2_ihc": "4+"},
        {"her2_fish": "maybe"},
        {"frame_index": "first"},
        {"pr": "perhaps"},
        {"ki67_percent": "140"},
        {"age_years": "old"},
        {"laterality": "B"},
    ],
)
def test_a_cell_that_cannot_be_right_names_its_row(tmp_path, rows, changes):
    with pytest.raises(InputRefused, match="row 2") as refused:
        read_cohort(altered(tmp_path, rows, **changes))
    assert refused.value.code == "cohort-row"


def test_a_folder_without_a_readable_table_is_refused(tmp_path):
    with pytest.raises(InputRefused) as refused:
        read_cohort(tmp_path)
    assert refused.value.code == "cohort-unreadable"
    (tmp_path / "cohort.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputRefused) as refused:
        read_cohort(tmp_path)
    assert refused.value.code == "cohort-unreadable"


def test_the_cohorts_hash_is_of_its_content_and_not_of_its_order(rows, tmp_path):
    digest = cohort_sha256(rows)
    assert cohort_sha256(rows[::-1]) == digest
    assert cohort_sha256(rows[:3]) != digest
    flipped = [dataclasses.replace(rows[0], positive=not rows[0].positive), *rows[1:]]
    assert cohort_sha256(flipped) != digest
    moved = tmp_path / "roi.json"
    moved.write_text(rows[0].roi.read_text().replace("1", "2", 1))
    assert cohort_sha256([dataclasses.replace(rows[0], roi=moved), *rows[1:]]) != digest


def test_an_outline_is_read_from_its_file(rows):
    assert outline_of(rows[0]) == roi_from_json(rows[0].roi.read_text())
