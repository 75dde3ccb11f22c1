"""``her2desk pacs``: asking an archive, fetching from it, sending to it, and receiving."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli import pacs_nodes, pacs_receive, pacs_send
from her2desk.cli.import_files import show_files
from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.cli.pacs_nodes import asking_as, asking_option, inbox_of, node_argument, the_node
from her2desk.errors import EXIT_INPUT_REFUSED
from her2desk.in_force import default_library_dir
from her2desk.texts import msg, tr, trn

if TYPE_CHECKING:
    from her2desk.dicom.pacs.queries import Match, Query

ROUND_TRIPS = 1000  # milliseconds in a second


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help=tr("Ask, fetch from and send to an archive (PACS), and receive."),
        rich_markup_mode=None,
    )
    app.add_typer(group, name="pacs")
    pacs_nodes.register(group)
    _register_echo(group)
    _register_find(group)
    _register_get(group)
    pacs_send.register(group)
    pacs_receive.register(group)


def _register_echo(group: typer.Typer) -> None:
    @group.command("echo", help=tr("Test the connection to an archive."))
    def echo(
        node: str = node_argument(),
        title: str | None = asking_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _echoed(node, title), library)


def _register_find(group: typer.Typer) -> None:
    @group.command("find", help=tr("Search an archive."))
    def find(
        node: str = node_argument(),
        level: str = typer.Option("study", help=tr("patient, study, series or image.")),
        patient_id: str = typer.Option("", help=tr("The patient's number.")),
        name: str = typer.Option("", help=tr("The patient's name, or how it begins.")),
        date: str = typer.Option(
            "", metavar="YYYYMMDD[-YYYYMMDD]", help=tr("Day of the study, or from and to.")
        ),
        modality: str = typer.Option("US", help=tr("Kind of image; empty for all.")),
        accession: str = typer.Option("", help=tr("Accession number.")),
        study: str = typer.Option("", metavar="UID", help=tr("Within this study.")),
        series: str = typer.Option("", metavar="UID", help=tr("Within this series.")),
        character_set: str = typer.Option(
            "ISO_IR 192", help=tr("What the question is written in, such as GB18030.")
        ),
        most: int = typer.Option(1000, min=1, help=tr("Show no more than so many.")),
        title: str | None = asking_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        asked = _level(level)

        def work() -> Outcome:
            from her2desk.dicom.pacs.queries import Query

            first, last = _days(date)
            query = Query(
                asked, patient_id, name, first, last, modality, accession, study, series,
                character_set,
            )  # fmt: skip
            return _found(node, query, most, title, as_json)

        return run_command(as_json, work, library)


def _register_get(group: typer.Typer) -> None:
    @group.command("get", help=tr("Fetch a study from an archive into the library."))
    def get(
        node: str = node_argument(),
        study: str = typer.Option(..., metavar="UID", help=tr("The study, as find shows it.")),
        move: bool = typer.Option(
            False,
            "--move",
            help=tr("Have the archive send it here (C-MOVE), which it must be set up for."),
        ),
        title: str | None = asking_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()
        return run_command(
            as_json,
            lambda: _got(node, study, move, title, folder, as_json),
            library,
            when_stopped=msg("What has come is kept; run the command again to go on."),
        )


def _echoed(name: str, title: str | None) -> Outcome:
    from her2desk.dicom.pacs.echo import echo

    settings, node = the_node(name)
    begun = time.monotonic()
    echo(node, asking_as(settings, title))
    took_ms = ROUND_TRIPS * (time.monotonic() - begun)
    document = {
        "ok": True,
        "node": {"name": node.name, "ae_title": node.ae_title},
        "encrypted": node.tls is not None,
        "milliseconds": round(took_ms, 1),
    }
    said = tr("{name} answers; the connection works.").format(name=node.name)
    return Outcome(document, lambda console: console.print(printable(said)))


def _found(name: str, query: "Query", most: int, title: str | None, as_json: bool) -> Outcome:
    from her2desk.dicom.pacs.find import find

    settings, node = the_node(name)
    with shown_progress(as_json) as progress:
        found = find(node, asking_as(settings, title), query, progress, most)
    document = {
        "matches": [match.to_json() for match in found.matches],
        "cut_off": found.is_cut_off,
    }

    def show(console: Console) -> None:
        for match in found.matches:
            console.print(printable(_line(match)))
        console.print(trn("{n} match", "{n} matches", len(found.matches)))
        if found.is_cut_off:
            console.print(tr("There are more; search for something narrower."))

    return Outcome(document, show)


def _line(match: "Match") -> str:
    parts = (
        match.patient_id, match.patient_name, match.birth_date, match.study_date, match.modalities,
        match.study_description, match.series_description,
        "" if match.instances is None else trn("{n} image", "{n} images", match.instances),
        match.sop_instance_uid or match.series_uid or match.study_uid,
    )  # fmt: skip
    return "  ".join(part for part in parts if part)


def _level(text: str) -> Any:
    from her2desk.dicom.pacs.queries import Level

    try:
        return Level(text.upper())
    except ValueError:
        raise typer.BadParameter(tr("--level is patient, study, series or image.")) from None


def _days(text: str) -> tuple[str, str]:
    first, dash, last = text.partition("-")
    return (first, last) if dash else (first, first)


def _got(
    name: str, study: str, move: bool, title: str | None, folder: Path, as_json: bool
) -> Outcome:
    from dataclasses import replace

    from her2desk.dicom.pacs.retrieve import get_study
    from her2desk.dicom.pacs.spool import Spool
    from her2desk.inference.received import bring_in

    settings, node = the_node(name)
    with (
        opened_library(folder) as library,
        Spool(inbox_of(folder)) as spool,
        shown_progress(as_json) as progress,
    ):
        asking = replace(asking_as(settings, title), spool=spool)
        if move:
            paths, refused = pacs_receive.moved(settings, node, asking, study, spool, progress)
        else:
            got = get_study(node, asking, study, progress)
            paths, refused = tuple(file.path for file in got.files), got.refused
        files = bring_in(spool, paths, library, progress)
    document = {
        "study": study,
        "received": len(paths),
        "not_sent": list(refused),
        "files": [file.to_json() for file in files],
    }

    def show(console: Console) -> None:
        show_files(console, files)
        _show_not_sent(console, refused)

    in_library = any(file.case_id is not None for file in files)
    return Outcome(document, show, 0 if in_library and not refused else EXIT_INPUT_REFUSED)


def _show_not_sent(console: Console, refused: Sequence[str]) -> None:
    if refused:
        console.print(
            trn(
                "The archive could not send {n} image in any form that is read here.",
                "The archive could not send {n} images in any form that is read here.",
                len(refused),
            )
        )
