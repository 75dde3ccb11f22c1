"""The pictures on which the effect of an enhancement is measured, and what models see of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks import assist_data
from benchmarks.enhancement_arms import SEEN_PX, Enlarge
from benchmarks.public_data import data_folder, sheet_rows
from benchmarks.real_cohorts import MALIGNANT
from her2desk.domain.roi import Box
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.geometry import scaled_box
from her2desk.inference.networks import ARCHITECTURES, build_network
from her2desk.inference.preprocess import network_input
from her2desk.packs.manifest import Preprocessing
from her2desk.phantoms.patient import simulate_patient
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.profile import Profile, us_2d_px
from her2desk.training.enhancer_patches import pair_of
from her2desk.training.initial_weights import PACKAGE, PACKAGE_ARCHITECTURE, load_initial

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Setting = Literal["lowered", "as-used"]

SETTINGS: tuple[Setting, ...] = ("lowered", "as-used")
LOG_SIGMAS_PX = (2.0, 4.0)
PAD_PX = 16  # four of the widest sigma
MARGIN_PX, INPUT_PX = 10, 112
HALF = 0.5
HALF_GREY = 128


@dataclass(frozen=True)
class Case:
    """One patient's picture, cut to multiples of the scale, with the lesion's mask and label."""

    patient: str
    pixels: Grey
    mask: Mask
    positive: bool


@dataclass(frozen=True)
class View:
    """A picture that is measured, the mask on it, and the box of the network's crop."""

    pixels: Grey
    mask: Mask
    box: Box


def phantoms(count: int, seed: int, signal: float, scale: int) -> list[Case]:
    """Simulated patients whose lesions carry the label with this strength; the picture alone."""
    found = []
    for index in range(count):
        patient = simulate_patient(index, seed, signal)
        region = patient.region
        rows, columns = (
            slice(region.y0, region.y1 + 1),
            slice(region.x0, region.x1 + 1),
        )
        name = f"{seed}/{patient.patient_id}"
        pixels, mask = patient.image[rows, columns], patient.mask[rows, columns]
        found.append(_cut(name, pixels, mask, patient.her2_positive, scale))
    return found


def breast(scale: int) -> list[Case]:
    """BrEaST's 252 pictures with a lesion, positive where malignant."""
    (sheet,) = (data_folder() / "breast_usg").glob("*.xlsx")
    status = {
        f"{assist_data.BREAST}/{line['CaseID']}": MALIGNANT[line["Classification"]] == "1"
        for line in sheet_rows(sheet, header=1)
        if line["Classification"] in MALIGNANT
    }
    return [
        _cut(s.patient, s.pixels, s.mask, status[s.patient], scale)
        for s in assist_data.load(assist_data.BREAST)
    ]


def _cut(patient: str, pixels: Grey, mask: Mask, positive: bool, scale: int) -> Case:
    rows, columns = (side // scale * scale for side in pixels.shape)
    return Case(
        patient,
        np.ascontiguousarray(pixels[:rows, :columns]),
        np.ascontiguousarray(mask[:rows, :columns]),
        positive,
    )


@dataclass(frozen=True)
class Sights:
    """What the arms see of a case in a setting.

    "lowered": the picture was degraded and is brought back; its mask is the picture's own, so that
    every pixel has its truth. "as-used": the picture itself is enlarged, and its mask with it.
    """

    low: Grey
    low_mask: Mask
    high_mask: Mask
    true: Grey | None
    scale: int

    @classmethod
    def of(cls, case: Case, setting: Setting, degradation: Degradation) -> "Sights":
        scale = degradation.scale
        if setting == "lowered":
            low = pair_of(case.pixels, degradation).low
            return cls(low, _shrunk(case.mask, scale), case.mask, case.pixels, scale)
        return cls(case.pixels, case.mask, _grown(case.mask, scale), None, scale)

    @property
    def box(self) -> Box:
        """The lesion and the crop's margin, in the low picture's pixels."""
        (first_row, last_row), (first, last) = (
            (int(where.min()), int(where.max())) for where in np.nonzero(self.low_mask)
        )
        rows, columns = self.low.shape
        return Box(
            max(0, first - MARGIN_PX),
            max(0, first_row - MARGIN_PX),
            min(columns, last + 1 + MARGIN_PX),
            min(rows, last_row + 1 + MARGIN_PX),
        )

    def plain(self) -> View:
        """The low picture as it is."""
        return View(self.low, self.low_mask, self.box)

    def original(self) -> View:
        """The picture before it was degraded; raises ``ValueError`` where none was."""
        if self.true is None:
            raise ValueError("no original is known")
        return View(self.true, self.high_mask, scaled_box(self.box, self.scale))

    def enhanced(self, enlarge: Enlarge) -> View:
        """The box of the low picture, enhanced with what lies around it."""
        box, (rows, columns) = self.box, self.low.shape
        x0, y0 = max(0, box.x0 - SEEN_PX), max(0, box.y0 - SEEN_PX)
        x1, y1 = min(columns, box.x1 + SEEN_PX), min(rows, box.y1 + SEEN_PX)
        seen = enlarge(np.ascontiguousarray(self.low[y0:y1, x0:x1]))
        own = scaled_box(Box(box.x0 - x0, box.y0 - y0, box.x1 - x0, box.y1 - y0), self.scale)
        there = scaled_box(box, self.scale)
        return View(
            seen[own.y0 : own.y1, own.x0 : own.x1],
            self.high_mask[there.y0 : there.y1, there.x0 : there.x1],
            Box(0, 0, own.x1 - own.x0, own.y1 - own.y0),
        )


def _shrunk(mask: Mask, scale: int) -> Mask:
    rows, columns = (side // scale for side in mask.shape)
    shares = mask.reshape(rows, scale, columns, scale).mean(axis=(1, 3))
    return np.asarray(shares >= HALF, np.bool_)


def _grown(mask: Mask, scale: int) -> Mask:
    rows, columns = (side * scale for side in mask.shape)
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    grown = picture.resize((columns, rows), Image.Resampling.BILINEAR)
    return np.asarray(np.asarray(grown) >= HALF_GREY, np.bool_)


def profile(setting: Setting) -> Profile:
    """``us-2d-px`` with fewer image types: the original, and "lowered" two Laplacians of Gaussian."""
    is_lowered = setting == "lowered"
    return Profile(
        **{
            **us_2d_px().model_dump(),
            "name": f"us-2d-px-{setting}",
            "image_types": ("Original", "LoG") if is_lowered else ("Original",),
            "log_sigmas": LOG_SIGMAS_PX if is_lowered else (),
            "pad_px": PAD_PX,
        }
    )


class Reader:
    """The frozen network behind DLR, with the weights of the package; it is not trained here."""

    def __init__(self) -> None:
        self._spec = ARCHITECTURES[PACKAGE_ARCHITECTURE]
        self._network = build_network(PACKAGE_ARCHITECTURE, self._spec.channels)
        given = load_initial(PACKAGE_ARCHITECTURE, PACKAGE).tensors
        state = self._network.state_dict()
        state |= {name: torch.from_numpy(np.array(value)) for name, value in given.items()}
        self._network.load_state_dict(state)
        self._network.eval()
        self._preprocessing = Preprocessing(crop_margin_px=MARGIN_PX, input_size_px=INPUT_PX)

    def penultimate(self, view: View) -> NDArray[np.float64]:
        """What the network's last layer would read of the view's crop."""
        crop = torch.from_numpy(network_input(view.pixels, view.box, self._preprocessing))
        with torch.inference_mode():
            images = crop[None, None].expand(-1, self._spec.channels, -1, -1)
            found = self._spec.behind(self._network)(self._spec.maps(self._network, images))
        return np.asarray(found[0].numpy(), np.float64)


def measured(
    views: Iterable[View], what: Profile, reader: Reader
) -> dict[str, NDArray[np.float64]]:
    """Of each view its ``features`` (views, names), NaN for no value, and ``network`` (views, values)."""
    names = all_names(what)
    features: list[list[float]] = []
    network: list[NDArray[np.float64]] = []
    for view in views:
        found = extract(view.pixels, view.mask, None, what, names, on_missing="nan")
        features.append(list(found.values()))
        network.append(reader.penultimate(view))
    return {"features": np.array(features), "network": np.array(network)}
