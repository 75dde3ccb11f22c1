"""Bringing what came over the network into the library: a received file goes when the library has it."""

from collections.abc import Sequence
from pathlib import Path

from her2desk.dicom.pacs.spool import Inbox, never_taken
from her2desk.domain.progress import Progress
from her2desk.inference.importing import ImportedFile, ImportStatus, import_files
from her2desk.store.library import Library

IN_LIBRARY = (ImportStatus.IMPORTED, ImportStatus.DUPLICATE)
AT_ONCE = 50


def bring_in(
    inbox: Inbox, paths: Sequence[Path], library: Library, progress: Progress
) -> list[ImportedFile]:
    """Import received files; what became of each.

    What the library has is removed from the inbox, what it can never take is put aside there. The
    rest waits for the next time, as does what this did not come to. Raises as ``import_files`` does.
    """
    brought: list[ImportedFile] = []
    for start in range(0, len(paths), AT_ONCE):
        files = import_files(paths[start : start + AT_ONCE], library, progress)
        inbox.remove(Path(file.path) for file in files if file.status in IN_LIBRARY)
        inbox.put_aside(Path(file.path) for file in files if never_taken(file.code))
        brought += files
    return brought
