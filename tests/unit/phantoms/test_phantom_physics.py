"""The picture obeys the physics that it claims: speckle statistics, beam width, shadow, places."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from her2desk.phantoms.anatomy import Rib, Tissue, with_rib
from her2desk.phantoms.grid import Grid, SmoothNoise, along_layers
from her2desk.phantoms.lesion import EDGE_MM, SKIN_MM, Lesion, LesionTraits, draw_lesion, placed
from her2desk.phantoms.mass import MassTexture, with_mass
from her2desk.phantoms.scanner import SCANNER_SHARES, SCANNERS
from her2desk.phantoms.speckle import (
    Exposure,
    b_mode,
    lateral_sigma_mm,
    scatterers,
    through_pulse,
)

SCANNER = SCANNERS[0]
GRID = Grid(200, 240, SCANNER.spacing_mm)


def uniform(level_db: float) -> Tissue:
    shape = (GRID.rows, GRID.columns)
    zero = np.zeros(shape, np.float32)
    return Tissue(np.full(shape, level_db, np.float32), zero, zero)


def lesion(**changes: object) -> Lesion:
    rng = np.random.default_rng(5)
    drawn = draw_lesion(rng, LesionTraits(0, 0), False, 38.0, 31.0)
    small = replace(drawn, x_mm=8.4, y_mm=5.0, radius_mm=2.5)
    return replace(small, **changes)  # type: ignore[arg-type]


def masked(mass: Lesion) -> Tissue:
    texture = MassTexture.draw(np.random.default_rng(1), mass)
    return with_mass(uniform(-40), GRID, mass, texture)


def test_one_look_of_uniform_tissue_is_fully_developed_speckle() -> None:
    """Rayleigh envelope: mean over standard deviation 1.91 (Wagner et al. 1983)."""
    look = scatterers(np.random.default_rng(0), 1, 300, 400)[0]
    envelope = np.abs(through_pulse(look, 1.3, np.full(300, 2.5, np.float32)))[10:-10, 20:-20]
    assert envelope.mean() / envelope.std() == pytest.approx(1.91, abs=0.06)


def test_scatterers_have_unit_power() -> None:
    looks = scatterers(np.random.default_rng(0), 2, 200, 200)
    assert looks.shape == (2, 200, 200)
    assert np.mean(np.abs(looks) ** 2) == pytest.approx(1, abs=0.02)


def test_a_point_becomes_the_pulse_of_its_depth() -> None:
    field = np.zeros((101, 101), np.complex64)
    field[50, 50] = 1
    across_px = np.linspace(1, 5, 101, dtype=np.float32)
    echo = np.abs(through_pulse(field, 1.5, across_px))
    offset = np.arange(101) - 50
    width = np.sqrt((echo[50] * offset**2).sum() / echo[50].sum())
    assert echo.sum() == pytest.approx(1, abs=1e-3)
    assert width == pytest.approx(across_px[50], rel=0.02)


def test_the_beam_is_narrowest_at_the_focus() -> None:
    width = lateral_sigma_mm(GRID.y_mm, SCANNER, 6.0)
    assert GRID.y_mm[int(np.argmin(width))] == pytest.approx(6.0, abs=0.1)
    assert width[-1] > width.min()


def test_ten_decibels_are_their_share_of_the_dynamic_range() -> None:
    scanner = replace(SCANNER, gamma=1.0)
    rng = np.random.default_rng(2)
    exposure = Exposure.draw(rng, scanner, 6.0)
    noise = scatterers(rng, scanner.looks, GRID.rows, GRID.columns)
    bright, dark = (
        b_mode(uniform(level), noise, GRID, scanner, exposure).mean() for level in (-25, -35)
    )
    assert bright - dark == pytest.approx(255 * 10 / scanner.dynamic_range_db, abs=0.5)


def test_smooth_noise_has_unit_variance_and_keeps_its_place() -> None:
    noise = SmoothNoise(np.random.default_rng(3), 100, 100, (0.5, 0.7))
    axis = np.arange(0, 100, 0.13, dtype=np.float32)
    values = noise(axis, axis)
    assert values.std() == pytest.approx(1, abs=0.03)
    moved = noise(axis[10:], axis[20:])
    assert np.allclose(moved, values[10:, 20:], atol=1e-4)


def test_layers_follow_their_surface() -> None:
    noise = SmoothNoise(np.random.default_rng(3), 20, 20, (0.5, 2000.0))
    surface = np.linspace(2, 4, GRID.columns, dtype=np.float32)
    bent = along_layers(noise, GRID, GRID.y_mm[:, None] - surface[None, :])
    left = np.interp(5.0, GRID.y_mm - surface[0], bent[:, 0])
    right = np.interp(5.0, GRID.y_mm - surface[-1], bent[:, -1])
    assert left == pytest.approx(right, abs=0.05)


def test_an_attenuating_mass_casts_a_shadow_and_a_watery_one_enhances() -> None:
    column = round(8.4 / GRID.spacing_mm)
    shadow = masked(lesion(attenuation_db_per_mm=1.5)).loss_db
    bright = masked(lesion(attenuation_db_per_mm=-0.5)).loss_db
    assert shadow[-1, column] > 2
    assert bright[-1, column] < -0.5
    assert shadow[0, column] == 0
    assert abs(shadow[-1, 2]) < 0.05  # beside it, nothing


def test_calcifications_are_bright_points_inside() -> None:
    plain, dotted = (
        masked(lesion(calcifications=points)).mirror for points in ((), ((0.2, -0.1, -6.0),))
    )
    row, column = np.unravel_index(np.argmax(dotted - plain), plain.shape)
    reach = lesion().radius_mm * lesion().flatness
    assert GRID.x_mm[column] == pytest.approx(8.4 + 0.2 * reach, abs=0.1)
    assert GRID.y_mm[row] == pytest.approx(5.0 - 0.1 * reach, abs=0.1)


def test_nothing_is_heard_from_behind_a_rib() -> None:
    tissue = with_rib(uniform(-40), GRID, Rib(8.4, 5.0, 3.0, 1.5))
    column = round(8.4 / GRID.spacing_mm)
    assert tissue.loss_db[-1, column] > 10
    assert tissue.loss_db[20, column] < 0.5
    assert tissue.mirror[:, column].max() > 0.1


@given(seed=st.integers(0, 10_000), margin=st.floats(0, 4), scanner=st.sampled_from(SCANNERS))
@settings(max_examples=40, deadline=None)
def test_every_lesion_lies_inside_its_picture(seed: int, margin: float, scanner) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    drawn = draw_lesion(rng, LesionTraits(1, margin), True, scanner.width_mm, scanner.depth_mm)
    contour = drawn.contour_mm()
    assert contour[:, 0].min() >= EDGE_MM - 1e-9
    assert contour[:, 0].max() <= scanner.width_mm - EDGE_MM + 1e-9
    assert contour[:, 1].min() >= min(SKIN_MM, 1.0)
    assert contour[:, 1].max() <= scanner.depth_mm - EDGE_MM + 1e-9


def test_planted_traits_change_texture_and_margin_and_nothing_else() -> None:
    plain, texture, margin = (
        draw_lesion(np.random.default_rng(8), traits, True, 38.0, 31.0)
        for traits in (LesionTraits(0, 0), LesionTraits(1, 0), LesionTraits(0, 1))
    )
    assert texture.heterogeneity_db > plain.heterogeneity_db
    assert replace(texture, echo_db=plain.echo_db, heterogeneity_db=plain.heterogeneity_db) == plain
    assert margin.roughness > plain.roughness
    assert margin.heterogeneity_db == plain.heterogeneity_db
    assert margin.calcifications == plain.calcifications


def test_a_lesion_too_large_for_the_picture_is_shrunk() -> None:
    huge = placed(lesion(radius_mm=40.0), 0.5, 0.5, 38.0, 31.0)
    assert huge.radius_mm < 20
    contour = huge.contour_mm()
    assert contour[:, 1].max() < 31.0


def test_scanner_shares_sum_to_one() -> None:
    assert len(SCANNER_SHARES) == len(SCANNERS)
    assert sum(SCANNER_SHARES) == pytest.approx(1)
