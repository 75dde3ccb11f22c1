"""Studies made from seeded scores: every figure in them comes from ``her2desk.stats``."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.counts import Confusion
from her2desk.domain.validation import ValidationSource
from her2desk.reports.study import (
    AucFigure,
    BranchChoice,
    CombinedModel,
    Evidence,
    Ledger,
    LogisticTerm,
    OperatingPointFigures,
    Population,
    RobustnessRow,
    ScoredCohort,
    SelectedFeature,
    SelectionStep,
    Study,
)
from her2desk.stats.association import associate
from her2desk.stats.auc import auc
from her2desk.stats.cross_validation import nadeau_bengio, within_fold_auc
from her2desk.stats.logistic import fit_logistic
from her2desk.stats.meta_analysis import pool_sites
from her2desk.stats.sample_size import assess
from her2desk.stats.thresholds import sensitivity_at_least, specificity_at_least, youden
from her2desk.texts import msg

STRENGTH = {"clinical": 0.6, "radiomics": 0.9, "cnn": 1.0, "dlr": 1.3, "combined": 1.45}
OVERFIT = 0.9
FOLDS = 5
RULES = {
    "youden": youden,
    "sensitivity95": sensitivity_at_least,
    "specificity95": specificity_at_least,
}
SCANNERS = ("Philips EPIQ 5", "GE Voluson E8", "GE Vivid E8")
Labels = NDArray[np.bool_]


def labels(n: int, positive: int, seed: int) -> Labels:
    answer = np.arange(n) < positive
    np.random.default_rng(seed).shuffle(answer)
    return answer


def table(
    evidence: Evidence,
    positive: Labels,
    seed: int,
    *,
    extra: float = 0.0,
    folds: bool = False,
    branches: tuple[str, ...] = tuple(STRENGTH),
) -> ScoredCohort:
    """Scores with the strength of each branch, recalibrated by the rule of two normal classes."""
    rng = np.random.default_rng(seed)
    n = len(positive)
    probabilities = {}
    for branch in branches:
        d = STRENGTH[branch] + extra
        x = rng.normal(size=n) + d * positive
        logit = d * (x - d / 2) + np.log(positive.mean() / (1 - positive.mean()))
        probabilities[branch] = tuple(float(p) for p in 1 / (1 + np.exp(-logit)))
    return ScoredCohort(
        evidence,
        tuple(f"P{seed}-{k:03d}" for k in range(n)),
        tuple(bool(p) for p in positive),
        probabilities,
        tuple(int(k) for k in np.arange(n) % FOLDS) if folds else None,
        {
            "scanner": tuple(SCANNERS[k] for k in rng.choice(3, n, p=[0.5, 0.35, 0.15])),
            "size": tuple(rng.choice(["below 20 mm", "20 mm or more"], n)),
            "age": tuple(rng.choice(["below 50", "50 or more", ""], n, p=[0.4, 0.55, 0.05])),
        },
    )


def figures(t: ScoredCohort) -> dict[str, AucFigure]:
    answer = {}
    for branch, scores in t.probabilities.items():
        if t.folds is None:
            a = auc(t.positive, scores)
            answer[branch] = AucFigure(a.value, a.lower, a.upper, a.method)
        else:
            n = len(t.patients)
            m = nadeau_bengio(
                within_fold_auc(t.positive, scores, t.folds), n * (1 - 1 / FOLDS), n / FOLDS
            )
            answer[branch] = AucFigure(m.value, m.lower, m.upper, "nadeau-bengio")
    return answer


def point(name: str, t: ScoredCohort, threshold: float) -> OperatingPointFigures:
    positive, p = np.array(t.positive), np.array(t.probabilities["combined"])
    called = p >= threshold
    source = ValidationSource.OUT_OF_FOLD if t.folds is not None else ValidationSource.HELD_OUT
    return OperatingPointFigures(
        name,
        threshold,
        t.evidence,
        Confusion(
            int((called & positive).sum()),
            int((called & ~positive).sum()),
            int((~called & ~positive).sum()),
            int((~called & positive).sum()),
            source,
        ),
    )


def points(tuned_on: ScoredCohort, *shown: ScoredCohort) -> tuple[OperatingPointFigures, ...]:
    thresholds = {
        name: rule(tuned_on.positive, tuned_on.probabilities["combined"])
        for name, rule in RULES.items()
    }
    return tuple(point(name, t, x) for t in shown for name, x in thresholds.items())


def by_branch(*tables: ScoredCohort) -> dict[str, dict[Evidence, AucFigure]]:
    each = {t.evidence: figures(t) for t in tables}
    names = dict.fromkeys(name for found in each.values() for name in found)
    return {
        name: {evidence: found[name] for evidence, found in each.items() if name in found}
        for name in names
    }


def acquisition(*tables: ScoredCohort) -> dict[Evidence, AucFigure]:
    answer = {}
    for t in tables:
        noise = np.random.default_rng(99).normal(size=len(t.patients))
        scores = tuple(float(p) for p in 1 / (1 + np.exp(-noise)))
        answer[t.evidence] = figures(replace(t, probabilities={"x": scores}))["x"]
    return answer


def combined_model(positive: Labels) -> CombinedModel:
    rng = np.random.default_rng(5)
    pr = (rng.random(len(positive)) < np.where(positive, 0.4, 0.65)).astype(float)
    dlr = rng.normal(size=len(positive)) + 1.3 * positive - 0.8
    fit = fit_logistic(np.column_stack([pr, dlr]), positive)
    terms = tuple(
        LogisticTerm(name, float(b), float(se), float(x.min()), float(x.max()))
        for name, b, se, x in zip(
            ("pr", "dlr"), fit.coefficients[1:], fit.standard_errors[1:], (pr, dlr), strict=True
        )
    )
    return CombinedModel("PR × DLR", float(fit.coefficients[0]), terms, "maximum likelihood")


def clinical_columns(positive: Labels) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(8)
    n = len(positive)
    age = rng.normal(52, 10, n).round()
    age[rng.random(n) < 0.03] = np.nan
    return {
        "age_years": age,
        "er": (rng.random(n) < 0.65).astype(float),
        "pr": (rng.random(n) < np.where(positive, 0.4, 0.65)).astype(float),
        "ki67_percent": np.clip(rng.normal(28, 15, n) + 8 * positive, 1, 95).round(),
        "calcification": (rng.random(n) < np.where(positive, 0.55, 0.36)).astype(float),
        "family_history": np.zeros(n),
    }


def robustness(count: int) -> tuple[RobustnessRow, ...]:
    rng = np.random.default_rng(3)
    icc = rng.beta(9, 1.6, count)
    half = 0.25 * (1 - icc)
    return tuple(
        RobustnessRow(f"original_glcm_Feature{k:03d}", float(m), float(m - h), float(m + h))
        for k, (m, h) in enumerate(zip(icc, half, strict=True))
    )


FEATURES = (
    "original_shape2D_Sphericity", "log-sigma-1-0-mm-2D_firstorder_Skewness",
    "wavelet-LH_glcm_InverseVariance", "lbp-2D_glrlm_LongRunHighGrayLevelEmphasis",
    "gradient_ngtdm_Busyness", "original_firstorder_90Percentile",
    "wavelet-HL_gldm_SmallDependenceLowGrayLevelEmphasis", "cnn",
)  # fmt: skip


def a_study(**changes: object) -> Study:
    """A build on 200 simulated patients: 140 to train on, 60 held out, all parts there."""
    return replace(_build(), **changes)


@cache
def _build() -> Study:
    training, held = labels(140, 43, 1), labels(60, 18, 2)
    apparent = table(Evidence.APPARENT, training, 11, extra=OVERFIT)
    crossed = table(Evidence.CROSS_VALIDATED, training, 12, folds=True)
    held_out = table(Evidence.HELD_OUT, held, 13)
    tables = (apparent, crossed, held_out)
    sites = ("Site A", "Site B", "Site C", "Site D")
    by_site = [labels(n, events, 20 + n) for n, events in ((60, 18), (45, 16), (23, 6), (12, 3))]
    site_tables = [table(Evidence.EXTERNAL, y, 30 + len(y)) for y in by_site]
    return Study(
        title="Phantom demo: HER-2 from breast ultrasound",
        is_external=False,
        pack_name="Phantom demo",
        pack_version="1.0",
        pack_digest="b" * 64,
        demo=True,
        intended_use="Research: an adjunct to, never a replacement for, IHC and FISH.",
        moment_of_prediction="after-biopsy",
        decision="which patients with IHC 2+ await FISH most urgently",
        decision_range=(0.1, 0.5),
        cohort_description="200 simulated patients",
        cohort_sha256="c" * 64,
        seed=7,
        settings={"profile": "us-2d", "dlr": "crossfit", "outer folds": "5", "repeats": "4"},
        versions={"her2desk": "1.2.3", "scikit-learn": "1.7.0", "torch": "2.13.0"},
        populations=(
            Population(
                msg("Training"), 140, 43,
                (
                    (msg("Age, years"), "51 (44–60)", "53 (45–62)"),
                    (msg("PR positive"), "17 of 43", "63 of 97"),
                ),
            ),
            Population(
                msg("Held-out"), 60, 18,
                (
                    (msg("Age, years"), "50 (43–58)", "54 (46–61)"),
                    (msg("PR positive"), "7 of 18", "27 of 42"),
                ),
            ),
        ),
        figures=by_branch(*tables),
        tables={t.evidence: t for t in tables},
        operating_points=points(crossed, held_out, crossed),
        acquisition=acquisition(crossed, held_out),
        sites=pool_sites(
            sites, [t.positive for t in site_tables],
            [t.probabilities["combined"] for t in site_tables],
        ),
        sample_size=assess(140, 43, 6, 0.8),
        association=associate(clinical_columns(training), training),
        selection=(
            SelectionStep(msg("All features of the profile"), 651),
            SelectionStep(msg("Univariable test"), 84),
            SelectionStep(msg("Correlation"), 31),
            SelectionStep(msg("LASSO"), 8),
        ),
        features=tuple(
            SelectedFeature(name, k, FOLDS)
            for name, k in zip(FEATURES, (5, 5, 4, 3, 2, 2, 1, 5), strict=True)
        ),
        choices=(
            BranchChoice("radiomics", "lightgbm", {"num_leaves": 7, "learning_rate": 0.05},
                         {"lightgbm": 0.712, "logistic": 0.704, "xgboost": 0.69}),
            BranchChoice("dlr", "logistic", {"C": 0.1}, {"logistic": 0.78, "lightgbm": 0.77}),
        ),
        nomograms=(combined_model(training),),
        ledger=Ledger(builds=3, held_out_opened=2),
        robustness=robustness(93),
        fallbacks=(msg("LASSO kept no feature in fold {fold}; ridge was used.", fold=3),),
        excluded=(("P-017", msg("no ROI")), ("P-101", msg("IHC 2+ without FISH"))),
    )  # fmt: skip


def an_external_study(**changes: object) -> Study:
    """A locked pack on another cohort of 240 patients: external evidence only."""
    external = table(Evidence.EXTERNAL, labels(240, 102, 41), 42)
    study = a_study(
        title="External validation of Phantom demo 1.0",
        is_external=True,
        demo=False,
        populations=(Population(msg("External"), 240, 102),),
        figures=by_branch(external),
        tables={Evidence.EXTERNAL: external},
        operating_points=points(external, external),
        acquisition={},
        sites=None,
        sample_size=None,
        selection=(),
        features=(),
        choices=(),
        nomograms=(),
        ledger=None,
        robustness=(),
        fallbacks=(),
    )
    return replace(study, **changes)


def a_minimal_study(**changes: object) -> Study:
    """A build with cross-validation only, no groups and nothing optional."""
    crossed = replace(
        table(Evidence.CROSS_VALIDATED, labels(40, 12, 51), 52, folds=True), groups={}
    )
    study = a_study(
        decision_range=None,
        populations=(),
        figures=by_branch(crossed),
        tables={Evidence.CROSS_VALIDATED: crossed},
        operating_points=points(crossed, crossed),
        settings={},
        versions={},
        acquisition={},
        sites=None,
        sample_size=None,
        association=None,
        selection=(),
        features=(),
        choices=(),
        nomograms=(),
        ledger=None,
        robustness=(),
        fallbacks=(),
        excluded=(),
    )
    return replace(study, **changes)
