"""``her2desk library encrypt``, ``decrypt`` and ``passphrase``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.library_words import left_out, say
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.cli.passphrases import new_passphrase, passphrase
from her2desk.in_force import default_library_dir
from her2desk.texts import Message, msg, msgn, tr

if TYPE_CHECKING:
    from her2desk.store.vault_converting import Converted


def register(group: typer.Typer) -> None:
    """Add the commands."""

    @group.command("encrypt", help=tr("Encrypt the library with a passphrase."))
    def encrypt(
        yes: bool = _yes_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _encrypted(folder, yes, as_json), library)

    @group.command("decrypt", help=tr("Make an encrypted library a plain one again."))
    def decrypt(
        yes: bool = _yes_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _decrypted(folder, yes, as_json), library)

    @group.command("passphrase", help=tr("Change the passphrase of an encrypted library."))
    def change(
        new_file: Path | None = typer.Option(
            None,
            "--new-passphrase-file",
            metavar="FILE",
            help=tr("Read the new one from this file."),
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _changed(folder, new_file), library)


def _encrypted(folder: Path, yes: bool, as_json: bool) -> Outcome:
    from her2desk.store.opening import needs_passphrase
    from her2desk.store.vault_converting import (
        NO_WAY_BACK,
        already_encrypted,
        deleted_by_encrypting,
        encrypt_library,
    )

    if needs_passphrase(folder):
        raise already_encrypted()
    gone = deleted_by_encrypting(folder)
    words = [NO_WAY_BACK]
    if gone:
        names = ", ".join(str(path) for path in gone)
        words.append(msg("Earlier libraries in its folder are deleted: {names}", names=names))
    if not yes:
        words.append(msg("Nothing was changed; give --yes to encrypt."))
        return _only_said(words, encrypted=False, deleted=gone)
    for message in words:  # before the passphrase is asked for
        sys.stderr.write(printable(message.text()) + "\n")
    chosen = new_passphrase()
    with shown_progress(as_json) as progress:
        done = encrypt_library(folder, chosen, progress)
    said = msgn(
        "The library is encrypted, with {n} case.",
        "The library is encrypted, with {n} cases.",
        done.cases,
    )
    after = msg(
        "Backups made before are not encrypted, and a solid-state disk may keep what was deleted for"
        " a while."
    )
    return _done(done, [said, after], encrypted=True, deleted=gone)


def _decrypted(folder: Path, yes: bool, as_json: bool) -> Outcome:
    from her2desk.store.opening import needs_passphrase
    from her2desk.store.vault_converting import decrypt_library, not_encrypted

    if not needs_passphrase(folder):
        raise not_encrypted()
    if not yes:
        words = [
            msg("Whoever can read the library's folder will be able to read its patients' data."),
            msg("Nothing was changed; give --yes to decrypt."),
        ]
        return _only_said(words, encrypted=True)
    secret = passphrase(tr("Passphrase of the library: "))
    with shown_progress(as_json) as progress:
        done = decrypt_library(folder, secret, progress)
    said = msgn(
        "The library is no longer encrypted, with {n} case.",
        "The library is no longer encrypted, with {n} cases.",
        done.cases,
    )
    return _done(done, [said], encrypted=False)


def _changed(folder: Path, new_file: Path | None) -> Outcome:
    from her2desk.store.opening import needs_passphrase
    from her2desk.store.vault import change_passphrase
    from her2desk.store.vault_converting import not_encrypted

    if not needs_passphrase(folder):
        raise not_encrypted()
    old = passphrase(tr("Passphrase of the library: "))
    change_passphrase(folder, old, new_passphrase(new_file))
    words = [
        msg("The library opens with the new passphrase."),
        msg("Backups made before open with the one that they had."),
    ]
    return Outcome({"changed": True}, _saying(words))


def _done(done: "Converted", words: list[Message], **document: Any) -> Outcome:
    if done.left_out:
        words.append(left_out(len(done.left_out)))
    if done.left:
        names = ", ".join(str(path) for path in done.left)
        words.append(msg("This could not be deleted, delete it yourself: {names}", names=names))
    facts = {"cases": done.cases, "left_out": list(done.left_out), "left": _names(done.left)}
    return Outcome({**_listed(document), **facts}, _saying(words))


def _only_said(words: list[Message], **document: Any) -> Outcome:
    return Outcome(_listed(document), _saying(words))


def _listed(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _names(value) if isinstance(value, tuple) else value
        for name, value in document.items()
    }


def _names(paths: tuple[Path, ...]) -> list[str]:
    return [str(path) for path in paths]


def _saying(words: list[Message]) -> Callable[[Console], None]:
    def show(console: Console) -> None:
        for message in words:
            say(console, message)

    return show


def _yes_option() -> Any:
    return typer.Option(False, "--yes", help=tr("Do it; without it, only say what would be done."))
