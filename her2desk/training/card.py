"""The model card inside a pack: whom it was trained on, and how it failed, in numbers it holds itself."""

from collections.abc import Sequence

from her2desk.domain.readout import IndeterminateRule
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.readout import confusion_at
from her2desk.packs.enhancer_file import EnhancerManifest
from her2desk.packs.manifest import AucPart, Manifest
from her2desk.packs.readout_part import ReadoutPart
from her2desk.training.enhancement import NOT_SIGNED

SOURCES = (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)


def model_card(
    manifest: Manifest,
    validation: Sequence[ValidationRow],
    readout: ReadoutPart | None = None,
    pictures: int = 0,
    enhancer: EnhancerManifest | None = None,
) -> str:
    """Markdown; every figure is worked out from what the pack holds.

    ``pictures`` counts the patients of whom the pack has a small picture, ``enhancer`` is what the
    enhancer in the pack says of itself.
    """
    return "\n".join(
        [
            *_headline(manifest, enhancer),
            "",
            "## Discrimination",
            "",
            "Areas under the ROC curve. Cross-validated: mean of within-fold areas, interval "
            "approximate (Nadeau and Bengio 2003). Apparent and held out: DeLong on the logit "
            "scale. “acquisition” sees scanner, site, spacing, crop size and burned-in marks only.",
            "",
            *_aucs(manifest),
            "",
            "## Confusion",
            "",
            "Out of fold, each threshold was chosen inside the outer fold's training side; held-out "
            "patients are judged by the pack's own threshold.",
            "",
            *_confusions(manifest, validation),
            "",
            "## What is said of one case",
            "",
            *_paragraphs(manifest, readout or ReadoutPart(), pictures),
            "## What had to give way",
            "",
            *(f"- {note}" for note in manifest.provenance.fallbacks or ("Nothing.",)),
            *(
                f"- No model for patients with only {pattern} known: too few of them."
                for pattern in manifest.provenance.refused_patterns
            ),
            "",
        ]
    )


def _paragraphs(m: Manifest, readout: ReadoutPart, pictures: int) -> list[str]:
    said = (_indeterminate(m), _range(readout), _failures(readout), _pictures(pictures))
    return [line for paragraph in said for line in (paragraph, "")]


def _indeterminate(m: Manifest) -> str:
    if m.indeterminate_rule is IndeterminateRule.CONFORMAL:
        return (
            "Indeterminate zone: no call is made unless the score is unusual for exactly one class "
            "(class-conditional conformal prediction at α = 0.10, calibrated on the out-of-fold "
            "answers). At most about 10 % of each class are then miscalled."
        )
    return (
        "Indeterminate zone: no call is made where the 95 % interval of the probability lies on both "
        "sides of the threshold."
    )


def _range(readout: ReadoutPart) -> str:
    space = readout.space
    if space is None:
        return "Range: whether a case is unlike the patients of this pack cannot be said."
    return (
        f"Range: a case is out of range beyond the distance below which 95 % of the pack's own "
        f"patients lie, measured on {len(space.features)} features by a fit that had not seen them. "
        f"Judged in the same way by the other folds alone, {space.false_alarms} of {space.judged} of "
        f"the pack's own patients were called out of range."
    )


def _failures(readout: ReadoutPart) -> str:
    tested = len(readout.failures)
    if not tested:
        return "Patterns of failure: none could be tested."
    warning = [f"{f.name} ({f.submodel}, {f.operating_point})" for f in readout.failures if f.warns]
    models = sum(part.model is not None for part in readout.error_models)
    return (
        f"Patterns of failure: {len(warning)} of {tested} tests, of patterns declared beforehand for "
        f"each submodel and operating point, warn"
        f"{': ' + ', '.join(warning) if warning else ''}. "
        f"Models of errors: {models}."
    )


def _pictures(pictures: int) -> str:
    if not pictures:
        return "Pictures: the pack holds no picture of any patient."
    return (
        f"Pictures: with its owner's permission the pack holds a small picture of the lesion of "
        f"{pictures} patients."
    )


def _headline(m: Manifest, enhancer: EnhancerManifest | None) -> list[str]:
    origin = m.provenance
    return [
        f"# {m.name} {m.version}{' — DEMO' if m.demo else ''}",
        "",
        f"- Intended use: {m.intended_use}",
        f"- Moment of prediction: {m.moment_of_prediction}",
        f"- Decision: {m.decision}",
        f"- Trained on: {m.training.description} "
        f"({m.training.patients} patients, {m.training.positive} HER-2 positive)",
        f"- Held out: {origin.held_out_patients} patients (split: {origin.split}); "
        f"held-out opened {origin.held_out_opened} times, {origin.builds} builds on this cohort",
        f"- Network: {m.network.architecture}; DLR kind: {m.dlr_kind}; "
        f"features: {m.features.count} of profile {m.features.profile}",
        *_enhancement(m, enhancer),
        *_readers(m),
        f"- Seed: {m.seed}",
        f"- Licence: {m.licence}",
    ]


def _enhancement(m: Manifest, enhancer: EnhancerManifest | None) -> list[str]:
    part = m.preprocessing.enhancement
    if part is None:
        return []
    name = part.method
    if enhancer is not None:
        name = f"the network {enhancer.name} {enhancer.version}"
    said = (
        f"- Images are enhanced ×{part.scale} by {name} before network and features see them "
        f"(SHA-256 {part.sha256})"
    )
    if enhancer is None:
        return [said]
    signer = m.provenance.settings.get("enhancer_signed_by", NOT_SIGNED)
    return [
        said,
        f"- That network was trained on {enhancer.training_images} images of "
        f"{enhancer.training_patients} patients ({enhancer.description}), none of which is in this "
        f"cohort; licence: {enhancer.licence}; "
        + (NOT_SIGNED if signer == NOT_SIGNED else f"signed with the key {signer}"),
    ]


def _readers(m: Manifest) -> list[str]:
    part = m.provenance.readers
    if part is None:
        return []
    return [
        f"- Two readers: {part.left_out} of {part.features} features were not offered to the "
        f"selection, the lower bound of their ICC(A,1) over {part.patients} training patients being "
        f"below {part.kept_from:g}; each fold worked this out anew from its own training patients"
    ]


def _aucs(m: Manifest) -> list[str]:
    lines = ["| branch | apparent | cross-validated | held out |", "|---|---|---|---|"]
    for branch in m.auc.cross_validated:
        cells = (
            _auc(table.get(branch))
            for table in (m.auc.apparent, m.auc.cross_validated, m.auc.held_out)
        )
        lines.append(f"| {branch} | {' | '.join(cells)} |")
    return lines


def _auc(part: AucPart | None) -> str:
    return "–" if part is None else f"{part.value:.3f} ({part.lower:.3f}–{part.upper:.3f})"


def _confusions(m: Manifest, validation: Sequence[ValidationRow]) -> list[str]:
    lines = [
        "| known inputs | operating point | patients | TP | FP | TN | FN | of |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part in m.operating_points:
        point = OperatingPoint(part.name, part.threshold, part.fold_thresholds)
        for source in SOURCES:
            rows = [r for r in validation if r.pattern == part.pattern and r.source is source]
            if rows:
                t = confusion_at(rows, point, 0.0)
                lines.append(
                    f"| {part.pattern} | {part.name} | {source} | {t.tp} | {t.fp} | {t.tn} "
                    f"| {t.fn} | {t.cohort_size} |"
                )
    return lines
