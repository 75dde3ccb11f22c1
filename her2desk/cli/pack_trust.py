"""``her2desk pack trust``: whose signatures on model packs are worth something here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.trusted_packs import trust_store
from her2desk.errors import InputRefused
from her2desk.texts import msg, tr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from her2desk.packs.trust import Signer

PACK_SUFFIX = ".h2pack"


def register_trust(group: typer.Typer) -> None:
    """Add the commands to ``pack``."""
    trust = typer.Typer(
        help=tr("Whose signatures on model packs count here."), rich_markup_mode=None
    )
    group.add_typer(trust, name="trust")

    @trust.command("list", help=tr("Show who is trusted, and who is blocked."))
    def list_signers(library: Path | None = library_option(), as_json: bool = json_option()) -> int:
        return run_command(as_json, _listed, library)

    @trust.command("add", help=tr("Trust the owner of a key from now on."))
    def add(
        key: Path = typer.Argument(metavar="KEY", help=tr("Public key, or a pack signed with it.")),
        name: str = typer.Option(..., help=tr("What you call its owner.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _added(key, name), library)

    @trust.command("block", help=tr("Refuse every pack of a signer from now on."))
    def block(
        who: str = typer.Argument(
            metavar="WHO", help=tr("Name or fingerprint, or a public key or pack with --name.")
        ),
        name: str | None = typer.Option(None, help=tr("What you call the key's owner.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _blocked(who, name), library)

    @trust.command("remove", help=tr("Forget a signer: trusted no more, and blocked no more."))
    def remove(
        who: str = typer.Argument(metavar="WHO", help=tr("Name or fingerprint.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _removed(who), library)


def _listed() -> Outcome:
    found = trust_store().signers()

    def show(console: Console) -> None:
        if not found:
            console.print(tr("Nobody is trusted yet, and nobody is blocked."))
        _show_signers(console, found)

    return Outcome({"signers": [signer_json(signer) for signer in found]}, show)


def _added(key: Path, name: str) -> Outcome:
    from her2desk.packs.trust import How

    return _told(trust_store().trust(_key(key), name, How.COMMAND))


def _blocked(who: str, name: str | None) -> Outcome:
    from her2desk.packs.trust import How

    if name is None:
        return _told(trust_store().block_known(who))
    return _told(trust_store().block(_key(Path(who)), name, How.COMMAND))


def _removed(who: str) -> Outcome:
    signer = trust_store().remove(who)

    def show(console: Console) -> None:
        console.print(printable(tr("Forgotten: {name}").format(name=signer.name)))

    return Outcome({"removed": signer_json(signer)}, show)


def _told(signer: "Signer") -> Outcome:
    return Outcome(signer_json(signer), lambda console: _show_signers(console, [signer]))


def signer_json(signer: "Signer") -> dict[str, Any]:
    """For scripts."""
    return {
        "fingerprint": signer.fingerprint,
        "name": signer.name,
        "since_utc": signer.since_utc,
        "how": str(signer.how),
        "blocked": signer.is_blocked,
    }


def _show_signers(console: Console, signers: "Sequence[Signer]") -> None:
    from her2desk.packs.trust import grouped

    for signer in signers:
        line = tr("Blocked: {name}") if signer.is_blocked else tr("Trusted: {name}")
        console.print(printable(line.format(name=signer.name)))
        fingerprint = grouped(signer.fingerprint).replace("\n", " ")
        console.print(printable("  " + tr("Fingerprint: {key}").format(key=fingerprint)))


def _key(path: Path) -> "Ed25519PublicKey":
    """The public key in a file, or the one that a pack was signed with."""
    from her2desk.packs.archive import read_archive
    from her2desk.packs.signing import read_public_key, signer_of

    if path.suffix != PACK_SUFFIX:
        return read_public_key(path)
    key = signer_of(read_archive(path))
    if key is None:
        raise InputRefused(
            msg("The pack {name} does not carry its signer's key.", name=path.name),
            msg("Ask whoever signed it for the .pub file, and give that."),
            code="key-unreadable",
        )
    return key
