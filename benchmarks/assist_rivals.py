"""Other ways to an outline from a box or a click, on the same windows as the program's own.

Each takes a window's crop float32 (SIZE, SIZE) and the prompt in window coordinates, and gives chances
(SIZE, SIZE) of which the program makes an outline as it does of its own. Their settings, and those of the
random walker in the program, were chosen by hand on every twelfth picture of BUS-BRA from the sixth on
(24) and every seventh of BrEaST from the fourth on (36), with boxes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.segmentation import (
    inverse_gaussian_gradient,
    morphological_chan_vese,
    morphological_geodesic_active_contour,
)

from her2desk.domain.roi import Point
from her2desk.inference.assist.network import ContourNetwork
from her2desk.inference.assist.walker import ellipse, walked, walked_in_box
from her2desk.inference.assist.window import (
    CLICK_SHARE,
    SIZE,
    Corners,
    box_map,
    click_map,
    network_input,
)

Map = NDArray[np.float32]

CLICK_RADIUS_PX = 4.0  # around a click: surely lesion, for the random walker
BORDER_PX = 6  # of a click's window: surely not lesion
USUAL_SHARE = 0.40  # a lesion's longer side as a share of the picture's shorter one
CONTOUR_STEPS = 40


@dataclass(frozen=True)
class Question:
    """A crop and where the lesion was shown in it: a box, or a place (then ``box`` is None)."""

    crop: Map
    place: Point
    box: Corners | None

    @property
    def prompt(self) -> Map:
        """What the network sees of it."""
        return click_map(self.place) if self.box is None else box_map(self.box)

    def shape(self, scale: float) -> NDArray[np.bool_]:
        """The ellipse in the box, or a disc of the usual size, its axes times ``scale``."""
        radius = USUAL_SHARE / CLICK_SHARE * SIZE / 2
        return ellipse(self.box or around(self.place, radius), scale)


def around(place: Point, radius: float) -> Corners:
    """The square around a place."""
    x, y = place
    return x - radius, y - radius, x + radius, y + radius


def shape_alone(question: Question) -> Map:
    """What a box alone says: the ellipse in it; for a click, a disc of the usual size."""
    return question.shape(1.0).astype(np.float32)


def walker(question: Question) -> Map:
    """Random walker; for a click from around it, against the border of the window."""
    if question.box is not None:
        return walked_in_box(question.crop, question.box)
    border = np.ones((SIZE, SIZE), bool)
    border[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    inside = ellipse(around(question.place, CLICK_RADIUS_PX), 1.0)
    return walked(question.crop, inside, border & ~inside)


def geodesic(question: Question) -> Map:
    """Geodesic active contour (Caselles et al. 1997; morphological: Márquez-Neila et al. 2014)."""
    found = morphological_geodesic_active_contour(
        inverse_gaussian_gradient(question.crop / 255.0, alpha=300, sigma=4),
        CONTOUR_STEPS,
        init_level_set=question.shape(0.9),
        smoothing=2,
        threshold="auto",
        balloon=0,
    )
    return found.astype(np.float32)


def chan_vese(question: Question) -> Map:
    """Active contour without edges (Chan & Vese 2001; morphological), kept to the box."""
    smooth = gaussian_filter(question.crop / 255.0, 1.5)
    start, allowed = question.shape(0.9), question.shape(1.3)
    found = morphological_chan_vese(smooth, CONTOUR_STEPS, init_level_set=start, smoothing=3)
    return (found.astype(bool) & allowed).astype(np.float32)


def network_alone(network: ContourNetwork) -> Callable[[Question], Map]:
    """The contour network without the walker, one look."""
    return lambda question: network.chances(network_input(question.crop, question.prompt))


RIVALS: dict[str, Callable[[Question], Map]] = {
    "random walker alone": walker,
    "geodesic contour": geodesic,
    "Chan–Vese": chan_vese,
    "ellipse or disc": shape_alone,
}
