"""``her2desk train-enhancer``: images become a super-resolution of one's own."""

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer
from rich.console import Console
from rich.table import Table

from her2desk.cli.options import json_option, library_option
from her2desk.cli.output import Outcome, printable, run_command
from her2desk.cli.progress_lines import (
    ProgressKind,
    progress_option,
    tells_json,
    told_progress,
)
from her2desk.paths import ENHANCER_SUFFIX
from her2desk.texts import msg, tr

if TYPE_CHECKING:
    from her2desk.training.enhancer_build import EnhancerRequest, EnhancerResult
    from her2desk.training.enhancer_images import LeftOut
    from her2desk.training.enhancer_training import CurvePoint

L1_STEPS, ADVERSARIAL_STEPS = 2000, 1000
WIDTH, BLOCKS = 32, 6
SCALE = 4
DEPTH_SIGMA, LATERAL_SIGMA = 1.4, 2.0
SIGMAS = (0.25, 2.5)  # those of ``Degradation`` at this scale


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        "train-enhancer", help=tr("Train a super-resolution (×4) on images, with its curves.")
    )
    def train_enhancer_command(
        images: Path = typer.Argument(metavar="IMAGES"),
        out: Path | None = typer.Option(None, help=tr("The enhancer to write, NAME.h2enhancer.")),
        check: bool = typer.Option(
            False, "--check", help=tr("Only look at the images: which are left out, and why.")
        ),
        l1_only: bool = typer.Option(
            False, "--l1-only", help=tr("Train to the pixels alone, without a discriminator.")
        ),
        l1_steps: int = typer.Option(
            L1_STEPS, min=1, max=1_000_000, help=tr("Steps of training to the pixels alone.")
        ),
        adversarial_steps: int = typer.Option(
            ADVERSARIAL_STEPS, min=1, max=1_000_000, help=tr("Steps against the discriminator.")
        ),
        width: int = typer.Option(WIDTH, min=4, max=128, help=tr("Channels of the network.")),
        blocks: int = typer.Option(BLOCKS, min=1, max=6, help=tr("Residual blocks.")),
        depth_sigma: float = typer.Option(
            DEPTH_SIGMA, min=SIGMAS[0], max=SIGMAS[1],
            help=tr("Blur along depth that is undone, in enhanced pixels."),
        ),
        lateral_sigma: float = typer.Option(
            LATERAL_SIGMA, min=SIGMAS[0], max=SIGMAS[1],
            help=tr("Blur across the beam that is undone, in enhanced pixels."),
        ),
        seed: int | None = typer.Option(
            None, min=0,
            help=tr("Seed of every random choice (from the images' content, if not given)."),
        ),
        held_out: float = typer.Option(
            0.1, min=0.02, max=0.9, help=tr("Share of patients that the curves are measured on.")
        ),
        name: str | None = typer.Option(None, help=tr("The enhancer's name.")),
        enhancer_version: str = typer.Option("1.0", help=tr("The enhancer's version.")),
        licence: str = typer.Option("not stated", help=tr("Under which licence it may be used.")),
        population: str | None = typer.Option(
            None, help=tr("Who the patients are, in a sentence.")
        ),
        jobs: int = typer.Option(1, min=1, max=256, help=tr("How many threads work.")),
        device: str = typer.Option("auto", help=tr("auto, cpu, cuda or mps.")),
        work: Path | None = typer.Option(
            None, help=tr("Folder that keeps the state, so that a stopped run can go on.")
        ),
        progress: ProgressKind = progress_option(),
        library: Path | None = library_option(),
        as_json: bool = json_option(),
    ) -> int:  # fmt: skip
        if not check and (out is None or out.suffix != ENHANCER_SUFFIX):
            raise typer.BadParameter(tr("Give --out, a name that ends in .h2enhancer, or --check."))

        def worked() -> Outcome:
            from her2desk.enhancement.degradation import Degradation
            from her2desk.training.enhancer_build import EnhancerRequest
            from her2desk.training.enhancer_training import EnhancerPlan

            plan = EnhancerPlan(
                width=width,
                blocks=blocks,
                degradation=Degradation(SCALE, depth_sigma, lateral_sigma),
                l1_steps=l1_steps,
                adversarial_steps=0 if l1_only else adversarial_steps,
            )
            request = EnhancerRequest(
                images, out or images, name, enhancer_version, licence, population, plan, seed,
                held_out, device, jobs, work,
            )  # fmt: skip
            work_on = _looked if check else _trained
            return work_on(request, progress, as_json)

        resumed = msg("The same command goes on where it was.")
        return run_command(as_json, worked, library, when_stopped=resumed)


def _trained(request: "EnhancerRequest", kind: ProgressKind, as_json: bool) -> Outcome:
    from her2desk.training.enhancer_build import build_enhancer
    from her2desk.training.enhancer_training import nobody_notes

    noted = _PointLines(sys.stderr) if tells_json(kind, as_json) else nobody_notes
    with told_progress(kind, as_json) as progress:
        result = build_enhancer(request, progress, noted)
    return Outcome(_document(result), lambda console: _show(console, result))


def _looked(request: "EnhancerRequest", kind: ProgressKind, as_json: bool) -> Outcome:
    from her2desk.training.enhancer_build import look_at

    with told_progress(kind, as_json) as progress:
        look = look_at(request, progress)
    document = {
        "usable": True,
        "images": look.images,
        "patients": look.patients,
        "held_out_patients": look.held_out_patients,
        "left_out": [_left_out(one) for one in look.left_out],
    }

    def show(console: Console) -> None:
        said = tr("{n} pictures of {k} patients; {h} patients would be held out.")
        said = said.format(n=look.images, k=look.patients, h=look.held_out_patients)
        console.print(said)
        _show_left_out(console, look.left_out)

    return Outcome(document, show)


class _PointLines:
    """``{"curve": {"step", "phase", "psnr_db"}}``, a line for each point that was not told yet."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = 0

    def __call__(self, points: "Sequence[CurvePoint]") -> None:
        """Tell the new ones; a reader that went away is no failure."""
        for point in points[self._told :]:
            psnr = point.measures.get("psnr_db")
            curve = {"step": point.step, "phase": point.phase, "psnr_db": psnr}
            with suppress(BrokenPipeError):
                self._stream.write(json.dumps({"curve": curve}) + "\n")
                self._stream.flush()
        self._told = len(points)


def _left_out(one: "LeftOut") -> dict[str, str]:
    return {"image": one.image, "code": one.code, "message": one.reason.text()}


def _document(result: "EnhancerResult") -> dict[str, Any]:
    m = result.manifest
    return {
        "enhancer": str(result.enhancer),
        "sha256": result.sha256,
        "name": m.name,
        "version": m.version,
        "loss": m.loss,
        "seed": m.seed,
        "patients": m.training_patients,
        "images": m.training_images,
        "held_out_patients": m.held_out_patients,
        "left_out": [_left_out(one) for one in result.left_out],
        "measures": m.measures,
        "curves": [
            {
                "step": point.step,
                "phase": point.phase,
                "losses": dict(point.losses),
                "measures": dict(point.measures),
            }
            for point in result.curves
        ],
        "figures": [str(path) for path in result.figures],
    }


def _show(console: Console, result: "EnhancerResult") -> None:
    m = result.manifest
    said = tr("{n} pictures of {k} patients; {h} patients held out.")
    console.print(said.format(n=m.training_images, k=m.training_patients, h=m.held_out_patients))
    _show_left_out(console, result.left_out)
    if m.measures:
        lanczos, generator = m.measures["lanczos"], m.measures["generator"]
        table = Table(tr("held-out patients"), tr("Lanczos"), tr("this enhancer"), box=None)
        for name, value in generator.items():
            table.add_row(name, f"{lanczos[name]:.4g}", f"{value:.4g}")
        console.print(table)
    for line in (
        tr("Enhancer: {path}").format(path=result.enhancer),
        *(tr("Curves: {path}").format(path=path) for path in result.figures),
        f"SHA-256 {result.sha256}",
    ):
        console.print(printable(line))


def _show_left_out(console: Console, left_out: "Sequence[LeftOut]") -> None:
    for one in left_out:
        left = tr("Left out: {image}. {reason}")
        console.print(printable(left.format(image=one.image, reason=one.reason.text())))
