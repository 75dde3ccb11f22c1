"""The window on readings, and what keeps them."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.audit.reading_log import Reading
from her2desk.domain.counts import Call
from her2desk.domain.reading import Decision, Impression
from her2desk.errors import InputRefused
from her2desk.store.history import Action
from her2desk.texts import msg
from her2desk.ui.jobs import Background
from her2desk.ui.reading_keeper import ReadingKeeper
from her2desk.ui.reading_log.reading_window import ReadingWindow
from her2desk.ui.theme import apply_theme

from . import panel_samples as samples


def a_reading(case_id: int = 7, **values: Any) -> Reading:
    said: dict[str, Any] = {
        "case_id": case_id,
        "reader": "Reader A",
        "pack": "Phantom demo 1.2",
        "impression": Impression("negative", 4),
        "call": Call.POSITIVE,
        "probability": 0.71,
        "revealed_utc": f"2026-05-04T09:00:{case_id:02d}.000+00:00",
        "looked": ("heatmap", "why"),
        "redrawn": False,
        "decision": Decision("negative", "=1+1 rim", Call.POSITIVE, 0.71, "ab" * 32),
        "seconds_to_impression": 21.5,
        "seconds_to_decision": 75.0,
        "her2_positive": False,
    }
    return Reading(**{**said, **values})


UNDECIDED = a_reading(
    8, impression=None, decision=None, seconds_to_decision=None, her2_positive=None, looked=()
)


@pytest.fixture
def background() -> Iterator[Background]:
    found = Background()
    yield found
    found.close()


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, background: Background, tmp_path: Path
) -> ReadingWindow:
    apply_theme(qapp, "dark")
    found = ReadingWindow(
        lambda: [a_reading(), UNDECIDED], background, lambda name: tmp_path / name
    )
    qtbot.addWidget(found)
    found.show()
    qtbot.waitUntil(lambda: found.table.model().rowCount() == 2)
    return found


def cells(window: ReadingWindow, row: int) -> list[str]:
    model = window.table.model()
    return [model.index(row, column).data() for column in range(model.columnCount())]


def test_a_row_tells_the_reading_from_impression_to_pathology(window: ReadingWindow) -> None:
    assert cells(window, 0) == [
        "0007",
        "Reader A",
        "Negative, 4 of 5",
        "Positive (0.71)",
        "Negative, overruled",
        "unchanged",
        "1 min 15 s",
        "heatmap, why",
        "HER-2 negative",
    ]


def test_what_is_missing_is_said(window: ReadingWindow) -> None:
    row = cells(window, 1)

    assert (row[2], row[4], row[8]) == ("not asked", "none yet", "not known")
    assert row[5] == row[6] == row[7] == ""


def test_the_summary_counts(window: ReadingWindow) -> None:
    assert "the same in 0 of 1" in window.summary.text()
    assert "Overruled: 1 of 1" in window.summary.text()


def test_enter_asks_for_the_case(window: ReadingWindow, qtbot: QtBot) -> None:
    window.table.selectRow(1)

    with qtbot.waitSignal(window.case_requested) as asked:
        qtbot.keyClick(window.table, Qt.Key.Key_Return)

    assert asked.args == [8]


def test_the_table_is_exported_and_no_spreadsheet_runs_a_reason(
    window: ReadingWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "Saved" in window.note.text())

    with (tmp_path / "readings.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert rows[0]["reason"] == "'=1+1 rim"
    assert (rows[0]["changed"], rows[0]["overruled"], rows[0]["her2_positive"]) == ("0", "1", "0")
    assert rows[1]["decision"] == rows[1]["changed"] == rows[1]["impression"] == ""


def test_no_reading_yet_is_said_in_words(qtbot: QtBot, background: Background) -> None:
    window = ReadingWindow(list, background)
    qtbot.addWidget(window)
    window.show()

    qtbot.waitUntil(lambda: "No answer was shown yet" in window.empty.text())

    assert window.empty.isVisible()


def test_a_library_that_cannot_be_read_is_said(qtbot: QtBot, background: Background) -> None:
    def broken() -> list[Reading]:
        raise InputRefused(msg("The library is locked."), msg("Wait."))

    window = ReadingWindow(broken, background)
    qtbot.addWidget(window)

    qtbot.waitUntil(lambda: "locked" in window.empty.text())


class FakeSession(QObject):
    """Records what it is told to keep."""

    case_opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[Action, dict[str, Any]]] = []

    def record(self, action: Action, content: dict[str, Any]) -> None:
        self.kept.append((action, content))


@pytest.fixture
def reading(qapp: QApplication) -> SimpleNamespace:
    session, seconds = FakeSession(), iter([0.0, 10.0, 31.26, 99.0, 100.0])
    keeper = ReadingKeeper(session, clock=lambda: next(seconds))  # type: ignore[arg-type]
    session.case_opened.emit(None)
    return SimpleNamespace(session=session, keeper=keeper)


def test_a_reading_is_kept_step_by_step(reading: SimpleNamespace) -> None:
    prediction = samples.make_prediction()
    reading.keeper.keep_impression(Impression("unsure", 2))
    reading.keeper.keep_reveal(prediction)
    reading.keeper.keep_look("heatmap")
    decision = Decision("unsure", "", Call.INDETERMINATE, 0.49, prediction.inputs.sha256)
    reading.keeper.keep_decision(decision)

    actions = [action for action, _ in reading.session.kept]
    assert actions == [Action.IMPRESSION, Action.REVEALED, Action.LOOKED, Action.DECISION]
    revealed = reading.session.kept[1][1]
    assert revealed["seconds_to_impression"] == 21.3
    assert revealed["inputs_sha256"] == prediction.inputs.sha256
    assert revealed["call"] == "indeterminate"


def test_a_reveal_and_a_look_are_kept_once_a_case(reading: SimpleNamespace) -> None:
    reading.keeper.keep_look("why")  # before the reveal there is nothing to look at
    for _ in range(3):
        reading.keeper.keep_reveal(samples.make_prediction())
        reading.keeper.keep_look("why")
    assert len(reading.session.kept) == 2

    reading.session.case_opened.emit(None)
    reading.keeper.keep_reveal(samples.make_prediction())

    assert len(reading.session.kept) == 3


def test_another_packs_answer_is_another_reveal(reading: SimpleNamespace) -> None:
    first = samples.make_prediction()
    other = replace(first, pack=replace(first.pack, sha256="cd" * 32))
    for prediction in (first, first, other, other):
        reading.keeper.keep_reveal(prediction)
    kept = [content["pack_sha256"] for _, content in reading.session.kept]
    assert kept == [first.pack.sha256, other.pack.sha256]
