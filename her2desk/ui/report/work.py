"""What the report's window asks for off the GUI thread, of one case of a library."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.errors import StoreRefused
from her2desk.packs.shelf import PackShelf
from her2desk.reports.apart import Preview, ReportsApart
from her2desk.reports.case_record import CaseRecord, read_case
from her2desk.reports.case_writing import (
    WrittenReport,
    check_writable,
    keep_printed,
    write_report,
)
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.store.library import Library
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from her2desk.reports.page_pictures import PagePicture

SCREEN_DPI, PRINT_DPI = 130, 300
Obstacle = Callable[[int], Message | None]
"""Why a case's answer must not be seen yet; None where it may."""


@dataclass(frozen=True)
class CaseWork:
    """One case's report: each method reads the library anew, so that nothing stale is written."""

    library: Library
    shelf: PackShelf
    apart: ReportsApart
    case_id: int
    obstacle: Obstacle

    def preview(self, options: ReportOptions) -> Preview:
        """The pages; raises as ``read_case``, and ``report-hidden`` where they must not be seen."""
        return self.apart.preview(self._record(), options, SCREEN_DPI)

    def write(self, options: ReportOptions, kind: ReportKind, place: Path) -> WrittenReport:
        """Write one file, and record it."""
        return write_report(self.library, self._record(), options, {kind: place}, self.apart.files)

    def objects(
        self, options: ReportOptions, kinds: Collection[ReportKind]
    ) -> tuple[CaseRecord, Mapping[ReportKind, bytes]]:
        """The case as it stands, and its DICOM objects of these kinds."""
        record = self._record()
        return record, self.apart.files(record, options, kinds)

    def check(self) -> None:
        """Raise the reason why there is no report."""
        self._record()

    def pages_to_print(self, pdf: bytes) -> "tuple[PagePicture, ...]":
        """The pages in a printer's resolution."""
        check_writable(self.library)
        return self.apart.pages(pdf, PRINT_DPI)

    def keep_printed(self, options: ReportOptions, pdf: bytes) -> None:
        """Record that this PDF went to a printer."""
        keep_printed(self.library, self._record(), options, pdf)

    def _record(self) -> CaseRecord:
        hidden = self.obstacle(self.case_id)
        if hidden is not None:
            raise StoreRefused(
                hidden,
                msg("Record your impression and reveal the answer first."),
                code="report-hidden",
            )
        return read_case(self.library, self.shelf, self.case_id)
