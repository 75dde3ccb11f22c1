"""pyradiomics' feature classes with the same numbers in less time, and without its chatter.

The features' formulas are pyradiomics' own methods. What they read is prepared here: matrices
counted once for each image by whole-array operations, and sums that do not look for NaN.
"""

import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics import matrices
from her2desk.radiomics.order_statistics import OrderStatistics, order_statistics
from her2desk.radiomics.profile import FeatureClass
from her2desk.radiomics.roi_image import NoBinsError, RoiImage
from her2desk.radiomics.slice_volume import eigenvalues, mesh

_OUR_LOG = "her2desk.radiomics"


@contextmanager
def pyradiomics_kept_quiet() -> Iterator[None]:
    """pyradiomics' warnings go to our log, not to standard error; Python's are not ours to heed.

    Those are deprecations inside the libraries, and divisions by 0 of which NaN comes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import radiomics

        logger = radiomics.logger
        if not any(isinstance(handler, _Forward) for handler in logger.handlers):
            logger.handlers[:] = [_Forward()]
            logger.propagate = False
            logger.setLevel(logging.ERROR)
        yield


def measured(
    feature_class: FeatureClass, image: RoiImage, features: Sequence[str]
) -> dict[str, float]:
    """The class's features of an image by name; NaN where there is no value or computing failed."""
    prepared = _quick_class(feature_class)(image)
    prepared.enabledFeatures = dict.fromkeys(features, True)
    try:
        return {name: float(value) for name, value in prepared.execute().items()}
    except NoBinsError:
        return dict.fromkeys(features, math.nan)


@cache
def features_of(feature_class: FeatureClass) -> tuple[str, ...]:
    """The class's features without the deprecated ones, in pyradiomics' order."""
    names: Mapping[str, bool] = _original(feature_class).getFeatureNames()
    return tuple(name for name, is_deprecated in names.items() if not is_deprecated)


def _original(feature_class: FeatureClass) -> Any:
    with pyradiomics_kept_quiet():
        import radiomics

    return radiomics.getFeatureClasses()[feature_class]


@cache
def _quick_class(feature_class: FeatureClass) -> Any:
    """pyradiomics' class, its preparation replaced; made of one ``RoiImage``."""
    original = _original(feature_class)
    # the module's name keeps the class on pyradiomics' own logger
    return type(
        original.__name__,
        (_PREPARATIONS[feature_class], original),
        {"__module__": original.__module__},
    )


class _Prepared:
    """What pyradiomics' base class looks at; mixed in before a pyradiomics class."""

    voxelBased = False  # noqa: N815 (pyradiomics' names, here and below)
    enabledFeatures: dict[str, bool]  # noqa: N815

    def __init__(self, image: RoiImage):
        self.logger = logging.getLogger(self.__module__)
        self.image = image
        self.coefficients: dict[str, Any] = {}
        self.featureValues: dict[str, Any] = {}

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        """Prepare what the enabled features' methods read."""


class _FirstOrder(_Prepared):
    """First order: moments and order statistics once, and no search for NaN, which is not there."""

    voxelArrayShift = 0  # noqa: N815

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        self.targetVoxelArray = self.image.values.astype(np.float64).reshape(1, -1)
        self.pixelSpacing = self.image.roi.spacing[::-1]
        if {"Entropy", "Uniformity"} & self.enabledFeatures.keys():
            count = self.image.levels.count.reshape(1, -1).astype(np.float64)
            self.coefficients["p_i"] = count / count.sum(axis=1, keepdims=True)

    @cached_property
    def _ordered(self) -> OrderStatistics:
        return order_statistics(self.targetVoxelArray[0])

    @cached_property
    def _mean(self) -> NDArray[np.float64]:
        mean: NDArray[np.float64] = self.targetVoxelArray.mean(axis=1, keepdims=True)
        return mean

    @cached_property
    def _powers(self) -> dict[int, NDArray[np.float64]]:
        off = self.targetVoxelArray - self._mean
        squares = off * off
        return {
            k: power.mean(axis=1)
            for k, power in ((2, squares), (3, squares * off), (4, squares * squares))
        }

    @cached_property
    def _energy(self) -> NDArray[np.float64]:
        energy: NDArray[np.float64] = np.sum(self.targetVoxelArray**2, 1)
        return energy

    def _moment(self, _values: NDArray[np.float64], moment: int) -> NDArray[np.float64]:
        return self._powers[moment].copy()  # pyradiomics changes it where it is 0

    def getEnergyFeatureValue(self) -> Any:  # noqa: N802
        return self._energy

    def getRootMeanSquaredFeatureValue(self) -> Any:  # noqa: N802
        return np.sqrt(self._energy / self.targetVoxelArray.shape[1])

    def getMinimumFeatureValue(self) -> Any:  # noqa: N802
        return self.targetVoxelArray.min(axis=1)

    def getMaximumFeatureValue(self) -> Any:  # noqa: N802
        return self.targetVoxelArray.max(axis=1)

    def getRangeFeatureValue(self) -> Any:  # noqa: N802
        return self.getMaximumFeatureValue() - self.getMinimumFeatureValue()

    def getMeanFeatureValue(self) -> Any:  # noqa: N802
        return self._mean

    def getMedianFeatureValue(self) -> Any:  # noqa: N802
        return self._ordered.median

    def get10PercentileFeatureValue(self) -> Any:  # noqa: N802
        return self._ordered.p10

    def get90PercentileFeatureValue(self) -> Any:  # noqa: N802
        return self._ordered.p90

    def getInterquartileRangeFeatureValue(self) -> Any:  # noqa: N802
        return self._ordered.p75 - self._ordered.p25

    def getMeanAbsoluteDeviationFeatureValue(self) -> Any:  # noqa: N802
        return np.abs(self.targetVoxelArray - self._mean).mean(axis=1)

    def getRobustMeanAbsoluteDeviationFeatureValue(self) -> Any:  # noqa: N802
        values = self.targetVoxelArray
        outside = (values < self._ordered.p10) | (values > self._ordered.p90)
        number = values.size - np.count_nonzero(outside)
        robust = np.where(outside, 0, values)
        robust -= robust.sum(axis=1) / number
        np.abs(robust, out=robust)
        robust[outside] = 0
        return robust.sum(axis=1) / number

    def getVarianceFeatureValue(self) -> Any:  # noqa: N802
        return np.sqrt(self._powers[2]) ** 2


class _Glcm(_Prepared):
    """Co-occurrences: sums over a diagonal of the matrix by one pass over it."""

    symmetricalGLCM = True  # noqa: N815
    P_glcm: NDArray[np.float64]

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        levels = self.image.levels
        self.coefficients |= {"grayLevels": levels.present, "Ng": levels.highest}
        counts = matrices.cooccurrences(levels)[None]
        counts += counts.transpose(0, 2, 1, 3).copy()
        total = np.sum(counts, (1, 2))
        counts, total = _met_directions(counts, total)
        counts /= total[:, None, None, :]
        self.P_glcm = counts
        self._calculateCoefficients()

    def _calculateCoefficients(self) -> None:  # noqa: N802
        known, shares = self.coefficients, self.P_glcm
        highest = known["Ng"]
        eps = np.spacing(1)
        levels = known["grayLevels"].astype(np.float64)
        i, j = np.meshgrid(levels, levels, indexing="ij", sparse=True)
        self._sums = (i + j).astype(np.int64) - 2
        differences = np.abs(i - j).astype(np.int64)
        known |= {
            "eps": eps,
            "i": i,
            "j": j,
            "kValuesSum": np.arange(2, 2 * highest + 1, dtype=np.float64),
            "kValuesDiff": np.arange(0, highest, dtype=np.float64),
            "px": shares.sum(2, keepdims=True),
            "py": shares.sum(1, keepdims=True),
            "ux": np.sum(i[None, :, :, None] * shares, (1, 2), keepdims=True),
            "uy": np.sum(j[None, :, :, None] * shares, (1, 2), keepdims=True),
            "pxAddy": self._added(self._sums, 2 * highest - 1),
            "pxSuby": self._added(differences, highest),
            "HXY": (-1) * np.sum((shares * np.log2(shares + eps)), (1, 2)),
        }

    def _added(self, kind: NDArray[np.int64], kinds: int) -> NDArray[np.float64]:
        """Sums (1, kinds, direction) over the matrix's entries of one kind, in their order."""
        directions = self.P_glcm.shape[-1]
        codes = kind[..., None] * directions + np.arange(directions)
        weights = self.P_glcm.ravel()
        sums = np.bincount(codes.ravel(), weights, minlength=kinds * directions).astype(np.float64)
        return sums.reshape(1, kinds, directions)

    def _from_mean(self, power: int) -> NDArray[np.float64]:
        """Mean power of the distance of i + j from its mean, which few numbers are."""
        known = self.coefficients
        off = known["kValuesSum"][None, :, None] - known["ux"][:, 0] - known["uy"][:, 0]
        powers = (off**power)[:, self._sums]
        mean: NDArray[np.float64] = np.nanmean(np.sum(self.P_glcm * powers, (1, 2)), 1)
        return mean

    def getClusterProminenceFeatureValue(self) -> Any:  # noqa: N802
        return self._from_mean(4)

    def getClusterShadeFeatureValue(self) -> Any:  # noqa: N802
        return self._from_mean(3)

    def getClusterTendencyFeatureValue(self) -> Any:  # noqa: N802
        return self._from_mean(2)


class _Glrlm(_Prepared):
    """Runs of one level."""

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        levels = self.image.levels
        counts, lengths = matrices.runs(levels)
        self.P_glrlm, number = _met_directions(counts[None], np.sum(counts[None], (1, 2)))
        self.coefficients |= {
            "Nr": number,
            "pr": np.sum(self.P_glrlm, 1),
            "pg": np.sum(self.P_glrlm, 2),
            "ivector": levels.present.astype(np.float64),
            "jvector": lengths.astype(np.float64),
        }


class _Glszm(_Prepared):
    """Connected zones of one level."""

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        levels = self.image.levels
        counts, sizes = matrices.zones(levels)
        self.P_glszm = counts[None]
        self.coefficients |= {
            "Np": np.array([float(len(levels.inside))]),
            "Nz": np.sum(self.P_glszm, (1, 2)),
            "ps": np.sum(self.P_glszm, 1),
            "pg": np.sum(self.P_glszm, 2),
            "ivector": levels.present.astype(np.float64),
            "jvector": sizes.astype(np.float64),
        }


class _Gldm(_Prepared):
    """Neighbours of the same level."""

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        levels = self.image.levels
        counts, numbers = matrices.dependences(levels)
        self.P_gldm = counts[None]
        self.coefficients |= {
            "Nz": np.sum(self.P_gldm, (1, 2)),
            "pd": np.sum(self.P_gldm, 1),
            "pg": np.sum(self.P_gldm, 2),
            "ivector": levels.present.astype(np.float64),
            "jvector": numbers + 1.0,
        }


class _Ngtdm(_Prepared):
    """Differences from the neighbourhood's mean."""

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        roi = self.image.roi
        self.P_ngtdm = matrices.neighbourhood_differences(self.image.levels, roi.neighbours)[None]
        self._calculateCoefficients()  # type: ignore[attr-defined] # pyradiomics' own


class _Shape2D(_Prepared):
    """Shape of the ROI in its plane."""

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        from radiomics import cShape

        self.pixelSpacing = np.array(self.image.roi.spacing)
        mask = np.pad(self.image.roi.inside, 1)
        self.labelledPixelCoordinates = np.nonzero(mask)
        found = cShape.calculate_coefficients2D(mask, self.pixelSpacing)
        self.Perimeter, self.Surface, self.Diameter = found
        places = np.transpose(self.labelledPixelCoordinates)
        self.eigenValues = eigenvalues(places, self.pixelSpacing)


class _SliceShape(_Prepared):
    """Three-dimensional shape of a mask of one slice, its mesh worked out by patterns."""

    def _initCalculation(self, _voxels: object = None) -> None:  # noqa: N802
        inside = self.image.roi.inside
        self.pixelSpacing = np.array(self.image.roi.spacing)
        self.labelledVoxelCoordinates = np.nonzero(np.pad(inside[None], 1))
        found = mesh(inside, self.pixelSpacing)
        self.SurfaceArea, self.Volume, self.diameters = found.area, found.volume, found.diameters
        places = np.transpose(self.labelledVoxelCoordinates)
        self.eigenValues = eigenvalues(places, self.pixelSpacing)


_PREPARATIONS: Mapping[FeatureClass, type[_Prepared]] = {
    "shape": _SliceShape,
    "shape2D": _Shape2D,
    "firstorder": _FirstOrder,
    "glcm": _Glcm,
    "glrlm": _Glrlm,
    "glszm": _Glszm,
    "gldm": _Gldm,
    "ngtdm": _Ngtdm,
}


class _Forward(logging.Handler):
    """Passes pyradiomics' records on to our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(_OUR_LOG).handle(record)


def _met_directions(
    counts: NDArray[np.float64], total: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A matrix (1, level, ..., direction) and its sums (1, direction), without empty directions."""
    met = total[0] > 0
    if met.all():
        return counts, total
    return np.ascontiguousarray(counts[..., met]), total[:, met]
