"""What the contour network learns from: public pictures with masks, looked at in random ways."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Point
from her2desk.inference.assist.window import (
    SIZE,
    Corners,
    Window,
    box_map,
    box_window,
    click_map,
    click_window,
    network_input,
)

BOX_OUTWARDS = (-0.08, 0.20)  # how far a side lies outside the lesion, as a share of its extent
KINDS = ("box", "click", "nothing")
KIND_SHARES = (0.50, 0.38, 0.12)
LARGEST_TURN = math.radians(20)
CLICK_SCALES = (0.65, 1.25)  # times the window that a click has when the network is used
CORE_SHARE = 0.5  # a click lies at least this deep, as a share of the greatest depth
PLACES_TRIED = 20
NEARLY_FREE = 0.02  # a place without a lesion may hold this share of one


@dataclass(frozen=True)
class ContourSample:
    """A picture and its lesion: ``pixels`` uint8 and ``mask`` bool, both (rows, columns).

    ``patient`` names who it is of; ``pixels_sha256`` are the digests by which the picture, as a
    reader's file may hold it, is known again.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    patient: str
    pixels_sha256: tuple[str, ...]

    @property
    def parts(self) -> dict[str, Any]:
        """All of the sample that a trained network's bits depend on."""
        return {"pixels": self.pixels, "mask": self.mask, "patient": self.patient}


@dataclass(frozen=True)
class View:
    """One look at a sample: ``inputs`` float32 (2, SIZE, SIZE), ``target`` float32 (SIZE, SIZE)."""

    inputs: NDArray[np.float32]
    target: NDArray[np.float32]


def tight_box(mask: NDArray[np.bool_]) -> Corners:
    """The box around a mask, in the coordinates of SCOORD."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def loosened(box: Corners, outwards: tuple[float, float], rng: np.random.Generator) -> Corners:
    """``box`` with each side moved outwards by a random share of the box's width or height."""
    left, top, right, lower = box
    shares = rng.uniform(*outwards, 4)
    width, height = right - left, lower - top
    return (
        left - shares[0] * width,
        top - shares[1] * height,
        right + shares[2] * width,
        lower + shares[3] * height,
    )


def core(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The places (n, 2) deep inside a mask, (column, row): where a reader would click."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= CORE_SHARE * depth.max())
    return np.stack([columns, rows], axis=1).astype(np.float64) + 0.5


def core_place(places: NDArray[np.float64], rng: np.random.Generator) -> Point:
    """A random one of ``core``'s places."""
    column, row = places[int(rng.integers(len(places)))]
    return float(column), float(row)


class Views:
    """Random looks at samples, the same for the same generator."""

    def __init__(self, samples: Sequence[ContourSample]) -> None:
        self._samples = samples
        self._boxes = [tight_box(sample.mask) for sample in samples]
        self._cores = [core(sample.mask) for sample in samples]

    def random(self, index: int, rng: np.random.Generator) -> View:
        """A look at sample ``index`` as a reader might ask for it, turned and its gain changed."""
        kind = KINDS[int(rng.choice(len(KINDS), p=KIND_SHARES))]
        turn = float(rng.uniform(-LARGEST_TURN, LARGEST_TURN)) if rng.random() < 0.5 else 0.0
        mirrored = bool(rng.random() < 0.5)
        if kind == "nothing":
            found = self._nothing(index, rng)
            if found is not None:
                return found
            kind = "box"
        if kind == "box":
            return self._box(index, rng, turn, mirrored)
        return self._click(index, rng, turn, mirrored)

    def plain(self, index: int, kind: str, rng: np.random.Generator) -> View:
        """A look as the program takes it: a random box or click, nothing turned or changed."""
        sample = self._samples[index]
        if kind == "box":
            box = loosened(self._boxes[index], BOX_OUTWARDS, rng)
            return _boxed(sample, box, box_window(box), None)
        place = core_place(self._cores[index], rng)
        return _clicked(sample, place, click_window(place, _frame(sample)), None)

    def _box(self, index: int, rng: np.random.Generator, turn: float, mirrored: bool) -> View:
        sample = self._samples[index]
        first = Window(_middle(self._boxes[index]), float(SIZE), turn, mirrored)
        rows, columns = np.nonzero(sample.mask)
        seen = first.to_window(np.stack([columns, rows], axis=1).astype(np.float64) + 0.5)
        (left, top), (right, lower) = seen.min(axis=0) - 0.5, seen.max(axis=0) + 0.5
        box = loosened((left, top, right, lower), BOX_OUTWARDS, rng)
        centre = first.to_image(np.array([_middle(box)]))[0]
        shape = box_window(box)
        window = Window((float(centre[0]), float(centre[1])), shape.side_px, turn, mirrored)
        shift = _middle(box)
        placed = tuple(
            (side - shift[n % 2]) / window.scale + SIZE / 2 for n, side in enumerate(box)
        )
        prompt = box_map((placed[0], placed[1], placed[2], placed[3]))
        return _view(sample, window, prompt, rng)

    def _click(self, index: int, rng: np.random.Generator, turn: float, mirrored: bool) -> View:
        sample = self._samples[index]
        place = core_place(self._cores[index], rng)
        side = click_window(place, _frame(sample)).side_px * float(rng.uniform(*CLICK_SCALES))
        return _clicked(sample, place, Window(place, side, turn, mirrored), rng)

    def _nothing(self, index: int, rng: np.random.Generator) -> View | None:
        """A box or a click where there is no lesion; None where no such place was found."""
        sample, (left, top, right, lower) = self._samples[index], self._boxes[index]
        rows, columns = sample.mask.shape
        empty = ContourSample(sample.pixels, np.zeros_like(sample.mask), "", ())
        for _ in range(PLACES_TRIED):
            x, y = rng.uniform(0, columns), rng.uniform(0, rows)
            wide, high = (s / 2 * rng.uniform(0.4, 1.2) for s in (right - left, lower - top))
            box = (x - wide, y - high, x + wide, y + high)
            inside = sample.mask[
                max(0, int(box[1])) : max(0, int(box[3])), max(0, int(box[0])) : max(0, int(box[2]))
            ]
            if inside.sum() > NEARLY_FREE * sample.mask.sum():
                continue
            if rng.random() < 0.5:
                return _boxed(empty, box, box_window(box), rng)
            return _clicked(empty, (x, y), click_window((x, y), _frame(sample)), rng)
        return None


def _boxed(
    sample: ContourSample, box: Corners, window: Window, rng: np.random.Generator | None
) -> View:
    corners = window.to_window(np.array([box[:2], box[2:]])).ravel()
    prompt = box_map((corners[0], corners[1], corners[2], corners[3]))
    return _view(sample, window, prompt, rng)


def _clicked(
    sample: ContourSample,
    place: Point,
    window: Window,
    rng: np.random.Generator | None,
) -> View:
    seen = window.to_window(np.array([place]))[0]
    return _view(sample, window, click_map((float(seen[0]), float(seen[1]))), rng)


def _view(
    sample: ContourSample,
    window: Window,
    prompt: NDArray[np.float32],
    rng: np.random.Generator | None,
) -> View:
    crop = window.sample(sample.pixels)
    target = (window.sample(sample.mask) >= 0.5).astype(np.float32)
    if rng is not None:
        crop = _as_another_scanner(crop, rng)
    return View(network_input(crop, prompt), target)


def _as_another_scanner(crop: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The crop with another gain, contrast, depth compensation, sharpness and noise."""
    from scipy.ndimage import gaussian_filter

    share = np.clip(crop / 255, 0, 1)
    share = share ** float(np.exp(rng.uniform(-0.45, 0.45)))
    tilt = rng.uniform(-0.2, 0.2) * np.linspace(-1, 1, len(crop))[:, None]
    share = share * rng.uniform(0.7, 1.3) * (1 + tilt)
    if rng.random() < 0.3:
        share = gaussian_filter(share, rng.uniform(0.4, 1.5))
    if rng.random() < 0.3:
        share = share * (1 + rng.uniform(0.02, 0.15) * rng.standard_normal(share.shape))
    return np.asarray(np.clip(share, 0, 1) * 255, np.float32)


def _middle(box: Corners) -> Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _frame(sample: ContourSample) -> Corners:
    rows, columns = sample.mask.shape
    return 0.0, 0.0, float(columns), float(rows)
