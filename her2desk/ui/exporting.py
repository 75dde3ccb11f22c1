"""Writing what the window shows to files; figures and reports are loaded only when asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.nomogram import NomogramGeometry
from her2desk.domain.prediction import Prediction
from her2desk.errors import InputRefused, unwritable
from her2desk.texts import msg
from her2desk.ui.readings import nomogram_shift

if TYPE_CHECKING:
    from her2desk.inference.nomograms import CaseNomogram
    from her2desk.packs.pack import Pack

KINDS: Mapping[str, Literal["svg", "pdf", "png"]] = {".svg": "svg", ".pdf": "pdf", ".png": "png"}


@dataclass(frozen=True)
class Pages:
    """A report as one HTML file, and its pictures as PNG files by name."""

    html: str
    pictures: Mapping[str, bytes]


def write_nomogram(
    path: Path, nomogram: "CaseNomogram", tried: Mapping[str, float] | None, shift: float
) -> None:
    """Write a case's nomogram as SVG, PDF or PNG, by the file's ending; ``tried`` beside the patient.

    Raises ``InputRefused`` for another ending or a place that cannot be written, or where the
    nomogram cannot be drawn.
    """
    from her2desk.figures.nomogram import nomogram_picture

    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputRefused(
            msg("A nomogram cannot be saved as {kind!r}.", kind=path.suffix),
            msg("Choose a name that ends in .svg, .pdf or .png."),
            code="picture-kind",
        )
    geometry = _drawable(nomogram)
    content = nomogram_picture(geometry, nomogram.values, tried=tried, shift=shift, kind=kind)
    _write(path, content)


def bedside_picture(
    nomogram: "CaseNomogram",
    prediction: Prediction,
    date: str,
    *,
    with_patient: bool = False,
    tried: Mapping[str, float] | None = None,
    kind: Literal["pdf", "png"] = "pdf",
) -> bytes:
    """The page to print of a nomogram, at the prevalence on screen.

    ``date`` is printed as it is given. Without ``with_patient`` nobody is on it. Raises
    ``InputRefused`` where the nomogram cannot be drawn.
    """
    from her2desk.figures.bedside import PageFacts, bedside_page

    facts = PageFacts(nomogram.name, prediction.pack, date, prediction.readout.prevalence)
    return bedside_page(
        _drawable(nomogram),
        facts,
        nomogram.values if with_patient else None,
        tried=tried if with_patient else None,
        shift=nomogram_shift(prediction),
        kind=kind,
    )


def write_bedside(path: Path, content: bytes) -> None:
    """Write the page; raises ``InputRefused`` where the place cannot be written."""
    _write(path, content)


def _drawable(nomogram: "CaseNomogram") -> NomogramGeometry:
    if nomogram.geometry is None:
        raise InputRefused(
            nomogram.obstacle or msg("This model has no nomogram."), code="nomogram-empty"
        )
    return nomogram.geometry


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise unwritable(path) from error


def report_pages(
    prediction: Prediction,
    image: UltrasoundImage,
    pixels: NDArray[np.uint8],
    pack: "Pack",
    reader: str,
) -> Pages:
    """The report of a case that no library keeps, with all its pictures.

    ``pixels`` are the ROI's frame, uint8, grey or RGB.
    """
    from her2desk.reports.case_report import CaseFacts, build_content, case_pictures
    from her2desk.reports.html import render_html
    from her2desk.reports.report_options import ReportOptions

    pictures = case_pictures(prediction, pixels, pack, ReportOptions(heatmap=True))
    content = build_content(prediction, image, pack, pictures, CaseFacts(reader=reader))
    named = {
        "frame.png": pictures.frame,
        "nomogram.png": pictures.nomogram,
        "heatmap.png": pictures.heatmap,
    }
    return Pages(
        render_html(content),
        {name: picture.png for name, picture in named.items() if picture is not None},
    )
