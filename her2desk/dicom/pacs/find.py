"""C-FIND: what an archive has (PS3.4 C.4.1)."""

from collections.abc import Mapping

from pydicom.dataset import Dataset

from her2desk.dicom.header import Attributes, quiet
from her2desk.dicom.pacs.association import CANCELLED, PENDING, Asking, Step, associated, status_of
from her2desk.dicom.pacs.contexts import PATIENT_ROOT_FIND, STUDY_ROOT_FIND, asked_contexts
from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.dicom.pacs.queries import MAX_MATCHES, Level, Match, Matches, Query
from her2desk.dicom.pacs.refusals import status_refusal
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

MESSAGE_ID = 1
WILDCARDS = "*?"
MAX_VALUE = 64  # characters of a value representation LO or PN group

KEYS: Mapping[Level, tuple[str, ...]] = {
    Level.PATIENT: ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    Level.STUDY: (
        *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID"),
        *("StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "ModalitiesInStudy"),
        "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: (
        *("StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription"),
        *("Modality", "NumberOfSeriesRelatedInstances"),
    ),
    Level.IMAGE: ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"),
}


def find(
    node: RemoteNode,
    asking: Asking,
    query: Query,
    progress: Progress = SilentProgress(),
    most: int = MAX_MATCHES,
) -> Matches:
    """Ask ``node`` what it has; no more than ``most`` answers are waited for.

    Raises ``InputRefused`` (``pacs-query``) for values that cannot be asked for, ``PacsRefused``
    where the archive does not answer, and ``Cancelled`` as the progress does.
    """
    step = Step(progress, msg("Searching {name}", name=node.name))
    identifier = identifier_of(query)
    model = PATIENT_ROOT_FIND if query.level is Level.PATIENT else STUDY_ROOT_FIND
    found: list[Match] = []
    is_cut_off = False
    contexts = asked_contexts(model)
    with associated(node, asking, contexts, msg("a search"), alive=step) as link, quiet():
        for answer, item in link.send_c_find(identifier, model, msg_id=MESSAGE_ID):
            status = status_of(node, answer)
            if status in PENDING:
                if len(found) < most and item is not None:
                    found.append(match_of(item))
                elif not is_cut_off and item is not None:
                    is_cut_off = True
                    link.send_c_cancel(MESSAGE_ID, query_model=model)
            elif status not in (0, CANCELLED):
                raise status_refusal(node, status)
    return Matches(tuple(found), is_cut_off)


def identifier_of(query: Query) -> Dataset:
    """The question as a data set; raises ``InputRefused`` (``pacs-query``)."""
    asked = Dataset()
    asked.SpecificCharacterSet = query.character_set
    asked.QueryRetrieveLevel = str(query.level)
    for keyword in KEYS[query.level]:
        setattr(asked, keyword, None)
    for keyword, value in _values(query).items():
        if value:
            setattr(asked, keyword, _single(value))
    _check_written_in(asked, query)
    return asked


def match_of(item: Dataset) -> Match:
    """One answer as text; what cannot be read is empty."""
    attributes = Attributes(item)
    instances = attributes.whole("NumberOfStudyRelatedInstances")
    if instances is None:
        instances = attributes.whole("NumberOfSeriesRelatedInstances")
    return Match(
        patient_id=attributes.text("PatientID"),
        patient_name=attributes.text("PatientName"),
        birth_date=attributes.text("PatientBirthDate"),
        sex=attributes.text("PatientSex"),
        study_date=attributes.text("StudyDate"),
        study_time=attributes.text("StudyTime"),
        study_description=attributes.text("StudyDescription"),
        accession_number=attributes.text("AccessionNumber"),
        modalities=attributes.text("ModalitiesInStudy") or attributes.text("Modality"),
        study_uid=attributes.text("StudyInstanceUID"),
        series_uid=attributes.text("SeriesInstanceUID"),
        series_description=attributes.text("SeriesDescription"),
        series_number=attributes.text("SeriesNumber"),
        sop_class_uid=attributes.text("SOPClassUID"),
        sop_instance_uid=attributes.text("SOPInstanceUID"),
        instances=instances,
    )


def _values(query: Query) -> dict[str, str]:
    common = {"StudyInstanceUID": query.study_uid}
    if query.level is Level.PATIENT:
        return {"PatientID": query.patient_id, "PatientName": _name(query.patient_name)}
    if query.level is Level.STUDY:
        return common | {
            "PatientID": query.patient_id,
            "PatientName": _name(query.patient_name),
            "StudyDate": _range(query.date_from, query.date_to),
            "ModalitiesInStudy": query.modality,
            "AccessionNumber": query.accession_number,
        }
    if not query.study_uid:
        raise _not_askable(msg("Series and images are searched for within one study."))
    if query.level is Level.SERIES:
        return common | {"SeriesInstanceUID": query.series_uid, "Modality": query.modality}
    return common | {"SeriesInstanceUID": query.series_uid}


def _name(name: str) -> str:
    name = name.strip()
    if not name or any(sign in name for sign in WILDCARDS):
        return name
    return f"{name}*" if name.isascii() else f"*{name}*"


def _range(first: str, last: str) -> str:
    for date in (first, last):
        if date and not (len(date) == 8 and date.isascii() and date.isdigit()):
            raise _not_askable(msg("{date} is no date; write YYYYMMDD.", date=date))
    if first and first == last:
        return first
    return f"{first}-{last}" if first or last else ""


def _single(value: str) -> str:
    if "\\" in value or not value.isprintable():
        raise _not_askable(msg("What is searched for has a backslash or an unprintable sign."))
    if len(value) > MAX_VALUE:
        raise _not_askable(msg("What is searched for is longer than {n} signs.", n=MAX_VALUE))
    return value


def _check_written_in(asked: Dataset, query: Query) -> None:
    """An archive would look for question marks in the place of what the set lacks."""
    from pydicom.charset import convert_encodings

    for text in (query.patient_name, query.patient_id):
        for codec in convert_encodings(query.character_set):
            try:
                text.encode(codec)
            except UnicodeEncodeError as error:
                raise _not_askable(
                    msg(
                        "What is searched for cannot be written in {character_set}.",
                        character_set=query.character_set,
                    )
                ) from error


def _not_askable(what: Message) -> InputRefused:
    return InputRefused(what, msg("Change what is searched for."), code="pacs-query")
