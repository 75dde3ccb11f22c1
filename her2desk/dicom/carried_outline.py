"""The drawn polygon beside the pixels of a mask that Her2Desk wrote.

A mask keeps pixels, so an outline read from it is only near the one drawn, and which network first
proposed it is lost. Our own masks therefore carry the ROI's JSON; it is believed only where it fills
exactly the pixels that the mask marks, so that an edited mask is read as edited.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import MIN_POINTS, Roi, roi_from_raw
from her2desk.radiomics.mask import rasterise

PNG_KEYWORD = "her2desk-roi"
PRIVATE_CREATOR = "HER2DESK"
PRIVATE_GROUP = 0x0077
MAX_TEXT = 900_000  # characters: 20,000 points fit, and the text fits where NIfTI's reader looks


def carried_text(rois: Sequence[Roi]) -> str:
    """The ROIs as ASCII; empty where they are too long to be carried."""
    text = json.dumps([roi.to_json() for roi in rois], separators=(",", ":"))
    return text if len(text) <= MAX_TEXT else ""


def carried_rois(text: str) -> tuple[Roi, ...]:
    """The ROIs of ``carried_text``; none where the text is anything else."""
    if not text or len(text) > MAX_TEXT:
        return ()
    try:
        return tuple(roi_from_raw(raw) for raw in json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return ()


def carried_on(rois: Sequence[Roi], frame_index: int) -> Roi | None:
    """The ROI of a frame."""
    return next((roi for roi in rois if roi.frame_index == frame_index), None)


def drawn_as(roi: Roi, frame_index: int, mask: NDArray[np.bool_]) -> Roi | None:
    """``roi`` on ``frame_index`` where it fills exactly ``mask`` (rows, columns); else None."""
    rows, columns = mask.shape
    inside = all(0 <= x <= columns and 0 <= y <= rows for x, y in roi.polygon)
    if not inside or len(roi.polygon) < MIN_POINTS:
        return None
    is_same = np.array_equal(rasterise(roi.polygon, rows, columns), mask)
    return replace(roi, frame_index=frame_index) if is_same else None
