"""The settings that a reader changes, with OK, Cancel and Apply."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from her2desk.settings import Settings
from her2desk.stats.statements import operating_point_name
from her2desk.texts import tr
from her2desk.ui.panels.operating_controls import STANDARD_POINTS
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.inputs import QuietComboBox, QuietDoubleSpinBox
from her2desk.ui.widgets.labels import wrapped

_FIRST_PREVALENCE = 20.0
ENGLISH_ONLY = (("en", "English"),)


class SettingsDialog(QDialog):
    """Shows settings and gives back changed ones; it stores nothing itself.

    Parameters
    ----------
    languages : (code, name in that language); the row is left out where there is one only.
    """

    settings_applied = Signal(object)

    def __init__(
        self,
        settings: Settings,
        parent: QWidget | None = None,
        languages: Sequence[tuple[str, str]] = ENGLISH_ONLY,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle(tr("Settings"))
        self.theme = _chooser(
            [("dark", tr("Dark")), ("light", tr("Light")), ("system", tr("As the system"))]
        )
        self.language = _chooser(list(languages))
        self.device = _chooser(
            [
                ("auto", tr("Automatic")),
                ("cuda", tr("NVIDIA GPU (CUDA)")),
                ("cuda-half", tr("NVIDIA GPU (CUDA), half precision")),
                ("mps", tr("Apple GPU (MPS)")),
                ("cpu", tr("CPU")),
            ]
        )
        points = [(name, operating_point_name(name).text()) for name in STANDARD_POINTS]
        self.operating_point = _chooser(points)
        self.own_prevalence = QCheckBox(tr("My patients differ:"))
        self.prevalence = QuietDoubleSpinBox()
        self.reader = QLineEdit()
        self.read_first = QCheckBox(tr("Ask for my own impression first"))
        standard = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(standard.Ok | standard.Cancel | standard.Apply)
        self._name_buttons()
        self._arrange(len(languages) > 1)
        self._show(settings)
        self._connect()
        self._check()

    def settings(self) -> Settings:
        """The settings as the dialog shows them."""
        self.prevalence.interpretText()  # a number still being typed counts
        share = self.prevalence.value() / 100 if self.own_prevalence.isChecked() else None
        return replace(
            self._settings,
            theme=str(self.theme.currentData()),
            language=str(self.language.currentData()),
            device=str(self.device.currentData()),
            operating_point=str(self.operating_point.currentData()),
            local_prevalence=share,
            reader=self.reader.text().strip(),
            read_first=self.read_first.isChecked(),
        )

    def _show(self, settings: Settings) -> None:
        for chooser, value in (
            (self.theme, settings.theme),
            (self.language, settings.language),
            (self.device, settings.device),
            (self.operating_point, settings.operating_point),
        ):
            chooser.setCurrentIndex(max(chooser.findData(value), 0))
        share = settings.local_prevalence
        self.own_prevalence.setChecked(share is not None)
        self.prevalence.setEnabled(share is not None)
        self.prevalence.setValue(_FIRST_PREVALENCE if share is None else 100 * share)
        self.reader.setText(settings.reader)
        self.read_first.setChecked(settings.read_first)

    def _connect(self) -> None:
        self.own_prevalence.toggled.connect(self.prevalence.setEnabled)
        self.reader.textChanged.connect(self._check)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        apply = self.buttons.button(QDialogButtonBox.StandardButton.Apply)
        apply.clicked.connect(self._apply)

    def _check(self) -> None:
        """A reader needs a name: two readers are told apart by it."""
        has_name = bool(self.reader.text().strip())
        standard = QDialogButtonBox.StandardButton
        for button in (standard.Ok, standard.Apply):
            self.buttons.button(button).setEnabled(has_name)
        self.name_missing.setVisible(not has_name)

    def _apply(self) -> None:
        self._settings = self.settings()
        self.settings_applied.emit(self._settings)

    def _accept(self) -> None:
        self._apply()
        self.accept()

    def _name_buttons(self) -> None:
        standard = QDialogButtonBox.StandardButton
        names = {
            standard.Ok: (tr("OK"), tr("Use these settings and close.")),
            standard.Cancel: (tr("Cancel"), tr("Close without these changes.")),
            standard.Apply: (tr("Apply"), tr("Use these settings and stay here.")),
        }
        for which, (text, hint) in names.items():
            button = self.buttons.button(which)
            button.setText(text)
            button.setToolTip(hint)

    def _arrange(self, has_languages: bool) -> None:
        self.prevalence.setRange(0.1, 99.9)
        self.prevalence.setDecimals(1)
        self.prevalence.setSuffix("\u00a0%")
        self.prevalence.setAccessibleName(tr("Local prevalence of HER-2 positive"))
        self.name_missing = wrapped(
            tr("Give a name, so that readers can be told apart."), "warning"
        )
        share = QHBoxLayout()
        share.setSpacing(GRID * 2)
        share.addWidget(self.own_prevalence)
        share.addWidget(self.prevalence)
        share.addStretch()
        form = QFormLayout()
        form.setHorizontalSpacing(GRID * 4)
        form.setVerticalSpacing(GRID * 3)
        form.addRow(tr("&Theme"), self.theme)
        if has_languages:
            form.addRow(tr("&Language"), self.language)
        form.addRow(tr("&Device"), self.device)
        form.addRow(tr("&Operating point"), self.operating_point)
        form.addRow(tr("Prevalence of HER-2 positive"), share)
        form.addRow(tr("&Reader"), self.reader)
        form.addRow("", self.name_missing)
        form.addRow("", self.read_first)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 5, GRID * 5, GRID * 5, GRID * 5)
        column.setSpacing(GRID * 4)
        column.addLayout(form)
        column.addWidget(
            wrapped(
                tr(
                    "Without a prevalence of your own, the estimate holds for the mix of patients "
                    "that the pack was built from."
                ),
                "muted",
            )
        )
        column.addStretch()
        column.addWidget(self.buttons)
        self.setMinimumWidth(GRID * 120)


def _chooser(items: list[tuple[str, str]]) -> QuietComboBox:
    chooser = QuietComboBox()
    for value, text in items:
        chooser.addItem(text, value)
    return chooser
