"""The table of what became of each file: filtered, searched, sorted, copied, exported, opened."""

import csv

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication

from her2desk.domain.image import ImageWarning, UltrasoundImage
from her2desk.inference.importing import ImportedFile, ImportStatus
from her2desk.texts import msg
from her2desk.ui.import_icons import SIZE, status_icon
from her2desk.ui.import_model import ALL, CASE, FILE, NOTICES, REASON, REMEDY, STATUS
from her2desk.ui.import_notice import ImportNotice
from her2desk.ui.import_rows import REFUSED, row_of
from her2desk.ui.import_table import FILTERS, ImportTable
from her2desk.ui.jobs import Background
from her2desk.ui.theme import DARK

WAIT_MS = 20_000
IMAGE = UltrasoundImage("", None, 10, 10, 1, "MONOCHROME2", "")
COLOURED = UltrasoundImage(
    "", None, 10, 10, 1, "RGB", "", warnings=(ImageWarning("colour", msg("It is coloured.")),)
)


def a_file(name, status, *, reason=None, remedy=None, image=None, case_id=None):
    return ImportedFile(
        f"/cd/{name}",
        status,
        msg(reason) if reason else None,
        msg(remedy) if remedy else None,
        image=image,
        case_id=case_id,
    )


FILES = [
    a_file("b.dcm", ImportStatus.IMPORTED, image=IMAGE, case_id=11),
    a_file("a.dcm", ImportStatus.IMPORTED, image=COLOURED, case_id=12),
    a_file("c.dcm", ImportStatus.DUPLICATE, reason="Here, as case 3.", image=IMAGE, case_id=3),
    a_file("d.txt", ImportStatus.SKIPPED, reason="No image."),
    a_file("=e.dcm", ImportStatus.REFUSED, reason="It is torn.", remedy="Copy it again."),
]


@pytest.fixture
def background(qtbot):
    background = Background()
    yield background
    background.close()


@pytest.fixture
def table(qtbot, background):
    table = ImportTable(background)
    qtbot.addWidget(table)
    table.add_rows([row_of(file) for file in FILES])
    table.show_table()
    qtbot.mouseClick(table.filter.button(ALL), Qt.MouseButton.LeftButton)
    return table


def names(table):
    return [row.name for row in table.model.shown()]


def cell(table, row, column, role=Qt.ItemDataRole.DisplayRole):
    return table.model.index(row, column).data(role)


def click(qtbot, table, row, *, double=False):
    place = table.view.visualRect(table.model.index(row, FILE)).center()
    qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    if double:
        qtbot.mouseDClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_row_says_what_became_of_the_file_and_why(table):
    words = [cell(table, 4, column) for column in range(5)]
    assert words == ["=e.dcm", "Refused", "It is torn.", "Copy it again.", ""]
    assert cell(table, 4, FILE, Qt.ItemDataRole.ToolTipRole) == "/cd/=e.dcm"
    assert [cell(table, row, STATUS) for row in range(4)] == [
        *("Imported", "Imported", "Already here", "Skipped"),
    ]
    assert cell(table, 2, CASE) == "3"


def test_what_is_said_of_an_imported_file_is_a_notice(table):
    assert cell(table, 0, REASON) == ""
    assert cell(table, 1, REASON) == "Notice: It is coloured."
    assert cell(table, 1, STATUS, Qt.ItemDataRole.AccessibleTextRole) == "Imported, with a notice"
    assert cell(table, 0, STATUS, Qt.ItemDataRole.AccessibleTextRole) is None


def test_each_fate_has_a_picture_of_its_own(qtbot):
    kinds = [kind for kind in FILTERS if kind != ALL]
    pictures = [status_icon(kind, DARK).pixmap(SIZE, SIZE).toImage() for kind in kinds]
    assert all(a != b for n, a in enumerate(pictures) for b in pictures[:n])


def test_buttons_count_and_filter(qtbot, table):
    texts = [table.filter.button(kind).text() for kind in FILTERS]
    assert texts == [
        "All (5)",
        "Imported (2)",
        "With notice (1)",
        "Already here (1)",
        "Skipped (1)",
        "Refused (1)",
    ]
    qtbot.mouseClick(table.filter.button(NOTICES), Qt.MouseButton.LeftButton)
    assert names(table) == ["a.dcm"]
    qtbot.mouseClick(table.filter.button("imported"), Qt.MouseButton.LeftButton)
    assert names(table) == ["b.dcm", "a.dcm"]


def test_words_are_searched_in_paths_and_reasons(qtbot, table):
    qtbot.keyClicks(table.search, "TORN cd")
    assert names(table) == ["=e.dcm"]
    table.search.clear()
    assert len(names(table)) == 5


def test_titles_sort_and_a_third_click_gives_back_the_imports_order(qtbot, table):
    header = table.view.horizontalHeader()

    def click_title(column):
        x = header.sectionViewportPosition(column) + 20
        place = header.viewport().rect().center()
        place.setX(x)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)

    click_title(FILE)
    assert names(table) == ["=e.dcm", "a.dcm", "b.dcm", "c.dcm", "d.txt"]
    click_title(FILE)
    assert names(table) == ["d.txt", "c.dcm", "b.dcm", "a.dcm", "=e.dcm"]
    click_title(FILE)
    assert names(table) == ["b.dcm", "a.dcm", "c.dcm", "d.txt", "=e.dcm"]
    click_title(CASE)
    assert names(table)[:3] == ["c.dcm", "b.dcm", "a.dcm"]


@pytest.mark.parametrize(("column", "first"), [(STATUS, "c.dcm"), (REASON, "c.dcm"),
                                               (REMEDY, "=e.dcm")])  # fmt: skip
def test_every_column_sorts(table, column, first):
    table.model.sort(column)
    assert names(table)[0] == first


def test_rows_that_arrive_take_their_place_and_the_selected_one_stays_selected(qtbot, table):
    table.view.sortByColumn(FILE, Qt.SortOrder.AscendingOrder)
    click(qtbot, table, 2)
    assert table.whole.text().startswith("/cd/b.dcm")
    table.add_rows([row_of(a_file("ab.dcm", ImportStatus.SKIPPED, reason="No image."))])
    assert names(table) == ["=e.dcm", "a.dcm", "ab.dcm", "b.dcm", "c.dcm", "d.txt"]
    (index,) = table.view.selectionModel().selectedRows()
    assert table.model.row(index).name == "b.dcm"
    assert table.filter.button(ALL).text() == "All (6)"


def test_rows_that_are_filtered_out_are_counted_and_not_shown(qtbot, table):
    qtbot.mouseClick(table.filter.button(REFUSED), Qt.MouseButton.LeftButton)
    table.add_rows([row_of(a_file("f.dcm", ImportStatus.SKIPPED, reason="No image."))])
    assert names(table) == ["=e.dcm"]
    assert table.filter.button("skipped").text() == "Skipped (2)"


def test_the_chosen_file_is_told_whole(qtbot, table):
    click(qtbot, table, 4)
    assert table.whole.text() == "/cd/=e.dcm\nIt is torn. Copy it again."
    assert not table.open_button.isEnabled()
    qtbot.keyClick(table.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert table.whole.text() == ""


@pytest.mark.parametrize("how", ["double click", "return", "button"])
def test_a_file_in_the_library_opens_its_case(qtbot, table, how):
    with qtbot.waitSignal(table.case_requested, timeout=WAIT_MS) as requested:
        click(qtbot, table, 1, double=how == "double click")
        if how == "return":
            qtbot.keyClick(table.view, Qt.Key.Key_Return)
        elif how == "button":
            qtbot.mouseClick(table.open_button, Qt.MouseButton.LeftButton)
    assert requested.args == [12]


def test_a_file_without_a_case_opens_nothing(qtbot, table):
    with qtbot.assertNotEmitted(table.case_requested):
        click(qtbot, table, 3, double=True)
        qtbot.keyClick(table.view, Qt.Key.Key_Return)


def test_what_is_selected_or_else_all_is_copied(qtbot, table):
    qtbot.mouseClick(table.copy_button, Qt.MouseButton.LeftButton)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 5
    click(qtbot, table, 4)
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QGuiApplication.clipboard().text()
    assert text == "/cd/=e.dcm\tRefused\tIt is torn.\tCopy it again.\t"


def test_the_files_shown_are_exported_and_no_cell_is_a_formula(qtbot, table, tmp_path, monkeypatch):
    path = tmp_path / "import.csv"
    monkeypatch.setattr(table, "place_of_export", lambda: path)
    row = row_of(a_file("x", ImportStatus.REFUSED, reason="=HYPERLINK(1)"))
    table.add_rows([row])
    qtbot.mouseClick(table.filter.button(REFUSED), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(table.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: table.whole.text() == "Written: import.csv", timeout=WAIT_MS)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["File", "What became of it", "Why", "What to do", "Case"]
    assert rows[1:] == [
        ["/cd/=e.dcm", "Refused", "It is torn.", "Copy it again.", ""],
        ["/cd/x", "Refused", "'=HYPERLINK(1)", "", ""],
    ]


def test_a_place_that_cannot_be_written_is_a_sentence(qtbot, table, tmp_path, monkeypatch):
    monkeypatch.setattr(table, "place_of_export", lambda: tmp_path / "no" / "import.csv")
    qtbot.mouseClick(table.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "cannot be written" in table.whole.text(), timeout=WAIT_MS)


def test_no_place_to_export_to_writes_nothing(qtbot, table, monkeypatch):
    monkeypatch.setattr(table, "place_of_export", lambda: None)
    qtbot.mouseClick(table.export_button, Qt.MouseButton.LeftButton)
    assert table.whole.text() == ""


def test_it_opens_on_what_was_refused(qtbot, table):
    table.close()
    table.show_table()
    assert names(table) == ["=e.dcm"]
    table.clear()
    assert names(table) == []
    assert table.filter.button(ALL).text() == "All (0)"
    table.close()
    table.show_table()
    assert table.filter.value() == ALL


def test_another_theme_paints_other_icons(table):
    def key():
        return table.model.index(0, STATUS).data(Qt.ItemDataRole.DecorationRole).cacheKey()

    before = key()
    assert key() == before
    table.changeEvent(QEvent(QEvent.Type.PaletteChange))
    assert key() != before


def test_the_notice_leads_to_the_table(qtbot):
    notice = ImportNotice()
    qtbot.addWidget(notice)
    notice.show_messages([msg("1 refused.")])
    with qtbot.waitSignal(notice.table_requested):
        qtbot.mouseClick(notice.table_button, Qt.MouseButton.LeftButton)
