"""The nomogram as a picture."""

import dataclasses
import io
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from her2desk.domain.nomogram import NomogramModel, NomogramTerm
from her2desk.domain.prediction import PackIdentity
from her2desk.figures.bedside import PageFacts, bedside_page
from her2desk.figures.nomogram import nomogram_picture, tick_positions
from her2desk.stats.nomogram import build_nomogram
from her2desk.texts import Message, msg

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


def texts_of(monkeypatch: pytest.MonkeyPatch, draw: Callable[[], bytes]) -> list[str]:
    """All words that a picture is drawn with."""
    said: list[str] = []
    plain = Axes.text

    def text(self: Axes, x: float, y: float, s: str, *args: Any, **kwargs: Any) -> Any:
        said.append(s)
        return plain(self, x, y, s, *args, **kwargs)

    monkeypatch.setattr(Axes, "text", text)
    draw()
    monkeypatch.undo()
    return said


def test_a_patient_outside_the_training_limits_is_clipped_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The marker stands at the limit; the total and the probability are of the true value."""
    outside = {**PATIENT, "dlr": 9.0}
    said = texts_of(monkeypatch, lambda: nomogram_picture(GEOMETRY, outside, kind="png"))
    assert any(text.endswith("points\noutside training") for text in said)
    total = GEOMETRY.total_points(outside)
    assert f"{total:.1f} points" in said
    assert ">0.99" in said


def test_the_interval_is_written_and_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    covariance = tuple(tuple(0.09 if i == j == 0 else 0.0 for j in range(4)) for i in range(4))
    geometry = build_nomogram(dataclasses.replace(MODEL, covariance=covariance))
    said = texts_of(monkeypatch, lambda: nomogram_picture(geometry, PATIENT, kind="png"))
    logit = -1.2 - 1.07 - 0.02 * 52 + 1.4 * 0.8
    p, lower, upper = (1 / (1 + math.exp(-logit - d * 1.96 * 0.3)) for d in (0, -1, 1))
    assert f"{p:.2f} ({lower:.2f}–{upper:.2f})" in said
    assert nomogram_picture(geometry, PATIENT) != nomogram_picture(GEOMETRY, PATIENT)


def test_what_is_tried_stands_beside_the_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = {**PATIENT, "pr": 0.0}
    said = texts_of(
        monkeypatch, lambda: nomogram_picture(GEOMETRY, PATIENT, tried=tried, kind="png")
    )
    assert {"This patient", "What if"} <= set(said)
    totals = [f"{GEOMETRY.total_points(v):.1f} points" for v in (PATIENT, tried)]
    assert set(totals) <= set(said)
    age = f"{GEOMETRY.axes[1].points_at(52):.1f} points"
    assert said.count(age) == 1  # what is the same is not drawn twice


def test_levels_are_all_named_even_where_they_have_the_same_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = tuple(Message(f"level {letter} of this category") for letter in "abcd")
    term = NomogramTerm.categorical("g", msg("Group"), names, (0.0, 1.0, 1.0, 0.99))
    geometry = build_nomogram(NomogramModel(0.1, (term,)))
    said = texts_of(monkeypatch, lambda: nomogram_picture(geometry, {"g": 2.0}, kind="png"))
    assert {name.text() for name in names} <= set(said)


PAGE = PageFacts("PR + DLR score", PackIdentity("Ward pack", "2.1", "0f1e2d3c4b5a6978" * 4, False),
                 "2026-03-01", 0.2)  # fmt: skip


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_the_page_to_print_is_the_same_for_the_same_facts(kind: str) -> None:
    page = bedside_page(GEOMETRY, PAGE, shift=-0.5, kind=kind)
    assert page == bedside_page(GEOMETRY, PAGE, shift=-0.5, kind=kind)
    other = dataclasses.replace(PAGE, date="2026-03-02")
    assert page != bedside_page(GEOMETRY, other, shift=-0.5, kind=kind)
    assert b"CreationDate" not in page


def test_the_page_to_print_is_one_a4_page_on_its_side() -> None:
    page = bedside_page(GEOMETRY, PAGE)
    box = re.search(rb"/MediaBox \[ ?0 0 ([0-9.]+) ([0-9.]+) ?\]", page)
    assert box is not None
    assert [float(n) for n in box.groups()] == pytest.approx([842, 595], abs=1)
    assert page.count(b"/Type /Page ") + page.count(b"/Type /Page\n") == 1


def test_the_page_names_its_pack_and_has_a_patient_only_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    empty = texts_of(monkeypatch, lambda: bedside_page(GEOMETRY, PAGE))
    words = " ".join(empty)
    assert "Nomogram: PR + DLR score" in words
    assert "Model pack Ward pack 2.1, digest 0f1e2d3c4b5a, printed 2026-03-01." in words
    assert "for a place where 20 % of such patients are HER-2 positive" in words
    assert "Research use: an adjunct to, never a replacement for, IHC and FISH." in words
    assert "A demo" not in words
    assert not any("points" in text for text in empty if text[0].isdigit())
    demo = dataclasses.replace(PAGE, pack=dataclasses.replace(PAGE.pack, demo=True))
    asked = texts_of(monkeypatch, lambda: bedside_page(GEOMETRY, demo, PATIENT))
    assert "This patient" in asked
    assert any("A demo: not for patients." in text for text in asked)


@pytest.mark.parametrize("axes", [1, 8])
def test_the_page_has_room_for_one_axis_and_for_eight(axes: int) -> None:
    name = "A variable with a name that goes on for much longer than any column is wide"
    terms = tuple(
        NomogramTerm(f"x{n}", Message(f"{n}. {name}"), (-1) ** n * (n + 1) / 9, -n - 1, n + 2)
        for n in range(axes)
    )
    geometry = build_nomogram(NomogramModel(-0.3, terms))
    page = bedside_page(geometry, PAGE, {t.name: 0.0 for t in terms}, kind="png")
    pixels = np.asarray(Image.open(io.BytesIO(page)).convert("L"))
    edge = np.concatenate([pixels[:20].ravel(), pixels[-20:].ravel(), pixels[:, -20:].ravel()])
    assert edge.min() == 255  # nothing reaches the paper's edge


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
