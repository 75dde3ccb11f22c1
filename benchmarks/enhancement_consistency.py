"""How exactly an enhanced picture gives the image back: ``python -m benchmarks.enhancement_consistency``.

Pictures as they are: every third of BrEaST, every fifth of BUS-BRA, and whole screens of phantoms, with
all that is written on them. Each is enhanced by the file (the one that ships, without ``--enhancer``) and
by Lanczos' window, brought down again by the file's degradation and compared at each pixel: over the
whole picture, and over the lesion's box with the margin that the network of a pack sees. Prints Markdown.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import assist_data
from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.geometry import widened
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.enhancement.trained import TrainedEnhancer
from her2desk.packs.enhancer_file import read_enhancer
from her2desk.paths import shipped_enhancer_path
from her2desk.phantoms.patient import simulate_patient

PHANTOMS, PHANTOM_SEED, SIGNAL = 40, 9100, 0.5
EVERY = {assist_data.BREAST: 3, assist_data.BUSBRA: 5}
MARGIN_PX = 10


@dataclass(frozen=True)
class Picture:
    """A picture and its lesion's mask, both (rows, columns)."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]

    @property
    def crop(self) -> Box:
        """The lesion's box and the margin around it."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        tight = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        return widened(tight, MARGIN_PX, *self.pixels.shape)


@dataclass(frozen=True)
class Misses:
    """Of one picture: the largest residual in grey levels, and how many pixels fail of how many."""

    largest: float
    failing: int
    pixels: int


def misses(residual: NDArray[np.floating], tolerance: float) -> Misses:
    """What fails of residuals (rows, columns)."""
    away = np.abs(residual)
    return Misses(float(away.max()), int((away > tolerance).sum()), away.size)


def row(name: str, found: Sequence[Misses]) -> str:
    """A line of the table."""
    largest = np.array([one.largest for one in found])
    clean = sum(one.failing == 0 for one in found)
    share = sum(one.failing for one in found) / sum(one.pixels for one in found)
    return (
        f"| {name} | {clean} of {len(found)} | {share:.2%} | {np.median(largest):.2f} | "
        f"{largest.max():.1f} |"
    )


def _pictures() -> Iterator[tuple[str, list[Picture]]]:
    for name, every in EVERY.items():
        samples = assist_data.load(name)[::every]
        yield name, [Picture(sample.pixels, sample.mask) for sample in samples]
    patients = (simulate_patient(n, PHANTOM_SEED, SIGNAL) for n in range(PHANTOMS))
    yield "phantoms, whole screens", [Picture(p.image, p.mask) for p in patients]


def _residual(
    enhancer: Enhancer, by: TrainedEnhancer, pixels: NDArray[np.uint8]
) -> NDArray[np.float64]:
    whole = Box(0, 0, pixels.shape[1], pixels.shape[0])
    return by.degradation.applied(enhancer.enhance(pixels, whole).pixels) - pixels


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--enhancer", type=Path, default=shipped_enhancer_path())
    given = parser.parse_args()
    torch.set_num_threads(1)
    trained = read_enhancer(given.enhancer).enhancer
    print("| pictures | none fails | pixels that fail | largest, median | largest of all |")
    print("|---|---|---|---|---|")
    for name, pictures in _pictures():
        for enhancer in (trained, LanczosEnhancer(trained.scale)):
            whole, crops = [], []
            for picture in pictures:
                residual, box = _residual(enhancer, trained, picture.pixels), picture.crop
                own = residual[box.y0 : box.y1, box.x0 : box.x1]
                whole.append(misses(residual, trained.tolerance))
                crops.append(misses(own, trained.tolerance))
            print(row(f"{name}, {enhancer.name}: whole", whole), flush=True)
            print(row(f"{name}, {enhancer.name}: crop", crops), flush=True)


if __name__ == "__main__":
    main()
