"""The demo case: one calibrated cine of a simulated lesion, its outline and its clinical record."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.roi import Roi
from her2desk.phantoms.anatomy import Breast
from her2desk.phantoms.clinical import patient_streams, simulate_record
from her2desk.phantoms.files import PatientHeader, write_cine
from her2desk.phantoms.grid import Grid
from her2desk.phantoms.lesion import Lesion, LesionTraits, draw_lesion, placed
from her2desk.phantoms.mass import MassTexture, with_mass
from her2desk.phantoms.patient import picture_region, screen_polygon
from her2desk.phantoms.scanner import SCANNERS, Scanner
from her2desk.phantoms.screen import on_screen
from her2desk.phantoms.speckle import Exposure, Signal, b_mode, scatterers

FRAMES = 24
LARGEST_FRAME = 9
SCANNER = SCANNERS[0]
DEMO_TRAITS = LesionTraits(texture=0.8, margin=2.2)  # more irregular than a cohort's usual lesion
RADIUS_MM = 6.4
SHADOW_DB_PER_MM = 1.5
SWEEP_SHRINKS_TO = 0.72  # radius at the end of the sweep, as a share of the largest
PROBE_SHIFT_PX = 9  # the probe slides sideways by this much each way
DECORRELATION_RAD = 0.11  # per frame: how fast the sweep exchanges the scatterers for others


def write_demo_case(folder: Path, seed: int) -> None:
    """Write ``demo.dcm`` (a cine), ``roi.json`` on the largest frame, and ``clinical.json``.

    The same seed gives the same bytes with the same version of the JPEG encoder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = simulate_record(0, seed, 1.0)
    streams = patient_streams(0, seed)
    lesion = _demo_lesion(streams["lesion"])
    frames = _frames(lesion, streams)
    header = PatientHeader(
        "PH-DEMO", "Phantom^Demo", record.age_years, record.laterality, f"demo/{seed}"
    )
    write_cine(folder / "demo.dcm", frames, header, SCANNER, [picture_region(SCANNER)])
    largest, left_px = _at_frame(lesion, LARGEST_FRAME)
    roi = Roi(LARGEST_FRAME, screen_polygon(largest, SCANNER, left_px * SCANNER.spacing_mm))
    clinical = replace(record.clinical, calcification=True, laterality=record.laterality)
    for name, content in (("roi.json", roi.to_json()), ("clinical.json", clinical.to_json())):
        text = json.dumps(content, indent=None if name == "roi.json" else 2)
        (folder / name).write_text(text + "\n", encoding="utf-8")


def _demo_lesion(rng: np.random.Generator) -> Lesion:
    drawn = draw_lesion(rng, DEMO_TRAITS, True, SCANNER.width_mm, SCANNER.depth_mm)
    shaped = replace(drawn, radius_mm=RADIUS_MM, attenuation_db_per_mm=SHADOW_DB_PER_MM)
    return placed(shaped, 0.46, 0.40, SCANNER.width_mm, SCANNER.depth_mm)


def _at_frame(lesion: Lesion, frame: int) -> tuple[Lesion, int]:
    """The lesion's section and the probe's sideways shift in pixels; both close the loop."""
    turn = 2 * np.pi * (frame - LARGEST_FRAME) / FRAMES
    middle, swing = (1 + SWEEP_SHRINKS_TO) / 2, (1 - SWEEP_SHRINKS_TO) / 2
    radius = lesion.radius_mm * (middle + swing * np.cos(turn))
    return replace(lesion, radius_mm=float(radius)), round(PROBE_SHIFT_PX * np.sin(turn))


def _frames(lesion: Lesion, streams: dict[str, np.random.Generator]) -> NDArray[np.uint8]:
    """All frames on the screen, uint8 (FRAMES, rows, columns)."""
    scanner = SCANNER
    breast = Breast(streams["breast"], scanner.width_mm, scanner.depth_mm)
    texture = MassTexture.draw(streams["inside"], lesion)
    exposure = Exposure.draw(streams["exposure"], scanner, lesion.y_mm)
    wide = scanner.picture_columns + 2 * PROBE_SHIFT_PX
    first, second = (
        scatterers(streams["echo"], scanner.looks, scanner.picture_rows, wide) for _ in range(2)
    )
    frames = []
    for index in range(FRAMES):
        section, left_px = _at_frame(lesion, index)
        grid = Grid(
            scanner.picture_rows,
            scanner.picture_columns,
            scanner.spacing_mm,
            left_px * scanner.spacing_mm,
        )
        tissue = with_mass(breast.tissue(grid), grid, section, texture)
        noise = _window(_turned(first, second, index), left_px, scanner)
        picture = b_mode(tissue, noise, grid, scanner, exposure)
        frames.append(on_screen(picture, scanner, lesion.y_mm))
    return np.stack(frames)


def _turned(first: Signal, second: Signal, frame: int) -> Signal:
    """Scatterers that change from frame to frame but keep their power."""
    angle = np.float32(DECORRELATION_RAD * frame)
    return np.asarray(np.cos(angle) * first + np.sin(angle) * second)


def _window(noise: Signal, left_px: int, scanner: Scanner) -> Signal:
    start = PROBE_SHIFT_PX + left_px
    return noise[:, :, start : start + scanner.picture_columns]
