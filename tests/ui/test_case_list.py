"""Finding and choosing a case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.errors import StoreRefused
from her2desk.store.cases import CaseFilter, CaseStatus
from her2desk.ui.case_filters import CaseFilters
from her2desk.ui.case_list import CaseList
from her2desk.ui.case_rows import CaseModel, date_text, detail_text, side_text, title_text
from her2desk.ui.theme import apply_theme, colours

Left = Qt.MouseButton.LeftButton


@dataclass(frozen=True)
class Row:
    case_id: int
    patient_id: str = "0007"
    patient_name: str = "Doe^Jane"
    laterality: str | None = "L"
    age_years: float | None = 62.0
    study_date: str = "20240131"
    file_name: str = "scan.dcm"
    status: str = "imported"
    frames: int = 1


ROWS = (
    Row(1),
    Row(2, "0008", laterality="R", age_years=47.0, status="drawn"),
    Row(3, "", laterality=None, age_years=None, study_date="", status="read", frames=57),
    Row(4, "0010", status="reported"),
)


@pytest.fixture
def cases(qtbot: QtBot, qapp: QApplication) -> CaseList:
    apply_theme(qapp, "dark")
    widget = CaseList()
    qtbot.addWidget(widget)
    widget.resize(240, 400)
    widget.set_cases(ROWS, len(ROWS))
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def row_position(cases: CaseList, row: int) -> QPoint:
    return cases.view.visualRect(cases.view.model().index(row, 0)).center()


def test_a_row_says_who_and_how_far() -> None:
    assert (title_text(ROWS[1]), side_text(ROWS[1])) == ("0008", "R  47 y")
    assert detail_text(ROWS[1]) == "drawn · 2024-01-31"
    assert title_text(ROWS[2]) == "scan.dcm", "the file names no patient"
    assert side_text(ROWS[2]) == ""
    assert detail_text(ROWS[2]) == "read"
    assert title_text(Row(12, "", file_name="")) == "0012"
    assert date_text("2024-1") == "2024-1"
    assert detail_text(Row(1, status="archived")) == "archived · 2024-01-31"


def test_a_click_chooses_a_case(qtbot: QtBot, cases: CaseList) -> None:
    with qtbot.waitSignal(cases.case_selected) as chosen:
        qtbot.mouseClick(cases.view.viewport(), Left, pos=row_position(cases, 1))
    assert chosen.args == [2]
    assert cases.selected() == 2


def test_the_keyboard_chooses_a_case(qtbot: QtBot, cases: CaseList) -> None:
    cases.select(1)
    chosen: list[int] = []
    cases.case_selected.connect(chosen.append)
    qtbot.keyClick(cases.view, Qt.Key.Key_Down)
    qtbot.keyClick(cases.view, Qt.Key.Key_End)
    qtbot.keyClick(cases.view, Qt.Key.Key_Return)
    assert chosen == [2, 4, 4]


def test_return_without_a_case_does_nothing(qtbot: QtBot, cases: CaseList) -> None:
    cases.select(None)
    with qtbot.assertNotEmitted(cases.case_selected):
        qtbot.keyClick(cases.view, Qt.Key.Key_Return)


def test_what_the_program_selects_is_not_signalled(qtbot: QtBot, cases: CaseList) -> None:
    with qtbot.assertNotEmitted(cases.case_selected):
        cases.select(3)
        cases.set_cases(ROWS[1:], 4)
        cases.set_cases(tuple(reversed(ROWS)), 4)
    assert cases.selected() == 3
    assert cases.view.currentIndex().row() == 1, "it stays selected in another order"


def test_a_selected_case_that_the_search_hides_comes_back(cases: CaseList) -> None:
    cases.select(4)
    cases.set_cases(ROWS[:1], 4)
    assert not cases.view.currentIndex().isValid()
    cases.set_cases(ROWS, 4)
    assert cases.view.currentIndex().row() == 3


def test_the_search_is_told(qtbot: QtBot, cases: CaseList) -> None:
    with qtbot.waitSignal(cases.narrowed):
        qtbot.keyClicks(cases.search, "0")
    assert cases.asked() == CaseFilter(words="0")


def test_an_empty_list_says_what_to_do(qtbot: QtBot, cases: CaseList) -> None:
    assert cases.empty_text() == ""
    cases.set_cases((), 0)
    assert cases.empty_text() == "No cases yet. Drop files on the window, or press Import."
    cases.set_cases((), 4)
    assert cases.empty_text() == "No case matches these filters."
    qtbot.keyClicks(cases.search, "xyz")
    cases.set_cases((), 4)
    assert cases.empty_text() == "No case matches “xyz”."


def test_a_library_that_cannot_be_read_says_so(cases: CaseList) -> None:
    cases.show_failure(StoreRefused("The disk is gone.", "Connect it."))
    assert cases.empty_text() == "The disk is gone. Connect it."


def test_filters_narrow_the_list_and_are_counted_where_they_are_folded(
    qtbot: QtBot, cases: CaseList
) -> None:
    assert not cases.filters.isVisible()
    qtbot.mouseClick(cases.filter_button, Left)
    assert cases.filters.isVisible()
    for chooser, keys in ((cases.filters.status, 3), (cases.filters.side, 1)):
        with qtbot.waitSignal(cases.narrowed):
            for _ in range(keys):
                qtbot.keyClick(chooser, Qt.Key.Key_Down)
    assert cases.asked() == CaseFilter(statuses=frozenset({CaseStatus.READ}), laterality="L")
    qtbot.mouseClick(cases.filter_button, Left)
    assert cases.filter_button.text() == "2 filters ▾"
    with qtbot.waitSignal(cases.narrowed):
        cases.filters.clear_button.click()
    assert cases.asked() == CaseFilter()
    assert cases.filter_button.text() == "Filters ▾"


def test_the_last_days_are_counted_back_from_today(qtbot: QtBot) -> None:
    filters = CaseFilters(today=lambda: date(2026, 3, 2))
    qtbot.addWidget(filters)
    qtbot.keyClick(filters.studied, Qt.Key.Key_Down)
    qtbot.keyClick(filters.pathology, Qt.Key.Key_End)
    assert filters.narrowed("a b") == CaseFilter(
        words="a b", studied_from=date(2026, 2, 23), has_pathology=False
    )


def test_it_is_said_how_many_are_shown(cases: CaseList) -> None:
    assert cases.count.text() == "4 cases"
    cases.set_cases(ROWS[:1], 10_000)
    assert cases.count.text() == "1 of 10,000"


def test_one_case_is_renewed_in_its_place(cases: CaseList) -> None:
    cases.select(2)
    cases.set_case(Row(2, "0008", status="reported"))
    cases.set_case(Row(99, "0099"))
    cases.set_case(None)
    index = cases.view.model().index(1, 0)
    assert "reported" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert cases.view.model().rowCount() == 4
    assert cases.selected() == 2


def test_screen_readers_hear_the_whole_row(cases: CaseList) -> None:
    index = cases.view.model().index(0, 0)
    heard = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert heard == "0007, Doe^Jane, L  62 y, imported · 2024-01-31, 1 frame, scan.dcm"
    assert index.data() == "0007"
    assert index.data(Qt.ItemDataRole.DecorationRole) is None


def test_the_model_is_a_flat_list(qtbot: QtBot) -> None:
    model = CaseModel()
    model.set_cases(ROWS)
    assert model.rowCount() == 4
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.data(QModelIndex()) is None


def test_states_differ_in_shape_and_not_only_in_colour(cases: CaseList, qapp: QApplication) -> None:
    shapes: Callable[[int], tuple[bool, ...]] = lambda row: shape_of(cases, row)  # noqa: E731
    assert len({shapes(row) for row in range(4)}) == 4


def shape_of(cases: CaseList, row: int) -> tuple[bool, ...]:
    """Which pixels of the status mark are inked at all."""
    box = cases.view.visualRect(cases.view.model().index(row, 0))
    image = cases.view.viewport().grab(box).toImage()
    ground = colours().surface
    return tuple(
        image.pixelColor(x, y).name() != ground for x in range(10, 28) for y in range(9, 27)
    )


def test_the_selected_row_stands_out_without_losing_its_words(
    qtbot: QtBot, cases: CaseList
) -> None:
    cases.select(1)
    cases.activateWindow()
    cases.view.setFocus()
    qtbot.waitUntil(cases.view.hasFocus)
    box = cases.view.visualRect(cases.view.model().index(0, 0))
    image = cases.view.viewport().grab(box).toImage()
    assert image.pixelColor(120, 45).name() == colours().surface_raised
    other = cases.view.visualRect(cases.view.model().index(1, 0))
    assert cases.view.viewport().grab(other).toImage().pixelColor(120, 45).name() == (
        colours().surface
    )
