"""What an enhancer learns from, before there is anything."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from her2desk.texts import tr
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import wrapped


class ImagesStart(QWidget):
    """The empty state of the first step to an enhancer."""

    choose_requested = Signal()
    help_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel(tr("Drop a folder of ultrasound images here, or choose it"))
        set_role(title, "title")
        self.choose = QPushButton(tr("&Choose a folder…"))
        self.choose.setToolTip(tr("Choose the folder of images; it is only read"))
        set_role(self.choose, "primary")
        self.measured = QPushButton(tr("Off by default: see what was measured"))
        self.measured.setToolTip(tr("Open the figures in the help"))
        set_role(self.measured, "link")
        row = QHBoxLayout()
        row.setSpacing(3 * GRID)
        row.addWidget(self.choose)
        row.addWidget(self.measured)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4 * GRID, 0, 0)
        column.setSpacing(3 * GRID)
        column.addWidget(title)
        for line in _lines():
            column.addWidget(wrapped(line))
        column.addLayout(row)
        column.addStretch(1)
        self.choose.clicked.connect(self.choose_requested)
        self.measured.clicked.connect(self.help_requested)


def _lines() -> list[str]:
    return [
        tr(
            "An enhancer is a small network that enlarges a picture four times. It learns from "
            "pictures that are made four times smaller, and is then measured on patients whom it "
            "has not seen. The pictures stay on this computer."
        ),
        tr(
            "The folder holds DICOM files, whose PatientID says whose each picture is, or it is a "
            "cohort: of its cohort.csv only the patient, the image and the frame are read. At least "
            "4 patients; many patients are better than many pictures of a few."
        ),
        tr(
            "A pack that enhances by it refuses every patient that it learnt from: keep the "
            "patients of a cohort that you want to build on out of this folder."
        ),
    ]
