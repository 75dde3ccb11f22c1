"""Finds cases off the GUI thread, the latest search first, and keeps the list up to date."""

from dataclasses import dataclass

from PySide6.QtCore import QObject

from her2desk.errors import Her2DeskError
from her2desk.store.cases import CaseFilter, CaseSummary
from her2desk.store.library import Library
from her2desk.ui.case_list import CaseList
from her2desk.ui.jobs import Background


@dataclass(frozen=True)
class _Found:
    asked: CaseFilter
    rows: list[CaseSummary]
    total: int


class CaseFinder(QObject):
    """Lists what the search and the filters let through; one search at a time, the last one wins.

    A change of one case renews its row alone: a stroke must not read ten thousand cases again.
    """

    def __init__(self, library: Library, shown: CaseList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._list = shown
        self._background = Background(self)
        self._is_searching = False
        self._again = False
        shown.narrowed.connect(self.search)

    def search(self) -> None:
        """List the cases anew."""
        if self._is_searching:
            self._again = True
            return
        self._is_searching = True
        asked = self._list.asked()

        def work() -> _Found:
            return _Found(asked, self._library.find(asked), self._library.count())

        self._background.run(work, self._take, self._fail)

    def renew(self, case_id: int) -> None:
        """Read one case's row again, as after a stroke."""
        self._background.run(
            lambda: self._library.summary(case_id), self._list.set_case, self._fail
        )

    def close(self) -> None:
        """Wait for the search in hand."""
        self._background.close()

    def _take(self, found: _Found) -> None:
        self._is_searching = False
        if self._again:
            self._again = False
            self.search()
            return
        self._list.set_cases(found.rows, found.total)

    def _fail(self, error: Her2DeskError) -> None:
        self._is_searching = self._again = False
        self._list.show_failure(error)
