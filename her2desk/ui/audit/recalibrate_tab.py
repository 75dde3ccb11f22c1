"""Bringing the pack into line with local results: what would change, and the order to do it."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from her2desk.errors import Her2DeskError, InputRefused
from her2desk.stats.meanings import Figure
from her2desk.texts import tr
from her2desk.ui.audit.page import Page, RecalibrationOrder
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.meaning_mark import titled
from her2desk.ui.widgets.scroll_page import ScrollPage

if TYPE_CHECKING:
    from her2desk.stats.recalibration import Recalibration

INTERCEPT, BOTH = "intercept", "intercept-and-slope"
_EXAMPLES = (0.1, 0.3, 0.5, 0.8)
_FIELD_WIDTH = 100 * GRID


class RecalibrateTab(QScrollArea):
    """``ordered`` carries a ``RecalibrationOrder``; it needs a version, a key, a place and a yes."""

    ordered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page: Page | None = None
        self.intercept = QRadioButton(tr("&Intercept: moves all log-odds alike"))
        self.both = QRadioButton(tr("Intercept and &slope: also spreads or narrows them"))
        self._kinds = QButtonGroup(self)
        self.why_not, self.change, self.slope = wrapped(role="muted"), wrapped(), wrapped()
        self.examples = wrapped(role="muted")
        self.version, self.key, self.passphrase, self.out = (QLineEdit() for _ in range(4))
        self.choose_key, self.choose_out = QPushButton(tr("C&hoose…")), QPushButton(tr("Ch&oose…"))
        self.consequence = wrapped(
            tr(
                "A new file is written and signed with your key. The pack in use stays as it is. Nobody "
                "has validated the new probabilities on other patients."
            )
        )
        self.confirmed = QCheckBox(tr("&Yes, I want this new version"))
        self.caution = wrapped(
            tr(
                "This pack has fallen behind here. Recalibration moves probabilities; it does not make "
                "the pack tell patients apart better."
            ),
            "warning",
        )
        self.write = QPushButton(tr("&Write the new version"))
        self.state = wrapped()
        self.form = QWidget()
        self._arrange()
        self._kinds.buttonToggled.connect(self._show_change)
        for field in (self.version, self.key, self.out):
            field.textChanged.connect(self._refresh)
        self.confirmed.toggled.connect(self._refresh)
        self.choose_key.clicked.connect(self._ask_key)
        self.choose_out.clicked.connect(self._ask_out)
        self.write.clicked.connect(self._order)

    def set_page(self, page: Page) -> None:
        """Offer what this audit's results allow."""
        self._page = page
        self.caution.setVisible(str(page.audit.verdict.standing) == "fallen-behind")
        can_slope = not isinstance(page.recalibrations[BOTH], InputRefused)
        self.both.setEnabled(can_slope)
        if not can_slope:
            self.intercept.setChecked(True)
        refusal = page.recalibrations[BOTH]
        self.why_not.setText(refusal.message.text() if isinstance(refusal, InputRefused) else "")
        self.why_not.setVisible(isinstance(refusal, InputRefused))
        self.version.setPlaceholderText(f"{page.audit.pack.identity.version}-local")
        self._show_change()

    def kind(self) -> str:
        """Which kind is chosen."""
        return BOTH if self.both.isChecked() else INTERCEPT

    def set_written(self, path: Path) -> None:
        """Say that the new pack is there; another needs another yes."""
        self.state.setText(
            tr(
                "Written and signed: {path}. It is not in use: open it as any pack when you decide to."
            ).format(path=path)
        )
        set_role(self.state, "")
        self.confirmed.setChecked(False)

    def set_refused(self, error: Her2DeskError) -> None:
        """Say why nothing was written."""
        self.state.setText(str(error))
        set_role(self.state, "warning")
        self._refresh()

    def _show_change(self) -> None:
        page = self._page
        if page is None:
            return
        from her2desk.audit.words import fit_sentences, slope_sentence

        found = page.recalibrations[self.kind()]
        self.form.setVisible(not isinstance(found, InputRefused))
        self.slope.setVisible(not isinstance(found, InputRefused))
        self.slope.setText(slope_sentence(page.slope_test).text())
        if isinstance(found, InputRefused):
            self.change.setText(str(found))
            self.examples.setText("")
            return
        self.change.setText(" ".join(message.text() for message in fit_sentences(found)))
        self.examples.setText(_examples(found))
        self._refresh()

    def _refresh(self) -> None:
        given = all(field.text().strip() for field in (self.version, self.key, self.out))
        self.write.setEnabled(given and self.confirmed.isChecked())

    def _order(self) -> None:
        self.state.setText(tr("Writing…"))
        set_role(self.state, "")
        self.write.setEnabled(False)
        self.ordered.emit(
            RecalibrationOrder(
                self.kind(),
                self.version.text(),
                Path(self.key.text()),
                self.passphrase.text(),
                Path(self.out.text()),
            )
        )

    def _ask_key(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, tr("Private key"))
        if chosen:
            self.key.setText(chosen)

    def _ask_out(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("New pack"), "", tr("Model packs") + " (*.h2pack)"
        )
        if chosen:
            self.out.setText(chosen if chosen.endswith(".h2pack") else f"{chosen}.h2pack")

    def _arrange(self) -> None:
        for button in (self.intercept, self.both):
            self._kinds.addButton(button)
        self.intercept.setChecked(True)
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setPlaceholderText(tr("only where the key has one"))
        set_role(self.write, "primary")
        inside = ScrollPage()
        column = QVBoxLayout(inside)
        column.setContentsMargins(6 * GRID, 5 * GRID, 6 * GRID, 5 * GRID)
        column.setSpacing(3 * GRID)
        column.addWidget(titled(tr("What would change"), Figure.RECALIBRATION))
        column.addWidget(self.caution)
        column.addWidget(self.intercept)
        column.addWidget(self.both)
        for words in (self.why_not, self.change, self.examples, self.slope):
            column.addWidget(words)
        self._arrange_form()
        column.addWidget(self.form)
        column.addWidget(self.state)
        column.addStretch(1)
        self.setWidget(inside)
        self._refresh()

    def _arrange_form(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(2 * GRID)
        fields = (
            (tr("&Version"), self.version, None),
            (tr("Private &key"), self.key, self.choose_key),
            (tr("&Passphrase"), self.passphrase, None),
            (tr("&New file"), self.out, self.choose_out),
        )
        for row, (title, field, button) in enumerate(fields):
            label = QLabel(title)
            label.setBuddy(field)
            field.setAccessibleName(title.replace("&", ""))
            field.setMinimumWidth(_FIELD_WIDTH)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            if button is not None:
                button.setAccessibleName(tr("Choose: {field}").format(field=title.replace("&", "")))
                grid.addWidget(button, row, 2)
        grid.setColumnStretch(3, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.write)
        buttons.addStretch(1)
        column = QVBoxLayout(self.form)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(3 * GRID)
        column.addLayout(grid)
        column.addWidget(self.consequence)
        column.addWidget(self.confirmed)
        column.addLayout(buttons)


def _examples(found: "Recalibration") -> str:
    """What a few probabilities become."""
    from her2desk.domain.log_odds import logit, sigmoid
    from her2desk.stats.counts import percent

    said = tr("{before} % becomes {after} %")
    return " · ".join(
        said.format(before=percent(p), after=percent(sigmoid(float(found.apply(logit(p))))))
        for p in _EXAMPLES
    )
