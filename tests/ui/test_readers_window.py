"""Two readers beside each other: what is seen, what stays hidden, who decides."""

import csv
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.agreement.cases import Pair, ReaderCase, Verdict
from her2desk.agreement.features import FeatureTable
from her2desk.domain.progress import Progress
from her2desk.errors import InputRefused
from her2desk.texts import msg
from her2desk.ui.jobs import Background
from her2desk.ui.readers.outlines_view import LINES
from her2desk.ui.readers.readers_window import ReadersWindow
from her2desk.ui.theme import apply_theme

from . import reader_samples as samples

Left = Qt.MouseButton.LeftButton
Key = Qt.Key
Opened = Callable[..., ReadersWindow]


@pytest.fixture
def opened(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Opened]:
    """Opens a window on cases, and waits until it shows them."""
    apply_theme(qapp, "dark")
    background, windows = Background(), []

    def open_window(
        reader: str = "Anna", cases: Sequence[ReaderCase] | None = None, **more: object
    ) -> ReadersWindow:
        ward = samples.ward() if cases is None else list(cases)
        more.setdefault("ask_place", lambda name: tmp_path / name)
        window = ReadersWindow(lambda: ward, background, reader, **more)  # type: ignore[arg-type]
        windows.append(window)
        qtbot.addWidget(window)
        window.show()
        qtbot.waitUntil(lambda: "Reading" not in window.empty.text(), timeout=20_000)
        return window

    yield open_window
    for window in windows:
        window.end()
    background.close()


def verdicts(window: ReadersWindow) -> dict[str, str]:
    model = window.cases.table.model()
    rows = range(model.rowCount())
    return {model.index(row, 0).data(): model.index(row, 6).data() for row in rows}


def choose(window: ReadersWindow, label: str) -> None:
    labels = [found.case.label for found in window.cases.table.shown()]
    window.cases.table.selectRow(labels.index(label))


def test_what_calls_for_a_decision_stands_first(opened: Opened) -> None:
    window = opened()
    assert window.windowTitle() == "Compare readers"
    assert verdicts(window) == {
        "P002": "call a third reader",
        "P004": "yours is missing",
        "P005": "not comparable",
        "P003": "decided by Cem",
        "P001": "agree",
    }
    assert next(iter(verdicts(window))) == "P002"
    row = [window.cases.table.model().index(0, column).data() for column in range(6)]
    assert row == ["P002", "Anna, Ben", "2", "0.42", "6.2", "2.5"]


def test_the_arrows_go_through_the_cases_from_table_and_picture(
    qtbot: QtBot, opened: Opened
) -> None:
    window = opened()
    qtbot.keyClick(window.cases.table, Key.Key_Down)
    assert window.cases.table.present().case.label == "P004"
    qtbot.keyClick(window.cases.view, Key.Key_Down)
    assert window.cases.table.present().case.label == "P005"
    qtbot.keyClick(window.cases.view, Key.Key_Up)
    qtbot.keyClick(window.cases.view, Key.Key_Up)
    qtbot.keyClick(window.cases.view, Key.Key_Up)
    assert window.cases.table.present().case.label == "P002", "it does not go round"
    qtbot.keyClick(window.cases.view, Key.Key_Plus)
    assert window.cases.table.present().case.label == "P002"


def test_both_outlines_lie_on_the_frame_in_lines_of_their_own(qtbot: QtBot, opened: Opened) -> None:
    window = opened()
    view = window.cases.view
    qtbot.waitUntil(lambda: view.has_frame)
    assert view.frame_index == 1
    assert list(view.outlines()) == ["Anna", "Ben"]
    picture = view.grab().toImage()
    found = set()
    for reader, line in zip(("Anna", "Ben"), LINES, strict=False):
        for point in view.outlines()[reader].polygon:
            place = view.transform.to_view(point)
            for dx in (-1, 0, 1):
                at = QPointF(place.x() + dx, place.y()).toPoint()
                if QColor(picture.pixel(at)).name() == line.colour:
                    found.add(reader)
    assert found == {"Anna", "Ben"}
    assert len({(line.style, line.dashes) for line in LINES}) == len(LINES), "not by colour alone"
    assert "Anna, Ben" in view.accessibleDescription()


def test_the_figures_are_said_in_a_sentence(opened: Opened) -> None:
    window = opened()
    said = window.cases.meaning.text()
    assert said.startswith("The outlines of Anna and Ben have Dice 0.42")
    assert "2.5 mm apart on average and 6.2 mm at most" in said
    assert said.endswith("A third reader should decide.")
    choose(window, "P001")
    assert window.cases.meaning.text().endswith("No third reader is needed.")
    choose(window, "P003")
    assert window.cases.meaning.text().endswith("Cem kept the outline of Ben.")
    choose(window, "P005")
    assert window.cases.meaning.text() == "The readers outlined different frames, 2 and 3."


def test_without_calibration_distances_are_in_pixels(opened: Opened) -> None:
    from dataclasses import replace

    plain = samples.case(1, Anna=samples.outline(), Ben=samples.outline(4))
    window = opened(cases=[replace(plain, image=replace(plain.image, pixel_spacing_mm=None))])
    assert "pixels apart" in window.cases.meaning.text()
    assert [window.cases.table.model().index(0, c).data() for c in (4, 5)] == ["–", "–"]


def test_a_first_outline_stays_hidden_until_the_reader_has_drawn(
    qtbot: QtBot, opened: Opened
) -> None:
    window = opened("Anna")
    choose(window, "P004")
    view = window.cases.view
    assert dict(view.outlines()) == {}
    assert not view.has_frame
    assert "P006" not in verdicts(window), "her own alone is nothing to compare"
    with qtbot.waitSignal(window.third_reading_requested) as asked:
        qtbot.mouseClick(window.cases.draw, Left)
    assert asked.args == [4]
    assert window.cases.draw.text() == "&Draw my outline"
    assert not window.cases.keep_first.isVisible()


def test_what_is_hidden_is_not_exported(qtbot: QtBot, opened: Opened, tmp_path: Path) -> None:
    window = opened("Anna")
    qtbot.keyClick(window, Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.note.text() == "Saved as readers.csv.")
    with (tmp_path / "readers.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["P002", "P004", "P005", "P003", "P001"]
    assert float(rows["P002"]["dice"]) == pytest.approx(0.42, abs=0.01)
    assert rows["P004"]["dice"] == ""
    assert rows["P004"]["verdict"] == "yours is missing"
    assert rows["P005"]["why"].startswith("The readers outlined different frames")


def test_a_third_reader_keeps_one_of_the_two(qtbot: QtBot, opened: Opened) -> None:
    window = opened("Cem")
    buttons = window.cases.keep_first, window.cases.keep_second
    assert [button.text() for button in buttons] == ["Keep Anna’s outline", "Keep Ben’s outline"]
    with qtbot.waitSignal(window.adjudicated) as decided:
        qtbot.mouseClick(window.cases.keep_second, Left)
    assert decided.args == [2, "Ben"]
    qtbot.waitUntil(lambda: verdicts(window)["P002"] == "decided by Cem")
    assert window.cases.table.present().case.label == "P002", "the case stays on screen"
    assert window.cases.meaning.text().endswith("Cem kept the outline of Ben.")
    assert not window.cases.keep_first.isVisible()


def test_a_third_reader_may_draw_instead(qtbot: QtBot, opened: Opened) -> None:
    window = opened("Cem")
    with qtbot.waitSignal(window.third_reading_requested) as asked:
        qtbot.mouseClick(window.cases.draw, Left)
    assert asked.args == [2]


def test_one_of_the_two_does_not_decide(opened: Opened) -> None:
    window = opened("Ben")
    assert window.cases.table.present().verdict is Verdict.CALL
    assert not window.cases.keep_first.isVisible()
    assert not window.cases.draw.isVisible()


def test_a_third_outline_decides(opened: Opened) -> None:
    three = samples.case(
        9, Anna=samples.outline(), Ben=samples.outline(50), Cem=samples.outline(30)
    )
    window = opened(cases=[three])
    assert verdicts(window) == {"P009": "decided by Cem"}
    assert window.cases.meaning.text().endswith("Cem drew a third outline.")
    assert list(window.cases.view.outlines()) == ["Anna", "Ben", "Cem"]


def test_another_reader_sees_what_is_theirs_to_see(qtbot: QtBot, opened: Opened) -> None:
    window = opened("Anna")
    window.set_reader("Ben")
    assert window.reader == "Ben"
    qtbot.waitUntil(lambda: "P006" in verdicts(window))
    assert verdicts(window)["P006"] == "yours is missing"
    assert "P004" not in verdicts(window)


def test_columns_sort_by_value(qtbot: QtBot, opened: Opened) -> None:
    window = opened()
    for column in range(7):
        window.cases.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    window.cases.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    dice = [window.cases.table.model().index(row, 3).data() for row in range(5)]
    assert dice == ["0.30", "0.42", "0.96", "–", "–"]


def test_nothing_to_compare_says_so(opened: Opened) -> None:
    window = opened(cases=[samples.case(1, Anna=samples.outline())])
    assert not window.tabs.isVisible()
    assert window.empty.text().startswith("No case has the outlines of two readers yet.")
    window.export_table()
    assert window.note.text() == ""


def test_a_library_that_cannot_be_read_says_so(qtbot: QtBot, qapp: QApplication) -> None:
    def load() -> list[ReaderCase]:
        raise InputRefused(msg("The library is gone."), msg("Find it."), code="gone")

    background = Background()
    window = ReadersWindow(load, background, "Anna")
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.empty.text() == "The library is gone. Find it.")
    window.end()
    background.close()


def test_a_frame_that_cannot_be_decoded_says_so_in_the_picture(
    qtbot: QtBot, opened: Opened
) -> None:
    from dataclasses import replace

    def broken(index: int) -> object:
        raise InputRefused(msg("Broken."), msg("Export it again."), code="malformed")

    case = samples.case(1, Anna=samples.outline(), Ben=samples.outline(4))
    window = opened(cases=[replace(case, frame=broken)])
    qtbot.waitUntil(lambda: window.cases.view._notice == "Broken. Export it again.")


def many(n: int) -> list[ReaderCase]:
    return [samples.case(i, Anna=samples.outline(), Ben=samples.outline(3)) for i in range(n)]


def test_too_few_cases_for_features_says_how_many_are_missing(opened: Opened) -> None:
    window = opened(cases=many(4))
    window.tabs.setCurrentWidget(window.features)
    assert "there are 4, 26 too few" in window.features.state.text()
    assert not window.features.measure_now.isVisible()
    window.export_table()
    assert window.note.text() == ""


def test_features_are_measured_on_request_sorted_and_exported(
    qtbot: QtBot, opened: Opened, tmp_path: Path
) -> None:
    asked: list[object] = []

    def measure(cases: Sequence[ReaderCase], pair: Pair, progress: Progress) -> FeatureTable:
        asked.append((len(cases), pair, threading.current_thread() is threading.main_thread()))
        progress.step(0.5, msg("Outline {n} of {total}", n=30, total=60))
        return samples.table()

    window = opened(cases=many(30), measure=measure)
    tab = window.features
    window.tabs.setCurrentWidget(tab)
    assert "30 cases can be compared" in tab.state.text()
    qtbot.mouseClick(tab.measure_now, Left)
    qtbot.waitUntil(lambda: tab.table is not None)
    assert asked == [(30, ("Anna", "Ben"), False)]
    assert tab.state.text().startswith("1 of 3 features are kept: over 34 cases of Anna and Ben")
    assert "2 cases without a known pixel size" in tab.state.text()
    shown = tab.view.model()
    rows = [[shown.index(r, c).data() for c in range(6)] for r in range(3)]
    assert rows[0] == ["original_ngtdm_Strength", "–", "–", "–", "–", "not kept"]
    assert rows[2] == [
        "original_shape2D_Area", "0.93", "0.86 to 0.97", "0.95", "0.90 to 0.98", "kept",
    ]  # fmt: skip
    tab.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert shown.index(0, 0).data() == "original_glcm_Contrast"
    qtbot.mouseClick(tab.export, Left)
    qtbot.waitUntil(lambda: window.note.text() == "Saved as features.csv.")
    with (tmp_path / "features.csv").open(newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert (first["feature"], first["icc_a1"], first["kept"]) == (
        "original_shape2D_Area", "0.93", "1",
    )  # fmt: skip


def test_measuring_shows_its_progress_and_stops_when_asked(qtbot: QtBot, opened: Opened) -> None:
    told, stopped = threading.Event(), threading.Event()

    def measure(cases: Sequence[ReaderCase], pair: Pair, progress: Progress) -> FeatureTable:
        try:
            while True:
                progress.step(0.25, msg("Outline {n} of {total}", n=15, total=60))
                told.wait(0.01)
        finally:
            stopped.set()

    window = opened(cases=many(30), measure=measure)
    tab = window.features
    window.tabs.setCurrentWidget(tab)
    qtbot.mouseClick(tab.measure_now, Left)
    qtbot.waitUntil(lambda: tab.stage.full_text() == "Outline 15 of 60")
    assert tab.bar.value() == 250
    qtbot.mouseClick(tab.cancel, Left)
    assert not tab.is_measuring
    assert tab.measure_now.isVisible(), "it can be started again"
    assert stopped.wait(5)


def test_a_failure_to_measure_is_said(qtbot: QtBot, opened: Opened) -> None:
    def measure(cases: Sequence[ReaderCase], pair: Pair, progress: Progress) -> FeatureTable:
        raise InputRefused(msg("P003 has no texture."), msg("Draw again."), code="roi-too-small")

    window = opened(cases=many(30), measure=measure)
    window.tabs.setCurrentWidget(window.features)
    qtbot.mouseClick(window.features.measure_now, Left)
    qtbot.waitUntil(lambda: window.features.state.text() == "P003 has no texture. Draw again.")
    assert not window.features.is_measuring


def test_a_place_that_cannot_be_written_is_said(
    qtbot: QtBot, opened: Opened, tmp_path: Path
) -> None:
    window = opened(ask_place=lambda name: tmp_path / "gone" / name)
    qtbot.mouseClick(window.cases.export, Left)
    qtbot.waitUntil(lambda: "cannot be written" in window.note.text())
    declined = opened(ask_place=lambda name: None)
    qtbot.mouseClick(declined.cases.export, Left)
    assert declined.note.text() == ""


def test_closing_tells_and_stops(qtbot: QtBot, opened: Opened) -> None:
    window = opened()
    with qtbot.waitSignal(window.closed):
        window.close()
