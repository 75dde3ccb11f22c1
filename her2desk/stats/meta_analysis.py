"""AUCs of several sites, pooled with a prediction interval for another site (V4, V25)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from her2desk.stats.auc import Auc, auc

FEWEST_PATIENTS = 20
FEWEST_OF_A_CLASS = 5
FEWEST_FOR_PREDICTION = 3


@dataclass(frozen=True)
class SiteAuc:
    """One site's counts, and its AUC unless it is too small for one (V25)."""

    name: str
    n: int
    events: int
    auc: Auc | None


@dataclass(frozen=True)
class SitePooling:
    """Random-effects summary of the sites' AUCs, all on the AUC scale but ``tau2`` (logit).

    ``value``, ``lower``, ``upper`` and ``tau2`` are None below two sites with an AUC;
    ``prediction_lower`` and ``prediction_upper``, for a new site, below three.
    """

    sites: tuple[SiteAuc, ...]
    value: float | None
    lower: float | None
    upper: float | None
    prediction_lower: float | None
    prediction_upper: float | None
    tau2: float | None


def pool_sites(
    names: Sequence[str],
    labels_by_site: Sequence[ArrayLike],
    scores_by_site: Sequence[ArrayLike],
) -> SitePooling:
    """AUC within each site, and their random-effects summary on the logit; never pooled scores.

    τ² by DerSimonian & Laird (1986), cut at 0 (statsmodels' ``combine_effects`` does not cut it);
    interval by Hartung & Knapp (2001) with their factor at least 1 (Röver et al. 2015);
    prediction interval of Higgins, Thompson & Spiegelhalter (2009) with that standard error, t on
    k − 2. A site whose AUC is 0 or 1 enters with half a pair given to the other side. Sites below
    20 patients or 5 of either class keep their counts only.
    """
    sites = tuple(
        _site(name, labels, scores)
        for name, labels, scores in zip(names, labels_by_site, scores_by_site, strict=True)
    )
    effects = [_on_logit(site, site.auc) for site in sites if site.auc is not None]
    if len(effects) < 2:
        return SitePooling(sites, None, None, None, None, None, None)
    effect, variance = np.array(effects).T
    centre, error, tau2 = _random_effects(effect, variance)
    lower, upper = _interval(centre, error, len(effects) - 1)
    low, high = _prediction(centre, math.sqrt(tau2 + error**2), len(effects))
    return SitePooling(sites, float(expit(centre)), lower, upper, low, high, tau2)


def _site(name: str, labels: ArrayLike, scores: ArrayLike) -> SiteAuc:
    positive = np.asarray(labels).astype(bool)
    n, events = len(positive), int(positive.sum())
    is_large = n >= FEWEST_PATIENTS and min(events, n - events) >= FEWEST_OF_A_CLASS
    return SiteAuc(name, n, events, auc(positive, scores) if is_large else None)


def _on_logit(site: SiteAuc, area: Auc) -> tuple[float, float]:
    """logit AUC and its variance."""
    value, variance = area.value, area.variance
    pairs = site.events * (site.n - site.events)
    if value in (0.0, 1.0):
        value = (value * pairs + 0.5) / (pairs + 1)
        variance = _hanley_mcneil(value, site.events, site.n - site.events)
    return float(logit(value)), variance / (value * (1 - value)) ** 2


def _hanley_mcneil(area: float, n_positive: int, n_negative: int) -> float:
    """The variance that depends on the AUC alone (Hanley & McNeil 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (n_positive - 1) * (q1 - area**2) + (n_negative - 1) * (q2 - area**2)
    return (area * (1 - area) + spread) / (n_positive * n_negative)


def _random_effects(
    effect: NDArray[np.float64], variance: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Mean, its Hartung–Knapp standard error, and τ²."""
    df = len(effect) - 1
    weight = 1 / variance
    q = float((weight * (effect - np.average(effect, weights=weight)) ** 2).sum())
    tau2 = max(0.0, (q - df) / float(weight.sum() - (weight**2).sum() / weight.sum()))
    weight = 1 / (variance + tau2)
    centre = float(np.average(effect, weights=weight))
    factor = max(1.0, float((weight * (effect - centre) ** 2).sum()) / df)
    return centre, math.sqrt(factor / float(weight.sum())), tau2


def _prediction(centre: float, error: float, sites: int) -> tuple[float | None, float | None]:
    if sites < FEWEST_FOR_PREDICTION:
        return None, None
    return _interval(centre, error, sites - 2)


def _interval(centre: float, error: float, df: int) -> tuple[float, float]:
    from scipy.stats import t

    half = float(t.ppf(0.975, df)) * error
    return float(expit(centre - half)), float(expit(centre + half))
