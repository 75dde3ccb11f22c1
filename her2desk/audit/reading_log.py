"""Reader and pack: what was thought before the answer, and decided after it (V22).

Nothing here is a verdict on a reader: readings are the material of studies of reader and model.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from her2desk.domain.clinical import pathology_from_json
from her2desk.domain.counts import Call
from her2desk.domain.reading import (
    Decision,
    Impression,
    answer_of,
    decision_from_json,
    impression_from_json,
)
from her2desk.stats.counts import describe
from her2desk.stats.proportions import wilson
from her2desk.store.history import Action, HistoryEntry
from her2desk.texts import Message, msg, phrase

ACTIONS = (
    Action.IMPRESSION,
    Action.REVEALED,
    Action.LOOKED,
    Action.ROI,
    Action.DECISION,
    Action.PATHOLOGY,
)
UNSURE = "unsure"


@dataclass(frozen=True)
class Reading:
    """One reader's reading of one case.

    ``impression`` was locked before the reveal; None where the pack's answer came first. ``call`` and
    ``probability`` are what was revealed. ``looked`` are the explanations opened, in order. ``redrawn``
    says that the outline was changed after the reveal. Times are in seconds; None where not known.
    """

    case_id: int
    reader: str
    pack: str
    impression: Impression | None
    call: Call
    probability: float
    revealed_utc: str
    looked: tuple[str, ...]
    redrawn: bool
    decision: Decision | None
    seconds_to_impression: float | None
    seconds_to_decision: float | None
    her2_positive: bool | None

    @property
    def changed(self) -> bool | None:
        """Whether the decision differs from the impression; None where one of them is missing."""
        if self.impression is None or self.decision is None:
            return None
        return self.impression.answer != self.decision.answer


def readings(entries: Iterable[HistoryEntry]) -> tuple[Reading, ...]:
    """The readings in these entries of ``ACTIONS``, in the order of the first reveal.

    A reveal that does not say what was revealed, as one kept by another version, makes no reading.
    """
    by_reading: dict[tuple[int, str], list[HistoryEntry]] = {}
    pathology: dict[int, bool | None] = {}
    for entry in sorted(entries, key=lambda e: e.entry_id):
        if entry.action is Action.PATHOLOGY:
            pathology[entry.case_id] = pathology_from_json(entry.content).her2_positive
        else:
            by_reading.setdefault((entry.case_id, entry.reader), []).append(entry)
    found = [
        reading
        for (case_id, _), own in by_reading.items()
        if (reading := _reading(own, pathology.get(case_id))) is not None
    ]
    return tuple(sorted(found, key=lambda r: (r.revealed_utc, r.case_id, r.reader)))


def seen_by(entries: Iterable[HistoryEntry], reader: str) -> frozenset[int]:
    """The cases whose answer came in sight of ``reader``; of others nothing may be given away (V22)."""
    shown = (e for e in entries if e.action is Action.REVEALED and e.reader == reader)
    return frozenset(e.case_id for e in shown)


def agreement_sentences(found: Sequence[Reading]) -> tuple[Message, ...]:
    """Counts of agreement, change and, where pathology is known, of right answers (V15)."""
    asked = [r for r in found if r.impression is not None]
    if not asked:
        return (
            msg(
                "No impression was recorded before an answer yet: switch on “Ask for my own "
                "impression first” in the settings."
            ),
        )
    return tuple(
        sentence
        for sentence in (_agreed(asked), _changed(asked), *_right(asked), _overruled(found))
        if sentence is not None
    )


def _reading(entries: Sequence[HistoryEntry], positive: bool | None) -> Reading | None:
    shown = next((e for e in entries if e.action is Action.REVEALED), None)
    said = None if shown is None else _revealed(shown)
    if shown is None or said is None:
        return None
    before = [e for e in entries if e.entry_id < shown.entry_id]  # later ones were not locked
    after = _last(entries, Action.DECISION)
    looked = (_looked(e) for e in entries if e.action is Action.LOOKED)
    return Reading(
        case_id=shown.case_id,
        reader=shown.reader,
        pack=said.pack,
        impression=impression_from_json(_last(before, Action.IMPRESSION)),
        call=said.call,
        probability=said.probability,
        revealed_utc=shown.utc,
        looked=tuple(dict.fromkeys(what for what in looked if what)),
        redrawn=any(e.action is Action.ROI and e.entry_id > shown.entry_id for e in entries),
        decision=decision_from_json(after),
        seconds_to_impression=said.seconds,
        seconds_to_decision=_seconds_to_decision(entries, shown),
        her2_positive=positive,
    )


@dataclass(frozen=True)
class _Revealed:
    pack: str
    call: Call
    probability: float
    seconds: float | None


def _revealed(entry: HistoryEntry) -> _Revealed | None:
    """What an entry says was revealed; None where it does not say."""
    try:
        said: dict[str, Any] = dict(entry.content or {})
        seconds = said.get("seconds_to_impression")
        return _Revealed(
            str(said["pack"]),
            Call(said["call"]),
            float(said["probability"]),
            None if seconds is None else float(seconds),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _looked(entry: HistoryEntry) -> str:
    content = entry.content if isinstance(entry.content, Mapping) else {}
    return str(content.get("what", ""))


def _last(entries: Sequence[HistoryEntry], action: Action) -> object:
    found = [e.content for e in entries if e.action is action and e.content is not None]
    return found[-1] if found else None


def _seconds_to_decision(entries: Sequence[HistoryEntry], shown: HistoryEntry) -> float | None:
    """From the reveal to the first decision after it; None where the clock went back in between."""
    first = next(
        (e for e in entries if e.action is Action.DECISION and e.entry_id > shown.entry_id), None
    )
    if first is None:
        return None
    taken = datetime.fromisoformat(first.utc) - datetime.fromisoformat(shown.utc)
    return taken.total_seconds() if taken.total_seconds() >= 0 else None


def _agreed(asked: Sequence[Reading]) -> Message:
    clear = [
        (r.impression.answer, answer_of(r.call))
        for r in asked
        if r.impression is not None and UNSURE not in (r.impression.answer, answer_of(r.call))
    ]
    same = sum(one == other for one, other in clear)
    if not clear:
        return msg("No case yet in which both the reader and the pack said positive or negative.")
    return msg(
        "Where both said positive or negative, the reader's impression and the pack's call were "
        "the same in {counts}.",
        counts=phrase(describe(wilson(same, len(clear)))),
    )


def _changed(asked: Sequence[Reading]) -> Message | None:
    decided = [r for r in asked if r.changed is not None]
    if not decided:
        return msg("No case was decided after the answer yet.")
    changed = [r for r in decided if r.changed]
    towards = sum(r.decision is not None and not r.decision.overrules for r in changed)
    if not changed:
        return msg("Nobody changed their answer in {total} decided cases.", total=len(decided))
    return msg(
        "The answer was changed after the reveal in {counts}; {towards} of {changed} towards the "
        "pack.",
        counts=phrase(describe(wilson(len(changed), len(decided)))),
        towards=towards,
        changed=len(changed),
    )


def _right(asked: Sequence[Reading]) -> tuple[Message, ...]:
    """Right before, by the pack, and after, among the same cases; unsure counts as not right."""
    known = [r for r in asked if r.her2_positive is not None and r.decision is not None]
    if not known:
        return (
            msg("Whether answers became better cannot be said before pathology results are in."),
        )
    total = len(known)

    def right(answers: Iterable[str]) -> object:
        truth = ["positive" if r.her2_positive else "negative" for r in known]
        hits = sum(a == t for a, t in zip(answers, truth, strict=True))
        return phrase(describe(wilson(hits, total)))

    return (
        msg(
            "Against pathology: right before the answer {before}, the pack {pack}, right after it "
            "{after}.",
            before=right(r.impression.answer for r in known if r.impression is not None),
            pack=right(answer_of(r.call) for r in known),
            after=right(r.decision.answer for r in known if r.decision is not None),
        ),
    )


def _overruled(found: Sequence[Reading]) -> Message | None:
    decided = [r.decision for r in found if r.decision is not None]
    if not decided:
        return None
    return msg(
        "Overruled: {counts}.",
        counts=phrase(describe(wilson(sum(d.overrules for d in decided), len(decided)))),
    )
