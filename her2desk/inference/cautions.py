"""What the reader should know of a case before believing its estimate; each with a stable code."""

from collections.abc import Iterator, Sequence

from her2desk.domain.case import Case
from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.familiarity import Familiarity
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource
from her2desk.domain.prediction import FeatureContribution
from her2desk.enhancement.suitability import magnified_warning
from her2desk.inference.branches import known_inputs
from her2desk.inference.requests import CROP_MARGIN_PX
from her2desk.packs.pack import Pack, pattern_inputs
from her2desk.stats.case_words import distance_sentence, seen_sentences
from her2desk.texts import listed, msg

ANSWERED_CODES = ("spacing-unknown", "uncalibrated-raster")  # by a ruler of the reader's
GRAVE_CODES = ("colour-in-roi", "graphics-in-roi")  # they change what the estimate is made from


def cautions(
    case: Case,
    pack: Pack,
    spacing: Spacing,
    features: Sequence[FeatureContribution],
    familiar: Familiarity | None = None,
    enhancement: EnhancementUse | None = None,
) -> tuple[ImageWarning, ...]:
    """What this pack and these inputs call for, gravest first, then the file's own warnings.

    ``familiar`` is None where nothing is known of the pack's patients, ``enhancement`` where the
    image itself was looked at.
    """
    return (
        *_demo(pack),
        *_laterality(case),
        *(warning for warning in case.image.warnings if warning.code in GRAVE_CODES),
        *_inconsistent(enhancement),
        *(_magnified(case, pack) if enhancement is not None else ()),
        *_unlike(familiar),
        *_out_of_range(features),
        *_calibration(case, spacing),
        *_missing(case, pack),
        *_unused(case, pack),
        *_of_the_file(case, spacing),
    )


def _of_the_file(case: Case, spacing: Spacing) -> Iterator[ImageWarning]:
    is_answered = spacing.source is SpacingSource.USER
    for warning in case.image.warnings:
        is_said = warning.code in GRAVE_CODES or (is_answered and warning.code in ANSWERED_CODES)
        if not is_said:
            yield warning


def _demo(pack: Pack) -> Iterator[ImageWarning]:
    if pack.manifest.demo:
        yield ImageWarning(
            "demo-pack", msg("DEMO: this pack was trained on simulated phantoms, not on patients.")
        )


def _calibration(case: Case, spacing: Spacing) -> Iterator[ImageWarning]:
    if not spacing.is_known:
        yield ImageWarning(
            "size-assumed",
            msg("There is no calibration under the outline: its size in mm is assumed, so the "
                "estimate is doubtful."),
        )  # fmt: skip
    if spacing.source is SpacingSource.USER:
        yield ImageWarning(
            "calibrated-by-user",
            msg("Sizes come from a ruler that the user drew, not from the file: the estimate is as "
                "good as that ruler."),
        )  # fmt: skip
        return
    said = [warning.message for warning in case.image.warnings]
    if spacing.note is not None and spacing.note not in said:
        yield ImageWarning("spacing-note", spacing.note)


def _laterality(case: Case) -> Iterator[ImageWarning]:
    stated, filed = case.clinical.laterality, case.image.laterality
    if stated is not None and filed is not None and stated != filed:
        yield ImageWarning(
            "laterality-differs",
            msg(
                "The form says side {stated}, the file says {filed}: check the patient and the file.",
                stated=stated,
                filed=filed,
            ),
        )


def _missing(case: Case, pack: Pack) -> Iterator[ImageWarning]:
    names = [name for name in pack.models.clinical_inputs if case.clinical.value(name) is None]
    if names:
        yield ImageWarning(
            "clinical-missing",
            msg(
                "Not known: {names}. The estimate comes from the model without it.",
                names=listed(FIELDS_BY_NAME[name].label for name in names),
            ),
        )


def _unused(case: Case, pack: Pack) -> Iterator[ImageWarning]:
    known = frozenset(known_inputs(pack, case.clinical))
    unused = known - pattern_inputs(pack.submodel(known).pattern)
    if unused:
        yield ImageWarning(
            "clinical-unused",
            msg(
                "Not used: {names}. The pack's cohort had too few patients with just these known.",
                names=listed(FIELDS_BY_NAME[name].label for name in sorted(unused)),
            ),
        )


def _unlike(familiar: Familiarity | None) -> Iterator[ImageWarning]:
    """What tells a case from the pack's patients (V18)."""
    if familiar is None:
        return
    if familiar.distance is not None and familiar.distance.is_outside:
        yield ImageWarning("unlike-training", distance_sentence(familiar.distance))
    scanner, spacing = seen_sentences(familiar)
    if familiar.scanner_seen is False:
        yield ImageWarning("scanner-unseen", scanner)
    if familiar.spacing_seen is False:
        yield ImageWarning("spacing-unseen", spacing)


def _inconsistent(enhancement: EnhancementUse | None) -> Iterator[ImageWarning]:
    """Where the enhanced picture is not the image's any more."""
    if enhancement is None or not enhancement.failing_px:
        return
    yield ImageWarning(
        "enhancement-inconsistent",
        msg(
            "In {n} of {total} pixels the enhanced picture does not give the image back: it differs by up "
            "to {largest:.1f} grey levels, where {tolerance:g} is tolerated. If they lie at the lesion, "
            "the estimate is doubtful.",
            n=enhancement.failing_px,
            total=enhancement.of_px,
            tolerance=enhancement.tolerance,
            largest=enhancement.largest_residual,
        ),
    )


def _magnified(case: Case, pack: Pack) -> Iterator[ImageWarning]:
    image = case.image
    around = case.roi.box(CROP_MARGIN_PX, image.rows, image.columns)
    if pack.enhancer is not None:
        found = magnified_warning(pack.enhancer, case.pixels, around)
        if found is not None:
            yield found


def _out_of_range(features: Sequence[FeatureContribution]) -> Iterator[ImageWarning]:
    if any(f.is_out_of_range for f in features):
        yield ImageWarning(
            "out-of-range",
            msg(
                "{n} of {total} image features lie outside what the pack was trained on, so the "
                "estimate is an extrapolation. Why lists them.",
                n=sum(f.is_out_of_range for f in features),
                total=len(features),
            ),
        )
