"""A cohort measured: the same numbers by one process or several, kept, and stopped when asked."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference import measuring
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.measuring import Outline, measure_cohort, measure_outlines
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import us_2d

PROFILE = us_2d(uncalibrated="as-if", assumed_mm=0.1).model_copy(
    update={"image_types": ("Original", "Square"), "log_sigmas": ()}
)
NAMES = ("square_glcm_Contrast", "original_firstorder_Mean", "original_shape2D_Perimeter")
PATIENTS = 4


class Watcher:
    """Keeps what is reported; asks to stop at the step of this text."""

    def __init__(self, stop_at: str = "") -> None:
        self.steps: list[tuple[float, str]] = []
        self._stop_at = stop_at

    def step(self, fraction, text):
        self.steps.append((fraction, text.text()))
        if text.text() == self._stop_at:
            raise Cancelled


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    write_cohort(folder, PATIENTS, 5)
    return read_cohort(folder)


def measured(rows, *, cache=None, jobs=1, progress=None, names=NAMES, **options):
    return measure_cohort(
        rows,
        PROFILE,
        names,
        cache=cache,
        jobs=jobs,
        progress=progress or SilentProgress(),
        **options,
    )


def flat(outline):
    """The outline on a picture of one grey level, on which Square has no finite value."""
    return dataclasses.replace(outline, grey=np.zeros_like(outline.grey))


@pytest.fixture(scope="module")
def outlines(rows):
    return [
        Outline.on(row.patient_id, case, case.roi)
        for row, case in ((row, case_of_row(row)) for row in rows)
    ]


def test_features_are_those_of_a_prediction_in_the_order_asked(rows):
    for row, found in zip(rows, measured(rows), strict=True):
        case = case_of_row(row)
        mask = rasterise(case.roi.polygon, case.image.rows, case.image.columns)
        values = extract(case.pixels, mask, case.roi.spacing(case.image).mm, PROFILE, NAMES)
        assert found.row == row
        assert found.case.roi == case.roi
        assert np.array_equal(found.mask, mask)
        assert found.features.tolist() == [values[name] for name in NAMES]


def test_processes_and_the_cache_change_no_bit(rows, tmp_path):
    alone = np.stack([case.features for case in measured(rows)])
    cache = FeatureCache(tmp_path)
    for jobs in (2, 2):
        found = np.stack([case.features for case in measured(rows, jobs=jobs, cache=cache)])
        assert found.tobytes() == alone.tobytes()


def test_a_second_run_measures_nothing(rows, tmp_path, monkeypatch):
    cache = FeatureCache(tmp_path)
    measured(rows[:2], cache=cache)
    monkeypatch.setattr(measuring, "extract", must_not_run)
    others = ("original_glcm_Contrast", "square_ngtdm_Strength")
    assert len(measured(rows[:2], cache=cache)) == 2
    assert len(measured(rows[:2], cache=cache, names=others)) == 2


def must_not_run(*_args, **_kwargs):
    raise AssertionError


def test_a_stopped_run_goes_on_where_it_was(rows, tmp_path, monkeypatch):
    cache = FeatureCache(tmp_path)
    with pytest.raises(Cancelled):
        measured(rows, cache=cache, progress=Watcher("Patient 3 of 4"))
    counted = []

    def count(*args, **kwargs):
        counted.append(args)
        return extract(*args, **kwargs)

    monkeypatch.setattr(measuring, "extract", count)
    measured(rows, cache=cache)
    assert len(counted) == 1


def test_progress_counts_patients(rows):
    watcher = Watcher()
    measured(rows, jobs=2, progress=watcher)
    fractions, texts = zip(*watcher.steps, strict=True)
    assert texts == (
        *(f"Reading image {n} of 4" for n in (1, 2, 3, 4)),
        *(f"Patient {n} of 4" for n in (1, 2, 3, 4)),
    )
    assert list(fractions) == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1


def workers_of_this_process():
    """Command lines of loky's living workers that this process started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            command = (status.parent / "cmdline").read_text()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[1]) == os.getpid() and fields[0] != "Z" and "LokyProcess" in command:
            found.append(command)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_cancelling_ends_the_processes(outlines):
    many = outlines * 5
    with pytest.raises(Cancelled):
        measure_outlines(
            many, PROFILE, NAMES, cache=None, jobs=2, progress=Watcher("Patient 1 of 20")
        )
    assert workers_of_this_process() == []


def test_a_file_that_cannot_be_used_is_refused_with_its_patient(rows):
    lost = dataclasses.replace(rows[1], image=rows[1].image.with_name("lost.dcm"))
    with pytest.raises(InputRefused, match=f"Patient {lost.patient_id}: ") as refused:
        measured([rows[0], lost])
    assert refused.value.code == "unreadable-file"


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_outline_that_cannot_be_measured_is_refused_with_its_patient(outlines, jobs):
    small = np.zeros_like(outlines[2].mask)
    small[10:12, 10:20] = True
    broken = [*outlines[:2], dataclasses.replace(outlines[2], mask=small)]
    with pytest.raises(InputRefused, match=f"Patient {outlines[2].patient}: ") as refused:
        measure_outlines(broken, PROFILE, NAMES, cache=None, jobs=jobs, progress=SilentProgress())
    assert refused.value.code == "roi-too-small"


def test_a_feature_without_a_value_is_refused_with_patient_and_feature(outlines, tmp_path):
    broken = [outlines[0], flat(outlines[1])]
    cache = FeatureCache(tmp_path)
    for _from_cache in (False, True):
        with pytest.raises(InputRefused) as refused:
            measure_outlines(broken, PROFILE, NAMES, cache=cache, jobs=1, progress=SilentProgress())
        assert refused.value.code == "feature-not-finite"
        assert outlines[1].patient in str(refused.value)
        assert "square_glcm_Contrast" in str(refused.value)


def test_a_feature_without_a_value_is_nan_where_the_caller_decides(outlines):
    found = measure_outlines(
        [flat(outlines[0]), outlines[1]],
        PROFILE,
        NAMES,
        cache=None,
        jobs=1,
        progress=SilentProgress(),
        on_missing="nan",
    )
    assert np.isnan(found[0]).tolist() == [True, False, False]
    assert np.isfinite(found[1]).all()


def test_a_feature_that_the_profile_does_not_give_is_refused_before_anything_is_read(rows):
    watcher = Watcher()
    with pytest.raises(InputRefused) as refused:
        measured(rows, names=("wavelet-LL_glcm_Contrast",), progress=watcher)
    assert refused.value.code == "features-missing"


def test_nobody_is_measured_in_no_time():
    assert measured([]) == []
    assert all_names(PROFILE)
