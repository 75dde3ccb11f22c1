"""The pathologist's result by two choices."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from her2desk.domain.clinical import Pathology
from her2desk.ui.panels.clinical_field_row import ChoiceRow
from her2desk.ui.panels.pathology_form import PathologyForm, status_text

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def form(qtbot: QtBot) -> PathologyForm:
    form = PathologyForm()
    qtbot.addWidget(form)
    form.show()
    return form


def choose(qtbot: QtBot, row: ChoiceRow, value: object) -> None:
    qtbot.mouseClick(row.control.button(value), Left)


def test_each_choice_is_told_with_what_follows_from_it(form: PathologyForm, qtbot: QtBot) -> None:
    told: list[Pathology] = []
    form.pathology_changed.connect(told.append)

    choose(qtbot, form.ihc, "2+")
    assert form.status.text() == "IHC 2+: FISH decides."
    choose(qtbot, form.fish, "amplified")

    assert told == [Pathology("2+"), Pathology("2+", "amplified")]
    assert form.status.text() == "HER-2 positive by ASCO/CAP."


def test_a_result_can_be_taken_back(form: PathologyForm, qtbot: QtBot) -> None:
    form.set_pathology(Pathology("3+"))

    choose(qtbot, form.ihc, None)

    assert form.pathology() == Pathology()


def test_showing_a_result_tells_nobody(form: PathologyForm, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.pathology_changed):
        form.set_pathology(Pathology("1+", "not amplified"))

    assert form.pathology() == Pathology("1+", "not amplified")


@pytest.mark.parametrize(
    ("pathology", "words"),
    [
        (Pathology(), "Enter the result"),
        (Pathology("0"), "HER-2 negative"),
        (Pathology("1+"), "HER2-low is treatable"),
        (Pathology("3+"), "HER-2 positive"),
        (Pathology("2+", "not amplified"), "HER-2 negative"),
        (Pathology(None, "amplified"), "enter the IHC score too"),
    ],
)
def test_the_status_by_asco_cap(pathology: Pathology, words: str) -> None:
    assert words in status_text(pathology)
