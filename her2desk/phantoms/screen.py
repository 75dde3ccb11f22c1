"""The scanner's screen around the picture: dark, with a depth ruler, a grey bar and the focus mark.

It carries no name and no date, as nothing that identifies a person may be burned in.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from her2desk.phantoms.scanner import Scanner

INK = 150
FAINT_INK = 90
TICK_MM = 5.0


def on_screen(picture: NDArray[np.uint8], scanner: Scanner, focus_mm: float) -> NDArray[np.uint8]:
    """The picture at its place on the scanner's screen, uint8 of shape (rows, columns)."""
    screen = Image.new("L", (scanner.columns, scanner.rows), 0)
    screen.paste(Image.fromarray(picture), (scanner.picture_left, scanner.picture_top))
    draw = ImageDraw.Draw(screen)
    # Pillow's own bitmap font: the same pixels on every machine.
    font = ImageFont.load_default_imagefont()
    right = scanner.picture_left + scanner.picture_columns
    _draw_ruler(draw, font, scanner, right)
    focus = scanner.picture_top + round(focus_mm / scanner.spacing_mm)
    draw.polygon([(right + 4, focus), (right + 9, focus - 4), (right + 9, focus + 4)], fill=INK)
    _draw_grey_bar(draw, scanner)
    draw.text((scanner.picture_left, 4), "SIMULATED PHANTOM", fill=FAINT_INK, font=font)
    label = f"L {scanner.frequency_mhz:.0f} MHz"
    draw.text((right - 6 * len(label), 4), label, fill=FAINT_INK, font=font)
    return np.asarray(screen, np.uint8).copy()


def _draw_ruler(
    draw: ImageDraw.ImageDraw, font: ImageFont.ImageFont, scanner: Scanner, right: int
) -> None:
    """Ticks every 5 mm and centimetre numbers, to the right of the picture."""
    for tick in range(int(scanner.depth_mm / TICK_MM) + 1):
        row = scanner.picture_top + round(tick * TICK_MM / scanner.spacing_mm)
        is_centimetre = tick % 2 == 0
        draw.line([(right + 12, row), (right + (20 if is_centimetre else 16), row)], fill=INK)
        if is_centimetre and tick:
            draw.text((right + 24, row - 6), str(tick // 2), fill=INK, font=font)


def _draw_grey_bar(draw: ImageDraw.ImageDraw, scanner: Scanner) -> None:
    """The grey scale, white on top, left of the picture."""
    height = 128
    for step in range(height):
        grey = 255 - 2 * step
        row = scanner.picture_top + step
        draw.line([(12, row), (20, row)], fill=grey)
