"""What a nomogram says in words: names of axes and levels, and the picture as a sentence."""

from collections.abc import Mapping

from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.domain.nomogram import NomogramAxis, NomogramTerm
from her2desk.texts import tr

_RECEPTORS = ("er", "pr")


def axis_label(term: NomogramTerm) -> str:
    """A variable's name with its unit; signatures enter as log-odds and say so."""
    label = term.label.text()
    spec = FIELDS_BY_NAME.get(term.name)
    if spec is not None:
        return f"{label} ({spec.unit.text()})" if spec.unit.msgid else label
    return label if "log-odds" in term.label.msgid else tr("{label} (log-odds)").format(label=label)


def value_label(term: NomogramTerm, value: float) -> str:
    """A value as it stands on its axis."""
    if not term.is_binary:
        return f"{value:.3g}".replace("-", "−")
    if term.name in _RECEPTORS:
        return tr("positive") if value >= 0.5 else tr("negative")
    return tr("yes") if value >= 0.5 else tr("no")


def what_if_sentence(what_if: float | None, patient: float | None) -> str:
    """The number under the nomogram."""
    if what_if is not None and patient is not None:
        return tr("What if: {new:.2f} instead of {old:.2f}").format(new=what_if, old=patient)
    if what_if is not None:
        return tr("What if: {new:.2f}").format(new=what_if)
    if patient is not None:
        return tr("This patient: {old:.2f}").format(old=patient)
    return tr("No patient yet: drag the markers to try values.")


def picture_sentence(
    axes: tuple[NomogramAxis, ...],
    values: Mapping[str, float],
    total: float | None,
    probability: float | None,
) -> str:
    """The whole picture for a screen reader."""
    parts = [
        tr("{label}: {value}, {points:.0f} points").format(
            label=axis_label(axis.term),
            value=value_label(axis.term, values[axis.term.name]),
            points=axis.points_at(values[axis.term.name]),
        )
        for axis in axes
        if axis.term.name in values
    ]
    if total is not None and probability is not None:
        parts.append(
            tr("total {total:.0f} points, probability {probability:.2f}").format(
                total=total, probability=probability
            )
        )
    return "; ".join(parts) + "." if parts else tr("No values yet.")


def clipped_sentence(axis: NomogramAxis, value: float) -> str:
    """What to say of a value beyond its axis."""
    return tr(
        "{label} is {value}, outside the range of the training patients; its marker stands at the "
        "end of the axis and the probability uses the true value."
    ).format(label=axis_label(axis.term), value=value_label(axis.term, value))
