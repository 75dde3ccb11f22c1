"""The stages of an answer that take time: the picture, the network, the features.

Each is remembered by what it depends on (``remembered``) where the pack was loaded with a memory.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.image import Spacing
from her2desk.domain.progress import Progress
from her2desk.domain.roi import Box
from her2desk.enhancement.sight import Sight, enhanced_sight
from her2desk.enhancement.suitability import check_suitable
from her2desk.errors import InputRefused
from her2desk.inference.enhancing import FrameTiles, use_of, works_by_tiles
from her2desk.inference.loaded_pack import LoadedPack
from her2desk.inference.networks import NetworkAnswer
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.remembered import recalled
from her2desk.inference.requests import mask_of
from her2desk.packs.pack import Pack
from her2desk.radiomics.shared_picture import SharedPicture
from her2desk.texts import msg


class StageClock:
    """Times each stage and tells its name to whoever watches.

    A stage that was remembered takes about no time. Two stages may run side by side, so that
    ``total``, the seconds on the wall, may be less than their sum.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started = time.perf_counter()
        self._stages: dict[str, float] = {}

    def step(self, name: str, fraction: float) -> None:
        """Tell that the stage comes next; raises ``Cancelled`` when the work is to stop."""
        self._progress.step(fraction, _STAGE_NAMES[name])

    def within(self, name: str, start: float, end: float) -> Callable[[float], None]:
        """What tells how far the stage is: its 0–1 is ``start``–``end`` of all; raises as ``step``."""
        return lambda share: self.step(name, start + share * (end - start))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time the stage, in any thread."""
        started = time.perf_counter()
        yield
        self._stages[name] = (time.perf_counter() - started) * 1000

    @contextmanager
    def stage(self, name: str, fraction: float) -> Iterator[None]:
        """Tell of the stage, and time it; raises as ``step``."""
        self.step(name, fraction)
        with self.timed(name):
            yield

    def timings_ms(self) -> dict[str, float]:
        """The stages in milliseconds, and all of it."""
        return {"total": (time.perf_counter() - self._started) * 1000, **self._stages}


_STAGE_NAMES = {
    "preprocess": msg("Preparing the crop"),
    "enhance": msg("Enhancing the image around the outline"),
    "cnn": msg("Running the network"),
    "radiomics": msg("Computing radiomics features"),
    "heatmap": msg("Mapping attention"),
    "readout": msg("Combining the branches"),
}


@dataclass(frozen=True)
class Picture:
    """What of the picture is looked at; ``box`` and ``mask`` are in the image's own pixels."""

    box: Box
    mask: NDArray[np.bool_]
    spacing: Spacing
    sight: Sight


@dataclass(frozen=True)
class SharedByOutlines:
    """What outlines on one frame have in common: worked out when it is first needed.

    ``key`` tells all that it depends on besides the frame and the pack.
    """

    key: str
    make: Callable[[], SharedPicture]

    @cached_property
    def picture(self) -> SharedPicture:
        """What is shared."""
        return self.make()


def prepared(case: Case, loaded: LoadedPack, clock: StageClock) -> Picture:
    """The case's crop and what is seen of it.

    Raises ``InputRefused`` for an ROI without texture and for a picture that the pack's enhancement is
    not for.
    """
    pack, image, roi, memory = loaded.pack, case.image, case.roi, loaded.memory
    with clock.stage("preprocess", 0.02):
        box = crop_box(roi, image.rows, image.columns, pack.manifest.preprocessing)
        mask = mask_of(roi, image, memory)
        check_texture(case.pixels[mask])
        spacing = roi.spacing(image)
        sight = Sight(case.pixels, mask, spacing.mm)
    enhancer = pack.enhancer
    if enhancer is not None:
        check_suitable(enhancer, case.shown, image, box)
        tiles = FrameTiles(memory, enhancer, case.pixels, clock.within("enhance", 0.05, 0.15))
        with clock.stage("enhance", 0.05):
            sight = recalled(
                None if works_by_tiles(enhancer) else memory,
                "sight",
                (pack.digest, case.pixels, np.array(roi.polygon), spacing.mm),
                lambda: enhanced_sight(
                    enhancer, case.pixels, mask, roi, spacing.mm, loaded.profile, box, tiles
                ),
                lambda sight: [sight.pixels, sight.mask],
            )
    return Picture(box, mask, spacing, sight)


def enhancement_of(picture: Picture, pack: Pack) -> EnhancementUse | None:
    """The enhancement of what is looked at, judged over all pixels that network or features see."""
    if pack.enhancer is None:
        return None
    return use_of(pack.enhancer, picture.sight.residual, picture.sight.seen)


def crop_of(picture: Picture, loaded: LoadedPack) -> NDArray[np.float32]:
    """What the network reads of a picture, (size, size)."""
    pixels, box = picture.sight.pixels, picture.sight.box(picture.box)
    preprocessing = loaded.pack.manifest.preprocessing
    return recalled(
        loaded.memory,
        "crop",
        (preprocessing.model_dump_json(), pixels[box.y0 : box.y1, box.x0 : box.x1]),
        lambda: network_input(pixels, box, preprocessing),
        lambda crop: [crop],
    )


def features_of(
    sight: Sight, loaded: LoadedPack, shared: SharedByOutlines | None = None
) -> dict[str, float]:
    """The pack's features; ``shared`` where others are measured on the same pixels."""
    names, profile = loaded.pack.manifest.features.names, loaded.profile

    def work() -> NDArray[np.float64]:
        found = loaded.measure(
            sight.pixels,
            sight.mask,
            sight.spacing_mm,
            profile,
            names,
            part=sight.part,
            shared=None if shared is None else shared.picture,
        )
        return np.array([found[name] for name in names])

    values = recalled(
        loaded.memory,
        "features",
        (
            sight.pixels,
            sight.mask,
            sight.spacing_mm if profile.unit == "mm" else None,
            sight.part,
            profile.to_json(),
            names,
            None if shared is None else shared.key,
        ),
        work,
        lambda values: [values],
    )
    return dict(zip(names, values.tolist(), strict=True))


def read_and_measured(
    picture: Picture, loaded: LoadedPack, clock: StageClock
) -> tuple[NetworkAnswer, dict[str, float]]:
    """What the network says of the picture, and its features: worked out side by side.

    The network has a thread of its own, for torch lets others work meanwhile. Nothing runs any more
    when this returns or raises. Raises what either raises, the network's refusal before the features'.
    """

    def read() -> NetworkAnswer:
        with clock.timed("cnn"):
            return loaded.network.read(crop_of(picture, loaded))

    clock.step("cnn", 0.15)
    reading = loaded.beside.submit(read)
    try:
        with clock.stage("radiomics", 0.2):
            features = features_of(picture.sight, loaded)
    except InputRefused:
        reading.result()
        raise
    finally:
        wait([reading])
    return reading.result(), features


def check_texture(grey: NDArray[np.uint8]) -> None:
    """Raise ``InputRefused`` where all of the ROI's pixels are one grey: there is no lesion to read."""
    if grey.min() == grey.max():
        raise InputRefused(
            msg(
                "All pixels inside the outline have the same grey value, so there is nothing to read."
            ),
            msg("Draw the outline around the lesion on the ultrasound picture itself."),
            code="roi-without-texture",
        )
