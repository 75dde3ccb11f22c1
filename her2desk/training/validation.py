"""External validation: a locked pack on another cohort, with the report that its own build had."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from her2desk.domain.counts import Confusion
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.prediction import BRANCHES, Prediction
from her2desk.domain.progress import Portion, Progress, SilentProgress
from her2desk.domain.validation import ValidationSource
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortRow, case_of_row, cohort_sha256
from her2desk.inference.cohort_check import check_cohort, require_usable
from her2desk.inference.pipeline import LoadedPack, Question, load_pack, predict
from her2desk.packs.manifest import Manifest
from her2desk.packs.pack import pattern_name
from her2desk.reports.study import (
    AucFigure,
    Evidence,
    Ledger,
    OperatingPointFigures,
    ScoredCohort,
    Study,
)
from her2desk.stats.meta_analysis import SitePooling, pool_sites
from her2desk.texts import Message, msg
from her2desk.training.patients import Chosen, choose_rows
from her2desk.training.performance import auc_figure, subgroups
from her2desk.training.population import population
from her2desk.training.seen import refuse_seen
from her2desk.training.table import Sample, sample_of


@dataclass(frozen=True)
class _Answered:
    row: CohortRow
    sample: Sample
    prediction: Prediction


def validate(cohort: Path, pack: Path, progress: Progress, device: str = "auto") -> Study:
    """Every patient of known status answered by the pack as it is; nothing is fitted.

    A patient whose image the pack refuses is left out and named with the reason. Raises
    ``InputRefused`` for a cohort that cannot be used, or of which no class is left; ``PackRefused``.
    """
    loaded = load_pack(pack, device)
    check = check_cohort(cohort, Portion(progress, 0.0, 0.1))
    require_usable(check, for_training=False)
    refuse_seen(check.rows, loaded.pack.enhancer)
    chosen = choose_rows(check.rows)
    digest = cohort_sha256(chosen.rows)
    _refuse_own_cohort(loaded.pack.manifest, digest)
    answered, refused = _answered(chosen, loaded, Portion(progress, 0.1, 1.0))
    return _study(cohort, digest, loaded, answered, (*chosen.left_out, *refused))


def _refuse_own_cohort(manifest: Manifest, digest: str) -> None:
    if manifest.training.cohort_sha256 == digest:
        raise InputRefused(
            msg("This is the very cohort that the pack was built on."),
            msg("Its figures are in the pack already; validate on other patients."),
            code="own-cohort",
        )


def _answered(
    chosen: Chosen, loaded: LoadedPack, progress: Progress
) -> tuple[list[_Answered], list[tuple[str, Message]]]:
    answered, refused = [], []
    for n, row in enumerate(chosen.rows):
        progress.step(n / len(chosen.rows), msg("Patient {id}", id=row.patient_id))
        case = case_of_row(row)
        try:
            prediction = predict(case, loaded, SilentProgress(), Question())
        except InputRefused as error:
            refused.append((row.patient_id, error.message))
            continue
        sample = sample_of(row, case, loaded.pack.manifest.preprocessing, loaded.pack.enhancer)
        answered.append(_Answered(row, sample, prediction))
    return answered, refused


def _study(
    cohort: Path,
    digest: str,
    loaded: LoadedPack,
    answered: Sequence[_Answered],
    left_out: tuple[tuple[str, Message], ...],
) -> Study:
    manifest = loaded.pack.manifest
    table = _table(answered)
    labels = np.array(table.positive)
    figures = {}
    for branch, values in table.probabilities.items():
        figure = auc_figure(labels, np.array(values), None)
        if figure is not None:
            figures[branch] = {**_built(manifest, branch), Evidence.EXTERNAL: figure}
    if "combined" not in figures:
        raise InputRefused(
            msg("The pack could answer for patients of one class only."),
            msg("Add patients of the other class, or see why they were refused."),
            code="one-class",
        )
    return Study(
        title=f"{manifest.name} {manifest.version}",
        is_external=True,
        pack_name=manifest.name,
        pack_version=manifest.version,
        pack_digest=loaded.pack.digest,
        demo=manifest.demo,
        intended_use=manifest.intended_use,
        moment_of_prediction=manifest.moment_of_prediction,
        decision=manifest.decision,
        cohort_description=f"cohort {cohort.resolve().name}",
        cohort_sha256=digest,
        seed=manifest.seed,
        settings=manifest.provenance.settings,
        versions=manifest.provenance.versions,
        populations=(population(msg("External"), [a.sample for a in answered]),),
        figures=figures,
        tables={Evidence.EXTERNAL: table},
        operating_points=_operating_points(loaded, answered),
        decision_range=manifest.decision_range,
        sites=_sites(answered),
        ledger=Ledger(manifest.provenance.builds, manifest.provenance.held_out_opened),
        excluded=left_out,
    )


def _built(manifest: Manifest, branch: str) -> dict[Evidence, AucFigure]:
    """What the pack says of itself, beside which the external figure is set."""
    auc = manifest.auc
    parts = {
        Evidence.APPARENT: auc.apparent.get(branch),
        Evidence.CROSS_VALIDATED: auc.cross_validated.get(branch),
        Evidence.HELD_OUT: auc.held_out.get(branch),
    }
    return {
        evidence: AucFigure(part.value, part.lower, part.upper, part.method)
        for evidence, part in parts.items()
        if part is not None
    }


def _table(answered: Sequence[_Answered]) -> ScoredCohort:
    def probability(answer: _Answered, branch: str) -> float:
        score = answer.prediction.signatures[branch]
        return float("nan") if score is None else sigmoid(score)

    scores = {branch: tuple(probability(a, branch) for a in answered) for branch in BRANCHES}
    return ScoredCohort(
        Evidence.EXTERNAL,
        tuple(a.row.patient_id for a in answered),
        tuple(bool(a.row.positive) for a in answered),
        {branch: own for branch, own in scores.items() if np.isfinite(own).any()},
        None,
        subgroups([a.sample for a in answered]),
    )


def _operating_points(
    loaded: LoadedPack, answered: Sequence[_Answered]
) -> tuple[OperatingPointFigures, ...]:
    """Each patient judged by the threshold of the pattern that answered; the threshold shown is of
    the fullest pattern.
    """
    pack = loaded.pack
    fullest = pattern_name(pack.models.clinical_inputs, frozenset(pack.models.clinical_inputs))
    found = []
    for name, shown in pack.operating_points(fullest).items():
        counts = {"tp": 0, "fp": 0, "tn": 0, "fn": 0}
        for a in answered:
            estimate = a.prediction.estimate
            threshold = pack.operating_points(estimate.pattern)[name].threshold
            called = sigmoid(estimate.logit) >= threshold
            right = called == bool(a.row.positive)
            counts[("t" if right else "f") + ("p" if called else "n")] += 1
        table = Confusion(**counts, source=ValidationSource.EXTERNAL)
        found.append(OperatingPointFigures(name, shown.threshold, Evidence.EXTERNAL, table))
    return tuple(found)


def _sites(answered: Sequence[_Answered]) -> SitePooling | None:
    names = sorted({a.row.site for a in answered if a.row.site is not None})
    if len(names) < 2:
        return None
    own = [[a for a in answered if a.row.site == name] for name in names]
    return pool_sites(
        names,
        [np.array([bool(a.row.positive) for a in site]) for site in own],
        [np.array([a.prediction.estimate.logit for a in site]) for site in own],
    )
