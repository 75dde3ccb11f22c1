"""An outline carried to another frame of a cine by what the pixels around it did.

From frame to frame the outline moves by an affine map: first a shift found by normalised correlation
(Lewis 1995), then all six values by Gauss and Newton's method from coarse to fine (Lucas & Kanade 1981;
Baker & Matthews 2004), gain and brightness left free.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.pixels import Frame, grey
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.domain.proposal import Proposal, ProposalOrigin
from her2desk.domain.roi import MIN_AREA_PX, Roi
from her2desk.errors import InputRefused
from her2desk.inference.assist.affine import correlation, fitted, shifted
from her2desk.inference.assist.contour import clipped
from her2desk.texts import Message, msg

MARGIN_SHARE = 0.2  # of the outline's longer side: what moves with it
SEARCH_SHARE = 0.25  # of the same: how far it may move from one frame to the next
SMALLEST_MARGIN_PX, SMALLEST_SEARCH_PX = 6, 12
# Neighbouring frames of real cines correlate by 0.71–1.00, frames of two lesions by at most 0.62.
POOR_MATCH = 0.80  # below it the reader is told
LOST_MATCH = 0.65  # below it the pixels say nothing of where the lesion went
LEAST_KEPT = 0.5  # of the outline's area inside the picture


def track(
    frame: Callable[[int], Frame], roi: Roi, to_frame: int, progress: Progress | None = None
) -> Proposal:
    """``roi`` on ``to_frame``, moved and deformed with the pixels; the frames between are looked at too.

    ``frame`` gives uint8 (rows, columns) or RGB by index, such as ``FrameSource.frame``. Where the
    pixels no longer match, the outline is copied as it was and the note says so.

    Raises
    ------
    InputRefused : ``track-left`` when the outline leaves the picture; what ``frame`` raises.
    Cancelled : ``progress`` asked to stop.
    """
    progress = progress or SilentProgress()
    step = 1 if to_frame > roi.frame_index else -1
    indices = range(roi.frame_index, to_frame + step, step)
    before = grey(frame(roi.frame_index))
    points = np.asarray(roi.polygon, np.float64)
    worst = 1.0
    for done, index in enumerate(indices[1:]):
        progress.step(done / len(indices), msg("Following the outline to frame {n}", n=index + 1))
        after = grey(frame(index))
        if after.shape != before.shape:
            worst = 0.0
            break
        moved, match = _next(before, after, points)
        worst = min(worst, match)
        if match < LOST_MATCH:
            break
        points, before = moved, after
    if worst < LOST_MATCH:
        points = np.asarray(roi.polygon, np.float64)
    rows, columns = before.shape
    placed = Roi(to_frame, clipped(points.tolist(), rows, columns), roi.assisted_by)
    if placed.area_px < max(MIN_AREA_PX, LEAST_KEPT * roi.area_px):
        raise _left_the_picture()
    return Proposal(placed, ProposalOrigin.TRACKED, _note(worst))


def _next(
    before: Frame, after: Frame, points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """``points`` (n, 2) moved from one frame to the next, and how well the pixels match (-1 to 1)."""
    (left, top), (right, lower) = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    longer = max(right - left, lower - top)
    margin = max(SMALLEST_MARGIN_PX, round(MARGIN_SHARE * longer))
    search = max(SMALLEST_SEARCH_PX, round(SEARCH_SHARE * longer))
    reach = margin + search
    rows = np.arange(int(top) - reach, int(lower) + reach)
    columns = np.arange(int(left) - reach, int(right) + reach)
    one, two = (_patch(frame, rows, columns) for frame in (before, after))
    inner = slice(search, len(rows) - search), slice(search, len(columns) - search)
    weights = np.zeros_like(one)
    weights[inner] = 1.0
    weights[(rows < 0) | (rows >= before.shape[0])] = 0.0
    weights[:, (columns < 0) | (columns >= before.shape[1])] = 0.0
    middle = np.array([columns[0] + len(columns) / 2, rows[0] + len(rows) / 2])
    shift = shifted(one, two, inner)
    best = max(
        (fitted(one, two, weights, shift), shift),
        key=lambda affine: correlation(one, two, weights, affine),
    )
    return best.apply(points, middle), correlation(one, two, weights, best)


def _patch(frame: Frame, rows: NDArray[np.int_], columns: NDArray[np.int_]) -> NDArray[np.float32]:
    """These rows and columns of a frame; beside the picture its edge goes on."""
    at_rows = np.clip(rows, 0, frame.shape[0] - 1)
    at_columns = np.clip(columns, 0, frame.shape[1] - 1)
    return np.asarray(frame[np.ix_(at_rows, at_columns)], np.float32)


def _left_the_picture() -> InputRefused:
    return InputRefused(
        msg("Followed to that frame, the outline leaves the picture."),
        msg("Choose a frame nearer to the outline, or draw it there."),
        code="track-left",
    )


def _note(match: float) -> Message | None:
    if match < LOST_MATCH:
        return msg(
            "The frames differ too much to follow the lesion; the outline was copied as it was."
        )
    if match < POOR_MATCH:
        return msg("The pixels match poorly between the frames; check the outline.")
    return None
