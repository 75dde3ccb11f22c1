"""What became of the cases that one pack predicted here: predictions set beside pathology."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from her2desk.domain.clinical import Pathology, pathology_from_json
from her2desk.domain.log_odds import logit
from her2desk.domain.prediction import BRANCHES
from her2desk.domain.traits import Trait, Traits
from her2desk.store.cases import CaseSummary
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.library import Library

COMBINED = "combined"


class Standing(StrEnum):
    """Whether a case counts, or why it does not."""

    COUNTED = "counted"
    WAITING = "waiting"  # no pathology yet
    UNKNOWN = "unknown"  # pathology that does not say the status: IHC 2+ without FISH
    PREDICTED_AFTER = "predicted-after"  # no prediction from before the result was entered
    OTHER_IMAGE = "other-image"  # another image of the same lesion answers


@dataclass(frozen=True)
class Answer:
    """One prediction as the library holds it, in the prevalence that the pack was fitted at.

    ``logit`` and ``branches`` are log-odds. ``features`` are z-scores. ``is_outside`` and
    ``spacing_mm`` (geometric mean of both sides) are None where the prediction does not say.
    """

    entry_id: int
    reader: str
    utc: str
    logit: float
    pattern: str
    branches: Mapping[str, float]
    features: Mapping[str, float]
    traits: Traits
    spacing_mm: float | None
    is_outside: bool | None
    scanner: str


@dataclass(frozen=True)
class LocalCase:
    """A case that the pack predicted, and its pathology as it stands now.

    ``result_entry`` orders the cases by when a status was first known; None while it is not.
    """

    case_id: int
    patient_id: str
    laterality: str | None
    study_date: str
    answer: Answer
    pathology: Pathology
    result_entry: int | None
    result_utc: str
    standing: Standing

    @property
    def label(self) -> str:
        """The case as lists name it."""
        return " ".join(part for part in (f"{self.case_id:04d}", self.patient_id) if part)

    @property
    def is_positive(self) -> bool:
        """HER-2 status by ASCO/CAP; meant for cases that count."""
        return self.pathology.her2_positive is True


@dataclass(frozen=True)
class LocalResults:
    """All cases of one pack. ``unreadable`` predictions do not say what an audit needs."""

    cases: tuple[LocalCase, ...]
    unreadable: int = 0
    _counted: tuple[LocalCase, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        counted = [case for case in self.cases if case.standing is Standing.COUNTED]
        ordered = tuple(sorted(counted, key=lambda case: case.result_entry or 0))
        object.__setattr__(self, "_counted", ordered)

    @property
    def lesions(self) -> tuple[LocalCase, ...]:
        """One case a lesion."""
        return tuple(c for c in self.cases if c.standing is not Standing.OTHER_IMAGE)

    @property
    def counted(self) -> tuple[LocalCase, ...]:
        """The cases that figures are made of, in the order in which their results came."""
        return self._counted

    @property
    def positives(self) -> int:
        """How many of the counted cases were HER-2 positive."""
        return sum(case.is_positive for case in self._counted)

    @property
    def negatives(self) -> int:
        """How many of the counted cases were HER-2 negative."""
        return len(self._counted) - self.positives

    def of(self, standing: Standing) -> int:
        """How many cases stand like this."""
        return sum(case.standing is standing for case in self.cases)

    def by_reader(self) -> dict[str, tuple[int, int]]:
        """Of each reader who predicted: lesions, and how many of them count."""
        found: dict[str, tuple[int, int]] = {}
        for case in self.lesions:
            lesions, counted = found.get(case.answer.reader, (0, 0))
            is_counted = case.standing is Standing.COUNTED
            found[case.answer.reader] = (lesions + 1, counted + is_counted)
        return dict(sorted(found.items()))


def local_results(library: Library, pack_sha256: str) -> LocalResults:
    """The library's results of the pack with this digest; reads every prediction, so not at once.

    Of each case the pack's last prediction from before a status was first known counts; later
    pathology corrects the status, not that moment. Several images of one side of one patient are one
    lesion, of which the image with the largest outline answers.
    """
    entries = library.entries(Action.PREDICTION, Action.PATHOLOGY)
    return results_of(entries, library.cases(), pack_sha256)


def results_of(
    entries: Iterable[HistoryEntry], rows: Sequence[CaseSummary], pack_sha256: str
) -> LocalResults:
    """As ``local_results``, from history entries (oldest first) and the case list."""
    told: dict[int, _Told] = {}
    unreadable = 0
    for entry in entries:
        own = told.setdefault(entry.case_id, _Told())
        if entry.action is Action.PATHOLOGY:
            own.hear(entry)
        elif _is_of(entry, pack_sha256):
            answer = _answer(entry)
            unreadable += answer is None
            own.take(answer)
    summaries = {row.case_id: row for row in rows}
    found = [
        own.case(summaries[case_id], own.answer)
        for case_id, own in sorted(told.items())
        if own.answer is not None and case_id in summaries
    ]
    return LocalResults(tuple(_one_a_lesion(found)), unreadable)


@dataclass
class _Told:
    """What the history said of one case so far."""

    before: Answer | None = None
    after: Answer | None = None
    pathology: Pathology = field(default_factory=Pathology)
    known: HistoryEntry | None = None

    @property
    def answer(self) -> Answer | None:
        return self.before or self.after

    def hear(self, entry: HistoryEntry) -> None:
        self.pathology = pathology_from_json(entry.content)
        if self.known is None and self.pathology.her2_positive is not None:
            self.known = entry

    def take(self, answer: Answer | None) -> None:
        if answer is None:
            return
        if self.known is None:
            self.before = answer
        else:
            self.after = answer

    def case(self, row: CaseSummary, answer: Answer) -> LocalCase:
        return LocalCase(
            row.case_id,
            row.patient_id,
            row.laterality,
            row.study_date,
            answer,
            self.pathology,
            None if self.known is None else self.known.entry_id,
            "" if self.known is None else self.known.utc,
            self._standing(),
        )

    def _standing(self) -> Standing:
        if self.pathology == Pathology():
            return Standing.WAITING
        if self.pathology.her2_positive is None:
            return Standing.UNKNOWN
        return Standing.COUNTED if self.before is not None else Standing.PREDICTED_AFTER


_BEST_FIRST = (Standing.COUNTED, Standing.UNKNOWN, Standing.PREDICTED_AFTER, Standing.WAITING)


def _one_a_lesion(cases: Sequence[LocalCase]) -> list[LocalCase]:
    lesions: dict[object, list[LocalCase]] = {}
    for case in cases:
        key = (case.patient_id, case.laterality) if case.patient_id else case.case_id
        lesions.setdefault(key, []).append(case)
    answering = {min(images, key=_rank).case_id for images in lesions.values()}
    return [
        case if case.case_id in answering else replace(case, standing=Standing.OTHER_IMAGE)
        for case in cases
    ]


def _rank(case: LocalCase) -> tuple[int, float, int]:
    size = case.answer.traits.get(Trait.SIZE)
    return _BEST_FIRST.index(case.standing), -(size or 0.0), case.case_id


def _is_of(entry: HistoryEntry, pack_sha256: str) -> bool:
    try:
        return bool((entry.content or {})["document"]["pack"]["sha256"] == pack_sha256)
    except (KeyError, TypeError):  # it does not say whose it is
        return False


def _answer(entry: HistoryEntry) -> Answer | None:
    """None for a prediction that does not say what an audit needs.

    Such as one kept by a version that did not say the estimate's log-odds.
    """
    try:
        return _read_answer(entry, (entry.content or {})["document"])
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _read_answer(entry: HistoryEntry, document: Mapping[str, Any]) -> Answer | None:
    estimate = document.get("estimate")
    if not estimate or not math.isfinite(estimate["logit"]):
        return None
    spacing = document.get("spacing_mm")
    reach = document.get("range")
    traits = document.get("traits") or {}
    return Answer(
        entry.entry_id,
        entry.reader,
        entry.utc,
        float(estimate["logit"]),
        str(estimate["pattern"]),
        _branches(document, float(estimate["logit"])),
        {name: float(z) for name, z in (document.get("features") or {}).items()},
        {trait: _number(traits.get(str(trait))) for trait in Trait},
        None if not spacing else math.sqrt(spacing[0] * spacing[1]),
        None if not reach else bool(reach["outside"]),
        document.get("scanner") or "",
    )


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]  # refused above


def _branches(document: Mapping[str, Any], log_odds: float) -> dict[str, float]:
    """Log-odds in the pack's prevalence, from probabilities in that of the reader's screen."""
    if not 0 < document["probability"] < 1:
        return {}
    shift = logit(document["probability"]) - log_odds
    return {
        name: logit(value) - shift
        for name in BRANCHES
        if name != COMBINED
        and (value := document["branches"].get(name)) is not None
        and 0 < value < 1
    }
