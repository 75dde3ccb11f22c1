"""What an enhancer's file says of itself to people: its card, and the table of its training."""

import csv
import io
from collections.abc import Sequence

from her2desk.packs.enhancer_file import EnhancerManifest
from her2desk.training.enhancer_measures import MEASURES
from her2desk.training.enhancer_training import CurvePoint

LOSSES = ("l1", "adversarial", "features", "discriminator")
COLUMNS = ("step", "phase", *(f"loss_{name}" for name in LOSSES), *MEASURES)
SIGNIFICANT = 6
_NAMES = {
    "psnr_db": "PSNR (dB)",
    "ssim": "SSIM",
    "ms_ssim": "MS-SSIM",
    "gmsd": "Gradient deviation (GMSD), less is better",
    "speckle_snr": "Local SNR of speckle, enhanced − true",
    "nakagami_m": "Nakagami m, enhanced − true",
}
_LOSSES = {
    "l1": "the mean absolute difference of pixels alone (L1)",
    "adversarial": "pixels (L1), a patch discriminator and that discriminator's features",
}


def curves_table(curves: Sequence[CurvePoint]) -> bytes:
    """The points of training as CSV in UTF-8; a cell is empty where nothing was measured."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in curves:
        values = [point.losses.get(name) for name in LOSSES]
        values += [point.measures.get(name) for name in MEASURES]
        cells = ["" if v is None else f"{v:.{SIGNIFICANT}g}" for v in values]
        writer.writerow([point.step, point.phase, *cells])
    return text.getvalue().encode()


def enhancer_card(manifest: EnhancerManifest) -> str:
    """Markdown; every figure is the manifest's."""
    m = manifest
    return "\n".join(
        [
            f"# {m.name} {m.version}",
            "",
            f"Enlarges B-mode ultrasound ×{m.scale} by a network of {m.blocks} residual blocks with "
            f"{m.width} channels. For research.",
            "",
            "## Trained on",
            "",
            m.description,
            "",
            f"{m.training_images} pictures of {m.training_patients} patients, seed {m.seed}, "
            f"{m.steps} steps, fitted to {_LOSSES[m.loss]}. Licence: {m.licence}.",
            "",
            "## What it undoes",
            "",
            f"A Gaussian blur of {m.depth_sigma:g} enhanced pixels along depth and "
            f"{m.lateral_sigma:g} across, then every {m.scale}th pixel, on the grey values after log "
            "compression; speckle is part of the picture, none is drawn as noise. What it makes, "
            "blurred and decimated again, differs from the image by at most "
            f"{m.tolerance:g} of 255 grey levels; where it differs by more, the program marks the "
            "place and says so.",
            "",
            "## On patients held out",
            "",
            *_table(m),
            "",
            "## What it cannot do",
            "",
            "It fills in what is likely, not what is there: two pictures that differ only in what "
            "blurring removes are the same to it. Measure, outline and decide on the image itself.",
            "",
        ]
    )


def _table(m: EnhancerManifest) -> list[str]:
    if not m.measures:
        return ["Nobody was held out, so nothing is known of other patients."]
    lanczos, generator = m.measures.get("lanczos", {}), m.measures.get("generator", {})
    return [
        f"Means over {m.held_out_patients} patients.",
        "",
        "| | Lanczos | this network |",
        "|---|---|---|",
        *(
            f"| {_NAMES[name]} | {_cell(lanczos.get(name))} | {_cell(generator.get(name))} |"
            for name in MEASURES
        ),
    ]


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
