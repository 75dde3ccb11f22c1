"""``her2desk deidentify``: copies of ultrasound files without the patient's identity."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.errors import EXIT_INPUT_REFUSED, Cancelled, InputRefused
from her2desk.in_force import default_library_dir
from her2desk.texts import listed, msg, tr

if TYPE_CHECKING:
    from her2desk.dicom.deidentify.one_file import Choices
    from her2desk.dicom.deidentify.profile import Option
    from her2desk.dicom.deidentify.run import Result
    from her2desk.domain.roi import Box

NO_OPTIONS = "none"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("deidentify", help=tr("Copy ultrasound files without the patient's identity."))
    def deidentify_command(
        source: Path = typer.Argument(metavar="SRC"),
        destination: Path = typer.Argument(metavar="DST"),
        profile_options: str | None = typer.Option(
            None,
            "--profile-options",
            metavar="LIST",
            help=tr(
                "Options of the DICOM profile, divided by commas: clean-pixel-data, "
                "retain-device-identity, retain-modified-dates (all three where not given), or none."
            ),
        ),
        key: Path | None = typer.Option(
            None,
            "--key",
            metavar="FILE",
            help=tr("The project's key (the library's own, made at first use, where not given)."),
        ),
        mask: list[str] = typer.Option(
            [],
            "--mask",
            metavar="X0,Y0,X1,Y1",
            help=tr("Blacken this box, in pixels, on every file; may be repeated."),
        ),
        masks: Path | None = typer.Option(
            None,
            "--masks",
            metavar="FILE",
            help=tr("Masks and confirmations to use instead of the library's."),
        ),
        map_path: Path | None = typer.Option(
            None,
            "--map",
            metavar="FILE.csv",
            help=tr("Write which pseudonym is which patient. Keep it apart from the copies."),
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        folder = library or default_library_dir()

        def work() -> Outcome:
            choices = _choices(profile_options, key, mask, masks, folder)
            return _deidentified(source, destination, choices, map_path, as_json)

        return run_command(as_json, work, library)


def _choices(
    options: str | None, key: Path | None, boxes: list[str], masks: Path | None, library: Path
) -> "Choices":
    from her2desk.dicom.deidentify.key import library_key, load_key
    from her2desk.dicom.deidentify.masks import load_masks, masks_path
    from her2desk.dicom.deidentify.one_file import Choices

    if masks is not None and not masks.is_file():
        raise InputRefused(
            msg("The file of masks is not there."), msg("Check its name."), code="masks-unreadable"
        )
    chosen, black = _options(options), tuple(_box(text) for text in boxes)
    book = load_masks(masks or masks_path(library))
    return Choices(load_key(key) if key else library_key(library), chosen, book, black)


def _options(text: str | None) -> "frozenset[Option]":
    from her2desk.dicom.deidentify.profile import ALL_OPTIONS, Option

    if text is None:
        return ALL_OPTIONS
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == [NO_OPTIONS]:
        return frozenset()
    known = {str(option): option for option in Option}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None or not names:
        raise InputRefused(
            msg("There is no option “{name}” of the profile.", name=printable(unknown or "")),
            msg("Options are {names}, or none.", names=listed(known)),
            code="unknown-option",
        )
    return frozenset(known[name] for name in names)


def _box(text: str) -> "Box":
    from her2desk.dicom.deidentify.masks import box_of

    try:
        return box_of(text.split(","))
    except ValueError as error:
        raise InputRefused(
            msg("“{text}” is no box.", text=printable(text[:64])),
            msg("Give its left, top, right and lower edge in pixels, such as 0,0,800,60."),
            code="bad-mask",
        ) from error


def _deidentified(
    source: Path, destination: Path, choices: "Choices", map_path: Path | None, as_json: bool
) -> Outcome:
    from her2desk.dicom.deidentify.run import deidentify

    with shown_progress(as_json) as progress:
        result = deidentify([source], destination, choices, progress, map_path)
    if result.stopped:
        raise Cancelled
    document = {
        **result.report.to_json(with_sources=True),
        "report": {"json": str(result.report_json), "html": str(result.report_html)},
        "map": str(map_path) if map_path else None,
    }
    code = 0 if result.all_clean else EXIT_INPUT_REFUSED
    return Outcome(document, lambda console: _show(console, result, map_path), code)


def _show(console: Console, result: "Result", map_path: Path | None) -> None:
    from her2desk.dicom.deidentify.report import STATUS_WORDS, summary

    for file in result.report.files:
        remedy = f" {file.remedy.text()}" if file.remedy else ""
        status = STATUS_WORDS[file.status].text()
        console.print(printable(f"{status}: {file.source} – {file.reason.text()}{remedy}"))
        if file.output:
            console.print(printable(f"    → {file.output}"))
    console.print(summary(result.report))
    console.print(printable(tr("Report: {path}").format(path=result.report_html)))
    if map_path is not None:
        console.print(
            tr("The table of pseudonyms names the patients: keep it apart from the copies.")
        )
