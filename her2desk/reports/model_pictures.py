"""Pictures of the model itself: nomograms, chosen features, their robustness."""

import re
from collections.abc import Callable, Iterator

from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.domain.nomogram import NomogramGeometry, NomogramModel, NomogramTerm
from her2desk.errors import InputRefused
from her2desk.figures.canvas import PictureKind
from her2desk.figures.nomogram import nomogram_picture
from her2desk.figures.plots import any_character, shown
from her2desk.figures.robustness import IccDot, robustness_figure
from her2desk.figures.selection import ChosenFeature, selection_figure
from her2desk.reports.document import StudyPicture, plain
from her2desk.reports.picture_parts import drawn
from her2desk.reports.study import CombinedModel, Study
from her2desk.reports.study_words import input_name
from her2desk.stats.nomogram import build_nomogram
from her2desk.texts import Message, msg

LABEL_LENGTH = 26


def nomogram_pictures(study: Study) -> Iterator[StudyPicture]:
    """One nomogram for each logistic model that has an effect to draw."""
    for number, model in enumerate(study.nomograms, start=1):
        try:
            geometry = build_nomogram(_as_nomogram(model))
        except InputRefused:
            continue  # without an effect there is no axis; the coefficients are in the table
        yield StudyPicture(
            f"nomogram-{number}-{_file_part(model.name)}",
            msg(
                "Nomogram of the model “{name}” ({method}): add the points, read the probability "
                "at the training prevalence.",
                name=model.name,
                method=model.method,
            ),
            msg("Nomogram: points of each input, their total and the probability."),
            _drawing(geometry),
        )


def _drawing(geometry: NomogramGeometry) -> Callable[[PictureKind], bytes]:
    def draw(kind: PictureKind) -> bytes:
        with any_character():
            return nomogram_picture(geometry, kind=kind)

    return draw


def _as_nomogram(model: CombinedModel) -> NomogramModel:
    return NomogramModel(
        model.intercept,
        tuple(
            NomogramTerm(
                t.name, _label(t.name), t.coefficient, t.lower, t.upper, _is_yes_or_no(t.name)
            )
            for t in model.terms
        ),
    )


def _label(name: str) -> Message:
    """The input in words, short enough for the nomogram's left margin."""
    return plain(shown(input_name(name).text(), LABEL_LENGTH))


def _is_yes_or_no(name: str) -> bool:
    field = FIELDS_BY_NAME.get(name)
    return field is not None and not field.is_number


def _file_part(name: str) -> str:
    """What of a model's name may stand in a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "model"


def selection_pictures(study: Study) -> Iterator[StudyPicture]:
    features = [
        ChosenFeature(shown(f.name), f.chosen_in_folds, f.folds) for f in study.features if f.folds
    ]
    if not features:
        return
    yield drawn(
        "selection",
        msg("In how many outer folds each feature of the deployed model was chosen too."),
        msg("Bars: features by the number of outer folds that chose them."),
        lambda: selection_figure(features, msg("Stability of the selection")),
    )


def robustness_pictures(study: Study) -> Iterator[StudyPicture]:
    dots = [IccDot(shown(r.feature), r.icc, r.lower, r.upper) for r in study.robustness]
    if not dots:
        return
    yield drawn(
        "robustness",
        msg(
            "Features under jitter of the outline: ICC(A,1) with its 95 % interval. A feature is "
            "robust where the lower end is at least 0.75."
        ),
        msg("Dots with intervals: intraclass correlation of each feature, in order."),
        lambda: robustness_figure(dots, msg("Robustness to the outline")),
    )
