"""How many patients a prediction model needs (Riley et al. 2020, BMJ 368: m441; V6). numpy, scipy.

Three criteria: expected shrinkage of the coefficients ≥ 0.9, optimism of Nagelkerke's R² ≤ 0.05,
overall risk known within 0.05.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from her2desk.errors import InputRefused
from her2desk.texts import Message, msg, phrase

SHRINKAGE = 0.9
OPTIMISM = 0.05
MARGIN = 0.05
Z_RILEY = 1.96  # as the paper and pmsampsize have it
GRID_POINTS = 8001
GRID_REACH = 10.0


@dataclass(frozen=True)
class SampleSize:
    """What ``n`` patients with ``events`` positives can carry, and what ``parameters`` need.

    ``parameters`` counts every coefficient tried, not those kept. ``n`` and ``events`` are None
    when planning; ``expected_shrinkage`` and ``allowed_parameters`` are then those of ``needed_n``.
    ``by_shrinkage``, ``by_optimism`` and ``by_risk`` are the patients each criterion asks for.
    """

    parameters: int
    auc: float
    prevalence: float
    n: int | None
    events: int | None
    cox_snell: float
    needed_n: int
    needed_events: int
    expected_shrinkage: float
    allowed_parameters: float
    by_shrinkage: int
    by_optimism: int
    by_risk: int

    @property
    def is_enough(self) -> bool:
        return self.n is not None and self.n >= self.needed_n

    def sentence(self) -> Message:
        """The figures in words."""
        figures = {
            "n": self.n,
            "events": self.events,
            "parameters": self.parameters,
            "auc": self.auc,
            "allowed": self.allowed_parameters,
            "shrinkage": self.expected_shrinkage,
            "need": phrase(self._need()),
        }
        if self.n is None:
            return msg(
                "Coefficients to be tried: {parameters}, at an expected AUC of {auc:.2f} (Riley et "
                "al. 2020). {need}",
                **figures,
            )
        if self.is_enough:
            return msg(
                "{n} patients ({events} positive) are enough for the coefficients tried "
                "({parameters}) at an expected AUC of {auc:.2f} (Riley et al. 2020).",
                **figures,
            )
        if self.parameters >= min(self.n * self.prevalence, self.n * (1 - self.prevalence)):
            # The formula's shrinkage stops at R² here, which would look better than it is.
            return msg(
                "{n} patients ({events} positive) carry {allowed:.1f} coefficients at an expected "
                "AUC of {auc:.2f} (Riley et al. 2020). Tried: {parameters}, too many to be "
                "estimated from so few. {need}",
                **figures,
            )
        return msg(
            "{n} patients ({events} positive) carry {allowed:.1f} coefficients at an expected AUC "
            "of {auc:.2f} (Riley et al. 2020). Tried: {parameters}, which shrink to about "
            "{shrinkage:.2f} of their size in new patients. {need}",
            **figures,
        )

    def _need(self) -> Message:
        return msg(
            "Needed: {needed} patients ({events} positive), {aim}.",
            needed=self.needed_n,
            events=self.needed_events,
            aim=phrase(self._aim()),
        )

    def _aim(self) -> Message:
        """What the strictest criterion is for."""
        if self.needed_n == self.by_risk:
            return msg("to know the share of positives within 0.05")
        if self.needed_n == self.by_shrinkage:
            return msg("for coefficients that shrink by a tenth at most")
        return msg("for a fit (R²) that looks at most 0.05 too good")


def required(parameters: int, prevalence: float, auc: float) -> SampleSize:
    """Patients needed to fit ``parameters`` coefficients at an expected ``auc``.

    Raises ``InputRefused`` with code ``"auc-without-size"`` for an AUC of ½ or below, or 1, and
    ``ValueError`` without a parameter or for a prevalence outside 0–1.
    """
    return _judge(parameters, prevalence, auc, None, None)


def assess(n: int, events: int, parameters: int, auc: float) -> SampleSize:
    """What ``n`` patients with ``events`` positives are worth; raises as ``required`` does."""
    return _judge(parameters, events / n, auc, n, events)


def cox_snell_r2(auc: float, prevalence: float) -> float:
    """Cox–Snell R² of a model with this AUC (Riley et al. 2021, Statistics in Medicine 40: 859).

    The linear predictor is normal in either class, with one variance. The paper simulates a
    million patients; here the same likelihood is integrated, so the answer is always the same.
    """
    if not 0.5 < auc < 1:
        raise InputRefused(
            msg("At an AUC of {auc:.2f} no number of patients can be worked out.", auc=auc),
            msg("Give an expected AUC above 0.5 and below 1."),
            code="auc-without-size",
        )
    distance = math.sqrt(2) * NormalDist().inv_cdf(auc)
    x = np.linspace(-GRID_REACH, distance + GRID_REACH, GRID_POINTS)
    logit = distance * x - distance**2 / 2 + math.log(prevalence / (1 - prevalence))
    negatives = (1 - prevalence) * np.exp(-(x**2) / 2)
    positives = prevalence * np.exp(-((x - distance) ** 2) / 2)
    terms = positives * np.logaddexp(0.0, -logit) + negatives * np.logaddexp(0.0, logit)
    log_likelihood = -float(terms.sum()) * (x[1] - x[0]) / math.sqrt(2 * math.pi)
    return float(-math.expm1(-2 * (log_likelihood - _null_log_likelihood(prevalence))))


def criteria(parameters: int, prevalence: float, cox_snell: float) -> tuple[int, int, int]:
    """Patients that shrinkage, optimism and overall risk ask for, each rounded up."""
    largest = -math.expm1(2 * _null_log_likelihood(prevalence))
    shrinkage = cox_snell / (cox_snell + OPTIMISM * largest)
    return (
        math.ceil(parameters / _parameters_per_patient(cox_snell, SHRINKAGE)),
        math.ceil(parameters / _parameters_per_patient(cox_snell, shrinkage)),
        math.ceil((Z_RILEY / MARGIN) ** 2 * prevalence * (1 - prevalence)),
    )


def _judge(
    parameters: int, prevalence: float, auc: float, n: int | None, events: int | None
) -> SampleSize:
    if parameters < 1 or not 0 < prevalence < 1:
        raise ValueError("a sample size needs a parameter and patients of both classes")
    cox_snell = cox_snell_r2(auc, prevalence)
    by_shrinkage, by_optimism, by_risk = criteria(parameters, prevalence, cox_snell)
    needed = max(by_shrinkage, by_optimism, by_risk)
    patients = needed if n is None else n
    return SampleSize(
        parameters=parameters,
        auc=auc,
        prevalence=prevalence,
        n=n,
        events=events,
        cox_snell=cox_snell,
        needed_n=needed,
        needed_events=math.ceil(needed * prevalence),
        expected_shrinkage=_shrinkage(parameters / patients, cox_snell),
        allowed_parameters=patients * _parameters_per_patient(cox_snell, SHRINKAGE),
        by_shrinkage=by_shrinkage,
        by_optimism=by_optimism,
        by_risk=by_risk,
    )


def _parameters_per_patient(cox_snell: float, shrinkage: float) -> float:
    """Riley's first criterion, P/n = (S − 1) ln(1 − R²/S), for S above R²."""
    return (shrinkage - 1) * math.log1p(-cox_snell / shrinkage)


def _shrinkage(per_patient: float, cox_snell: float) -> float:
    """The S of Riley's first criterion at a number of parameters a patient."""
    from scipy.optimize import brentq

    # With v = −ln(1 − R²/S) the criterion is P/n = (1 − S)·v. S falls from 1 towards R² as v grows.
    def shrinkage(v: float) -> float:
        return cox_snell / -math.expm1(-v)

    lowest = -math.log1p(-cox_snell)
    highest = lowest + 5 + 2 * per_patient / (1 - cox_snell)
    v = brentq(lambda v: (1 - shrinkage(v)) * v - per_patient, lowest, highest)
    return shrinkage(float(v))


def _null_log_likelihood(prevalence: float) -> float:
    """Log-likelihood a patient of a model that knows the prevalence only."""
    return prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
