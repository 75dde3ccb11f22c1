"""Calibration of a branch in patients that it was not fitted on, and what may be said of it (V19)."""

from dataclasses import dataclass

from her2desk.reports.study import ScoredCohort
from her2desk.reports.study_words import number, with_bounds
from her2desk.stats.calibration import Calibration, calibration
from her2desk.stats.smooth_calibration import TOO_FEW_TO_JUDGE, calibration_sentence
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class Judged:
    """Figures, and the sentence that says how far they carry."""

    figures: Calibration
    sentence: Message
    is_judged: bool


def judged_calibration(table: ScoredCohort, branch: str) -> Judged | None:
    """Of the patients who have a score; None where the branch is missing or a class has no patient."""
    if branch not in table.probabilities:
        return None
    known = table.where_known(branch)
    if len(set(known.positive)) < 2:
        return None
    figures = calibration(known.positive, known.probabilities[branch])
    fewer = min(figures.events, figures.n - figures.events)
    is_judged = fewer > TOO_FEW_TO_JUDGE and figures.slope is not None
    return Judged(figures, calibration_sentence(figures), is_judged)


def calibration_words(judged: Judged) -> tuple[Message, ...]:
    """Intercept, slope and Brier score, one a line."""
    c = judged.figures
    return (
        msg("Intercept {figure}", figure=intercept_text(c)),
        msg("Slope {figure}", figure=slope_text(c)),
        msg("Brier score {figure}", figure=number(c.brier)),
        msg("{events} events in {n} patients", events=c.events, n=c.n),
        *(() if judged.is_judged else (msg("Calibration cannot be judged."),)),
    )


def intercept_text(c: Calibration) -> str:
    """The intercept with its interval."""
    return with_bounds(c.intercept.value, c.intercept.lower, c.intercept.upper, 2)


def slope_text(c: Calibration) -> str:
    """The slope with its interval; none where the classes are parted without an error."""
    if c.slope is None:
        return "–"
    return with_bounds(c.slope.value, c.slope.lower, c.slope.upper, 2)
