"""How near proposed outlines come to those of experts: ``python -m benchmarks.assist``.

Two public data sets, each tested by a network trained on the other alone; beside it, methods that learn
nothing. ``--ship`` trains the network that ships, on all pictures of both, and writes it to assets/assist.
Training leaves its state after each epoch in ``--work`` and goes on from there.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.assist_data import ATTRIBUTION, BREAST, BUSBRA, load
from benchmarks.assist_rivals import RIVALS, Map, Question, network_alone
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.proposal import Prompt, Proposal, ProposalOrigin
from her2desk.domain.roi import Point, Roi
from her2desk.errors import InputRefused
from her2desk.inference.assist.assist import assist
from her2desk.inference.assist.contour import part_at_click, part_in_box, polygon_of
from her2desk.inference.assist.network import ContourNetwork
from her2desk.inference.assist.window import box_map, box_window, click_window, picture_at
from her2desk.paths import contour_network_path
from her2desk.radiomics.mask import rasterise
from her2desk.texts import Message
from her2desk.training.contour_file import write_contour_network
from her2desk.training.contour_network import ContourPlan, TrainedContour, train_contour_network
from her2desk.training.contour_samples import ContourSample, core, core_place, loosened, tight_box

SEED = 1
PROMPT_SEED = 2
BOX_OUTWARDS = (
    -0.05,
    0.15,
)  # a margin of 5 %, each side 10 % of the box's extent farther in or out
DRAWS = 2000
LOW_DICE = 0.75  # below it validity.md asks for a third reader
KINDS = ("box", "click")
TRAINED_ON = {BREAST: BUSBRA, BUSBRA: BREAST}
PLACES_TRIED = 200
PROGRAM = "network and walker"
SLOW, SLOW_EVERY = (
    ("geodesic contour", "Chan–Vese"),
    4,
)  # those are asked about every fourth picture

Ask = Callable[[ContourSample, Prompt], Proposal]


@dataclass(frozen=True)
class Measured:
    """One outline: whose it is, its Dice (0 where none was proposed), and what was said."""

    patient: str
    dice: float
    refused: bool
    noted: bool


class Printed:
    """Progress on one line each."""

    def __init__(self, name: str) -> None:
        self._name = name

    def step(self, fraction: float, text: Message) -> None:
        """Print the step."""
        print(f"{time.strftime('%H:%M:%S')} {self._name}: {text.text()}", flush=True)


def trained(names: Sequence[str], work: Path) -> tuple[TrainedContour, list[ContourSample]]:
    """The network trained on these data sets, and its pictures."""
    samples = [sample for name in names for sample in load(name)]
    title = "all" if len(names) > 1 else names[0]
    checkpoint = work / f"{title}.checkpoint"
    network = train_contour_network(
        samples, ContourPlan(), SEED, checkpoint=checkpoint, progress=Printed(title)
    )
    return network, samples


def asked_program(network: ContourNetwork) -> Ask:
    """The program's own way, with this network."""
    return lambda sample, prompt: assist(sample.pixels, _image(sample), prompt, network)


def asked_rival(rival: Callable[[Question], Map]) -> Ask:
    """A rival on the program's windows, its outline drawn by the program."""

    def ask(sample: ContourSample, prompt: Prompt) -> Proposal:
        image = _image(sample)
        if prompt.is_click:
            window = click_window(prompt.corners[0], picture_at(image, prompt.corners[0]))
        else:
            window = box_window((*prompt.corners[0], *prompt.corners[1]))
        seen = window.to_window(np.array(prompt.corners))
        middle = seen.mean(axis=0)
        place = float(middle[0]), float(middle[1])
        box = None if prompt.is_click else (*map(float, seen[0]), *map(float, seen[1]))
        chances = rival(Question(window.sample(sample.pixels), place, box))
        part = part_at_click(chances, place) if box is None else part_in_box(chances, box_map(box))
        polygon = None if part is None else polygon_of(part, window, image.rows, image.columns)
        if polygon is None:
            raise InputRefused("nothing")
        return Proposal(Roi(0, polygon), ProposalOrigin.ASSISTED)

    return ask


def prompts(samples: Sequence[ContourSample], kind: str) -> list[Prompt]:
    """A seeded prompt for each picture."""
    rng = np.random.default_rng([PROMPT_SEED, KINDS.index(kind)])
    found = []
    for sample in samples:
        if kind == "click":
            found.append(Prompt(0, (core_place(core(sample.mask), rng),)))
        else:
            left, top, right, lower = loosened(tight_box(sample.mask), BOX_OUTWARDS, rng)
            found.append(Prompt(0, ((left, top), (right, lower))))
    return found


def measured(ask: Ask, samples: Sequence[ContourSample], asked: Sequence[Prompt]) -> list[Measured]:
    """Every prompt's outline against the expert's."""
    found = []
    for sample, prompt in zip(samples, asked, strict=True):
        try:
            proposal = ask(sample, prompt)
        except InputRefused:
            found.append(Measured(sample.patient, 0.0, True, True))
            continue
        mask = rasterise(proposal.roi.polygon, *sample.mask.shape)
        both = np.count_nonzero(mask & sample.mask)
        dice = 2 * both / (np.count_nonzero(mask) + np.count_nonzero(sample.mask))
        found.append(Measured(sample.patient, float(dice), False, proposal.note is not None))
    return found


def summary(found: Sequence[Measured]) -> dict[str, float]:
    """Mean Dice with a 95 % interval over patients, and the share of poor outlines."""
    dice = np.array([one.dice for one in found])
    noted = np.array([one.noted for one in found])
    low, high = interval(dice, [one.patient for one in found])
    return {
        "n": len(dice),
        "dice": float(dice.mean()),
        "lower": low,
        "upper": high,
        "median": float(np.median(dice)),
        "below": float((dice < LOW_DICE).mean()),
        "refused": float(np.mean([one.refused for one in found])),
        "noted": float(noted.mean()),
        "below_of_noted": float((dice[noted] < LOW_DICE).mean()) if noted.any() else float("nan"),
        "below_of_others": float((dice[~noted] < LOW_DICE).mean()),
    }


def interval(values: NDArray[np.float64], patients: Sequence[str]) -> tuple[float, float]:
    """2.5 and 97.5 % points of the mean over resampled patients, each with all its pictures."""
    names, of = np.unique(np.array(patients), return_inverse=True)
    sums, counts = np.bincount(of, values), np.bincount(of)
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(len(names), size=(DRAWS, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def beside(samples: Sequence[ContourSample], kind: str) -> list[tuple[ContourSample, Prompt]]:
    """Prompts of a lesion's size where no lesion is, for pictures that have room."""
    rng = np.random.default_rng([PROMPT_SEED, 2 + KINDS.index(kind)])
    found = []
    for sample in samples:
        place = _free_box(sample, rng)
        if place is not None:
            (left, top), (right, lower) = place
            middle = (left + right) / 2, (top + lower) / 2
            found.append((sample, Prompt(0, (middle,) if kind == "click" else place)))
    return found


def _free_box(sample: ContourSample, rng: np.random.Generator) -> tuple[Point, Point] | None:
    left, top, right, lower = tight_box(sample.mask)
    rows, columns = sample.mask.shape
    wide, high = int(right - left), int(lower - top)
    for _ in range(PLACES_TRIED):
        if wide >= columns or high >= rows:
            return None
        x, y = int(rng.integers(columns - wide)), int(rng.integers(rows - high))
        if not sample.mask[y : y + high, x : x + wide].any():
            return (float(x), float(y)), (float(x + wide), float(y + high))
    return None


def compare(work: Path, tested: Sequence[str], kinds: Sequence[str]) -> None:
    """Train on the other data set of each, measure all and print the table's rows."""
    for data in tested:
        found, _ = trained([TRAINED_ON[data]], work)
        network = ContourNetwork(found.network, "0" * 64)
        samples = load(data)
        rivals = {"network alone": network_alone(network), **RIVALS}
        ways = {PROGRAM: asked_program(network)}
        ways |= {name: asked_rival(rival) for name, rival in rivals.items()}
        for kind in kinds:
            asked = prompts(samples, kind)
            for name, ask in ways.items():
                every = slice(None, None, SLOW_EVERY if name in SLOW else 1)
                result = summary(measured(ask, samples[every], asked[every]))
                print(line(data, kind, name, result), flush=True)
            empty = beside(samples, kind)
            said = measured(ways[PROGRAM], [s for s, _ in empty], [p for _, p in empty])
            warned = np.mean([one.refused or one.noted for one in said])
            refused = np.mean([one.refused for one in said])
            print(
                f"beside the lesion, {data}, {kind}: of {len(said)}, {refused:.1%} refused, "
                f"{warned:.1%} refused or with a note",
                flush=True,
            )


def line(data: str, kind: str, name: str, s: dict[str, float]) -> str:
    """A row of the table in docs/validation.md."""
    return (
        f"| {data} ({s['n']}) | {kind} | {name} | {s['dice']:.3f} ({s['lower']:.3f}–{s['upper']:.3f})"
        f" | {s['median']:.3f} | {s['below']:.1%} | {s['refused']:.1%} | {s['noted']:.1%}"
        f" | {s['below_of_noted']:.1%} / {s['below_of_others']:.1%} |"
    )


def ship(work: Path, names: Sequence[str]) -> None:
    """Train on these data sets and write the network that ships."""
    found, samples = trained(names, work)
    sources = [ATTRIBUTION[name] for name in names]
    write_contour_network(contour_network_path(), found, samples, ContourPlan(), SEED, sources)
    print(f"{contour_network_path()}: {contour_network_path().stat().st_size / 1e6:.2f} MB")


def _image(sample: ContourSample) -> UltrasoundImage:
    rows, columns = sample.mask.shape
    return UltrasoundImage("", None, rows, columns, 1, "MONOCHROME2", "image/png")


def main() -> None:
    """Compare, or train what ships."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ship", action="store_true", help="train and write the shipped network")
    parser.add_argument("--data", choices=TRAINED_ON, help="test on, or ship from, this one alone")
    parser.add_argument("--kind", choices=KINDS, help="ask with this kind of prompt alone")
    parser.add_argument("--work", type=Path, default=Path("out/assist"))
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    names = [given.data] if given.data else list(TRAINED_ON)
    if given.ship:
        ship(given.work, names)
    else:
        compare(given.work, names, [given.kind] if given.kind else KINDS)


if __name__ == "__main__":
    main()
