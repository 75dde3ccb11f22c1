"""Before anything is fitted: which patients, which side of the split, and what is measured on them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from her2desk.domain.progress import Portion, Progress
from her2desk.domain.readout import FEWEST_OF_A_CLASS
from her2desk.errors import InputRefused
from her2desk.inference.cohort import cohort_sha256
from her2desk.inference.cohort_check import CohortCheck
from her2desk.inference.measuring import MeasuredCase, measure_cohort
from her2desk.packs.archive import MAX_MEMBERS
from her2desk.packs.manifest import Preprocessing
from her2desk.paths import default_cache_dir
from her2desk.radiomics.extract import all_names, never_selected
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.profile import Profile, with_resample
from her2desk.texts import msg
from her2desk.training.enhancement import ChosenEnhancement
from her2desk.training.folds import (
    Acquired,
    FoldPlan,
    Scopes,
    check_sizes,
    make_scopes,
    split_rows,
)
from her2desk.training.moments import check_inputs, default_inputs
from her2desk.training.patients import Chosen, choose_rows
from her2desk.training.readers import second_features
from her2desk.training.request import SMALL_NETWORK, TrainRequest
from her2desk.training.table import (
    Labels,
    Matrix,
    Rows,
    Sample,
    Spacing,
    Table,
    sample_of,
    table_of,
)

CROP_MARGIN_PX = 10  # the paper's
SMALL_INPUT_PX = 112
LARGE_INPUT_PX = 224
MOST_THUMBNAILS = MAX_MEMBERS - 48  # beside them a pack has a dozen files


@dataclass(frozen=True)
class PreparedCohort:
    """The patients of a build, and who fits what."""

    chosen: Chosen
    digest: str
    seed: int
    inputs: tuple[str, ...]
    scopes: Scopes


@dataclass(frozen=True)
class MeasuredCohort:
    """Every patient's sample, the arrays, and the cases as measured for the deployed scope."""

    samples: list[Sample]
    table: Table
    cases: list[MeasuredCase]


def choose_cohort(request: TrainRequest, check: CohortCheck, profile: Profile) -> PreparedCohort:
    """One image a patient, the split, the inputs and every scope; raises ``InputRefused`` in words.

    The seed is the cohort's own unless one was asked for (V5).
    """
    chosen = choose_rows(check.rows)
    digest = cohort_sha256(chosen.rows)
    seed = int(digest[:6], 16) if request.seed is None else request.seed
    known = {
        name: sum(row.clinical.value(name) is not None for row in chosen.rows)
        for name in check.known_counts
    }
    inputs = request.inputs
    if inputs is None:
        inputs = default_inputs(request.moment, known, len(chosen.rows))
    check_inputs(inputs, request.moment)
    spacings = dict(zip((r.number for r in check.rows), check.spacings_mm, strict=True))
    _check_calibrated(chosen, spacings, profile)
    labels = np.array([bool(row.positive) for row in chosen.rows])
    development, held_out = _split(request, chosen, labels, seed)
    scopes = make_scopes(
        labels,
        development,
        held_out,
        FoldPlan(request.outer_folds, request.inner_folds, request.repeats),
        seed,
        profile,
        Acquired([spacings[r.number] for r in chosen.rows], [r.site for r in chosen.rows]),
        request.leave_one_site_out,
    )
    check_sizes(labels, scopes)
    return PreparedCohort(chosen, digest, seed, inputs, scopes)


def check_pack_asked(request: TrainRequest, cohort: PreparedCohort) -> None:
    """Raise ``InputRefused`` for a pack that could not be written at the end.

    Codes: ``conformal-too-few`` where a class has too few patients for the conformal rule (V20: 40 who
    are not held out and of whom every input is known), ``too-many-thumbnails``.
    """
    patients = cohort.chosen.rows
    if request.indeterminate == "conformal":
        _check_conformal(cohort)
    if request.thumbnails and len(patients) > MOST_THUMBNAILS:
        raise InputRefused(
            msg(
                "A pack holds pictures of at most {most} patients; the cohort has {n}.",
                most=MOST_THUMBNAILS,
                n=len(patients),
            ),
            msg("Build without thumbnails."),
            code="too-many-thumbnails",
        )


def _check_conformal(cohort: PreparedCohort) -> None:
    own = [cohort.chosen.rows[i] for i in cohort.scopes.deployed.rows]
    known = [r for r in own if all(r.clinical.value(name) is not None for name in cohort.inputs)]
    positive = sum(bool(row.positive) for row in known)
    negative = len(known) - positive
    if min(positive, negative) < FEWEST_OF_A_CLASS:
        raise InputRefused(
            msg(
                "The conformal rule needs {needed} patients of each class who are not held out and "
                "whose every clinical input is known; there are {positive} positive and {negative} "
                "negative ones.",
                needed=FEWEST_OF_A_CLASS,
                positive=positive,
                negative=negative,
            ),
            msg("Use --indeterminate interval, add patients, or hold fewer out."),
            code="conformal-too-few",
        )


def _check_calibrated(
    chosen: Chosen, spacings: Mapping[int, Spacing | None], profile: Profile
) -> None:
    """V7: features in mm are never mixed with features of images without a scale."""
    if profile.unit == "px" or profile.assumed_mm is not None:
        return
    without = [row.patient_id for row in chosen.rows if spacings[row.number] is None]
    if without:
        raise InputRefused(
            msg(
                "{n} of {total} patients have an image whose pixel spacing is not known, {first} "
                "among them; the features of {profile} are in millimetres.",
                n=len(without),
                total=len(chosen.rows),
                first=without[0],
                profile=profile.name,
            ),
            msg("Leave those patients out, or measure all of them in pixels (--profile us-2d-px)."),
            code="spacing-needed",
        )


def _split(request: TrainRequest, chosen: Chosen, labels: Labels, seed: int) -> tuple[Rows, Rows]:
    if request.split == "none":
        return split_rows(labels, 0.0, seed)
    if request.split == "random":
        return split_rows(labels, request.held_out, seed)
    kept = np.array([row.split != "test" for row in chosen.rows])
    if any(row.split is None for row in chosen.rows):
        raise InputRefused(
            msg("cohort.csv does not say for every patient whether to train or to test."),
            msg("Fill in the column split with train and test, or use --split random."),
            code="split-missing",
        )
    return np.flatnonzero(kept), np.flatnonzero(~kept)


def measured(
    request: TrainRequest,
    cohort: PreparedCohort,
    profile: Profile,
    enhancement: ChosenEnhancement,
    progress: Progress,
) -> MeasuredCohort:
    """Every patient's crop and features, once for each resampling target that a scope has."""
    names = all_names(profile)
    preprocessing = preprocessing_of(request, enhancement)
    enhancer = enhancement.enhancer
    targets = cohort.scopes.targets_mm
    features: dict[float | None, Matrix] = {}
    second: dict[float | None, Matrix] = {}
    cases: list[MeasuredCase] = []
    rows = cohort.chosen.rows
    twice = sum(row.roi_reader2 is not None for row in rows)
    share = len(rows) / (len(rows) + twice)  # of the time, before the second outlines
    cache = FeatureCache(default_cache_dir() / "features")
    for k, target in enumerate(targets):
        own = profile if target is None else with_resample(profile, target)
        portion = Portion(progress, k / len(targets), (k + 1) / len(targets))
        measured = measure_cohort(
            rows,
            own,
            names,
            cache=cache,
            jobs=request.jobs,
            progress=Portion(portion, 0, share),
            on_missing="nan",
            enhancer=enhancer,
            scheduler=request.scheduler,
        )
        features[target] = np.stack([m.features for m in measured])
        cases = cases or measured
        if twice:
            second[target] = second_features(
                cases,
                own,
                names,
                cache=cache,
                jobs=request.jobs,
                progress=Portion(portion, share, 1),
                enhancer=enhancer,
                scheduler=request.scheduler,
            )
    selectable = np.array([name not in never_selected(profile) for name in names])
    samples = [sample_of(m.row, m.case, preprocessing, enhancer) for m in cases]
    table = table_of(samples, features, names, selectable, cohort.inputs, second)
    return MeasuredCohort(samples, table, cases)


def preprocessing_of(request: TrainRequest, enhancement: ChosenEnhancement) -> Preprocessing:
    """From ROI to network input: as asked, or as fits the networks."""
    size = request.input_size_px
    if size is None:
        small = set(request.networks) == {SMALL_NETWORK}
        size = SMALL_INPUT_PX if small else LARGE_INPUT_PX
    return Preprocessing(
        crop_margin_px=CROP_MARGIN_PX, input_size_px=size, enhancement=enhancement.part
    )
