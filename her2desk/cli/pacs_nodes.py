"""``her2desk pacs nodes``: whom this program talks to; and what all ``pacs`` commands share."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.errors import InputRefused
from her2desk.paths import settings_path
from her2desk.texts import msg, tr

if TYPE_CHECKING:
    from her2desk.dicom.pacs.association import Asking
    from her2desk.dicom.pacs.nodes import PacsSettings, RemoteNode, TlsChoice

NETWORK_FOLDER = "pacs"


def node_argument() -> Any:
    """``NODE``."""
    return typer.Argument(
        metavar="NODE", help=tr("A name from pacs nodes list, or TITLE@host:port.")
    )


def asking_option() -> Any:
    """``--as TITLE``."""
    return typer.Option(
        None,
        "--as",
        metavar="TITLE",
        help=tr("AE title to ask under, in the place of the set one."),
    )


def pacs_path() -> Path:
    """Where the settings of the network are kept: beside the program's own."""
    from her2desk.dicom.pacs.node_files import PACS_FILE

    return settings_path().with_name(PACS_FILE)


def the_node(name: str) -> "tuple[PacsSettings, RemoteNode]":
    """The settings, and the node that the user means; raises ``InputRefused``."""
    from her2desk.dicom.pacs.node_files import load_pacs
    from her2desk.dicom.pacs.nodes import named_node

    settings = load_pacs(pacs_path())
    return settings, named_node(settings, name)


def asking_as(settings: "PacsSettings", title: str | None) -> "Asking":
    """How this program asks; raises ``InputRefused`` (``pacs-settings``) for an unusable title."""
    from her2desk.dicom.pacs.association import Asking
    from her2desk.dicom.pacs.nodes import ae_title_problem

    problem = ae_title_problem(title) if title is not None else None
    if problem is not None:
        raise InputRefused(problem, msg("Give another one with --as."), code="pacs-settings")
    return Asking(title or settings.receiver.ae_title)


def inbox_of(library: Path) -> Path:
    """Where received files wait for the library."""
    return library / NETWORK_FOLDER / "inbox"


def register(group: typer.Typer) -> None:
    """Add the commands."""
    nodes = typer.Typer(help=tr("Archives that Her2Desk knows by name."), rich_markup_mode=None)
    group.add_typer(nodes, name="nodes")

    @nodes.command("list", help=tr("Show them."))
    def list_nodes(library: Path | None = library_option(), as_json: bool = json_option()) -> int:
        return run_command(as_json, _listed, library)

    @nodes.command("add", help=tr("Add an archive, or change the one of this name."))
    def add(
        name: str = typer.Argument(metavar="NAME"),
        place: str = typer.Argument(metavar="TITLE@HOST:PORT"),
        tls: bool = typer.Option(False, "--tls", help=tr("Encrypt the connection.")),
        authority: Path | None = typer.Option(
            None, help=tr("Certificate of whom to trust, or of the archive itself (PEM).")
        ),
        certificate: Path | None = typer.Option(None, help=tr("This program's certificate (PEM).")),
        key: Path | None = typer.Option(None, help=tr("The certificate's key (PEM).")),
        any_name: bool = typer.Option(
            False, "--any-name", help=tr("Do not compare the host's name with the certificate.")
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        def work() -> Outcome:
            from her2desk.dicom.pacs.nodes import TlsChoice

            is_encrypted = tls or any_name or authority or certificate or key
            trusted, own, secret = (
                path.resolve() if path else None for path in (authority, certificate, key)
            )
            choice = TlsChoice(trusted, own, secret, not any_name) if is_encrypted else None
            return _added(name, place, choice)

        return run_command(as_json, work, library)

    @nodes.command("remove", help=tr("Forget an archive."))
    def remove(
        name: str = typer.Argument(metavar="NAME"),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        return run_command(as_json, lambda: _removed(name), library)


def _listed() -> Outcome:
    from her2desk.dicom.pacs.node_files import load_pacs

    settings = load_pacs(pacs_path())
    document = {
        "own_ae_title": settings.receiver.ae_title,
        "nodes": [_document(node) for node in settings.nodes],
    }

    def show(console: Console) -> None:
        for node in settings.nodes:
            console.print(printable(_line(node)))
        if not settings.nodes:
            console.print(tr("No archive is set up yet; add one with pacs nodes add."))

    return Outcome(document, show)


def _added(name: str, place: str, tls: "TlsChoice | None") -> Outcome:
    from her2desk.dicom.pacs.node_files import load_pacs, save_pacs
    from her2desk.dicom.pacs.nodes import described_node
    from her2desk.dicom.pacs.tls import asking_context

    described = described_node(place)
    if described is None:
        raise InputRefused(
            msg("{place} does not say where the archive is.", place=place),
            msg("Write it as TITLE@host:port."),
            code="pacs-node",
        )
    node = replace(described, name=name, tls=tls)
    if tls is not None:
        asking_context(tls)  # files that cannot be used are told now
    settings = load_pacs(pacs_path())
    others = tuple(other for other in settings.nodes if other.name != name)
    save_pacs(pacs_path(), replace(settings, nodes=(*others, node)))
    return Outcome({"node": _document(node)}, lambda console: console.print(printable(_line(node))))


def _removed(name: str) -> Outcome:
    from her2desk.dicom.pacs.node_files import load_pacs, save_pacs
    from her2desk.dicom.pacs.nodes import named_node

    settings = load_pacs(pacs_path())
    left = tuple(node for node in settings.nodes if node.name != name)
    if len(left) == len(settings.nodes):
        named_node(settings, name)
    save_pacs(pacs_path(), replace(settings, nodes=left))
    said = tr("{name} is forgotten.").format(name=name)
    return Outcome({"removed": name}, lambda console: console.print(printable(said)))


def _document(node: "RemoteNode") -> dict[str, Any]:
    return {
        "name": node.name,
        "ae_title": node.ae_title,
        "host": node.host,
        "port": node.port,
        "encrypted": node.tls is not None,
    }


def _line(node: "RemoteNode") -> str:
    line = f"{node.name}: {node.ae_title}@{node.host}:{node.port}"
    return f"{line} ({tr('encrypted')})" if node.tls is not None else line
