"""Three-dimensional shape and local binary patterns of a volume of one slice.

pyradiomics 3.0.1 gives the same numbers: it compares every pair of the mesh's points, and samples
spheres of which all but a circle lies outside the slice.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Volume, in 48ths of a voxel, that pyradiomics' marching cubes enclose above and below each 2 × 2
# pixels of a slice; bits 0 to 3 are the upper left, upper right, lower left and lower right pixel.
_VOLUME_48 = np.array([0, 2, 2, 12, 2, 12, 4, 34, 2, 4, 12, 34, 12, 34, 34, 48])
_SPHERE_LEVELS = 2
_SUBDIVISIONS = 1
_EIGENVALUE_ERROR = 1e-10  # pyradiomics' own bound on rounding below 0


class Mesh(NamedTuple):
    """Marching-cubes mesh of a mask: surface area, volume, and greatest distances of its points.

    ``diameters`` are pyradiomics': in a slice, in a column, in a row, in space.
    """

    area: float
    volume: float
    diameters: tuple[float, float, float, float]


def mesh(mask: NDArray[np.bool_], spacing: NDArray[np.float64]) -> Mesh:
    """The mesh of a mask (3, rows, columns), empty but for its middle slice's inside.

    ``spacing`` is (slice, row, column). Area and volume are sums over the 2 × 2 pixels of the
    slice, each by its pattern; greatest distances are those of the outermost pixels.
    """
    from radiomics import cShape

    pixels = mask[1].astype(np.int64)
    patterns = pixels[:-1, :-1] + 2 * pixels[:-1, 1:] + 4 * pixels[1:, :-1] + 8 * pixels[1:, 1:]
    count = np.bincount(patterns.ravel(), minlength=16)
    areas = [_area_of(pattern, spacing) for pattern in range(16)]
    area = float(count @ np.array(areas))
    volume = float(count @ _VOLUME_48) / 48 * float(np.prod(spacing))
    diameters = cShape.calculate_coefficients(_outermost(mask), spacing)[2]
    return Mesh(area, volume, diameters)


def eigenvalues(points: NDArray[np.int64], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variances along the principal axes of points (n, 3), ascending, as pyradiomics computes them."""
    physical = points * spacing[None, :]
    physical -= np.mean(physical, axis=0)
    physical /= np.sqrt(len(points))
    covariance = np.dot(physical.T.copy(), physical)
    values = np.real(np.linalg.eigvals(covariance)).astype(np.float64)
    values[(values < 0) & (values > -_EIGENVALUE_ERROR)] = 0
    values.sort()
    return values


def lbp_3d(image: Any, roi: Any) -> Iterator[tuple[str, Any]]:
    """pyradiomics' local binary patterns on spheres, (name, image); zero outside the ROI.

    Banerjee et al. 2013, "3D LBP-based rotationally invariant region description". ``image`` and
    ``roi`` are SimpleITK images of one slice.
    """
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)
    from scipy.stats import kurtosis

    grey = sitk.GetArrayFromImage(image)
    place = np.nonzero(sitk.GetArrayViewFromImage(roi) == 1)
    samples = _on_spheres(grey, np.transpose(place))
    levels = _level_norms(samples >= grey[place][:, None])
    maps = {f"lbp-3D-m{i}": values for i, values in enumerate(levels.T, start=1)}
    maps["lbp-3D-k"] = kurtosis(samples, axis=1)
    for name, values in maps.items():
        picture = np.zeros(grey.shape)
        picture[place] = values
        filtered = sitk.GetImageFromArray(picture)
        filtered.CopyInformation(image)
        yield name, filtered


def _area_of(pattern: int, spacing: NDArray[np.float64]) -> float:
    from radiomics import cShape

    alone = np.zeros((3, 2, 2), dtype=bool)
    alone[1].ravel()[:] = [pattern >> bit & 1 for bit in range(4)]
    return float(cShape.calculate_coefficients(alone, spacing)[0])


def _outermost(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The first and last pixel of each row and column, between which all greatest distances lie."""
    outermost = np.zeros_like(mask)
    slice_, kept = mask[1], outermost[1]
    rows, columns = np.flatnonzero(slice_.any(axis=1)), np.flatnonzero(slice_.any(axis=0))
    kept[rows, slice_[rows].argmax(axis=1)] = True
    kept[rows, slice_.shape[1] - 1 - slice_[rows, ::-1].argmax(axis=1)] = True
    kept[slice_[:, columns].argmax(axis=0), columns] = True
    kept[slice_.shape[0] - 1 - slice_[::-1, columns].argmax(axis=0), columns] = True
    return outermost


@cache
def _sphere() -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.int64]]:
    """Points of the unit sphere (v, 3), spherical harmonics there (v, 4) and their degrees (4,)."""
    from scipy.special import sph_harm_y
    from trimesh.creation import icosphere

    points = np.array(icosphere(_SUBDIVISIONS, 1).vertices)
    # the names are pyradiomics', which takes the polar angle for the azimuth and the reverse
    azimuth, polar = np.arccos(points[:, 2]), np.arctan2(points[:, 1], points[:, 0])
    orders = [(n, m) for n in range(_SPHERE_LEVELS) for m in range(-n, n + 1)]
    harmonics = np.column_stack([sph_harm_y(n, m, polar, azimuth) for n, m in orders])
    return points, harmonics, np.array([n for n, _ in orders])


def _on_spheres(grey: NDArray[np.float64], centres: NDArray[np.int64]) -> NDArray[np.float64]:
    """Grey levels (n, v) on the unit sphere around each centre (n, 3), 0 outside the slice."""
    from scipy.ndimage import map_coordinates

    points, _, _ = _sphere()
    in_slice = points[:, 0] == 0
    where = centres.T[:, :, None] + points[in_slice].T[:, None, :]
    samples = np.zeros((len(centres), len(points)))
    samples[:, in_slice] = map_coordinates(grey, where, order=3)
    return samples


def _level_norms(is_brighter: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Norm (n, levels) of each degree of the spherical expansion of patterns (n, v)."""
    _, harmonics, degrees = _sphere()
    codes = is_brighter @ (1 << np.arange(is_brighter.shape[1]))
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    patterns = is_brighter[first].astype(np.int64)
    weights = (patterns[:, :, None] * harmonics[None]).sum(axis=1)
    norms = []
    for degree in range(_SPHERE_LEVELS):
        own = degrees == degree
        expanded = (weights[:, None, own] * harmonics[None, :, own]).sum(axis=2)
        norms.append(np.real(np.sqrt((expanded**2).sum(axis=1))))
    return np.column_stack(norms)[which]
