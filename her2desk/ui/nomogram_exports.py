"""Saving and printing the nomogram on screen."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from her2desk.domain.prediction import Prediction
from her2desk.errors import Her2DeskError
from her2desk.ui.dialogs import Dialogs
from her2desk.ui.exporting import bedside_picture, write_bedside, write_nomogram
from her2desk.ui.jobs import Background
from her2desk.ui.panels.nomogram_view import BEDSIDE, BEDSIDE_WITH_PATIENT, PRINT, NomogramView
from her2desk.ui.readings import nomogram_shift

if TYPE_CHECKING:
    from her2desk.inference.nomograms import CaseNomogram


class NomogramExports(QObject):
    """Does what the nomogram's Export menu asks for, in the background.

    ``prediction`` gives the answer on screen, ``written`` is told a file's path, ``failed`` an error.
    ``today`` gives the date that is printed on the page.
    """

    def __init__(
        self,
        view: NomogramView,
        prediction: Callable[[], Prediction | None],
        dialogs: Dialogs,
        background: Background,
        written: Callable[[str], None],
        failed: Callable[[Her2DeskError], None],
        today: Callable[[], date] = date.today,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._prediction = prediction
        self._dialogs = dialogs
        self._background = background
        self._written = written
        self._failed = failed
        self._today = today
        view.export_requested.connect(self.export)

    def export(self, kind: str) -> None:
        """Save or print what the view shows, as one of its kinds."""
        nomogram, prediction = self._view.nomogram(), self._prediction()
        if nomogram is None or nomogram.geometry is None or prediction is None:
            return
        if kind == PRINT:
            self._print(nomogram, prediction)
            return
        is_page = kind in (BEDSIDE, BEDSIDE_WITH_PATIENT)
        path = self._dialogs.place_of_nomogram("pdf" if is_page else kind)
        if path is None:
            return
        tried, printed = self._view.what_if(), self._today().isoformat()

        def write() -> Path:
            if is_page:
                on_it = kind == BEDSIDE_WITH_PATIENT
                page = bedside_picture(
                    nomogram, prediction, printed, with_patient=on_it, tried=tried
                )
                write_bedside(path, page)
            else:
                write_nomogram(path, nomogram, tried, nomogram_shift(prediction))
            return path

        self._background.run(write, lambda done: self._written(str(done)), self._failed)

    def _print(self, nomogram: "CaseNomogram", prediction: Prediction) -> None:
        from her2desk.ui.printing import ask_printer, page_printer, print_picture

        printer = page_printer()
        if not ask_printer(printer, self._view.window()):
            return
        printed = self._today().isoformat()

        def send(page: bytes) -> None:
            try:
                print_picture(page, printer)
            except Her2DeskError as error:
                self._failed(error)

        self._background.run(
            lambda: bedside_picture(nomogram, prediction, printed, kind="png"), send, self._failed
        )
