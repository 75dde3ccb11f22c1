"""Why the estimate is what it is: branches, features, attention, and how it was computed."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from her2desk import __version__
from her2desk.domain.prediction import BRANCHES, FeatureContribution, Prediction
from her2desk.texts import Message, tr
from her2desk.ui.panels.why_words import (
    attention_meaning,
    attention_sentences,
    branch_name,
    disagreement_sentence,
    small_print,
)
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.collapsible_section import CollapsibleSection
from her2desk.ui.widgets.labels import ElidedLabel, wrapped
from her2desk.ui.widgets.share_bar import ShareBar

MOST_FEATURES = 10
_Z_SCALE = 4.0

AucFigure = tuple[float, float, float]
"""Value, lower and upper end of the 95 % interval."""


class BranchRow(QWidget):
    """One branch: name, number, bar, and its AUC in validation."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = branch_name(name)
        self.value = QLabel()
        self.bar = ShareBar(0, 1, 0)
        self.auc = QLabel()
        set_role(self.auc, "muted")
        title = QLabel(self._name)
        if name == "combined":
            set_role(title, "heading")
            set_role(self.value, "heading")
        head, body = QHBoxLayout(), QHBoxLayout()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self.auc)
        self.value.setMinimumWidth(GRID * 9)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight)
        body.addWidget(self.bar, 1)
        body.addWidget(self.value)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(body)

    def show_branch(self, value: float | None, auc: float | AucFigure | None) -> None:
        """Show a probability (None: this pack has no such branch) and an AUC if there is one."""
        self.value.setText("–" if value is None else f"{value:.2f}")
        self.bar.set_value(value)
        if auc is None:
            self.auc.clear()
        elif isinstance(auc, float):
            self.auc.setText(tr("AUC {value:.2f}").format(value=auc))
        else:
            self.auc.setText(
                tr("AUC {value:.2f} ({lower:.2f}–{upper:.2f})").format(
                    value=auc[0], lower=auc[1], upper=auc[2]
                )
            )
        self.setAccessibleName(f"{self._name}: {self.value.text()}. {self.auc.text()}".strip())


class FeatureRow(QWidget):
    """One feature: name, value, and how many standard deviations from the training mean."""

    def __init__(self, feature: FeatureContribution) -> None:
        super().__init__()
        name = ElidedLabel(feature.name)
        figures = QLabel(f"{feature.value:.4g}")
        set_role(figures, "muted")
        z_score = QLabel(tr("{z:+.1f} SD").format(z=feature.z_score))
        bar = ShareBar(-_Z_SCALE, _Z_SCALE, 0)
        bar.set_value(feature.z_score, "warning" if feature.is_out_of_range else "accent")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.setColumnMinimumWidth(1, GRID * 18)
        grid.addWidget(name, 0, 0)
        grid.addWidget(figures, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(bar, 1, 0)
        grid.addWidget(z_score, 1, 1, Qt.AlignmentFlag.AlignRight)
        text = f"{feature.name}: {feature.value:.4g}, {z_score.text()}"
        if feature.is_out_of_range:
            mark = QLabel(tr("outside the training range"))
            set_role(mark, "warning")
            grid.addWidget(mark, 2, 0, 1, 2)
            text = f"{text}, {mark.text()}"
        self.setAccessibleName(text)


class SmallPrint(QPlainTextEdit):
    """Text to select and copy; long hashes break anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("How it was computed"))
        set_role(self, "small-print")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def setPlainText(self, text: str) -> None:
        super().setPlainText(text)
        self._fit()

    def _fit(self) -> None:
        lines = self.document().size().height()  # in lines, for a plain-text document
        self.setFixedHeight(int(lines * self.fontMetrics().lineSpacing()) + GRID * 5)


class WhyPanel(QScrollArea):
    """Branches, features, attention, patterns and small print of one prediction."""

    heatmap_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.branches = {name: BranchRow(name) for name in BRANCHES}
        self.disagreement = wrapped()
        self.attention = wrapped()
        self.meaning = wrapped(attention_meaning(), "muted")
        self.patterns = wrapped(role="muted")
        self.features_note = wrapped(role="muted")
        self.small_print = SmallPrint()
        self.heatmap = QPushButton(tr("Show the heatmap"))
        self.heatmap.setToolTip(tr("Lay the network's attention over the image (H)."))
        self.empty = wrapped(tr("Draw an outline to see what the estimate is made of."), "muted")
        self.stale = wrapped(tr("Stale: this explains the earlier answer."), "warning")
        self._feature_rows: list[FeatureRow] = []
        self._shown_features: tuple[FeatureContribution, ...] | None = None
        self._features = QVBoxLayout()
        self._content = QWidget()
        self._arrange()
        self.heatmap.clicked.connect(self.heatmap_requested)
        self.clear()

    def clear(self) -> None:
        """Nothing to explain."""
        self._content.hide()
        self.stale.hide()
        self.empty.show()

    def show_prediction(
        self,
        prediction: Prediction,
        validation_auc: Mapping[str, float | AucFigure] | None = None,
        patterns: Sequence[Message] = (),
    ) -> None:
        """Explain ``prediction``.

        Parameters
        ----------
        validation_auc : AUC by branch, with its interval where the pack states one.
        patterns : sentences on patterns of failure (V16), as the readout gives them.
        """
        aucs = validation_auc or {}
        for name, row in self.branches.items():
            row.show_branch(prediction.branches.get(name), aucs.get(name))
        self.disagreement.setText(
            disagreement_sentence(prediction.branches, prediction.readout.operating_point.threshold)
        )
        self.attention.setText("\n".join(attention_sentences(prediction.attention)))
        self.patterns.setText("\n".join(pattern.text() for pattern in patterns))
        self.patterns.setVisible(bool(patterns))
        self.heatmap.setVisible(prediction.heatmap is not None)
        self._show_features(prediction.features)
        self.small_print.setPlainText(small_print(prediction, __version__))
        self.stale.hide()
        self.empty.hide()
        self._content.show()

    def mark_stale(self) -> None:
        """What is explained no longer belongs to the inputs on screen."""
        self.stale.setVisible(not self._content.isHidden())

    def feature_names(self) -> list[str]:
        """The features listed, furthest from the training mean first."""
        return [row.accessibleName().split(":")[0] for row in self._feature_rows]

    def _show_features(self, features: tuple[FeatureContribution, ...]) -> None:
        if features == self._shown_features:
            return  # a dragged threshold shows the same prediction sixty times a second
        self._shown_features = features
        for old in self._feature_rows:
            self._features.removeWidget(old)
            old.deleteLater()
        furthest = sorted(features, key=lambda f: -abs(f.z_score))[:MOST_FEATURES]
        self._feature_rows = [FeatureRow(feature) for feature in furthest]
        for row in self._feature_rows:
            self._features.addWidget(row)
        outside = sum(f.is_out_of_range for f in features)
        self.features_note.setText(
            tr(
                "In standard deviations (SD) from the pack's training mean; {outside} of {total} "
                "lie outside the training range."
            ).format(outside=outside, total=len(features))
        )

    def _arrange(self) -> None:
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Why"))
        heatmap = QHBoxLayout()
        heatmap.addWidget(self.heatmap)
        heatmap.addStretch()
        self._features.setSpacing(GRID * 2)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 3)
        column.addWidget(
            _section(
                tr("Branches and their AUC in validation"),
                [*self.branches.values(), self.disagreement],
            )
        )
        column.addWidget(
            _section(tr("Features furthest from the mean"), [self.features_note, self._features])
        )
        looked: list[QWidget | QHBoxLayout | QVBoxLayout] = [
            self.attention,
            self.meaning,
            self.patterns,
            heatmap,
        ]
        column.addWidget(_section(tr("Where the network looked"), looked))
        column.addWidget(_section(tr("How it was computed"), [self.small_print]))
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(GRID * 4, GRID * 3, GRID * 4, GRID * 3)
        outer.addWidget(self.empty)
        outer.addWidget(self.stale)
        outer.addWidget(self._content)
        outer.addStretch()
        self.setWidget(page)


def _section(title: str, parts: Sequence[QWidget | QHBoxLayout | QVBoxLayout]) -> QWidget:
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID * 2)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    return CollapsibleSection(title, body)
