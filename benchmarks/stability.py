"""The band of an answer under other outlines: ``python -m benchmarks.stability [--json]``.

A pack of the paper's kind with a ResNet101 of random weights (penultimate values, 64 components) and 30
radiomics features of five image types, drawn once, on speckle of 400 × 500 pixels with a lesion of 56,000.
The baseline, interleaved, is ``predict`` of as many outlines one after another. Seconds, medians; the CPU
seconds beside them do not depend on what else runs. Random weights change no time; the band's width here
means nothing.
"""

import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save as save_tensors

from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi
from her2desk.domain.stability import VARIANTS, Stability
from her2desk.inference.networks import build_network
from her2desk.inference.outline_variants import variability_of, variants
from her2desk.inference.pipeline import LoadedPack, load_pack, predict
from her2desk.inference.stability import stability
from her2desk.packs.archive import read_archive, write_archive
from her2desk.paths import demo_pack_path
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import Profile, onekey_1561, us_2d

ROWS, COLUMNS = 400, 500
AREA_PX = 56_000
SPACING_MM = 0.1
FEATURES = 30
COMPONENTS = 64
ROUNDS = 5
BASELINE_OUTLINES = 5  # answered one by one in each round
IMAGES = {
    "us-2d": ("original", "wavelet-LL", "lbp-2D", "log-sigma-1-0-mm-3D", "gradient"),
    "onekey-1561": ("original", "wavelet-LLL", "lbp-3D-k", "square", "gradient"),
}


@dataclass(frozen=True)
class Row:
    """One pack; ``stages_s`` are those of the main answer."""

    profile: str
    first_s: float
    full_s: float
    full_cpu_s: float
    one_by_one_s: float
    one_by_one_cpu_s: float
    stages_s: dict[str, float]

    @property
    def ratio(self) -> float:
        """How many times longer the same takes one by one, in CPU seconds."""
        return self.one_by_one_cpu_s / self.full_cpu_s


def names_of(profile: Profile) -> list[str]:
    """Thirty features of five image types, such as a pack selects."""
    known = [n for n in all_names(profile) if n.split("_")[0] in IMAGES[profile.name]]
    return sorted(np.random.default_rng(0).choice(known, FEATURES, replace=False).tolist())


def write_pack(path: Path, profile: Profile) -> None:
    """The demo pack with a network, components and features of the paper's size."""
    members = {
        name: content
        for name, content in read_archive(demo_pack_path()).members.items()
        if not name.startswith(("models/readout", "models/space", "preview/"))
    }
    names = names_of(profile)
    manifest = json.loads(members["manifest.json"])
    manifest["network"] = {"architecture": "resnet101", "channels": 3}
    manifest["preprocessing"]["input_size_px"] = 224
    manifest["dlr_kind"] = "paper"
    manifest["features"] = {"profile": profile.name, "names": names, "count": len(names)}
    models = json.loads(members["models/models.json"])
    models["scaling"] = {n: {"mean": 0, "sd": 1, "lower": -1e9, "upper": 1e9} for n in names}
    components = [f"pc_{i:02d}" for i in range(1, COMPONENTS + 1)]
    for branch, inputs in (("radiomics", names), ("dlr", [*names, "cnn_logit", *components])):
        models[branch] |= {"inputs": inputs, "coefficients": [0.01] * len(inputs)}
    torch.manual_seed(0)
    weights = build_network("resnet101", 3).state_dict()
    rng = np.random.default_rng(0)
    members |= {
        "manifest.json": json.dumps(manifest).encode(),
        "profile.json": profile.to_json().encode(),
        "models/models.json": json.dumps(models).encode(),
        "networks/cnn.safetensors": save_tensors({n: v.numpy() for n, v in weights.items()}),
        "models/pca.safetensors": save_tensors(
            {"mean": rng.normal(size=2048), "components": rng.normal(size=(COMPONENTS, 2048))}
        ),
    }
    write_archive(path, members)


def lesion() -> Case:
    """A lesion with a wavy rim on speckle, outlined."""
    rng = np.random.default_rng(0)
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    radius = math.sqrt(AREA_PX / math.pi / 0.7) * (1 + 0.1 * np.sin(5 * turns))
    x, y = COLUMNS / 2 + radius * np.cos(turns), ROWS / 2 + 0.7 * radius * np.sin(turns)
    polygon = tuple((float(c), float(r)) for c, r in zip(x, y, strict=True))
    noise = rng.normal(size=(ROWS + 4, COLUMNS + 4))
    speckle = sum(noise[r : r + ROWS, c : c + COLUMNS] for r in range(5) for c in range(5)) / 5
    mask = rasterise(polygon, ROWS, COLUMNS)
    grey = np.clip(90 - 40 * mask + 30 * speckle, 0, 255).astype(np.uint8)
    spacing = (SPACING_MM, SPACING_MM)
    image = UltrasoundImage(
        "0" * 64, None, ROWS, COLUMNS, 1, "MONOCHROME2", "", pixel_spacing_mm=spacing
    )
    return Case(image, grey, Roi(0, polygon), ClinicalRecord(pr=False))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and CPU seconds of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def measured(case: Case, loaded: LoadedPack) -> Row:
    """The median of interleaved rounds."""
    variability = variability_of(None, (SPACING_MM, SPACING_MM))
    others = [roi for _, roi in variants(case.roi, case.image, variability, VARIANTS)]
    first, full, baseline, stages = [], [], [], []

    def one_by_one() -> None:
        for roi in others[:BASELINE_OUTLINES]:
            predict(replace(case, roi=roi), loaded, SilentProgress())

    def whole() -> None:
        started = time.perf_counter()
        told: list[float] = []

        def tell(_found: Stability) -> None:
            told.append(time.perf_counter() - started)

        stability(case, loaded, SilentProgress(), tell)
        first.append(told[0])

    one_by_one()
    whole()
    first.clear()
    for _ in range(ROUNDS):
        stages.append(predict(case, loaded, SilentProgress()).timings_ms)
        full.append(timed(whole))
        baseline.append(timed(one_by_one))
    share = VARIANTS / BASELINE_OUTLINES
    return Row(
        profile=loaded.profile.name,
        first_s=statistics.median(first),
        full_s=statistics.median(wall for wall, _ in full),
        full_cpu_s=statistics.median(cpu for _, cpu in full),
        one_by_one_s=share * statistics.median(wall for wall, _ in baseline),
        one_by_one_cpu_s=share * statistics.median(cpu for _, cpu in baseline),
        stages_s={k: statistics.median(s[k] for s in stages) / 1000 for k in stages[0]},
    )


def main() -> None:
    """Measure and print."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for profile in (us_2d(), onekey_1561()):
            path = Path(folder) / f"{profile.name}.h2pack"
            write_pack(path, profile)
            rows.append(measured(lesion(), load_pack(path, "cpu")))
    if "--json" in sys.argv[1:]:
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows]))
        return
    print("| profile | 6 outlines | 20 outlines | CPU | 20 × predict | CPU | ratio | main answer |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        stages = ", ".join(f"{name} {s * 1000:.0f} ms" for name, s in row.stages_s.items())
        print(
            f"| {row.profile} | {row.first_s:.2f} s | {row.full_s:.2f} s | {row.full_cpu_s:.2f} s | "
            f"{row.one_by_one_s:.2f} s | {row.one_by_one_cpu_s:.2f} s | {row.ratio:.2f} | {stages} |"
        )


if __name__ == "__main__":
    main()
