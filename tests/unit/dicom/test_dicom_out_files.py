"""Every public ultrasound file gets a report, a segmentation and a picture, or a sentence.

Foreign programs look at them where they are installed: dciodvfy (Clunie's dicom3tools), dsrdump
(DCMTK), highdicom and Orthanc.
"""

import csv
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread

from her2desk.dicom.reader import open_image
from her2desk.dicom.report_reading import read_report
from her2desk.dicom.secondary_capture import secondary_capture_bytes
from her2desk.dicom.segmentation_file import segmentation_bytes
from her2desk.dicom.structured_report import structured_report_bytes
from her2desk.domain.findings import ReportedFindings
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.measurements import area, axes
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

from .report_samples import DEMO, WHEN, an_outline, decided, findings

pytestmark = pytest.mark.data

FILES = 32
REFUSED = {"ruby-dicom__implicit_us_jpeg2k-lossless-mono2-multiframe.dcm": "needs-dicom"}
NO_UTF_8 = "The VR checker does not support this Specific Character Set: ISO_IR 192"  # DCMTK 3.6.7


@dataclass(frozen=True)
class Written:
    """What was made of one public file."""

    name: str
    image: UltrasoundImage
    found: ReportedFindings
    report: Path
    segmentation: Path
    capture: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        return self.report, self.segmentation, self.capture


@dataclass(frozen=True)
class Outcome:
    """All that became of the public files: what was written, and the codes of what was refused."""

    written: list[Written]
    refused: dict[str, str]


@pytest.fixture(scope="module")
def outcome(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder, found = tmp_path_factory.mktemp("dicom-out"), Outcome([], {})
    for source in _public_files(test_data):
        try:
            found.written.append(_write(source, folder))
        except InputRefused as refused:
            found.refused[source.name] = refused.code
    return found


@pytest.fixture
def written(outcome: Outcome) -> list[Written]:
    return outcome.written


def _public_files(test_data: Path) -> list[Path]:
    folder = test_data / "dicom_us"
    with (folder / "INDEX.csv").open(newline="", encoding="utf-8") as stream:
        return [folder / row["file"] for row in csv.DictReader(stream)]


def _write(source: Path, folder: Path) -> Written:
    image = open_image(source).image
    roi = an_outline(image, frame=image.frames // 2)
    found = decided(findings(image, roi, pack=DEMO), "positive", "Spiculated margin")
    mask = rasterise(roi.polygon, image.rows, image.columns)
    rgb = np.repeat(mask[..., None] * np.uint8(255), 3, axis=2)
    seg = segmentation_bytes([mask], [roi], image, source, "Müller^Zoë", when=WHEN)
    contents = (
        structured_report_bytes(found, source, image, roi, seg),
        seg,
        secondary_capture_bytes(
            rgb,
            source,
            image,
            roi.frame_index,
            when=WHEN,
            is_demo=True,
            spacing_mm=roi.spacing(image).mm,
        ),
    )
    paths = [folder / f"{source.name}.{kind}.dcm" for kind in ("sr", "seg", "sc")]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return Written(source.name, image, found, *paths)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed, so nothing was checked by it")
    return found


def test_every_file_is_written_or_refused(outcome: Outcome, test_data: Path) -> None:
    names = {path.name for path in _public_files(test_data)}
    assert len(names) == FILES
    assert {made.name for made in outcome.written} == names - set(REFUSED)
    assert outcome.refused == REFUSED


def test_reports_are_read_back_as_they_were_found(written: list[Written]) -> None:
    for made in written:
        again, found, roi = read_report(made.report.read_bytes()), made.found, made.found.inputs.roi
        assert np.array_equal(np.array(again.polygon), np.array(roi.polygon, np.float32)), made.name
        assert (again.image_uid, again.frame_index) == (
            made.image.sop_instance_uid, roi.frame_index,
        )  # fmt: skip
        across = axes(made.image, roi)
        assert (again.area_mm2, again.long_mm, again.short_mm) == (
            area(made.image, roi).mm, across.long.mm, across.short.mm,
        )  # fmt: skip
        assert (again.probability, again.lower, again.upper) == (
            found.probability, found.lower, found.upper,
        )  # fmt: skip
        assert (again.pack, again.decision, again.doubts) == (
            found.pack, found.decision, found.doubts,
        )  # fmt: skip


def test_highdicom_reads_the_same(written: list[Written]) -> None:
    """Numbers to DS's 16 characters, outlines to the bit, masks to the pixel."""
    for made in written:
        content = hd.sr.srread(made.report).content
        group = content.get_planar_roi_measurement_groups()[0]
        numbers = {m.name.value: m for m in group.get_measurements()}
        printed = numbers["PROBABILITY"][0].MeasuredValueSequence[0].NumericValue
        assert float(printed) == pytest.approx(made.found.probability, rel=1e-13)
        assert numbers["PROBABILITY"].value == made.found.probability
        mm2 = area(made.image, made.found.inputs.roi).mm
        assert (numbers["42798000"].value if mm2 else None) == mm2, made.name
        polygon = made.found.inputs.roi.polygon
        closed = np.array((*polygon, polygon[0]), np.float32)
        assert np.array_equal(group.roi.value.astype(np.float32), closed)
        segmentation = hd.seg.segread(made.segmentation)
        mask = rasterise(polygon, made.image.rows, made.image.columns)
        assert np.array_equal(segmentation.pixel_array.reshape(mask.shape) == 1, mask)
        assert segmentation.SegmentSequence[0].TrackingUID == group.tracking_uid
        assert dcmread(made.capture).pixel_array.shape == (*mask.shape, 3)


@pytest.mark.slow
def test_dciodvfy_finds_no_error(written: list[Written]) -> None:
    verifier = _program("dciodvfy")
    for path in (path for made in written for path in made.paths):
        said = subprocess.run([verifier, str(path)], capture_output=True, text=True, check=False)
        errors = [line for line in said.stderr.splitlines() if line.startswith("Error")]
        assert errors == [], path.name


@pytest.mark.slow
def test_dsrdump_opens_every_report_without_complaint(written: list[Written]) -> None:
    dump = _program("dsrdump")
    for made in written:
        said = subprocess.run([dump, str(made.report)], capture_output=True, check=True)
        complaints = [
            line for line in said.stderr.decode().splitlines() if line and NO_UTF_8 not in line
        ]
        assert complaints == [], made.name
        assert "Predicted probability of HER-2 positive" in said.stdout.decode()


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[str]:
    """The address of an Orthanc of its own on the loopback, which is ended afterwards."""
    server = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if server is None:
        pytest.skip("Orthanc is not installed, so nothing was sent to it")
    http, dicom = _free_port(), _free_port()
    settings = {
        "StorageDirectory": str(tmp_path / "db"),
        "IndexDirectory": str(tmp_path / "db"),
        "HttpPort": http,
        "DicomPort": dicom,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [],
    }
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([server, str(tmp_path / "orthanc.json")], stdout=log, stderr=log)
    try:
        _wait_for(http, process)
        yield f"http://127.0.0.1:{http}"
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)  # nothing tells when another program listens
    pytest.fail("Orthanc did not start")


@pytest.mark.slow
def test_orthanc_takes_every_object_into_its_images_study(
    written: list[Written], orthanc: str
) -> None:
    for made in written:
        for path in made.paths:
            answer = _post(f"{orthanc}/instances", path.read_bytes())
            assert answer["Status"] in ("Success", "AlreadyStored"), path.name
            tags = _get(f"{orthanc}{answer['Path']}/simplified-tags")
            assert tags["StudyInstanceUID"] == made.image.study_instance_uid
            assert tags["PatientName"] == str(dcmread(path).PatientName)


def _post(address: str, body: bytes) -> dict[str, str]:
    with urllib.request.urlopen(urllib.request.Request(address, body), timeout=30) as answer:
        return dict(json.load(answer))


def _get(address: str) -> dict[str, str]:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return dict(json.load(answer))
