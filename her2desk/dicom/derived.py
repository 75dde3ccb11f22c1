"""Identifiers, dates and bytes of the objects that are written: the same content, the same bytes."""

import hashlib
import io
from datetime import datetime
from uuid import UUID

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from her2desk import __version__
from her2desk.dicom.origin import Origin

MAKER = "Her2Desk"
UNNAMED = "2.25.0"
SEGMENTATION_SERIES, REPORT_SERIES, CAPTURE_SERIES = 9000, 9001, 9002  # behind a scanner's own


def derived_uid(*content: str) -> str:
    """A UID of what it names: 2.25 and the UUID (version 5 form) of its SHA-256 (PS3.5 B.2)."""
    digest = hashlib.sha256("\0".join(content).encode()).digest()
    return f"2.25.{UUID(bytes=digest[:16], version=5).int}"


def tracking_uid(origin: Origin) -> str:
    """The lesion's own, the same in every object made of its image: a case is one lesion."""
    return derived_uid("lesion", origin.sop_instance_uid)


def date_and_time(when: datetime) -> tuple[str, str]:
    """DA and TM of ``when``, in its own zone."""
    return when.strftime("%Y%m%d"), when.strftime("%H%M%S.%f")


def stamp(ds: Dataset, origin: Origin, when: datetime) -> None:
    """Set when the content was made, and by which program."""
    day, time = date_and_time(origin.local(when))
    ds.InstanceCreationDate, ds.InstanceCreationTime = day, time
    ds.ContentDate, ds.ContentTime = day, time
    ds.Manufacturer = ds.ManufacturerModelName = MAKER
    ds.SoftwareVersions = __version__
    for item in ds.get("ContributingEquipmentSequence", ()):  # highdicom names itself, by the clock
        item.ContributionDateTime = day + time


def named_by_content(ds: Dataset) -> bytes:
    """The file of ``ds``, whose instance and series are named by all else that it says."""
    if not hasattr(ds, "file_meta"):
        ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _name(ds, UNNAMED, UNNAMED)
    content = hashlib.sha256(_file(ds)).hexdigest()
    _name(ds, derived_uid("instance", content), derived_uid("series", content))
    return _file(ds)


def _name(ds: Dataset, instance: str, series: str) -> None:
    ds.SOPInstanceUID, ds.SeriesInstanceUID = instance, series
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = instance


def _file(ds: Dataset) -> bytes:
    stream = io.BytesIO()
    ds.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
