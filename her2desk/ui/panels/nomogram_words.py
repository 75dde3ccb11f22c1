"""What a nomogram says in words: names, numbers, and its arithmetic. No Qt."""

from collections.abc import Mapping

from her2desk.domain.nomogram import NomogramAxis, NomogramGeometry, NomogramTerm
from her2desk.stats.counts import probability as probability_text
from her2desk.stats.nomogram import MAX_POINTS, interval
from her2desk.texts import listed_apart, tr

Interval = tuple[float, float]
Chance = tuple[float, Interval | None]


def axis_label(term: NomogramTerm) -> str:
    """A variable's name with its unit."""
    return term.label.text()


def value_label(term: NomogramTerm, value: float) -> str:
    """A value as it stands on its axis."""
    if term.is_discrete:
        return term.level_names[round(value)].text()
    return number(value, 3)


def number(value: float, digits: int = 4) -> str:
    """A number as people write it, with a true minus sign."""
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def points_text(points: float) -> str:
    """Points with one decimal."""
    return f"{round(points, 1) + 0.0:.1f}".replace("-", "−")


def chance_text(probability: float, bounds: Interval | None) -> str:
    """A probability with its interval: 0.40 (0.28–0.53)."""
    if bounds is None:
        return probability_text(probability)
    lower, upper = (probability_text(p) for p in bounds)
    return f"{probability_text(probability)} ({lower}–{upper})"


def what_if_sentence(what_if: Chance | None, patient: Chance | None) -> str:
    """The numbers under the nomogram: each a probability and its interval, where there is one."""
    if what_if is not None and patient is not None:
        return tr("What if: {new} instead of {old}").format(
            new=_stated(*what_if), old=chance_text(*patient)
        )
    if what_if is not None:
        return tr("What if: {new}").format(new=_stated(*what_if))
    if patient is not None:
        return tr("This patient: {old}").format(old=_stated(*patient))
    return tr("No patient yet: drag the markers to try values.")


def axis_arithmetic(geometry: NomogramGeometry, axis: NomogramAxis, value: float) -> str:
    """How a value comes by its points: "PR negative: 100 · |−1.724 · (0 − 1)| / 12.3 = 14.0 points"."""
    term, points = axis.term, axis.points_at(value)
    if term.is_categorical:
        sum_of = f"({_signed(term.effect(value))} − {_signed(term.effect(axis.reference), True)})"
    else:
        difference = f"({number(value)} − {_signed(axis.reference, True)})"
        sum_of = f"|{number(term.coefficient)} · {difference}|"
    return tr("{label} {value}: {sign}100 · {sum} / {widest} = {points} points").format(
        label=axis_label(term),
        value=value_label(term, value),
        sign="−" if points < 0 else "",
        sum=sum_of,
        widest=number(geometry.per_point * MAX_POINTS),
        points=points_text(points),
    )


def total_arithmetic(geometry: NomogramGeometry, values: Mapping[str, float], shift: float) -> str:
    """How points become a probability: "21.3 + 14.0 = 35.3 points → log-odds −0.42 → 0.40 (0.28–0.53)".

    ``values`` has every axis' variable. ``shift`` is what the local prevalence adds to the log-odds.
    """
    parts = [axis.points_at(values[axis.term.name]) for axis in geometry.axes]
    total = geometry.total_points(values)
    added = points_text(parts[0])
    for points in parts[1:]:
        added += f" − {points_text(-points)}" if points < 0 else f" + {points_text(points)}"
    if len(parts) > 1:
        added += f" = {points_text(total)}"
    log_odds = f"{geometry.linear_predictor(total) + shift + 0.0:.2f}".replace("-", "−")
    said = chance_text(geometry.probability(total, shift), interval(geometry.model, values, shift))
    if shift == 0:
        return tr("{sum} points → log-odds {log_odds} → {chance}").format(
            sum=added, log_odds=log_odds, chance=said
        )
    return tr(
        "{sum} points → log-odds {log_odds}, {shift} of it for the local prevalence → {chance}"
    ).format(sum=added, log_odds=log_odds, shift=f"{shift:+.2f}".replace("-", "−"), chance=said)


def arithmetic_lines(
    geometry: NomogramGeometry, values: Mapping[str, float], shift: float
) -> list[str]:
    """Every axis' line and, when all values are there, the total's."""
    known = [axis for axis in geometry.axes if axis.term.name in values]
    lines = [axis_arithmetic(geometry, axis, values[axis.term.name]) for axis in known]
    if len(known) == len(geometry.axes):
        lines.append(total_arithmetic(geometry, values, shift))
    return lines


def explained(
    geometry: NomogramGeometry,
    row: int,
    patient: Mapping[str, float],
    what_if: Mapping[str, float] | None,
    shift: float,
) -> str:
    """The arithmetic of a row (0 is Points), of the patient and of what is tried; "" for Points."""

    def line(values: Mapping[str, float]) -> str:
        if 0 < row <= len(geometry.axes):
            axis = geometry.axes[row - 1]
            value = values.get(axis.term.name)
            return "" if value is None else axis_arithmetic(geometry, axis, value)
        is_whole = all(axis.term.name in values for axis in geometry.axes)
        return total_arithmetic(geometry, values, shift) if row > 0 and is_whole else ""

    own, tried = line(patient), line(what_if or {})
    if not tried or tried == own:
        return own
    tried = tr("What if: {text}").format(text=tried)
    return "\n".join((tr("This patient: {text}").format(text=own), tried)) if own else tried


def picture_sentence(
    axes: tuple[NomogramAxis, ...],
    values: Mapping[str, float],
    total: float | None,
    probability: Chance | None,
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
            tr("total {total:.0f} points, probability {probability}").format(
                total=total, probability=chance_text(*probability)
            )
        )
    if not parts:
        return tr("No values yet.")
    return tr("{values}.").format(values=listed_apart(parts))


def clipped_sentence(axis: NomogramAxis, value: float) -> str:
    """What to say of a value beyond its axis."""
    return tr(
        "{label} is {value}, outside the range of the training patients; its marker stands at the "
        "end of the axis and the probability uses the true value."
    ).format(label=axis_label(axis.term), value=value_label(axis.term, value))


def _stated(probability: float, bounds: Interval | None) -> str:
    """A probability with its interval, called by its name."""
    if bounds is None:
        return probability_text(probability)
    lower, upper = (probability_text(p) for p in bounds)
    return tr("{value} (95 % interval {lower}–{upper})").format(
        value=probability_text(probability), lower=lower, upper=upper
    )


def _signed(value: float, in_brackets: bool = False) -> str:
    """A number as part of a sum; one below 0 in brackets where it follows a sign."""
    return f"({number(value)})" if in_brackets and value < 0 else number(value)
