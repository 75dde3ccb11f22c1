"""Bringing a study here: by C-GET over one connection, or by C-MOVE to the receiver (PS3.4 C.4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset
from pynetdicom import build_role, evt

from her2desk.dicom.header import quiet
from her2desk.dicom.pacs.association import (
    PENDING,
    SUCCESS,
    Asking,
    Step,
    associated,
    status_of,
)
from her2desk.dicom.pacs.contexts import (
    STORAGE_CLASSES,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    asked_contexts,
    fetched_contexts,
)
from her2desk.dicom.pacs.find import find
from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.dicom.pacs.patience import Patience, trying
from her2desk.dicom.pacs.queries import Level, Match, Query
from her2desk.dicom.pacs.refusals import incomplete, status_refusal
from her2desk.dicom.pacs.spool import ReceivedFile
from her2desk.dicom.pacs.storing import Storing
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import InputRefused
from her2desk.texts import msg

MOST_IMAGES = 100_000
IMAGES_AT_ONCE = 200  # UIDs in one question; some archives limit its length
SOME_FAILED = 0xB000


@dataclass(frozen=True)
class Retrieved:
    """What has come of a study; ``refused`` are instances that the archive could not give as they are."""

    files: tuple[ReceivedFile, ...]
    refused: tuple[str, ...] = ()


def get_study(
    node: RemoteNode,
    asking: Asking,
    study_uid: str,
    progress: Progress = SilentProgress(),
    patience: Patience = Patience(),
) -> Retrieved:
    """Fetch every image of a study into ``asking.spool``; after a cut, what is missing.

    Raises ``PacsRefused`` where it cannot be had whole, ``InputRefused`` (``pacs-study``) where the
    archive has nothing of it, and ``Cancelled``; what has come stays in the spool.
    """
    images = _images(node, asking, study_uid, progress, patience)
    here: dict[str, ReceivedFile] = {}
    refused: set[str] = set()
    step = Step(progress, msg("Fetching {n} images from {name}", n=len(images), name=node.name))

    def keep(file: ReceivedFile) -> None:
        here[file.sop_instance_uid] = file
        step.at(len(here) / len(images))

    def missing() -> list[Match]:
        gone = here.keys() | refused
        return [image for image in images if image.sop_instance_uid not in gone]

    for attempt in trying(patience, step, lambda: len(here)):
        with attempt:
            while wanted := missing():
                some = _together(wanted)
                before = len(here)
                whole = _get(node, asking, some, keep, step)
                if len(here) == before and whole:
                    raise incomplete(node, len(wanted))
                if len(here) == before:
                    refused.update(image.sop_instance_uid for image in some)
    return Retrieved(tuple(here.values()), tuple(sorted(refused)))


def move_study(
    node: RemoteNode,
    asking: Asking,
    study_uid: str,
    arrived: Callable[[str], bool],
    progress: Progress = SilentProgress(),
    patience: Patience = Patience(),
) -> tuple[str, ...]:
    """Have the archive send a study to this program's receiver; the UIDs of what it did not send.

    ``arrived`` tells whether the receiver has an instance. The receiver must run, and the archive
    know this program's title with host and port. Raises as ``get_study`` does.
    """
    images = _images(node, asking, study_uid, progress, patience)
    refused: set[str] = set()
    text = msg("{name} sends {n} images", n=len(images), name=node.name)
    step = Step(progress, text)

    def missing() -> list[Match]:
        return [
            image
            for image in images
            if image.sop_instance_uid not in refused and not arrived(image.sop_instance_uid)
        ]

    for attempt in trying(patience, step, lambda: -len(missing())):
        with attempt:
            while wanted := missing():
                some = _together(wanted)
                whole = _move(node, asking, some, step)
                step.at(1 - len(missing()) / len(images))
                if len(missing()) == len(wanted) and whole:
                    raise incomplete(node, len(wanted))
                if len(missing()) == len(wanted):
                    refused.update(image.sop_instance_uid for image in some)
    return tuple(sorted(refused))


def _images(
    node: RemoteNode, asking: Asking, study_uid: str, progress: Progress, patience: Patience
) -> tuple[Match, ...]:
    """Every image of the study: how else would it be known that all have come?"""
    step = Step(progress, msg("Asking {name} what the study holds", name=node.name))
    found: tuple[Match, ...] = ()
    for attempt in trying(patience, step, lambda: 0):
        with attempt:
            found = _listed(node, asking, study_uid, progress)
    if not found:
        raise InputRefused(
            msg("{name} has no images of this study.", name=node.name),
            msg("Search the archive again; the study may have been moved."),
            code="pacs-study",
        )
    return found


def _listed(
    node: RemoteNode, asking: Asking, study_uid: str, progress: Progress
) -> tuple[Match, ...]:
    series = find(
        node, asking, Query(Level.SERIES, study_uid=study_uid, modality=""), progress, MOST_IMAGES
    )
    images: list[Match] = []
    for one in series.matches:
        query = Query(Level.IMAGE, study_uid=study_uid, series_uid=one.series_uid)
        listed = find(node, asking, query, progress, MOST_IMAGES).matches
        images += (
            replace(image, study_uid=study_uid, series_uid=one.series_uid) for image in listed
        )
    unique = {image.sop_instance_uid: image for image in images if image.sop_instance_uid}
    return tuple(unique.values())


def _together(images: Sequence[Match]) -> list[Match]:
    """Those that one question can be about: of one series, and not too many."""
    first = images[0].series_uid
    return [image for image in images if image.series_uid == first][:IMAGES_AT_ONCE]


def _get(
    node: RemoteNode,
    asking: Asking,
    images: Sequence[Match],
    keep: Callable[[ReceivedFile], None],
    step: Step,
) -> bool:
    """One C-GET; whether the archive says that it sent everything."""
    contexts = [*asked_contexts(STUDY_ROOT_GET), *fetched_contexts()]
    roles = [build_role(uid, scp_role=True) for uid in STORAGE_CLASSES]
    storing = Storing(keep)
    service = msg("fetching over one connection (C-GET)")
    handlers = [(evt.EVT_C_STORE, storing)]
    whole = False
    with (
        associated(
            node, asking, contexts, service, alive=step, roles=roles, handlers=handlers
        ) as link,
        quiet(),
    ):
        for answer, _failed in link.send_c_get(_wanted(images), STUDY_ROOT_GET):
            storing.check()
            whole = _is_whole(node, status_of(node, answer))
    return whole


def _move(node: RemoteNode, asking: Asking, images: Sequence[Match], step: Step) -> bool:
    """One C-MOVE; whether the archive says that it sent everything."""
    contexts = asked_contexts(STUDY_ROOT_MOVE)
    service = msg("sending to this program (C-MOVE)")
    whole = False
    with associated(node, asking, contexts, service, alive=step) as link, quiet():
        answers = link.send_c_move(_wanted(images), asking.own_title, STUDY_ROOT_MOVE)
        for answer, _failed in answers:
            step()
            whole = _is_whole(node, status_of(node, answer))
    return whole


def _is_whole(node: RemoteNode, status: int) -> bool:
    """Of the last answer; raises where the archive says that it could not do it at all."""
    if status in (*PENDING, SUCCESS):
        return status == SUCCESS
    if status & 0xF000 == SOME_FAILED:
        return False
    raise status_refusal(node, status)


def _wanted(images: Sequence[Match]) -> Dataset:
    wanted = Dataset()
    wanted.QueryRetrieveLevel = str(Level.IMAGE)
    wanted.StudyInstanceUID = images[0].study_uid
    wanted.SeriesInstanceUID = images[0].series_uid
    wanted.SOPInstanceUID = [image.sop_instance_uid for image in images]
    return wanted
