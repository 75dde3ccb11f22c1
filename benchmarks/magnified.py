"""How often a magnified picture is found, and a scanned one called so: ``python -m benchmarks.magnified``.

Pictures of BrEaST, of BUS-BRA and of phantoms are looked at as they are, and enlarged by every factor and
kernel of ``FACTORS`` and ``KERNELS``, each without loss and after JPEG. One window a picture, in its
middle. The thresholds of ``her2desk/enhancement/magnification.py`` were chosen on the patients of
every fourth picture, and on other phantoms; these patients are counted with ``--chosen-on`` alone.
A Markdown table is printed: found of all, with Wilson's 95 % interval, and the median of the factors told.
"""

import argparse
import io
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.public_data import data_folder
from benchmarks.real_cohorts import grey
from her2desk.domain.roi import Box
from her2desk.enhancement.magnification import WINDOW_PX, magnification
from her2desk.phantoms.patient import simulate_patient
from her2desk.stats.proportions import wilson

FACTORS = (1.5, 2.0, 3.0, 4.0)
KERNELS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "Lanczos": Image.Resampling.LANCZOS,
}
JPEG_QUALITY = 90
PHANTOMS, PHANTOM_SEED, CHOSEN_ON_SEED = 60, 4101, 4102
EVERY = 4
SOURCES = ("BrEaST", "BUS-BRA", "phantoms")

Pixels = NDArray[np.uint8]
Found = dict[tuple[str, str, bool], list[float | None]]


def pictures(source: str, is_chosen_on: bool) -> Iterator[Pixels]:
    """The pictures of one source, grey: those that thresholds were chosen on, or all the others."""
    if source == "phantoms":
        seed = CHOSEN_ON_SEED if is_chosen_on else PHANTOM_SEED
        for index in range(PHANTOMS):
            patient = simulate_patient(index, seed, 0.0)
            region = patient.region
            yield patient.image[region.y0 : region.y1 + 1, region.x0 : region.x1 + 1]
        return
    folder, pattern = {
        "BrEaST": ("breast_usg/images_and_masks", "case*.png"),
        "BUS-BRA": ("busbra/Images", "bus_*.png"),
    }[source]
    paths = sorted(p for p in (data_folder() / folder).glob(pattern) if "_" not in p.stem[4:])
    for path in of_half(paths, is_chosen_on):
        yield grey(path)


def of_half(paths: Sequence[Path], is_chosen_on: bool) -> list[Path]:
    """The pictures of the patients of every fourth picture, or those of all the other patients."""
    looked_at = {patient_of(path) for path in paths[::EVERY]}
    return [path for path in paths if (patient_of(path) in looked_at) == is_chosen_on]


def patient_of(path: Path) -> str:
    """The patient that a picture's name tells: ``bus_0012-l`` is one of ``bus_0012``."""
    return path.stem.partition("-")[0]


def enlarged(pixels: Pixels, times: float, kernel: Image.Resampling) -> Pixels:
    """The middle of a picture, enlarged to a little more than a window."""
    side = int(WINDOW_PX * 1.2 / times)
    middle = Image.fromarray(np.ascontiguousarray(_middle(pixels, side)))
    size = round(middle.width * times), round(middle.height * times)
    return np.array(middle.resize(size, kernel))


def as_jpeg(pixels: Pixels) -> Pixels:
    """A picture as it comes back from JPEG."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=JPEG_QUALITY)
    return np.array(Image.open(file))


def look(pixels: Pixels, source: str, found: Found) -> None:
    """Look at one picture in every way, and add what is told of it."""
    ways = {"as scanned": pixels}
    for times in FACTORS:
        for name, kernel in KERNELS.items():
            ways[f"×{times:g} {name}"] = enlarged(pixels, times, kernel)
    for way, shown in ways.items():
        for is_jpeg in (False, True):
            seen = as_jpeg(shown) if is_jpeg else shown
            whole = Box(0, 0, seen.shape[1], seen.shape[0])
            found[way, source, is_jpeg].append(magnification(seen, whole))


def table(found: Found) -> str:
    """The Markdown table."""
    heads = [f"{source}{kind}" for source in SOURCES for kind in ("", ", JPEG")]
    lines = ["| enlarged | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for way in dict.fromkeys(way for way, _, _ in found):
        cells = [_cell(found[way, s, is_jpeg]) for s in SOURCES for is_jpeg in (False, True)]
        lines.append(f"| {way} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(told: Sequence[float | None]) -> str:
    times = [each for each in told if each is not None]
    share = wilson(len(times), len(told))
    text = f"{share.count}/{share.total} ({100 * share.lower:.0f}–{100 * share.upper:.0f} %)"
    return f"{text}, ×{np.median(times):.1f}" if times else text


def _middle(pixels: Pixels, side: int) -> Pixels:
    rows, columns = (min(side, length) for length in pixels.shape)
    top, left = (pixels.shape[0] - rows) // 2, (pixels.shape[1] - columns) // 2
    return pixels[top : top + rows, left : left + columns]


def main() -> None:
    """Look at every picture and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chosen-on", action="store_true")
    given = parser.parse_args()
    found: Found = defaultdict(list)
    for source in SOURCES:
        for pixels in pictures(source, given.chosen_on):
            look(pixels, source, found)
    print(table(found))


if __name__ == "__main__":
    main()
