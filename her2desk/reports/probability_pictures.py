"""Pictures of the probabilities: calibration, net benefit, both classes, and the calls."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from her2desk.figures.calibration import (
    CalibrationGroup,
    CalibrationPlot,
    SmoothLine,
    calibration_figure,
)
from her2desk.figures.confusion import ConfusionPanel, confusion_figure
from her2desk.figures.decision_curve import BenefitLine, decision_curve_figure
from her2desk.figures.histogram import ThresholdMark, histogram_figure
from her2desk.reports.calibrations import Judged, calibration_words, judged_calibration
from her2desk.reports.document import StudyPicture
from her2desk.reports.picture_parts import JUDGED, branches_of, drawn, judged_tables, picture_title
from her2desk.reports.study import ScoredCohort, Study
from her2desk.reports.study_words import (
    COMBINED,
    branch_name,
    evidence_patients,
    point_name,
    point_rates,
    said,
)
from her2desk.stats.counts import describe
from her2desk.stats.counts import probability as probability_text
from her2desk.stats.decision_curve import net_benefit, treat_all
from her2desk.stats.smooth_calibration import calibration_groups, smooth_calibration
from her2desk.texts import msg

STEPS = 101
PATIENTS_A_GROUP = 10
FEWEST_GROUPS, MOST_GROUPS = 3, 10


def calibration_pictures(study: Study) -> Iterator[StudyPicture]:
    """Calibration of the combined model in patients that it was not fitted on."""
    for table in judged_tables(study):
        judged = judged_calibration(table, COMBINED)
        if judged is not None:
            yield _calibration(table.where_known(COMBINED), judged)


def _calibration(table: ScoredCohort, judged: Judged) -> StudyPicture:
    def draw() -> Figure:
        title = picture_title(msg("Calibration"), table)
        return calibration_figure(_calibration_plot(table, judged), title)

    return drawn(
        f"calibration-{table.evidence}",
        msg(
            "Calibration of the combined model in {patients}, in groups of neighbouring "
            "probabilities.",
            patients=said(evidence_patients(table.evidence, len(table.patients))),
        ),
        msg("Observed share of HER-2 positive against predicted probability, by group."),
        draw,
    )


def _calibration_plot(table: ScoredCohort, judged: Judged) -> CalibrationPlot:
    positive, p = np.array(table.positive), np.array(table.probabilities[COMBINED])
    wished = min(max(len(p) // PATIENTS_A_GROUP, FEWEST_GROUPS), MOST_GROUPS)
    groups = calibration_groups(positive, p, wished)
    curve = smooth_calibration(positive, p)
    return CalibrationPlot(
        groups=tuple(CalibrationGroup(g.mean_predicted, g.observed) for g in groups),
        smooth=None
        if curve is None
        else SmoothLine(curve.predicted, curve.observed, curve.lower, curve.upper),
        positive=p[positive],
        negative=p[~positive],
        notes=tuple(words.text() for words in calibration_words(judged)),
        is_judged=judged.is_judged,
    )


def decision_pictures(study: Study) -> Iterator[StudyPicture]:
    """Net benefit, only over the stated threshold range of the stated action (V8)."""
    if study.decision_range is None:
        return
    for table in judged_tables(study):
        yield _decision(study, table, study.decision_range)


def _decision(study: Study, table: ScoredCohort, limits: tuple[float, float]) -> StudyPicture:
    def draw() -> Figure:
        thresholds = np.linspace(*limits, STEPS)
        lines = [
            BenefitLine(
                branch,
                branch_name(branch),
                net_benefit(table.positive, table.probabilities[branch], thresholds),
            )
            for branch in branches_of(table)
            if len(table.where_known(branch).patients) == len(table.patients)
        ]
        title = picture_title(msg("Net benefit"), table)
        return decision_curve_figure(
            thresholds, lines, treat_all(table.positive, thresholds), title
        )

    return drawn(
        f"decision-curve-{table.evidence}",
        msg(
            "Net benefit over the stated threshold range, {lower}–{upper}, for the decision: "
            "{decision}. Of the branches that could answer for every patient.",
            lower=f"{limits[0]:g}",
            upper=f"{limits[1]:g}",
            decision=study.decision.rstrip("."),
        ),
        msg("Decision curves: net benefit of each branch, of all and of none as positive."),
        draw,
    )


def histogram_pictures(study: Study) -> Iterator[StudyPicture]:
    for evidence in JUDGED:
        table = study.tables.get(evidence)
        if table is None or COMBINED not in table.probabilities:
            continue
        yield _histogram(study, table.where_known(COMBINED))


def _histogram(study: Study, table: ScoredCohort) -> StudyPicture:
    def draw() -> Figure:
        scores, positive = np.array(table.probabilities[COMBINED]), np.array(table.positive)
        marks = [
            ThresholdMark(
                p.threshold, f"{probability_text(p.threshold)}  {point_name(p.name).text()}"
            )
            for p in study.operating_points
            if p.evidence is table.evidence
        ]
        title = picture_title(msg("Predicted probabilities"), table)
        return histogram_figure(scores[positive], scores[~positive], marks, title)

    return drawn(
        f"histogram-{table.evidence}",
        msg(
            "Predicted probabilities of the combined model by class, in {patients}.",
            patients=said(evidence_patients(table.evidence, len(table.patients))),
        ),
        msg("Histograms of predicted probability: HER-2 positive above, negative below."),
        draw,
    )


def confusion_pictures(study: Study) -> Iterator[StudyPicture]:
    for evidence in JUDGED:
        points = [p for p in study.operating_points if p.evidence is evidence]
        if not points:
            continue
        panels = tuple(
            ConfusionPanel(
                f"{point_name(p.name).text()}",
                p.confusion,
                (
                    msg("threshold {value}", value=probability_text(p.threshold)).text(),
                    *(
                        msg("{rate}: {words}", rate=said(name), words=said(describe(rate))).text()
                        for name, rate in zip(
                            (msg("sensitivity"), msg("specificity")), point_rates(p), strict=True
                        )
                    ),
                ),
            )
            for p in points
        )
        yield drawn(
            f"confusion-{evidence}",
            msg(
                "Calls of the combined model at each operating point, in {patients}.",
                patients=said(evidence_patients(evidence, panels[0].confusion.cohort_size)),
            ),
            msg("Confusion tables: calls against HER-2 status, one for each operating point."),
            lambda panels=panels: confusion_figure(panels),  # type: ignore[misc]
        )
