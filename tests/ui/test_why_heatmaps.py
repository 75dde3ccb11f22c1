"""The choice of a heatmap's method and class in the why panel."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod
from her2desk.domain.roi import Box
from her2desk.ui.panels.heatmap_choice import HeatmapChoice
from her2desk.ui.theme import apply_theme

VALUES = np.ones((7, 7), np.float32)
FIRST = Heatmap(VALUES, Box(0, 0, 70, 70), 0.6)
OTHER = Heatmap(VALUES, Box(0, 0, 70, 70), None, HeatmapMethod.GRAD_CAM_PP, HeatmapClass.NEGATIVE)


@pytest.fixture
def choice(qtbot: QtBot, qapp: QApplication) -> HeatmapChoice:
    apply_theme(qapp, "dark")
    choice = HeatmapChoice()
    qtbot.addWidget(choice)
    choice.resize(356, 300)
    choice.show()
    qtbot.waitExposed(choice)
    choice.show_heatmap(FIRST)
    return choice


def test_the_map_in_sight_is_the_one_chosen(choice: HeatmapChoice) -> None:
    assert choice.method.value() is HeatmapMethod.GRAD_CAM
    assert choice.speaks_for.value() is HeatmapClass.POSITIVE
    assert choice.share.text().startswith("60 % of the heat")
    choice.show_heatmap(OTHER)
    assert choice.method.value() is HeatmapMethod.GRAD_CAM_PP
    assert choice.speaks_for.value() is HeatmapClass.NEGATIVE
    assert choice.share.text().endswith("no place speaks for HER-2 negative.")


def test_method_and_class_are_chosen_together(choice: HeatmapChoice, qtbot: QtBot) -> None:
    with qtbot.waitSignal(choice.chosen) as chosen:
        qtbot.mouseClick(choice.speaks_for.button(HeatmapClass.NEGATIVE), Qt.MouseButton.LeftButton)
    assert chosen.args == [HeatmapMethod.GRAD_CAM, HeatmapClass.NEGATIVE]
    choice.method.setFocus()
    with qtbot.waitSignal(choice.chosen) as chosen:
        qtbot.keyClick(choice.method.button(HeatmapMethod.GRAD_CAM), Qt.Key.Key_Right)
        qtbot.keyClick(choice.method.button(HeatmapMethod.GRAD_CAM_PP), Qt.Key.Key_Space)
    assert chosen.args == [HeatmapMethod.GRAD_CAM_PP, HeatmapClass.NEGATIVE]


def test_a_map_that_is_given_up_leaves_the_one_in_sight(
    choice: HeatmapChoice, qtbot: QtBot
) -> None:
    qtbot.mouseClick(choice.method.button(HeatmapMethod.OCCLUSION), Qt.MouseButton.LeftButton)
    choice.set_explaining(True)
    assert choice.cancel.isVisible()
    choice.grab()
    with qtbot.waitSignal(choice.cancelled):
        qtbot.mouseClick(choice.cancel, Qt.MouseButton.LeftButton)
    choice.set_explaining(False)
    assert not choice.cancel.isVisible()
    assert choice.method.value() is HeatmapMethod.GRAD_CAM


def test_a_finished_map_keeps_the_choice(choice: HeatmapChoice) -> None:
    choice.set_explaining(True)
    choice.show_heatmap(OTHER)
    choice.set_explaining(False)
    assert choice.method.value() is HeatmapMethod.GRAD_CAM_PP


def test_without_a_map_there_is_no_share(choice: HeatmapChoice) -> None:
    choice.show_heatmap(None)
    assert not choice.share.isVisible()
    assert "Methods can disagree" in choice.note.text()
