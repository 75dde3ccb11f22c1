"""A tiny cohort with a planted signal, and what is fitted on it."""

from collections.abc import Callable

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Box
from her2desk.packs.manifest import Preprocessing
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import us_2d
from her2desk.training.build import BuildPlan, FittedCohort, fit_cohort
from her2desk.training.cohort import Sample
from her2desk.training.network_training import TrainingPlan

PROFILE = us_2d()
NAMES = tuple(n for n in all_names(PROFILE) if n.startswith("original_firstorder"))[:12]
SIZE = 32
PLAN = BuildPlan(
    profile=PROFILE,
    feature_names=NAMES,
    clinical_inputs=("pr",),
    preprocessing=Preprocessing(crop_margin_px=10, input_size_px=SIZE),
    network=TrainingPlan("resnet18-slim", epochs=1, patience=1),
    outer_folds=3,
    inner_folds=2,
    repeats=2,
    jobs=1,
)


def sample(i: int, positive: bool, rng: np.random.Generator, shift: float) -> Sample:
    features = rng.normal(size=len(NAMES))
    features[:4] += shift * positive
    return Sample(
        f"P{i:03d}",
        positive,
        ClinicalRecord(pr=bool(rng.random() < (0.35 if positive else 0.65))),
        rng.normal(size=(SIZE, SIZE)).astype(np.float32),
        rng.integers(0, 255, (SIZE, SIZE)).astype(np.uint8),
        np.ones((SIZE, SIZE), dtype=bool),
        Box(0, 0, SIZE, SIZE),
        features,
    )


def samples(n: int = 150, seed: int = 0, shift: float = 1.0) -> list[Sample]:
    rng = np.random.default_rng(seed)
    return [sample(i, i % 3 == 0, rng, shift) for i in range(n)]


@pytest.fixture(scope="session")
def plan() -> BuildPlan:
    return PLAN


@pytest.fixture(scope="session")
def make_samples() -> Callable[[], list[Sample]]:
    return samples


@pytest.fixture(scope="session")
def fitted() -> FittedCohort:
    return fit_cohort(samples(), PLAN, 7, SilentProgress())
