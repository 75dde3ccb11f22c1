"""One plausible case for the panels: the worked examples of the readout's rules."""

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.concern import Concern, Weight
from her2desk.domain.counts import Call, Confusion, PredictiveValue, Proportion
from her2desk.domain.failure import (
    DECLARED,
    FailureReading,
    FailureSign,
    NoErrorModel,
    Silence,
)
from her2desk.domain.familiarity import Distance, Familiarity, NearPatient, TraitPlace
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource
from her2desk.domain.nomogram import NomogramModel, NomogramTerm
from her2desk.domain.prediction import (
    FeatureContribution,
    Heatmap,
    Inputs,
    PackIdentity,
    Prediction,
)
from her2desk.domain.readout import Doubt, Estimate, Readout
from her2desk.domain.roi import Box, Roi
from her2desk.domain.stability import Stability, Variability, VariantKind
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait
from her2desk.domain.unknowns import UnknownEffect
from her2desk.domain.validation import Attention, OperatingPoint, ValidationSource
from her2desk.inference.nomograms import CaseNomogram
from her2desk.stats.nomogram import build_nomogram
from her2desk.stats.proportions import wilson
from her2desk.texts import msg

PACK = PackIdentity("Phantom demo", "1.0", "ab" * 32, True)
SENSITIVITY95 = OperatingPoint("sensitivity95", 0.31, (0.30, 0.32))
OWN_POINT = OperatingPoint("own", 0.42)
TRAINING_PREVALENCE = 0.307
SHIFT_TO_20_PERCENT = math.log(0.2 / 0.8) - math.log(0.307 / 0.693)


def make_readout(
    call: Call = Call.INDETERMINATE,
    point: OperatingPoint = SENSITIVITY95,
    prevalence: float = 0.20,
    confusion: Confusion | None = None,
) -> Readout:
    """0.49 (0.34–0.64) at 20 %, and 13, 2, 9, 36 of 60 held-out patients."""
    alike = {Call.POSITIVE: wilson(13, 22), Call.NEGATIVE: wilson(2, 38)}
    return Readout(
        probability=0.49,
        lower=0.34,
        upper=0.64,
        prevalence=prevalence,
        operating_point=point,
        call=call,
        confusion=confusion or Confusion(13, 9, 36, 2, ValidationSource.HELD_OUT),
        sensitivity=Proportion(13, 15, 0.62, 0.96),
        specificity=Proportion(36, 45, 0.66, 0.89),
        ppv=PredictiveValue(0.52, 0.37, 0.67),
        npv=PredictiveValue(0.96, 0.90, 0.99),
        neighbours=Proportion(11, 20, 0.34, 0.74),
        doubts=(Doubt.INTERVAL,) if call is Call.INDETERMINATE else (),
        alike=alike.get(call),
    )


def make_negative_readout() -> Readout:
    """0.09 (0.04–0.19): far from the threshold."""
    return replace(
        make_readout(Call.NEGATIVE),
        probability=0.09,
        lower=0.04,
        upper=0.19,
        neighbours=wilson(1, 20),
    )


def make_readout_without_table() -> Readout:
    """Of a pack that has no validation patients."""
    return replace(
        make_readout(Call.POSITIVE),
        confusion=None,
        sensitivity=None,
        specificity=None,
        ppv=None,
        npv=None,
        neighbours=None,
        alike=None,
    )


def make_readout_of_three_events() -> Readout:
    """Of a pack with 3 positives among 18 patients: counts and little else."""
    return replace(
        make_readout(Call.POSITIVE),
        confusion=Confusion(2, 3, 12, 1, ValidationSource.OUT_OF_FOLD),
        sensitivity=wilson(2, 3),
        specificity=wilson(12, 15),
        neighbours=wilson(3, 18),
        alike=wilson(2, 5),
    )


def make_readout_without_positives() -> Readout:
    """Of a pack whose 14 validation patients were all HER-2 negative."""
    return replace(
        make_readout(Call.NEGATIVE),
        confusion=Confusion(0, 2, 12, 0, ValidationSource.OUT_OF_FOLD),
        sensitivity=None,
        specificity=wilson(12, 14),
        ppv=None,
        npv=None,
        neighbours=wilson(0, 14),
        alike=wilson(0, 12),
    )


def make_stability(done: int = 20, spread: float = 0.35, centre: float = 0.53) -> Stability:
    """``done`` of 20 changed outlines answered, evenly over ``centre`` ± ``spread`` log-odds."""
    offsets = np.linspace(-spread, spread, 20)[:done]
    kinds = tuple(VariantKind)
    return Stability(
        inputs_sha256="",
        kinds=tuple(kinds[index % len(kinds)] for index in range(done)),
        logits=tuple(float(centre + offset) for offset in offsets),
        wanted=20,
        variability=Variability(0.4, True, 18),
    )


def make_concerns(notes: int = 1) -> tuple[Concern, ...]:
    """One of each weight, and more notes if asked for."""
    return (
        *(
            Concern(f"note-{index}", Weight.NOTE, msg("Remark {n} on the case.", n=index + 1))
            for index in range(notes)
        ),
        Concern(
            "bright-attention",
            Weight.CAUTION,
            msg(
                "Attention on bright (hyperechoic) pixels: of 14 validation patients called positive "
                "who looked like this, 8 were wrong; of the other 8, 1."
            ),
        ),
        Concern(
            "graphics-in-roi", Weight.GRAVE, msg("Callipers or text are drawn inside the outline.")
        ),
    )


def make_features() -> tuple[FeatureContribution, ...]:
    return (
        FeatureContribution("original_glcm_Correlation", 0.6123, 2.3, False),
        FeatureContribution("gradient_glrlm_RunEntropy", 4.5, -0.6, False),
        FeatureContribution("original_shape2D_Sphericity", 0.71, 4.9, True),
        FeatureContribution("lbp-2D_firstorder_Entropy", 1.93, -3.4, False),
    )


def make_prediction(
    readout: Readout | None = None,
    branches: dict[str, float | None] | None = None,
    attention: Attention | None = None,
    has_heatmap: bool = True,
    warnings: tuple[ImageWarning, ...] = (),
) -> Prediction:
    heatmap = Heatmap(np.ones((7, 7), np.float32), Box(0, 0, 70, 70), 0.6)
    return Prediction(
        inputs=Inputs(
            "cd" * 32,
            "1.2.3",
            Roi(0, ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0))),
            ClinicalRecord(pr=False),
            PACK.sha256,
        ),
        pack=PACK,
        classes=("negative", "positive"),
        estimate=Estimate(0.53, 0.1, "pr", TRAINING_PREVALENCE),
        branches=branches
        or {"clinical": 0.22, "radiomics": 0.48, "cnn": 0.66, "dlr": 0.58, "combined": 0.63},
        signatures={"dlr": 0.62},
        readout=readout or make_readout(),
        heatmap=heatmap if has_heatmap else None,
        attention=attention or Attention(2.1, 1.8, 0.82),
        features=make_features(),
        spacing=Spacing(None, SpacingSource.UNKNOWN),
        device="cpu",
        warnings=warnings,
        timings_ms={"total": 211.0, "cnn": 92.0},
    )


def make_nomogram(is_answer: bool = True) -> CaseNomogram:
    """PR and the DLR score, as the paper's nomogram; PR negative has the more points."""
    levels = (msg("negative"), msg("positive"))
    pr = NomogramTerm("pr", msg("Progesterone receptor (PR)"), -1.07, 0, 1, True, levels)
    dlr = NomogramTerm("dlr", msg("DLR score (log-odds)"), 0.9, -3.1, 2.7)
    covariance = ((0.04, -0.03, 0.0), (-0.03, 0.19, 0.01), (0.0, 0.01, 0.05))
    model = NomogramModel(-0.4, (pr, dlr), covariance, {"dlr": 0.07})
    parts = (msg("PR"), msg("DLR score"))
    values = {"pr": 0.0, "dlr": 0.62}
    return CaseNomogram(parts, is_answer, build_nomogram(model), values)


def make_sign(
    name: str,
    value: float | None,
    limit: float | None,
    alike: tuple[int, int] | None,
    others: tuple[int, int] | None,
    silence: Silence | None,
) -> FailureSign:
    """One declared pattern with its counts of wrong calls."""
    pattern = next(declared for declared in DECLARED if declared.name == name)
    return FailureSign(
        pattern,
        value,
        limit,
        None if alike is None else wilson(*alike),
        None if others is None else wilson(*others),
        silence,
    )


def make_failure() -> FailureReading:
    """A positive call: calcification warns, bright attention is too rare, the rest do not apply."""
    return FailureReading(
        (
            make_sign("bright-attention", 1.8, 1.6, (3, 7), (4, 34), Silence.FEW_ALIKE),
            make_sign("calcification", 1, 0.5, (6, 13), (2, 28), None),
            make_sign("nodes", None, 0.5, None, None, Silence.UNKNOWN),
            make_sign("irregular-margin", 0.95, 0.81, (2, 10), (6, 31), Silence.ABSENT),
        ),
        NoErrorModel.FEW_ERRORS,
        wilson(8, 41),
    )


def make_familiarity() -> Familiarity:
    """Inside the pack's range, but on a scanner that it never saw and larger than all."""
    return Familiarity(
        Distance(3.2, 4.8, 12, wilson(9, 184)),
        (
            TraitPlace(Trait.SIZE, 31.0, 4.1, 28.4, wilson(0, 184)),
            TraitPlace(Trait.SOLIDITY, 0.91, 0.62, 0.99, wilson(61, 184)),
        ),
        tuple(
            NearPatient(
                f"PH-{number:04}",
                positive,
                logit,
                1.4 + 0.3 * number,
                ValidationSource.OUT_OF_FOLD,
                UNKNOWN_TRAITS,
            )
            for number, (positive, logit) in enumerate(
                ((True, 1.1), (False, 0.4), (True, 2.0), (False, -1.2), (False, -0.3))
            )
        ),
        "Acme Sono 5",
        False,
        0.07,
        (0.05, 0.11),
    )


def make_unknowns() -> tuple[UnknownEffect, ...]:
    """PR could move the answer across the threshold, age little, and for ER there is no model."""
    return (
        UnknownEffect("pr", ((0.0, 0.9), (1.0, -0.4))),
        UnknownEffect("age_years", ((30.0, 0.62), (70.0, 0.5))),
        UnknownEffect("er", ()),
    )


def make_picture(side: int = 48) -> bytes:
    """A grey square as PNG."""
    image = QImage(side, side, QImage.Format.Format_Grayscale8)
    image.fill(90)
    for row in range(side // 4, side * 3 // 4):
        for column in range(side // 4, side * 3 // 4):
            image.setPixel(column, row, (row + column) * 2 % 256)
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(data, "PNG")
    return bytes(data.data().data())


def make_whole_prediction() -> Prediction:
    """A positive call with everything that a pack can say of it."""
    return replace(
        make_prediction(replace(make_readout(Call.POSITIVE), failure=make_failure())),
        familiarity=make_familiarity(),
        unknowns=make_unknowns(),
    )
