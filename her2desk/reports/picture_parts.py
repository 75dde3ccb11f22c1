"""What the makers of a study's pictures share."""

from collections.abc import Callable, Iterator

from matplotlib.figure import Figure

from her2desk.domain.prediction import BRANCHES
from her2desk.figures.plots import picture
from her2desk.reports.document import StudyPicture
from her2desk.reports.study import Evidence, ScoredCohort, Study
from her2desk.reports.study_words import evidence_name, said
from her2desk.texts import Message, msg

JUDGED = (Evidence.EXTERNAL, Evidence.HELD_OUT, Evidence.CROSS_VALIDATED)


def drawn(
    name: str, caption: Message, alternative: Message, draw: Callable[[], Figure]
) -> StudyPicture:
    """A picture whose figure is built anew each time that it is written."""
    return StudyPicture(name, caption, alternative, lambda kind: picture(draw, kind))


def branches_of(table: ScoredCohort) -> tuple[str, ...]:
    """The table's branches in the usual order, unknown ones last."""
    known = [b for b in BRANCHES if b in table.probabilities]
    return (*known, *sorted(set(table.probabilities) - set(known)))


def judged_tables(study: Study) -> Iterator[ScoredCohort]:
    """The tables of patients that the model was not fitted on, if both classes are there."""
    for evidence in JUDGED:
        table = study.tables.get(evidence)
        if table is not None and len(set(table.positive)) == 2:
            yield table


def picture_title(what: Message, table: ScoredCohort) -> Message:
    """A picture's own title: what it shows, of whom."""
    return msg(
        "{what} · {evidence} (n = {n})",
        what=said(what),
        evidence=said(evidence_name(table.evidence)),
        n=len(table.patients),
    )
