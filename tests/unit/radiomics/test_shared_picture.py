"""Several outlines on one picture are measured as each of them alone, to the last bit."""

import numpy as np
import pytest

from her2desk.radiomics import planar_filters
from her2desk.radiomics.extract import all_names, extract, spacing_used
from her2desk.radiomics.profile import Profile, onekey_1561, us_2d, us_2d_px
from her2desk.radiomics.shared_picture import SharedPicture

ROWS, COLUMNS = 120, 150


def ellipse(row: float, column: float, down: float, right: float):
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return np.hypot((rows - row) / down, (columns - column) / right) < 1


def narrow(profile: Profile, pad_px: int) -> Profile:
    return Profile(**{**profile.model_dump(), "pad_px": pad_px})


GREY = np.random.default_rng(5).integers(0, 200, size=(ROWS, COLUMNS), dtype=np.uint8)
MIDDLE = [ellipse(60, 75, 20, 28), ellipse(60, 75, 18, 25), ellipse(62, 71, 23, 30)]
CORNER = [ellipse(22, 24, 20, 22), ellipse(20, 22, 19, 21), ellipse(24, 24, 18, 20)]


@pytest.mark.parametrize("masks", [MIDDLE, CORNER], ids=["middle", "corner"])
@pytest.mark.parametrize(
    ("profile", "spacing_mm"),
    [
        (us_2d(), (0.1, 0.1)),
        (us_2d(), (0.08, 0.08)),
        (us_2d(), (0.05, 0.07)),  # masks meet the new grid exactly between its pixels
        (narrow(us_2d(), 4), (0.08, 0.08)),
        (us_2d_px(), None),
        (onekey_1561(), None),
    ],
    ids=["same-size", "resampled", "anisotropic", "narrow", "pixels", "one-slice"],
)
def test_features_are_those_measured_alone(profile, spacing_mm, masks):
    names = all_names(profile)[::9]
    anywhere = np.logical_or.reduce(masks)
    shared = SharedPicture(GREY, anywhere, spacing_used(profile, spacing_mm), profile, names)
    for mask in masks:
        alone = extract(GREY, mask, spacing_mm, profile, names, on_missing="nan")
        together = extract(GREY, mask, spacing_mm, profile, names, on_missing="nan", shared=shared)
        np.testing.assert_array_equal(list(together.values()), list(alone.values()))


def test_filters_run_once_for_all_outlines(monkeypatch):
    names = ["gradient_firstorder_Mean", "wavelet-LL_firstorder_Mean"]
    profile = us_2d()
    runs = []
    for filter_name in ("gradient", "wavelet_bands"):

        def counted(*given, _real=getattr(planar_filters, filter_name), _name=filter_name):
            runs.append(_name)
            return _real(*given)

        monkeypatch.setattr(planar_filters, filter_name, counted)
    shared = SharedPicture(GREY, np.logical_or.reduce(MIDDLE), (0.1, 0.1), profile, names)
    for mask in MIDDLE:
        extract(GREY, mask, (0.1, 0.1), profile, names, shared=shared)
    assert sorted(runs) == ["gradient", "wavelet_bands"]
