"""Accept, or overrule with a reason."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from her2desk.domain.counts import Call
from her2desk.domain.reading import Decision
from her2desk.ui.panels.decision_bar import DecisionBar

from . import panel_samples as samples

Left = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot: QtBot) -> DecisionBar:
    bar = DecisionBar()
    bar.resize(400, 60)
    qtbot.addWidget(bar)
    bar.set_prediction(samples.make_prediction(samples.make_readout(Call.POSITIVE)))
    bar.show()
    return bar


def decided(qtbot: QtBot, bar: DecisionBar) -> list[Decision]:
    found: list[Decision] = []
    bar.decided.connect(found.append)
    return found


def test_accepting_keeps_the_call_with_the_fingerprint(bar: DecisionBar, qtbot: QtBot) -> None:
    found = decided(qtbot, bar)

    qtbot.mouseClick(bar.accept, Left)

    (decision,) = found
    assert decision.answer == "positive"
    assert not decision.overrules
    assert decision.inputs_sha256 == samples.make_prediction().inputs.sha256
    assert "Accepted: positive" in bar.said.text()
    assert not bar.accept.isVisible()


def test_overruling_needs_another_answer_and_a_reason(bar: DecisionBar, qtbot: QtBot) -> None:
    found = decided(qtbot, bar)
    qtbot.mouseClick(bar.overrule, Left)
    assert not bar.answer.button("positive").isEnabled()

    qtbot.mouseClick(bar.answer.button("negative"), Left)
    assert not bar.keep.isEnabled()
    qtbot.keyClicks(bar.reason, "   ")
    assert not bar.keep.isEnabled()
    qtbot.keyClicks(bar.reason, "rim of calcification")
    qtbot.keyClick(bar.reason, Qt.Key.Key_Return)

    (decision,) = found
    assert (decision.answer, decision.reason) == ("negative", "rim of calcification")
    assert decision.overrules
    assert "Overruled: negative" in bar.said.text()
    assert "rim of calcification" in bar.said.text()


def test_return_without_a_reason_keeps_nothing(bar: DecisionBar, qtbot: QtBot) -> None:
    found = decided(qtbot, bar)
    qtbot.mouseClick(bar.overrule, Left)

    qtbot.keyClick(bar.reason, Qt.Key.Key_Return)

    assert found == []


def test_escape_goes_back_without_a_decision(bar: DecisionBar, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.overrule, Left)

    qtbot.keyClick(bar.reason, Qt.Key.Key_Escape)

    assert bar.accept.isVisible()
    assert bar.decision() is None


def test_no_call_can_be_accepted_and_overruled(bar: DecisionBar, qtbot: QtBot) -> None:
    bar.set_prediction(samples.make_prediction(samples.make_readout(Call.INDETERMINATE)))
    assert "no call" in bar.accept.text()
    qtbot.mouseClick(bar.overrule, Left)
    assert bar.answer.button("positive").isEnabled()
    assert not bar.answer.button("unsure").isEnabled()
    qtbot.mouseClick(bar.cancel, Left)

    found = decided(qtbot, bar)
    qtbot.mouseClick(bar.accept, Left)

    assert found[0].answer == "unsure"
    assert not found[0].overrules
    assert "Accepted: no call" in bar.said.text()


def test_a_decision_can_be_made_anew(bar: DecisionBar, qtbot: QtBot) -> None:
    found = decided(qtbot, bar)
    qtbot.mouseClick(bar.accept, Left)

    qtbot.mouseClick(bar.again, Left)
    qtbot.mouseClick(bar.accept, Left)

    assert len(found) == 2


def test_a_decision_on_an_earlier_answer_says_so(bar: DecisionBar, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.accept, Left)

    bar.set_prediction(samples.make_prediction(samples.make_readout(Call.NEGATIVE)))

    assert "The answer has changed since" in bar.said.text()


def test_a_dragged_threshold_does_not_close_the_form(bar: DecisionBar, qtbot: QtBot) -> None:
    qtbot.mouseClick(bar.overrule, Left)
    qtbot.keyClicks(bar.reason, "half a")

    moved = replace(samples.make_readout(Call.POSITIVE), probability=0.5)
    bar.set_prediction(samples.make_prediction(moved))

    assert bar.reason.text() == "half a"
    assert bar.reason.isVisible()


def test_without_an_answer_there_is_nothing_to_decide(bar: DecisionBar) -> None:
    bar.set_prediction(None)

    assert not bar.isVisible()


def test_what_was_decided_earlier_is_shown_again(bar: DecisionBar) -> None:
    prediction = samples.make_prediction(samples.make_readout(Call.POSITIVE))
    bar.set_decision(Decision("positive", "", Call.POSITIVE, 0.49, prediction.inputs.sha256))

    assert bar.said.text() == "Accepted: positive."


def test_overruling_without_a_reason_is_no_decision() -> None:
    with pytest.raises(ValueError, match="reason"):
        Decision("negative", " ", Call.POSITIVE, 0.7, "ab" * 32)
