"""All that the main window knows of help: pages, tour, sample cases, what is new, about."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from her2desk import __version__
from her2desk.ui.help.news import NewsNotice, is_upgraded
from her2desk.ui.help.pages import page_of
from her2desk.ui.opened_case import OpenCase

if TYPE_CHECKING:
    from her2desk.settings import Settings
    from her2desk.ui.help.about import AboutDialog
    from her2desk.ui.help.help_window import HelpWindow
    from her2desk.ui.help.samples import SampleCases
    from her2desk.ui.help.tour import Tour
    from her2desk.ui.main_window import MainWindow

SIMULATED = "PH-"  # how the patient numbers of simulated cases begin


class HelpDesk(QObject):
    """Each part is loaded when it is first asked for.

    ``kept`` carries settings to keep, ``files_made`` sample files to import, ``refused`` an error.
    """

    kept = Signal(object)
    files_made = Signal(object)
    refused = Signal(object)

    def __init__(self, window: "MainWindow", library_dir: Path, settings_file: Path) -> None:
        super().__init__(window)
        self._main = window
        self._places = library_dir, settings_file
        self.news = NewsNotice()
        self.window: HelpWindow | None = None
        self.tour: Tour | None = None
        self.about: AboutDialog | None = None
        self._samples: SampleCases | None = None
        self._is_by_itself = False
        self.news.wanted.connect(self.show_news)
        self.news.seen.connect(lambda: self._keep(news_seen=__version__))

    def greet(self, settings: "Settings", *, has_cases: bool) -> None:
        """After the first paint: the tour on the very first start, what is new after an upgrade."""
        if is_upgraded(settings.news_seen, has_cases=has_cases):
            self.news.announce()
        elif settings.news_seen != __version__:
            self._keep(news_seen=__version__)
        if not settings.tour_done and not has_cases:
            self.take_tour()
            self._is_by_itself = True

    def open(self) -> None:
        """The page of the place that has the keyboard."""
        self.show_page(page_of(QApplication.focusWidget() or QApplication.activeWindow()))

    def show_page(self, address: str) -> None:
        """A page of the help, beside whatever is open; over a dialog that blocks, a window of its own."""
        dialog = QApplication.activeModalWidget()
        if dialog is not None:
            window = self._made(dialog)
            window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        else:
            if self.window is None:
                self.window = self._made(None)
            else:
                self.window.reload()
            window = self.window
        window.show()
        window.show_page(address)
        window.activateWindow()
        window.browser.setFocus()

    def serve(self, dialog: QWidget) -> None:
        """Let F1 open the help over a dialog that blocks the main window."""
        key = QShortcut(QKeySequence(Qt.Key.Key_F1), dialog)
        key.activated.connect(self.open)

    def show_news(self) -> None:
        """What changed with this version."""
        self.show_page("changelog")
        if self.window is not None:
            self.window.show_version(__version__)
        self._keep(news_seen=__version__)

    def take_tour(self) -> None:
        """The five steps, from the first."""
        from her2desk.ui.help.tour import Tour, steps_of

        if self.tour is None:
            self.tour = Tour(self._main, steps_of(self._main))
            self.tour.ended.connect(self._end_tour)
        self._is_by_itself = False
        self.tour.start()

    def leave_patient_alone(self, case: OpenCase) -> None:
        """A tour that came by itself goes when a patient's case is opened."""
        is_sample = case.image.patient_id.startswith(SIMULATED)
        if self.tour is not None and self._is_by_itself and not is_sample:
            self.tour.stop()

    def load_samples(self) -> None:
        """Make sample cases and hand them over."""
        from her2desk.ui.help.samples import SampleCases

        if self._samples is None:
            self._samples = SampleCases(self)
            self._samples.made.connect(self.files_made)
            self._samples.refused.connect(self.refused)
        self._samples.make()

    def forget_samples(self) -> None:
        """What was imported is in the library."""
        if self._samples is not None:
            self._samples.forget()

    @property
    def samples_are_there(self) -> bool:
        """Whether sample files are being made or imported."""
        return self._samples is not None and self._samples.is_busy

    def show_about(self) -> None:
        """Version, licence and places."""
        from her2desk.ui.help.about import AboutDialog

        if self.about is None:
            self.about = AboutDialog(*self._places, self._main)
        self.about.show()
        self.about.activateWindow()

    def dress_again(self) -> None:
        """The theme has changed."""
        if self.window is not None and self.window.isVisible():
            self.window.reload()

    def close(self) -> None:
        """Close the help with the main window."""
        if self.tour is not None:
            self.tour.stop()
        if self._samples is not None:
            self._samples.close()
        if self.window is not None:
            self.window.close()

    def _made(self, parent: QWidget | None) -> "HelpWindow":
        from her2desk.ui.help.help_window import HelpWindow

        return HelpWindow(_in_browser, parent)

    def _end_tour(self, for_good: bool) -> None:
        if for_good:
            self._keep(tour_done=True)

    def _keep(self, **choice: object) -> None:
        self.kept.emit(choice)


def _in_browser(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))
