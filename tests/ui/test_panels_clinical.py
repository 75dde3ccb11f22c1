"""The clinical form: what is known, what is not, and what cannot be."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from her2desk.domain.clinical import CLINICAL_FIELDS, ClinicalRecord
from her2desk.ui.panels.clinical_field_row import ChoiceRow, NumberRow, parse_number
from her2desk.ui.panels.clinical_form import ClinicalForm
from her2desk.ui.theme import apply_theme

COMPLETE = ClinicalRecord(
    age_years=52,
    er=True,
    pr=False,
    ki67_percent=12.5,
    lymph_node_metastasis=False,
    calcification=True,
    postmenopausal=None,
    family_history=None,
    cea_ng_ml=1234.5678,
    ca125_u_ml=0.0,
    laterality="L",
)


@pytest.fixture
def form(qtbot: QtBot, qapp: QApplication) -> ClinicalForm:
    apply_theme(qapp, "dark")
    form = ClinicalForm()
    qtbot.addWidget(form)
    form.resize(360, 1000)
    form.show()
    qtbot.waitExposed(form)
    return form


def number(form: ClinicalForm, name: str) -> NumberRow:
    row = form.rows[name]
    assert isinstance(row, NumberRow)
    return row


def choice(form: ClinicalForm, name: str) -> ChoiceRow:
    row = form.rows[name]
    assert isinstance(row, ChoiceRow)
    return row


def type_into(qtbot: QtBot, row: NumberRow, text: str) -> None:
    row.edit.setFocus()
    row.edit.selectAll()
    qtbot.keyClick(row.edit, Qt.Key.Key_Backspace)
    qtbot.keyClicks(row.edit, text)
    qtbot.keyClick(row.edit, Qt.Key.Key_Return)


def test_an_empty_form_knows_nothing(form: ClinicalForm) -> None:
    assert form.record() == ClinicalRecord()
    assert set(form.rows) == {f.name for f in CLINICAL_FIELDS} | {"laterality"}


def test_a_record_shown_is_the_record_read_back(form: ClinicalForm, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.record_changed):
        form.set_record(COMPLETE)
    assert form.record() == COMPLETE


def test_choosing_a_receptor_changes_the_record(form: ClinicalForm, qtbot: QtBot) -> None:
    control = choice(form, "pr").control
    with qtbot.waitSignal(form.record_changed) as told:
        qtbot.mouseClick(control.button(True), Qt.MouseButton.LeftButton)
    assert told.args == [ClinicalRecord(pr=True)]
    with qtbot.waitSignal(form.record_changed) as told:
        qtbot.mouseClick(control.button(False), Qt.MouseButton.LeftButton)
    assert told.args == [ClinicalRecord(pr=False)]
    with qtbot.waitSignal(form.record_changed) as told:
        qtbot.mouseClick(control.button(None), Qt.MouseButton.LeftButton)
    assert told.args == [ClinicalRecord()]


def test_arrow_keys_move_inside_a_choice(form: ClinicalForm, qtbot: QtBot) -> None:
    control = choice(form, "er").control
    control.button(None).setFocus()
    with qtbot.waitSignal(form.record_changed) as told:
        qtbot.keyClick(control.button(None), Qt.Key.Key_Left)
    assert told.args == [ClinicalRecord(er=False)]


def test_a_number_counts_when_editing_is_finished(form: ClinicalForm, qtbot: QtBot) -> None:
    row = number(form, "ki67_percent")
    row.edit.setFocus()
    with qtbot.assertNotEmitted(form.record_changed):
        qtbot.keyClicks(row.edit, "30")
    with qtbot.waitSignal(form.record_changed) as told:
        qtbot.keyClick(row.edit, Qt.Key.Key_Return)
    assert told.args == [ClinicalRecord(ki67_percent=30)]
    with qtbot.assertNotEmitted(form.record_changed):
        qtbot.keyClick(row.edit, Qt.Key.Key_Return)


def test_an_impossible_ki67_is_said_in_words_and_not_used(form: ClinicalForm, qtbot: QtBot) -> None:
    row = number(form, "ki67_percent")
    with (
        qtbot.assertNotEmitted(form.record_changed),
        qtbot.waitSignal(form.validity_changed) as validity,
    ):
        type_into(qtbot, row, "300")
    assert validity.args == [False]
    assert row.problem.isVisible()
    assert "between 0 and 100" in row.problem.text()
    assert "This value is not used." in row.problem.text()
    assert row.edit.property("invalid") is True
    assert row.edit.accessibleDescription() == row.problem.text()
    assert form.record() is None


def test_nothing_is_sent_while_another_value_is_impossible(
    form: ClinicalForm, qtbot: QtBot
) -> None:
    type_into(qtbot, number(form, "ki67_percent"), "300")
    with qtbot.assertNotEmitted(form.record_changed):
        qtbot.mouseClick(choice(form, "pr").control.button(True), Qt.MouseButton.LeftButton)


def test_correcting_the_value_sends_all_of_the_record(form: ClinicalForm, qtbot: QtBot) -> None:
    row = number(form, "ki67_percent")
    type_into(qtbot, row, "300")
    with (
        qtbot.waitSignal(form.record_changed) as told,
        qtbot.waitSignal(form.validity_changed) as validity,
    ):
        type_into(qtbot, row, "30")
    assert told.args == [ClinicalRecord(ki67_percent=30)]
    assert validity.args == [True]
    assert not row.problem.isVisible()
    assert row.edit.property("invalid") is False


def test_an_emptied_number_is_not_known(form: ClinicalForm, qtbot: QtBot) -> None:
    form.set_record(ClinicalRecord(age_years=52))
    with qtbot.waitSignal(form.record_changed) as told:
        type_into(qtbot, number(form, "age_years"), "")
    assert told.args == [ClinicalRecord()]
    assert number(form, "age_years").edit.placeholderText() == "not known"


def test_another_patients_record_clears_what_was_wrong(form: ClinicalForm, qtbot: QtBot) -> None:
    row = number(form, "ki67_percent")
    type_into(qtbot, row, "300")
    form.set_record(ClinicalRecord(ki67_percent=5))
    assert not row.problem.isVisible()
    assert form.record() == ClinicalRecord(ki67_percent=5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.5", 12.5),
        ("12,5", 12.5),
        ("-3", -3.0),
        ("1e5", None),
        ("nan", None),
        ("12 %", None),
        ("1.2.3", None),
        ("1_0", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, expected: float | None) -> None:
    assert parse_number(text) == expected


def test_what_the_pack_uses_comes_first_and_is_marked(form: ClinicalForm) -> None:
    form.set_used_fields({"ki67_percent", "pr"})
    assert form.used_fields() == ("pr", "ki67_percent")
    pr, ki67, age = form.rows["pr"], form.rows["ki67_percent"], form.rows["age_years"]
    assert pr.used.isVisible()
    assert not age.isVisible()
    assert pr.mapTo(form, pr.rect().topLeft()).y() < ki67.mapTo(form, ki67.rect().topLeft()).y()
    form.also_recorded.set_open(True)
    assert age.isVisible()
    assert not age.used.isVisible()
    form.set_used_fields(())
    assert not form.also_recorded.isVisible()
    assert age.isVisible()


def test_tab_goes_through_the_packs_fields_first(form: ClinicalForm, qtbot: QtBot) -> None:
    form.set_used_fields({"ki67_percent", "age_years"})
    form.also_recorded.set_open(True)
    number(form, "age_years").edit.setFocus()
    stops = []
    for _ in range(3):
        widget = form.focusWidget()
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
        stops.append(form.focusWidget())
    er = choice(form, "er").control
    assert stops == [
        number(form, "ki67_percent").edit,
        form.also_recorded.toggle,
        er.button(None),
    ]


def test_every_label_belongs_to_its_input(form: ClinicalForm) -> None:
    for row in form.rows.values():
        assert row.label.buddy() is not None, row.name
        for stop in row.stops():
            assert row.label.text() in stop.accessibleName()


def test_nothing_is_cut_off_in_a_narrow_column(form: ClinicalForm) -> None:
    form.resize(340, 600)
    form.set_used_fields({"pr", "lymph_node_metastasis"})
    form.also_recorded.set_open(True)
    assert form.widget().minimumSizeHint().width() <= form.viewport().width()
    for label in form.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap():
            assert label.width() >= label.minimumSizeHint().width(), label.text()
