"""The audit in sentences, the same on the command line and in the window."""

import numpy as np

from her2desk.audit.drift import drift_sentence
from her2desk.audit.local_audit import LocalAudit
from her2desk.audit.performance import (
    NEEDED,
    Calibrated,
    PointCheck,
    RateCheck,
    labels_of,
    logits_of,
)
from her2desk.audit.results import LocalResults, Standing
from her2desk.audit.verdict import chart_words
from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.domain.validation import ValidationSource
from her2desk.packs.manifest import RecalibrationPart
from her2desk.packs.pack import NO_CLINICAL_INPUT, PATTERN_SEPARATOR
from her2desk.stats.calibration import Interval
from her2desk.stats.counts import observed, percent
from her2desk.stats.recalibration import Recalibration, SlopeTest, slope_test
from her2desk.stats.smooth_calibration import calibration_sentence
from her2desk.stats.statements import operating_point_name
from her2desk.texts import Message, listed, listed_apart, msg, phrase

SLOPE_LEVEL = 0.05


def summary(audit: LocalAudit) -> tuple[Message, ...]:
    """All of the audit, a sentence each."""
    found = audit.performance
    sentences = [cases_sentence(audit.results), audit.verification.sentence]
    if found is not None:
        sentences += [
            promise_sentence(audit),
            *(point_sentence(check) for check in found.points),
            *calibration_sentences(found.calibrated),
            chart_words(found),
        ]
    return (*sentences, drift_sentence(audit.drift))


def cases_sentence(results: LocalResults) -> Message:
    """How many cases there are, and what became of those that do not count."""
    reasons = [
        msg("{n} wait for pathology", n=results.of(Standing.WAITING)),
        msg("{n} with IHC 2+ wait for FISH", n=results.of(Standing.UNKNOWN)),
        msg("{n} were predicted only after the result", n=results.of(Standing.PREDICTED_AFTER)),
        msg("{n} are further images of a lesion", n=results.of(Standing.OTHER_IMAGE)),
        msg("{n} predictions do not say enough", n=results.unreadable),
    ]
    left_out = [reason for reason in reasons if reason.params["n"]]
    fields = {
        "counted": len(results.counted),
        "positives": results.positives,
        "negatives": results.negatives,
    }
    if not left_out:
        return msg(
            "Results that count: {counted} ({positives} HER-2 positive, {negatives} negative).",
            **fields,
        )
    return msg(
        "Results that count: {counted} ({positives} HER-2 positive, {negatives} negative). Not "
        "counted: {left_out}.",
        **fields,
        left_out=listed_apart(left_out),
    )


def promise_sentence(audit: LocalAudit) -> Message:
    """Whom the figures here and the promise are of."""
    found = audit.performance
    assert found is not None
    others = len(audit.results.counted) - found.patients
    if found.promise is None:
        return msg("The pack holds no validation patients to compare with.")
    fields = {"n": found.promise.patients, "pattern": phrase(pattern_name(found.pattern))}
    if found.promise.source is ValidationSource.HELD_OUT:
        said = msg("Compared with {n} held-out patients of the pack, {pattern}.", **fields)
    else:
        said = msg(
            "Compared with {n} patients of the pack, each predicted out of fold, {pattern}.",
            **fields,
        )
    if not others:
        return said
    return msg(
        "{said} {others} local results with other inputs known are in calibration and charts only.",
        said=phrase(said),
        others=others,
    )


def pattern_name(pattern: str) -> Message:
    """Which clinical inputs a pattern knows."""
    if pattern == NO_CLINICAL_INPUT:
        return msg("no clinical input known")
    labels = (FIELDS_BY_NAME[name].label for name in pattern.split(PATTERN_SEPARATOR))
    return msg("with {inputs} known", inputs=listed(labels))


def point_sentence(check: PointCheck) -> Message:
    """Sensitivity and specificity at an operating point, here and as promised."""
    return msg(
        "{point}: sensitivity {sensitivity}; specificity {specificity}.",
        point=phrase(operating_point_name(check.point.name)),
        sensitivity=phrase(rate_words(check.sensitivity)),
        specificity=phrase(rate_words(check.specificity)),
    )


def rate_words(rate: RateCheck) -> Message:
    """A rate here, and what was promised (V14, V15)."""
    if rate.promised is None:
        return observed(rate.local)
    return msg(
        "{local}, promised {promised}",
        local=phrase(observed(rate.local)),
        promised=phrase(observed(rate.promised)),
    )


def calibration_sentences(found: Calibrated) -> tuple[Message, ...]:
    """Observed and expected, and the calibration or that so few say nothing of it (V19)."""
    figures = found.figures
    return (
        msg(
            "HER-2 positive: {observed} of {n}, expected {expected:.1f}; observed ÷ expected {ratio}.",
            observed=figures.events,
            n=figures.n,
            expected=found.expected,
            ratio=phrase(interval_words(found.observed_to_expected)),
        ),
        calibration_sentence(figures),
    )


def interval_words(found: Interval) -> Message:
    """A figure with its interval, which may lie on both sides of 0."""
    return msg(
        "{value:.2f} ({lower:.2f} to {upper:.2f})",
        value=found.value,
        lower=found.lower,
        upper=found.upper,
    )


def slope_test_of(results: LocalResults) -> SlopeTest | None:
    """What the likelihood-ratio test says of the slope; None where too few results can say anything."""
    if min(results.positives, results.negatives) < NEEDED:
        return None
    return slope_test(labels_of(results.counted), logits_of(results.counted))


def readers_sentence(results: LocalResults) -> Message:
    """How many of each reader's lesions count."""
    return msg(
        "By reader: {readers}.",
        readers=listed_apart(
            msg("{reader} {counted} of {cases}", reader=reader, counted=counted, cases=cases)
            for reader, (cases, counted) in results.by_reader().items()
        ),
    )


def recalibration_sentences(part: RecalibrationPart, test: SlopeTest | None) -> tuple[Message, ...]:
    """What a recalibration did to log-odds, on whom it rests, and what is said of the slope."""
    covariance = np.array(part.covariance)
    fit = Recalibration(part.intercept, part.slope, covariance, part.patients, part.positive)
    return (*fit_sentences(fit), slope_sentence(test))


def fit_sentences(fit: Recalibration) -> tuple[Message, ...]:
    """What a recalibration does to log-odds, and on whom it rests."""
    intercept = phrase(interval_words(fit.intercept_interval))
    change = msg("To all log-odds {intercept} is added.", intercept=intercept)
    if fit.covariance[1, 1]:
        change = msg(
            "Log-odds are multiplied by {slope} and {intercept} is added.",
            slope=phrase(interval_words(fit.slope_interval)),
            intercept=intercept,
        )
    return (
        change,
        msg(
            "Fitted on {n} local results, {positive} HER-2 positive; probabilities are then for a place "
            "where {prevalence} % are.",
            n=fit.patients,
            positive=fit.positive,
            prevalence=percent(fit.positive / fit.patients),
        ),
    )


def slope_sentence(test: SlopeTest | None) -> Message:
    """Whether the results ask for another slope."""
    if test is None:
        return msg("Nothing can be said of the slope.")
    fields = {"slope": phrase(interval_words(test.slope)), "p": p_words(test.p)}
    if test.p < SLOPE_LEVEL and test.slope.value < 1:
        return msg(
            "The slope is {slope}, below 1 (likelihood-ratio test, p {p}): predictions are spread too "
            "far.",
            **fields,
        )
    if test.p < SLOPE_LEVEL:
        return msg(
            "The slope is {slope}, above 1 (likelihood-ratio test, p {p}): predictions are not spread far "
            "enough.",
            **fields,
        )
    return msg(
        "The slope is {slope}; nothing shows that it differs from 1 (likelihood-ratio test, p {p}).",
        **fields,
    )


def p_words(p: float) -> str:
    """A p-value behind its letter: "= 0.03", or "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"
