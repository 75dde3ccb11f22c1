"""Outlines as another reader might have drawn them, and what becomes of the features."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import MIN_AREA_PX, Roi
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.measuring import measure_cohort
from her2desk.inference.robustness import agreements, jittered, robustness
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import us_2d

PROFILE = us_2d(uncalibrated="as-if", assumed_mm=0.1).model_copy(
    update={"image_types": ("Original",), "log_sigmas": ()}
)
NAMES = ("original_shape2D_PixelSurface", "original_firstorder_Mean", "original_glcm_Contrast")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robust")
    write_cohort(folder, 4, 11)
    return read_cohort(folder)


@pytest.fixture(scope="module")
def cases(rows):
    return measure_cohort(rows, PROFILE, NAMES, cache=None, jobs=1, progress=SilentProgress())


@pytest.fixture(scope="module")
def image(rows):
    return case_of_row(rows[0]).image


def circle(x=200.0, y=200.0, radius=60.0, points=80):
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return Roi(0, tuple(zip(x + radius * np.cos(angle), y + radius * np.sin(angle), strict=True)))


def distances(roi, x=200.0, y=200.0):
    points = np.array(roi.polygon)
    return np.hypot(points[:, 0] - x, points[:, 1] - y)


def measured(cases, **options):
    return robustness(
        cases, PROFILE, NAMES, jobs=1, progress=SilentProgress(), **{"seed": 3, **options}
    )


def test_the_same_seed_draws_the_same_outline(image):
    draws = [jittered(circle(), np.random.default_rng(s), 4, image) for s in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_the_jitter_is_as_large_as_asked(image):
    """The distance to the drawn outline, over many readers, has about the deviation asked for."""
    spread = [
        distances(jittered(circle(), np.random.default_rng(s), 4, image)) - 60 for s in range(300)
    ]
    assert np.std(np.concatenate(spread)) == pytest.approx(4, rel=0.1)
    assert abs(np.mean(np.concatenate(spread))) < 0.5


def test_a_reader_moves_the_outline_smoothly(image):
    drawn = distances(jittered(circle(), np.random.default_rng(4), 4, image))
    steps = np.abs(np.diff(np.append(drawn, drawn[0])))
    assert steps.max() < 3
    assert np.ptp(drawn) > 3


def test_long_edges_are_bent_too(image):
    square = Roi(0, ((100.0, 100.0), (300.0, 100.0), (300.0, 300.0), (100.0, 300.0)))
    drawn = jittered(square, np.random.default_rng(0), 5, image)
    assert len(drawn.polygon) > 80


@given(
    st.integers(0, 2**32),
    st.floats(0, 60),
    st.floats(0, 640),
    st.floats(0, 480),
    st.floats(6, 200),
)
@example(seed=2994804, sd=13.0, x=3.0, y=1.0, radius=8.0)  # its cut edge crossed another
def test_any_outline_stays_usable(image, seed, sd, x, y, radius):
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])
    points = np.clip(points, 0, [image.columns, image.rows])
    roi = Roi(0, tuple((float(a), float(b)) for a, b in points))
    if roi.area_px < MIN_AREA_PX:
        return
    drawn = jittered(roi, np.random.default_rng(seed), sd, image)
    drawn.check(image)
    assert drawn.area_px >= roi.area_px / 2
    assert rasterise(drawn.polygon, image.rows, image.columns).any()


def test_an_outline_that_cannot_be_jittered_is_kept(image):
    """One as small as an outline may be, in the image's corner."""
    corner = Roi(0, ((0.0, 0.0), (8.0, 0.0), (8.0, 8.0), (0.0, 8.0)))
    for seed in range(20):
        drawn = jittered(corner, np.random.default_rng(seed), 50, image)
        assert drawn == corner or drawn.area_px >= MIN_AREA_PX


def test_an_outline_of_very_many_points_gets_no_more_of_them(image):
    many = circle(points=15_000)
    assert len(jittered(many, np.random.default_rng(0), 4, image).polygon) <= 20_000


def test_the_first_rater_is_the_outline_as_drawn(cases):
    ratings = measured(cases)
    assert ratings.shape == (3, 4, 3)
    np.testing.assert_array_equal(ratings[:, :, 0].T, [case.features for case in cases])
    assert not np.array_equal(ratings[:, :, 0], ratings[:, :, 1])
    assert not np.array_equal(ratings[:, :, 1], ratings[:, :, 2])


def test_the_same_seed_gives_the_same_bits(cases):
    again = measured(cases)
    assert measured(cases).tobytes() == again.tobytes()
    assert measured(cases, seed=4).tobytes() != again.tobytes()


def test_more_jitter_less_agreement(cases):
    little, much = (
        agreements(NAMES, measured(cases, repeats=4, sd_mm=sd, sd_px=sd * 10)) for sd in (0.05, 3)
    )
    assert [a.feature for a in little] == list(NAMES)
    assert little[0].icc > 0.95 > much[0].icc
    for agreement in (*little, *much):
        assert agreement.lower <= agreement.icc <= agreement.upper


def test_a_feature_without_a_value_somewhere_has_no_agreement():
    ratings = np.random.default_rng(0).normal(size=(2, 30, 3))
    ratings[1, 4, 2] = np.nan
    sound, broken = agreements(("a", "b"), ratings)
    assert np.isfinite(sound.icc)
    assert np.isnan([broken.icc, broken.lower, broken.upper]).all()
    assert not broken.lower >= 0.75
