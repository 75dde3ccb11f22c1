"""The reference enhancement: where its pixels lie, and what it leaves as it was."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.enhancement.known import ENHANCERS, find_enhancer
from her2desk.enhancement.lanczos import LANCZOS_SCALES, LanczosEnhancer

LOBES = 3


def speckle(rows: int = 40, columns: int = 56, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns)).astype(np.uint8)


@pytest.fixture(params=LANCZOS_SCALES)
def enhancer(request: pytest.FixtureRequest) -> LanczosEnhancer:
    return LanczosEnhancer(request.param)


@pytest.mark.parametrize("grey", [0, 1, 127, 255])
def test_one_grey_value_stays_that_value_up_to_the_edge(
    enhancer: LanczosEnhancer, grey: int
) -> None:
    enhanced = enhancer.enlarged(np.full((9, 13), grey, np.uint8))
    assert enhanced.shape == (9 * enhancer.scale, 13 * enhancer.scale)
    assert enhanced.dtype == np.uint8
    assert set(enhanced.ravel().tolist()) == {grey}


def test_a_ramp_keeps_its_place(enhancer: LanczosEnhancer) -> None:
    """Pixel i of a ramp 10·x lies at (i + ½)/scale: no half pixel is lost at the corner."""
    columns = 24
    centres = np.arange(columns) + 0.5
    ramp = np.broadcast_to(10 * centres, (8, columns)).astype(np.uint8)
    fine = (np.arange(columns * enhancer.scale) + 0.5) / enhancer.scale
    inside = (fine > LOBES) & (fine < columns - LOBES)
    for enhanced in (enhancer.enlarged(ramp), enhancer.enlarged(np.ascontiguousarray(ramp.T)).T):
        found = enhanced.astype(float)
        assert np.abs(found - 10 * fine)[:, inside].max() <= 1.1


@pytest.mark.parametrize(("column", "row"), [(20.0, 20.0), (18.5, 21.5), (21.3, 17.9)])
def test_the_centre_of_a_blob_is_where_it_was(
    enhancer: LanczosEnhancer, column: float, row: float
) -> None:
    """In SCOORD coordinates, (column, row) becomes (column·scale, row·scale)."""
    rows, columns = np.mgrid[0:40, 0:42] + 0.5
    blob = 250 * np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / (2 * 3.0**2))
    enhanced = enhancer.enlarged(blob.round().astype(np.uint8)).astype(float)
    at = np.indices(enhanced.shape) + 0.5
    centre = (at * enhanced).sum(axis=(1, 2)) / enhanced.sum()
    assert centre == pytest.approx([row * enhancer.scale, column * enhancer.scale], abs=0.05)


def test_the_light_of_a_blob_is_spread_over_the_new_pixels(enhancer: LanczosEnhancer) -> None:
    rows, columns = np.mgrid[0:40, 0:42] + 0.5
    blob = (200 * np.exp(-((columns - 21) ** 2 + (rows - 20) ** 2) / 50)).astype(np.uint8)
    light = enhancer.enlarged(blob).astype(float).sum() / enhancer.scale**2
    assert light == pytest.approx(blob.astype(float).sum(), rel=0.005)


def test_a_turned_picture_is_enhanced_as_the_picture_turned(enhancer: LanczosEnhancer) -> None:
    pixels = speckle()
    assert np.array_equal(
        enhancer.enlarged(np.ascontiguousarray(pixels[::-1, ::-1])),
        enhancer.enlarged(pixels)[::-1, ::-1],
    )


@pytest.mark.parametrize(
    ("scale", "identity", "picture"),
    [
        (
            2,
            "f8d7e930fa7c96c6d89ac7b44ec13964ace42116af7fd1d819b4708f36f6d639",
            "6c4b37336ebd2639295a25b7a4b97a60c9850bf7a28848f3111a38b8c3522395",
        ),
        (
            4,
            "fdc9ca16f7c4239dbd792d7b15030e3e769fb0af77936c7d72a3bdb824087c21",
            "45456a65fb015b0cc383d52d6342e9a2ffc7353fbb2c8b6cc3159825a4cc9273",
        ),
    ],
)
def test_what_packs_rely_on_has_not_changed(scale: int, identity: str, picture: str) -> None:
    """Digests written down when the method was defined, with Pillow 13.0.

    Another picture under the same identity would let a pack read images that it was not built on:
    then the definition's number must be raised.
    """
    enhancer = LanczosEnhancer(scale)
    assert enhancer.sha256 == identity
    drawn = (np.indices((23, 31)) * [[[37]], [[59]]]).sum(axis=0) % 256
    enhanced = enhancer.enlarged(drawn.astype(np.uint8))
    assert hashlib.sha256(enhanced.tobytes()).hexdigest() == picture


def test_known_enhancements_are_found_by_method_and_scale() -> None:
    for word, enhancer in ENHANCERS.items():
        assert word == f"{enhancer.method}-{enhancer.scale}"
        assert find_enhancer(enhancer.method, enhancer.scale) is enhancer
        assert enhancer.trained_on == frozenset()
    assert len({enhancer.sha256 for enhancer in ENHANCERS.values()}) == len(ENHANCERS)
    assert find_enhancer("lanczos", 3) is None
    assert find_enhancer("gan", 4) is None


def test_other_scales_are_not_made() -> None:
    with pytest.raises(ValueError, match="scale 3"):
        LanczosEnhancer(3)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_pictures_smaller_than_the_kernel_are_enhanced_too(
    rows: int, columns: int, seed: int
) -> None:
    enhanced = LanczosEnhancer(4).enlarged(speckle(rows, columns, seed))
    assert enhanced.shape == (4 * rows, 4 * columns)


def test_interpolation_declares_no_degradation(enhancer: LanczosEnhancer) -> None:
    enhanced = enhancer.enhance(speckle(), Box(3, 4, 30, 20))
    assert enhancer.tolerance is None
    assert enhanced.residual is None


def test_a_picture_is_known_by_its_grey_values_and_its_shape() -> None:
    pixels = speckle()
    assert grey_sha256(pixels) == grey_sha256(pixels[:, ::-1][:, ::-1])
    assert grey_sha256(pixels) != grey_sha256(pixels.reshape(56, 40))
    assert grey_sha256(pixels) != grey_sha256(pixels + np.uint8(1))
