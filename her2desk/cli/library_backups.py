"""``her2desk library backup``, ``restore`` and ``roll-back``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.library_words import aside as aside_sentence
from her2desk.cli.library_words import left_out, say
from her2desk.cli.opened_library import library_to_read
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, run_command, shown_progress
from her2desk.cli.passphrases import passphrase, unlocked
from her2desk.in_force import default_library_dir
from her2desk.paths import settings_path
from her2desk.texts import msg, msgn, tr

if TYPE_CHECKING:
    from her2desk.store.restoring import Restored


def register(group: typer.Typer) -> None:
    """Add the commands."""

    @group.command("backup", help=tr("Write the whole library to one file."))
    def backup(
        target: Path = typer.Argument(metavar="FILE.zip"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _backed_up(folder, target, as_json), library)

    @group.command("restore", help=tr("Put a backup in the place of the library."))
    def restore(
        backup: Path = typer.Argument(metavar="BACKUP"),
        settings: bool = typer.Option(False, help=tr("Take the settings from the backup too.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _restored(backup, folder, settings, as_json), library)

    @group.command(
        "roll-back",
        help=tr("Go back to the library as it was before a new version changed it."),
    )
    def roll_back_command(
        snapshot: Path = typer.Argument(metavar="BACKUP"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _rolled_back(folder, snapshot), library)


def backup_verified(backup: Path, as_json: bool) -> Outcome:
    """A backup, checked to the last byte."""
    from her2desk.store.restoring import verify_backup

    secret = _passphrase_of(backup)
    with shown_progress(as_json) as progress:
        found = verify_backup(backup, progress, secret)
    said = msgn(
        "The backup is whole: {n} case.", "The backup is whole: {n} cases.", found.contents.cases
    )
    return Outcome({"ok": True, **_contents(found)}, lambda console: say(console, said))


def _backed_up(folder: Path, target: Path, as_json: bool) -> Outcome:
    from her2desk.store.backup import backup_library

    with library_to_read(folder) as library, shown_progress(as_json) as progress:
        made = backup_library(library, target, progress, _settings_files())
    document = {
        "backup": str(made.path),
        "bytes": made.size,
        "cases": made.cases,
        "entries": made.entries,
        "left_out": list(made.left_out),
        "encrypted": made.is_encrypted,
    }

    keeping = (
        msg("It opens with the passphrase that the library has now.")
        if made.is_encrypted
        else msg("It holds patients' data as the library does: keep it as safe.")
    )

    def show(console: Console) -> None:
        said = msgn(
            "Backed up {n} case to {path}.",
            "Backed up {n} cases to {path}.",
            made.cases,
            path=made.path,
        )
        say(console, said)
        say(console, keeping)
        if made.left_out:
            say(console, left_out(len(made.left_out)))

    return Outcome(document, show)


def _restored(backup: Path, folder: Path, settings: bool, as_json: bool) -> Outcome:
    from her2desk.store.restoring import restore_library

    target = settings_path().parent if settings else None
    secret = _passphrase_of(backup)
    with shown_progress(as_json) as progress:
        found = restore_library(backup, folder, progress, target, secret)
    aside = None if found.aside is None else str(found.aside)
    document = {"library": str(folder), **_contents(found), "aside": aside}

    def show(console: Console) -> None:
        say(console, msgn("Restored {n} case.", "Restored {n} cases.", found.contents.cases))
        if found.left_out:
            say(console, left_out(len(found.left_out)))
        if aside is not None:
            say(console, aside_sentence(aside))

    return Outcome(document, show)


def _rolled_back(folder: Path, snapshot: Path) -> Outcome:
    from her2desk.store.rolling_back import roll_back

    found = roll_back(folder, snapshot, unlocked(folder))
    aside = None if found.aside is None else str(found.aside)
    document = {
        "library": str(folder),
        "schema": found.contents.schema,
        "cases": found.contents.cases,
        "entries": found.contents.entries,
        "aside": aside,
    }

    def show(console: Console) -> None:
        said = msgn(
            "The library is as it was, with {n} case.",
            "The library is as it was, with {n} cases.",
            found.contents.cases,
        )
        say(console, said)
        say(console, msg("Open it with the earlier version: this one changes it again."))
        if aside is not None:
            say(console, aside_sentence(aside))

    return Outcome(document, show)


def _passphrase_of(backup: Path) -> str | None:
    from her2desk.store.restoring import is_encrypted_backup

    if not is_encrypted_backup(backup):
        return None
    return passphrase(tr("Passphrase that the library had when the backup was made: "))


def _settings_files() -> list[Path]:
    return sorted(settings_path().parent.glob("*.json"))


def _contents(found: "Restored") -> dict[str, Any]:
    return {
        "schema": found.contents.schema,
        "cases": found.contents.cases,
        "entries": found.contents.entries,
        "left_out": list(found.left_out),
    }
