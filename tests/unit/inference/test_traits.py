"""The traits of a case: attention, two answers of the form, size and shape of the outline."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.roi import Roi
from her2desk.domain.traits import Trait
from her2desk.domain.validation import Attention
from her2desk.inference.traits import size_mm, solidity, traits_of
from her2desk.radiomics.mask import rasterise

SQUARE = ((2.0, 2.0), (12.0, 2.0), (12.0, 12.0), (2.0, 12.0))
ELL = ((0.0, 0.0), (20.0, 0.0), (20.0, 10.0), (10.0, 10.0), (10.0, 20.0), (0.0, 20.0))
LOOK = Attention(roi_enrichment=1.4, hyperechoic_enrichment=0.9, dispersion=0.8)


def traits(
    polygon=SQUARE, spacing=(0.1, 0.1), clinical: ClinicalRecord | None = None, attention=LOOK
):
    mask = rasterise(polygon, 32, 32)
    return traits_of(Roi(0, polygon), mask, spacing, clinical or ClinicalRecord(), attention)


def test_a_case_has_a_value_or_none_of_every_trait():
    found = traits(clinical=ClinicalRecord(calcification=True, lymph_node_metastasis=False))
    assert set(found) == set(Trait)
    assert found == {
        Trait.ROI_ATTENTION: 1.4,
        Trait.BRIGHT_ATTENTION: 0.9,
        Trait.DISPERSION: 0.8,
        Trait.CALCIFICATION: 1.0,
        Trait.NODES: 0.0,
        Trait.SIZE: pytest.approx(1.0, rel=1e-12),  # 100 pixels of 0.01 mm²
        Trait.SOLIDITY: 1.0,
    }


def test_what_is_not_known_has_no_value():
    found = traits(spacing=None, attention=Attention(None, None, None))
    assert {trait for trait, value in found.items() if value is not None} == {Trait.SOLIDITY}


def test_the_size_is_in_millimetres_both_ways():
    """100 pixels of 0.2 × 0.45 mm are 9 mm²: a square of 3 mm."""
    assert size_mm(rasterise(SQUARE, 32, 32), (0.2, 0.45)) == pytest.approx(3.0, rel=1e-12)


def test_a_notched_outline_is_less_solid():
    """An L of 300 px² in a hull of 350: the square of 400 less the corner's triangle of 50."""
    assert solidity(Roi(0, ELL)) == pytest.approx(300 / 350, rel=1e-12)
    assert solidity(Roi(0, SQUARE)) == 1.0


def test_an_outline_without_an_area_has_no_solidity():
    assert solidity(Roi(0, ((0.0, 0.0), (5.0, 5.0), (10.0, 10.0)))) is None


@given(
    st.lists(st.floats(0.3, 1.0), min_size=3, max_size=40),
    st.floats(0.2, 5.0),
    st.floats(0.2, 5.0),
)
def test_solidity_is_the_same_under_any_spacing(radii, across, down):
    angles = np.linspace(0, 2 * math.pi, len(radii), endpoint=False)
    points = [
        (100 + 90 * r * math.cos(a), 100 + 90 * r * math.sin(a))
        for r, a in zip(radii, angles, strict=True)
    ]
    stretched = tuple((x * across, y * down) for x, y in points)
    own = solidity(Roi(0, tuple(points)))
    assert own is not None
    assert 0 < own <= 1
    assert solidity(Roi(0, stretched)) == pytest.approx(own, rel=1e-9)
