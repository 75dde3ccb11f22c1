"""The table of a simulated patient: label, clinical record and pathology, without a picture.

Shares are those of the training column of Table 1 in Hu et al. ("Enhanced HER-2 prediction in
breast cancer through synergistic integration of deep learning, ultrasound radiomics, and clinical
data"): 140 patients, 43 of them HER-2 positive.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from her2desk.domain.clinical import CLINICAL_FIELDS, ClinicalRecord, Pathology

PAPER_PATIENTS = 140
HER2_SHARE = 43 / PAPER_PATIENTS
ER_SHARE = 96 / PAPER_PATIENTS
POSTMENOPAUSAL_SHARE = 71 / PAPER_PATIENTS
NODES_SHARE = 46 / PAPER_PATIENTS
CALCIFICATION_SHARE = 59 / PAPER_PATIENTS
FAMILY_HISTORY_SHARE = 5 / PAPER_PATIENTS

PR_ODDS_RATIO = 0.343  # PR against HER-2, the one clinical predictor that the paper kept

# Not in the paper's table; plausible for invasive ductal carcinoma.
PR_SHARE = 0.60
ER_PR_ODDS_RATIO = 12.0
AGE_MEAN, AGE_SD, AGE_LIMITS = 51.0, 10.0, (25, 88)
MENOPAUSE_JITTER = 0.35  # in standard deviations of age: women differ in when it comes
KI67_MEDIAN, KI67_SIGMA = 24.0, 0.65
MARKERS = {  # median, sigma of the logarithm
    "cea_ng_ml": (1.9, 0.55),
    "ca125_u_ml": (14.0, 0.55),
    "ca199_u_ml": (11.0, 0.65),
    "ca153_u_ml": (12.5, 0.45),
}

# The order is part of what a seed means: append, never insert.
STREAMS = (
    "label",
    "clinical",
    "pathology",
    "missing",
    "scanner",
    "breast",
    "lesion",
    "inside",
    "exposure",
    "echo",
)

IHC_OF_POSITIVE = {"2+": 0.25, "3+": 0.75}
IHC_OF_NEGATIVE = {"0": 0.32, "1+": 0.38, "2+": 0.30}
UNKNOWN_SHARE = 0.03  # of all patients: 2+ whose FISH was never done
TWO_PLUS_SHARE = HER2_SHARE * IHC_OF_POSITIVE["2+"] + (1 - HER2_SHARE) * IHC_OF_NEGATIVE["2+"]


@dataclass(frozen=True)
class SimulatedRecord:
    """What is known of one simulated patient; ``her2_positive`` is the truth, known to us alone.

    ``age_years`` and ``calcification`` are the truth too, where the record leaves them out.
    """

    her2_positive: bool
    age_years: int
    calcification: bool
    laterality: str
    clinical: ClinicalRecord
    pathology: Pathology


def patient_streams(index: int, seed: int) -> dict[str, np.random.Generator]:
    """One independent generator per name of ``STREAMS``, from nothing but (seed, index)."""
    root = np.random.SeedSequence(entropy=seed, spawn_key=(index,))
    return {
        name: np.random.Generator(np.random.PCG64(child))
        for name, child in zip(STREAMS, root.spawn(len(STREAMS)), strict=True)
    }


def simulate_record(
    index: int, seed: int, signal: float, *, missing: float = 0.0
) -> SimulatedRecord:
    """The table row of patient ``index``; the same as in ``simulate_patient``.

    ``signal`` (0–1) scales the logarithm of PR's odds ratio; no other column ever depends on the
    label. ``missing`` is the share of clinical values left out, at random.
    """
    streams = patient_streams(index, seed)
    positive = bool(streams["label"].random() < HER2_SHARE)
    clinical = _clinical(streams["clinical"], positive, signal)
    known = _with_gaps(clinical, streams["missing"], missing)
    assert clinical.age_years is not None
    assert clinical.laterality is not None
    return SimulatedRecord(
        positive,
        int(clinical.age_years),
        bool(clinical.calcification),
        clinical.laterality,
        known,
        _pathology(streams["pathology"], positive),
    )


def pr_share(positive: bool, signal: float) -> float:
    """Share of PR-positive patients by label, such that the marginal share stays ``PR_SHARE``.

    The two shares differ in log odds by ``signal`` × ln(``PR_ODDS_RATIO``).
    """
    both = joint_share(PR_SHARE, HER2_SHARE, PR_ODDS_RATIO**signal)
    return both / HER2_SHARE if positive else (PR_SHARE - both) / (1 - HER2_SHARE)


def joint_share(first: float, second: float, odds_ratio: float) -> float:
    """P(both) of two binary variables with given margins and odds ratio (Plackett 1965)."""
    if math.isclose(odds_ratio, 1.0):
        return first * second
    a = odds_ratio - 1
    b = 1 + a * (first + second)
    return (b - math.sqrt(b * b - 4 * odds_ratio * a * first * second)) / (2 * a)


def _clinical(rng: np.random.Generator, positive: bool, signal: float) -> ClinicalRecord:
    years, menopause = rng.standard_normal(2)
    er_draw, pr_draw, nodes, calcification, family, side = rng.random(6)
    ki67, *markers = rng.standard_normal(1 + len(MARKERS))
    latest = NormalDist().inv_cdf(1 - POSTMENOPAUSAL_SHARE) * math.hypot(1, MENOPAUSE_JITTER)
    er = bool(er_draw < ER_SHARE)
    pr = pr_share(positive, signal)
    with_er = joint_share(pr, ER_SHARE, ER_PR_ODDS_RATIO)
    pr_given_er = with_er / ER_SHARE if er else (pr - with_er) / (1 - ER_SHARE)
    return ClinicalRecord(
        age_years=float(np.clip(round(AGE_MEAN + AGE_SD * years), *AGE_LIMITS)),
        er=er,
        pr=bool(pr_draw < pr_given_er),
        ki67_percent=float(np.clip(round(KI67_MEDIAN * math.exp(KI67_SIGMA * ki67)), 1, 95)),
        lymph_node_metastasis=bool(nodes < NODES_SHARE),
        calcification=bool(calcification < CALCIFICATION_SHARE),
        postmenopausal=bool(years + MENOPAUSE_JITTER * menopause > latest),
        family_history=bool(family < FAMILY_HISTORY_SHARE),
        laterality="L" if side < 0.5 else "R",
        **{
            name: round(median * math.exp(sigma * z), 2)
            for (name, (median, sigma)), z in zip(MARKERS.items(), markers, strict=True)
        },
    )


def _pathology(rng: np.random.Generator, positive: bool) -> Pathology:
    score_draw, fish_draw = rng.random(2)
    shares = IHC_OF_POSITIVE if positive else IHC_OF_NEGATIVE
    edges = np.cumsum(list(shares.values()))
    score = list(shares)[int(np.searchsorted(edges[:-1], score_draw, side="right"))]
    if score != "2+":
        return Pathology(score)
    if fish_draw < UNKNOWN_SHARE / TWO_PLUS_SHARE:
        return Pathology(score)
    return Pathology(score, "amplified" if positive else "not amplified")


def _with_gaps(record: ClinicalRecord, rng: np.random.Generator, missing: float) -> ClinicalRecord:
    draws = rng.random(len(CLINICAL_FIELDS))
    gone = {
        field.name: None
        for field, draw in zip(CLINICAL_FIELDS, draws, strict=True)
        if draw < missing
    }
    return replace(record, **gone)
