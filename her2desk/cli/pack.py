"""``her2desk pack``: what a model pack says of itself, whether it is whole, and who signed it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.pack_enhancer import described_enhancer, is_enhancer, verified_enhancer
from her2desk.cli.pack_shelf import register_shelf
from her2desk.cli.pack_trust import register_trust
from her2desk.cli.recalibrate import recalibration_outcome
from her2desk.cli.trusted_packs import trust_lines, trust_of
from her2desk.errors import InputRefused, PackRefused
from her2desk.in_force import default_library_dir
from her2desk.texts import listed, msg, tr

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from her2desk.packs.archive import Archive
    from her2desk.packs.pack import Pack


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=tr("Look into a model pack, and sign it."), rich_markup_mode=None)
    app.add_typer(group, name="pack")
    register_trust(group)
    register_shelf(group)

    @group.command("info", help=tr("Show what a model pack or an enhancer says of itself."))
    def info(
        pack: Path = typer.Argument(metavar="PACK"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        describes = described_enhancer if is_enhancer(pack) else _described
        return run_command(as_json, lambda: describes(pack), library)

    @group.command(
        "verify", help=tr("Check every file of a model pack or an enhancer, and who signed it.")
    )
    def verify(
        pack: Path = typer.Argument(metavar="PACK"),
        key: Path | None = typer.Option(None, help=tr("Public key that must have signed it.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        verifies = _verified_enhancer if is_enhancer(pack) else _verified
        return run_command(as_json, lambda: verifies(pack, key), library)

    @group.command("keygen", help=tr("Make a key pair to sign packs with: KEY and KEY.pub."))
    def keygen(
        out: Path = typer.Option(..., help=tr("Where the private key goes; keep it to yourself.")),
        passphrase_env: str | None = _passphrase_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _key_made(out, passphrase_env), library)

    @group.command("sign", help=tr("Sign a model pack or an enhancer; its digest stays the same."))
    def sign(
        pack: Path = typer.Argument(metavar="PACK"),
        key: Path = typer.Option(..., help=tr("Private key, as pack keygen writes it.")),
        passphrase_env: str | None = _passphrase_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _signed(pack, key, passphrase_env), library)

    @group.command(
        "recalibrate", help=tr("Bring a model pack into line with local results, as a new version.")
    )
    def recalibrate(
        pack: Path = typer.Argument(metavar="PACK"),
        out: Path = typer.Option(..., help=tr("The new pack; nothing is overwritten.")),
        version: str = typer.Option(..., help=tr("What the new version is called.")),
        key: Path = typer.Option(..., help=tr("Private key, as pack keygen writes it.")),
        slope: bool = typer.Option(
            False, "--slope", help=tr("Fit the slope too; the intercept alone comes first.")
        ),
        passphrase_env: str | None = _passphrase_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()

        def work() -> Outcome:
            private = _private_key(key, passphrase_env)
            return recalibration_outcome(pack, out, version, private, slope, folder)

        return run_command(as_json, work, library)


def _private_key(path: Path, passphrase_env: str | None) -> "Ed25519PrivateKey":
    from her2desk.packs.signing import read_private_key

    return read_private_key(path, _passphrase(passphrase_env))


def _described(path: Path) -> Outcome:
    from her2desk.packs.pack import open_pack

    pack = open_pack(path)
    trust = trust_of(pack)
    manifest: dict[str, Any] = pack.manifest.model_dump(mode="json")

    def show(console: Console) -> None:
        training = pack.manifest.training
        lines = (
            _title(pack),
            tr("Classes: {names}").format(names=listed(pack.manifest.classes)),
            tr("Intended use: {text}").format(text=pack.manifest.intended_use),
            tr("Trained on {n} patients, {k} positive: {text}").format(
                n=training.patients, k=training.positive, text=training.description
            ),
            tr("Held-out opened {n} times, {m} builds on this cohort").format(
                n=pack.manifest.provenance.held_out_opened, m=pack.manifest.provenance.builds
            ),
            tr("Licence: {text}").format(text=pack.manifest.licence),
            f"SHA-256 {pack.digest}",
            *trust_lines(trust),
        )
        for line in lines:
            console.print(printable(line))

    signed = {"signed": trust.is_signed, "trust": trust.to_json()}
    return Outcome({"sha256": pack.digest, **signed, "manifest": manifest}, show)


def _verified_enhancer(path: Path, key: Path | None) -> Outcome:
    from her2desk.packs.enhancer_file import read_enhancer

    file = read_enhancer(path)
    return verified_enhancer(path, None if key is None else _signer(file.archive, key), file)


def _verified(path: Path, key: Path | None) -> Outcome:
    from her2desk.packs.pack import open_pack

    pack = open_pack(path)
    pack.network_weights()  # opening leaves them for whoever answers with them
    signer = _signer(pack.archive, key) if key is not None else None
    trust = trust_of(pack)
    trust.require()
    identity = pack.identity
    document: dict[str, Any] = {
        "ok": True,
        "name": identity.name,
        "version": identity.version,
        "sha256": identity.sha256,
        "demo": identity.demo,
        "signed": pack.archive.signature is not None,
        "trust": trust.to_json(),
    }
    if signer is not None:
        document["signed_by"] = signer

    def show(console: Console) -> None:
        lines = [_title(pack), tr("The pack is whole: every file matches its hash.")]
        if signer is not None:
            lines.append(tr("It is signed by this key, {key}.").format(key=signer))
        for line in (*lines, *trust_lines(trust)):
            console.print(printable(line))

    return Outcome(document, show)


def _signer(archive: "Archive", key: Path) -> str:
    """The fingerprint of ``key`` where it signed the pack or enhancer; ``PackRefused`` else."""
    from her2desk.packs.signing import SignatureState, fingerprint, read_public_key, signature_state

    public = read_public_key(key)
    match signature_state(archive, public):
        case SignatureState.SIGNED:
            return fingerprint(public)
        case SignatureState.UNSIGNED:
            raise PackRefused(
                msg("The pack is whole but not signed."),
                msg("Ask whoever built it for a signed copy."),
                code="pack-not-signed",
            )
        case SignatureState.OTHER_KEY:
            raise PackRefused(
                msg("The pack is signed, but not by the key {name}.", name=key.name),
                msg("Check that this is the signer's key; if it is, do not use the pack."),
                code="pack-other-key",
            )


def _key_made(out: Path, passphrase_env: str | None) -> Outcome:
    from her2desk.packs.signing import fingerprint, write_new_key

    public_path, public = write_new_key(out, _passphrase(passphrase_env))
    document = {
        "key": str(out),
        "public_key": str(public_path),
        "fingerprint": fingerprint(public),
    }

    def show(console: Console) -> None:
        for line in (
            tr("Private key: {path}. Keep it to yourself; who has it signs as you.").format(
                path=out
            ),
            tr("Public key: {path}. Give it to whoever receives your packs.").format(
                path=public_path
            ),
            tr("Fingerprint: {key}").format(key=document["fingerprint"]),
        ):
            console.print(printable(line))

    return Outcome(document, show)


def _signed(path: Path, key: Path, passphrase_env: str | None) -> Outcome:
    from her2desk.packs.enhancer_file import read_enhancer
    from her2desk.packs.pack import open_pack
    from her2desk.packs.signing import fingerprint, sign_pack

    private = _private_key(key, passphrase_env)
    opens = read_enhancer if is_enhancer(path) else open_pack
    opens(path)  # nobody signs what would be refused
    digest = sign_pack(path, private)
    signer = fingerprint(private.public_key())
    document = {"pack": str(path), "sha256": digest, "signed_by": signer}

    def show(console: Console) -> None:
        console.print(printable(tr("Signed: {path}").format(path=path)))
        console.print(tr("By the key {key}").format(key=signer))
        console.print(f"SHA-256 {digest}")

    return Outcome(document, show)


def _passphrase_option() -> Any:
    return typer.Option(
        None, metavar="NAME", help=tr("Environment variable that holds the key's passphrase.")
    )


def _passphrase(variable: str | None) -> bytes | None:
    """What the variable holds; never an argument, which other users of the machine could read."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise InputRefused(
            msg("The environment variable {name} is not set.", name=variable),
            msg("Put the passphrase into it, or leave --passphrase-env out."),
            code="passphrase-unset",
        )
    return value.encode()


def _title(pack: "Pack") -> str:
    title = f"{pack.identity.name} {pack.identity.version}"
    return f"{title} – {tr('DEMO')}" if pack.identity.demo else title
