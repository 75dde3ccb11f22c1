"""Everything that a case's report is made from, read out of the library once.

No engine answers again: the whole prediction, the pack and the image are kept. A record can be handed
to another process, which then writes the report without the library.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from her2desk.domain.clinical import clinical_from_json, pathology_from_json
from her2desk.domain.image import calibration_from_json
from her2desk.domain.prediction import Prediction
from her2desk.domain.reading import decision_from_json, impression_from_json
from her2desk.domain.roi import roi_from_json
from her2desk.domain.stability import Stability
from her2desk.errors import StoreRefused
from her2desk.inference.stored_prediction import from_stored, stability_from_stored
from her2desk.packs.shelf import PackShelf
from her2desk.reports.case_reading import CaseReading, Kept
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.library import Library
from her2desk.texts import Message, msg, phrase


@dataclass(frozen=True)
class CaseRecord:
    """One reader's case: the answer that stands, the files behind it, and what was made of it.

    ``entry_id`` is the answer's in the history, ``utc`` when it was kept, ``last_utc`` when the latest
    of what a report says was. ``packs`` is the shelf that the pack which answered lies on.
    """

    case_id: int
    reader: str
    entry_id: int
    utc: str
    last_utc: str
    prediction: Prediction
    image_path: Path
    packs: Path
    reading: CaseReading = field(default_factory=CaseReading)
    stability: Stability | None = None


def read_case(library: Library, shelf: PackShelf, case_id: int) -> CaseRecord:
    """The case as ``library.reader`` left it.

    Raises ``StoreRefused``: ``report-nothing`` where this reader has no answer or only one kept without
    what a report needs, ``report-stale`` where the outline, the clinical record or the calibration were
    changed after it, and as ``Library`` and ``from_stored``.
    """
    image_path = library.image_path(case_id)
    entries = library.history(case_id)
    reader = library.reader
    answer = _last(entries, Action.PREDICTION, reader)
    if answer is None or answer.content is None:
        raise _nothing(case_id, reader)
    whole = answer.content.get("whole")
    if whole is None:
        raise _not_whole(case_id)
    prediction = from_stored(whole)
    summary = library.summary(case_id)
    is_of_image = summary is not None and summary.sha256 == prediction.inputs.image_sha256
    if not is_of_image or prediction.inputs.sha256 != answer.content["inputs_sha256"]:
        raise _other_answer(case_id)
    changed = _changed(entries, prediction, reader)
    if changed is not None:
        raise _stale(case_id, changed)
    found = _Found(entries, reader, prediction)
    return CaseRecord(
        case_id,
        reader,
        answer.entry_id,
        answer.utc,
        max([answer, *found.used], key=lambda entry: entry.entry_id).utc,
        prediction,
        image_path,
        shelf.folder,
        found.reading,
        found.stability,
    )


class _Found:
    """What a case's history says beside the answer, and the entries that it stands in."""

    def __init__(
        self, entries: Sequence[HistoryEntry], reader: str, prediction: Prediction
    ) -> None:
        self.used: list[HistoryEntry] = []
        self.reading = CaseReading(
            self._kept(_last(entries, Action.IMPRESSION, reader), impression_from_json),
            self._kept(_last(entries, Action.DECISION, reader), decision_from_json),
            self._kept(_last(entries, Action.PATHOLOGY), pathology_from_json),
        )
        self.stability = self._stability(_last(entries, Action.STABILITY, reader), prediction)

    def _stability(self, entry: HistoryEntry | None, prediction: Prediction) -> Stability | None:
        if entry is None or entry.content is None:
            return None
        stability = stability_from_stored(entry.content)
        if stability.inputs_sha256 != prediction.inputs.sha256:
            return None  # of an earlier answer
        self.used.append(entry)
        return stability

    def _kept(self, entry: HistoryEntry | None, read: Any) -> Any:
        value = None if entry is None or entry.content is None else read(entry.content)
        if entry is None or value is None:
            return None
        self.used.append(entry)
        return Kept(value, entry.reader, entry.utc)


def _last(
    entries: Sequence[HistoryEntry], action: Action, reader: str | None = None
) -> HistoryEntry | None:
    """The last entry of this action, by ``reader`` where one is named."""
    fitting = (e for e in reversed(entries) if e.action is action and reader in (None, e.reader))
    return next(fitting, None)


def _changed(
    entries: Sequence[HistoryEntry], prediction: Prediction, reader: str
) -> Message | None:
    """What of the inputs is no longer what the answer was computed from; None where all is."""
    inputs = prediction.inputs
    roi = _last(entries, Action.ROI, reader)
    if roi is None or roi.content is None or roi_from_json(json.dumps(roi.content)) != inputs.roi:
        return msg("the outline")
    clinical = _last(entries, Action.CLINICAL)
    if clinical is not None and clinical_from_json(clinical.content) != inputs.clinical:
        return msg("the clinical record")
    ruler = _last(entries, Action.CALIBRATION)
    if ruler is not None:
        content = ruler.content
        now = None if content is None else calibration_from_json(json.dumps(content))
        if now != inputs.calibration:
            return msg("the size of a pixel")
    return None


def _nothing(case_id: int, reader: str) -> StoreRefused:
    return StoreRefused(
        msg("{reader} has no answer for case {case_id} yet.", reader=reader, case_id=case_id),
        msg("Open the case, draw the outline and wait for the answer, then write the report."),
        code="report-nothing",
    )


def _not_whole(case_id: int) -> StoreRefused:
    return StoreRefused(
        msg(
            "The answer for case {case_id} was kept without what a report is written from.",
            case_id=case_id,
        ),
        _ASK_AGAIN,
        code="report-nothing",
    )


def _other_answer(case_id: int) -> StoreRefused:
    return StoreRefused(
        msg("The answer kept for case {case_id} contradicts itself.", case_id=case_id),
        _ASK_AGAIN,
        code="stored-answer-malformed",
    )


def _stale(case_id: int, changed: Message) -> StoreRefused:
    return StoreRefused(
        msg(
            "The answer for case {case_id} is out of date: {changed} was changed after it.",
            case_id=case_id,
            changed=phrase(changed),
        ),
        _ASK_AGAIN,
        code="report-stale",
    )


_ASK_AGAIN = msg("Open the case and wait for its answer, then write the report.")
