"""The nomogram as a picture."""

import io

import numpy as np
import pytest
from PIL import Image

from her2desk.domain.nomogram import NomogramModel, NomogramTerm
from her2desk.figures.nomogram import nomogram_picture, tick_positions
from her2desk.stats.nomogram import build_nomogram
from her2desk.texts import msg

MODEL = NomogramModel(
    -1.2,
    (
        NomogramTerm("pr", msg("Progesterone receptor (PR)"), -1.07, 0, 1, True),
        NomogramTerm("age_years", msg("Age"), -0.02, 28, 81),
        NomogramTerm("dlr", msg("DLR signature"), 1.4, -3.2, 2.9),
    ),
)
GEOMETRY = build_nomogram(MODEL)
PATIENT = {"pr": 1.0, "age_years": 52.0, "dlr": 0.8}


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_the_same_nomogram_gives_the_same_bytes(kind: str) -> None:
    first = nomogram_picture(GEOMETRY, PATIENT, kind=kind)
    assert first == nomogram_picture(GEOMETRY, PATIENT, kind=kind)


def test_each_kind_is_the_file_it_says() -> None:
    assert b"<svg" in nomogram_picture(GEOMETRY)
    assert nomogram_picture(GEOMETRY, kind="pdf").startswith(b"%PDF")
    assert nomogram_picture(GEOMETRY, kind="png").startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_no_clock_time_is_written(kind: str) -> None:
    text = nomogram_picture(GEOMETRY, kind=kind)
    assert b"CreationDate" not in text
    assert b"dc:date" not in text


def test_a_patient_is_marked_in_vermilion() -> None:
    def vermilion(png: bytes) -> int:
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
        return int((np.abs(pixels - [0xD5, 0x5E, 0x00]).sum(axis=2) < 30).sum())

    assert vermilion(nomogram_picture(GEOMETRY, kind="png")) == 0
    assert vermilion(nomogram_picture(GEOMETRY, PATIENT, kind="png")) > 400


def test_a_patient_outside_the_training_limits_is_clipped_and_told() -> None:
    outside = nomogram_picture(GEOMETRY, {**PATIENT, "dlr": 9.0}, kind="png")
    at_limit = nomogram_picture(GEOMETRY, {**PATIENT, "dlr": 3.0}, kind="png")
    assert outside != at_limit


def test_local_prevalence_moves_the_probability_axis() -> None:
    assert nomogram_picture(GEOMETRY, kind="png") != nomogram_picture(
        GEOMETRY, shift=-1.0, kind="png"
    )


def test_ticks_are_drawn_where_the_geometry_says() -> None:
    positions = tick_positions(GEOMETRY)
    assert max(p for ticks in positions.values() for p in ticks) == pytest.approx(1)
    for axis in GEOMETRY.axes:
        assert positions[axis.term.name] == pytest.approx([p / 100 for _, p in axis.ticks])


def test_a_model_beyond_all_round_probabilities_still_draws() -> None:
    certain = NomogramModel(60.0, (NomogramTerm("dlr", msg("DLR"), 0.001, 0, 1),))
    assert build_nomogram(certain).probability_ticks == ()
    assert nomogram_picture(build_nomogram(certain), {"dlr": 0.4}, kind="png")
