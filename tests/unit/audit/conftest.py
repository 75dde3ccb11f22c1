"""The demo pack, and wards that were predicted with it."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.audit_ward import in_memory, patients, promising, scores
from her2desk.audit.results import LocalResults
from her2desk.packs.pack import Pack, open_pack
from her2desk.paths import demo_pack_path

Ward = Callable[..., LocalResults]


@pytest.fixture(scope="session")
def pack() -> Pack:
    return open_pack(demo_pack_path())


@pytest.fixture(scope="session")
def promise(pack: Pack) -> Pack:
    """The demo pack, promising an AUC near 0.90 on 150 held-out patients."""
    return promising(pack, np.random.default_rng(7), 0.90)


@pytest.fixture
def ward(promise: Pack) -> Ward:
    """Results of so many patients, by default as the pack promises."""

    def make(n: int, seed: int = 0, shift: float = 0.0, **change: float) -> LocalResults:
        rng = np.random.default_rng(seed)
        drawn = scores(
            rng, n, **{"promised": 0.90, "prevalence": promise.manifest.prevalence, **change}
        )
        return in_memory(promise, patients(promise, *drawn, rng=rng, shift=shift))

    return make
