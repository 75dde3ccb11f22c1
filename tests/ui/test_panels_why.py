"""The why panel: branches, features, attention, small print."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from her2desk.domain.validation import Attention
from her2desk.texts import msg
from her2desk.ui.panels.why_panel import WhyPanel
from her2desk.ui.panels.why_words import attention_sentences, disagreement_sentence
from her2desk.ui.theme import apply_theme
from tests.ui.panel_samples import make_prediction, make_readout


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
    assert panel.branches["clinical"].value.text() == "0.22"
    assert panel.branches["clinical"].auc.text() == "AUC 0.72 (0.58–0.86)"
    assert panel.branches["dlr"].auc.text() == "AUC 0.89"
    assert panel.branches["cnn"].auc.text() == ""
    assert "Combined: 0.63" in panel.branches["combined"].accessibleName()


def test_a_branch_that_the_pack_lacks_has_no_number(panel: WhyPanel) -> None:
    branches = {"clinical": None, "cnn": 0.6, "combined": 0.6}
    panel.show_prediction(make_prediction(branches=branches))
    assert panel.branches["clinical"].value.text() == "–"
    assert panel.branches["radiomics"].value.text() == "–"
    assert "nothing to compare" in panel.disagreement.text()


def test_disagreement_is_said_in_words() -> None:
    branches = {"clinical": 0.22, "cnn": 0.66, "combined": 0.9}
    said = disagreement_sentence(branches, 0.31)
    assert said == (
        "The branches disagree: Clinical says 0.22, CNN 0.66. "
        "They stand on both sides of the threshold (0.31)."
    )
    assert "both sides" not in disagreement_sentence(branches, 0.7)
    assert disagreement_sentence({"clinical": 0.5, "cnn": 0.56}, 0.53) == (
        "The branches agree within 0.06."
    )


def test_features_are_ordered_by_distance_and_marked(panel: WhyPanel) -> None:
    panel.show_prediction(make_prediction())
    assert panel.feature_names() == [
        "original_shape2D_Sphericity",
        "lbp-2D_firstorder_Entropy",
        "original_glcm_Correlation",
        "gradient_glrlm_RunEntropy",
    ]
    marks = [label for label in panel.findChildren(QLabel) if "outside the" in label.text()]
    assert [m.text() for m in marks if "1 of 4 lie" not in m.text()] == [
        "outside the training range"
    ]
    assert "1 of 4 lie outside" in panel.features_note.text()


def test_the_same_features_are_not_built_again(panel: WhyPanel) -> None:
    panel.show_prediction(make_prediction())
    first = panel._feature_rows
    panel.show_prediction(make_prediction())
    assert panel._feature_rows is first


def test_attention_is_said_with_what_it_means(panel: WhyPanel) -> None:
    panel.show_prediction(make_prediction(), patterns=[msg("7 looked like this; too few to say.")])
    assert "2.1 times" in panel.attention.text()
    assert "1.8 times" in panel.attention.text()
    assert "0.82" in panel.attention.text()
    assert "only where its own validation shows it" in panel.meaning.text()
    assert panel.patterns.text() == "7 looked like this; too few to say."


def test_an_empty_map_has_no_attention() -> None:
    assert attention_sentences(Attention(None, None, None)) == [
        "The heatmap is empty, so there is nothing to say about attention."
    ]
    assert len(attention_sentences(Attention(1.2, None, None))) == 1


def test_the_heatmap_is_shown_only_when_asked(panel: WhyPanel, qtbot: QtBot) -> None:
    panel.show_prediction(make_prediction())
    with qtbot.waitSignal(panel.heatmap_requested):
        qtbot.mouseClick(panel.heatmap, Qt.MouseButton.LeftButton)
    panel.show_prediction(make_prediction(has_heatmap=False))
    assert not panel.heatmap.isVisible()


def test_the_small_print_can_be_copied_whole(panel: WhyPanel) -> None:
    prediction = make_prediction(make_readout())
    panel.show_prediction(prediction)
    panel.small_print.selectAll()
    copied = panel.small_print.textCursor().selection().toPlainText()
    assert prediction.inputs.sha256 in copied
    assert "ab" * 32 in copied
    assert "total 211 ms" in copied
    assert panel.small_print.viewport().height() >= panel.small_print.fontMetrics().height() * 7


def test_stale_and_empty_are_said(panel: WhyPanel) -> None:
    panel.mark_stale()
    assert not panel.stale.isVisible()
    assert panel.empty.isVisible()
    panel.show_prediction(make_prediction())
    panel.mark_stale()
    assert panel.stale.isVisible()
    panel.show_prediction(make_prediction())
    assert not panel.stale.isVisible()
    panel.clear()
    assert panel.empty.isVisible()
    assert not panel.branches["cnn"].isVisible()


def test_nothing_is_cut_off_in_a_narrow_column(panel: WhyPanel) -> None:
    panel.resize(340, 600)
    panel.show_prediction(make_prediction(), {"dlr": (0.89, 0.81, 0.97)})
    panel.grab()
    assert panel.widget().minimumSizeHint().width() <= panel.viewport().width()
