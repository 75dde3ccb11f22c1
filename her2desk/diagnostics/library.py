"""How the library is kept, as ``her2desk doctor`` says it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from her2desk.diagnostics.check import NOTHING, Check
from her2desk.diagnostics.library_place import absent_or_other
from her2desk.errors import Her2DeskError
from her2desk.redaction import public
from her2desk.texts import msg, msgn

if TYPE_CHECKING:
    from her2desk.store.health import Health
    from her2desk.store.vault import Vault

OLD_BACKUP_DAYS = 30
_SHOWN_OF_A_HASH = 16


def library_checks(folder: Path, unlock: "Callable[[], Vault | None]") -> Iterator[Check]:
    """Whether the library opens, and how it is kept; only the first where it does not open.

    One that is not there, of an older version or of a newer one is told of and left as it is. An
    encrypted one that nobody can unlock just now, as where the window asks, is no problem. ``unlock``
    gives the keys, None where it is not encrypted, and may refuse.
    """
    from her2desk.store.health import health_of
    from her2desk.store.opening import open_library

    told = absent_or_other(folder)
    if told is not None:
        yield told
        return
    try:
        with open_library(folder, vault=unlock()) as library:
            is_encrypted, health = library.is_encrypted, health_of(library)
    except Her2DeskError as error:
        is_locked = error.code == "passphrase-needed"
        yield Check("library", is_locked, error.message, error.remedy)
        return
    yield Check(
        "library",
        True,
        msgn("{folder} holds {n} case.", "{folder} holds {n} cases.", health.cases, folder=folder),
    )
    yield encryption_check(is_encrypted)
    yield history_check(health)
    yield durability_check(health)
    yield files_check(health)
    yield permissions_check(folder, health)
    yield backups_check(folder, health, datetime.now(UTC))


def encryption_check(is_encrypted: bool) -> Check:
    """Whether the library's folder alone says nothing of a patient."""
    if is_encrypted:
        return Check("library-encryption", True, msg("The library is encrypted."))
    return Check(
        "library-encryption",
        True,
        msg("The library is not encrypted."),
        msg("Where the disk is not encrypted either, see: her2desk library encrypt --help"),
    )


def history_check(health: "Health") -> Check:
    """The chain holds here; its end is told, so that it can be written down elsewhere."""
    if health.head is None:
        return Check("library-history", True, msg("The history is empty."))
    said = msg(
        "All {n} entries of the history are as they were written; the last one's hash begins with"
        " {hash}.",
        n=health.entries,
        hash=public(health.head.sha256[:_SHOWN_OF_A_HASH]),
    )
    advice = NOTHING
    if health.steps_back:
        advice = msgn(
            "This computer's clock was set back once; the order of the entries holds all the same.",
            "This computer's clock was set back {n} times; the order of the entries holds all the"
            " same.",
            health.steps_back,
        )
    return Check("library-history", True, said, advice)


def durability_check(health: "Health") -> Check:
    """Whether what is acknowledged is on disk."""
    if health.is_durable:
        return Check("library-durability", True, msg("Every change is on disk before it counts."))
    return Check(
        "library-durability",
        False,
        msg("This disk does not let the library write as safely as it should."),
        msg("Move the library to a disk of this computer; network disks often cannot do it."),
    )


def files_check(health: "Health") -> Check:
    """Whether images and cases belong together."""
    if health.lost:
        return Check(
            "library-files",
            False,
            msgn(
                "The image file of {n} case is gone: {cases}.",
                "The image files of {n} cases are gone: {cases}.",
                len(health.lost),
                cases=public(", ".join(f"{case_id:04d}" for case_id in health.lost[:10])),
            ),
            msg("Import the files again, or restore the library from a backup."),
        )
    if health.has_traces:
        return Check(
            "library-files",
            False,
            msg("The disk still holds traces of erased patients."),
            msg("Close every Her2Desk window, free some space, and run her2desk doctor again."),
        )
    if health.unknown:
        advice = msgn(
            "{n} file among the images belongs to no case: {name}. It may be left of an import that"
            " was interrupted.",
            "{n} files among the images belong to no case, such as {name}. They may be left of an"
            " import that was interrupted.",
            len(health.unknown),
            name=health.unknown[0],
        )
        return Check("library-files", True, msg("Every case has its image."), advice)
    return Check("library-files", True, msg("Every case has its image."))


def permissions_check(folder: Path, health: "Health") -> Check:
    """Whether others on this computer can read patients' data."""
    if not health.too_open:
        return Check("library-permissions", True, msg("Only you can read the library."))
    return Check(
        "library-permissions",
        False,
        msg(
            "Others on this computer can reach {names}.",
            names=", ".join(str(path) for path in health.too_open),
        ),
        msg("Run: chmod -R go= {folder}", folder=folder),
    )


def backups_check(folder: Path, health: "Health", now: datetime) -> Check:
    """When the library was last backed up; advice rather than a problem."""
    from her2desk.store.backup import last_backup

    aside = NOTHING
    if health.aside:
        aside = msg(
            "An exchanged library still lies in {path}; delete it once you are sure.",
            path=health.aside[0],
        )
    advice = msg("Make one under Library…, or with: her2desk library backup FILE.zip")
    last = last_backup(folder)
    if last is None:
        said = msg("The library was never backed up by Her2Desk.")
        return Check("library-backup", True, said, advice if health.cases else aside)
    days = max(0, (now - last).days)
    said = msgn("The last backup is {n} day old.", "The last backup is {n} days old.", days)
    return Check("library-backup", True, said, advice if days > OLD_BACKUP_DAYS else aside)
