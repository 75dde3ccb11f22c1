"""Reports made in a process of its own: what draws and writes them would hold up a window.

matplotlib, fpdf2, pypdfium2 and highdicom are loaded there, and nowhere else.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from threading import Lock
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from her2desk.errors import EngineFailed
from her2desk.logs import log_in_worker
from her2desk.paths import translations_dir
from her2desk.reports.case_record import CaseRecord
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.texts import CATALOGUE, msg

if TYPE_CHECKING:
    from her2desk.reports.page_pictures import PagePicture

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Preview:
    """The PDF that would be written, and its pages as pictures."""

    pdf: bytes
    pages: "tuple[PagePicture, ...]"


class ReportsApart:
    """Starts its process with the first report and keeps it, so that the next ones are quick.

    Any thread may call; the process does one thing after the other. One that died is started again
    with the next call. Close it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = None

    def files(
        self, record: CaseRecord, options: ReportOptions, kinds: Collection[ReportKind]
    ) -> Mapping[ReportKind, bytes]:
        """As ``case_files``, in the options' language; ``EngineFailed`` where the process dies."""
        return self._ask(_files, record, options, frozenset(kinds))

    def preview(self, record: CaseRecord, options: ReportOptions, dpi: float) -> Preview:
        """The PDF and its pages at so many pixels an inch; raises as ``files``."""
        return self._ask(_preview, record, options, dpi)

    def pages(self, pdf: bytes, dpi: float) -> "tuple[PagePicture, ...]":
        """The pages of a PDF at another size; raises as ``files``."""
        return self._ask(_pages, pdf, dpi)

    def close(self) -> None:
        """End the process, once it has done what it does now; does not wait for that."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    1, get_context("spawn"), initializer=log_in_worker, initargs=("reports",)
                )
            pool = self._pool
        try:
            return pool.submit(work, *args, **kwargs).result()
        except BrokenProcessPool as error:
            self.close()
            raise EngineFailed(
                msg("The process that writes reports ended unexpectedly."),
                msg("Try again; it is started anew."),
                code="report-process",
            ) from error


def _files(
    record: CaseRecord, options: ReportOptions, kinds: frozenset[ReportKind]
) -> dict[ReportKind, bytes]:
    from her2desk.reports.case_files import case_files

    _speak(options.language)
    return dict(case_files(record, options, kinds))


def _preview(record: CaseRecord, options: ReportOptions, dpi: float) -> Preview:
    pdf = _files(record, options, frozenset({ReportKind.PDF}))[ReportKind.PDF]
    return Preview(pdf, _pages(pdf, dpi))


def _pages(pdf: bytes, dpi: float) -> "tuple[PagePicture, ...]":
    from her2desk.reports.page_pictures import page_pictures

    return tuple(page_pictures(pdf, dpi))


def _speak(language: str) -> None:
    """This process has a language of its own; one that is not there leaves English."""
    if language != CATALOGUE.language:
        with suppress(OSError):
            CATALOGUE.use(language, translations_dir())
