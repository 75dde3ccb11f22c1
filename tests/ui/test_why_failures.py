"""How answers like this one fail, as the why panel shows it."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.counts import Call
from her2desk.domain.failure import (
    DECLARED,
    ErrorEstimate,
    FailureReading,
    FailureSign,
    NoErrorModel,
    Silence,
)
from her2desk.domain.readout import Readout
from her2desk.domain.traits import Trait
from her2desk.stats.proportions import wilson
from her2desk.ui.panels.failure_view import FailureView
from her2desk.ui.theme import apply_theme
from tests.ui.panel_samples import OWN_POINT, make_failure, make_readout, make_sign


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> FailureView:
    apply_theme(qapp, "dark")
    view = FailureView()
    qtbot.addWidget(view)
    view.resize(356, 600)
    view.show()
    qtbot.waitExposed(view)
    return view


def _readout(*signs: FailureSign) -> Readout:
    reading = FailureReading(signs, NoErrorModel.FEW_ERRORS, wilson(8, 41))
    return replace(make_readout(Call.POSITIVE), failure=reading)


def test_a_pattern_that_warns_comes_first_with_its_counts(view: FailureView) -> None:
    view.show_readout(replace(make_readout(Call.POSITIVE), failure=make_failure()))
    first, second = view.signs()
    assert first.remark.warns()
    assert first.remark.accessibleName().startswith("Warning: Calcification")
    assert first.alike.figure.text() == "6 of 13 wrong"
    assert first.others.figure.text() == "2 of 28 wrong"
    assert first.alike.tally.counts() == (6, 13)
    assert not first.bar.isVisible()  # yes or no has no scale
    assert not second.remark.warns()
    assert second.figures.text() == "This case 1.8 ×; shaded: 1.6 × or more."
    assert second.bar.isVisible()


def test_too_few_patients_are_not_shown_as_right_and_wrong(view: FailureView) -> None:
    """V16: three of seven would look like a pattern, and is none."""
    view.show_readout(
        _readout(make_sign("bright-attention", 1.8, 1.6, (3, 7), (4, 34), Silence.FEW_ALIKE))
    )
    (row,) = view.signs()
    assert "too few to say" in row.remark.sentence.text()
    assert not row.alike.isVisible()
    assert not row.others.isVisible()


def test_patterns_that_do_not_apply_are_folded(view: FailureView, qtbot: QtBot) -> None:
    view.show_readout(replace(make_readout(Call.POSITIVE), failure=make_failure()))
    assert view.others.toggle.text() == "2 other patterns were looked for"
    assert not view.folded()[0].isVisible()
    qtbot.mouseClick(view.others.toggle, Qt.MouseButton.LeftButton)
    assert [label.text() for label in view.folded()] == [
        "Lymph-node metastasis: not known for this case.",
        "Irregular margin: this case does not look like this.",
    ]
    assert view.folded()[1].isVisible()
    view.show_readout(_readout(make_sign("nodes", 0, 0.5, (1, 12), (7, 29), Silence.ABSENT)))
    assert view.others.toggle.text() == "1 pattern was looked for"
    assert not view.folded()[0].text().startswith("Irregular")


def test_a_low_pattern_is_shaded_below_its_limit(view: FailureView) -> None:
    view.show_readout(
        _readout(make_sign("irregular-margin", 0.7, 0.8, (6, 12), (2, 29), Silence.NO_DIFFERENCE))
    )
    (row,) = view.signs()
    assert row.figures.text() == "Solidity of the outline 0.70; shaded: 0.80 or less."
    place = row.bar.place()
    assert place is not None
    assert place.stretch == (0, 0.8)
    assert row.bar.tone() == "text_muted"


def test_two_tallies_of_one_pattern_have_one_form(view: FailureView, qtbot: QtBot) -> None:
    view.show_readout(_readout(make_sign("irregular-margin", 0.7, 0.8, (6, 12), (20, 400), None)))
    (row,) = view.signs()
    assert row.alike.tally.is_bar()
    assert row.others.tally.is_bar()
    view.grab()


def test_the_error_model_is_said(view: FailureView) -> None:
    estimate = ErrorEstimate(0.31, 0.12, 0.58, (Trait.DISPERSION,), 40, 400, (0.71, 0.62, 0.80))
    reading = FailureReading((), estimate, wilson(40, 400))
    view.show_readout(replace(make_readout(Call.NEGATIVE), failure=reading))
    assert "0.31 (0.12–0.58)" in view.closing.text()
    assert not view.others.isVisible()


def test_without_a_call_there_is_nothing_that_could_be_wrong(view: FailureView) -> None:
    view.show_readout(replace(make_readout(Call.POSITIVE), failure=make_failure()))
    view.show_readout(make_readout(Call.INDETERMINATE))
    assert "No call is made" in view.closing.text()
    assert view.signs() == []
    assert not view.others.isVisible()


def test_without_a_table_it_says_so(view: FailureView) -> None:
    signs = tuple(
        make_sign(p.name, 1.0, None, None, None, Silence.NO_VALIDATION) for p in DECLARED[:4]
    )
    reading = FailureReading(signs, NoErrorModel.NO_VALIDATION, None)
    view.show_readout(replace(make_readout(Call.POSITIVE), failure=reading))
    assert view.signs() == []
    assert "no validation patients" in view.closing.text()
    assert view.others.toggle.text() == "4 patterns were looked for"


def test_counts_at_an_own_threshold_are_said_not_to_be_tested(view: FailureView) -> None:
    sign = make_sign("calcification", 1, 0.5, (6, 13), (2, 28), Silence.OWN_THRESHOLD)
    view.show_readout(replace(_readout(sign), operating_point=OWN_POINT))
    (row,) = view.signs()
    assert not row.remark.warns()
    assert "chosen by hand" in row.remark.sentence.text()
