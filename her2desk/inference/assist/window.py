"""The square of the picture that the contour network looks at, and the prompt as it sees it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Point

SIZE = 128  # pixels of a window's side as the network sees it
BOX_MARGIN = 0.25  # kept around a box on each side, as a share of its longer side
CLICK_SHARE = 0.9  # of the shorter side of the picture: what is looked at around a click
CLICK_SIGMA_PX = 5.0
LONGEST_STEP_PX = 1.5  # between two samples in the picture: farther apart would alias speckle

Corners = tuple[float, float, float, float]  # left, top, right, lower


@dataclass(frozen=True)
class Window:
    """A square of a picture around ``centre``, seen as ``SIZE`` × ``SIZE`` pixels.

    ``side_px`` is in pixels of the picture. ``turn`` (rad) and ``mirrored`` are for training, which
    looks at a lesion from more sides than the reader does.
    """

    centre: Point
    side_px: float
    turn: float = 0.0
    mirrored: bool = False

    @property
    def scale(self) -> float:
        """Pixels of the picture for one of the window."""
        return self.side_px / SIZE

    def to_image(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 2) of the window (0–``SIZE``) as (column, row) of the picture."""
        placed: NDArray[np.float64] = (points - SIZE / 2) * self.scale @ self._axes + self.centre
        return placed

    def to_window(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The reverse of ``to_image``."""
        placed: NDArray[np.float64] = (points - self.centre) @ self._axes.T / self.scale + SIZE / 2
        return placed

    def sample(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        """``pixels`` (rows, columns) as float32 (``SIZE``, ``SIZE``), the edge continued outwards.

        Linear between pixel centres; where the window is coarser than the picture, the mean of
        several samples.
        """
        import torch

        several = max(1, math.ceil(self.scale / LONGEST_STEP_PX))
        rows, columns = pixels.shape
        (right_x, right_y), (down_x, down_y) = self._axes
        x, y = self.centre
        # From -1 to 1 across the window to -1 to 1 across the picture, as torch counts
        to_picture = [
            [
                self.side_px * right_x / columns,
                self.side_px * down_x / columns,
                2 * x / columns - 1,
            ],
            [self.side_px * right_y / rows, self.side_px * down_y / rows, 2 * y / rows - 1],
        ]
        side = SIZE * several
        grid = torch.nn.functional.affine_grid(
            torch.tensor([to_picture], dtype=torch.float32), [1, 1, side, side], align_corners=False
        )
        values = torch.nn.functional.grid_sample(
            torch.from_numpy(np.array(pixels, np.float32))[None, None],
            grid,
            padding_mode="border",
            align_corners=False,
        )
        return torch.nn.functional.avg_pool2d(values, several)[0, 0].numpy()

    @property
    def _axes(self) -> NDArray[np.float64]:
        cosine, sine = math.cos(self.turn), math.sin(self.turn)
        flip = -1.0 if self.mirrored else 1.0
        return np.array([[flip * cosine, flip * sine], [-sine, cosine]])


def box_window(corners: Corners) -> Window:
    """The window of a box: its longer side and a margin, centred on it."""
    left, top, right, lower = corners
    longer = max(right - left, lower - top)
    return Window(((left + right) / 2, (top + lower) / 2), longer * (1 + 2 * BOX_MARGIN))


def click_window(place: Point, picture: Corners) -> Window:
    """The window of a click: a fixed share of the picture, centred on the click."""
    left, top, right, lower = picture
    return Window(place, CLICK_SHARE * min(right - left, lower - top))


def picture_at(image: UltrasoundImage, place: Point) -> Corners:
    """The edges of the ultrasound picture at ``place``: its region, or all of the frame."""
    region = image.region_at(*place) if image.regions_are_trusted else None
    if region is None:
        return 0.0, 0.0, float(image.columns), float(image.rows)
    return (
        float(region.x0),
        float(region.y0),
        float(min(region.x1 + 1, image.columns)),
        float(min(region.y1 + 1, image.rows)),
    )


def box_map(corners: Corners) -> NDArray[np.float32]:
    """Float32 (``SIZE``, ``SIZE``): 1 where a pixel's centre lies in a box of window coordinates."""
    left, top, right, lower = corners
    at = np.arange(SIZE) + 0.5
    across, down = (left <= at) & (at <= right), (top <= at) & (at <= lower)
    return np.outer(down, across).astype(np.float32)


def click_map(place: Point) -> NDArray[np.float32]:
    """Float32 (``SIZE``, ``SIZE``): a Gaussian hill at a place of window coordinates."""
    at = np.arange(SIZE) + 0.5
    across = np.exp(-(((at - place[0]) / CLICK_SIGMA_PX) ** 2) / 2)
    down = np.exp(-(((at - place[1]) / CLICK_SIGMA_PX) ** 2) / 2)
    return np.outer(down, across).astype(np.float32)


def network_input(crop: NDArray[np.float32], prompt: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the network reads, float32 (2, ``SIZE``, ``SIZE``): the crop standardised, the prompt."""
    spread = float(crop.std())
    standard = (crop - crop.mean()) / max(spread, 1.0)
    return np.stack([standard, prompt]).astype(np.float32)
