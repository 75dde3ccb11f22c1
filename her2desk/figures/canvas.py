"""What all pictures share: one look, and the same bytes for the same content."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure

from her2desk.paths import assets_dir

PictureKind = Literal["png", "svg", "pdf"]

# Okabe & Ito's colours: told apart by people of every colour vision
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
BLUE = "#0072B2"
VERMILION = "#D55E00"
INK = "#1A1A1A"
MUTED = "#5F6B76"
HEAT_COLOURS = "viridis"
DPI = 200
BOLD = 700

_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": "Her2Desk"},
    "svg": {"Creator": "Her2Desk", "Date": None},
    "pdf": {"Creator": "Her2Desk", "Producer": "Her2Desk", "CreationDate": None},
}


@contextmanager
def look() -> Iterator[None]:
    """The settings of every picture, whatever the user's own matplotlib files say."""
    settings: dict[Any, Any] = {
        "font.family": ["DejaVu Sans", *_bundled_fonts()],
        "font.size": 8,
        "text.color": INK,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.linewidth": 0.8,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "text.parse_math": False,  # a "$" in a name is a dollar sign
        "svg.hashsalt": "her2desk",
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
        "image.cmap": HEAT_COLOURS,
    }
    with rc_context(settings):
        yield


def written(figure: Figure, kind: PictureKind) -> bytes:
    """The figure as a file's bytes, without clock time or random identifiers."""
    target = io.BytesIO()
    figure.savefig(target, format=kind, dpi=DPI, metadata=_METADATA[kind])
    return target.getvalue()


@lru_cache(maxsize=1)
def _bundled_fonts() -> tuple[str, ...]:
    """Names of the fonts that ship with the program, for what DejaVu lacks (Chinese)."""
    fonts, names = font_manager.fontManager, []
    for path in sorted((assets_dir() / "fonts").glob("*.ttf")):
        fonts.addfont(path)
        names.append(font_manager.FontProperties(fname=path).get_name())
        # The one weight there is stands in for bold too: else each bold word warns that it is missing.
        fonts.ttflist.append(replace(fonts.ttflist[-1], weight=BOLD))
    return tuple(names)
