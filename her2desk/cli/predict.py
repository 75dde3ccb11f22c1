"""``her2desk predict``: one case, or each of a cohort, by the engine's own ``predict``."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from her2desk.cli.opened_library import opened_library
from her2desk.cli.options import device_option, json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command, shown_progress
from her2desk.cli.pack_shelf import shelf_of
from her2desk.cli.trusted_packs import required_trust
from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.drawing import drawing_of
from her2desk.domain.image import (
    ImageWarning,
    UltrasoundImage,
    UserCalibration,
    calibration_from_json,
)
from her2desk.domain.prediction import Prediction
from her2desk.domain.progress import SilentProgress
from her2desk.domain.research_use import RESEARCH_USE
from her2desk.domain.validation import ValidationSource
from her2desk.errors import InputRefused, unwritable
from her2desk.in_force import default_library_dir, device_in_force
from her2desk.paths import demo_pack_path
from her2desk.private_files import write_private
from her2desk.stats.statements import call_sentence
from her2desk.texts import Message, msg, tr

if TYPE_CHECKING:
    from her2desk.dicom.reader import OpenedImage
    from her2desk.inference.pipeline import LoadedPack, Question
    from her2desk.packs.pack import Pack


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case: an image, its outline in any form, what is known, a calibration."""

    image: Path
    outline: Path
    frame: int | None
    clinical: Path | None
    calibration: Path | None = None


@dataclass(frozen=True)
class Reading:
    """By which pack, on which device (None: the settings'), and how the answer is read."""

    pack: Path
    device: str | None
    operating_point: str
    prevalence: float | None
    counted: ValidationSource = ValidationSource.OUT_OF_FOLD

    def load(self) -> "tuple[LoadedPack, Question]":
        """The pack, loaded, and the question."""
        from her2desk.inference.pipeline import Question, load_pack

        question = Question(_point(self.operating_point), self.prevalence, self.counted)
        return load_pack(self.pack, device_in_force(self.device)), question


@dataclass(frozen=True)
class Answered:
    """An answer, and the pack that gave it."""

    prediction: Prediction
    pack_path: Path
    pack: "Pack"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("predict", help=tr("Predict HER-2 status for an outlined image, or a cohort."))
    def predict_command(
        file: Path | None = typer.Argument(None, help=tr("DICOM, PNG or JPEG file.")),
        roi: Path | None = typer.Option(None, help=tr("Outline as ROI JSON.")),
        mask: Path | None = typer.Option(
            None, help=tr("Outline as mask: PNG, NIfTI or DICOM SEG.")
        ),
        frame: int | None = typer.Option(None, min=0, help=tr("Frame, counted from 0.")),
        clinical: Path | None = typer.Option(None, help=tr("Clinical record, JSON.")),
        calibration: Path | None = typer.Option(
            None, help=tr("A ruler of known length, JSON, for an image without calibration.")
        ),
        pack: Path | None = typer.Option(None, help=tr("Model pack.")),
        prevalence: float | None = typer.Option(
            None, help=tr("Local share of HER-2 positive patients, above 0 and below 1.")
        ),
        operating_point: str = typer.Option(
            "youden", help=tr("youden, sensitivity95, specificity95 or a threshold.")
        ),
        held_out: bool = typer.Option(
            False,
            "--held-out",
            help=tr("Count the pack's held-out patients, not those out of fold."),
        ),
        heatmap: Path | None = typer.Option(None, help=tr("Write the heatmap to this PNG file.")),
        save: bool = typer.Option(False, "--save", help=tr("Keep the case in the library.")),
        device: str | None = device_option(),
        cohort: Path | None = typer.Option(None, help=tr("Predict each patient of this cohort.")),
        out: Path | None = typer.Option(None, help=tr("The table that --cohort writes, CSV.")),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:
        counted = ValidationSource.HELD_OUT if held_out else ValidationSource.OUT_OF_FOLD
        reading = Reading(pack or demo_pack_path(), device, operating_point, prevalence, counted)
        if cohort is not None:
            of_one_case = (file, roi, mask, frame, clinical, calibration, heatmap)
            if out is None or save or any(given is not None for given in of_one_case):
                raise typer.BadParameter(
                    tr("--cohort takes --out, and nothing that belongs to one case.")
                )
            return run_command(as_json, lambda: _cohort(cohort, out, reading, as_json), library)
        outline = roi or mask
        if file is None or outline is None or (roi and mask):
            raise typer.BadParameter(tr("Give a file, and one of --roi and --mask."))
        if out is not None:
            raise typer.BadParameter(tr("--out belongs to --cohort."))
        files = CaseFiles(file, outline, frame, clinical, calibration)
        kept = (library or default_library_dir()) if save else None
        return run_command(as_json, lambda: _case(files, reading, heatmap, kept), library)


def _case(
    files: CaseFiles, reading: Reading, heatmap: Path | None, library: Path | None
) -> Outcome:
    from her2desk.dicom.outline import outline_from_file
    from her2desk.dicom.reader import open_image
    from her2desk.inference.pipeline import predict
    from her2desk.inference.requests import case_of

    opened = open_image(files.image)
    outline = outline_from_file(files.outline, files.frame, opened.image)
    clinical = _clinical(files.clinical)
    case = case_of(opened, outline.roi, clinical, _calibration(files.calibration))
    loaded, question = reading.load()
    trust = required_trust(loaded.pack)
    prediction = predict(case, loaded, SilentProgress(), question)
    beside = outline.warnings if trust.warning is None else (trust.warning, *outline.warnings)
    prediction = replace(prediction, warnings=(*beside, *prediction.warnings))
    document = prediction.to_json()
    if heatmap is not None:
        _check_place(heatmap, files.image, library or default_library_dir())
        _write_heatmap(heatmap, opened, prediction)
    if library is not None:
        kept = Answered(prediction, reading.pack, loaded.pack)
        document["case_id"] = _save(library, files.image, opened.image, kept)
    return Outcome(document, lambda console: _show(console, prediction))


def _cohort(folder: Path, out: Path, reading: Reading, as_json: bool) -> Outcome:
    from her2desk.cli.predict_cohort import predict_cohort

    loaded, question = reading.load()
    trust = required_trust(loaded.pack)
    with shown_progress(as_json) as progress:
        table = predict_cohort(folder, out, loaded, question, progress)
    warnings = [w for w in (trust.warning, *loaded.network.warnings) if w is not None]
    document = {
        "patients": table.patients,
        "predicted": table.predicted,
        "refused": table.refused,
        "out": str(out),
        "warnings": [_warning_json(warning) for warning in warnings],
    }
    said = tr("{n} of {total} patients predicted, {refused} refused: {out}").format(
        n=table.predicted, total=table.patients, refused=table.refused, out=out
    )

    def show(console: Console) -> None:
        console.print(printable(said))
        for warning in warnings:
            console.print(printable(warning.message.text()))

    return Outcome(document, show)


def _warning_json(warning: ImageWarning) -> dict[str, str]:
    return {"code": warning.code, "message": warning.message.text()}


def _clinical(path: Path | None) -> ClinicalRecord:
    if path is None:
        return ClinicalRecord()
    try:
        raw = json.loads(_text_of(path))
    except (ValueError, RecursionError) as error:
        raise InputRefused(
            msg("{name} is not JSON.", name=path.name),
            msg("Give the clinical record as a JSON object."),
            code="clinical-malformed",
        ) from error
    return clinical_from_json(raw)


def _calibration(path: Path | None) -> UserCalibration | None:
    return None if path is None else calibration_from_json(_text_of(path))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(
            msg("{name} cannot be read as text.", name=path.name),
            msg("Check the path and the file."),
            code="unreadable-file",
        ) from error


def _point(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _write_heatmap(target: Path, opened: "OpenedImage", prediction: Prediction) -> None:
    from her2desk.figures.heatmap import heatmap_overlay_png

    roi = prediction.inputs.roi
    if prediction.heatmap is None:
        raise InputRefused(
            msg("This case has no heatmap."), msg("Leave --heatmap out."), code="no-heatmap"
        )
    picture = heatmap_overlay_png(
        opened.frames.frame(roi.frame_index),
        roi.polygon,
        prediction.heatmap,
        spacing=prediction.spacing,
    )
    try:
        write_private(target, picture)
    except OSError as error:
        raise unwritable(target) from error


def _check_place(target: Path, source: Path, library: Path) -> None:
    """Raise where a picture would take the place of the image or of something in the library."""
    from her2desk.store.places import check_outside

    if target.resolve() == source.resolve():
        raise InputRefused(
            msg("The heatmap would take the place of the image itself."),
            msg("Give --heatmap another name."),
            code="same-file",
        )
    check_outside(library, target)


def _save(library: Path, source: Path, image: UltrasoundImage, answered: Answered) -> int:
    from her2desk.inference.keeping import keep_answer

    inputs = answered.prediction.inputs
    with opened_library(library) as store:
        case_id = store.add_image(source, image).case_id
        store.save_drawing(case_id, drawing_of(inputs.roi))
        store.save_clinical(case_id, inputs.clinical)
        if inputs.calibration is not None:
            store.save_calibration(case_id, inputs.calibration)
        keep_answer(
            store,
            shelf_of(library),
            case_id,
            answered.prediction,
            answered.pack_path,
            answered.pack,
        )
    return case_id


def _show(console: Console, prediction: Prediction) -> None:
    for line in _sentences(prediction):
        console.print(printable(line.text()))


def _sentences(prediction: Prediction) -> tuple[Message, ...]:
    from her2desk.stats.case_words import (
        call_counts_sentence,
        concerns,
        enhancement_sentence,
        no_table_sentence,
    )

    readout, pack = prediction.readout, prediction.pack
    against = concerns(prediction, None)
    said = {concern.code for concern in against}
    counted = (call_counts_sentence(readout), no_table_sentence(readout))
    use = prediction.enhancement
    return (
        msg(
            "Predicted probability of HER-2 positive: {p:.2f} ({lower:.2f}–{upper:.2f})",
            p=readout.probability,
            lower=readout.lower,
            upper=readout.upper,
        ),
        call_sentence(readout),
        *(sentence for sentence in counted if sentence is not None),
        *(concern.message for concern in against),
        msg("Pack: {name} {version}", name=pack.name, version=pack.version),
        *(() if use is None else (enhancement_sentence(use),)),
        *(w.message for w in prediction.warnings if w.code not in said),
        RESEARCH_USE,
    )
