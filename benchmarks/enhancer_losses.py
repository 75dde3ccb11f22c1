"""What the discriminator is allowed: ``python -m benchmarks.enhancer_losses PHANTOMS``.

One generator is trained to the pixels alone; from it, each pair of weights goes on against the
discriminator. ``PHANTOMS`` is ``her2desk phantom PHANTOMS --patients 60 --seed 5``; the last fifth of the
patients is held out. More weight makes speckle more like the truth and each pixel less so.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from her2desk.domain.progress import SilentProgress
from her2desk.training.enhancer_images import read_images
from her2desk.training.enhancer_measures import MEASURES
from her2desk.training.enhancer_phases import LossWeights
from her2desk.training.enhancer_training import EnhancerPlan, train_enhancer

SEED = 3
L1_STEPS, ADVERSARIAL_STEPS = 1500, 600
PAIRS = ((0.002, 0.05), (0.005, 0.2))  # of the game, of the features


def main() -> None:
    """Print a row for Lanczos, for the pixels alone, and for each pair of weights."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("phantoms", type=Path)
    samples = read_images(asked.parse_args().phantoms, SilentProgress()).samples
    learnt = len(samples) * 4 // 5
    groups = samples[:learnt], samples[learnt:]
    plan = EnhancerPlan(l1_steps=L1_STEPS, adversarial_steps=0)
    l1 = train_enhancer(groups[0], plan, SEED, held_out=groups[1])
    print(f"{'':24}", *(f"{name:>12}" for name in MEASURES))
    _row("Lanczos", l1.measures["lanczos"])
    _row("pixels alone", l1.measures["generator"])
    for adversarial, features in PAIRS:
        plan = EnhancerPlan(
            l1_steps=0,
            adversarial_steps=ADVERSARIAL_STEPS,
            weights=LossWeights(1.0, adversarial, features),
        )
        played = train_enhancer(groups[0], plan, SEED, held_out=groups[1], initial=l1.weights)
        _row(f"{adversarial} and {features}", played.measures["generator"])


def _row(name: str, measures: Mapping[str, float]) -> None:
    print(f"{name:24}", *(f"{measures[m]:12.4f}" for m in MEASURES), flush=True)


if __name__ == "__main__":
    main()
