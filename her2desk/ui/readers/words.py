"""What the window says of a case that several readers outlined."""

from her2desk.agreement.cases import Assessment, Verdict
from her2desk.texts import listed, tr

NO_FIGURE = "–"


def verdict_text(found: Assessment) -> str:
    """The verdict in a few words."""
    if found.verdict is Verdict.DECIDED:
        return tr("decided by {reader}").format(reader=found.third)
    return {
        Verdict.AGREE: tr("agree"),
        Verdict.CALL: tr("call a third reader"),
        Verdict.HIDDEN: tr("yours is missing"),
        Verdict.NOT_COMPARABLE: tr("not comparable"),
    }[found.verdict]


def readers_text(found: Assessment) -> str:
    """Who outlined the case; nobody's name is hidden, only the outline is."""
    return str(listed(found.case.readers))


def frames_text(found: Assessment) -> str:
    """The frames outlined, counted from 1."""
    frames = sorted({roi.frame_index + 1 for roi in found.shown.values()})
    return str(listed(map(str, frames))) or NO_FIGURE


def dice_text(found: Assessment) -> str:
    """Dice, or a dash."""
    return NO_FIGURE if found.figures is None else f"{found.figures.dice:.2f}"


def hausdorff_text(found: Assessment) -> str:
    """The largest distance in mm, or a dash."""
    return _mm(None if found.figures is None else found.figures.hausdorff_mm)


def mean_text(found: Assessment) -> str:
    """The mean distance in mm, or a dash."""
    return _mm(None if found.figures is None else found.figures.mean_distance_mm)


def explanation(found: Assessment) -> str:
    """What is found of the case, and what the figures mean."""
    if found.verdict is Verdict.HIDDEN:
        return tr("Yours is missing; the other outline stays hidden until you have drawn.")
    figures, pair = found.figures, found.pair
    if figures is None or pair is None:
        return found.problem.text() if found.problem is not None else ""
    first, second = pair
    overlap = tr(
        "The outlines of {first} and {second} have Dice {dice:.2f} (1 is the same area, 0 nothing in "
        "common)"
    ).format(first=first, second=second, dice=figures.dice)
    if figures.hausdorff_mm is not None:
        distance = tr("lie {mean:.1f} mm apart on average and {largest:.1f} mm at most.").format(
            mean=figures.mean_distance_mm, largest=figures.hausdorff_mm
        )
    else:
        distance = tr("lie {mean:.0f} pixels apart on average and {largest:.0f} at most.").format(
            mean=figures.mean_distance_px, largest=figures.hausdorff_px
        )
    parts = [
        tr("{overlap} and {distance}").format(overlap=overlap, distance=distance),
        *(reason.text() for reason in found.reasons),
    ]
    if figures.note is not None:
        parts.append(figures.note.text())
    return " ".join([*parts, *_decision(found)])


def _decision(found: Assessment) -> list[str]:
    if found.verdict is Verdict.AGREE:
        return [tr("No third reader is needed.")]
    if found.verdict is Verdict.CALL:
        return [tr("A third reader should decide.")]
    if found.case.chosen is not None:
        said = tr("{third} kept the outline of {chosen}.")
        return [said.format(third=found.third, chosen=found.case.chosen)]
    return [tr("{third} drew a third outline.").format(third=found.third)]


def _mm(value: float | None) -> str:
    return NO_FIGURE if value is None else f"{value:.1f}"
