"""``her2desk pack``: what a model pack says of itself, and whether it is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.texts import tr

if TYPE_CHECKING:
    from her2desk.packs.pack import Pack


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=tr("Look into a model pack."), rich_markup_mode=None)
    app.add_typer(group, name="pack")

    @group.command("info", help=tr("Show what a model pack says of itself."))
    def info(
        pack: Path = typer.Argument(metavar="PACK"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _described(pack), library)

    @group.command("verify", help=tr("Check every file of a model pack against its hashes."))
    def verify(
        pack: Path = typer.Argument(metavar="PACK"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _verified(pack), library)


def _described(path: Path) -> Outcome:
    from her2desk.packs.pack import open_pack

    pack = open_pack(path)
    manifest: dict[str, Any] = pack.manifest.model_dump(mode="json")

    def show(console: Console) -> None:
        training = pack.manifest.training
        lines = (
            _title(pack),
            tr("Classes: {names}").format(names=", ".join(pack.manifest.classes)),
            tr("Intended use: {text}").format(text=pack.manifest.intended_use),
            tr("Trained on {n} patients, {k} positive: {text}").format(
                n=training.patients, k=training.positive, text=training.description
            ),
            tr("Licence: {text}").format(text=pack.manifest.licence),
            f"SHA-256 {pack.digest}",
        )
        for line in lines:
            console.print(printable(line))

    return Outcome({"sha256": pack.digest, "manifest": manifest}, show)


def _verified(path: Path) -> Outcome:
    from her2desk.packs.pack import open_pack

    pack = open_pack(path)
    identity = pack.identity
    document = {
        "ok": True,
        "name": identity.name,
        "version": identity.version,
        "sha256": identity.sha256,
        "demo": identity.demo,
    }

    def show(console: Console) -> None:
        console.print(printable(_title(pack)))
        console.print(tr("The pack is whole: every file matches its hash."))

    return Outcome(document, show)


def _title(pack: "Pack") -> str:
    title = f"{pack.identity.name} {pack.identity.version}"
    return f"{title} – {tr('DEMO')}" if pack.identity.demo else title
