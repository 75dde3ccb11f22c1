"""``her2desk pacs send``: files to an archive, kept until it has confirmed each of them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.cli.pack_shelf import LAST_CASE, shelf_of
from her2desk.cli.pacs_nodes import asking_as, asking_option, node_argument, the_node
from her2desk.errors import EXIT_INPUT_REFUSED, InputRefused
from her2desk.in_force import default_library_dir
from her2desk.texts import CATALOGUE, msg, tr, trn

if TYPE_CHECKING:
    from her2desk.dicom.pacs.association import Asking
    from her2desk.dicom.pacs.nodes import RemoteNode
    from her2desk.dicom.pacs.outbox import Outbox
    from her2desk.reports.case_record import CaseRecord
    from her2desk.reports.case_sending import Sent, SentFile
    from her2desk.reports.report_options import ReportKind
    from her2desk.store.library import Library


@dataclass(frozen=True)
class _Wanted:
    """What was asked for."""

    node: str
    files: Sequence[Path]
    cases: Sequence[int]
    reports: Sequence[int]
    capture: bool
    again: bool
    title: str | None
    folder: Path
    as_json: bool


@dataclass
class _Given:
    """Where files in the outbox came from, and the cases whose images some are, by their names."""

    origins: dict[str, str] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)


def register(group: typer.Typer) -> None:
    """Add the command."""

    @group.command("send", help=tr("Send files, or what still waits to be sent, to an archive."))
    def send(
        node: str = node_argument(),
        files: list[Path] | None = typer.Argument(None, metavar="[FILE…]"),
        case: list[int] | None = typer.Option(
            None, metavar="ID", help=tr("The image of this case; may be given again.")
        ),
        report: list[int] | None = typer.Option(
            None,
            metavar="CASE_ID",
            min=1,
            max=LAST_CASE,
            help=tr("This case's structured report and segmentation; may be given again."),
        ),
        capture: bool = typer.Option(
            False, "--capture", help=tr("With each report, the secondary capture too.")
        ),
        again: bool = typer.Option(
            False, "--again", help=tr("Try once more what the archive did not take before.")
        ),
        title: str | None = asking_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        if capture and not report:
            raise typer.BadParameter(tr("--capture goes with --report."))
        folder = library or default_library_dir()
        wanted = _Wanted(
            node, files or [], case or [], report or [], capture, again, title, folder, as_json
        )
        return run_command(
            as_json,
            lambda: _sent(wanted),
            library,
            when_stopped=msg("What is not sent yet waits; pacs send {node} goes on.", node=node),
        )


def _sent(wanted: _Wanted) -> Outcome:
    from her2desk.dicom.pacs.outbox import outbox_of
    from her2desk.dicom.pacs.outgoing import outgoing
    from her2desk.reports.sending_notes import SendingNotes

    for path in wanted.files:
        outgoing(path)  # all can be sent, before any is
    settings, node = the_node(wanted.node)
    asking = asking_as(settings, wanted.title)
    outbox = outbox_of(wanted.folder)
    opened: AbstractContextManager[Library | None] = nullcontext()
    if wanted.cases or wanted.reports or node.name in SendingNotes(outbox).nodes():
        opened = opened_library(wanted.folder)
    with opened as library:
        return _through(outbox, library, node, asking, wanted)


def _through(
    outbox: "Outbox",
    library: "Library | None",
    node: "RemoteNode",
    asking: "Asking",
    wanted: _Wanted,
) -> Outcome:
    from her2desk.dicom.pacs.outbox import deliver
    from her2desk.dicom.pacs.refusals import PacsRefused
    from her2desk.reports.case_sending import CaseSending, Sent

    given = _put(outbox, library, node.name, wanted)
    if wanted.again:
        outbox.try_again(node.name)
    with shown_progress(wanted.as_json) as progress:
        try:
            if library is None:
                sent = Sent.of(deliver(outbox, node, asking, progress), {})
            else:
                sent = CaseSending(library, outbox).deliver(node, asking, progress)
        except PacsRefused as error:
            waiting = len(outbox.waiting(node.name))
            raise _with_what_waits(error, wanted.node, waiting) from error
    if library is not None:
        _record_images(library, node.name, sent, given)
    return _outcome(sent, given)


def _put(outbox: "Outbox", library: "Library | None", node_name: str, wanted: _Wanted) -> _Given:
    """Keep all that is to be sent, once it is known that all of it can be."""
    from her2desk.dicom.pacs.outgoing import outgoing
    from her2desk.reports.case_sending import CaseSending

    given = _Given()
    if library is not None:
        images = {case: library.image_path(case) for case in wanted.cases}
        for path in images.values():
            outgoing(path)
        for record, objects in [_report(library, case, wanted) for case in wanted.reports]:
            CaseSending(library, outbox).queue(node_name, record, objects)
        for case, path in images.items():
            name = outbox.add(node_name, path).path.name
            given.origins[name], given.cases[name] = str(path), case
    for path in wanted.files:
        given.origins[outbox.add(node_name, path).path.name] = str(path)
    return given


def _report(
    library: "Library", case_id: int, wanted: _Wanted
) -> "tuple[CaseRecord, Mapping[ReportKind, bytes]]":
    """A case's DICOM objects, as ``her2desk report`` writes them."""
    from her2desk.reports.case_files import case_files
    from her2desk.reports.case_record import read_case
    from her2desk.reports.case_sending import DEFAULT_KINDS
    from her2desk.reports.report_options import ReportKind, ReportOptions

    record = read_case(library, shelf_of(wanted.folder), case_id)
    kinds = (*DEFAULT_KINDS, ReportKind.SC) if wanted.capture else DEFAULT_KINDS
    return record, case_files(record, ReportOptions(language=CATALOGUE.language), kinds)


def _record_images(library: "Library", node_name: str, sent: "Sent", given: _Given) -> None:
    """The case's history says where its image went; ``CaseSending`` has told of the reports."""
    from her2desk.store.history import Action

    for one in sent.confirmed:
        case = given.cases.get(one.file.path.name)
        if case is not None:
            library.record(case, Action.SENT, {"node": node_name, "what": "image"})


def _with_what_waits(error: InputRefused, name: str, waiting: int) -> InputRefused:
    remedy = msg(
        "{remedy} {n} files wait; her2desk pacs send {node} goes on with them.",
        remedy=error.remedy.text(),
        n=waiting,
        node=name,
    )
    return InputRefused(error.message, remedy, code=error.code)


def _outcome(result: "Sent", given: _Given) -> Outcome:
    def called(one: "SentFile") -> str:
        own = one.file.path.name
        return given.origins.get(own, one.note.file_name if one.note is not None else own)

    refused: list[dict[str, Any]] = [
        {
            "path": called(one),
            "sop_instance_uid": one.file.sop_instance_uid,
            "code": error.code,
            "message": error.message.text(),
            "remedy": error.remedy.text(),
        }
        for one, error in result.refused
    ]
    sent = [
        {"path": called(one), "sop_instance_uid": one.file.sop_instance_uid}
        for one in result.confirmed
    ]

    def show(console: Console) -> None:
        console.print(trn("{n} file sent", "{n} files sent", len(sent)))
        for entry in refused:
            said = f"{entry['path']} – {entry['message']} {entry['remedy']}"
            console.print(printable(f"{tr('refused')}: {said}"))

    document = {"sent": sent, "refused": refused}
    return Outcome(document, show, EXIT_INPUT_REFUSED if refused else 0)
