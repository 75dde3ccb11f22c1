"""How an answer is read on the real window: impression first, decision, pathology, local audit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from benchmarks.audit_ward import fill, patients, scores
from her2desk.domain.clinical import Pathology
from her2desk.domain.reading import Impression
from her2desk.store.history import Action
from her2desk.ui.audit.audit_window import AuditWindow
from her2desk.ui.panels.result_panel import ResultState
from her2desk.ui.rehearsal import demo_roi
from tests.ui.readout_desk import (
    CTRL,
    SHIFT,
    Desk,
    click,
    demo_with,
    manifest_with,
    plain,
    said,
)


@pytest.fixture(scope="module")
def desk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def earnest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo pack as if it were none."""
    path = tmp_path_factory.mktemp("packs") / "earnest.h2pack"
    return demo_with(path, {"manifest.json": manifest_with(demo=False, name="Earnest")})


@pytest.fixture
def unread(desk: Desk, earnest: Path, request: pytest.FixtureRequest) -> Desk:
    """The demo case before a reader who has not seen it, answered by a pack that is no demo."""
    desk.fresh(earnest)
    desk.read_as(f"Reader of {request.node.name}")
    desk.window.workspace.go_to_frame(demo_roi().frame_index)
    desk.draw(demo_roi())
    desk.answer()
    return desk


def give_impression(desk: Desk, answer: str, confidence: int) -> None:
    gate = desk.result.gate
    click(gate.answer.button(answer))
    assert not gate.reveal.isEnabled()  # both questions, or nothing
    click(gate.confidence.button(confidence))
    click(gate.reveal)


def kept(desk: Desk, action: Action) -> list[dict[str, object]]:
    """What the reader's history of this kind holds, once the library has it."""
    case = desk.window.session.case
    assert case is not None
    reader = desk.library.reader

    def entries() -> list[dict[str, object]]:
        return [
            dict(entry.content or {})
            for entry in desk.library.entries(action)
            if entry.case_id == case.case_id and entry.reader == reader
        ]

    desk.wait(lambda: bool(entries()))
    return entries()


# 10: read first, then accept or overrule


def test_a_demo_pack_asks_for_no_impression(desk: Desk) -> None:
    found = desk.fresh()
    assert found.pack.demo
    assert not desk.result.gate.isVisible()
    assert desk.result.estimate.number.isVisible()


def test_nothing_of_the_answer_is_in_sight_before_the_impression(unread: Desk) -> None:
    result, window = unread.result, unread.window
    assert result.state is ResultState.SHOWN
    assert result.gate.isVisible()
    for part in (result.estimate, result.cohort, result.research_use, window.right.decision):
        assert not part.isVisible()
    assert not any(window.tabs.isTabVisible(window.tabs.indexOf(p)) for p in (
        window.nomogram, window.why
    ))  # fmt: skip
    QTest.keyClick(window, Qt.Key.Key_5, CTRL)
    assert window.tabs.currentWidget() is window.clinical
    window.workspace.view.setFocus()
    QTest.keyClick(window.workspace.view, Qt.Key.Key_H)
    assert not window.workspace.view.heatmap_is_shown()
    prediction = window.session.prediction
    assert prediction is not None
    shown = " ".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())
    assert f"{prediction.readout.probability:.2f}" not in shown


def test_the_impression_is_locked_and_comes_back_with_the_case(unread: Desk) -> None:
    result, window = unread.result, unread.window
    give_impression(unread, "negative", 4)
    assert result.estimate.number.isVisible()
    assert window.right.decision.isVisible()
    assert window.tabs.isTabVisible(window.tabs.indexOf(window.why))
    assert not result.gate.isVisible()  # nothing is left to change it with
    words = "Your impression before the result: HER-2 negative, confidence 4 of 5."
    assert words in said(result)
    assert kept(unread, Action.IMPRESSION) == [{"answer": "negative", "confidence": 4}]
    assert len(kept(unread, Action.REVEALED)) == 1
    case = window.session.case
    assert case is not None
    reader = unread.library.reader
    unread.read_as("Reader A")
    assert Impression("negative", 4) != unread.library.latest_impression(case.case_id)
    unread.read_as(reader)
    unread.answer()
    assert not result.gate.isVisible()
    assert words in said(result)


def test_the_call_is_accepted_or_overruled_with_a_reason(unread: Desk) -> None:
    bar = unread.window.right.decision
    give_impression(unread, "positive", 2)
    click(bar.accept)
    assert bar.said.text() == "Accepted: positive."
    click(bar.again)
    click(bar.overrule)
    assert not bar.answer.button("positive").isEnabled()  # that is what the pack says
    click(bar.answer.button("negative"))
    assert not bar.keep.isEnabled()  # not without a reason
    bar.reason.setFocus()
    QTest.keyClicks(bar.reason, "Simple cyst")
    QTest.keyClick(bar.reason, Qt.Key.Key_Return)
    assert bar.said.text() == "Overruled: negative. “Simple cyst”"
    unread.wait(lambda: len(kept(unread, Action.DECISION)) == 2)
    accepted, overruled = kept(unread, Action.DECISION)
    assert (accepted["answer"], accepted["reason"]) == ("positive", "")
    assert (overruled["answer"], overruled["reason"]) == ("negative", "Simple cyst")
    reader = unread.library.reader
    unread.read_as("Reader A")
    unread.read_as(reader)
    unread.answer()
    assert bar.said.text() == "Overruled: negative. “Simple cyst”"


def test_the_readings_window_lists_what_was_thought_said_and_decided(unread: Desk) -> None:
    give_impression(unread, "unsure", 1)
    click(unread.window.right.decision.accept)
    unread.turn_to(unread.window.why)
    looks = [entry["what"] for entry in kept(unread, Action.LOOKED)]
    assert "why" in looks
    kept(unread, Action.DECISION)
    QTest.keyClick(unread.window, Qt.Key.Key_L, CTRL | SHIFT)
    readings = unread.window.tools.readings.window
    assert readings is not None
    reader = unread.library.reader
    mine = [0]

    def is_listed() -> bool:
        mine[:] = [i for i, r in enumerate(readings.table.readings.rows) if r.reader == reader]
        return bool(mine)

    unread.wait(is_listed)
    model = readings.table.readings
    row = [model.index(mine[0], column).data() for column in range(model.columnCount())]
    prediction = unread.window.session.prediction
    assert prediction is not None
    probability = f"{prediction.readout.probability:.2f}"
    assert row[1:6] == [
        reader,
        "Unsure, 1 of 5",
        f"Positive ({probability})",
        "Positive",
        "changed",
    ]
    assert "why" in row[7]
    readings.close()


# 11: pathology and the local audit


def audit_of(desk: Desk) -> AuditWindow:
    """The audit, opened from the Tools menu with the mouse."""
    menu = desk.window.header.tools_button.menu()
    assert menu is not None
    (action,) = [a for a in menu.actions() if a.text().startswith("How the pack does here")]
    menu.popup(QPoint(0, 0))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    window = desk.window.tools.audit.window
    assert window is not None
    desk.wait(lambda: window.page is not None and not window.busy.isVisible())
    return window


def test_a_result_entered_in_the_form_counts_in_the_audit(desk: Desk) -> None:
    desk.fresh()
    form = desk.window.clinical
    desk.turn_to(form)
    if not form.result.is_open():
        click(form.result.toggle)
    click(form.pathology.ihc.control.button("3+"))
    assert form.pathology.status.text() == "HER-2 positive by ASCO/CAP."
    case = desk.window.session.case
    assert case is not None
    desk.wait(lambda: desk.library.latest_pathology(case.case_id) == Pathology("3+"))
    audit = audit_of(desk)
    page = audit.performance
    words = plain(page.verdict.text())
    assert words.startswith(
        "This pack cannot be judged here yet: 10 HER-2 positive and 10 negative"
    )
    assert words.endswith("9 and 10 are still missing.")
    assert [label.text() for label in page.collected.words] == ["1 of 10", "0 of 10"]
    assert not page.figures.isVisible()  # no figure from one patient
    audit.close()


def test_a_result_entered_in_the_audit_reaches_the_open_case(desk: Desk) -> None:
    desk.fresh()
    case = desk.window.session.case
    assert case is not None
    audit = audit_of(desk)
    audit.cases.table.cases.pathology_entered.emit(case.case_id, Pathology("0"))
    desk.wait(lambda: desk.window.clinical.pathology.pathology() == Pathology("0"))
    assert desk.result.cohort.table.marked_cell() == "fp"
    audit.close()


def test_with_enough_results_the_audit_judges_the_pack(desk: Desk, tmp_path: Path) -> None:
    """The last test of the module: it fills the library."""
    desk.fresh()
    rng = np.random.default_rng(3)
    drawn = scores(rng, 70, promised=0.9, true=0.5, prevalence=desk.pack.manifest.prevalence)
    fill(desk.library, tmp_path, patients(desk.pack, *drawn, rng=rng))
    audit = audit_of(desk)
    page = audit.performance
    assert page.figures.isVisible()
    assert "do not rely on this pack here before it is looked into" in plain(page.verdict.text())
    assert plain(page.forest.accessibleDescription()).startswith("AUC: here 0.")
    judged = sum(int(cell.text()) for cell in page.tables[0].cells)
    assert audit.page is not None
    results = audit.page.audit.results
    assert judged == results.positives + results.negatives >= 70
    assert "observed ÷ expected" in page.calibration.text()
    audit.tabs.setCurrentWidget(audit.over_time)
    assert audit.over_time.chart.isVisible()
    assert "went beyond its limit" in audit.over_time.words.text()
    audit.tabs.setCurrentWidget(audit.recalibrate)
    assert audit.recalibrate.form.isVisible()
    assert desk.window.session.pack is not None
    assert desk.window.session.pack.pack is desk.pack  # nothing is recalibrated by itself
    audit.close()


def test_an_explanation_that_stood_open_when_the_answer_came_is_looked_at(unread: Desk) -> None:
    give_impression(unread, "unsure", 1)
    unread.turn_to(unread.window.why)
    unread.wait(lambda: {"what": "why"} in kept(unread, Action.LOOKED))
    unread.window.workspace.set_heatmap_visible(True)
    assert unread.window.workspace.view.heatmap_is_shown()
    session, opened = unread.window.session, []
    assert session.case is not None
    session.case_opened.connect(opened.append)
    session.open_case(session.case.case_id)
    unread.wait(lambda: bool(opened))
    unread.answer()
    assert unread.window.tabs.currentWidget() is unread.window.why
    unread.wait(lambda: kept(unread, Action.LOOKED).count({"what": "why"}) == 2)
    shown = unread.window.workspace.view.heatmap_is_shown()
    assert not shown, "V22: a heatmap is asked for anew in each case"


def test_no_widget_knows_the_answer_before_the_impression(unread: Desk) -> None:
    """What is hidden is still in the accessibility tree, so it must not be there at all."""
    prediction = unread.window.session.prediction
    assert prediction is not None
    unread.wait(lambda: unread.window.answer.stability is not None)
    right = unread.window.right
    figure = f"{prediction.readout.probability:.2f}"
    before = (right.result.estimate.number.text(), right.result.estimate.stability.isHidden())
    right.result.estimate.number.setText("")
    session = unread.window.session
    session.restate(0.4, None)
    assert right.result.estimate.number.text() == "", before
    assert right.decision.isHidden()
    give_impression(unread, "unsure", 3)
    assert right.result.estimate.number.text() == figure
    assert not right.result.estimate.stability.isHidden()
