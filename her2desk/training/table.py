"""The cohort as models see it: one sample a patient, and arrays in the patients' order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.roi import Box, Roi
from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.sight import enhanced_box
from her2desk.inference.cohort import CohortRow
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.traits import size_mm
from her2desk.packs.manifest import Preprocessing
from her2desk.radiomics.mask import rasterise

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]
Rows = NDArray[np.intp]
Spacing = tuple[float, float]

SATURATED = 250  # grey levels from here on are burned-in marks more often than tissue


@dataclass(frozen=True)
class Sample:
    """One patient: the crop float32 (size, size) that a network reads, and where it came from.

    ``pixels``, ``mask`` (rows, columns), ``box`` and ``roi`` are of the whole frame and in its own
    pixels, whatever enhancement the crop went through. ``roi_mm`` is the side of a square of the
    ROI's area, None without calibration.
    """

    patient_id: str
    positive: bool
    clinical: ClinicalRecord
    site: str | None
    scanner: str | None
    spacing_mm: Spacing | None
    crop: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    box: Box
    roi: Roi

    @property
    def roi_mm(self) -> float | None:
        """The ROI's size in mm."""
        return size_mm(self.mask, self.spacing_mm)

    @property
    def saturated_share(self) -> float:
        """Share of the crop that is (almost) white: callipers, arrows and text among it."""
        crop = self.pixels[self.box.y0 : self.box.y1, self.box.x0 : self.box.x1]
        return float((crop >= SATURATED).mean())


@dataclass(frozen=True)
class Table:
    """The cohort as arrays, one row a patient.

    ``features[mm]`` (patients, names) were measured after resampling to ``mm`` (None: not
    resampled). ``clinical`` (patients, inputs) is NaN where not known. ``selectable`` marks the
    features that a selection may look at. ``second`` is as ``features``, on a second reader's
    outlines: NaN for patients without one, empty where nobody has one.
    """

    names: tuple[str, ...]
    features: Mapping[float | None, Matrix]
    selectable: NDArray[np.bool_]
    labels: Labels
    clinical_names: tuple[str, ...]
    clinical: Matrix
    second: Mapping[float | None, Matrix] = field(default_factory=dict)

    @property
    def complete(self) -> Labels:
        """Patients of whom every clinical input is known."""
        return self.knows(self.clinical_names)

    def knows(self, inputs: Sequence[str]) -> Labels:
        """Patients of whom these clinical inputs are known."""
        return np.asarray(np.isfinite(self.columns(inputs)).all(axis=1), dtype=np.bool_)

    def columns(self, inputs: Sequence[str]) -> Matrix:
        """The named clinical inputs, (patients, inputs)."""
        return self.clinical[:, [self.clinical_names.index(name) for name in inputs]]


def pseudonym(row: int) -> str:
    """A patient's name in a pack, from the place in the order of ``patient_id``."""
    return f"V{row + 1:04d}"


def sample_of(
    row: CohortRow, case: Case, preprocessing: Preprocessing, enhancer: Enhancer | None = None
) -> Sample:
    """A case of known status as a sample; ``enhancer`` is the one that ``preprocessing`` names."""
    box = crop_box(case.roi, case.image.rows, case.image.columns, preprocessing)
    return Sample(
        row.patient_id,
        bool(row.positive),
        row.clinical,
        row.site,
        row.scanner,
        case.roi.spacing(case.image).mm,
        _crop(case.pixels, box, preprocessing, enhancer),
        case.pixels,
        rasterise(case.roi.polygon, case.image.rows, case.image.columns),
        box,
        case.roi,
    )


def _crop(
    pixels: NDArray[np.uint8], box: Box, preprocessing: Preprocessing, enhancer: Enhancer | None
) -> NDArray[np.float32]:
    declared = preprocessing.enhancement
    if (declared and declared.sha256) != (enhancer and enhancer.sha256):
        raise ValueError("the crop is not enhanced as the preprocessing says")
    if enhancer is None:
        return network_input(pixels, box, preprocessing)
    enhanced = enhanced_box(enhancer, pixels, box).pixels
    return network_input(enhanced, Box(0, 0, *enhanced.shape[::-1]), preprocessing)


def table_of(
    samples: Sequence[Sample],
    features: Mapping[float | None, Matrix],
    names: tuple[str, ...],
    selectable: NDArray[np.bool_],
    inputs: tuple[str, ...],
    second: Mapping[float | None, Matrix] | None = None,
) -> Table:
    """The table of these samples and their measured features, ``second`` by a second reader.

    ``selectable`` loses the features without a finite value for every patient: a pack could not
    measure them where it is used.
    """
    finite = np.all([np.isfinite(f).all(axis=0) for f in features.values()], axis=0)
    clinical = [[s.clinical.value(name) for name in inputs] for s in samples]
    return Table(
        names,
        features,
        selectable & finite,
        np.array([s.positive for s in samples]),
        inputs,
        np.array(clinical, dtype=np.float64).reshape(len(samples), len(inputs)),
        second or {},
    )
