"""What colours tell is told to people whose cones differ too, and never by colour alone."""

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QIcon, QImage, QPainter
from PySide6.QtWidgets import QApplication

from benchmarks.colour_vision import MATRICES, apart, as_seen
from her2desk.domain.counts import Call
from her2desk.ui.canvas import overlay, overlay_marks
from her2desk.ui.canvas.heat_colours import VIRIDIS
from her2desk.ui.import_icons import status_icon
from her2desk.ui.import_model import NOTICES
from her2desk.ui.import_rows import DUPLICATE, IMPORTED, REFUSED, SKIPPED
from her2desk.ui.panels.call_card import CallCard
from her2desk.ui.readers.outlines_view import LINES
from her2desk.ui.theme import DARK, LIGHT, Palette, apply_theme
from her2desk.ui.widgets.glyph import Glyph
from tests.ui import panel_samples as samples
from tests.ui.usability import contrast, pixels

CLEARLY = 10.0  # ΔE2000: told apart at a glance, without both side by side
CONES = ("usual", "protan", "deutan", "tritan")  # without any, lightness and shape have to do
ALL_BECAME = (IMPORTED, NOTICES, DUPLICATE, SKIPPED, REFUSED)
MEANINGS = (
    ("positive", "negative"),
    ("positive", "text_muted"),  # an answer without a call is grey
    ("negative", "text_muted"),
    ("accent", "what_if"),  # the patient's markers and those that are tried
)


def grey(image: QImage) -> np.ndarray:
    return as_seen(pixels(image), "achromat")[..., 0]


def test_the_simulation_keeps_grey_and_takes_red_from_green() -> None:
    for vision in MATRICES:
        assert as_seen(np.array([[128, 128, 128]], np.uint8), vision) == pytest.approx(128, abs=1)
    assert apart("#ff0000", "#00ff00", "usual") > 80
    assert apart("#b07000", "#748b00", "deutan") < apart("#b07000", "#748b00", "usual") / 2
    assert apart("#808080", "#808080", "protan") == 0


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
@pytest.mark.parametrize("vision", CONES)
@pytest.mark.parametrize("pair", MEANINGS, ids="-".join)
def test_colours_that_mean_something_are_told_apart(
    palette: Palette, vision: str, pair: tuple[str, str]
) -> None:
    assert apart(getattr(palette, pair[0]), getattr(palette, pair[1]), vision) >= CLEARLY


@pytest.mark.parametrize("vision", CONES)
def test_lines_over_the_picture_are_told_apart(vision: str) -> None:
    own = DARK.roi
    for ink in (overlay_marks.RULER_INK.name(), overlay_marks.PROPOSAL_INK.name()):
        assert apart(own, ink, vision) >= CLEARLY
    for one, other in combinations(LINES, 2):
        assert apart(one.colour, other.colour, vision) >= CLEARLY


@pytest.mark.parametrize("vision", list(MATRICES))
def test_more_heat_is_lighter_for_everybody(vision: str) -> None:
    seen = as_seen(np.asarray([VIRIDIS], np.uint8), vision)[0].astype(float)
    lightness = seen @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > 0).all()


# Not by colour alone


def test_readers_have_dashes_of_their_own() -> None:
    assert len({(line.style, line.dashes) for line in LINES}) == len(LINES)


def test_calls_have_shapes_of_their_own(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    kinds, words = set(), set()
    for call in Call:
        card = CallCard()
        card.show_readout(samples.make_readout(call), None)
        kinds.add(card.findChild(Glyph).kind())
        words.add(card.call.text())
    assert len(kinds) == len(words) == len(Call)


def test_glyphs_are_told_apart_without_colour(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    shapes = []
    for kind in ("positive", "negative", "indeterminate", "note", "warning", "grave"):
        glyph = Glyph(kind)
        glyph.resize(16, 16)
        picture = grey(glyph.grab().toImage())
        shapes.append(np.abs(picture.astype(int) - int(picture[0, 0])) > 30)
    for one, other in combinations(shapes, 2):
        assert (one != other).sum() >= 8, "a few pixels are no other shape"


def test_what_became_of_a_file_has_a_shape(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    shapes = [_icon(status_icon(status, DARK)) for status in ALL_BECAME]
    for one, other in combinations(shapes, 2):
        assert (np.abs(one.astype(int) - other) > 30).sum() >= 8


def _icon(icon: QIcon) -> np.ndarray:
    image = QImage(32, 32, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    icon.paint(painter, image.rect())
    painter.end()
    return grey(image)


# Words and lines over whatever the picture shows


@pytest.mark.parametrize("tissue", ["#000000", "#808080", "#ffffff"])
def test_words_on_the_picture_have_a_ground_of_their_own(qapp: QApplication, tissue: str) -> None:
    image = QImage(200, 40, QImage.Format.Format_RGB32)
    image.fill(QColor(tissue))
    painter = QPainter(image)
    overlay.paint_words(painter, "Heatmap, relative", QPointF(12, 26))
    painter.end()
    halo = QColor(overlay.HALO)
    share = halo.alphaF()
    ground = [share * dark + (1 - share) * light for dark, light in zip(
        halo.getRgb()[:3], QColor(tissue).getRgb()[:3], strict=True)]  # fmt: skip
    ink = np.array([[overlay.INK.getRgb()[:3], ground, ground]])
    assert contrast(np.round(ink).astype(np.uint8)) >= 4.5
    assert not image.isNull()
    assert len(np.unique(pixels(image).reshape(-1, 3), axis=0)) > 2, "words were painted"


@pytest.mark.parametrize(
    "ink", [QColor(DARK.roi), overlay_marks.RULER_INK, overlay_marks.PROPOSAL_INK, overlay.INK]
)
def test_lines_on_the_picture_stand_out_from_their_halo(ink: QColor) -> None:
    black = overlay.OUTLINE_HALO
    pair = np.array([[black.getRgb()[:3], black.getRgb()[:3], ink.getRgb()[:3]]], np.uint8)
    assert contrast(pair) >= 3


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
@pytest.mark.parametrize("ground", ["window", "surface", "surface_raised"])
@pytest.mark.parametrize("token", ["edge", "focus", "accent", "positive", "negative", "what_if"])
def test_what_is_no_text_stands_out_three_times(palette: Palette, ground: str, token: str) -> None:
    """WCAG 2.1, 1.4.11: outlines of inputs, the focus, bars and markers."""
    colours = [QColor(getattr(palette, name)).getRgb()[:3] for name in (ground, ground, token)]
    assert contrast(np.array([colours], np.uint8)) >= 3
