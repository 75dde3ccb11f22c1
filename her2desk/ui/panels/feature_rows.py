"""The radiomics features that lie furthest from the pack's training mean."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from her2desk.domain.prediction import FeatureContribution
from her2desk.texts import tr
from her2desk.ui.panels.why_words import features_note
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import ElidedLabel, wrapped
from her2desk.ui.widgets.row_pool import RowPool, column_of
from her2desk.ui.widgets.share_bar import ShareBar

MOST_FEATURES = 10
_Z_SCALE = 4.0


class FeatureRow(QWidget):
    """One feature: name, value, and how many standard deviations from the training mean."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ElidedLabel()
        self.value = QLabel()
        set_role(self.value, "muted")
        self.z_score = QLabel()
        self.bar = ShareBar(-_Z_SCALE, _Z_SCALE, 0)
        self.mark = QLabel(tr("outside the training range"))
        set_role(self.mark, "warning")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.setColumnMinimumWidth(1, GRID * 18)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.value, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.bar, 1, 0)
        grid.addWidget(self.z_score, 1, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.mark, 2, 0, 1, 2)

    def show_feature(self, feature: FeatureContribution) -> None:
        """Show another feature."""
        self.name.set_full_text(feature.name)
        self.value.setText(f"{feature.value:.4g}")
        self.z_score.setText(tr("{z:+.1f} SD").format(z=feature.z_score))
        self.bar.set_value(feature.z_score, "warning" if feature.is_out_of_range else "accent")
        self.mark.setVisible(feature.is_out_of_range)
        text = f"{feature.name}: {self.value.text()}, {self.z_score.text()}"
        if feature.is_out_of_range:
            text = f"{text}, {self.mark.text()}"
        self.setAccessibleName(text)


class FeatureRows(QWidget):
    """The furthest ten, the furthest first; those outside the training range are never left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = wrapped(role="muted")
        self._shown: tuple[FeatureContribution, ...] | None = None
        self._rows = RowPool(FeatureRow, GRID * 2, ready=MOST_FEATURES)
        column = column_of(self, GRID * 2)
        column.addWidget(self.note)
        column.addWidget(self._rows)

    def show_features(self, features: tuple[FeatureContribution, ...]) -> None:
        """Show those of a case; the same again costs nothing."""
        if features == self._shown:
            return
        self._shown = features
        marked_first = sorted(features, key=lambda f: (not f.is_out_of_range, -abs(f.z_score)))
        furthest = sorted(marked_first[:MOST_FEATURES], key=lambda f: -abs(f.z_score))
        for row, feature in zip(self._rows.take(len(furthest)), furthest, strict=True):
            row.show_feature(feature)
        self.note.setText(features_note(features))

    def names(self) -> list[str]:
        """The features listed, furthest from the training mean first."""
        return [row.name.full_text() for row in self._rows.rows()]
