"""A whole run: files, folders and archives in, a tree of de-identified files out.

The tree is ``patient/study/series/instance.dcm``, all of them pseudonyms. Originals are opened for
reading only, and nothing that is already there is ever overwritten.
"""

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from her2desk.dicom.deidentify.cleaning import CleanHeader
from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.mapping import MapRow, check_map_path, write_map
from her2desk.dicom.deidentify.one_file import Choices, Deidentifier
from her2desk.dicom.deidentify.report import FileReport, Report, write_report
from her2desk.dicom.deidentify.source import open_source
from her2desk.dicom.deidentify.verdict import Status
from her2desk.dicom.scan import Candidate, CandidateStatus, candidate_files
from her2desk.domain.progress import Progress
from her2desk.errors import Cancelled, Her2DeskError, InputRefused, unwritable
from her2desk.faults import recorded
from her2desk.private_files import sync_folder, temporary_folder
from her2desk.texts import Message, msg

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What became of every file, and where that is written down; True where it was stopped."""

    report: Report
    report_json: Path
    report_html: Path
    stopped: bool = False

    @property
    def all_clean(self) -> bool:
        """Whether there were files and every one was written and is clean."""
        files = self.report.files
        return bool(files) and all(file.status is Status.CLEAN for file in files)


def deidentify(
    sources: Sequence[Path],
    destination: Path,
    choices: Choices,
    progress: Progress,
    map_path: Path | None = None,
) -> Result:
    """De-identify what is in ``sources`` into the folder ``destination``.

    Nothing is raised for a file: one that cannot be made de-identified is refused in the report.
    Raises ``InputRefused`` where the folders lie in each other (``destination-inside``) or cannot
    be used. When ``progress.step`` raises ``Cancelled`` the run ends with what is done so far.
    """
    check_destination(sources, destination)
    if map_path is not None:
        check_map_path(map_path, destination)
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(destination) from error
    with temporary_folder("deidentify") as folder:
        run = _Run(destination, choices, progress)
        stopped = run.go(sources, Path(folder))
    report = Report(tuple(run.files), choices.options, choices.key.fingerprint, stopped)
    json_path, html_path = write_report(destination, report)
    if map_path is not None:
        write_map(map_path, run.rows)
    return Result(report, json_path, html_path, stopped)


def check_destination(sources: Sequence[Path], destination: Path) -> None:
    """Raise ``InputRefused`` (``destination-inside``) where originals and copies would mix."""
    target = destination.resolve()
    for source in (path.resolve() for path in sources):
        if target == source or target.is_relative_to(source) or source.is_relative_to(target):
            raise InputRefused(
                msg("The originals and the folder for the copies lie in one another."),
                msg("Choose a folder for the copies that lies elsewhere."),
                code="destination-inside",
            )
    if target.exists() and not target.is_dir():
        raise InputRefused(
            msg("{name} is a file, not a folder.", name=destination.name),
            msg("Choose a folder for the copies."),
            code="destination-inside",
        )


class _Run:
    def __init__(self, destination: Path, choices: Choices, progress: Progress) -> None:
        self._destination = destination
        self._key: ProjectKey = choices.key
        self._deidentifier = Deidentifier(choices)
        self._progress = progress
        self._written: set[Path] = set()
        self.files: list[FileReport] = []
        self.rows: list[MapRow] = []

    def go(self, sources: Sequence[Path], temporary: Path) -> bool:
        """Every file in turn; returns whether the user stopped it."""
        try:
            self._progress.step(0.0, msg("Looking for files"))
            candidates = candidate_files(sources, temporary)
            for index, candidate in enumerate(candidates):
                start, share = index / len(candidates), 1 / len(candidates)
                text = msg("File {n} of {all}", n=index + 1, all=len(candidates))
                self.files.append(
                    self._one(candidate, _stepping(self._progress, text, start, share))
                )
        except Cancelled:
            return True
        return False

    def _one(self, candidate: Candidate, step: Callable[[float], None]) -> FileReport:
        step(0.0)
        if candidate.status is not CandidateStatus.FOUND:
            return _refused(candidate, candidate.reason, candidate.remedy, candidate.code)
        try:
            return self._write(candidate, step)
        except Her2DeskError as error:
            return _refused(candidate, error.message, error.remedy, error.code)
        except OSError as error:
            refusal = unwritable(self._destination)
            log.info("a copy could not be written: %r", error)
            return _refused(candidate, refusal.message, refusal.remedy, refusal.code)
        except Cancelled:
            raise
        except Exception as error:
            # One file that we handle wrongly must not cost the others, nor be copied half done.
            fault = recorded(log, error)
            return _refused(
                candidate,
                msg(
                    "Her2Desk made a mistake with this file (reference {reference}), so it was not "
                    "copied.",
                    reference=fault.reference,
                ),
                msg("Save a diagnostic bundle and give it to whoever looks after Her2Desk."),
                "internal",
            )

    def _write(self, candidate: Candidate, step: Callable[[float], None]) -> FileReport:
        source = open_source(candidate.path)
        header = self._deidentifier.header(source)
        target = self._place(header)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.stem}.{os.getpid()}.part")
        try:
            done = self._deidentifier.write(source, header, part, step)
            _keep(part, target)
        finally:
            part.unlink(missing_ok=True)
            _remove_empty(target.parent, self._destination)
        self._written.add(target)
        relative = target.relative_to(self._destination).as_posix()
        self.rows.append(MapRow.of(candidate.name, relative, source.attributes, header))
        return FileReport(candidate.name, done.status, done.reason, None, "", relative, done)

    def _place(self, header: CleanHeader) -> Path:
        """Where the copy goes; raises ``InputRefused`` where an earlier run left one.

        Several originals may be one instance, stored in different ways: they are numbered.
        """
        names = [
            self._key.file_name(header.text(keyword))
            for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        ]
        folder = self._destination / header.patient / f"ST-{names[0]}" / f"SE-{names[1]}"
        target = folder / f"IM-{names[2]}.dcm"
        number = 2
        while target in self._written:
            target = folder / f"IM-{names[2]}-{number}.dcm"
            number += 1
        if target.exists():
            raise _already_there()
        return target


def _stepping(
    progress: Progress, text: Message, start: float, share: float
) -> Callable[[float], None]:
    return lambda fraction: progress.step(start + fraction * share, text)


def _keep(part: Path, target: Path) -> None:
    """Give the finished file its name, on disk when this returns; never over another."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
    if target.exists():
        raise _already_there()
    part.rename(target)
    sync_folder(target.parent)


def _already_there() -> InputRefused:
    return InputRefused(
        msg("A copy of this file is already there, and nothing is overwritten."),
        msg("Choose an empty folder to make the copies anew."),
        code="already-there",
    )


def _remove_empty(folder: Path, top: Path) -> None:
    """Leave no empty folders where a file was refused after all."""
    while folder != top:
        try:
            folder.rmdir()
        except OSError:  # not empty
            return
        folder = folder.parent


def _refused(
    candidate: Candidate, reason: Message | None, remedy: Message | None, code: str
) -> FileReport:
    return FileReport(
        candidate.name, Status.REFUSED, reason or msg("It cannot be read."), remedy, code
    )
