"""What the arms of the benchmark see of a picture, and how seeds are set against each other."""

import numpy as np
import pytest

from benchmarks.enhancement_arms import bicubic, lanczos
from benchmarks.enhancement_cases import Case, Sights, profile
from benchmarks.enhancement_seeds import placed, spread, summary
from her2desk.enhancement.degradation import Degradation
from her2desk.radiomics.extract import all_names
from her2desk.training.enhancer_training import EnhancerPlan

PLAN = EnhancerPlan()


def case() -> Case:
    rng = np.random.default_rng(2)
    pixels = rng.integers(20, 200, (240, 320)).astype(np.uint8)
    mask = np.zeros((240, 320), bool)
    mask[80:160, 100:220] = True
    return Case("one", pixels, mask, positive=True)


def test_a_lowered_picture_comes_back_over_its_own_tissue():
    sights = Sights.of(case(), "lowered", PLAN.degradation)
    view, original = sights.enhanced(lanczos(4)), sights.original()
    box = original.box
    assert (box.x0, box.y0, box.x1, box.y1) == (60, 40, 260, 200)
    assert view.pixels.shape == view.mask.shape == (160, 200)
    assert np.array_equal(view.mask, original.mask[40:200, 60:260])
    assert sights.plain().mask.sum() * 16 == case().mask.sum()


def test_a_picture_as_used_is_enlarged_with_its_mask():
    sights = Sights.of(case(), "as-used", PLAN.degradation)
    view = sights.enhanced(lanczos(4))
    assert view.pixels.shape == (400, 560)
    assert view.mask.sum() == pytest.approx(16 * case().mask.sum(), rel=0.01)
    with pytest.raises(ValueError, match="no original"):
        sights.original()


def test_the_untaught_generator_gives_its_picture_back_when_degraded():
    low = np.rint(Degradation(4, 1.4, 2.0).applied(case().pixels)).astype(np.uint8)
    again = PLAN.degradation.applied(bicubic(PLAN)(low))
    assert np.abs(again - low).max() < 1


def test_as_used_measures_fewer_images():
    few, more = (set(all_names(profile(setting))) for setting in ("as-used", "lowered"))
    assert few < more


def test_seeds_that_agree_are_not_apart():
    smooth = np.tile(np.arange(40, dtype=np.uint8) * 5, (40, 1))
    inside = np.ones((40, 40), bool)
    same, other = np.full((40, 40), 90, np.uint8), np.full((40, 40), 100, np.uint8)
    assert spread([same, same, same]).max() == 0
    apart = spread([same, other])
    found = placed(apart, smooth, inside, None, apart)
    assert found["sd"] == pytest.approx(np.sqrt(50))
    assert found["noticeable"] == 1.0
    document = summary([found, found])
    assert document["sd"] == pytest.approx([np.sqrt(50)] * 3)
    assert "with_error" not in document
