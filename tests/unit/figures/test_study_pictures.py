"""Pictures of a study: they show the numbers given, and nothing spills over the edge."""

import io
import math
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from her2desk.domain.counts import Confusion
from her2desk.domain.validation import ValidationSource
from her2desk.figures.calibration import (
    CalibrationGroup,
    CalibrationPlot,
    SmoothLine,
    calibration_figure,
)
from her2desk.figures.canvas import look
from her2desk.figures.confusion import ConfusionPanel, confusion_figure
from her2desk.figures.decision_curve import BenefitLine, decision_curve_figure
from her2desk.figures.forest import (
    AUC_SCALE,
    ODDS_SCALE,
    ForestRow,
    RowKind,
    forest_figure,
)
from her2desk.figures.histogram import ThresholdMark, histogram_figure
from her2desk.figures.optimism import OptimismRow, optimism_figure
from her2desk.figures.plots import LONGEST_NAME, branch_look, picture, shown
from her2desk.figures.robustness import IccDot, robustness_figure
from her2desk.figures.roc import (
    FoldCurves,
    RocLine,
    RocPoints,
    fold_roc_figure,
    roc_figure,
    upright_average,
)
from her2desk.figures.selection import MOST, ChosenFeature, selection_figure
from her2desk.stats.auc import auc
from her2desk.stats.decision_curve import net_benefit, treat_all
from her2desk.stats.proportions import wilson
from her2desk.stats.roc import roc_points
from her2desk.texts import msg

RNG = np.random.default_rng(4)
POSITIVE = np.arange(60) < 20
SCORES = np.clip(0.5 + 0.12 * POSITIVE + RNG.normal(0, 0.18, 60), 0.01, 0.99)
THRESHOLDS = np.linspace(0.1, 0.5, 41)
TITLE = msg("A title")


def curve(positive: np.ndarray, scores: np.ndarray) -> RocPoints:
    points = roc_points(positive, scores)
    return RocPoints(points.false_positive_rate, points.sensitivity)


def folds() -> tuple[RocPoints, ...]:
    return tuple(curve(POSITIVE[k::3], SCORES[k::3]) for k in range(3))


def a_roc() -> Figure:
    branches = ("clinical", "radiomics", "cnn", "dlr", "combined")
    return roc_figure(
        [RocLine(b, msg(b), "0.786 (0.667–0.904)", curve(POSITIVE, SCORES)) for b in branches],
        TITLE,
    )


def a_fold_roc() -> Figure:
    return fold_roc_figure(
        [FoldCurves("dlr", msg("DLR"), "0.786 (0.667–0.904)", folds()) for _ in range(5)]
    )


def a_calibration(*, smooth: bool = False, is_judged: bool = True) -> Figure:
    x = np.linspace(0.1, 0.9, 30)
    line = SmoothLine(x, x, x - 0.1, x + 0.1) if smooth else None
    groups = (CalibrationGroup(0.2, wilson(2, 10)), CalibrationGroup(0.8, wilson(9, 10)))
    plot = CalibrationPlot(
        groups, line, SCORES[POSITIVE], SCORES[~POSITIVE], ("Slope 0.92",), is_judged
    )
    return calibration_figure(plot, TITLE)


def a_decision_curve() -> Figure:
    benefit = net_benefit(POSITIVE, SCORES, THRESHOLDS)
    lines = [BenefitLine("dlr", msg("DLR"), benefit)]
    return decision_curve_figure(THRESHOLDS, lines, treat_all(POSITIVE, THRESHOLDS), TITLE)


def a_histogram() -> Figure:
    marks = [ThresholdMark(0.31, "0.31 Largest sensitivity + specificity")]
    return histogram_figure(SCORES[POSITIVE], SCORES[~POSITIVE], marks, TITLE)


def a_confusion() -> Figure:
    table = Confusion(14, 9, 36, 1, ValidationSource.HELD_OUT)
    return confusion_figure([ConfusionPanel("Tuned", table, ("a", "b", "c")) for _ in range(4)])


def a_forest() -> Figure:
    rows = [
        ForestRow("Scanner", kind=RowKind.HEADING),
        ForestRow("Site A", "18 of 60", "0.833 (0.697–0.916)", 0.833, 0.697, 0.916),
        ForestRow("Site D", "3 of 12", "counts only: below 20 patients"),
        ForestRow("Summary", "", "0.8", 0.8, 0.7, 0.9, kind=RowKind.SUMMARY),
        ForestRow("Elsewhere", "", "0.6–0.9", 0.8, 0.8, 0.8, (0.6, 0.9), RowKind.PREDICTION),
    ]
    return forest_figure(rows, AUC_SCALE, TITLE, msg("HER-2 positive"))


def an_odds_forest() -> Figure:
    rows = [
        ForestRow("ER", "140", "0.24 (0.11–0.52)", 0.24, 0.11, 0.52),
        ForestRow("Rare", "140", "900 (0.00–∞)", 900.0, 0.0001, np.inf),
    ]
    return forest_figure(rows, ODDS_SCALE, TITLE, msg("Patients"))


def an_optimism() -> Figure:
    apparent, unseen = (0.93, 0.88, 0.97), (0.71, 0.58, 0.82)
    return optimism_figure(
        [
            OptimismRow(msg("DLR"), {"apparent": apparent, "held_out": unseen}),
            OptimismRow(msg("Acquisition only"), {"held_out": (0.5, 0.3, 0.7)}),
        ],
        TITLE,
    )


def robust(count: int) -> Figure:
    dots = [IccDot(f"feature {k}", 0.9, 0.8 if k % 2 else 0.6, 0.95) for k in range(count)]
    return robustness_figure(dots, TITLE)


def a_selection() -> Figure:
    return selection_figure([ChosenFeature(f"f{k:02d}", k % 6, 5) for k in range(40)], TITLE)


FIGURES: dict[str, Callable[[], Figure]] = {
    "roc": a_roc,
    "fold-roc": a_fold_roc,
    "calibration": a_calibration,
    "smooth-calibration": lambda: a_calibration(smooth=True),
    "unjudged-calibration": lambda: a_calibration(is_judged=False),
    "decision-curve": a_decision_curve,
    "histogram": a_histogram,
    "confusion": a_confusion,
    "forest": a_forest,
    "odds": an_odds_forest,
    "optimism": an_optimism,
    "robustness": lambda: robust(12),
    "robustness-many": lambda: robust(93),
    "selection": a_selection,
}


def texts(draw: Callable[[], Figure]) -> list[str]:
    with look():
        return [t.get_text() for t in draw().findobj(Text)]


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_at_the_edge(name: str) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(picture(FIGURES[name], "png"))).convert("L"))
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    assert all(int(edge.min()) == 255 for edge in edges)
    assert pixels.min() < 60


@pytest.mark.parametrize("name", ["roc", "confusion", "forest"])
@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_figure_gives_the_same_bytes(name: str, kind: str) -> None:
    assert picture(FIGURES[name], kind) == picture(FIGURES[name], kind)


def test_a_roc_legend_says_the_figure_it_was_given() -> None:
    assert "combined\n0.786 (0.667–0.904)" in texts(a_roc)


def test_branches_differ_in_dashes_as_well_as_in_colour() -> None:
    looks = [branch_look(b) for b in ("clinical", "radiomics", "cnn", "dlr", "combined", "other")]
    assert len({look.dashes for look in looks}) == len({look.colour for look in looks}) == 6


def test_the_average_of_fold_curves_has_the_mean_of_their_areas() -> None:
    average = upright_average(folds())
    area = np.trapezoid(average.sensitivity, average.false_positive_rate)
    areas = [auc(POSITIVE[k::3], SCORES[k::3]).value for k in range(3)]
    assert area == pytest.approx(np.mean(areas), abs=1e-12)


def test_tied_scores_keep_the_area_of_the_average_too() -> None:
    tied = np.round(SCORES, 1)
    average = upright_average([curve(POSITIVE[k::3], tied[k::3]) for k in range(3)])
    areas = [auc(POSITIVE[k::3], tied[k::3]).value for k in range(3)]
    assert np.trapezoid(average.sensitivity, average.false_positive_rate) == pytest.approx(
        np.mean(areas), abs=1e-12
    )


def test_a_confusion_panel_shows_cells_and_sums() -> None:
    shown_words = texts(a_confusion)
    for word in ("14", "9", "36", "1", "Σ 23", "Σ 37", "Σ 15", "Σ 45", "n = 60"):
        assert word in shown_words


def test_a_forest_row_without_a_figure_draws_none() -> None:
    def marks(rows: list[ForestRow]) -> int:
        with look():
            return len(forest_figure(rows, AUC_SCALE, TITLE, TITLE).axes[0].lines)

    counted = ForestRow("Site D", "3 of 12", "counts only")
    judged = ForestRow("Site A", "18 of 60", "0.8", 0.8, 0.7, 0.9)
    assert marks([counted]) == 1  # the line of no effect
    assert marks([judged]) == 3


def test_a_decision_curve_spans_the_stated_range_and_no_more() -> None:
    with look():
        axes = a_decision_curve().axes[0]
    assert axes.get_xlim() == (0.1, 0.5)
    line = next(x for x in axes.lines if x.get_label() == "DLR")
    assert list(line.get_ydata()) == list(net_benefit(POSITIVE, SCORES, THRESHOLDS))


def test_the_selection_names_at_most_so_many_features() -> None:
    with look():
        assert len(a_selection().axes[0].get_yticks()) == MOST


def test_few_features_are_named_and_many_are_not() -> None:
    assert "feature 3" in texts(lambda: robust(12))
    assert "feature 3" not in texts(lambda: robust(93))


def test_a_robustness_legend_counts_both_kinds() -> None:
    words = " ".join(texts(lambda: robust(93)))
    assert "(46)" in words
    assert "(47)" in words


def test_a_feature_whose_interval_is_not_known_stops_no_figure() -> None:
    """Of three cases an interval cannot always be told."""
    known, unknown = IccDot("f", 0.95, 0.2, 0.98), IccDot("g", 0.9, math.nan, math.nan)
    axes = robustness_figure([known, unknown], TITLE).axes[0]
    assert axes.get_xlim() == pytest.approx((0.2, 1.0))
    assert robustness_figure([unknown], TITLE).axes[0].get_xlim() == pytest.approx((0.5, 1.0))


def test_all_features_kept_leaves_the_other_kind_out() -> None:
    words = texts(lambda: robustness_figure([IccDot("f", 0.95, 0.9, 0.98)], TITLE))
    assert not [w for w in words if "below 0.75" in w]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a\nb\tc\x00d", "a b c d"),
        ("x" * 100, "x" * 22 + "…" + "x" * 23),
        ("short", "short"),
    ],
)
def test_names_from_files_become_one_line_that_fits(name: str, line: str) -> None:
    assert shown(name) == line
    assert len(shown(name)) <= LONGEST_NAME


@pytest.mark.parametrize("name", ["$\\frac{", "中文医院", "🏥 site", "--> <svg>"])
def test_a_strange_name_is_drawn_as_it_stands(name: str) -> None:
    def draw() -> Figure:
        rows = [ForestRow(shown(name), "1", "0.8", 0.8, 0.7, 0.9)]
        return forest_figure(rows, AUC_SCALE, TITLE, TITLE)

    assert picture(draw, "png").startswith(b"\x89PNG")
    assert picture(draw, "svg").count(b"<svg") == 1
