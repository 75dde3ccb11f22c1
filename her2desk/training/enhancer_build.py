"""``her2desk train-enhancer``: a folder of images becomes an enhancer with its card and curves."""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from pydantic import ValidationError

from her2desk import __version__
from her2desk.domain.progress import Portion, Progress, staged
from her2desk.errors import InputRefused
from her2desk.figures.canvas import PictureKind
from her2desk.figures.enhancer_curves import MeasureCurve, enhancer_curves_figure
from her2desk.figures.plots import picture
from her2desk.in_force import policy_in_force
from her2desk.inference.devices import Device, DeviceFault, choose_device
from her2desk.packs.enhancer_file import MOST_FRAMES, EnhancerManifest, write_enhancer
from her2desk.paths import default_cache_dir
from her2desk.policy import Allowance
from her2desk.texts import msg
from her2desk.training.enhancer_card import curves_table, enhancer_card
from her2desk.training.enhancer_images import (
    EnhancerImages,
    LeftOut,
    held_out_patients,
    read_images,
)
from her2desk.training.enhancer_measures import DIFFERENCES
from her2desk.training.enhancer_patches import EnhancerSample
from her2desk.training.enhancer_training import (
    ADVERSARIAL,
    CurvePoint,
    EnhancerPlan,
    Noted,
    nobody_notes,
    train_enhancer,
)
from her2desk.training.enhancer_yardstick import LANCZOS
from her2desk.training.work_folder import check_writable, content_key, write_whole

CURVES_FILE = "curves.csv"
PICTURE_KINDS: tuple[PictureKind, ...] = ("png", "svg")
READ, TRAINED = 0.03, 0.98  # of the progress
TOLERANCE = 1.0  # grey levels
NOT_STATED = "It is not stated whose pictures these are."
_LABELS = {
    "psnr_db": msg("PSNR (dB)"),
    "ssim": msg("SSIM"),
    "ms_ssim": msg("MS-SSIM"),
    "gmsd": msg("GMSD (less is better)"),
    "speckle_snr": msg("Speckle SNR, difference"),
    "nakagami_m": msg("Nakagami m, difference"),
}


@dataclass(frozen=True)
class EnhancerRequest:
    """One run. ``name`` None is the file's, ``seed`` None the images' own.

    ``held_out`` is the share of patients that the curves and measures are of. ``work`` keeps the
    state between steps and ``curves.csv`` as far as it has come; None is the program's cache.
    """

    images: Path
    out: Path
    name: str | None = None
    version: str = "1.0"
    licence: str = "not stated"
    population: str | None = None
    plan: EnhancerPlan = field(default_factory=EnhancerPlan)
    seed: int | None = None
    held_out: float = 0.1
    device: str = "auto"
    jobs: int = 1
    work: Path | None = None


@dataclass(frozen=True)
class EnhancerResult:
    """Where the enhancer and the pictures of its curves lie, and what was measured."""

    manifest: EnhancerManifest
    enhancer: Path
    sha256: str
    figures: tuple[Path, ...]
    curves: tuple[CurvePoint, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class EnhancerLook:
    """What a training would learn from, and how many patients it would hold out."""

    images: int
    patients: int
    held_out_patients: int
    left_out: tuple[LeftOut, ...]


def look_at(request: EnhancerRequest, progress: Progress) -> EnhancerLook:
    """Read the images and train nothing; raises as ``read_images`` does."""
    images = read_images(request.images, progress)
    seed = _seed(images) if request.seed is None else request.seed
    _, apart = held_out_patients(images, request.held_out, seed)
    held_out = len({sample.patient for sample in apart})
    return EnhancerLook(len(images.samples), len(images.patients), held_out, images.left_out)


def build_enhancer(
    request: EnhancerRequest, progress: Progress, noted: Noted = nobody_notes
) -> EnhancerResult:
    """Read the images, train, and write the enhancer and its curves.

    ``noted`` gets the curves' points so far, whenever there is another.

    Raises
    ------
    InputRefused : as ``read_images`` and ``train_enhancer``; ``enhancer-words`` for a name, version
        or licence that no enhancer can have, ``too-many-pictures``, ``unwritable``, ``device`` for
        one that is not here, and where the administrator allows no training.
    Cancelled : ``progress`` asked to stop; the same request goes on where it was.
    """
    policy_in_force().require(Allowance.TRAINING)
    check_writable(request.out)
    device = _told_device(request.device, progress)
    images = read_images(request.images, Portion(progress, 0, READ, "images"))
    seed = _seed(images) if request.seed is None else request.seed
    learnt, apart = held_out_patients(images, request.held_out, seed)
    manifest = _manifest(request, learnt, len({s.patient for s in apart}), seed)
    folder = request.work or default_cache_dir() / "enhancers"
    key = content_key([[s.frame_sha256 for s in images.samples], request.plan, seed])
    checkpoint = folder / f"{key[:32]}.checkpoint"

    def keep(points: Sequence[CurvePoint]) -> None:
        _keep_curves(folder / CURVES_FILE, points)
        noted(points)

    trained = train_enhancer(
        learnt,
        request.plan,
        seed,
        held_out=apart,
        checkpoint=checkpoint,
        progress=Portion(progress, READ, TRAINED),
        noted=keep,
        device=device,
        jobs=request.jobs,
    )
    progress.step(TRAINED, staged("writing", msg("Writing {name}", name=request.out.name)))
    frames = sorted(sample.frame_sha256 for sample in learnt)
    manifest = manifest.model_copy(
        update={"measures": trained.measures, "training_frames_sha256": tuple(frames)}
    )
    table = curves_table(trained.curves)
    sha256 = write_enhancer(request.out, manifest, trained.weights, enhancer_card(manifest), table)
    figures = _figures(request.out, trained.curves, request.plan)
    checkpoint.unlink(missing_ok=True)
    progress.step(1.0, staged("writing", msg("Finished")))
    return EnhancerResult(manifest, request.out, sha256, figures, trained.curves, images.left_out)


def _told_device(wanted: str, progress: Progress) -> Device:
    def told(fault: DeviceFault) -> None:
        progress.step(READ, staged("device", fault.training_sentence))

    return Device(choose_device(wanted), told)


def _seed(images: EnhancerImages) -> int:
    """The images' own."""
    frames = "\n".join(sorted(sample.frame_sha256 for sample in images.samples))
    return int(hashlib.sha256(frames.encode()).hexdigest()[:6], 16)


def _manifest(
    request: EnhancerRequest, learnt: Sequence[EnhancerSample], held_out: int, seed: int
) -> EnhancerManifest:
    """All but what training brings; made before it, so that a refusal comes early."""
    if len(learnt) > MOST_FRAMES:
        raise InputRefused(
            msg("An enhancer is trained on at most {most} pictures.", most=MOST_FRAMES),
            msg("Take some of the pictures out."),
            code="too-many-pictures",
        )
    plan = request.plan
    blur = plan.degradation
    try:
        return EnhancerManifest(
            schema_version=1,
            kind="enhancer",
            name=request.out.stem if request.name is None else request.name,
            version=request.version,
            scale=blur.scale,
            width=plan.width,
            blocks=plan.blocks,
            depth_sigma=blur.depth_sigma,
            lateral_sigma=blur.lateral_sigma,
            tolerance=TOLERANCE,
            loss=plan.loss,
            licence=request.licence,
            description=request.population or NOT_STATED,
            training_frames_sha256=(),
            training_patients=len({sample.patient for sample in learnt}),
            training_images=len(learnt),
            held_out_patients=held_out,
            seed=seed,
            steps=plan.steps,
            made_with=_made_with(),
            measures={},
        )
    except ValidationError as error:
        raise _unfit(str(error.errors()[0]["loc"][0])) from error


def _made_with() -> dict[str, str]:
    return {
        "her2desk": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
    }


def _unfit(part: str) -> InputRefused:
    return InputRefused(
        msg("An enhancer's {part} cannot be as given.", part=part),
        msg("Give a short one, in one line."),
        code="enhancer-words",
    )


def _keep_curves(path: Path, points: Sequence[CurvePoint]) -> None:
    write_whole(path, lambda file: file.write(curves_table(points)))


def _figures(out: Path, points: Sequence[CurvePoint], plan: EnhancerPlan) -> tuple[Path, ...]:
    """The curves as pictures beside the enhancer; none where nobody was held out."""
    lanczos = next((p.measures for p in points if p.phase == LANCZOS), {})
    own = [point for point in points if point.phase != LANCZOS]
    curves = [
        MeasureCurve(
            label,
            [(p.step, p.measures[name]) for p in own if name in p.measures],
            lanczos.get(name),
            0.0 if name in DIFFERENCES else None,
        )
        for name, label in _LABELS.items()
        if any(name in p.measures for p in own)
    ]
    joined = plan.l1_steps if plan.loss == ADVERSARIAL else None
    draw = partial(enhancer_curves_figure, curves, joined)
    written = []
    for kind in PICTURE_KINDS if curves else ():
        path, content = out.with_name(f"{out.stem}-curves.{kind}"), picture(draw, kind)
        write_whole(path, lambda file, content=content: file.write(content))  # type: ignore[misc]
        written.append(path)
    return tuple(written)
