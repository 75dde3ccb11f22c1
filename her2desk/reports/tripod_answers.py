"""An answer to a TRIPOD+AI item, and the sentences that several items share."""

from dataclasses import dataclass

from her2desk.reports.picture_parts import JUDGED
from her2desk.reports.study import Evidence, Study
from her2desk.reports.study_words import (
    evidence_name,
    evidence_patients,
    point_sentence,
    said,
)
from her2desk.texts import Message, msg


@dataclass(frozen=True)
class Answer:
    """``known`` comes from the run; ``to_write`` is asked of the authors, None where all is said."""

    known: tuple[Message, ...] = ()
    to_write: Message | None = None


def to_write(text: Message, *known: Message) -> Answer:
    """What is known, and what the authors add."""
    return Answer(known, text)


def partition(study: Study) -> tuple[Message, ...]:
    """Who was in each analysis, and in how many folds."""
    lines = tuple(
        msg(
            "{evidence}: {patients}, {positive} HER-2 positive.",
            evidence=said(evidence_name(table.evidence)),
            patients=said(evidence_patients(table.evidence, len(table.patients))),
            positive=sum(table.positive),
        )
        for table in study.tables.values()
    )
    crossed = study.tables.get(Evidence.CROSS_VALIDATED)
    if crossed is None or crossed.folds is None:
        return lines
    folds = len(set(crossed.folds))
    return (*lines, msg("{n} outer folds; a patient is never on both sides.", n=folds))


def calls(study: Study) -> tuple[Message, ...]:
    """Every threshold in the strongest evidence that has any."""
    seen = {p.evidence for p in study.operating_points}
    evidence = next((e for e in JUDGED if e in seen), None)
    return tuple(
        msg(
            "{evidence}: {sentence}",
            evidence=said(evidence_name(p.evidence)),
            sentence=said(point_sentence(p)),
        )
        for p in study.operating_points
        if p.evidence is evidence
    )
