"""The first step to a pack: choose a cohort, and hear what is in it and what is wrong with it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QWidget

from her2desk.texts import tr, trn
from her2desk.ui.training.cohort_start import CohortStart
from her2desk.ui.training.documents import CohortCheck
from her2desk.ui.training.source_page import Found, SourcePage, SourceWords
from her2desk.ui.training.words import images_sentence, patients_sentence

TABLE_NAME = "cohort.csv"


class CohortPage(SourcePage):
    """A cohort is a folder; its table stands for it."""

    def __init__(self, open_url: Callable[[QUrl], object], parent: QWidget | None = None) -> None:
        self.start = CohortStart(open_url)
        words = SourceWords(
            name=tr("Cohort folder"),
            placeholder=tr("Folder with cohort.csv"),
            tip=tr("The cohort's folder; Enter looks at it"),
            choose_tip=tr("Choose the cohort's folder; it is only read"),
            choose_title=tr("Choose the cohort's folder"),
            looking=tr("Looking at the cohort; nothing is changed."),
            where=tr("Column"),
        )
        super().__init__(words, self.start, _folder_of, _described, parent)


def _folder_of(path: Path) -> Path | None:
    if path.name == TABLE_NAME:
        return path.parent
    return path if path.is_dir() else None


def _described(check: CohortCheck) -> Found:
    return Found(
        patients_sentence(check),
        images_sentence(check),
        _verdict(check),
        check.is_usable,
        check.findings,
    )


def _verdict(check: CohortCheck) -> str:
    errors = sum(finding.is_error for finding in check.findings)
    notices = len(check.findings) - errors
    if not check.is_usable:
        if not errors:
            return tr("This cohort cannot be used as it is.")
        return trn(
            "{n} error must be put right before this cohort can be used.",
            "{n} errors must be put right before this cohort can be used.",
            errors,
        )
    if notices:
        return trn(
            "This cohort can be used. {n} notice is worth a look.",
            "This cohort can be used. {n} notices are worth a look.",
            notices,
        )
    return tr("This cohort can be used; nothing was found that speaks against it.")
