"""What a derived object (SR, SEG, secondary capture) repeats of its image's file, cleaned.

Real headers hold times with colons, old character sets, retired classes, values that are too long.
What only describes is left empty where it cannot be valid. What identifies (the image, its study and
series, the patient) is the file's to the last character, or the object is refused: one that names
another patient or no study would be found beside the wrong image, or never.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage

from her2desk.dicom.header import Attributes, quiet
from her2desk.dicom.refusals import malformed, os_errors_refused
from her2desk.dicom.strict_text import UncertainText, strict_text
from her2desk.domain.image import UltrasoundImage
from her2desk.errors import InputRefused
from her2desk.texts import Message, msg

UTF_8 = "ISO_IR 192"
SEXES = ("M", "F", "O")
SHORT, LONG = 16, 64  # characters of SH, and of LO and a name's component group

_UID = re.compile(r"[012](\.(0|[1-9]\d*))+")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)(\.\d{1,6})?")
_OFFSET = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")
_TAGS = (
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID",
    "SeriesInstanceUID", "StudyID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber",
    "PatientID", "IssuerOfPatientID", "PatientName", "PatientSex", "PatientBirthDate",
    "PatientIdentityRemoved", "DeidentificationMethod", "ReferringPhysicianName",
    "TimezoneOffsetFromUTC",
)  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """One image's file as objects derived from it refer to it; all texts are valid as UTF-8.

    ``sop_class_uid`` is the file's own, retired ones included. ``utc_offset`` is ±HHMM where the file
    states it, empty where not. Empty texts are not known.
    """

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    patient_id: str
    patient_id_issuer: str
    patient_name: str
    patient_sex: str
    patient_birth_date: str
    deidentified_by: str
    study_id: str
    study_date: str
    study_time: str
    study_description: str
    accession_number: str
    referring_physician: str
    utc_offset: str

    def data_set(self) -> Dataset:
        """Patient, study and the image's identity, as highdicom takes evidence."""
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        self.describe(ds)
        ds.SOPClassUID, ds.SOPInstanceUID = self.sop_class_uid, self.sop_instance_uid
        ds.SeriesInstanceUID = self.series_instance_uid
        ds.Modality = "US"
        return ds

    def describe(self, ds: Dataset) -> None:
        """Set patient and study of ``ds``, in UTF-8."""
        ds.SpecificCharacterSet = UTF_8
        ds.PatientID, ds.PatientName = self.patient_id, self.patient_name
        ds.PatientSex, ds.PatientBirthDate = self.patient_sex, self.patient_birth_date
        if self.patient_id_issuer:
            ds.IssuerOfPatientID = self.patient_id_issuer
        if self.deidentified_by:
            ds.PatientIdentityRemoved = "YES"
            ds.DeidentificationMethod = self.deidentified_by
        ds.StudyInstanceUID, ds.StudyID = self.study_instance_uid, self.study_id
        ds.StudyDate, ds.StudyTime = self.study_date, self.study_time
        if self.study_description:
            ds.StudyDescription = self.study_description
        ds.AccessionNumber = self.accession_number
        ds.ReferringPhysicianName = self.referring_physician
        if self.utc_offset:
            ds.TimezoneOffsetFromUTC = self.utc_offset

    def local(self, when: datetime) -> datetime:
        """``when`` in the time that the file's dates and times are in; UTC where it does not say."""
        stated = _OFFSET.fullmatch(self.utc_offset)
        if stated is None:
            return when.astimezone(UTC)
        ahead = timedelta(hours=int(stated[2]), minutes=int(stated[3]))
        return when.astimezone(timezone(-ahead if stated[1] == "-" else ahead))

    def reference(self, frame_index: int | None = None) -> Dataset:
        """A reference to the image (PS3.3 10.8), or to one of its frames, counted from 0."""
        item = Dataset()
        item.ReferencedSOPClassUID = self.sop_class_uid
        item.ReferencedSOPInstanceUID = self.sop_instance_uid
        if frame_index is not None:
            item.ReferencedFrameNumber = frame_index + 1
        return item


def origin_of(source: Path | None, image: UltrasoundImage) -> Origin:
    """What objects derived from ``image``, whose file is ``source``, say of it.

    Raises ``InputRefused``: ``needs-dicom`` where the image has no SOP instance or no file is given,
    ``other-image`` where the file is of another instance, ``no-study``, ``uncertain-patient``,
    ``malformed``, ``unreadable-file``.
    """
    if source is None or image.sop_instance_uid is None:
        raise _refused(
            msg("This image is no DICOM image, so no DICOM object can refer to it."), "needs-dicom"
        )
    ds = _read(source)
    a = Attributes(ds)
    if a.text("SOPInstanceUID") != image.sop_instance_uid:
        raise InputRefused(
            msg("The file is not the one that this image was opened from."),
            msg("Open the image again."),
            code="other-image",
        )
    _check_identifiers(a)
    name, number, issuer = _patient(ds)
    sex, sop_class = a.text("PatientSex").upper(), a.text("SOPClassUID")
    offset = a.text("TimezoneOffsetFromUTC")
    return Origin(
        sop_class_uid=sop_class if is_uid(sop_class) else str(UltrasoundImageStorage),
        sop_instance_uid=image.sop_instance_uid,
        study_instance_uid=a.text("StudyInstanceUID"),
        series_instance_uid=a.text("SeriesInstanceUID"),
        patient_id=number,
        patient_id_issuer=issuer,
        patient_name=name,
        patient_sex=sex if sex in SEXES else "",
        patient_birth_date=valid_date(a.text("PatientBirthDate")),
        deidentified_by=_deidentified_by(a, ds),
        study_id=_whole(ds, "StudyID", SHORT),
        study_date=valid_date(a.text("StudyDate")),
        study_time=valid_time(a.text("StudyTime")),
        study_description=_whole(ds, "StudyDescription", LONG),
        accession_number=_whole(ds, "AccessionNumber", SHORT),
        referring_physician=_other_person(ds, "ReferringPhysicianName"),
        utc_offset=offset if _OFFSET.fullmatch(offset) else "",
    )


def is_uid(text: str) -> bool:
    """Whether a text is a valid UID (PS3.5 9.1): its root is 0, 1 or 2, no part begins with a zero."""
    return len(text) <= LONG and bool(_UID.fullmatch(text))


def valid_name(text: str) -> str:
    """A person's name of at most three groups and five components (PS3.5 6.2.1), cut where too long."""
    groups = [
        "^".join(part[:LONG].strip() for part in group.split("^")[:5]).rstrip("^")[:LONG]
        for group in text.replace("\\", " ").split("=")[:3]
    ]
    return "=".join(groups).rstrip("=")


def valid_date(text: str) -> str:
    """YYYYMMDD, also from YYYY.MM.DD and YYYY-MM-DD; empty for what is no day."""
    digits = text.replace(".", "").replace("-", "")
    if len(digits) != 8 or not digits.isdecimal():
        return ""
    try:
        date.fromisoformat(digits)
    except ValueError:
        return ""
    return digits


def valid_time(text: str) -> str:
    """HHMMSS with or without a fraction, also from HH:MM:SS; empty for what is no time."""
    digits = text.replace(":", "").strip()
    if re.fullmatch(r"\d{4}", digits):
        digits += "00"
    return digits if _TIME.fullmatch(digits) else ""


def _read(source: Path) -> Dataset:
    try:
        with os_errors_refused(), quiet():
            return dcmread(source, stop_before_pixels=True, specific_tags=list(_TAGS))
    except InputRefused:
        raise
    except Exception as error:  # hostile headers make pydicom raise anything
        raise malformed(msg("The DICOM header of the image is damaged.")) from error


def _check_identifiers(a: Attributes) -> None:
    if not is_uid(a.text("SOPInstanceUID")):
        raise _refused(
            msg(
                "The image's identifier (SOPInstanceUID) is not valid, so nothing can refer to it."
            ),
            "needs-dicom",
        )
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
        if not is_uid(a.text(keyword)):
            raise _refused(
                msg(
                    "The file has no valid {keyword}, so an object made from it would belong to no "
                    "study.",
                    keyword=keyword,
                ),
                "no-study",
            )


def _patient(ds: Dataset) -> tuple[str, str, str]:
    """Name, number and its issuer, each as in the file."""
    try:
        name = strict_text(ds, "PatientName", is_name=True)
        number, issuer = strict_text(ds, "PatientID"), strict_text(ds, "IssuerOfPatientID")
    except UncertainText as error:
        raise _refused(
            msg("The patient's name or number in this file cannot be read with certainty."),
            "uncertain-patient",
        ) from error
    groups = name.split("=")
    fits = len(groups) <= 3 and all(len(g) <= LONG and g.count("^") <= 4 for g in groups)
    if not fits or max(len(number), len(issuer)) > LONG:
        raise _refused(
            msg("The patient's name or number in this file is longer than DICOM allows."),
            "uncertain-patient",
        )
    return name, number, issuer


def _whole(ds: Dataset, keyword: str, characters: int) -> str:
    """A text that is left out where it would have to be cut: half an accession number is another."""
    try:
        text = strict_text(ds, keyword)
    except UncertainText:
        return ""
    return text if len(text) <= characters else ""


def _other_person(ds: Dataset, keyword: str) -> str:
    try:
        name = strict_text(ds, keyword, is_name=True)
    except UncertainText:
        return ""
    return name if valid_name(name) == name.rstrip("=^") else ""


def _deidentified_by(a: Attributes, ds: Dataset) -> str:
    if a.text("PatientIdentityRemoved").upper() != "YES":
        return ""
    return _whole(ds, "DeidentificationMethod", LONG) or "As the image that this was derived from"


def _refused(what: Message, code: str) -> InputRefused:
    return InputRefused(
        what,
        msg("Save the outline as ROI (JSON), and the report as PDF or HTML."),
        code=code,
    )
