"""Writes how result, heatmap and nomogram look to people whose cones differ, in both themes.

Run: PYTHONPATH=. QT_QPA_PLATFORM=offscreen python docs/make_colour_vision.py docs/images
"""

import argparse
import io
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.colour_vision import MATRICES, as_seen
from her2desk.settings import Settings
from her2desk.ui.app import make_application
from her2desk.ui.rehearsal import Rehearsal, demo_roi
from her2desk.ui.theme import colours

SIZE = (1440, 900)
HEIGHT = 250  # of one row of the sheet
HEADING, GAP = 20, 6
SETTLING = 12
QUALITY = 58
THEMES = ("dark", "light")


def main() -> int:
    """Make the sheet; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    make_application(Settings(theme="dark"))
    with tempfile.TemporaryDirectory() as home:
        rehearsal = Rehearsal(Path(home), Settings(theme="dark", device="cpu"))
        try:
            parts = _parts(rehearsal)
        finally:
            rehearsal.close()
    path = folder / "colour-vision.webp"
    _sheet(parts).save(path, quality=QUALITY, method=6)
    sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} kB\n")
    return 0


def _parts(rehearsal: Rehearsal) -> dict[str, list[Image.Image]]:
    """Result, heatmap and nomogram of the demo case, by theme."""
    window = rehearsal.window
    rehearsal.show(*SIZE)
    rehearsal.start()
    rehearsal.open_case()
    rehearsal.fill_in()
    rehearsal.draw()
    rehearsal.answer()
    rehearsal.band()
    window.workspace.set_heatmap_visible(True)
    found = {}
    for theme in THEMES:
        if colours().name != theme:
            window.preferences.toggle_theme()
        window.tabs.setCurrentWidget(window.clinical)
        result = _grabbed(window.result, QRect(0, 0, window.result.width(), 300))
        view = window.workspace.view
        left = round(view.transform.to_view(demo_roi().bounds()[:2]).x()) - 40
        heat = _grabbed(view, QRect(left, 60, view.width() - left, 470))
        window.tabs.setCurrentWidget(window.nomogram)
        canvas = window.nomogram.canvas
        canvas.setFocus()
        for key in ("Home", "Right", "Right"):
            QTest.keySequence(canvas, key)
        nomogram = _grabbed(canvas, canvas.rect())
        is_same = theme == "light"  # the picture is dark in both
        found[theme] = [result, nomogram] if is_same else [heat, result, nomogram]
        canvas.reset()
    return found


def _grabbed(widget: QWidget, place: QRect) -> Image.Image:
    for _ in range(SETTLING):
        QApplication.processEvents()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab(place.translated(QPoint())).save(buffer, "PNG")
    picture = Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")
    across = round(picture.width * HEIGHT / picture.height)
    return picture.resize((across, HEIGHT), Image.Resampling.LANCZOS)


def _sheet(parts: dict[str, list[Image.Image]]) -> Image.Image:
    """A row for each vision, the themes beside each other."""
    widths = [part.width for theme in THEMES for part in parts[theme]]
    row = HEADING + HEIGHT + GAP
    sheet = Image.new(
        "RGB", (sum(widths) + GAP * (len(widths) + 1), row * len(MATRICES)), "#808080"
    )
    pen = ImageDraw.Draw(sheet)
    for line, vision in enumerate(MATRICES):
        x = GAP
        pen.text((x, line * row + 3), vision, fill="white", font_size=14)
        for part in (one for theme in THEMES for one in parts[theme]):
            seen = as_seen(np.asarray(part), vision)
            sheet.paste(Image.fromarray(seen), (x, line * row + HEADING))
            x += part.width + GAP
    return sheet


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("QT_SCALE_FACTOR", "1")
    sys.exit(main())
