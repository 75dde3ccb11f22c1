"""A structured report says what was found, to the last bit, and nothing that is not known."""

import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from her2desk import __version__
from her2desk.dicom import report_codes as code
from her2desk.dicom.derived import derived_uid
from her2desk.dicom.reader import open_image
from her2desk.dicom.report_reading import ReadReport, read_report
from her2desk.dicom.segmentation_file import segmentation_bytes
from her2desk.dicom.structured_report import structured_report_bytes
from her2desk.domain.counts import Call
from her2desk.domain.findings import ReportedFindings
from her2desk.domain.image import UltrasoundImage, UserCalibration
from her2desk.domain.measurements import area, axes
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

from .dicom_builder import US_MULTIFRAME, picture, region, us_file
from .report_samples import DEMO, WHEN, an_outline, decided, findings


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    """Five frames at 0.1 mm a pixel, of the left breast."""
    return us_file(
        tmp_path / "cine.dcm",
        picture(5),
        SOPClassUID=US_MULTIFRAME,
        SequenceOfUltrasoundRegions=[region()],
        Laterality="L",
    )


@pytest.fixture
def still(tmp_path: Path) -> Path:
    """One frame without a calibration, of nobody knows which side."""
    return us_file(tmp_path / "still.dcm")


def seg_of(source: Path, image: UltrasoundImage, *rois: Roi) -> bytes:
    masks = [rasterise(roi.polygon, image.rows, image.columns) for roi in rois]
    return segmentation_bytes(masks, rois, image, source, when=WHEN)


def written(source: Path, found: ReportedFindings, image: UltrasoundImage, **more: Any) -> bytes:
    return structured_report_bytes(found, source, image, found.inputs.roi, **more)


def read(content: bytes) -> ReadReport:
    return read_report(content)


def texts(content: bytes) -> str:
    return dcmread(io.BytesIO(content)).to_json()


def test_what_is_written_is_read_back(cine: Path) -> None:
    image = open_image(cine).image
    roi = an_outline(image, frame=3)
    found = decided(findings(image, roi), "positive", "The margin is spiculated")
    again = read(written(cine, found, image))
    assert (again.image_uid, again.frame_index) == (image.sop_instance_uid, 3)
    assert again.polygon == tuple(
        (float(np.float32(x)), float(np.float32(y))) for x, y in roi.polygon
    )
    across = axes(image, roi)
    assert (again.area_mm2, again.long_mm, again.short_mm) == (
        area(image, roi).mm, across.long.mm, across.short.mm,
    )  # fmt: skip
    assert again.laterality == "L"
    assert (again.probability, again.lower, again.upper, again.prevalence) == (
        found.probability, found.lower, found.upper, found.prevalence,
    )  # fmt: skip
    assert (again.operating_point, again.threshold) == ("sensitivity95", 0.31)
    assert (again.call, again.doubts) == (found.call, found.doubts)
    assert (again.pack, again.inputs_sha256) == (found.pack, found.inputs.sha256)
    assert (again.reader, again.impression, again.decision) == (
        "Müller^Zoë", found.impression, found.decision,
    )  # fmt: skip
    assert again.when == datetime(2026, 3, 4, 15, 16, 17, 250_000)
    assert again.segmentation_uid is None


def test_the_same_content_is_the_same_file_and_another_is_another(cine: Path) -> None:
    image = open_image(cine).image
    found = findings(image, an_outline(image))
    first = written(cine, found, image)
    assert written(cine, found, image) == first
    other = written(cine, replace(found, prevalence=0.2), image)
    assert read(other).sop_instance_uid != read(first).sop_instance_uid
    assert read(other).tracking_uid == read(first).tracking_uid, "still the same lesion"


def test_a_derived_name_is_a_uuids(cine: Path) -> None:
    """PS3.5 B.2: 2.25 and a UUID as one decimal number."""
    name = derived_uid("instance", "content")
    assert name.startswith("2.25.")
    assert len(name) <= 64
    assert int(name[5:]) >> 76 & 0xF == 5, "the UUID says that it is derived from content"
    assert derived_uid("a", "b") != derived_uid("ab")


def test_without_a_spacing_there_are_no_lengths(still: Path) -> None:
    image = open_image(still).image
    content = written(still, findings(image, an_outline(image)), image)
    again = read(content)
    assert (again.area_mm2, again.long_mm, again.short_mm) == (None, None, None)
    assert '"mm' not in texts(content)
    (group,) = hd.sr.srread(io.BytesIO(content)).content.get_planar_roi_measurement_groups()
    assert {m.unit.value for m in group.get_measurements()} == {"1"}, "nor any in pixels"
    assert again.laterality is None
    assert again.frame_index == 0
    assert "00081160" not in texts(content), "a still has no frames to name"


def test_lengths_by_the_readers_ruler_say_so(still: Path) -> None:
    ruler = UserCalibration(0, (4.0, 2.0), (4.0, 22.0), 2.0)
    image = open_image(still).image.calibrated_by(ruler)
    roi = an_outline(image)
    content = written(still, findings(image, roi), image)
    assert read(content).area_mm2 == area(image, roi).mm
    assert "spacing_source=user" in texts(content)
    assert "spacing_mm_row=0.1" in texts(content)


@pytest.mark.parametrize(
    ("answer", "reason", "assessment"),
    [("unsure", "", code.ACCEPTED), ("negative", "Known IHC 0", code.OVERRULED)],
)
def test_what_the_reader_decided_is_coded(
    still: Path, answer: str, reason: str, assessment: code.Concept
) -> None:
    image = open_image(still).image
    found = decided(findings(image, an_outline(image)), answer, reason)
    content = written(still, found, image)
    assert read(content).decision == found.decision
    (group,) = hd.sr.srread(io.BytesIO(content)).content.get_image_measurement_groups()
    coded = {e.name.value: e.value.value for e in group.get_qualitative_evaluations()}
    assert coded["ASSESSMENT"] == assessment[0]
    assert coded["ANSWER"] == code.ANSWERS[answer][0]
    assert [m.value for m in group.get_measurements()] == [3]


def test_before_any_decision_there_is_no_assessment(still: Path) -> None:
    image = open_image(still).image
    found = findings(image, an_outline(image), reader="")
    again = read(written(still, found, image))
    assert (again.reader, again.impression, again.decision) == ("", None, None)
    only_before = replace(decided(found, "unsure"), decision=None)
    again = read(written(still, only_before, image))
    assert (again.impression, again.decision) == (only_before.impression, None)


def test_nobody_has_signed_for_it(still: Path) -> None:
    """An accepted answer is a reader's typed name, not a signature (PS3.3 C.17.2)."""
    image = open_image(still).image
    found = decided(findings(image, an_outline(image)), "unsure")
    ds = dcmread(io.BytesIO(written(still, found, image)))
    assert (ds.VerificationFlag, ds.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert ds.CompletionFlag == "COMPLETE"
    assert "VerifyingObserverSequence" not in ds


def test_the_pack_and_the_program_are_named(still: Path) -> None:
    image = open_image(still).image
    found = findings(image, an_outline(image))
    content = written(still, found, image)
    (group,) = hd.sr.srread(io.BytesIO(content)).content.get_planar_roi_measurement_groups()
    said = {
        item.ConceptNameCodeSequence[0].CodeMeaning: item
        for item in group[0].ContentSequence
        if item.RelationshipType == "HAS CONCEPT MOD"
    }
    assert said["Algorithm Name"].value == "Ward pack"
    assert said["Algorithm Version"].value == "1.2"
    assert said["Algorithm Family"].value.value == "123110"
    for part in (found.pack.sha256, found.inputs.sha256, f"program=Her2Desk {__version__}"):
        assert part in texts(content)
    (scheme,) = dcmread(io.BytesIO(content)).CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == "99HER2DESK"


def test_a_demo_pack_says_demo_and_every_pack_research_use(still: Path) -> None:
    image = open_image(still).image
    found = findings(image, an_outline(image))
    assert "DEMO" not in texts(written(still, found, image))
    assert "Research use: an adjunct to" in texts(written(still, found, image))
    demo = written(still, replace(found, pack=DEMO), image)
    assert "DEMO pack, trained on simulated patients" in texts(demo)
    assert "DEMO" in dcmread(io.BytesIO(demo)).SeriesDescription
    assert read(demo).pack.demo


def test_every_call_and_side_has_its_code(tmp_path: Path, still: Path) -> None:
    image = open_image(still).image
    for call in Call:
        found = findings(image, an_outline(image), call=call, doubts=())
        assert read(written(still, found, image)).call is call
    for side in ("L", "R"):
        found = findings(image, an_outline(image), laterality=side)
        assert read(written(still, found, image)).laterality == side
    left = us_file(tmp_path / "left.dcm", Laterality="L")
    image = open_image(left).image
    contradicted = findings(image, an_outline(image), laterality="R")
    assert read(written(left, contradicted, image)).laterality is None


def test_report_and_segmentation_name_one_lesion_and_each_other(cine: Path) -> None:
    image = open_image(cine).image
    rois = [an_outline(image, 1), an_outline(image, 3)]
    seg = seg_of(cine, image, *rois)
    content = written(cine, findings(image, rois[1]), image, segmentation=seg)
    again, segmentation = read(content), dcmread(io.BytesIO(seg))
    assert again.segmentation_uid == segmentation.SOPInstanceUID
    assert segmentation.SegmentSequence[0].TrackingUID == again.tracking_uid
    groups = hd.sr.srread(io.BytesIO(content)).content.get_planar_roi_measurement_groups()
    reference = groups[1][0].ContentSequence[4].ReferencedSOPSequence[0]
    assert reference.ReferencedFrameNumber == 2, "the second frame of the SEG"
    ds = dcmread(io.BytesIO(content))
    named = {
        instance.ReferencedSOPInstanceUID
        for study in ds.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }
    assert named == {image.sop_instance_uid, segmentation.SOPInstanceUID}


def test_a_segmentation_of_other_frames_is_none_of_this_report(cine: Path, still: Path) -> None:
    image = open_image(cine).image
    seg = seg_of(cine, image, an_outline(image, 1))
    with pytest.raises(ValueError, match="other frames"):
        written(cine, findings(image, an_outline(image, 2)), image, segmentation=seg)
    image = open_image(still).image
    roi = an_outline(image)
    content = written(still, findings(image, roi), image, segmentation=seg_of(still, image, roi))
    assert read(content).segmentation_uid


@pytest.mark.parametrize("part", ["image", "roi", "pack", "decision", "call", "calibration"])
def test_an_answer_to_something_else_is_not_reported(cine: Path, part: str) -> None:
    image = open_image(cine).image
    roi = an_outline(image)
    found = decided(findings(image, roi), "unsure")
    if part == "image":
        image = replace(image, sha256="c" * 64)
    elif part == "roi":
        roi = replace(roi, frame_index=1)
    elif part == "pack":
        found = replace(found, pack=replace(found.pack, sha256="d" * 64))
    elif part == "decision":
        assert found.decision is not None
        found = replace(found, decision=replace(found.decision, inputs_sha256="e" * 64))
    elif part == "call":
        found = replace(found, call=Call.NEGATIVE)
    else:
        image = replace(image, user_calibration=UserCalibration(0, (1, 1), (1, 20), 2.0))
    with pytest.raises(InputRefused) as caught:
        structured_report_bytes(found, cine, image, roi)
    assert caught.value.code == "stale"


def test_a_picture_that_is_not_dicom_has_no_report(still: Path) -> None:
    image = replace(open_image(still).image, sop_instance_uid=None)
    with pytest.raises(InputRefused) as caught:
        written(still, findings(image, an_outline(image)), image)
    assert caught.value.code == "needs-dicom"


def test_other_files_are_not_reports(still: Path) -> None:
    image = open_image(still).image
    seg = seg_of(still, image, an_outline(image))
    overruled = decided(findings(image, an_outline(image)), "positive", "Spiculated")
    contradicting = _edited(written(still, overruled, image))
    for content in (b"", b"no DICOM", still.read_bytes(), seg, contradicting):
        with pytest.raises(InputRefused) as caught:
            read(content)
        assert caught.value.code == "not-a-report"


def _edited(content: bytes) -> bytes:
    """The report with its assessment turned round, as nobody but an editor would write it."""
    assert content.count(b"OVERRULED ") == 1
    return content.replace(b"OVERRULED ", b"ACCEPTED  ")


def test_meanings_and_values_fit_their_elements() -> None:
    """LO has 64 characters, SH 16 (PS3.5 6.2)."""
    concepts = [c for c in vars(code).values() if isinstance(c, tuple)] + list(code.DOUBTS.values())
    ours = [c for c in concepts if c[1] == code.SCHEME]
    assert len(ours) == len({c[0] for c in ours}) == 19
    assert all(len(value) <= 16 and len(meaning) <= 64 for value, _, meaning in concepts)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = us_file(tmp_path_factory.mktemp("report") / "still.dcm")
    image = open_image(path).image
    return written(path, decided(findings(image, an_outline(image)), "unsure"), image)


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_report_is_read_or_refused(report: bytes, data: st.DataObject) -> None:
    content = bytearray(report)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(len(content) // 2, len(content)))
    assert _code_of(bytes(content[:end])) in ("", "not-a-report")


def _code_of(content: bytes) -> str:
    """Why a file is refused; empty where it is read."""
    try:
        read(content)
    except InputRefused as refused:
        return refused.code
    return ""
