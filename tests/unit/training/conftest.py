"""A tiny cohort with a planted signal, and what is fitted on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.domain.readout import IndeterminateRule
from her2desk.domain.roi import Box, Roi
from her2desk.inference.devices import Device
from her2desk.inference.networks import build_network
from her2desk.packs.manifest import Preprocessing, Provenance, TrainingPopulation
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import Profile, us_2d
from her2desk.training.build import BuildPlan, FittedCohort, fit_cohort, validation_rows
from her2desk.training.combined import refused_patterns
from her2desk.training.folds import Acquired, FoldPlan, Scopes, make_scopes, split_rows
from her2desk.training.initial_weights import InitialWeights
from her2desk.training.network_training import TrainingPlan
from her2desk.training.pack_writer import PackIntent, PackParts, write_pack
from her2desk.training.performance import auc_figures
from her2desk.training.readout_contents import ReadoutContents
from her2desk.training.request import DlrKind
from her2desk.training.scope_networks import NetworkPlan, NetworkWork
from her2desk.training.stack import StackPlan
from her2desk.training.table import Matrix, Sample, Table, table_of
from her2desk.training.work_folder import WorkFolder

PROFILE = us_2d()
NAMES = tuple(n for n in all_names(PROFILE) if n.startswith("original_firstorder"))[:12]
SIZE = 32
SEED = 7
INTENT = PackIntent(
    name="Toy",
    version="0.1",
    demo=True,
    intended_use="Tests.",
    moment="after-biopsy",
    decision="none",
    decision_range=None,
    licence="Apache-2.0",
)
PLAN = BuildPlan(
    networks=(NetworkPlan(TrainingPlan("resnet18-slim", epochs=1, patience=1)),),
    dlr="crossfit",
    stack=StackPlan(("logistic", "lightgbm"), "quick", "inputs", jobs=1),
)


@dataclass(frozen=True)
class Toy:
    """A cohort without files: samples, features and what they may be asked with."""

    samples: list[Sample]
    features: Matrix
    inputs: tuple[str, ...] = ("pr",)
    held_out: float = 0.2
    by_site: bool = False
    second: Matrix | None = None

    @property
    def table(self) -> Table:
        return table_of(
            self.samples,
            {0.1: self.features},
            NAMES,
            np.ones(len(NAMES), dtype=bool),
            self.inputs,
            None if self.second is None else {0.1: self.second},
        )

    @property
    def scopes(self) -> Scopes:
        labels = self.table.labels
        development, held_out = split_rows(labels, self.held_out, SEED)
        return make_scopes(
            labels,
            development,
            held_out,
            FoldPlan(outer=3, inner=2, repeats=2),
            SEED,
            PROFILE,
            Acquired([(0.08, 0.08)] * len(labels), [s.site for s in self.samples]),
            self.by_site,
        )

    def fitted(
        self, folder: Path, plan: BuildPlan = PLAN, progress: Progress | None = None
    ) -> FittedCohort:
        table = self.table
        work = NetworkWork(
            crops=np.stack([s.crop for s in self.samples]),
            labels=table.labels,
            keeps_penultimate=plan.dlr == "paper",
            folder=WorkFolder(folder),
            device=Device("cpu"),
            jobs=1,
        )
        return fit_cohort(
            self.samples, table, self.scopes, plan, work, progress or SilentProgress()
        )


def sample(i: int, positive: bool, rng: np.random.Generator) -> Sample:
    return Sample(
        f"P{i:03d}",
        positive,
        ClinicalRecord(
            age_years=float(rng.integers(30, 80)),
            pr=bool(rng.random() < (0.35 if positive else 0.65)),
            calcification=None if i % 5 == 0 else i % 2 == 0,
        ),
        "north" if i % 2 else "south",
        "Simulated A" if i % 4 < 2 else "Simulated B",
        (0.08, 0.08),
        rng.normal(size=(SIZE, SIZE)).astype(np.float32),
        rng.integers(0, 250, (SIZE, SIZE)).astype(np.uint8),
        np.ones((SIZE, SIZE), dtype=bool),
        Box(0, 0, SIZE, SIZE),
        Roi(0, ((0, 0), (SIZE, 0), (SIZE, SIZE), (0, SIZE))),
    )


def toy(n: int = 150, seed: int = 0, shift: float = 1.0) -> Toy:
    rng = np.random.default_rng(seed)
    samples = [sample(i, i % 3 == 0, rng) for i in range(n)]
    features = rng.normal(size=(n, len(NAMES)))
    features[:, :4] += shift * np.array([[s.positive] for s in samples])
    return Toy(samples, features)


@pytest.fixture(scope="session")
def profile() -> Profile:
    return PROFILE


@pytest.fixture(scope="session")
def intent() -> PackIntent:
    return INTENT


@pytest.fixture(scope="session")
def plan() -> BuildPlan:
    return PLAN


@pytest.fixture(scope="session")
def make_toy() -> Callable[..., Toy]:
    return toy


@pytest.fixture(scope="session")
def without() -> Callable[[Toy, str, range], Toy]:
    """The same patients, of some of whom one clinical input is not known."""

    def changed(cohort: Toy, name: str, rows: range) -> Toy:
        samples = list(cohort.samples)
        for i in rows:
            clinical = replace(samples[i].clinical, **{name: None})
            samples[i] = replace(samples[i], clinical=clinical)
        return replace(cohort, samples=samples)

    return changed


@pytest.fixture(scope="session")
def read_twice() -> Callable[[Toy, Sequence[int], Sequence[int]], Toy]:
    """The same patients with a second reader, who agrees but for some columns; for some rows only."""

    def changed(cohort: Toy, apart: Sequence[int] = (), rows: Sequence[int] | None = None) -> Toy:
        rng = np.random.default_rng(17)
        second = cohort.features + rng.normal(scale=0.1, size=cohort.features.shape)
        second[:, list(apart)] = rng.normal(size=(len(second), len(apart)))
        if rows is not None:
            second[np.setdiff1d(np.arange(len(second)), rows)] = np.nan
        return replace(cohort, second=second)

    return changed


@pytest.fixture(scope="session")
def cohort() -> Toy:
    return toy()


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where finished networks are kept, for tests of what is fitted above them."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def fitted(cohort: Toy, networks: Path) -> FittedCohort:
    return cohort.fitted(networks)


@pytest.fixture(scope="session")
def frozen_weights() -> InitialWeights:
    """A network that never saw these labels: seeded, without its last layer."""
    with torch.random.fork_rng():
        torch.manual_seed(11)
        network = build_network("resnet18-slim", 1)
    tensors = {n: t.numpy() for n, t in network.state_dict().items() if not n.startswith("fc.")}
    return InitialWeights("seeded", "5" * 64, tensors)


@pytest.fixture(scope="session")
def write(profile: Profile) -> Callable[[Path, FittedCohort, Table], str]:
    """Writes a pack of a fitted cohort and returns its digest."""

    def written(
        path: Path,
        fitted: FittedCohort,
        table: Table,
        dlr: DlrKind = "crossfit",
        readout: ReadoutContents | None = None,
        rule: IndeterminateRule = IndeterminateRule.INTERVAL,
    ) -> str:
        own = table.labels[fitted.deployed.scope.rows]
        parts = PackParts(
            intent=INTENT,
            population=TrainingPopulation(
                description="a test",
                patients=len(own),
                positive=int(own.sum()),
                cohort_sha256="0" * 64,
            ),
            profile=profile,
            preprocessing=Preprocessing(crop_margin_px=10, input_size_px=SIZE),
            dlr=dlr,
            seed=SEED,
            figures=auc_figures(fitted, table),
            provenance=Provenance(
                split="random",
                held_out_patients=len(fitted.held_out.rows),
                builds=2,
                held_out_opened=1,
                settings={"families": "logistic, lightgbm"},
                versions={},
                fallbacks=tuple(note.text() for note in fitted.fallbacks),
                refused_patterns=refused_patterns(table, fitted.deployed.scope.rows),
                initial_weights_sha256=None,
                readers=fitted.deployed_readers and fitted.deployed_readers.part,
            ),
            indeterminate_rule=rule,
            readout=readout or ReadoutContents(),
        )
        return write_pack(path, fitted, table, validation_rows(fitted, table), parts)

    return written
