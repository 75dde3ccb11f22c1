"""Fields with what is wrong with each beside it, and the files that encryption needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.dicom.pacs.nodes import Problem, TlsChoice
from her2desk.texts import tr
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.remark import Remark

PORT_DIGITS = 5


class Field(QWidget):
    """An input with room under it for what is wrong with it."""

    def __init__(self, editor: QWidget, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.editor.setAccessibleName(name)
        self.problem = Remark()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(editor)
        column.addWidget(self.problem)
        self.say("")

    def say(self, problem: str) -> None:
        """Show what is wrong; nothing where nothing is."""
        self.problem.say(problem, bool(problem))
        self.problem.setVisible(bool(problem))
        self.editor.setAccessibleDescription(problem)


def line(name: str, longest: int = 255) -> Field:
    """A field of one line."""
    edit = QLineEdit()
    edit.setMaxLength(longest)
    return Field(edit, name)


def text_of(field: Field) -> str:
    """What a field of one line says."""
    editor = field.editor
    return editor.text().strip() if isinstance(editor, QLineEdit) else ""


def set_text(field: Field, text: str) -> None:
    """Have a field of one line say ``text``."""
    if isinstance(field.editor, QLineEdit):
        field.editor.setText(text)


def port_of(field: Field) -> int:
    """The port in a field; 0 where it is no number."""
    text = text_of(field)
    return int(text) if text.isascii() and text.isdigit() else 0


def show_problems(fields: dict[str, Field], problems: Iterable[Problem]) -> None:
    """Say of each field what is wrong with it, and go to the first of them."""
    said = {problem.field: problem.message.text() for problem in problems}
    for name, field in fields.items():
        field.say(said.get(name, ""))
    first = next((field for name, field in fields.items() if name in said), None)
    if first is not None:
        first.editor.setFocus()


def form_layout() -> QFormLayout:
    """Labels beside fields, as everywhere in the program."""
    form = QFormLayout()
    form.setHorizontalSpacing(GRID * 4)
    form.setVerticalSpacing(GRID * 2)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    return form


class FileChoice(QWidget):
    """A file by its path, typed or looked for."""

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit()
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(tr("none"))
        self.browse = QPushButton(tr("Choose…"))
        self.browse.setAccessibleName(tr("Choose: {name}").format(name=name))
        self._name = name
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.edit, 1)
        row.addWidget(self.browse)
        self.browse.clicked.connect(self._ask)
        self.edit.textChanged.connect(lambda _text: self.changed.emit())
        self.setFocusProxy(self.edit)

    def path(self) -> Path | None:
        """The file; None where there is none."""
        text = self.edit.text().strip()
        return Path(text) if text else None

    def set_path(self, path: Path | None) -> None:
        """Show a file."""
        self.edit.setText("" if path is None else str(path))

    def _ask(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, self._name, "", tr("Certificates and keys") + " (*.pem *.crt *.cer *.key);;* (*)"
        )
        if chosen:
            self.edit.setText(chosen)


@dataclass(frozen=True)
class TlsWords:
    """What the encryption of one side is called: ours, or an archive's.

    ``nobody`` is what it means to name no authority; ``has_name`` whether a host is compared.
    """

    switch: str
    authority: str
    nobody: str
    has_name: bool


class TlsFields(QWidget):
    """Whether a connection is encrypted, and with which files; those only where it is."""

    def __init__(self, words: TlsWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.encrypted = QCheckBox(words.switch)
        self.authority = FileChoice(words.authority)
        self.authority.edit.setPlaceholderText(words.nobody)
        self.certificate = FileChoice(tr("This computer's certificate"))
        self.key = FileChoice(tr("Its key"))
        self.checks_name = QCheckBox(tr("Compare the host's name with the certificate"))
        self._files = QWidget()
        form = form_layout()
        form.setContentsMargins(GRID * 5, 0, 0, 0)
        self._files.setLayout(form)
        form.addRow(words.authority, self.authority)
        form.addRow(tr("This computer's certificate"), self.certificate)
        form.addRow(tr("Its key"), self.key)
        if words.has_name:
            form.addRow("", self.checks_name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID * 2)
        column.addWidget(self.encrypted)
        column.addWidget(self._files)
        self.encrypted.toggled.connect(self._files.setVisible)
        self.setFocusProxy(self.encrypted)
        self.set_choice(None)

    def choice(self) -> TlsChoice | None:
        """What is chosen; None where the connection is plain."""
        if not self.encrypted.isChecked():
            return None
        return TlsChoice(
            self.authority.path(),
            self.certificate.path(),
            self.key.path(),
            self.checks_name.isChecked(),
        )

    def set_choice(self, tls: TlsChoice | None) -> None:
        """Show a choice."""
        shown = tls or TlsChoice()
        self.encrypted.setChecked(tls is not None)
        self._files.setVisible(tls is not None)
        self.authority.set_path(shown.authority)
        self.certificate.set_path(shown.certificate)
        self.key.set_path(shown.key)
        self.checks_name.setChecked(shown.checks_name)
