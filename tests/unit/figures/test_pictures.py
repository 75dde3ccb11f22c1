"""Pictures of a case: what they show, and that the same content gives the same bytes."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from her2desk.domain.image import Spacing, SpacingSource
from her2desk.domain.prediction import Heatmap
from her2desk.domain.roi import Box
from her2desk.figures import canvas
from her2desk.figures.case import frame_png
from her2desk.figures.frame import spacing_sentence
from her2desk.figures.heatmap import blended, heatmap_overlay_png, share_sentence
from her2desk.texts import msg

FRAME = np.random.default_rng(1).integers(0, 255, (120, 160), dtype=np.uint8)
OUTLINE = ((40.0, 40.0), (100.0, 40.0), (100.0, 80.0), (40.0, 80.0))
HEATMAP = Heatmap(np.eye(4, dtype=np.float32), Box(30, 30, 110, 90), 0.71)
SPACING = Spacing((0.1, 0.1), SpacingSource.ULTRASOUND_REGION, 0, 1)


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize("frame", [FRAME, np.dstack([FRAME] * 3)], ids=["grey", "colour"])
@pytest.mark.parametrize("spacing", [None, SPACING], ids=["uncalibrated", "calibrated"])
def test_the_same_case_gives_the_same_picture(frame: np.ndarray, spacing: Spacing | None) -> None:
    first = heatmap_overlay_png(frame, OUTLINE, HEATMAP, spacing=spacing)
    assert first == heatmap_overlay_png(frame, OUTLINE, HEATMAP, spacing=spacing)
    assert opened(first).std() > 10


def test_pictures_come_without_any_keyword() -> None:
    assert frame_png(FRAME, OUTLINE)[:4] == b"\x89PNG"
    assert heatmap_overlay_png(FRAME, OUTLINE, HEATMAP)[:4] == b"\x89PNG"


def test_a_title_and_a_scale_bar_change_the_picture() -> None:
    plain = frame_png(FRAME, OUTLINE)
    assert frame_png(FRAME, OUTLINE, spacing=SPACING) != plain
    assert opened(frame_png(FRAME, OUTLINE, title=msg("Case 7"))).shape[0] > opened(plain).shape[0]


def test_a_picture_too_small_for_any_bar_has_none() -> None:
    coarse = Spacing((0.001, 0.001), SpacingSource.PIXEL_SPACING)
    assert "PixelSpacing" in spacing_sentence(coarse).text()
    assert frame_png(FRAME, OUTLINE, spacing=coarse)[:4] == b"\x89PNG"


def test_pixels_that_are_not_square_are_drawn_in_their_true_shape() -> None:
    tall = Spacing((0.2, 0.1), SpacingSource.ULTRASOUND_REGION, 0, 1)
    square, stretched = (opened(frame_png(FRAME, OUTLINE, spacing=s)) for s in (SPACING, tall))
    assert stretched.shape[0] > 1.7 * square.shape[0]


def test_the_heatmap_changes_its_crop_and_nothing_else() -> None:
    rgb = np.dstack([FRAME] * 3)
    answer = blended(rgb, HEATMAP)
    changed = (answer != rgb).any(axis=2)
    outside = np.ones_like(changed)
    outside[30:90, 30:110] = False
    assert not changed[outside].any()
    assert changed[30:90, 30:110].mean() > 0.9


def test_a_crop_at_the_images_edge_is_drawn() -> None:
    whole = replace(HEATMAP, crop=Box(0, 0, 160, 120))
    assert blended(np.dstack([FRAME] * 3), whole).shape == (120, 160, 3)


def test_the_share_of_heat_is_said() -> None:
    assert share_sentence(HEATMAP).text() == "71 % of the heat lies inside the outline."
    empty = replace(HEATMAP, share_in_roi=None)
    assert "empty" in share_sentence(empty).text()


@pytest.mark.parametrize(
    ("spacing", "said"),
    [
        (None, "Spacing not known"),
        (Spacing(None, SpacingSource.UNKNOWN), "Spacing not known"),
        (SPACING, "0.100 × 0.100 mm/px, from the DICOM ultrasound region"),
        (
            Spacing((0.1, 0.2), SpacingSource.PIXEL_SPACING),
            "0.100 × 0.200 mm/px, from PixelSpacing",
        ),
    ],
)
def test_the_spacing_is_said_with_its_source(spacing: Spacing | None, said: str) -> None:
    assert spacing_sentence(spacing).text() == said


def test_fonts_that_ship_with_the_program_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib import font_manager, rcParams

    folder = tmp_path / "fonts"
    folder.mkdir()
    source = Path(font_manager.findfont("DejaVu Serif"))
    (folder / "a.ttf").write_bytes(source.read_bytes())
    monkeypatch.setattr(canvas, "assets_dir", lambda: tmp_path)
    canvas._bundled_fonts.cache_clear()
    try:
        with canvas.look():
            assert rcParams["font.family"] == ["DejaVu Sans", "DejaVu Serif"]
    finally:
        canvas._bundled_fonts.cache_clear()


def test_pictures_need_neither_a_window_nor_pyplot() -> None:
    code = (
        "import sys, her2desk.figures.heatmap, her2desk.figures.nomogram, her2desk.figures.case\n"
        "print([m for m in ('matplotlib.pyplot', 'PySide6', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
