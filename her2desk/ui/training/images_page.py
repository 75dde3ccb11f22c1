"""The first step to an enhancer: choose a folder of images, and hear which of them can be learnt from."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from her2desk.texts import tr, trn
from her2desk.ui.training.enhancer_documents import ImagesCheck
from her2desk.ui.training.images_start import ImagesStart
from her2desk.ui.training.source_page import Found, SourcePage, SourceWords


class ImagesPage(SourcePage):
    """A folder of DICOM files, or of a cohort."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.start = ImagesStart()
        words = SourceWords(
            name=tr("Folder of images"),
            placeholder=tr("Folder with images of several patients"),
            tip=tr("The folder of images; Enter looks at it"),
            choose_tip=tr("Choose the folder of images; it is only read"),
            choose_title=tr("Choose the folder of images"),
            looking=tr("Looking at the images; nothing is changed."),
            where=tr("File"),
        )
        super().__init__(words, self.start, _folder_of, _described, parent)


def _folder_of(path: Path) -> Path | None:
    return path if path.is_dir() else None


def _described(check: ImagesCheck) -> Found:
    counted = tr("{images} of {patients}").format(
        images=trn("{n} image", "{n} images", check.images),
        patients=trn("{n} patient", "{n} patients", check.patients),
    )
    apart = trn(
        "{n} patient will be held out, and only measured on",
        "{n} patients will be held out, and only measured on",
        check.held_out_patients,
    )
    return Found(counted, apart, _verdict(check), check.is_usable, check.findings)


def _verdict(check: ImagesCheck) -> str:
    if not check.is_usable:
        return tr("An enhancer cannot be trained on these images as they are.")
    left_out = len(check.findings)
    if left_out:
        return trn(
            "These images can be used. {n} file is left out, for the reason below.",
            "These images can be used. {n} files are left out, for the reasons below.",
            left_out,
        )
    return tr("These images can be used; none is left out.")
