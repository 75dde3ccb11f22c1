"""All that the library holds of some cases, as files that other programs read."""

import io
import json
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from her2desk import __version__
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import StoreRefused
from her2desk.private_files import make_private_folder, sync_folder
from her2desk.store.cases import CaseSummary
from her2desk.store.files import copy_private
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.library import Library
from her2desk.store.places import check_outside
from her2desk.store.reading import no_such_case
from her2desk.texts import msg

SUMS_NAME = "SHA256SUMS"
IMAGE_NAME = "image.dcm"


@dataclass(frozen=True)
class Export:
    """An export that was written. ``without_image`` are cases whose image file was lost before."""

    folder: Path
    case_ids: tuple[int, ...]
    files: int
    without_image: tuple[int, ...]


def export_cases(
    library: Library,
    case_ids: Collection[int],
    folder: Path,
    progress: Progress | None = None,
) -> Export:
    """Write all that is kept of these cases to ``folder``, whole and on disk, or not at all.

    One folder a case: the image as it was imported, each reader's outline and drawing, the clinical
    record, pathology, predictions and the whole history as JSON; and the SHA-256 of every file.
    ``folder`` must be absent or empty, and outside the library's. Raises ``StoreRefused``, and
    ``Cancelled`` when ``progress`` does.
    """
    check_outside(library.folder, folder)
    progress = progress or SilentProgress()
    wanted = tuple(sorted(set(case_ids)))
    rows = {row.case_id: row for row in library.cases()}
    for case_id in wanted:
        if case_id not in rows:
            raise no_such_case(case_id)
    without_image = []
    with _target(folder) as stage:
        writer = _Writer(stage)
        for at, case_id in enumerate(wanted):
            progress.step(at / len(wanted), msg("Writing case {id}", id=case_id))
            if not _write_case(writer, library, rows[case_id]):
                without_image.append(case_id)
        about = {"program": __version__, "cases": list(wanted), "without_image": without_image}
        writer.json("export.json", about)
        files = writer.finish()
    return Export(folder, wanted, files, tuple(without_image))


class _Writer:
    """Writes files and remembers their hashes."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._sums: dict[str, str] = {}

    def json(self, name: str, content: Any) -> None:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        self._bytes(name, text.encode("utf-8", "surrogatepass"))

    def file(self, name: str, source: Path) -> None:
        target = self._folder / name
        make_private_folder(target.parent)
        with source.open("rb") as original:
            self._sums[name] = copy_private(original, target)

    def finish(self) -> int:
        """Write the sums; gives how many files there are without them."""
        count = len(self._sums)
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
        self._bytes(SUMS_NAME, lines.encode())
        for folder in (self._folder, *(p for p in self._folder.iterdir() if p.is_dir())):
            sync_folder(folder)
        return count

    def _bytes(self, name: str, content: bytes) -> None:
        target = self._folder / name
        make_private_folder(target.parent)
        self._sums[name] = copy_private(io.BytesIO(content), target)


def _write_case(writer: _Writer, library: Library, row: CaseSummary) -> bool:
    """Whether its image could be written too."""
    name = f"case-{row.case_id:04d}"
    entries = library.history(row.case_id)
    writer.json(f"{name}/case.json", row._asdict())
    writer.json(f"{name}/history.json", [asdict(entry) for entry in entries])
    for action, file in (
        (Action.CLINICAL, "clinical"),
        (Action.PATHOLOGY, "pathology"),
        (Action.CALIBRATION, "calibration"),
    ):
        last = _last(entries, action)
        if last is not None:
            writer.json(f"{name}/{file}.json", last.content)
    predictions = [asdict(entry) for entry in entries if entry.action is Action.PREDICTION]
    if predictions:
        writer.json(f"{name}/predictions.json", predictions)
    _write_outlines(writer, name, entries)
    try:
        writer.file(f"{name}/{IMAGE_NAME}", library.image_path(row.case_id))
    except StoreRefused:
        return False
    return True


def _write_outlines(writer: _Writer, name: str, entries: Collection[HistoryEntry]) -> None:
    """A reader's name may be no file name: readers are numbered, and named in ``readers.json``."""
    drew = (e.reader for e in entries if e.action in (Action.ROI, Action.DRAWING))
    readers = list(dict.fromkeys(drew))
    for number, reader in enumerate(readers, start=1):
        own = [entry for entry in entries if entry.reader == reader]
        for action, file in ((Action.ROI, "roi"), (Action.DRAWING, "drawing")):
            last = _last(own, action)
            if last is not None and last.content is not None:
                writer.json(f"{name}/{file}-{number}.json", last.content)
    if readers:
        named = {str(number): reader for number, reader in enumerate(readers, start=1)}
        writer.json(f"{name}/readers.json", named)


def _last(entries: Collection[HistoryEntry], action: Action) -> HistoryEntry | None:
    return next((e for e in reversed(list(entries)) if e.action is action), None)


@contextmanager
def _target(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` that takes its place when the block ends well."""
    stage: Path | None = None
    try:
        if folder.exists() and any(folder.iterdir()):
            raise StoreRefused(
                msg("The folder {folder} is not empty; nothing was written.", folder=str(folder)),
                msg("Choose a new folder."),
                code="export-exists",
            )
        make_private_folder(folder.parent)
        stage = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".export-"))
        yield stage
        if folder.exists():
            folder.rmdir()
        stage.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise StoreRefused(
            msg("The export could not be written."),
            msg(
                "Check that you may write to {folder} and that its disk has room.",
                folder=str(folder.parent),
            ),
            code="export-unwritable",
        ) from error
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)
