"""An outline from a box or a click: the contour network and the random walker, both asked, averaged.

The network knows what lesions look like, and at times follows the wrong edge; the walker knows nothing and
keeps to the middle of the box. Their mean is better than either (docs/validation.md).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.pixels import grey
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.proposal import Prompt, Proposal, ProposalOrigin
from her2desk.domain.roi import MIN_AREA_PX, Roi
from her2desk.errors import InputRefused
from her2desk.inference.assist.contour import LEVEL, Part, part_at_click, part_in_box, polygon_of
from her2desk.inference.assist.network import ContourNetwork
from her2desk.inference.assist.walker import walked_in_box
from her2desk.inference.assist.window import (
    Corners,
    Window,
    box_map,
    box_window,
    click_map,
    click_window,
    network_input,
    picture_at,
)
from her2desk.texts import Message, msg

SHORTEST_SIDE_PX = 8.0
FLAT_SPREAD = 2.0  # grey levels: less than this is no picture of tissue
SECOND_LOOK_MARGIN = 0.06  # around what the first look at a click found, as a share of its extent
SLIMMEST_SHARE = 0.1  # a box's shorter side against its longer one
# Below these the reader is told to look twice; docs/validation.md, "Assisted outlines"
DOUBTFUL_AGREEMENT = 0.70  # Dice of what network and walker each find in a box
DOUBTFUL_SHARPNESS = 0.75  # of what the network sees around a click
UNSURE, SURE = 0.25, 0.75

UNCLEAR = msg("The edge of the lesion is unclear here; check the outline before you take it.")
UNRECOGNISED = msg(
    "Nothing like a lesion was recognised in this box; the outline follows the nearest edges. "
    "Check it before you take it."
)
DRAW_A_BOX = msg("Draw a box around the lesion, or draw the outline by hand.")


def assist(
    pixels: NDArray[np.uint8], image: UltrasoundImage, prompt: Prompt, network: ContourNetwork
) -> Proposal:
    """The outline of the lesion that ``prompt`` shows, in coordinates of SCOORD.

    ``pixels`` are of the prompt's frame, uint8 (rows, columns) or RGB. A box is looked at once; a click
    twice: from afar, then through the box around what was found. The outline is one piece of at most 60
    points inside the picture; its note says when it may be wrong. Where the network recognises nothing
    in a box, the walker's outline is proposed and the note says so.

    Raises ``InputRefused``: ``assist-prompt`` for a prompt that cannot be meant, ``assist-nothing`` where
    nothing like a lesion is found.
    """
    grey_pixels = grey(pixels)
    check_prompt(prompt, image)
    if prompt.is_click:
        found = _from_click(grey_pixels, image, prompt, network)
    else:
        found = _from_box(grey_pixels, _corners(prompt, image), network)
    polygon = None
    if found is not None:
        polygon = polygon_of(found.part, found.window, image.rows, image.columns)
    if found is None or polygon is None:
        raise _nothing_found(prompt)
    roi = Roi(prompt.frame_index, polygon, network.sha256)
    if roi.area_px < MIN_AREA_PX:
        raise _nothing_found(prompt)
    return Proposal(roi, ProposalOrigin.ASSISTED, found.note)


@dataclass(frozen=True)
class _Found:
    """A part of a window, and what may be wrong with it."""

    part: Part
    window: Window
    note: Message | None


def _from_box(
    pixels: NDArray[np.uint8], corners: Corners, network: ContourNetwork
) -> _Found | None:
    window = box_window(corners)
    ends = window.to_window(np.array([corners[:2], corners[2:]])).ravel()
    box = ends[0], ends[1], ends[2], ends[3]
    crop = window.sample(pixels)
    if crop.std() < FLAT_SPREAD:
        return None
    prompt = box_map(box)
    seen = network.chances(network_input(crop, prompt))
    own = part_in_box(seen, prompt)
    walked = walked_in_box(crop, box)
    chances = walked if own is None else np.asarray((seen + walked) / 2, np.float32)
    part = part_in_box(chances, prompt)
    return None if part is None else _Found(part, window, _doubt(own, walked))


def _doubt(own: Part | None, walked: NDArray[np.float32]) -> Message | None:
    """What to say of how the network's part and the walker's map go together."""
    if own is None:
        return UNRECOGNISED
    return None if dice(own.mask, walked >= LEVEL) >= DOUBTFUL_AGREEMENT else UNCLEAR


def _from_click(
    pixels: NDArray[np.uint8], image: UltrasoundImage, prompt: Prompt, network: ContourNetwork
) -> _Found | None:
    """What is found through the box around what the network sees from afar."""
    place = prompt.corners[0]
    window = click_window(place, picture_at(image, place))
    seen = window.to_window(np.array([place]))[0]
    inside = float(seen[0]), float(seen[1])
    crop = window.sample(pixels)
    if crop.std() < FLAT_SPREAD:
        return None
    chances = network.chances(network_input(crop, click_map(inside)))
    first = part_at_click(chances, inside)
    if first is None:
        return None
    left, top, right, lower = first.corners(window)
    across, down = (SECOND_LOOK_MARGIN * extent for extent in (right - left, lower - top))
    box = left - across, top - down, right + across, lower + down
    found = _from_box(pixels, box, network)
    sharpness = dice(first.mask & (chances >= SURE), chances >= UNSURE)
    if found is None or sharpness >= DOUBTFUL_SHARPNESS:
        return found
    return replace(found, note=found.note or UNCLEAR)


def dice(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    """Twice the pixels in both over the pixels in each; 0 for two empty masks."""
    total = np.count_nonzero(one) + np.count_nonzero(two)
    return 2 * np.count_nonzero(one & two) / total if total else 0.0


def _corners(prompt: Prompt, image: UltrasoundImage) -> Corners:
    """The prompt's box, cut at the picture's edge."""
    (x0, y0), (x1, y1) = prompt.corners
    columns, rows = float(image.columns), float(image.rows)
    return (
        max(0.0, min(x0, x1)),
        max(0.0, min(y0, y1)),
        min(columns, max(x0, x1)),
        min(rows, max(y0, y1)),
    )


def check_prompt(prompt: Prompt, image: UltrasoundImage) -> None:
    """Raise ``InputRefused`` (``assist-prompt``) unless a lesion of ``image`` can be meant."""
    finite = all(math.isfinite(v) for corner in prompt.corners for v in corner)
    if (
        len(prompt.corners) not in (1, 2)
        or not finite
        or not 0 <= prompt.frame_index < image.frames
    ):
        raise _refused(msg("The box or click does not fit this image."))
    if prompt.is_click:
        column, row = prompt.corners[0]
        if not (0 <= column <= image.columns and 0 <= row <= image.rows):
            raise _refused(msg("The click lies outside the image."))
        return
    left, top, right, lower = _corners(prompt, image)
    shorter, longer = sorted((right - left, lower - top))
    if shorter < max(SHORTEST_SIDE_PX, SLIMMEST_SHARE * longer):
        raise _refused(msg("The box is too small or too thin to hold a lesion."))


def _refused(message: Message) -> InputRefused:
    return InputRefused(message, DRAW_A_BOX, code="assist-prompt")


def _nothing_found(prompt: Prompt) -> InputRefused:
    if prompt.is_click:
        return InputRefused(
            msg("Nothing like a lesion was found at this place."), DRAW_A_BOX, code="assist-nothing"
        )
    return InputRefused(
        msg("Nothing like a lesion was found in this box."),
        msg("Draw a box just around the lesion, or draw the outline by hand."),
        code="assist-nothing",
    )
