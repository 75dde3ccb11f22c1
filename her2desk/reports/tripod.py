"""A draft of the TRIPOD+AI checklist, filled with what the run knows."""

from dataclasses import dataclass
from itertools import groupby

from her2desk.domain.research_use import RESEARCH_USE
from her2desk.reports.study import Study
from her2desk.reports.study_html import environment
from her2desk.reports.tripod_answers import Answer
from her2desk.reports.tripod_facts import answer
from her2desk.reports.tripod_items import ITEMS, TripodItem
from her2desk.texts import Message, msg

TEMPLATE = "tripod.html.j2"


@dataclass(frozen=True)
class _Entry:
    item: TripodItem
    answer: Answer


@dataclass(frozen=True)
class _Part:
    title: Message
    entries: tuple[_Entry, ...]


@dataclass(frozen=True)
class _Draft:
    title: str
    is_demo: bool
    heading: Message
    introduction: Message
    parts: tuple[_Part, ...]
    research_use: Message


def tripod_draft(study: Study) -> str:
    """All 27 items (52 with their letters) as one self-contained HTML file.

    What the run knows is filled in; what only people know is marked "To be written by the
    authors". The same study gives the same text; every value is escaped.
    """
    entries = [_Entry(item, answer(item, study)) for item in ITEMS]
    unwritten = sum(e.answer.to_write is not None for e in entries)
    draft = _Draft(
        title=study.title,
        is_demo=study.demo,
        heading=msg("TRIPOD+AI draft"),
        introduction=msg(
            "Draft for the reporting checklist TRIPOD+AI (Collins et al., BMJ 2024; 385: e078378), "
            "{items} items with their letters, each asked here in brief; the statement itself "
            "holds. Filled in from the run. {unwritten} items still need the authors.",
            items=len(entries),
            unwritten=unwritten,
        ),
        parts=tuple(
            _Part(title, tuple(group))
            for title, group in groupby(entries, key=lambda e: e.item.part)
        ),
        research_use=RESEARCH_USE,
    )
    return environment().get_template(TEMPLATE).render(draft=draft)
