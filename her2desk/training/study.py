"""What a build found, gathered for its report: nothing is fitted here that the pack depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from her2desk.domain.clinical import CLINICAL_FIELDS
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.readout import confusion_at
from her2desk.reports.study import (
    BranchChoice,
    CombinedModel,
    Evidence,
    Ledger,
    LogisticTerm,
    OperatingPointFigures,
    Population,
    ReaderAgreement,
    RobustnessRow,
    SelectedFeature,
    SelectionStep,
    Study,
)
from her2desk.stats.association import AssociationTable, associate
from her2desk.stats.meta_analysis import SitePooling, pool_sites
from her2desk.stats.sample_size import SampleSize, assess
from her2desk.texts import Message, msg
from her2desk.training.build import FittedCohort
from her2desk.training.fold_pipeline import FoldPipeline
from her2desk.training.nomograms import NomogramFit, fit_nomograms
from her2desk.training.pack_writer import PackIntent
from her2desk.training.performance import ACQUISITION, Figures, scored_cohorts
from her2desk.training.population import population
from her2desk.training.table import Rows, Sample, Table


@dataclass(frozen=True)
class StudyParts:
    """What the report says beside the figures."""

    intent: PackIntent
    digest: str
    cohort: str
    cohort_sha256: str
    seed: int
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    ledger: Ledger
    left_out: tuple[tuple[str, Message], ...]
    robustness: tuple[RobustnessRow, ...]
    figures: Figures


def build_study(
    parts: StudyParts,
    fitted: FittedCohort,
    table: Table,
    samples: Sequence[Sample],
    rows: Sequence[ValidationRow],
) -> Study:
    """The study of a build."""
    development = fitted.deployed.scope.rows
    acquisition = parts.figures.get(ACQUISITION, {})
    intent = parts.intent
    return Study(
        title=f"{intent.name} {intent.version}",
        is_external=False,
        pack_name=intent.name,
        pack_version=intent.version,
        pack_digest=parts.digest,
        demo=intent.demo,
        intended_use=intent.intended_use,
        moment_of_prediction=intent.moment,
        decision=intent.decision,
        cohort_description=parts.cohort,
        cohort_sha256=parts.cohort_sha256,
        seed=parts.seed,
        settings=parts.settings,
        versions=parts.versions,
        populations=_populations(fitted, samples),
        figures={b: f for b, f in parts.figures.items() if b != ACQUISITION},
        tables=scored_cohorts(fitted, table, samples),
        operating_points=operating_point_figures(fitted, rows),
        decision_range=intent.decision_range,
        acquisition=acquisition,
        sites=_sites(fitted, table),
        sample_size=_sample_size(fitted, table, parts.figures),
        association=_association(samples, development),
        selection=_selection(fitted.deployed.radiomics),
        features=_features(fitted, table),
        choices=_choices(fitted),
        nomograms=tuple(_nomogram(fit) for fit in fit_nomograms(fitted, table)),
        ledger=parts.ledger,
        robustness=parts.robustness,
        readers=_readers(fitted),
        fallbacks=fitted.fallbacks,
        excluded=parts.left_out,
    )


def operating_point_figures(
    fitted: FittedCohort, rows: Sequence[ValidationRow]
) -> tuple[OperatingPointFigures, ...]:
    """Confusion at each named threshold of the fullest pattern, out of fold and held out (V14)."""
    pattern = fitted.patterns[0]
    found = []
    for evidence, source in (
        (Evidence.CROSS_VALIDATED, ValidationSource.OUT_OF_FOLD),
        (Evidence.HELD_OUT, ValidationSource.HELD_OUT),
    ):
        own = [r for r in rows if r.pattern == pattern and r.source is source]
        for name, threshold in fitted.deployed.combined.thresholds[pattern].items():
            if own:
                folds = tuple(s.combined.thresholds[pattern][name] for s in fitted.stacks)
                point = OperatingPoint(name, threshold, folds)
                table = confusion_at(own, point, 0.0)
                found.append(OperatingPointFigures(name, threshold, evidence, table))
    return tuple(found)


def _populations(fitted: FittedCohort, samples: Sequence[Sample]) -> tuple[Population, ...]:
    scope = fitted.deployed.scope
    found = [population(msg("Training"), [samples[i] for i in scope.rows])]
    if len(scope.asked):
        found.append(population(msg("Held out"), [samples[i] for i in scope.asked]))
    return tuple(found)


def _sites(fitted: FittedCohort, table: Table) -> SitePooling | None:
    """AUC of the combined model within each site that was left out, never pooled over patients (V4)."""
    if not fitted.sites:
        return None
    names, labels, scores = [], [], []
    for name, answers in fitted.sites:
        known = np.isfinite(answers.combined)
        names.append(name)
        labels.append(table.labels[answers.rows][known])
        scores.append(answers.combined[known])
    return pool_sites(names, labels, scores)


def _sample_size(fitted: FittedCohort, table: Table, figures: Figures) -> SampleSize | None:
    """V6: every column that the selection could have taken is counted, and the network as one.

    What two readers disagree on could not be taken, and no label had a say in that.
    """
    own = table.labels[fitted.deployed.scope.rows]
    figure = figures["combined"].get(Evidence.CROSS_VALIDATED)
    if figure is None or not 0.5 < figure.value < 1:
        return None
    readers = fitted.deployed_readers
    offered = int(table.selectable.sum()) - (0 if readers is None else readers.left_out)
    tried = offered + len(table.clinical_names) + 1
    return assess(len(own), int(own.sum()), tried, figure.value)


def _association(samples: Sequence[Sample], rows: Rows) -> AssociationTable | None:
    own = [samples[i] for i in rows]
    columns = {}
    for field in CLINICAL_FIELDS:
        values = [s.clinical.value(field.name) for s in own]
        known = [v for v in values if v is not None]
        if len(set(known)) > 1:
            columns[field.name] = np.array([np.nan if v is None else v for v in values])
    return associate(columns, np.array([s.positive for s in own])) if columns else None


def _selection(pipeline: FoldPipeline) -> tuple[SelectionStep, ...]:
    return tuple(SelectionStep(name, kept) for name, kept in pipeline.steps_)


def _readers(fitted: FittedCohort) -> ReaderAgreement | None:
    filtered = fitted.deployed_readers
    if filtered is None or filtered.kept is None:
        return None
    return ReaderAgreement(filtered.patients, len(filtered.kept), filtered.left_out)


def _features(fitted: FittedCohort, table: Table) -> tuple[SelectedFeature, ...]:
    names = [name for name, use in zip(table.names, table.selectable, strict=True) if use]
    by_fold = [set(stack.radiomics.columns_.tolist()) for stack in fitted.stacks]
    return tuple(
        SelectedFeature(names[c], sum(c in fold for fold in by_fold), len(by_fold))
        for c in fitted.deployed.radiomics.columns_.tolist()
    )


def _choices(fitted: FittedCohort) -> tuple[BranchChoice, ...]:
    stack = fitted.deployed
    found = [
        BranchChoice(name, p.family_, p.settings_, p.tries_)
        for name, p in (
            ("clinical", stack.clinical),
            ("radiomics", stack.radiomics),
            ("dlr", stack.dlr),
        )
        if p is not None
    ]
    network = fitted.network.training.architecture
    return (*found, BranchChoice("cnn", network, {}, fitted.network_tries))


def _nomogram(fit: NomogramFit) -> CombinedModel:
    part = fit.model
    errors = np.sqrt(np.diag(part.covariance))[1:]
    return CombinedModel(
        " + ".join(part.terms),
        part.intercept,
        tuple(
            LogisticTerm(name, c, float(e), lower, upper)
            for name, c, e, lower, upper in zip(
                part.terms, part.coefficients, errors, part.lower, part.upper, strict=True
            )
        ),
        fit.method,
    )
