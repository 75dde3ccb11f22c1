"""The file of a trained enhancer: chosen or typed, and read, so that a refusal comes early."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from her2desk.errors import Her2DeskError
from her2desk.paths import ENHANCER_SUFFIX
from her2desk.texts import tr, trn
from her2desk.ui.jobs import Background
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped

if TYPE_CHECKING:
    from her2desk.packs.enhancer_file import EnhancerManifest


class EnhancerFile(QWidget):
    """Says what the enhancer is called once its file was read; only the latest file counts."""

    changed = Signal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._read: Path | None = None  # what ``said`` is about
        self._is_sound = False
        self.path = QLineEdit()
        self.path.setAccessibleName(tr("File of the enhancer"))
        self.path.setPlaceholderText(tr("A file that ends in .h2enhancer"))
        self.path.setToolTip(tr("The enhancer's file; Enter reads it"))
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setToolTip(tr("Choose the enhancer's file; it is only read"))
        self.said = wrapped(role="muted")
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self.path, 1)
        row.addWidget(self.choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self.said)
        self.setFocusProxy(self.path)
        self._say("")
        self.path.textEdited.connect(self._forget)
        self.path.editingFinished.connect(self._take_path)
        self.choose.clicked.connect(self._ask)

    def set_path(self, path: Path | None) -> None:
        """Take this file and read it; None clears the field."""
        self.path.setText("" if path is None else str(path))
        self._forget()
        self._take_path()

    def problem(self) -> str:
        """What keeps it from being used, in a sentence; empty where nothing does."""
        if self._is_sound:
            return ""
        if not self.path.text().strip():
            return tr("Choose the file of the enhancer.")
        if self._read is None:
            return tr("The file of the enhancer has not been read yet.")
        return tr("This enhancer cannot be used: choose another file.")

    def _ask(self) -> None:
        kinds = tr("Enhancers") + f" (*{ENHANCER_SUFFIX})"
        name, _ = QFileDialog.getOpenFileName(self, tr("Enhancer"), self.path.text(), kinds)
        if name:
            self.set_path(Path(name))

    def _forget(self) -> None:
        self._read, self._is_sound = None, False
        self._say("")
        self.changed.emit()

    def _take_path(self) -> None:
        typed = self.path.text().strip()
        path = Path(typed).expanduser()
        if not typed or (self._is_sound and path == self._read):
            return

        def is_latest() -> bool:
            return self.path.text().strip() == typed

        def done(manifest: "EnhancerManifest") -> None:
            if is_latest():
                self._settle(path, _described(manifest), is_sound=True)

        def failed(error: Her2DeskError) -> None:
            if is_latest():
                self._settle(path, str(error), is_sound=False)

        self._background.run(_reading(path), done, failed)

    def _settle(self, path: Path, words: str, *, is_sound: bool) -> None:
        self._read, self._is_sound = path, is_sound
        self._say(words, "muted" if is_sound else "warning")
        self.changed.emit()

    def _say(self, words: str, role: str = "muted") -> None:
        set_role(self.said, role)
        self.said.setText(words)
        self.said.setVisible(bool(words))
        self.path.setAccessibleDescription(words)


def is_enhancer(path: Path) -> bool:
    """Whether a file is called as enhancers are."""
    return path.suffix == ENHANCER_SUFFIX


def _reading(path: Path) -> Callable[[], "EnhancerManifest"]:
    def read() -> "EnhancerManifest":
        from her2desk.packs.enhancer_file import read_enhancer  # pydantic takes a while to load

        return read_enhancer(path).manifest

    return read


def _described(manifest: "EnhancerManifest") -> str:
    """Which enhancer it is and whom it was trained on, in one line."""
    return tr("{name} {version} · ×{scale} · trained on {images} of {patients}").format(
        name=manifest.name,
        version=manifest.version,
        scale=manifest.scale,
        images=trn("{n} image", "{n} images", manifest.training_images),
        patients=trn("{n} patient", "{n} patients", manifest.training_patients),
    )
