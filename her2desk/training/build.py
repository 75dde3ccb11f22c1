"""A cohort becomes a locked pack, with the out-of-fold answers behind its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as save_tensors

from her2desk.domain.progress import Progress
from her2desk.domain.validation import ValidationRow, ValidationSource
from her2desk.errors import InputRefused
from her2desk.packs.archive import write_archive
from her2desk.packs.manifest import (
    AucPart,
    FeaturePart,
    Manifest,
    Models,
    NetworkPart,
    OperatingPointPart,
    Preprocessing,
    TrainingPopulation,
)
from her2desk.packs.pack import (
    CNN_FILE,
    DLR_TREES_FILE,
    MODELS_FILE,
    RADIOMICS_TREES_FILE,
    validation_csv,
)
from her2desk.radiomics.profile import Profile
from her2desk.stats.auc import auc
from her2desk.texts import msg
from her2desk.training.card import model_card
from her2desk.training.cohort import Sample
from her2desk.training.folds import (
    FittedNetworks,
    Rows,
    Scope,
    fit_networks,
    make_scope,
    stratified_folds,
)
from her2desk.training.network_training import TrainingPlan
from her2desk.training.stack import Stack, Table, fit_stack, linear_scores

BRANCH_NAMES = ("clinical", "radiomics", "cnn", "dlr", "combined")
Z95 = 1.959963984540054


@dataclass(frozen=True)
class PackIntent:
    """What the pack's owner says of it."""

    name: str
    version: str
    demo: bool
    description: str
    intended_use: str
    moment_of_prediction: str
    decision: str
    licence: str


@dataclass(frozen=True)
class BuildPlan:
    """How a pack is built."""

    profile: Profile
    feature_names: tuple[str, ...]
    clinical_inputs: tuple[str, ...]
    preprocessing: Preprocessing
    network: TrainingPlan
    outer_folds: int = 5
    inner_folds: int = 4
    repeats: int = 4  # V10 asks for at least four
    jobs: int = 2


@dataclass(frozen=True)
class FittedCohort:
    """The outer folds' stacks and answers, and the stack to deploy."""

    outer: tuple[Rows, ...]
    stacks: tuple[Stack, ...]
    deployed: Stack
    network_state: dict[str, NDArray[np.float32]]
    validation: tuple[ValidationRow, ...]


def fit_cohort(
    samples: Sequence[Sample], plan: BuildPlan, seed: int, progress: Progress
) -> FittedCohort:
    """Fit a whole stack in each outer fold and one on all rows; predict each row out of fold.

    Raises ``InputRefused`` where a clinical input is not known for every patient: nothing is imputed.
    """
    table = Table.of(samples, plan.feature_names, plan.clinical_inputs)
    _check_complete(table)
    everyone = np.arange(len(samples))
    outer = stratified_folds(table.labels, everyone, plan.outer_folds, seed)
    scopes = [
        make_scope(
            table.labels, np.setdiff1d(everyone, fold), fold, plan.inner_folds, 1, seed + 10_000 * k
        )
        for k, fold in enumerate(outer, start=1)
    ]
    nobody = np.array([], dtype=np.intp)
    scopes.append(make_scope(table.labels, everyone, nobody, plan.inner_folds, plan.repeats, seed))
    networks = fit_networks(samples, scopes, plan.network, plan.jobs, progress)
    stacks = [fit_stack(table, s, n) for s, n in zip(scopes, networks, strict=True)]
    rows = [
        row
        for k, (scope, said, stack) in enumerate(zip(scopes, networks, stacks, strict=True))
        for row in _answers(samples, table, k, scope, said, stack)
    ]
    return FittedCohort(outer, tuple(stacks[:-1]), stacks[-1], networks[-1].state, tuple(rows))


def write_pack(
    path: Path,
    fitted: FittedCohort,
    plan: BuildPlan,
    intent: PackIntent,
    population: TrainingPopulation,
    seed: int,
) -> str:
    """Write the pack and return its digest; the same inputs give the same bytes."""
    deployed = fitted.deployed
    names = tuple(sorted(deployed.scales, key=plan.feature_names.index))
    manifest = Manifest(
        schema_version=1,
        name=intent.name,
        version=intent.version,
        demo=intent.demo,
        task="her2-status",
        input="ultrasound",
        classes=("HER-2 negative", "HER-2 positive"),
        intended_use=intent.intended_use,
        moment_of_prediction=intent.moment_of_prediction,
        decision=intent.decision,
        training=population,
        features=FeaturePart(profile=plan.profile.name, names=names, count=len(names)),
        preprocessing=plan.preprocessing,
        network=NetworkPart(architecture=plan.network.architecture, channels=1),
        dlr_kind="crossfit",
        operating_points=_operating_points(fitted),
        indeterminate_rule="interval-across-threshold",
        cross_validated_auc=cross_validated_auc(fitted.validation),
        licence=intent.licence,
        seed=seed,
    )
    models = Models(
        clinical_inputs=plan.clinical_inputs,
        clinical=deployed.clinical,
        radiomics_inputs=deployed.radiomics.inputs(plan.feature_names),
        dlr_inputs=deployed.dlr.inputs(plan.feature_names),
        scaling=deployed.scales,
        submodels=deployed.submodels,
    )
    members = {
        "manifest.json": manifest.model_dump_json(indent=2).encode(),
        "profile.json": plan.profile.to_json().encode(),
        "card.md": model_card(manifest, fitted.validation).encode(),
        "validation.csv": validation_csv(fitted.validation),
        MODELS_FILE: models.model_dump_json(indent=1).encode(),
        CNN_FILE: save_tensors(fitted.network_state),
        RADIOMICS_TREES_FILE: save_tensors(deployed.radiomics.trees.to_tensors()),
        DLR_TREES_FILE: save_tensors(deployed.dlr.trees.to_tensors()),
    }
    return write_archive(path, members)


def cross_validated_auc(rows: Sequence[ValidationRow]) -> dict[str, AucPart]:
    """Mean of within-fold AUCs per branch, interval by Nadeau & Bengio 2003 (approximate, V13)."""
    pattern = rows[0].pattern
    own = [row for row in rows if row.pattern == pattern]
    folds = sorted({row.fold for row in own})
    result = {}
    for branch in BRANCH_NAMES:
        values = []
        for fold in folds:
            here = [row for row in own if row.fold == fold]
            labels = np.array([row.positive for row in here])
            scores = np.array([row.branches[branch] for row in here])
            values.append(auc(labels, scores).value)
        k = len(folds)
        spread = np.sqrt(np.var(values, ddof=1) * (1 / k + 1 / (k - 1)))
        mean = float(np.mean(values))
        result[branch] = AucPart(
            value=mean,
            lower=max(0.0, mean - Z95 * float(spread)),
            upper=min(1.0, mean + Z95 * float(spread)),
        )
    return result


def _check_complete(table: Table) -> None:
    for name, values in zip(table.clinical_names, table.clinical.T, strict=True):
        missing = int(np.isnan(values).sum())
        if missing:
            raise InputRefused(
                msg(
                    "{name} is not known for {missing} of {patients} patients.",
                    name=name,
                    missing=missing,
                    patients=len(values),
                ),
                msg("Leave those patients out, or build the pack without this input."),
                code="clinical-missing",
            )


def _answers(
    samples: Sequence[Sample],
    table: Table,
    fold: int,
    scope: Scope,
    said: FittedNetworks,
    stack: Stack,
) -> list[ValidationRow]:
    rows = scope.asked
    if not len(rows):
        return []
    features, clinical = table.features[rows], table.clinical[rows]
    dlr = stack.dlr.score(features, said.asked_logits)
    scores = {
        "clinical": linear_scores(stack.clinical, clinical),
        "radiomics": stack.radiomics.score(features, said.asked_logits),
        "cnn": said.asked_logits,
        "dlr": dlr,
    }
    found = []
    for submodel in stack.submodels:
        x = np.column_stack([clinical, dlr])[:, -len(submodel.model.terms) :]
        combined = linear_scores(submodel.model, x)
        for i, row in enumerate(rows):
            branches = {name: float(values[i]) for name, values in scores.items()}
            found.append(
                ValidationRow(
                    patient=f"V{int(row) + 1:04d}",
                    positive=bool(table.labels[row]),
                    fold=fold,
                    source=ValidationSource.OUT_OF_FOLD,
                    pattern=submodel.pattern,
                    logit=float(combined[i]),
                    branches={**branches, "combined": float(combined[i])},
                    attention=said.asked_attention[i],
                )
            )
    return found


def _operating_points(fitted: FittedCohort) -> tuple[OperatingPointPart, ...]:
    return tuple(
        OperatingPointPart.model_validate(
            {
                "pattern": pattern,
                "name": name,
                "threshold": threshold,
                "fold_thresholds": [s.thresholds[pattern][name] for s in fitted.stacks],
            }
        )
        for pattern, points in fitted.deployed.thresholds.items()
        for name, threshold in points.items()
    )
