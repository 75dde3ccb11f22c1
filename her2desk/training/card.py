"""The model card inside a pack: whom it was trained on, and how it failed, in numbers it holds itself."""

from collections.abc import Sequence

from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.inference.readout import confusion_at
from her2desk.packs.manifest import AucPart, Manifest

SOURCES = (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT)


def model_card(manifest: Manifest, validation: Sequence[ValidationRow]) -> str:
    """Markdown; every figure is worked out from the manifest and the validation rows."""
    return "\n".join(
        [
            *_headline(manifest),
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


def _headline(m: Manifest) -> list[str]:
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
        *_enhancement(m),
        *_readers(m),
        f"- Seed: {m.seed}",
        f"- Licence: {m.licence}",
    ]


def _enhancement(m: Manifest) -> list[str]:
    part = m.preprocessing.enhancement
    if part is None:
        return []
    return [
        f"- Images are enhanced ×{part.scale} by {part.method} before network and features see them "
        f"(SHA-256 {part.sha256})"
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
