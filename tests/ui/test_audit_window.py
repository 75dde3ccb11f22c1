"""The local audit on screen: verdict, charts, inputs, cases, and a new pack in so many words."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from benchmarks.audit_ward import document, fill, patients, promising, scores
from her2desk.audit.results import LocalResults
from her2desk.domain.clinical import Pathology
from her2desk.errors import InputRefused, StoreRefused
from her2desk.packs.pack import Pack, open_pack
from her2desk.packs.signing import write_new_key
from her2desk.paths import demo_pack_path
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.texts import msg
from her2desk.ui.audit.audit_window import AuditWindow
from her2desk.ui.audit.case_table import FISH, IHC, OUTCOME, STATUS
from her2desk.ui.audit.entrance import AuditEntrance
from her2desk.ui.audit.page import Page
from her2desk.ui.theme import apply_theme

Left = Qt.MouseButton.LeftButton
Key = Qt.Key
WAIT = 20_000


@pytest.fixture(scope="module")
def pack() -> Pack:
    return promising(open_pack(demo_pack_path()), np.random.default_rng(7), 0.90)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library", reader="Anna") as opened:
        yield opened


class Ward:
    """A library with a ward in it, and the way into its audit."""

    def __init__(self, library: Library, pack: Pack, folder: Path, qtbot: QtBot) -> None:
        self.library, self.pack, self.folder, self._qtbot = library, pack, folder, qtbot
        self.asked_first: str | None = None
        self.entrance = AuditEntrance(library, lambda: self.pack, lambda: self.asked_first)

    def predict(self, n: int, **change: float) -> None:
        rng = np.random.default_rng(3)
        drawn = scores(
            rng, n, **{"promised": 0.9, "prevalence": self.pack.manifest.prevalence, **change}
        )
        fill(self.library, self.folder, patients(self.pack, *drawn, rng=rng))

    def open(self) -> AuditWindow:
        window = self.entrance.open()
        self._qtbot.addWidget(window)
        window._ask_place = lambda name: self.folder / name
        self.settle(window)
        return window

    def settle(self, window: AuditWindow) -> None:
        self._qtbot.waitUntil(lambda: not window.busy.isVisible(), timeout=WAIT)


@pytest.fixture
def ward(
    library: Library, pack: Pack, tmp_path: Path, qtbot: QtBot, qapp: QApplication
) -> Iterator[Ward]:
    apply_theme(qapp, "dark")
    made = Ward(library, pack, tmp_path, qtbot)
    yield made
    made.entrance.close()


def cells(window: AuditWindow, row: int) -> list[str]:
    model = window.cases.table.model()
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_a_library_without_predictions_says_what_to_do(ward: Ward) -> None:
    window = ward.open()
    assert not window.tabs.isVisible()
    assert window.empty.text().startswith("This pack has predicted no case of this library yet.")
    window.export_page()
    assert window.note.text() == ""


def test_too_few_results_show_how_many_are_missing_and_no_figure(ward: Ward) -> None:
    ward.predict(14)
    window = ward.open()
    page = window.performance
    assert page.verdict.text().startswith("This pack cannot be judged here yet: 10 HER-2 positive")
    assert page.collected.isVisible()
    assert not page.figures.isVisible()
    assert window.page is not None
    results = window.page.audit.results
    assert page.collected.words[0].text() == f"{min(10, results.positives)} of 10"
    window.tabs.setCurrentWidget(window.over_time)
    assert not window.over_time.chart.isVisible(), "V23: no chart before 10 and 10"
    assert "cannot be judged" in window.over_time.words.text()
    window.tabs.setCurrentWidget(window.recalibrate)
    assert not window.recalibrate.form.isVisible()
    assert "results are needed" in window.recalibrate.change.text()


def test_a_pack_that_has_fallen_behind_says_so_in_large_type(ward: Ward) -> None:
    ward.predict(70, true=0.5)
    window = ward.open()
    page = window.performance
    assert page.verdict.property("role") == "headline"
    assert "do not rely on this pack here before it is looked into" in page.verdict.text()
    assert page.glyph.kind() == "grave"
    area = page.forest.rows()[0]
    assert area.is_worse
    assert "AUC: here 0." in page.forest.accessibleDescription()
    assert "Worse here." in page.forest.accessibleDescription()
    assert len(page.forest.rows()) == 7
    counts = sum(int(cell.text()) for cell in page.tables[0].cells)
    assert counts == 70
    assert "true positive" in page.tables[0].accessibleDescription()
    assert "observed ÷ expected" in page.calibration.text()
    assert not page.forest.grab().toImage().isNull()


def test_the_chart_says_in_words_what_it_shows(ward: Ward) -> None:
    ward.predict(70, true=0.5)
    window = ward.open()
    window.tabs.setCurrentWidget(window.over_time)
    tab = window.over_time
    assert tab.words.text().startswith("“Scores tell less than predicted” went beyond its limit")
    names = [line.name for line in tab.chart.lines()]
    assert names == [
        "More positive than predicted",
        "Fewer positive than predicted",
        "Scores tell less than predicted",
    ]
    flat = tab.chart.lines()[2]
    assert flat.signal is not None
    assert flat.values[flat.signal] > 1
    assert f"beyond it first at result {flat.signal + 1}" in tab.details.text()
    assert tab.words.text() in tab.chart.accessibleDescription()
    assert not tab.chart.grab().toImage().isNull()


def test_a_pack_that_keeps_its_promise_is_calm(ward: Ward) -> None:
    ward.predict(70)
    window = ward.open()
    assert "in line with the 0.90" in window.performance.verdict.text()
    assert window.performance.glyph.kind() == "calm"
    assert "None of 3 charts" in window.over_time.words.text()
    assert not window.recalibrate.caution.isVisibleTo(window.recalibrate)


def test_inputs_are_listed_with_what_became_of_them(ward: Ward) -> None:
    ward.predict(30)
    window = ward.open()
    window.tabs.setCurrentWidget(window.inputs)
    model = window.inputs.view.model()
    rows = [[model.index(r, c).data() for c in range(7)] for r in range(model.rowCount())]
    by_name = {row[0]: row for row in rows}
    feature = by_name[ward.pack.manifest.features.names[0]]
    assert feature[1] == "feature"
    assert feature[6] in ("no sign of change", "differs")
    assert by_name["Calcification"][6] == "The pack does not say how its patients were."
    for column in range(7):
        window.inputs.view.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    assert "cases" in window.inputs.words.text()


def test_what_differs_is_bold_and_in_words(ward: Ward, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    drawn = scores(rng, 30, promised=0.9, prevalence=0.3)
    fill(ward.library, ward.folder, patients(ward.pack, *drawn, rng=rng, shift=2.0))
    window = ward.open()
    index = window.inputs.view.model().index(0, 6)
    assert index.data() == "differs"
    assert index.data(Qt.ItemDataRole.FontRole).bold()
    assert index.data(Qt.ItemDataRole.ForegroundRole) is not None


def edit(qtbot: QtBot, window: AuditWindow, row: int, column: int, choice: str) -> None:
    """Double click on a cell, and choose with the keyboard."""
    table = window.cases.table
    at = table.visualRect(table.model().index(row, column)).center()
    viewport = table.viewport()
    qtbot.mouseClick(viewport, Left, pos=at)
    qtbot.mouseDClick(viewport, Left, pos=at)
    qtbot.waitUntil(lambda: bool(viewport.findChildren(QComboBox)))
    editor = viewport.findChildren(QComboBox)[-1]
    view = editor.view()
    place = editor.findText(choice)
    steps = place - editor.currentIndex()
    for _ in range(abs(steps)):
        qtbot.keyClick(view, Key.Key_Down if steps > 0 else Key.Key_Up)
    qtbot.keyClick(view, Key.Key_Return)


def test_pathology_is_entered_in_the_table_and_counts_at_once(ward: Ward, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    drawn = scores(rng, 3, promised=0.9, prevalence=0.3)
    waiting = patients(ward.pack, *drawn, rng=rng)
    ids = fill(ward.library, ward.folder, [replace(p, pathology=None) for p in waiting])
    window = ward.open()
    window.tabs.setCurrentWidget(window.cases)
    assert cells(window, 0)[OUTCOME] == "waits for pathology"
    with qtbot.waitSignal(ward.entrance.pathology_entered, timeout=WAIT) as entered:
        edit(qtbot, window, 0, IHC, "2+")
    assert entered.args == [ids[0]]
    qtbot.waitUntil(lambda: cells(window, 0)[OUTCOME] == "waits for FISH", timeout=WAIT)
    with qtbot.waitSignal(ward.entrance.pathology_entered, timeout=WAIT):
        edit(qtbot, window, 0, FISH, "amplified")
    qtbot.waitUntil(lambda: cells(window, 0)[STATUS] == "HER-2 positive", timeout=WAIT)
    assert cells(window, 0)[OUTCOME] in ("correct", "false negative")
    assert ward.library.latest_pathology(ids[0]) == Pathology("2+", "amplified")
    assert "Results that count: 1 (1 HER-2 positive, 0 negative)" in window.cases.words.text()


def test_enter_edits_ihc_and_escape_leaves_it(ward: Ward, qtbot: QtBot) -> None:
    ward.predict(3)
    window = ward.open()
    window.tabs.setCurrentWidget(window.cases)
    table = window.cases.table
    table.setCurrentIndex(table.model().index(1, 0))
    before = cells(window, 1)
    qtbot.keyClick(table, Key.Key_Return)
    qtbot.waitUntil(lambda: bool(table.viewport().findChildren(QComboBox)))
    editor = table.viewport().findChildren(QComboBox)[-1]
    assert editor.currentText() == before[IHC]
    assert editor.accessibleName() == "IHC"
    qtbot.keyClick(editor.view(), Key.Key_Escape)
    qtbot.keyClick(editor, Key.Key_Escape)
    assert cells(window, 1) == before


def test_the_same_choice_again_enters_nothing(ward: Ward, qtbot: QtBot) -> None:
    ward.predict(2)
    window = ward.open()
    entered: list[int] = []
    window.pathology_entered.connect(lambda case_id, _result: entered.append(case_id))
    model = window.cases.table.cases
    index = model.index(0, IHC)
    assert model.setData(index, index.data(Qt.ItemDataRole.EditRole))
    assert not model.setData(model.index(0, STATUS), "x")
    assert entered == []


def test_nothing_is_read_before_the_window_is_open(ward: Ward) -> None:
    ward.entrance.refresh()
    assert ward.entrance.window is None


def test_a_case_is_opened_from_the_table(ward: Ward, qtbot: QtBot) -> None:
    ward.predict(2)
    window = ward.open()
    window.tabs.setCurrentWidget(window.cases)
    with qtbot.waitSignal(ward.entrance.case_requested) as asked:
        qtbot.mouseClick(window.cases.open_case, Left)
    assert asked.args == [1]
    window.cases.table.selectRow(1)
    with qtbot.waitSignal(ward.entrance.case_requested) as asked:
        qtbot.keyClick(window.cases.table, Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == [2]
    qtbot.mouseClick(window.cases.edit, Left)
    qtbot.waitUntil(lambda: bool(window.cases.table.viewport().findChildren(QComboBox)))


def test_cases_sort_by_what_is_predicted(ward: Ward) -> None:
    ward.predict(12)
    window = ward.open()
    table = window.cases.table
    for column in range(8):
        table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    logits = [case.answer.logit for case in table._shown()]
    assert logits == sorted(logits, reverse=True)


def order(window: AuditWindow, key: Path, out: Path, version: str = "1.1-ward") -> None:
    tab = window.recalibrate
    window.tabs.setCurrentWidget(tab)
    tab.version.setText(version)
    tab.key.setText(str(key))
    tab.out.setText(str(out))


def test_a_new_version_needs_every_field_and_a_yes(
    ward: Ward, qtbot: QtBot, tmp_path: Path
) -> None:
    ward.predict(50, odds_ratio=2.0)
    window = ward.open()
    tab = window.recalibrate
    key, out = tmp_path / "ward.key", tmp_path / "ward.h2pack"
    write_new_key(key)
    order(window, key, out)
    assert tab.change.text().startswith("To all log-odds")
    assert "10 % becomes" in tab.examples.text()
    assert "slope is" in tab.slope.text()
    assert not tab.both.isEnabled(), "50 of each class are needed for the slope"
    assert "50 HER-2 positive and 50 negative" in tab.why_not.text()
    assert not tab.write.isEnabled()
    qtbot.mouseClick(tab.confirmed, Left, pos=QPoint(8, tab.confirmed.height() // 2))
    assert tab.write.isEnabled()
    tab.version.clear()
    assert not tab.write.isEnabled()
    tab.version.setText("1.1-ward")
    with qtbot.waitSignal(ward.entrance.pack_written, timeout=WAIT) as written:
        qtbot.mouseClick(tab.write, Left)
    assert written.args == [out]
    new = open_pack(out)
    assert new.manifest.version == "1.1-ward"
    assert new.manifest.recalibration is not None
    assert new.archive.signature is not None
    assert "It is not in use" in tab.state.text()
    assert not tab.write.isEnabled(), "another needs another yes"


def test_a_refused_order_says_why(ward: Ward, qtbot: QtBot, tmp_path: Path) -> None:
    ward.predict(50)
    window = ward.open()
    tab = window.recalibrate
    order(window, tmp_path / "none.key", tmp_path / "new.h2pack")
    tab.confirmed.setChecked(True)
    qtbot.mouseClick(tab.write, Left)
    qtbot.waitUntil(lambda: "cannot be read" in tab.state.text(), timeout=WAIT)
    assert tab.write.isEnabled()
    assert not (tmp_path / "new.h2pack").exists()


def test_with_enough_results_the_slope_may_be_asked_for(
    ward: Ward, qtbot: QtBot, tmp_path: Path
) -> None:
    ward.predict(130, odds_ratio=2.5)
    window = ward.open()
    tab = window.recalibrate
    window.tabs.setCurrentWidget(tab)
    assert tab.kind() == "intercept"
    qtbot.mouseClick(tab.both, Left, pos=QPoint(8, tab.both.height() // 2))
    assert tab.kind() == "intercept-and-slope"
    assert tab.change.text().startswith("Log-odds are multiplied by")
    assert not tab.why_not.isVisible()


def test_tables_and_pages_are_exported(ward: Ward, qtbot: QtBot, tmp_path: Path) -> None:
    ward.predict(12)
    window = ward.open()
    for tab, name in (
        (window.cases, "audit-cases.csv"),
        (window.inputs, "audit-inputs.csv"),
        (window.performance, "audit.png"),
    ):
        window.tabs.setCurrentWidget(tab)
        qtbot.keyClick(window, Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda name=name: window.note.text() == f"Saved as {name}.", timeout=WAIT)
        assert (tmp_path / name).stat().st_size > 0
    with (tmp_path / "audit-cases.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 12
    window._ask_place = lambda name: tmp_path / "gone" / name
    qtbot.mouseClick(window.export, Left)
    assert window.note.text() == "audit.png cannot be written."
    window.tabs.setCurrentWidget(window.cases)
    qtbot.mouseClick(window.export, Left)
    qtbot.waitUntil(lambda: "cases.csv cannot be written" in window.note.text(), timeout=WAIT)
    window._ask_place = lambda name: None
    for tab in (window.cases, window.over_time):
        window.note.clear()
        window.tabs.setCurrentWidget(tab)
        qtbot.mouseClick(window.export, Left)
        assert window.note.text() == ""


def test_opening_again_reads_the_library_again(ward: Ward, qtbot: QtBot) -> None:
    ward.predict(2)
    window = ward.open()
    assert len(window.cases.table.cases.rows) == 2
    image = ward.folder / "late.dcm"
    image.write_bytes(b"late")
    from benchmarks.audit_ward import an_image

    case_id = ward.library.add_image(image, an_image(image, "P9")).case_id
    kept = document(ward.pack, 0.1, rng=np.random.default_rng(0))
    ward.library.save_prediction(case_id, kept, "0" * 64)
    assert ward.entrance.open() is window
    ward.entrance.refresh()
    qtbot.waitUntil(lambda: len(window.cases.table.cases.rows) == 3, timeout=WAIT)


def test_without_a_pack_there_is_nothing_to_audit(ward: Ward, qtbot: QtBot) -> None:
    ward.pack = None  # type: ignore[assignment]
    window = ward.open()
    assert window.empty.text() == "There is no pack to audit. Choose a pack first."


def test_a_result_that_cannot_be_kept_is_told(
    ward: Ward, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.predict(2)
    window = ward.open()

    def refuse(case_id: int, pathology: Pathology) -> None:
        raise StoreRefused(msg("The disk is full."), msg("Free some space."), code="store-full")

    monkeypatch.setattr(ward.library, "save_pathology", refuse)
    with qtbot.waitSignal(ward.entrance.refused, timeout=WAIT) as refused:
        window.pathology_entered.emit(1, Pathology("3+"))
    assert str(refused.args[0]) == "The disk is full. Free some space."


def test_why_a_case_does_not_count_is_said_in_its_row(ward: Ward) -> None:
    from her2desk.audit.local_audit import audit_of
    from her2desk.audit.results import Standing

    ward.predict(3)
    window = ward.open()
    assert window.page is not None
    cases = window.page.audit.results.cases
    reasons: dict[Standing, str] = {
        Standing.PREDICTED_AFTER: "not counted: predicted after the result",
        Standing.OTHER_IMAGE: "not counted: another image of the lesion answers",
    }
    for standing, text in reasons.items():
        results = LocalResults((replace(cases[0], standing=standing), *cases[1:]))
        window.cases.table.set_audit(audit_of(ward.pack, results))
        assert cells(window, 0)[OUTCOME] == text
    elsewhere = replace(cases[0], answer=replace(cases[0].answer, pattern="none"))
    window.cases.table.set_audit(audit_of(ward.pack, LocalResults((elsewhere,))))
    assert cells(window, 0)[3] == "–", "no operating point, no call"
    assert cells(window, 0)[OUTCOME] == "–"


Load = Callable[[], Page]


def test_a_failure_to_read_is_said_where_figures_were(ward: Ward, qtbot: QtBot) -> None:
    ward.predict(2)
    window = ward.open()

    def fail() -> Page:
        raise InputRefused(msg("The library is gone."), msg("Find it."), code="gone")

    window._load = fail
    window.reload()
    ward.settle(window)
    assert window.note.text() == "The library is gone. Find it."
    assert window.tabs.isVisible(), "what was shown stays"


def test_of_a_case_not_read_yet_nothing_of_the_answer_is_given_away(ward: Ward) -> None:
    """V22: the reader's own impression comes before the answer, in this window too."""
    ward.predict(3)
    ward.asked_first = "Anna"
    read = ward.library.cases()[0].case_id
    ward.library.record(read, Action.REVEALED, {})
    window = ward.open()
    window.tabs.setCurrentWidget(window.cases)
    shown = {cells(window, row)[0][:4]: cells(window, row) for row in range(3)}
    for label, row in shown.items():
        is_read = label == f"{read:04d}"
        assert (row[2] == "not read yet") is not is_read
        assert (row[3] == "–") is not is_read
        assert row[7] not in ("correct", "false positive", "false negative") or is_read
    window.export.click()
    ward._qtbot.waitUntil(lambda: "Saved" in window.note.text(), timeout=WAIT)
    with (ward.folder / "audit-cases.csv").open(newline="", encoding="utf-8") as file:
        assert [int(row["case_id"]) for row in csv.DictReader(file)] == [read]
