"""``her2desk pack versions`` and ``pack reproduce``: the packs that a library keeps, put to use."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.trusted_packs import trust_store
from her2desk.errors import EXIT_INPUT_REFUSED
from her2desk.in_force import default_library_dir
from her2desk.texts import tr, trn

if TYPE_CHECKING:
    from her2desk.inference.reproducing import Reproduction
    from her2desk.packs.shelf import KeptPack, PackShelf
    from her2desk.packs.uses import PackUse

LAST_CASE = 2**63 - 1  # of SQLite


def register_shelf(group: typer.Typer) -> None:
    """Add the commands to ``pack``."""

    @group.command("versions", help=tr("Show the packs that the library keeps, and their use."))
    def versions(
        name: str | None = typer.Argument(None, metavar="NAME", help=tr("Of this name only.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _versions(folder, name), library)

    @group.command(
        "reproduce", help=tr("Work a stored answer out again with the pack that made it.")
    )
    def reproduce(
        case_id: int = typer.Argument(metavar="CASE_ID", min=1, max=LAST_CASE),
        every: bool = typer.Option(
            False, "--all", help=tr("Every stored answer of the case, not only the last.")
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(as_json, lambda: _reproduced(folder, case_id, every), library)


def shelf_of(folder: Path) -> "PackShelf":
    """The packs that the library in ``folder`` keeps."""
    from her2desk.packs.shelf import FOLDER, PackShelf

    return PackShelf(folder / FOLDER, trust_store().trusts)


def _versions(folder: Path, name: str | None) -> Outcome:
    from her2desk.packs.uses import NEVER_USED, uses_of

    shelf = shelf_of(folder)
    found = shelf.kept() if name is None else shelf.versions(name)
    with opened_library(folder) as library:
        uses = uses_of(library)
    rows = [(pack, uses.get(pack.digest, NEVER_USED)) for pack in found]

    def show(console: Console) -> None:
        if not rows:
            console.print(tr("The library keeps no such pack."))
        for pack, use in rows:
            console.print(printable(f"{pack.name} {pack.version}  SHA-256 {pack.digest}"))
            console.print(printable("  " + _use_line(use)))

    return Outcome({"packs": [_pack_json(pack, use) for pack, use in rows]}, show)


def _use_line(use: "PackUse") -> str:
    return tr("{answers} of {cases}").format(
        answers=trn("{n} stored answer", "{n} stored answers", use.predictions),
        cases=trn("{n} case", "{n} cases", use.cases),
    )


def _pack_json(pack: "KeptPack", use: "PackUse") -> dict[str, Any]:
    return {
        "name": pack.name,
        "version": pack.version,
        "sha256": pack.digest,
        "demo": pack.demo,
        "signed": str(pack.signed),
        "fingerprint": pack.signer,
        "path": str(pack.path),
        "predictions": use.predictions,
        "cases": use.cases,
    }


def _reproduced(folder: Path, case_id: int, every: bool) -> Outcome:
    from her2desk.inference.reproducing import Sameness, reproduce, stored_answers

    shelf = shelf_of(folder)
    with opened_library(folder) as library:
        entries = stored_answers(library, case_id)
        asked = entries if every else entries[-1:]
        found = [reproduce(library, shelf, entry) for entry in asked]
    same = all(one.sameness is not Sameness.DIFFERENT for one in found)
    document = {
        "case_id": case_id,
        "reproduced": same,
        "answers": [_answer_json(one) for one in found],
    }
    return Outcome(
        document, lambda console: _show(console, found), 0 if same else EXIT_INPUT_REFUSED
    )


def _answer_json(one: "Reproduction") -> dict[str, Any]:
    return {
        "entry_id": one.entry_id,
        "stored_utc": one.stored_utc,
        "pack": {"name": one.pack.name, "version": one.pack.version, "sha256": one.pack.sha256},
        "stored_probability": one.stored_probability,
        "probability": one.probability,
        "difference": one.difference,
        "sameness": str(one.sameness),
        "device": one.device,
    }


def _show(console: Console, found: "Sequence[Reproduction]") -> None:
    from her2desk.inference.reproducing import TOLERANCE, Sameness

    for one in found:
        words = {
            Sameness.IDENTICAL: tr("the same to the last bit"),
            Sameness.WITHIN_TOLERANCE: tr("the same within {limit:g}").format(limit=TOLERANCE),
            Sameness.DIFFERENT: tr("NOT the same"),
        }
        line = tr("{pack}: stored {before:.6f}, again {now:.6f}: {verdict}").format(
            pack=f"{one.pack.name} {one.pack.version}",
            before=one.stored_probability,
            now=one.probability,
            verdict=words[one.sameness],
        )
        console.print(printable(line))
