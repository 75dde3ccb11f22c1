"""The why panel: what it shows together, branches, features, attention, small print."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from her2desk.domain.counts import Call
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.prediction import FeatureContribution, HeatmapClass, HeatmapMethod
from her2desk.domain.validation import Attention
from her2desk.stats.meanings import Figure
from her2desk.ui.panels.feature_rows import FeatureRows
from her2desk.ui.panels.why_panel import WhyPanel
from her2desk.ui.panels.why_words import attention_sentences, disagreement_sentence
from her2desk.ui.theme import apply_theme
from her2desk.ui.widgets.meaning_mark import MeaningMark
from tests.ui.panel_samples import (
    OWN_POINT,
    make_picture,
    make_prediction,
    make_readout,
    make_whole_prediction,
)


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication) -> WhyPanel:
    apply_theme(qapp, "light")
    panel = WhyPanel()
    qtbot.addWidget(panel)
    panel.resize(360, 1200)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_branches_stand_side_by_side_with_their_auc(panel: WhyPanel) -> None:
    panel.show_prediction(make_prediction(), {"clinical": (0.72, 0.58, 0.86), "dlr": 0.89})
    assert panel.branches.rows["clinical"].value.text() == "0.22"
    assert panel.branches.rows["clinical"].auc.text() == "AUC 0.72 (0.58–0.86)"
    assert panel.branches.rows["dlr"].auc.text() == "AUC 0.89"
    assert panel.branches.rows["cnn"].auc.text() == ""
    assert "Combined: 0.63" in panel.branches.rows["combined"].accessibleName()


def test_a_branch_that_the_pack_lacks_has_no_number(panel: WhyPanel) -> None:
    branches = {"clinical": None, "cnn": 0.6, "combined": 0.6}
    panel.show_prediction(make_prediction(branches=branches))
    assert panel.branches.rows["clinical"].value.text() == "–"
    assert panel.branches.rows["radiomics"].value.text() == "–"
    assert "nothing to compare" in panel.branches.disagreement.text()


def test_disagreement_is_said_in_words() -> None:
    branches = {"clinical": 0.22, "cnn": 0.66, "combined": 0.9}
    said = disagreement_sentence(branches, 0.31)
    assert said == (
        "The branches differ: Clinical says 0.22, CNN 0.66. "
        "They stand on both sides of the threshold (0.31)."
    )
    assert "both sides" not in disagreement_sentence(branches, 0.7)
    assert disagreement_sentence({"clinical": 0.5, "cnn": 0.56}, 0.53) == (
        "The branches agree within 0.06."
    )


def test_features_are_ordered_by_distance_and_marked(panel: WhyPanel) -> None:
    panel.show_prediction(make_prediction())
    assert panel.features.names() == [
        "original_shape2D_Sphericity",
        "lbp-2D_firstorder_Entropy",
        "original_glcm_Correlation",
        "gradient_glrlm_RunEntropy",
    ]
    marks = [label for label in panel.findChildren(QLabel) if label.isVisible()]
    assert [m.text() for m in marks].count("outside the training range") == 1
    assert "1 of 4 lie outside" in panel.features.note.text()


def test_features_out_of_range_are_listed_before_nearer_ones_are() -> None:
    features = tuple(FeatureContribution(f"far_{n}", 1.0, 3.0 + n, False) for n in range(11))
    rows = FeatureRows()
    rows.show_features((*features, FeatureContribution("marked", 1.0, 0.5, True)))
    assert len(rows.names()) == 10
    assert rows.names()[-1] == "marked"
    assert "far_0" not in rows.names()


def test_a_pack_without_features_says_so(panel: WhyPanel) -> None:
    panel.show_prediction(replace(make_prediction(), features=()))
    assert panel.features.names() == []
    assert panel.features.note.text() == "This pack measures no radiomics features."


def test_a_dragged_threshold_builds_nothing_new(panel: WhyPanel) -> None:
    prediction = make_whole_prediction()
    panel.show_prediction(prediction, {"dlr": 0.89}, 0.2, {"PH-0000": make_picture()})
    before = panel.findChildren(QWidget)
    for hundredths in range(20, 60):
        point = replace(OWN_POINT, threshold=hundredths / 100)
        call = Call.NEGATIVE if hundredths > 49 else Call.POSITIVE
        moved = replace(prediction.readout, operating_point=point, call=call)
        panel.show_prediction(
            replace(prediction, readout=moved), {"dlr": 0.89}, 0.2, {"PH-0000": make_picture()}
        )
    assert panel.findChildren(QWidget) == before
    assert "(0.59)" in panel.branches.disagreement.text()


def test_every_section_has_a_title_and_says_what_it_means(panel: WhyPanel, qtbot: QtBot) -> None:
    panel.show_prediction(make_whole_prediction())
    assert list(panel.sections) == [
        "failures",
        "familiarity",
        "neighbours",
        "unknowns",
        "branches",
        "features",
        "attention",
        "computed",
    ]
    marks = panel.findChildren(MeaningMark)
    assert [mark.figure for mark in marks] == [
        Figure.FAILURE_PATTERNS,
        Figure.ERROR_MODEL,
        Figure.DISTANCE,
        Figure.NEIGHBOURS,
        Figure.UNKNOWNS,
        Figure.BRANCHES,
        Figure.AUC,
        Figure.FEATURES_SD,
        Figure.HEATMAP,
        Figure.ATTENTION_INSIDE,
        Figure.ATTENTION_BRIGHT,
        Figure.ATTENTION_SPREAD,
    ]
    qtbot.mouseClick(marks[4], Qt.MouseButton.LeftButton)
    popover = marks[4].popover()
    assert popover is not None
    qtbot.keyClick(popover, Qt.Key.Key_Escape)
    assert marks[4].popover() is None


def test_a_section_is_folded_by_keyboard(panel: WhyPanel, qtbot: QtBot) -> None:
    panel.show_prediction(make_whole_prediction())
    section = panel.sections["branches"]
    section.toggle.setFocus()
    qtbot.keyClick(section.toggle, Qt.Key.Key_Return)
    assert not panel.branches.isVisible()
    qtbot.keyClick(section.toggle, Qt.Key.Key_Space)
    assert panel.branches.isVisible()
    panel.grab()  # with the ring of the keyboard round the title


def test_a_field_that_is_not_known_is_asked_for(panel: WhyPanel, qtbot: QtBot) -> None:
    panel.show_prediction(make_whole_prediction())
    row = panel.unknowns.rows()[0]
    panel.ensureWidgetVisible(row)
    with qtbot.waitSignal(panel.field_requested) as asked:
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert asked.args == ["pr"]


def test_another_heatmap_is_asked_for_and_given_up(panel: WhyPanel, qtbot: QtBot) -> None:
    panel.show_prediction(make_prediction())
    occlusion = panel.choice.method.button(HeatmapMethod.OCCLUSION)
    panel.ensureWidgetVisible(occlusion)
    with qtbot.waitSignal(panel.heatmap_chosen) as chosen:
        qtbot.mouseClick(occlusion, Qt.MouseButton.LeftButton)
    assert chosen.args == [HeatmapMethod.OCCLUSION, HeatmapClass.POSITIVE]
    panel.set_explaining(True)
    with qtbot.waitSignal(panel.explain_cancelled):
        qtbot.mouseClick(panel.choice.cancel, Qt.MouseButton.LeftButton)


def test_a_chosen_heatmap_stays_while_the_threshold_is_dragged(panel: WhyPanel) -> None:
    prediction = make_prediction()
    panel.show_prediction(prediction)
    assert prediction.heatmap is not None
    panel.show_heatmap(replace(prediction.heatmap, method=HeatmapMethod.OCCLUSION))
    moved = replace(prediction.readout, operating_point=OWN_POINT)
    panel.show_prediction(replace(prediction, readout=moved))
    assert panel.choice.method.value() is HeatmapMethod.OCCLUSION
    panel.mark_stale()
    panel.show_prediction(prediction)  # an answer that comes back shows its own map again
    assert panel.choice.method.value() is HeatmapMethod.GRAD_CAM
    panel.show_heatmap(replace(prediction.heatmap, method=HeatmapMethod.OCCLUSION))
    panel.show_prediction(make_prediction())  # and so does another answer
    assert panel.choice.method.value() is HeatmapMethod.GRAD_CAM


def test_attention_is_said_with_what_it_means(panel: WhyPanel) -> None:
    panel.show_prediction(make_prediction())
    inside, bright, spread = panel.attention.sentences()
    assert "2.1 times" in inside
    assert "1.8 times" in bright
    assert "0.82" in spread
    assert "only where its own validation shows it" in panel.attention.meaning.text()
    assert "no map is proof" in panel.choice.note.text()


def test_an_empty_map_has_no_attention() -> None:
    assert [text for _, text in attention_sentences(Attention(None, None, None))] == [
        "The heatmap is empty, so there is nothing to say about attention."
    ]
    assert len(attention_sentences(Attention(1.2, None, None))) == 1


def test_the_heatmap_is_shown_only_when_asked(panel: WhyPanel, qtbot: QtBot) -> None:
    panel.show_prediction(make_prediction())
    with qtbot.waitSignal(panel.heatmap_requested):
        qtbot.mouseClick(panel.heatmap, Qt.MouseButton.LeftButton)
    panel.show_prediction(make_prediction(has_heatmap=False))
    assert not panel.heatmap.isVisible()
    assert not panel.choice.isVisible()


def test_the_small_print_can_be_copied_whole(panel: WhyPanel) -> None:
    prediction = make_prediction(make_readout())
    panel.show_prediction(prediction)
    panel.small_print.selectAll()
    copied = panel.small_print.textCursor().selection().toPlainText()
    assert prediction.inputs.sha256 in copied
    assert "ab" * 32 in copied
    assert "total 211 ms" in copied
    assert panel.small_print.viewport().height() >= panel.small_print.fontMetrics().height() * 7


def test_the_small_print_says_by_what_the_image_was_enhanced(panel: WhyPanel) -> None:
    use = EnhancementUse("network", "tiny", "1.0", 4, "5" * 64, 1.0, 0.244, 0, 2000)
    panel.show_prediction(replace(make_prediction(), enhancement=use))
    said = panel.small_print.toPlainText()
    assert "Features and network saw the image enhanced by tiny 1.0 (×4)" in said
    assert f"Enhancement SHA-256 {'5' * 64}" in said
    panel.show_prediction(make_prediction())
    assert "nhance" not in panel.small_print.toPlainText()


def test_stale_and_empty_are_said(panel: WhyPanel) -> None:
    panel.mark_stale()
    assert not panel.stale.isVisible()
    assert panel.empty.isVisible()
    panel.show_prediction(make_prediction())
    panel.set_explaining(True)
    panel.mark_stale()
    assert panel.stale.isVisible()
    assert not panel.choice.isEnabled()
    assert not panel.choice.is_explaining()
    panel.show_prediction(make_prediction())
    assert not panel.stale.isVisible()
    assert panel.choice.isEnabled()
    panel.clear()
    assert panel.empty.isVisible()
    assert not panel.branches.rows["cnn"].isVisible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_off_in_a_narrow_column(
    panel: WhyPanel, qapp: QApplication, theme: str
) -> None:
    apply_theme(qapp, theme)
    panel.resize(364, 600)
    pictures = {"PH-0000": make_picture(), "PH-0002": make_picture(300)}
    panel.show_prediction(make_whole_prediction(), {"dlr": (0.89, 0.81, 0.97)}, 0.0, pictures)
    panel.neighbours.cards()[2].click()
    panel.grab()
    assert panel.widget().minimumSizeHint().width() <= panel.viewport().width()
