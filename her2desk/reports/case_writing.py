"""Writing a case's report, and keeping in the library that, and just what, was written."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk import __version__
from her2desk.errors import StoreRefused
from her2desk.reports.case_record import CaseRecord
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.reports.written_files import staged
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.places import check_outside
from her2desk.texts import Message, msg

Renderer = Callable[[CaseRecord, ReportOptions, frozenset[ReportKind]], Mapping[ReportKind, bytes]]


@dataclass(frozen=True)
class WrittenReport:
    """The files that were written, and what there is to say of how they compare with earlier ones."""

    paths: tuple[Path, ...]
    notices: tuple[Message, ...]


def write_report(
    library: Library,
    record: CaseRecord,
    options: ReportOptions,
    targets: Mapping[ReportKind, Path],
    render: Renderer,
) -> WrittenReport:
    """Write the report's files and record it; ``render`` makes the bytes (``case_files``, or apart).

    The files are put in place only after the library has recorded them. Raises ``InputRefused``
    (``unwritable``, or as ``render``) and ``StoreRefused``; before anything is rendered,
    ``store-read-only`` where nothing could be recorded and ``inside-library`` for a file there.
    """
    check_writable(library)
    for path in targets.values():
        check_outside(library.folder, path)
    files = render(record, options, frozenset(targets))
    notices = _compared(library, record, options, files)
    with staged({targets[kind]: content for kind, content in files.items()}):
        library.record(record.case_id, Action.REPORTED, _entry(record, options, files))
    return WrittenReport(tuple(targets[kind] for kind in files), notices)


def keep_printed(library: Library, record: CaseRecord, options: ReportOptions, pdf: bytes) -> None:
    """Record that the report was printed, of these bytes; raises ``StoreRefused`` as the library."""
    entry = _entry(record, options, {ReportKind.PDF: pdf})
    library.record(record.case_id, Action.REPORTED, {**entry, "printed": True})


def check_writable(library: Library) -> None:
    """Raise ``StoreRefused`` where a report could not be recorded."""
    if library.is_read_only:
        raise StoreRefused(
            msg("This library is open for reading only, so a report cannot be recorded."),
            msg("Write it from the window that has the library open."),
            code="store-read-only",
        )


def _entry(
    record: CaseRecord, options: ReportOptions, files: Mapping[ReportKind, bytes]
) -> dict[str, Any]:
    """What the library keeps of a report: how it was made and its hashes, no file names."""
    return {
        "options": options.to_json(),
        "prediction_entry": record.entry_id,
        "program_version": __version__,
        "sha256": {
            str(kind): hashlib.sha256(content).hexdigest() for kind, content in files.items()
        },
    }


def _compared(
    library: Library,
    record: CaseRecord,
    options: ReportOptions,
    files: Mapping[ReportKind, bytes],
) -> tuple[Message, ...]:
    """Said where another version wrote the same report of the same answer with other bytes."""
    now = _entry(record, options, files)
    other: set[str] = set()
    for entry in library.history(record.case_id):
        if entry.action is not Action.REPORTED or entry.content is None:
            continue
        before = entry.content
        is_same = all(before.get(key) == now[key] for key in ("options", "prediction_entry"))
        if is_same and before.get("program_version") != __version__:
            differs = any(
                before["sha256"].get(kind, sha256) != sha256
                for kind, sha256 in now["sha256"].items()
            )
            other |= {str(before["program_version"])} if differs else set()
    return tuple(
        msg(
            "Her2Desk {version} wrote this report before; this version, {now}, writes it differently.",
            version=version,
            now=__version__,
        )
        for version in sorted(other)
    )
