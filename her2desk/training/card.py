"""The model card inside a pack: whom it was trained on, and how it failed, in numbers it holds itself."""

from collections.abc import Sequence

from her2desk.domain.validation import OperatingPoint, ValidationRow
from her2desk.inference.readout import confusion_at
from her2desk.packs.manifest import Manifest


def model_card(manifest: Manifest, validation: Sequence[ValidationRow]) -> str:
    """Markdown; every figure is worked out from the manifest and the validation rows."""
    m = manifest
    lines = [
        f"# {m.name} {m.version}{' — DEMO' if m.demo else ''}",
        "",
        f"- Intended use: {m.intended_use}",
        f"- Moment of prediction: {m.moment_of_prediction}",
        f"- Decision: {m.decision}",
        f"- Trained on: {m.training.description} "
        f"({m.training.patients} patients, {m.training.positive} HER-2 positive)",
        f"- Network: {m.network.architecture}; DLR kind: {m.dlr_kind}; "
        f"features: {m.features.count} of profile {m.features.profile}",
        f"- Licence: {m.licence}",
        "",
        "## Discrimination, cross-validated",
        "",
        "Mean of within-fold areas under the ROC curve; the interval is approximate "
        "(Nadeau and Bengio 2003).",
        "",
        "| branch | AUC | 95 % interval |",
        "|---|---|---|",
        *(
            f"| {name} | {a.value:.3f} | {a.lower:.3f}–{a.upper:.3f} |"
            for name, a in m.cross_validated_auc.items()
        ),
        "",
        "## Confusion, out of fold",
        "",
        "Each threshold was chosen inside the outer fold's training side.",
        "",
        "| known inputs | operating point | TP | FP | TN | FN | patients |",
        "|---|---|---|---|---|---|---|",
    ]
    for part in m.operating_points:
        rows = [row for row in validation if row.pattern == part.pattern]
        point = OperatingPoint(part.name, part.threshold, part.fold_thresholds)
        t = confusion_at(rows, point, 0.0)
        lines.append(
            f"| {part.pattern} | {part.name} | {t.tp} | {t.fp} | {t.tn} | {t.fn} "
            f"| {t.cohort_size} |"
        )
    return "\n".join([*lines, ""])
