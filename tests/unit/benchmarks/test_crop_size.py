"""The size of the crop is told apart from what else the acquisition-only model sees."""

from types import SimpleNamespace

import numpy as np

from benchmarks.crop_size import KINDS, scored, size_columns
from her2desk.domain.roi import Box
from her2desk.training.acquisition import acquisition_columns
from her2desk.training.folds import Scope


def patients(n: int) -> list[SimpleNamespace]:
    """Every third patient is positive and has a larger lesion; nothing else tells them apart."""
    rng = np.random.default_rng(4)
    found = []
    for i in range(n):
        side = int(rng.integers(40, 60)) + 30 * (i % 3 == 0)
        box = Box(5, 5, 5 + side, 5 + side + int(rng.integers(0, 9)))
        found.append(
            SimpleNamespace(
                positive=i % 3 == 0,
                box=box,
                spacing_mm=(0.08, 0.08),
                saturated_share=float(rng.random()),
                scanner=f"Scanner {i % 2}",
                site=None,
            )
        )
    return found


def test_width_and_height_are_the_columns_of_size():
    samples = patients(12)
    values = acquisition_columns(samples, np.arange(12))
    marked = values[:, size_columns(samples, values)]
    assert marked.tolist() == [[s.box.width, s.box.height] for s in samples]


def test_lesion_size_is_all_that_the_model_sees_of_these_patients():
    samples = patients(150)
    scope = Scope(np.arange(100), np.arange(100, 150), (), seed=1)
    areas = {kind: scored(samples, scope, kind) for kind in KINDS}
    assert areas["crop size alone"].lower > 0.8
    assert areas["all"].lower > 0.8
    assert areas["without crop size"].lower < 0.5
