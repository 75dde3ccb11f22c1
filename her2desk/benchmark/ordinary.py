"""What a user would otherwise run: pyradiomics' own extractor, eager PyTorch, pydicom frame by frame."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from her2desk.enhancement.architecture import Architecture
from her2desk.enhancement.degradation import Degradation
from her2desk.inference.measuring import Outline
from her2desk.radiomics.filtered import filter_settings
from her2desk.radiomics.profile import Profile


def by_pyradiomics(
    one: Outline, profile: Profile, names: Sequence[str] | None = None
) -> dict[str, Any]:
    """What pyradiomics' own extractor gives with the profile's settings: all of it, or these features.

    The extractor knows classes and image types, so with ``names`` it gives of each image type that
    is named all features that are named of any.
    """
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    extractor = _extractor(profile, names)
    shape = one.mask.shape if profile.dimension == 2 else (1, *one.mask.shape)
    image = sitk.GetImageFromArray(one.grey.astype(np.float64).reshape(shape))
    roi = sitk.GetImageFromArray(one.mask.astype(np.uint8).reshape(shape))
    if profile.dimension == 2 and one.spacing_mm is not None:
        for picture in (image, roi):
            picture.SetSpacing(one.spacing_mm[::-1])
    found: dict[str, Any] = extractor.execute(image, roi)
    return found


def _extractor(profile: Profile, names: Sequence[str] | None) -> Any:
    import radiomics
    from radiomics import featureextractor

    radiomics.logger.setLevel(logging.CRITICAL)
    settings: dict[str, Any] = {"additionalInfo": False}
    if profile.dimension == 2:
        settings |= {"binCount": profile.bin_count, "preCrop": True, "padDistance": profile.pad_px}
    extractor = featureextractor.RadiomicsFeatureExtractor(**settings)
    images = None if names is None else {name.split("_")[0] for name in names}
    extractor.disableAllImageTypes()
    for kind in profile.image_types:
        if images is None or images & set(profile.images_of(kind)):
            extractor.enableImageTypeByName(kind, customArgs=filter_settings(profile, kind))
    extractor.disableAllFeatures()
    if names is None:
        for feature_class in profile.feature_classes:
            extractor.enableFeatureClassByName(feature_class)
        return extractor
    by_class: dict[str, list[str]] = {}
    for name in names:
        _, group, feature = name.split("_")
        by_class.setdefault(group, []).append(feature)
    extractor.enableFeaturesByName(**{c: sorted(set(found)) for c, found in by_class.items()})
    return extractor


def largest_difference(
    ours: Mapping[str, float] | Sequence[float], theirs: Mapping[str, Any], names: Sequence[str]
) -> float:
    """The largest relative difference of a feature; what is under 1e-12 of any size counts as none."""
    found = np.array([ours[n] for n in names] if isinstance(ours, Mapping) else ours, float)
    expected = np.array([float(theirs[name]) for name in names])
    beyond = np.maximum(np.abs(found - expected) - 1e-12, 0)
    size = np.where(expected == 0, 1, np.abs(expected))
    return float(np.max(beyond / size))


def eager_network(
    weights: Mapping[str, NDArray[Any]], device: str
) -> Callable[[NDArray[np.float32]], float]:
    """MONAI's ResNet101 as it comes, evaluated eagerly: a crop (side, side) gives the logit."""
    import torch

    from her2desk.benchmark.sample_packs import ARCHITECTURE, CHANNELS
    from her2desk.inference.networks import build_network

    network = build_network(ARCHITECTURE, CHANNELS)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    network = network.eval().to(device)

    def logit(crop: NDArray[np.float32]) -> float:
        with torch.inference_mode():
            batch = torch.from_numpy(crop)[None, None].expand(1, CHANNELS, -1, -1)
            return float(network(batch.to(device))[0, 0])

    return logit


def eager_generator(
    weights: Mapping[str, NDArray[Any]], architecture: Architecture, degradation: Degradation
) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """A generator as it comes, evaluated eagerly on a whole frame (rows, columns)."""
    import torch

    from her2desk.enhancement.generator import Generator

    generator = Generator(architecture, degradation)
    generator.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    generator.eval()

    def enhanced(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        with torch.inference_mode():
            found = generator(torch.from_numpy(frame.astype(np.float32) / 255)[None, None])
            grey: NDArray[np.uint8] = (
                (found.clamp(0, 1) * 255).round().to(torch.uint8)[0, 0].numpy()
            )
            return grey

    return enhanced


def frame_by_pydicom(path: Path, index: int) -> NDArray[Any]:
    """One frame as pydicom gives it: the file read, and that frame of it decoded."""
    from pydicom import dcmread
    from pydicom.pixels import pixel_array

    frame: NDArray[Any] = pixel_array(dcmread(path), index=index)
    return frame


def frames_by_pydicom(path: Path, frames: int, *, keeps: bool) -> list[NDArray[Any]]:
    """All frames, one after another, the file read once; the last alone where they are not kept."""
    from pydicom import dcmread
    from pydicom.pixels import pixel_array

    data = dcmread(path)
    found: list[NDArray[Any]] = []
    for index in range(frames):
        if not keeps:
            found.clear()
        found.append(pixel_array(data, index=index))
    return found
