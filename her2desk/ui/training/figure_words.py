"""What the figures of a build are called, by the names of their files."""

from pathlib import Path

from her2desk.texts import msg, tr

_FIGURES = {
    "association": msg("Associations"),
    "calibration": msg("Calibration"),
    "confusion": msg("Confusion"),
    "decision-curve": msg("Decision curve"),
    "histogram": msg("Distribution of answers"),
    "nomogram": msg("Nomogram"),
    "optimism": msg("Optimism"),
    "robustness": msg("Robustness"),
    "roc": msg("ROC curve"),
    "selection": msg("Selected features"),
    "sites": msg("Sites"),
    "subgroups": msg("Subgroups"),
}
_EVIDENCE = {
    "apparent": msg("Apparent"),
    "cross-validated": msg("Cross-validated"),
    "held-out": msg("Held-out"),
    "external": msg("External"),
}
_CURVES = "-curves"  # of an enhancer, behind its own name


def figure_title(path: Path) -> str:
    """A figure's name in words; one of a file that the program did not name is the file's own."""
    name = path.stem.replace("_", "-")
    if name.endswith(_CURVES):
        return tr("Curves of the training")
    kind = next((kind for kind in _FIGURES if name == kind or name.startswith(f"{kind}-")), None)
    if kind is None:
        words = name.replace("-", " ").strip()
        return words[:1].upper() + words[1:]
    figure, rest = _FIGURES[kind].text(), name[len(kind) + 1 :]
    if not rest:
        return figure
    evidence = _EVIDENCE.get(rest)
    more = rest.replace("-", " ") if evidence is None else evidence.text()
    return tr("{figure}: {which}").format(figure=figure, which=more)
