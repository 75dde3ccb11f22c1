"""What an enhancement erases and what it invents: ``python -m benchmarks.hallucination OUT``.

Phantoms with planted points, septa, spicules and margins, and the same without them
(``planted_structures``), are degraded as declared, rounded, and enlarged ×4 by Lanczos' window, by the
projected bicubic enlargement, and by generators that learnt from other phantoms, with and without a
discriminator.

A structure is detected where the matched filter of its own template, at its own place, gives at least the
threshold of its group: the value that 5 % of places without one exceed (``FALSE_ALARMS``) in the original
pictures of phantoms kept for that. Erased is what is detected in the original picture and not in the
enhanced one; invented is what is silent in the original picture without the structure and detected in the
enhanced one. Beside that the inside of the mass without structures is searched for spots and lines
anywhere, by filters whose threshold gives two false alarms a cm² (``FALSE_PER_CM2``) in original pictures.

OUT keeps each phantom's detections as it ends. ``--enhancer FILE`` compares a file's too; ``--table``
prints the Markdown of what is there.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter, rotate

from benchmarks.enhancement_arms import (
    Enlarge,
    bicubic,
    from_file,
    generator,
    lanczos,
    learnt,
    sample,
    trained,
)
from benchmarks.enhancement_cases import phantoms
from benchmarks.planted_structures import LINE_ROOM_MM, SPOT_ROOM_MM, Pair, Scene, Site
from her2desk.stats.proportions import wilson
from her2desk.training.enhancer_patches import EnhancerSample, pair_of
from her2desk.training.enhancer_phases import LossWeights
from her2desk.training.enhancer_training import EnhancerPlan

Matrix = NDArray[np.float64]
Grey = NDArray[np.uint8]
Record = dict[str, Any]

PLAN = EnhancerPlan(
    l1_steps=600,
    adversarial_steps=400,
    batch=8,
    discriminator_width=16,
    weights=LossWeights(1.0, adversarial=0.002, features=0.05),
)
# The discriminator counts for 25 times as much: sharper than what is proposed for use
STRONG = replace(
    PLAN, l1_steps=0, generator_rate=5e-4, weights=LossWeights(1.0, adversarial=0.05, features=0.2)
)
SEEDS = (1, 2, 3)  # of the generators; the first is measured here
TRAINING, CALIBRATION, TEST = (7000, 100), (7100, 60), (7200, 60)  # seed and number of phantoms
TRAINING_SIGNAL = 0.5
FALSE_ALARMS = 0.05
FALSE_PER_CM2 = 2.0
MOVES = 12  # other places within a mass where a calibration template is tried
INSIDE_MM, NEAR_MM = 0.5, 0.4
SPOT_SIGMA_MM, LINE_SIGMA_MM = (0.09, 0.17), (0.12, 0.6)
SURROUND = 2.5
ORIENTATIONS = (0, 45, 90, 135)
REFERENCE = "lanczos"
KINDS = ("spot", "bright septum", "dark septum", "spicule", "sharp margin")
DRAWS, BOOTSTRAP_SEED = 2000, 5
TAILS = (2.5, 97.5)
MM2_IN_CM2 = 100.0


def generators(out: Path, seed: int) -> dict[str, Enlarge]:
    """The generators "l1" and "gan" of a seed, trained on phantoms of their own."""
    return trained(_training(), PLAN, seed, out / f"generator-{seed}")


def arms(out: Path, files: Sequence[Path]) -> dict[str, Enlarge]:
    """What is compared, by name; "strong" goes on from "l1" with ``STRONG`` weights.

    ``files`` are of enhancers trained elsewhere, called by their own names.
    """
    samples, seed = _training(), SEEDS[0]
    weights = learnt(samples, PLAN, seed, out / f"generator-{seed}")
    stronger = learnt(samples, STRONG, seed, out / f"strong-{seed}", initial=weights["l1"])
    return {
        REFERENCE: lanczos(PLAN.degradation.scale),
        "bicubic": bicubic(PLAN),
        **{arm: generator(own, PLAN) for arm, own in weights.items()},
        "strong": generator(stronger["gan"], STRONG),
        **dict(map(from_file, files)),
    }


def _training() -> list[EnhancerSample]:
    seed, count = TRAINING
    cases = phantoms(count, seed, TRAINING_SIGNAL, PLAN.degradation.scale)
    return [sample(case.pixels, case.patient) for case in cases]


def thresholds(scenes: Sequence[tuple[Scene, Sequence[Pair]]]) -> dict[str, float]:
    """The score of each group that ``FALSE_ALARMS`` of places without a structure exceed."""
    found: dict[str, list[float]] = {}
    for scene, pairs in scenes:
        for pair in pairs:
            for site in pair.sites:
                own = found.setdefault(site.group, [])
                own.append(site.score(pair.absent))
                if pair.name == "structures":
                    own += [moved.score(pair.absent) for moved in _elsewhere(scene, site)]
    return {group: float(np.quantile(own, 1 - FALSE_ALARMS)) for group, own in found.items()}


def _elsewhere(scene: Scene, site: Site) -> Iterator[Site]:
    """The site's filter at other places that lie as deep inside the mass."""
    room = SPOT_ROOM_MM if site.group.startswith("spot") else LINE_ROOM_MM
    rows, columns = site.weights.shape
    inside = np.argwhere(scene.outside_mm < -room)
    for row, column in inside[scene.rng.integers(len(inside), size=MOVES)] if len(inside) else ():
        top, left = max(0, row - rows // 2), max(0, column - columns // 2)
        places = slice(top, top + rows), slice(left, left + columns)
        if scene.outside_mm[places].shape == site.weights.shape:
            yield Site(site.group, site.contrast_db, *places, site.weights)


def line_filter(sigmas_px: tuple[float, float], degrees: int, sign: int) -> Matrix:
    """A line less its surroundings, (pixels, pixels): weights that sum to 0, the line's to about 1."""
    side = 2 * int(np.ceil(3 * SURROUND * max(sigmas_px))) + 1
    point = np.zeros((side, side))
    point[side // 2, side // 2] = 1.0
    across, along = sigmas_px
    shape = gaussian_filter(point, (across, along)) - gaussian_filter(
        point, (SURROUND * across, along)
    )
    turned = rotate(shape, degrees, reshape=False, order=1)
    return np.asarray(sign * (turned - turned.mean()), np.float64)


def responses(picture: NDArray[np.generic], spacing_mm: float) -> dict[str, Matrix]:
    """How much each place of a picture looks like a bright spot, or a bright or dark line."""
    from scipy.signal import fftconvolve

    grey = picture.astype(np.float64)
    down, across = (mm / spacing_mm for mm in SPOT_SIGMA_MM)
    spot = gaussian_filter(grey, (down, across)) - gaussian_filter(
        grey, (SURROUND * down, SURROUND * across)
    )
    width, length = (mm / spacing_mm for mm in LINE_SIGMA_MM)
    lines = [
        fftconvolve(grey, line_filter((width, length), degrees, 1), mode="same")
        for degrees in ORIENTATIONS
    ]
    return {
        "spots": spot,
        "bright lines": np.max(lines, axis=0),
        "dark lines": np.max([-line for line in lines], axis=0),
    }


def peaks(response: Matrix, inside: NDArray[np.bool_], near_px: int) -> NDArray[np.intp]:
    """Places (n, 2) inside that are the highest of all within ``near_px``."""
    highest = maximum_filter(response, 2 * near_px + 1)
    return np.asarray(np.argwhere(inside & (response >= highest)))


def searched_thresholds(scenes: Sequence[tuple[Scene, Sequence[Pair]]]) -> dict[str, float]:
    """The response that ``FALSE_PER_CM2`` peaks exceed inside masses without structures."""
    values: dict[str, list[float]] = {}
    area = 0.0
    for scene, pairs in scenes:
        mm = scene.grid.spacing_mm
        inside = scene.outside_mm < -INSIDE_MM
        area += inside.sum() * mm**2 / MM2_IN_CM2
        for name, response in responses(pairs[0].absent, mm).items():
            found = peaks(response, inside, round(NEAR_MM / mm))
            values.setdefault(name, []).extend(response[tuple(found.T)].tolist())
    return {name: sorted(own)[-int(FALSE_PER_CM2 * area) - 1] for name, own in values.items()}


def examined(
    index: int, enlarge: Mapping[str, Enlarge], limits: Mapping[str, Mapping[str, float]]
) -> Record:
    """One test phantom: every site's detections, and what the search of the empty mass finds."""
    scene = Scene.draw(index, TEST[0])
    pairs = scene.pairs()
    sites: list[Record] = []
    shown: dict[str, Grey] = {}
    for pair in pairs:
        pictures = {
            kind: {"original": picture, **_enhanced(picture, enlarge)}
            for kind, picture in (("present", pair.present), ("absent", pair.absent))
        }
        if pair.name == "structures":
            shown = pictures["absent"]
        for site in pair.sites:
            limit = limits["sites"][site.group]
            seen = {
                kind: {arm: bool(site.score(own) >= limit) for arm, own in by_arm.items()}
                for kind, by_arm in pictures.items()
            }
            sites.append({"group": site.group, "contrast_db": site.contrast_db, **seen})
    return {
        "phantom": index,
        "sites": sites,
        "search": _searched(scene, shown, limits["search"]),
        "cm2": float((scene.outside_mm < -INSIDE_MM).sum()) * scene.grid.spacing_mm**2 / MM2_IN_CM2,
    }


def _enhanced(picture: Grey, enlarge: Mapping[str, Enlarge]) -> dict[str, Grey]:
    low = pair_of(picture, PLAN.degradation).low
    return {arm: own(low) for arm, own in enlarge.items()}


def _searched(
    scene: Scene, shown: Mapping[str, Grey], limits: Mapping[str, float]
) -> dict[str, dict[str, int]]:
    """By what is looked for and arm: peaks above the threshold where the original has none near."""
    mm = scene.grid.spacing_mm
    near = round(NEAR_MM / mm)
    inside = scene.outside_mm < -INSIDE_MM
    original = responses(shown["original"], mm)
    found: dict[str, dict[str, int]] = {name: {} for name in limits}
    for arm, picture in shown.items():
        for name, response in responses(picture, mm).items():
            there = peaks(response, inside & (response >= limits[name]), near)
            around = maximum_filter(original[name], 2 * near + 1)
            is_new = around[tuple(there.T)] < limits[name]
            found[name][arm] = int(is_new.sum()) if arm != "original" else len(there)
    return found


def analysed(records: Sequence[Record]) -> dict[str, Any]:
    """Rates by group, by kind and of all, and what was found per cm²."""
    names = [arm for arm in records[0]["search"]["spots"] if arm != "original"]
    groups = sorted({site["group"] for record in records for site in record["sites"]})
    asked = {kind: [group for group in groups if group.startswith(kind)] for kind in KINDS}
    asked |= {group: [group] for group in groups} | {"all": groups}
    return {
        "phantoms": len(records),
        "cm2": sum(record["cm2"] for record in records),
        "sites": {name: _rates(records, names, wanted) for name, wanted in asked.items()},
        "search": {name: _per_area(records, names, name) for name in records[0]["search"]},
    }


def _rates(
    records: Sequence[Record], names: Sequence[str], wanted: Sequence[str]
) -> dict[str, Any]:
    own = [[s for s in record["sites"] if s["group"] in wanted] for record in records]
    every = [site for sites in own for site in sites]
    seen = sum(site["present"]["original"] for site in every)
    found: dict[str, Any] = {"sites": len(every), "seen_in_original": seen}
    kinds = {"erased": ("present", True), "invented": ("absent", False)}
    for word, (kind, was_seen) in kinds.items():
        asked = [[s for s in sites if s[kind]["original"] == was_seen] for sites in own]
        totals = np.array([len(sites) for sites in asked], float)
        counts = {
            arm: np.array([sum(s[kind][arm] != was_seen for s in sites) for sites in asked], float)
            for arm in names
        }
        found[word] = _compared(counts, totals, is_share=True)
    return found


def _per_area(records: Sequence[Record], names: Sequence[str], what: str) -> dict[str, Any]:
    areas = np.array([record["cm2"] for record in records])
    counts = {
        arm: np.array([record["search"][what][arm] for record in records], float) for arm in names
    }
    found = _compared(counts, areas, is_share=False)
    original = sum(record["search"][what]["original"] for record in records)
    return {"in_original_per_cm2": original / float(areas.sum()), **found}


def _compared(counts: Mapping[str, Matrix], totals: Matrix, *, is_share: bool) -> dict[str, Any]:
    """Each arm's rate, its difference from the reference, and intervals that resample phantoms."""
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    often = rng.multinomial(len(totals), np.full(len(totals), 1 / len(totals)), DRAWS)
    under = np.maximum(often @ totals, np.finfo(float).tiny)
    drawn = {arm: often @ own / under for arm, own in counts.items()}
    found: dict[str, Any] = {}
    for arm, own in counts.items():
        count, total = float(own.sum()), float(totals.sum())
        gap = drawn[arm] - drawn[REFERENCE]
        found[arm] = {
            "count": int(count),
            "of": total,
            "rate": count / total if total else 0.0,
            "cluster": np.percentile(drawn[arm], TAILS).tolist(),
            "more": (count - float(counts[REFERENCE].sum())) / total if total else 0.0,
            "more_interval": np.percentile(gap, TAILS).tolist(),
        }
        if is_share:
            share = wilson(int(count), int(total))
            found[arm]["wilson"] = [share.lower, share.upper]
        elif count == 0:  # resampling nothing gives nothing: the exact bound of a Poisson count
            found[arm]["cluster"] = [0.0, -math.log(1 - TAILS[1] / 100) / total]
    return found


def table(document: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    names = list(document["sites"]["all"]["erased"])
    lines = []
    shown = [g for g in document["sites"] if g in KINDS or g.startswith(KINDS[0]) or g == "all"]
    for word in ("erased", "invented"):
        lines += [f"| {word} | of | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
        for group in shown:
            found = document["sites"][group][word]
            cells = [_share(found[arm]) for arm in names]
            lines.append(f"| {group} | {found[names[0]]['of']:.0f} | " + " | ".join(cells) + " |")
        lines.append("")
    for word in ("erased", "invented"):
        others = [arm for arm in names if arm != REFERENCE]
        lines += [f"| {word}, more than Lanczos | " + " | ".join(others) + " |"]
        lines += ["|---" * (len(others) + 1) + "|"]
        for group in (*KINDS, "all"):
            cells = [_more(document["sites"][group][word][arm], 100) for arm in others]
            lines.append(f"| {group}, percentage points | " + " | ".join(cells) + " |")
        lines.append("")
    lines += ["| found in the empty mass, per cm² | original | " + " | ".join(names) + " |"]
    lines += ["|---" * (len(names) + 2) + "|"]
    for what, own in document["search"].items():
        cells = [_rate(own[arm]) for arm in names]
        lines.append(f"| {what} | {own['in_original_per_cm2']:.2f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _share(found: Mapping[str, Any]) -> str:
    lower, upper = found["wilson"]
    return f"{100 * found['rate']:.1f} % ({100 * lower:.1f}–{100 * upper:.1f})"


def _rate(found: Mapping[str, Any]) -> str:
    lower, upper = found["cluster"]
    return f"{found['rate']:.2f} ({lower:.2f}–{upper:.2f})"


def _more(found: Mapping[str, Any], times: float) -> str:
    lower, upper = found["more_interval"]
    texts = (f"{times * value:+.1f}" for value in (found["more"], lower, upper))
    value, low, high = (text.replace("-", "−") for text in texts)
    return f"{value} ({low} to {high})"


def main() -> None:
    """Train, calibrate, examine, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder outside the project")
    parser.add_argument("--enhancer", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--table", action="store_true", help="print what is there as Markdown")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    kept = given.out / "phantoms.jsonl"
    if not given.table:
        _examine_all(given.out, given.enhancer, kept)
    records = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    document = analysed(records)
    if given.table:
        print(table(document))
        return
    text = json.dumps(document, indent=1)
    (given.out / "hallucination.json").write_text(text, encoding="utf-8")
    print(text)


def _examine_all(out: Path, files: Sequence[Path], kept: Path) -> None:
    done = len(kept.read_text(encoding="utf-8").splitlines()) if kept.exists() else 0
    enlarge = arms(out, files)
    seed, count = CALIBRATION
    scenes = [(scene, scene.pairs()) for scene in (Scene.draw(k, seed) for k in range(count))]
    limits = {"sites": thresholds(scenes), "search": searched_thresholds(scenes)}
    print(json.dumps(limits), file=sys.stderr, flush=True)
    for index in range(done, TEST[1]):
        record = examined(index, enlarge, limits)
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
