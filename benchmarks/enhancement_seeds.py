"""Where generators of different seeds disagree: ``python -m benchmarks.enhancement_seeds OUT``.

Generators that learnt from the same phantoms and differ in their seed alone enlarge the lesions of every
sixth BrEaST picture as they are, and those of phantoms that were degraded first, whose truth is known.
What the image determines they agree on; the standard deviation of a pixel between seeds, in grey levels,
is what each made up. It is given inside the mask, and split by where it lies: on edges (the steepest tenth
of the Lanczos enlargement's pixels), on bright pixels (its brightest tenth), elsewhere. OUT is the folder
of ``benchmarks.hallucination``, whose generators are used; ``--picture FILE`` draws the map of a phantom.
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_gradient_magnitude
from scipy.stats import spearmanr

from benchmarks.enhancement_arms import LEARNT, Enlarge, lanczos
from benchmarks.enhancement_cases import Case, Setting, Sights, breast, phantoms
from benchmarks.hallucination import PLAN, SEEDS, TEST, generators
from benchmarks.planted_structures import Scene
from her2desk.training.enhancer_patches import pair_of

Matrix = NDArray[np.float64]
Grey = NDArray[np.uint8]

EVERY = 6
PHANTOMS, PHANTOM_SEED = 40, 7300
NOTICEABLE = 5.0  # grey levels
TOP_TENTH = 0.9
EDGE_SIGMA_PX = 4.0
DRAWS, BOOTSTRAP_SEED = 2000, 5
TAILS = (2.5, 97.5)
PICTURE_PHANTOM = 4
MEASURES = ("sd", "noticeable", "on_edges", "on_bright", "elsewhere", "with_error")


def spread(pictures: Sequence[Grey]) -> Matrix:
    """The standard deviation (n − 1) of each pixel between pictures, in grey levels."""
    return np.asarray(np.std(np.stack(pictures).astype(np.float64), axis=0, ddof=1))


def placed(
    apart: Matrix, smooth: Grey, inside: NDArray[np.bool_], true: Grey | None, mean: Matrix
) -> dict[str, float]:
    """Of one lesion: how far seeds are apart, where, and whether where they are wrong.

    ``smooth`` is the Lanczos enlargement. ``with_error`` is the rank correlation with the absolute
    error of the seeds' mean, NaN where the truth is not known.
    """
    steepness = gaussian_gradient_magnitude(smooth.astype(np.float64), EDGE_SIGMA_PX)
    edges = inside & (steepness >= np.quantile(steepness[inside], TOP_TENTH))
    bright = inside & (smooth >= np.quantile(smooth[inside], TOP_TENTH)) & ~edges
    other = inside & ~edges & ~bright
    found = {
        "sd": float(apart[inside].mean()),
        "noticeable": float((apart[inside] > NOTICEABLE).mean()),
        "with_error": float("nan"),
    }
    for name, where in (("on_edges", edges), ("on_bright", bright), ("elsewhere", other)):
        found[name] = float(apart[where].mean()) if where.any() else float("nan")
    if true is not None:
        error = np.abs(mean - true)[inside]
        found["with_error"] = float(spearmanr(apart[inside], error).statistic)
    return found


def measured(
    cases: Sequence[Case], setting: Setting, seeds: Sequence[Mapping[str, Enlarge]]
) -> dict[str, list[dict[str, float]]]:
    """``placed`` of every case, by kind of generator."""
    smooth = lanczos(PLAN.degradation.scale)
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in LEARNT}
    for case in cases:
        sights = Sights.of(case, setting, PLAN.degradation)
        plain = sights.enhanced(smooth)
        true = None
        if sights.true is not None:
            box = sights.original().box
            true = sights.true[box.y0 : box.y1, box.x0 : box.x1]
        for arm in LEARNT:
            own = [sights.enhanced(of_seed[arm]).pixels for of_seed in seeds]
            mean = np.mean(np.stack(own).astype(np.float64), axis=0)
            found[arm].append(placed(spread(own), plain.pixels, plain.mask, true, mean))
    return found


def summary(found: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Means over lesions with intervals that resample lesions; measures without a value left out."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    often = rng.multinomial(len(found), np.full(len(found), 1 / len(found)), DRAWS)
    document: dict[str, Any] = {"lesions": len(found)}
    for name in MEASURES:
        values = np.array([one[name] for one in found])
        if np.isfinite(values).all():
            limits = np.percentile(often @ values / len(values), TAILS)
            document[name] = [float(values.mean()), *limits.tolist()]
    return document


def table(document: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        "| images | generators | lesions | SD | > 5 grey levels | SD on edges | SD on bright pixels "
        "| SD elsewhere | correlation with error |",
        "|---" * 9 + "|",
    ]
    for name, by_arm in document.items():
        for arm, own in by_arm.items():
            shares = dict.fromkeys(MEASURES, 1.0) | {"noticeable": 100.0}
            cells = [_figure(own.get(m), shares[m]) for m in MEASURES]
            cells[1] += " %"
            lines.append(f"| {name} | {arm} | {own['lesions']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _figure(found: Sequence[float] | None, times: float) -> str:
    if found is None:
        return "–"
    value, lower, upper = (f"{times * v:.2f}".replace("-", "−") for v in found)
    return f"{value} ({lower} to {upper})"


def draw(path: Path, seeds: Sequence[Mapping[str, Enlarge]]) -> None:
    """Original, Lanczos, generators and their disagreement of one phantom, side by side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    scene = Scene.draw(PICTURE_PHANTOM, TEST[0])
    original = scene.pairs()[0].present
    low = pair_of(original, PLAN.degradation).low
    panels: list[tuple[str, NDArray[Any]]] = [
        ("original", original),
        ("Lanczos ×4", lanczos(PLAN.degradation.scale)(low)),
    ]
    for arm in LEARNT:
        panels.append((f"{arm.upper()}, seed {SEEDS[0]}", seeds[0][arm](low)))
    maps = [(arm.upper(), spread([s[arm](low) for s in seeds])) for arm in LEARNT]
    middle = np.argwhere(scene.outside_mm < 0).mean(axis=0).astype(int)
    rows, columns = (
        slice(max(0, at - half), at + half) for at, half in zip(middle, (110, 135), strict=True)
    )
    figure, axes = pyplot.subplots(2, 3, figsize=(9.6, 5.6), layout="constrained")
    places = [axes[0, 0], axes[0, 1], axes[0, 2], axes[1, 0]]
    for place, (title, picture) in zip(places, panels, strict=True):
        place.imshow(picture[rows, columns], cmap="gray", vmin=0, vmax=160)
        place.set_title(title, fontsize=9)
    for place, (title, apart) in zip(axes[1, 1:], maps, strict=True):
        shown = place.imshow(apart[rows, columns], cmap="inferno", vmin=0, vmax=NOTICEABLE)
        place.set_title(f"{title}: SD between {len(SEEDS)} seeds", fontsize=9)
    figure.colorbar(shown, ax=axes[1, 1:], label="grey levels", shrink=0.9)
    for place in axes.flat:
        place.set_axis_off()
    figure.savefig(path, dpi=100, pil_kwargs={"quality": 70, "method": 6})
    pyplot.close(figure)


def main() -> None:
    """Train the other seeds, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="the folder of benchmarks.hallucination")
    parser.add_argument("--picture", type=Path, help="draw a phantom's map to this file and end")
    parser.add_argument("--table", action="store_true", help="print what is there as Markdown")
    given = parser.parse_args()
    torch.set_num_threads(1)
    path = given.out / "seeds.json"
    if given.table:
        print(table(json.loads(path.read_text(encoding="utf-8"))))
        return
    seeds = [generators(given.out, seed) for seed in SEEDS]
    if given.picture:
        draw(given.picture, seeds)
        return
    scale = PLAN.degradation.scale
    asked: tuple[tuple[str, list[Case], Setting], ...] = (
        ("BrEaST, as it is", breast(scale)[::EVERY], "as-used"),
        ("phantoms, lowered", phantoms(PHANTOMS, PHANTOM_SEED, 0.5, scale), "lowered"),
    )
    document = {
        name: {arm: summary(own) for arm, own in measured(cases, setting, seeds).items()}
        for name, cases, setting in asked
    }
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
