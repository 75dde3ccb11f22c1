"""A stored answer worked out again, from what was stored and with the pack that made it.

The inputs are those that stood when the answer was stored; their fingerprint says whether they are
the right ones, so an answer is never compared with one to another question.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.image import calibration_from_json
from her2desk.domain.prediction import BRANCHES, Inputs, PackIdentity, Prediction
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.errors import InputRefused
from her2desk.inference.devices import HALF, available_devices
from her2desk.inference.pipeline import Question, inputs_of, load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.inference.stored_prediction import from_stored
from her2desk.packs.shelf import PackShelf
from her2desk.store.history import Action, HistoryEntry
from her2desk.store.library import Library
from her2desk.texts import msg

CPU = "cpu"
OWN_POINT = "own"
TOLERANCE = 1e-4  # what another device or processor may differ by


class Sameness(StrEnum):
    """How far the new answer is from the stored one."""

    IDENTICAL = "identical"
    WITHIN_TOLERANCE = "within-tolerance"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Reproduction:
    """One stored answer, and the same question asked again.

    ``difference`` is the largest between any probability of the two (predicted, its interval, each
    branch); 0 with ``IDENTICAL`` means that all are the same to the last bit, and so are the call and
    the log-odds.
    """

    case_id: int
    entry_id: int
    stored_utc: str
    pack: PackIdentity
    stored_probability: float
    probability: float
    difference: float
    sameness: Sameness
    device: str


def stored_answers(library: Library, case_id: int) -> tuple[HistoryEntry, ...]:
    """The stored answers of a case, oldest first; raises ``InputRefused`` where there is none."""
    found = tuple(
        entry
        for entry in library.history(case_id)
        if entry.action is Action.PREDICTION and entry.content is not None
    )
    if not found:
        raise InputRefused(
            msg("Case {case_id} has no stored answer.", case_id=case_id),
            msg("Only a case that was answered and kept can be worked out again."),
            code="no-stored-answer",
        )
    return found


def reproduce(
    library: Library, shelf: PackShelf, entry: HistoryEntry, progress: Progress | None = None
) -> Reproduction:
    """Work out the stored answer ``entry`` again and compare.

    Raises ``PackRefused`` where its pack is no longer kept whole, ``InputRefused``
    (``inputs-not-found``) where the inputs stored with it are not those it was made from.
    """
    stored = _stored(entry)
    pack = shelf.open(stored.pack.sha256)
    kept = shelf.path(pack.digest)
    assert kept is not None
    case = _case(library, entry, stored)
    if inputs_of(case, pack).sha256 != stored.inputs_sha256:
        raise _inputs_not_found(entry)
    loaded = load_pack(kept, stored.device)
    question = Question(stored.operating_point, stored.prevalence)
    again = predict(case, loaded, progress or SilentProgress(), question)
    return _compared(entry, stored, again)


@dataclass(frozen=True)
class _Stored:
    """What of a stored answer is compared, and what it takes to ask again."""

    document: Mapping[str, Any]
    pack: PackIdentity
    inputs_sha256: str
    inputs: Inputs | None
    operating_point: str | float
    prevalence: float | None
    device: str


def _stored(entry: HistoryEntry) -> _Stored:
    content = entry.content or {}
    try:
        document, whole = content["document"], content.get("whole")
        prediction = None if whole is None else from_stored(whole)
        pack, point = document["pack"], document["operating_point"]
        counted = document["confusion"]
        prevalence = None if counted is None else counted["prevalence"]
        used = CPU if prediction is None else prediction.device
        return _Stored(
            document,
            PackIdentity(pack["name"], pack["version"], pack["sha256"], pack["demo"]),
            content["inputs_sha256"],
            None if prediction is None else prediction.inputs,
            point["threshold"] if point["name"] == OWN_POINT else point["name"],
            prevalence if prediction is None else prediction.readout.prevalence,
            used if used.removesuffix(HALF) in available_devices() else CPU,
        )
    except (KeyError, TypeError) as error:
        raise _inputs_not_found(entry) from error


def _case(library: Library, entry: HistoryEntry, stored: _Stored) -> Case:
    """The case as it was: from the whole answer where it was kept, from the history before it else."""
    path = library.image_path(entry.case_id)
    if stored.inputs is not None:
        inputs = stored.inputs
        return read_case(path, inputs.roi, inputs.clinical, inputs.calibration)
    before = [e for e in library.history(entry.case_id) if e.entry_id < entry.entry_id]
    roi = _last(before, Action.ROI, entry.reader)
    if roi is None:
        raise _inputs_not_found(entry)
    clinical = _last(before, Action.CLINICAL)
    calibration = _last(before, Action.CALIBRATION)
    return read_case(
        path,
        roi_from_json(json.dumps(roi)),
        ClinicalRecord() if clinical is None else clinical_from_json(clinical),
        None if calibration is None else calibration_from_json(json.dumps(calibration)),
    )


def _last(
    entries: Sequence[HistoryEntry], action: Action, reader: str | None = None
) -> Mapping[str, Any] | None:
    for entry in reversed(entries):
        if entry.action is action and reader in (None, entry.reader):
            return entry.content
    return None


def _compared(entry: HistoryEntry, stored: _Stored, again: Prediction) -> Reproduction:
    before, now = stored.document, again.to_json()
    pairs = list(zip(_figures(before), _figures(now), strict=True))
    is_complete = all((a is None) == (b is None) for a, b in pairs)
    difference = max(abs(a - b) for a, b in pairs if a is not None and b is not None)
    same_call = before["call"] == now["call"]
    if is_complete and same_call and difference == 0 and before["estimate"] == now["estimate"]:
        sameness = Sameness.IDENTICAL
    elif is_complete and same_call and difference <= TOLERANCE:
        sameness = Sameness.WITHIN_TOLERANCE
    else:
        sameness = Sameness.DIFFERENT
    return Reproduction(
        entry.case_id,
        entry.entry_id,
        entry.utc,
        stored.pack,
        before["probability"],
        again.readout.probability,
        difference,
        sameness,
        again.device,
    )


def _figures(document: Mapping[str, Any]) -> list[float | None]:
    branches = document["branches"]
    return [
        document["probability"],
        *document["interval"],
        *(branches[name] for name in BRANCHES),
    ]


def _inputs_not_found(entry: HistoryEntry) -> InputRefused:
    return InputRefused(
        msg(
            "Answer {n} of case {case_id} was not stored with all that it was made from.",
            n=entry.entry_id,
            case_id=entry.case_id,
        ),
        msg("It can be read and reported, but not worked out again."),
        code="inputs-not-found",
    )
