"""Writing one answer as a DICOM structured report: TID 1500 in a Comprehensive 3D SR.

IHE AI Results asks for this class and template, with a planar outline as SCOORD. The document is in
English whatever language the window speaks, and says so. docs/adr/0020 has the reasons.
"""

import io
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset

from her2desk.dicom.derived import MAKER, REPORT_SERIES, UNNAMED, named_by_content, stamp
from her2desk.dicom.header import quiet
from her2desk.dicom.origin import Origin, origin_of
from her2desk.dicom.report_codes import SCHEME, SCHEME_NAME
from her2desk.domain.findings import ReportedFindings
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi


def structured_report_bytes(
    findings: ReportedFindings,
    source: Path,
    image: UltrasoundImage,
    roi: Roi,
    segmentation: bytes | None = None,
) -> bytes:
    """The DICOM file of a report on ``roi`` of ``image``, whose file is ``source``.

    ``segmentation`` is the SEG file of the same outline, where one is written beside it and should be
    referred to. Lengths and areas are in mm, or left out where the spacing is not known. The same
    arguments give the same bytes. The first call of a process loads highdicom and its tables and holds
    the interpreter for most of a second, so that a window must call this in another process. Raises
    ``InputRefused``: ``stale`` where the answer is of another image or outline, and what
    ``origin_of`` and ``Roi.check`` raise; ``ValueError`` for a SEG of other frames.
    """
    findings.check(image, roi)
    roi.check(image)
    origin = origin_of(source, image)
    reference = None if segmentation is None else dcmread(io.BytesIO(segmentation))
    with quiet():  # highdicom doubts names of one component, which are kept as they are
        document = _document(findings, origin, image, roi, reference)
    _complete(document, findings, origin)
    return named_by_content(document)


def _document(
    findings: ReportedFindings,
    origin: Origin,
    image: UltrasoundImage,
    roi: Roi,
    segmentation: Dataset | None,
) -> Any:
    import highdicom as hd

    from her2desk.dicom.report_content import measurement_report

    made_from = [origin.data_set()] + ([segmentation] if segmentation is not None else [])
    return hd.sr.Comprehensive3DSR(
        evidence=made_from,
        content=measurement_report(findings, origin, image, roi, segmentation)[0],
        series_instance_uid=UNNAMED,
        series_number=REPORT_SERIES,
        sop_instance_uid=UNNAMED,
        instance_number=1,
        manufacturer=MAKER,
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description=_series_description(findings),
    )


def _complete(ds: Any, findings: ReportedFindings, origin: Origin) -> None:
    """What highdicom does not set, or sets by the clock.

    Nobody has signed for the content: the reader's name is typed, not proved, and no organisation is
    known. So the document stays unverified and preliminary, accepted or not.
    """
    origin.describe(ds)
    stamp(ds, origin, findings.when)
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = SCHEME, SCHEME_NAME
    scheme.CodingSchemeResponsibleOrganization = MAKER
    ds.CodingSchemeIdentificationSequence = [scheme]


def _series_description(findings: ReportedFindings) -> str:
    demo = "DEMO, " if findings.pack.demo else ""
    return f"Predicted HER-2 status ({demo}research use)"
