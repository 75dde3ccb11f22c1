"""A library checked to the last byte."""

from dataclasses import dataclass

from her2desk.domain.progress import Progress
from her2desk.errors import StoreRefused
from her2desk.store import cases, history
from her2desk.store.history import Head
from her2desk.store.library import Library
from her2desk.texts import listed, msg, msgn

_NAMED = 10


@dataclass(frozen=True)
class Verified:
    """A library in which everything is as it was kept."""

    cases: int
    entries: int
    head: Head | None


def verify_library(library: Library, progress: Progress) -> Verified:
    """Check the history, its end and every image's bytes.

    Raises ``StoreRefused`` with what is not as it was kept, ``Cancelled`` when ``progress`` does.
    """
    library.check()
    with library.parts.database.reading() as connection:
        (entries,) = connection.execute("SELECT count(*) FROM history").fetchone()
        head = history.head(connection)
        images = cases.images(connection)
    wrong = []
    for at, (case_id, sha256) in enumerate(images):
        progress.step(at / len(images), msg("Checking the images"))
        try:
            whole = library.parts.files.hash_of(sha256) == sha256
        except OSError:
            whole = False
        if not whole:
            wrong.append(case_id)
    if wrong:
        raise StoreRefused(
            msgn(
                "The image of {n} case is lost or damaged: {cases}.",
                "The images of {n} cases are lost or damaged, such as {cases}.",
                len(wrong),
                cases=listed(f"{case_id:04d}" for case_id in wrong[:_NAMED]),
            ),
            msg("Import the files again, or restore the library from a backup."),
            code="store-file-damaged",
        )
    return Verified(len(images), entries, head)
