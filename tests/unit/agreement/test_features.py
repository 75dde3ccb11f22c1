"""Features over the cases of two readers: figures, refusals, and a process of their own."""

import math
from pathlib import Path

import numpy as np
import pytest

from her2desk.agreement.cases import outlines_of
from her2desk.agreement.features import Estimate, FeatureAgreement, feature_agreement
from her2desk.agreement.process import features_in_process
from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled, EngineFailed, InputRefused
from her2desk.inference.measuring import measure_outlines
from her2desk.radiomics.profile import us_2d_px, with_resample
from her2desk.stats.icc import icc_a1, icc_c1
from her2desk.texts import Message

from .readers import quick_profile, reader_cases

PAIR = ("Anna", "Ben")


class Steps:
    """Progress that remembers, and may stop."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.said: list[tuple[float, str]] = []
        self._stop_after = stop_after

    def step(self, fraction: float, text: Message) -> None:
        self.said.append((fraction, text.text()))
        if self._stop_after is not None and len(self.said) > self._stop_after:
            raise Cancelled


def test_every_feature_has_both_figures_over_the_cases() -> None:
    profile, pairs = quick_profile(), outlines_of(reader_cases(30), PAIR)
    steps = Steps()
    table = feature_agreement(pairs, profile, progress=steps)
    assert (table.cases, table.left_out, table.note) == (30, 0, None)
    assert table.profile == "quick"
    assert table.resample_mm == 0.1
    assert len(table.features) == 18
    assert steps.said[-1] == (1.0, "Outline 60 of 60")
    mean = next(f for f in table.features if f.feature.endswith("Mean"))
    assert mean.is_kept, "the brightness of a lesion does not depend on the outline's width"
    values = measure_outlines(
        [outline for pair in pairs for outline in pair],
        with_resample(profile, 0.1),
        ["original_firstorder_Mean"],
        cache=None,
        jobs=1,
        progress=SilentProgress(),
    )
    ratings = values.reshape(30, 2)
    for found, expected in ((mean.absolute, icc_a1(ratings)), (mean.consistent, icc_c1(ratings))):
        figures = (expected.value, expected.lower, expected.upper)
        assert (found.value, found.lower, found.upper) == pytest.approx(figures)
    assert table.to_json()["kept"] == table.kept == sum(f.is_kept for f in table.features)


def test_below_thirty_cases_nothing_is_computed_and_it_says_why() -> None:
    table = feature_agreement(
        outlines_of(reader_cases(29), PAIR), quick_profile(), progress=SilentProgress()
    )
    assert table.features == ()
    assert table.note is not None
    assert table.note.text() == (
        "Features are compared over at least 30 cases that both readers outlined; there are 29, "
        "1 too few."
    )
    assert table.to_json()["note"] == table.note.text()


def test_cases_without_a_pixel_size_are_left_out_of_a_profile_in_mm() -> None:
    cases = reader_cases(6) + reader_cases(3, spacing_mm=None)
    pairs = outlines_of(cases[:6], PAIR) + outlines_of(cases[6:], PAIR)
    table = feature_agreement(pairs, quick_profile(), progress=SilentProgress(), minimum=5)
    assert (table.cases, table.left_out) == (6, 3)
    in_px = us_2d_px().model_copy(
        update={"image_types": ("Original",), "feature_classes": ("firstorder",), "log_sigmas": ()}
    )
    table = feature_agreement(pairs, in_px, progress=SilentProgress(), minimum=5)
    assert (table.cases, table.left_out, table.resample_mm) == (9, 0, None)


def test_a_feature_is_kept_by_the_lower_bound_of_absolute_agreement() -> None:
    kept, shifted = Estimate(0.9, 0.75, 0.95), Estimate(0.8, 0.74, 0.9)
    nan = Estimate(math.nan, math.nan, math.nan)
    assert FeatureAgreement("a", kept, kept).is_kept
    assert not FeatureAgreement("a", shifted, kept).is_kept
    assert not FeatureAgreement("a", nan, nan).is_kept
    assert nan.to_json() == {"value": None, "lower": None, "upper": None}


@pytest.fixture
def quick_file(tmp_path: Path) -> str:
    path = tmp_path / "quick.json"
    path.write_text(quick_profile().to_json())
    return str(path)


@pytest.mark.usefixtures("nothing_left_running")
def test_a_process_of_its_own_finds_the_same(quick_file: str) -> None:
    cases, steps = reader_cases(5), Steps()
    table = features_in_process(cases, PAIR, quick_file, steps, minimum=5)
    here = feature_agreement(
        outlines_of(cases, PAIR), quick_profile(), progress=SilentProgress(), minimum=5
    )
    assert [f.feature for f in table.features] == [f.feature for f in here.features]
    assert np.array_equal(
        [f.absolute.lower for f in table.features],
        [f.absolute.lower for f in here.features],
        equal_nan=True,
    )
    assert steps.said[0] == (0, "Reading 5 images")


def test_too_few_cases_start_no_process(quick_file: str) -> None:
    steps = Steps()
    table = features_in_process(reader_cases(3), PAIR, quick_file, steps)
    assert (table.cases, table.features, steps.said) == (3, (), [])
    assert table.note is not None


@pytest.mark.usefixtures("nothing_left_running")
def test_what_the_process_refuses_is_refused_here(tmp_path: Path) -> None:
    with pytest.raises(InputRefused):
        features_in_process(
            reader_cases(5), PAIR, str(tmp_path / "gone.json"), SilentProgress(), minimum=5
        )


@pytest.mark.usefixtures("nothing_left_running")
def test_stopping_ends_the_process(quick_file: str) -> None:
    with pytest.raises(Cancelled):
        features_in_process(reader_cases(5), PAIR, quick_file, Steps(stop_after=1), minimum=5)


def test_a_process_that_dies_is_told(quick_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("her2desk.agreement.process._measure", _die)
    with pytest.raises(EngineFailed, match="stopped unexpectedly"):
        features_in_process(reader_cases(5), PAIR, quick_file, SilentProgress(), minimum=5)


def _die(*_arguments: object) -> None:
    raise SystemExit(1)
