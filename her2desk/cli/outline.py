"""``her2desk outline convert``: an outline from one form of file to another."""

from pathlib import Path

import typer
from rich.console import Console

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.texts import Message, tr, trn


def register(app: typer.Typer) -> None:
    """Add the command."""
    outline = typer.Typer(help=tr("Outlines in the forms of file that other programs read."))
    app.add_typer(outline, name="outline")

    @outline.callback()
    def group() -> None: ...

    @outline.command("convert", help=tr("Write an outline of an image as another form of file."))
    def convert_command(
        image: Path = typer.Argument(metavar="IMAGE", help=tr("The image it was drawn on.")),
        outline_file: Path = typer.Argument(
            metavar="OUTLINE", help=tr("ROI (JSON), PNG or NIfTI mask, or DICOM SEG.")
        ),
        to: Path = typer.Option(
            ...,
            "--to",
            help=tr("The file to write; its name ends in .json, .png, .nii.gz or .dcm."),
        ),
        frame: int | None = typer.Option(
            None, min=0, help=tr("Only this frame, counted from 0; all outlines where not given.")
        ),
        overwrite: bool = typer.Option(
            False, "--overwrite", help=tr("Replace a file that is there already.")
        ),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        def work() -> Outcome:
            return _convert(image, outline_file, to, frame, overwrite)

        return run_command(as_json, work, library)


def _convert(
    image_file: Path, outline_file: Path, to: Path, frame: int | None, overwrite: bool
) -> Outcome:
    from her2desk.dicom.outline import outline_from_file, outlines_from_file
    from her2desk.dicom.outline_files import format_of, write_outline
    from her2desk.dicom.reader import open_image

    kind = format_of(to)  # found out before anything is read
    image = open_image(image_file).image
    found = (
        outlines_from_file(outline_file, image)
        if frame is None
        else (outline_from_file(outline_file, frame, image),)
    )
    rois = [outline.roi for outline in found]
    written = write_outline(to, rois, image, source=image_file, format=kind, overwrite=overwrite)
    warnings = [warning for outline in found for warning in outline.warnings]
    document = {
        **written.to_json(),
        "warnings": [{"code": w.code, "message": w.message.text()} for w in warnings],
    }
    said = trn("{n} outline written: ", "{n} outlines written: ", len(rois)) + str(to)
    return Outcome(document, lambda console: _show(console, said, [w.message for w in warnings]))


def _show(console: Console, said: str, warnings: list[Message]) -> None:
    console.print(printable(said))
    for warning in warnings:
        console.print(printable(warning.text()))
