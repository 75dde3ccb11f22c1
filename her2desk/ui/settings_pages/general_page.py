"""Language, theme, and who reads."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from her2desk.languages import LANGUAGES, SYSTEM
from her2desk.settings import Settings
from her2desk.texts import tr
from her2desk.ui.settings_pages.form import SettingsForm, choose, chooser
from her2desk.ui.settings_pages.surroundings import Surroundings
from her2desk.ui.widgets.labels import wrapped


class GeneralPage(QWidget):
    """``changed`` comes where the reader's name does: without one nothing can be applied."""

    changed = Signal()

    def __init__(self, around: Surroundings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.language = chooser(
            [
                (SYSTEM, tr("As the system")),
                *((language.code, language.name) for language in LANGUAGES),
            ],
            tr("Language"),
        )
        self.theme = chooser(
            [("dark", tr("Dark")), ("light", tr("Light")), ("system", tr("As the system"))],
            tr("Theme"),
        )
        self.reader = QLineEdit()
        self.reader.setAccessibleName(tr("Reader"))
        self.read_first = QCheckBox(tr("Ask for my own impression first"))
        self.name_missing = wrapped(
            tr("Give a name, so that readers can be told apart."), "warning"
        )
        form = SettingsForm()
        form.add(tr("&Language"), [self.language], around.lock_of("language"))
        form.add(tr("&Theme"), [self.theme], around.lock_of("theme"))
        form.add(tr("&Reader"), [self.reader], around.lock_of("reader"), said=[self.name_missing])
        form.add(
            "",
            [self.read_first],
            around.lock_of("read_first"),
            said=[
                wrapped(
                    tr("The answer then stays hidden until you have said what you think."), "muted"
                )
            ],
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addStretch()
        self.reader.textChanged.connect(self._check)

    @property
    def is_complete(self) -> bool:
        """Whether the reader has a name: two readers are told apart by it."""
        return bool(self.reader.text().strip())

    def show_settings(self, settings: Settings) -> None:
        """Show these."""
        choose(self.language, settings.language)
        choose(self.theme, settings.theme)
        self.reader.setText(settings.reader)
        self.read_first.setChecked(settings.read_first)
        self._check()

    def over(self, settings: Settings) -> Settings:
        """``settings`` with what this page shows."""
        return replace(
            settings,
            language=str(self.language.currentData()),
            theme=str(self.theme.currentData()),
            reader=self.reader.text().strip(),
            read_first=self.read_first.isChecked(),
        )

    def _check(self) -> None:
        self.name_missing.setVisible(not self.is_complete)
        self.changed.emit()
