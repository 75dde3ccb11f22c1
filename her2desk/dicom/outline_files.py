"""Writing outlines in every form that ``outline`` reads: ROI JSON, PNG, NIfTI and DICOM SEG."""

import io
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.carried_outline import PNG_KEYWORD, carried_text
from her2desk.dicom.nifti_file import nifti_bytes
from her2desk.dicom.segmentation_file import segmentation_bytes
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused, unwritable
from her2desk.radiomics.mask import rasterise
from her2desk.texts import msg

Masks = list[NDArray[np.bool_]]


class OutlineFormat(StrEnum):
    """What an outline's file is."""

    JSON = "json"
    PNG = "png"
    NIFTI = "nifti"
    SEG = "dicom-seg"

    @property
    def holds_several_frames(self) -> bool:
        """Whether one file can hold the outlines of several frames of a cine."""
        return self in (OutlineFormat.NIFTI, OutlineFormat.SEG)


SUFFIXES = {
    ".json": OutlineFormat.JSON,
    ".png": OutlineFormat.PNG,
    ".nii": OutlineFormat.NIFTI,
    ".nii.gz": OutlineFormat.NIFTI,
    ".dcm": OutlineFormat.SEG,
}


@dataclass(frozen=True)
class WrittenOutlines:
    """A file that was written, and the ROIs in it in order of frame."""

    path: Path
    format: OutlineFormat
    rois: tuple[Roi, ...]

    def to_json(self) -> dict[str, Any]:
        """The document of scripts; the figures beside ``outlines`` are those of the largest."""
        largest = max(self.rois, key=lambda roi: roi.area_px)
        return {
            "written": str(self.path),
            "format": self.format.value,
            **_figures(largest),
            "outlines": [_figures(roi) for roi in self.rois],
        }


def format_of(path: Path) -> OutlineFormat:
    """The format that a file's name stands for; raises ``InputRefused`` (``outline-format``)."""
    name = path.name.lower()
    found = next((kind for suffix, kind in SUFFIXES.items() if name.endswith(suffix)), None)
    if found is None:
        raise InputRefused(
            msg("{name} names no form of outline that Her2Desk writes.", name=path.name),
            msg("End the name in .json, .png, .nii.gz or .dcm."),
            code="outline-format",
        )
    return found


def write_outline(
    path: Path,
    rois: Sequence[Roi],
    image: UltrasoundImage,
    *,
    source: Path | None = None,
    format: OutlineFormat | None = None,  # noqa: A002 - the word that users know
    reader: str = "",
    overwrite: bool = False,
    when: datetime | None = None,
) -> WrittenOutlines:
    """Write ``rois``, at most one a frame, of ``image`` to ``path``, whole or not at all.

    ``format`` None is the one that the name stands for. ``source`` is the image's own file, which a
    DICOM SEG repeats patient and study of; ``reader`` becomes a SEG's creator and ``when`` its date,
    None for now. A mask marks the pixels whose centre lies inside, and carries the polygon, so that
    ``outline_from_file`` gives the same ROI back. Raises ``InputRefused``: ``outline-format``,
    ``outline-exists``, ``no-outline``, ``frame-needed`` where the format holds one frame, what
    ``Roi.check``, ``segmentation_bytes`` and ``nifti_bytes`` raise, ``mask-empty`` and
    ``unwritable``.
    """
    kind = format or format_of(path)
    chosen = tuple(sorted(rois, key=lambda roi: roi.frame_index))
    _check(chosen, kind, image)
    _check_free(path, overwrite)
    if kind is OutlineFormat.JSON:
        content = (json.dumps(chosen[0].to_json()) + "\n").encode()
    else:
        masks = [_filled(roi, image) for roi in chosen]
        made = when or datetime.now(UTC)
        content = _mask_file(kind, path, masks, chosen, image, source, reader, made)
    _write_whole(path, content, lambda: _check_free(path, overwrite))
    return WrittenOutlines(path, kind, chosen)


def _mask_file(
    kind: OutlineFormat,
    path: Path,
    masks: Masks,
    rois: Sequence[Roi],
    image: UltrasoundImage,
    source: Path | None,
    reader: str,
    when: datetime,
) -> bytes:
    if kind is OutlineFormat.PNG:
        return _png(masks[0], rois)
    if kind is OutlineFormat.NIFTI:
        return nifti_bytes(masks, rois, image, packed=not path.name.lower().endswith(".nii"))
    return segmentation_bytes(masks, rois, image, source, reader, when=when)


def _check(rois: Sequence[Roi], kind: OutlineFormat, image: UltrasoundImage) -> None:
    if not rois:
        raise InputRefused(
            msg("There is no outline to write."), msg("Draw one first."), code="no-outline"
        )
    if len({roi.frame_index for roi in rois}) < len(rois):
        raise ValueError("two outlines of one frame")
    if len(rois) > 1 and not kind.holds_several_frames:
        raise InputRefused(
            msg("This form of file holds the outline of one frame; there are {n}.", n=len(rois)),
            msg("Say which frame is meant, or write NIfTI or DICOM SEG."),
            code="frame-needed",
        )
    for roi in rois:
        roi.check(image)


def _check_free(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise InputRefused(
            msg("{name} is there already.", name=path.name),
            msg("Choose another name, or allow it to be replaced."),
            code="outline-exists",
        )


def _filled(roi: Roi, image: UltrasoundImage) -> NDArray[np.bool_]:
    mask = rasterise(roi.polygon, image.rows, image.columns)
    if not mask.any():
        raise InputRefused(
            msg("The outline is so thin that it holds no pixel's centre."),
            msg("Draw a larger outline around the lesion."),
            code="mask-empty",
        )
    return mask


def _png(mask: NDArray[np.bool_], rois: Sequence[Roi]) -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    text = carried_text(rois)
    if text:
        about.add_text(PNG_KEYWORD, text)
    stream = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(stream, "PNG", pnginfo=about)
    return stream.getvalue()


def _write_whole(path: Path, content: bytes, check: Callable[[], None]) -> None:
    """All of ``content`` or nothing; ``check`` is asked once more before the name is taken."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            temporary.write_bytes(content)
            check()
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path) from error


def _figures(roi: Roi) -> dict[str, Any]:
    return {
        "frame_index": roi.frame_index,
        "points": len(roi.polygon),
        "area_px": round(roi.area_px, 3),
    }
