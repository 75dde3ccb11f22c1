"""``train``: from a cohort folder to a pack, its report and its figures, in one call."""

import hashlib
import json
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from her2desk.domain.progress import Portion, Progress, staged
from her2desk.domain.readout import IndeterminateRule
from her2desk.domain.validation import ValidationRow
from her2desk.errors import InputRefused
from her2desk.in_force import default_library_dir, policy_in_force
from her2desk.inference.cluster import require_cluster
from her2desk.inference.cohort_check import check_cohort, require_usable
from her2desk.inference.devices import Device, choose_device
from her2desk.inference.robustness import agreements, robustness
from her2desk.packs.manifest import Provenance, TrainingPopulation
from her2desk.paths import default_cache_dir
from her2desk.policy import Allowance
from her2desk.radiomics.profile import Profile, named_profile, with_resample
from her2desk.reports.study import Ledger, RobustnessRow, Study
from her2desk.reports.study_files import write_study
from her2desk.texts import msg
from her2desk.training.build import BuildPlan, FittedCohort, fit_cohort, validation_rows
from her2desk.training.combined import refused_patterns
from her2desk.training.enhancement import ChosenEnhancement, chosen_enhancement
from her2desk.training.initial_weights import InitialWeights, load_initial
from her2desk.training.ledger import Entry, LedgerFile
from her2desk.training.network_training import TrainingPlan
from her2desk.training.pack_writer import PackIntent, PackParts, operating_points, write_pack
from her2desk.training.performance import Figures, auc_figures
from her2desk.training.prepare import (
    MeasuredCohort,
    PreparedCohort,
    check_pack_asked,
    choose_cohort,
    measured,
    preprocessing_of,
)
from her2desk.training.readout_contents import ReadoutContents, readout_contents, thumbnails
from her2desk.training.request import Indeterminate, TrainRequest, TrainResult
from her2desk.training.scaling import used_features
from her2desk.training.scope_networks import NetworkPlan, NetworkWork
from her2desk.training.seen import refuse_seen
from her2desk.training.stack import StackPlan
from her2desk.training.study import StudyParts, build_study
from her2desk.training.table import Table
from her2desk.training.work_folder import WorkFolder, check_writable

PATIENCE = 8
RULES: Mapping[Indeterminate, IndeterminateRule] = {
    "interval": IndeterminateRule.INTERVAL,
    "conformal": IndeterminateRule.CONFORMAL,
}
LIBRARIES = (
    "numpy", "scipy", "torch", "scikit-learn", "lightgbm", "xgboost-cpu", "xgboost",
    "pyradiomics",
)  # fmt: skip


@dataclass(frozen=True)
class _Built:
    """What was measured, after which enhancement, and fitted."""

    enhancement: ChosenEnhancement
    measured: MeasuredCohort
    fitted: FittedCohort

    @property
    def table(self) -> Table:
        return self.measured.table


def train(request: TrainRequest, progress: Progress) -> tuple[TrainResult, Study]:
    """Check the cohort, split it, measure, fit, evaluate, and write pack, report and figures.

    Raises ``InputRefused`` for a cohort or settings that cannot be used, naming what to do, and where
    the administrator allows no training;
    ``Cancelled`` where the progress asks to stop: the same request then goes on where it was.
    """
    policy_in_force().require(Allowance.TRAINING)
    check_writable(request.out)
    plan = _plan(request)
    profile = named_profile(request.profile)
    enhancement = chosen_enhancement(request.enhance)
    if request.scheduler is not None:
        require_cluster(request.scheduler, profile)
    check = check_cohort(request.cohort, Portion(progress, 0.0, 0.04, "check"))
    require_usable(check)
    refuse_seen(check.rows, enhancement.enhancer)
    cohort = choose_cohort(request, check, profile)
    check_pack_asked(request, cohort)
    found = measured(
        request, cohort, profile, enhancement, Portion(progress, 0.04, 0.25, "features")
    )
    work = NetworkWork(
        crops=np.stack([s.crop for s in found.samples]),
        labels=found.table.labels,
        keeps_penultimate=request.dlr == "paper",
        folder=WorkFolder(request.work or default_cache_dir() / "builds"),
        device=Device(choose_device(request.device)),
        jobs=request.jobs,
    )
    fitted = fit_cohort(
        found.samples, found.table, cohort.scopes, plan, work, Portion(progress, 0.25, 0.94)
    )
    return _written(request, cohort, _Built(enhancement, found, fitted), profile, progress)


def settings_of(
    request: TrainRequest,
    enhancement: ChosenEnhancement,
    profile: Profile,
    inputs: tuple[str, ...],
    seed: int,
) -> dict[str, str]:
    """What was asked, or chosen where nothing was, as text.

    Places on disk, the number of processes and thumbnails are left out, what the pack says elsewhere,
    and an enhancement or a rule of the indeterminate zone that was not asked for. ``enhancement`` is
    the one that the request names.
    """
    left_out = [
        "cohort", "out", "work", "jobs", "device", "weights", "name", "population", "thumbnails",
        "scheduler",
    ]  # fmt: skip
    if enhancement.enhancer is None:
        left_out.append("enhance")
    if RULES[request.indeterminate] is IndeterminateRule.INTERVAL:
        left_out.append("indeterminate")
    chosen = {
        **vars(request),
        "profile": f"{profile.name} (SHA-256 {profile.sha256})",
        "inputs": inputs,
        "seed": seed,
        "input_size_px": preprocessing_of(request, enhancement).input_size_px,
        **enhancement.settings,
    }
    return {
        name: (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)
        for name, value in chosen.items()
        if name not in left_out
    }


def versions() -> dict[str, str]:
    """The libraries that a pack's numbers come from."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):  # XGBoost goes by two names
            found[name] = version(name)
    return found


def _plan(request: TrainRequest) -> BuildPlan:
    if request.dlr == "frozen" and (request.weights is None or len(request.networks) != 1):
        raise InputRefused(
            msg("A frozen network needs one network and the weights to freeze."),
            msg("Name one with --networks, and give --weights FILE, or package."),
            code="weights-needed",
        )
    networks = []
    for name in request.networks:
        initial: InitialWeights | None = None
        if request.weights is not None:
            initial = load_initial(name, request.weights)
        networks.append(NetworkPlan(TrainingPlan(name, request.epochs, PATIENCE), initial))
    stack = StackPlan(request.families, "default", request.combined, request.jobs)
    return BuildPlan(tuple(networks), request.dlr, stack)


def _written(
    request: TrainRequest,
    cohort: PreparedCohort,
    built: _Built,
    profile: Profile,
    progress: Progress,
) -> tuple[TrainResult, Study]:
    fitted, table = built.fitted, built.table
    progress.step(0.94, staged("evaluation", msg("Working out the figures")))
    figures = auc_figures(fitted, table)
    ledger = _ledger(request, cohort, built.enhancement, profile)
    rows = validation_rows(fitted, table)
    parts = _parts(request, cohort, built, profile, figures, ledger)
    parts = replace(parts, readout=_readout(request, built, rows))
    digest = write_pack(request.out, fitted, table, rows, parts)
    said = StudyParts(
        intent=parts.intent,
        digest=digest,
        cohort=parts.population.description,
        cohort_sha256=cohort.digest,
        seed=cohort.seed,
        settings=parts.provenance.settings,
        versions=parts.provenance.versions,
        ledger=ledger,
        left_out=cohort.chosen.left_out,
        robustness=_robustness(
            request, cohort, built, parts.profile, Portion(progress, 0.95, 0.97, "robustness")
        ),
        figures=figures,
    )
    study = build_study(said, fitted, table, built.measured.samples, rows)
    result = _result(request, digest)
    report = Portion(progress, 0.97, 1.0, "report")
    write_study(study, result.report, result.tripod, result.figures, report)
    report.step(1.0, msg("Done"))
    return result, study


def _parts(
    request: TrainRequest,
    cohort: PreparedCohort,
    built: _Built,
    profile: Profile,
    figures: Figures,
    ledger: Ledger,
) -> PackParts:
    target = cohort.scopes.deployed.target_mm
    own = built.table.labels[cohort.scopes.deployed.rows]
    return PackParts(
        intent=PackIntent(
            name=request.name or request.out.stem,
            version=request.version,
            demo=request.demo,
            intended_use=request.intended_use,
            moment=request.moment,
            decision=request.decision,
            decision_range=request.decision_range,
            licence=request.licence,
        ),
        population=TrainingPopulation(
            description=request.population or f"cohort {request.cohort.resolve().name}",
            patients=len(own),
            positive=int(own.sum()),
            cohort_sha256=cohort.digest,
        ),
        profile=profile if target is None else with_resample(profile, target),
        preprocessing=preprocessing_of(request, built.enhancement),
        enhancement=built.enhancement,
        dlr=request.dlr,
        seed=cohort.seed,
        figures=figures,
        provenance=_provenance(request, cohort, built, profile, ledger),
        indeterminate_rule=RULES[request.indeterminate],
    )


def _readout(
    request: TrainRequest, built: _Built, rows: tuple[ValidationRow, ...]
) -> ReadoutContents:
    fitted, table = built.fitted, built.table
    contents = readout_contents(fitted, table, built.measured.cases, rows, operating_points(fitted))
    if not request.thumbnails:
        return contents
    return replace(contents, thumbnails=thumbnails(built.measured.samples, table, rows))


def _result(request: TrainRequest, digest: str) -> TrainResult:
    stem = request.out.with_suffix("")
    return TrainResult(
        request.out,
        digest,
        stem.with_name(stem.name + "-report.html"),
        stem.with_name(stem.name + "-tripod.html"),
        stem.with_name(stem.name + "-figures"),
    )


def _robustness(
    request: TrainRequest,
    cohort: PreparedCohort,
    built: _Built,
    profile: Profile,
    progress: Progress,
) -> tuple[RobustnessRow, ...]:
    """ICC under jittered outlines of the deployed features, on the first training patients (V21)."""
    names = tuple(used_features(built.fitted, built.table))
    rows = cohort.scopes.deployed.rows[: request.robustness_cases]
    if not len(rows):
        return ()
    ratings = robustness(
        [built.measured.cases[i] for i in rows],
        profile,
        names,
        seed=cohort.seed,
        jobs=request.jobs,
        progress=progress,
        enhancer=built.enhancement.enhancer,
        scheduler=request.scheduler,
    )
    return tuple(
        RobustnessRow(a.feature, a.icc, a.lower, a.upper) for a in agreements(names, ratings)
    )


def _provenance(
    request: TrainRequest,
    cohort: PreparedCohort,
    built: _Built,
    profile: Profile,
    ledger: Ledger,
) -> Provenance:
    fitted, table = built.fitted, built.table
    initial, readers = fitted.network.initial, fitted.deployed_readers
    return Provenance(
        split=request.split,
        held_out_patients=len(cohort.scopes.deployed.asked),
        builds=ledger.builds,
        held_out_opened=ledger.held_out_opened,
        settings=settings_of(request, built.enhancement, profile, cohort.inputs, cohort.seed),
        versions=versions(),
        fallbacks=tuple(note.text() for note in fitted.fallbacks),
        refused_patterns=refused_patterns(table, cohort.scopes.deployed.rows),
        initial_weights_sha256=None if initial is None else initial.sha256,
        readers=None if readers is None else readers.part,
    )


def _ledger(
    request: TrainRequest,
    cohort: PreparedCohort,
    enhancement: ChosenEnhancement,
    profile: Profile,
) -> Ledger:
    asked = settings_of(request, enhancement, profile, cohort.inputs, cohort.seed)
    build = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    opened = bool(len(cohort.scopes.deployed.asked))
    book = LedgerFile(request.cohort, default_library_dir() / "ledgers" / cohort.digest[:16])
    return book.record(Entry(build=build, cohort_sha256=cohort.digest, opened_held_out=opened))
