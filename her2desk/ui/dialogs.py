"""The dialogs of the main window: choosing files, and the list of keys."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from her2desk.errors import Her2DeskError
from her2desk.texts import tr, trn
from her2desk.ui.shortcuts_dialog import ShortcutsDialog, answer_rows, drawing_rows, rows_of

IMAGE_FILTER = "*.dcm *.dicom *.png *.jpg *.jpeg *.zip *"


class Dialogs:
    """Opens them over one window; a file that was not chosen is None."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self.shortcuts: ShortcutsDialog | None = None

    def files_to_import(self) -> list[Path]:
        """Ultrasound files; none where nothing was chosen."""
        names, _ = QFileDialog.getOpenFileNames(
            self._parent,
            tr("Import ultrasound files"),
            "",
            tr("Ultrasound files") + f" ({IMAGE_FILTER})",
        )
        return [Path(name) for name in names]

    def pack(self) -> Path | None:
        """Another model pack."""
        name, _ = QFileDialog.getOpenFileName(
            self._parent, tr("Open a model pack"), "", tr("Model packs") + " (*.h2pack)"
        )
        return Path(name) if name else None

    def outline_to_open(self) -> Path | None:
        """An outline of the present image, in any form that is read."""
        name, _ = QFileDialog.getOpenFileName(
            self._parent,
            tr("Open an outline"),
            "",
            tr("Outlines") + " (*.json *.png *.nii *.nii.gz *.dcm *)",
        )
        return Path(name) if name else None

    def place_of_outline(self, case_id: int) -> Path | None:
        """Where to save the outline; the name's ending says in which form."""
        forms = (
            tr("Outline") + " (*.json)",
            tr("Mask picture") + " (*.png)",
            tr("NIfTI mask for ITK-SNAP") + " (*.nii.gz)",
            tr("DICOM segmentation") + " (*.dcm)",
        )
        name, chosen = QFileDialog.getSaveFileName(
            self._parent, tr("Save the outline"), f"case-{case_id:04d}.json", ";;".join(forms)
        )
        if not name:
            return None
        ending = chosen[chosen.rfind("*") + 1 : -1] or ".json"
        path = Path(name)
        return path if path.suffix else path.with_name(path.name + ending)

    def place_of_nomogram(self, kind: str) -> Path | None:
        """Where to save the nomogram as ``kind`` (the file's ending)."""
        name, _ = QFileDialog.getSaveFileName(
            self._parent, tr("Save the nomogram"), f"nomogram.{kind}", f"{kind.upper()} (*.{kind})"
        )
        return Path(name) if name else None

    def place_of_picture(self, stem: str) -> Path | None:
        """Where to save a picture as PNG."""
        name, _ = QFileDialog.getSaveFileName(
            self._parent, tr("Save picture"), f"{stem}.png", "PNG (*.png)"
        )
        if not name:
            return None
        path = Path(name)
        is_png = path.suffix.lower() == ".png"
        return path if is_png else path.with_name(path.name + ".png")

    def may_lose(self, count: int, why: Her2DeskError) -> bool:
        """Whether to close although so many changes cannot be saved; asks, as something would be lost."""
        box = QMessageBox(self._parent)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(tr("Not saved"))
        box.setText(trn("{n} change is not saved.", "{n} changes are not saved.", count))
        box.setInformativeText(str(why))
        stay = box.addButton(tr("Try again"), QMessageBox.ButtonRole.RejectRole)
        lose = box.addButton(tr("Close and lose them"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is lose

    def show_shortcuts(self, window: Sequence[QAction], image: Sequence[QAction]) -> None:
        """Every key in one list, beside the window."""
        if self.shortcuts is None:
            groups = [
                (tr("Window"), rows_of(window)),
                (tr("Answer"), answer_rows()),
                (tr("Image"), rows_of(image)),
                (tr("While drawing"), drawing_rows()),
            ]
            self.shortcuts = ShortcutsDialog(groups, self._parent)
        self.shortcuts.show()
        self.shortcuts.activateWindow()

    def forget_shortcuts(self) -> None:
        """The keys have changed: the list is made anew when it is next asked for."""
        before, self.shortcuts = self.shortcuts, None
        if before is not None:
            before.close()
            before.deleteLater()
