"""pyradiomics' feature classes with the same numbers in less time, and without its chatter.

What an image's classes share is worked out once, and the shape of a one-slice volume without
comparing every pair of its points.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.radiomics.profile import FeatureClass
from her2desk.radiomics.slice_volume import eigenvalues, mesh

_OUR_LOG = "her2desk.radiomics"


@contextmanager
def pyradiomics_kept_quiet() -> Iterator[None]:
    """pyradiomics' warnings go to our log, not to standard error; Python's are not ours to heed.

    Those are deprecations inside the libraries, and scikit-image's advice on floating-point
    images: the values are whole grey levels when ``rounds_grey`` holds.
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


@cache
def quick_class(feature_class: FeatureClass) -> Any:
    """pyradiomics' class; the setting ``shared`` is one ``SharedByClasses`` for each image."""
    with pyradiomics_kept_quiet():
        import radiomics

    original = radiomics.getFeatureClasses()[feature_class]
    quicker = {"shape": _SliceShape, "firstorder": _QuickMoments}.get(feature_class, _BinnedOnce)
    # the module's name keeps the class on pyradiomics' own logger
    return type(
        original.__name__,
        (quicker, original),
        {"__module__": original.__module__, "known_names": original.getFeatureNames()},
    )


@cache
def features_of(feature_class: FeatureClass) -> tuple[str, ...]:
    """The class's features without the deprecated ones, in pyradiomics' order."""
    names: Mapping[str, bool] = quick_class(feature_class).known_names
    return tuple(name for name, is_deprecated in names.items() if not is_deprecated)


class SharedByClasses:
    """The binned grey levels of one image, once a class has worked them out."""

    def __init__(self) -> None:
        self.binned: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None


class _KnownNames:
    """Mixed in before a pyradiomics class, which else looks its names up for each image."""

    known_names: dict[str, bool]

    @classmethod
    def getFeatureNames(cls) -> dict[str, bool]:  # noqa: N802 (pyradiomics' name)
        return cls.known_names


class _BinnedOnce(_KnownNames):
    settings: dict[str, Any]
    coefficients: dict[str, Any]
    maskArray: NDArray[np.bool_]  # noqa: N815 (pyradiomics' name)

    def _applyBinning(self, matrix: NDArray[Any]) -> NDArray[Any]:  # noqa: N802 (pyradiomics' name)
        shared: SharedByClasses = self.settings["shared"]
        if shared.binned is None:
            shared.binned = self._binned(matrix)
        levels, present = shared.binned
        self.coefficients["grayLevels"] = present
        self.coefficients["Ng"] = int(present[-1])
        return levels.copy()

    def _binned(self, matrix: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        from radiomics import imageoperations

        inside = matrix[self.maskArray]
        # the edges follow from the least and the greatest value alone
        edges = imageoperations.getBinEdges(np.array([inside.min(), inside.max()]), **self.settings)
        levels = np.zeros(matrix.shape, dtype=np.int64)
        levels[self.maskArray] = np.digitize(inside, edges)
        return levels, np.unique(levels[self.maskArray])


class _QuickMoments(_BinnedOnce):
    """First order: each central moment once, by multiplication instead of powers."""

    known_moments: dict[int, NDArray[np.float64]] | None = None

    def _moment(self, a: NDArray[np.float64], moment: int) -> NDArray[np.float64]:
        if self.known_moments is None:
            off = a - a.mean(axis=1, keepdims=True)
            squares = off * off
            powers = {2: squares, 3: squares * off, 4: squares * squares}
            self.known_moments = {k: power.mean(axis=1) for k, power in powers.items()}
        return self.known_moments[moment]


class _SliceShape(_KnownNames):
    """Three-dimensional shape of a mask of one slice, its mesh worked out by patterns."""

    inputImage: Any  # noqa: N815 (pyradiomics' names, here and below)
    inputMask: Any  # noqa: N815
    label: int

    def _initSegmentBasedCalculation(self) -> None:  # noqa: N802
        import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

        self.pixelSpacing = np.array(self.inputImage.GetSpacing()[::-1])
        mask = sitk.GetArrayViewFromImage(self.inputMask) == self.label
        self.maskArray = np.pad(mask, 1)
        self.labelledVoxelCoordinates = np.nonzero(self.maskArray)
        found = mesh(self.maskArray, self.pixelSpacing)
        self.SurfaceArea, self.Volume, self.diameters = found.area, found.volume, found.diameters
        self.eigenValues = eigenvalues(
            np.transpose(self.labelledVoxelCoordinates), self.pixelSpacing
        )


class _Forward(logging.Handler):
    """Passes pyradiomics' records on to our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(_OUR_LOG).handle(record)
