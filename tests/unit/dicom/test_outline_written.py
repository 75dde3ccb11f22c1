"""Outlines written as ROI, PNG, NIfTI and DICOM SEG come back as they were drawn."""

import contextlib
import csv
import gzip
import json
import math
from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom import dcmread

from her2desk.agreement.overlap import compare
from her2desk.dicom.carried_outline import PNG_KEYWORD, carried_rois, carried_text, drawn_as
from her2desk.dicom.outline import outline_from_file, outlines_from_file
from her2desk.dicom.outline_files import OutlineFormat, format_of, write_outline
from her2desk.dicom.reader import open_image
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

from .dicom_builder import US_MULTIFRAME, picture, us_file

FORMATS = ("roi.json", "mask.png", "mask.nii.gz", "mask.nii", "seg.dcm")
NETWORK = "ab" * 32


def ellipse(
    frame: int = 0,
    centre: tuple[float, float] = (16.2, 12.1),
    axes: tuple[float, float] = (11.4, 8.3),
    turn: float = 0.4,
    points: int = 80,
    assisted_by: str | None = None,
) -> Roi:
    places = [math.tau * n / points for n in range(points)]
    return Roi(
        frame,
        tuple(
            (
                centre[0]
                + axes[0] * math.cos(a) * math.cos(turn)
                - axes[1] * math.sin(a) * math.sin(turn),
                centre[1]
                + axes[0] * math.cos(a) * math.sin(turn)
                + axes[1] * math.sin(a) * math.cos(turn),
            )
            for a in places
        ),
        assisted_by,
    )


@pytest.fixture
def still(tmp_path: Path) -> Path:
    return us_file(tmp_path / "still.dcm")


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    return us_file(tmp_path / "cine.dcm", picture(5), SOPClassUID=US_MULTIFRAME)


def public_files(test_data: Path) -> list[Path]:
    folder = test_data / "dicom_us"
    with (folder / "INDEX.csv").open(newline="", encoding="utf-8") as stream:
        return [folder / row["file"] for row in csv.DictReader(stream)]


def refused(*arguments: object, **more: object) -> str:
    with pytest.raises(InputRefused) as caught:
        write_outline(*arguments, **more)  # type: ignore[arg-type]
    assert caught.value.message.text()
    assert caught.value.remedy.text()
    return caught.value.code


@pytest.mark.parametrize("name", FORMATS)
def test_an_outline_comes_back_to_the_last_point(tmp_path: Path, still: Path, name: str) -> None:
    image, roi = open_image(still).image, ellipse(assisted_by=NETWORK)
    written = write_outline(tmp_path / name, [roi], image, source=still)
    assert written.rois == (roi,)
    found = outline_from_file(tmp_path / name, 0, image)
    assert (found.roi, found.warnings) == (roi, ())
    assert outlines_from_file(tmp_path / name, image) == (found,)
    assert written.to_json() == {
        "written": str(tmp_path / name),
        "format": format_of(Path(name)).value,
        "frame_index": 0,
        "points": 80,
        "area_px": round(roi.area_px, 3),
        "outlines": [{"frame_index": 0, "points": 80, "area_px": round(roi.area_px, 3)}],
    }
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("name", FORMATS)
def test_an_outline_of_one_frame_of_a_cine_names_its_frame(
    tmp_path: Path, cine: Path, name: str
) -> None:
    image, roi = open_image(cine).image, ellipse(3)
    write_outline(tmp_path / name, [roi], image, source=cine)
    assert outline_from_file(tmp_path / name, None, image).roi == roi
    assert outline_from_file(tmp_path / name, 3, image).roi == roi
    with pytest.raises(InputRefused) as caught:
        outline_from_file(tmp_path / name, 1, image)
    assert caught.value.code == "frame-contradicts-roi"


@pytest.mark.parametrize("name", ["mask.nii.gz", "seg.dcm"])
def test_the_outlines_of_several_frames_share_a_file(tmp_path: Path, cine: Path, name: str) -> None:
    image = open_image(cine).image
    rois = [ellipse(4, axes=(7, 6)), ellipse(0), ellipse(2, (15, 12), (6, 9), 0)]
    written = write_outline(tmp_path / name, rois, image, source=cine)
    assert [roi.frame_index for roi in written.rois] == [0, 2, 4]
    assert tuple(o.roi for o in outlines_from_file(tmp_path / name, image)) == written.rois
    assert written.to_json()["frame_index"] == 0, "the largest"
    assert outline_from_file(tmp_path / name, 2, image).roi == rois[2]
    with pytest.raises(InputRefused) as caught:
        outline_from_file(tmp_path / name, None, image)
    assert caught.value.code == "frame-needed"


@pytest.mark.parametrize("name", ["roi.json", "mask.png"])
def test_other_files_hold_one_frame(tmp_path: Path, cine: Path, name: str) -> None:
    image = open_image(cine).image
    assert refused(tmp_path / name, [ellipse(0), ellipse(1)], image) == "frame-needed"
    assert not (tmp_path / name).exists()


# A mask whose polygon another program has dropped


def without_polygon(path: Path) -> Path:
    """The mask as a program writes it that keeps only pixels."""
    plain = path.with_name("plain-" + path.name)
    if path.suffix == ".png":
        Image.fromarray(np.asarray(Image.open(path))).save(plain)
    elif path.suffix == ".dcm":
        ds = dcmread(path)
        ds.remove_private_tags()
        ds.save_as(plain)
    else:
        import SimpleITK as sitk  # noqa: N813

        sitk.WriteImage(sitk.ReadImage(str(path)), str(plain))
    return plain


@pytest.mark.parametrize("name", ["mask.png", "mask.nii.gz", "seg.dcm"])
def test_pixels_alone_come_back_to_the_pixel_and_the_outline_within_half_of_one(
    tmp_path: Path, still: Path, name: str
) -> None:
    image, roi = open_image(still).image, ellipse()
    write_outline(tmp_path / name, [roi], image, source=still)
    again = outline_from_file(without_polygon(tmp_path / name), 0, image).roi
    assert again.polygon != roi.polygon
    size = image.rows, image.columns
    assert np.array_equal(rasterise(again.polygon, *size), rasterise(roi.polygon, *size))
    assert compare(roi, again, image).hausdorff_px <= 0.52  # 1/(8 · 6 px) above a half


SMALL = UltrasoundImage("0" * 64, None, 100, 120, 1, "MONOCHROME2", "image/png")


@given(
    st.tuples(st.floats(55, 65), st.floats(45, 55)),
    st.floats(12, 40),
    st.floats(0.6, 1),
    st.floats(0, math.pi),
)
@settings(max_examples=40)
def test_smooth_outlines_survive_pixels_within_the_stated_bound(
    tmp_path_factory: pytest.TempPathFactory,
    centre: tuple[float, float],
    axis: float,
    flatness: float,
    turn: float,
) -> None:
    """Half a pixel, and 1/(8r) more for the bow of a circle of radius r between two centres."""
    roi = ellipse(0, centre, (axis, axis * flatness), turn, 200)
    path = tmp_path_factory.mktemp("masks") / "mask.png"
    write_outline(path, [roi], SMALL)
    again = outline_from_file(without_polygon(path), 0, SMALL).roi
    assert np.array_equal(rasterise(again.polygon, 100, 120), rasterise(roi.polygon, 100, 120))
    figures = compare(roi, again, SMALL)
    smallest_radius = axis * flatness**2
    assert figures.hausdorff_px <= 0.5 + 1 / (8 * smallest_radius) + 0.01
    assert figures.mean_distance_px < 0.25


@given(st.lists(st.tuples(st.floats(0, 120), st.floats(0, 100)), min_size=3, max_size=12))
@settings(max_examples=60)
def test_any_polygon_that_can_be_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, float]]
) -> None:
    roi = Roi(0, tuple(points))
    folder = tmp_path_factory.mktemp("outlines")
    for name in ("roi.json", "mask.png", "mask.nii"):
        with contextlib.suppress(InputRefused):  # too small, or too thin for a mask
            write_outline(folder / name, [roi], SMALL)
            assert outline_from_file(folder / name, 0, SMALL).roi == roi


# The polygon that a mask carries is believed only where it fits


def png_with(path: Path, mask: np.ndarray, text: str) -> Path:
    about = PngInfo()
    about.add_text(PNG_KEYWORD, text)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path, pnginfo=about)
    return path


def test_an_edited_mask_is_read_as_edited_and_keeps_what_proposed_it(tmp_path: Path) -> None:
    roi = ellipse(0, (60, 50), (30, 20), assisted_by=NETWORK)
    edited = rasterise(roi.polygon, 100, 120)
    edited[40:60, 60:110] = True
    path = png_with(tmp_path / "mask.png", edited, carried_text([roi]))
    found = outline_from_file(path, 0, SMALL).roi
    assert np.array_equal(rasterise(found.polygon, 100, 120), edited)
    assert found.assisted_by == NETWORK


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "[1]", '{"a": 1}', '[{"frame_index": 0, "polygon": [[1]]}]', "[[", "[" * 10**5],
)
def test_what_is_no_polygon_is_not_believed(tmp_path: Path, text: str) -> None:
    mask = rasterise(ellipse(0, (60, 50), (30, 20)).polygon, 100, 120)
    found = outline_from_file(png_with(tmp_path / "mask.png", mask, text), 0, SMALL).roi
    assert np.array_equal(rasterise(found.polygon, 100, 120), mask)


def test_a_polygon_outside_the_image_or_of_two_points_is_not_believed() -> None:
    mask = np.zeros((100, 120), bool)
    assert drawn_as(Roi(0, ((-1, 0), (10, 0), (10, 10))), 0, mask) is None
    assert drawn_as(Roi(0, ((1e308, 0), (-1e308, 0), (10, 10))), 0, mask) is None
    assert drawn_as(Roi(0, ((1, 1), (2, 2))), 0, mask) is None


def test_more_points_than_fit_are_not_carried(tmp_path: Path) -> None:
    long = ellipse(0, (60, 50), (30.123456789, 20.123456789), points=19_999)
    many = [replace(long, frame_index=n) for n in range(3)]
    assert carried_text(many) == ""
    assert carried_rois("x" * 10**6) == ()
    cine = replace(SMALL, frames=3)
    write_outline(tmp_path / "mask.nii.gz", many, cine)
    found = outlines_from_file(tmp_path / "mask.nii.gz", cine)
    expected = rasterise(long.polygon, 100, 120)
    assert len(found) == 3
    for outline in found:
        assert np.array_equal(rasterise(outline.roi.polygon, 100, 120), expected)


# Each format, as other programs read it


def test_itk_lays_the_mask_where_it_lays_the_image(tmp_path: Path, cine: Path) -> None:
    """ITK-SNAP reads both by ITK: size, spacing, origin and direction must be the same."""
    import SimpleITK as sitk  # noqa: N813

    image = replace(open_image(cine).image, pixel_spacing_mm=(0.3, 0.2))
    roi = ellipse(3)
    write_outline(tmp_path / "mask.nii.gz", [roi], image)
    mask = sitk.ReadImage(str(tmp_path / "mask.nii.gz"))
    assert mask.GetSize() == (32, 24, 5)
    assert mask.GetSpacing() == pytest.approx((0.2, 0.3, 1))
    assert mask.GetOrigin() == (0, 0, 0)
    assert mask.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    array = sitk.GetArrayFromImage(mask)
    assert np.array_equal(array[3] == 1, rasterise(roi.polygon, 24, 32))
    assert not array[[0, 1, 2, 4]].any()
    first, second = (tmp_path / "mask.nii.gz").read_bytes(), tmp_path / "again.nii.gz"
    write_outline(second, [roi], image)
    assert second.read_bytes() == first, "no clock time in it"
    assert gzip.decompress(first)[344:348] == b"n+1\0"


@pytest.mark.data
def test_itk_gives_public_files_the_geometry_that_masks_are_written_with(
    test_data: Path, tmp_path: Path
) -> None:
    import SimpleITK as sitk  # noqa: N813

    compared = 0
    for source in public_files(test_data):
        header = sitk.ImageFileReader()
        header.SetFileName(str(source))
        try:
            header.ReadImageInformation()
        except RuntimeError:
            continue  # one file that ITK cannot read
        image = open_image(source).image
        centre = image.columns / 2, image.rows / 2
        roi = ellipse(0, centre, (image.columns / 5, image.rows / 5), 0)
        path = tmp_path / "mask.nii"
        write_outline(path, [roi], image, overwrite=True)
        mask = sitk.ReadImage(str(path))
        assert mask.GetSize() == header.GetSize(), source.name
        assert mask.GetSpacing() == pytest.approx(header.GetSpacing()), source.name
        assert mask.GetOrigin() == header.GetOrigin(), source.name
        assert mask.GetDirection() == header.GetDirection(), source.name
        compared += 1
    assert compared == 31


def test_a_seg_is_what_highdicom_reads(tmp_path: Path, cine: Path) -> None:
    image = open_image(cine).image
    rois = [ellipse(1), ellipse(4, axes=(7, 6), assisted_by=NETWORK)]
    path = tmp_path / "seg.dcm"
    write_outline(path, rois, image, source=cine, reader="Anna^A")
    seg = hd.seg.segread(path)
    assert seg.number_of_segments == 1
    assert seg.segmentation_type is hd.seg.SegmentationTypeValues.BINARY
    (lesion,) = seg.SegmentSequence
    assert lesion.SegmentAlgorithmType == "SEMIAUTOMATIC", "one was proposed by a network"
    assert lesion.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Lesion"
    assert str(seg.ContentCreatorName) == "Anna^A"
    assert (seg.PatientID, str(seg.PatientName), seg.StudyInstanceUID) == (
        "P1", "Doe^Jane", "1.2.3",
    )  # fmt: skip
    frames = [
        group.DerivationImageSequence[0].SourceImageSequence[0]
        for group in seg.PerFrameFunctionalGroupsSequence
    ]
    assert [f.ReferencedFrameNumber for f in frames] == [2, 5]
    assert {f.ReferencedSOPClassUID for f in frames} == {US_MULTIFRAME}
    assert {f.ReferencedSOPInstanceUID for f in frames} == {"1.2.3.4"}
    for plane, roi in zip(seg.pixel_array, rois, strict=True):
        assert np.array_equal(plane == 1, rasterise(roi.polygon, 24, 32))


def test_a_manual_outline_of_a_still_says_so(tmp_path: Path, still: Path) -> None:
    image = open_image(still).image
    write_outline(tmp_path / "seg.dcm", [ellipse()], image, source=still)
    seg = dcmread(tmp_path / "seg.dcm")
    assert seg.SegmentSequence[0].SegmentAlgorithmType == "MANUAL"
    source = seg.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert "ReferencedFrameNumber" not in source.SourceImageSequence[0]


@pytest.mark.filterwarnings("ignore:Invalid value for VR")  # which is the point
def test_headers_that_highdicom_refuses_do_not_stop_a_seg(tmp_path: Path) -> None:
    source = us_file(
        tmp_path / "odd.dcm",
        StudyTime="13:45:00",
        StudyDate="2024.09.01",
        PatientSex="unknown"[:1],
        PatientBirthDate="19000000",
        AccessionNumber="A" * 16,
        SpecificCharacterSet="ISO_IR 100",
        PatientName="Müller^Zoë",
    )
    image = open_image(source).image
    write_outline(tmp_path / "seg.dcm", [ellipse()], image, source=source)
    seg = dcmread(tmp_path / "seg.dcm")
    assert (seg.StudyDate, seg.StudyTime, seg.PatientBirthDate) == ("20240901", "134500", "")
    assert seg.PatientSex == ""
    assert str(seg.PatientName) == "Müller^Zoë"
    assert outline_from_file(tmp_path / "seg.dcm", 0, image).roi == ellipse()


@pytest.mark.data
def test_a_seg_of_every_public_file_reads_back(test_data: Path, tmp_path: Path) -> None:
    written = 0
    for source in public_files(test_data):
        image = open_image(source).image
        centre, axes = (image.columns / 2, image.rows / 2), (image.columns / 5, image.rows / 5)
        frames = sorted({0, image.frames // 2, image.frames - 1})
        rois = tuple(ellipse(frame, centre, axes, 0) for frame in frames)
        path = tmp_path / "seg.dcm"
        if "999.999" in str(image.sop_instance_uid):  # no UID, so nothing can refer to it
            assert refused(path, rois, image, source=source, overwrite=True) == "needs-dicom"
            continue
        write_outline(path, rois, image, source=source, overwrite=True)
        assert tuple(o.roi for o in outlines_from_file(path, image)) == rois, source.name
        plain = outlines_from_file(without_polygon(path), image)
        for roi, found in zip(rois, plain, strict=True):
            size = image.rows, image.columns
            same = np.array_equal(
                rasterise(found.roi.polygon, *size), rasterise(roi.polygon, *size)
            )
            assert same, source.name
        hd.seg.segread(path)
        written += 1
    assert written == 31


def test_a_png_marks_black_and_white(tmp_path: Path) -> None:
    roi = ellipse(0, (60, 50), (30, 20))
    write_outline(tmp_path / "mask.png", [roi], SMALL)
    values = np.asarray(Image.open(tmp_path / "mask.png"))
    assert set(np.unique(values)) == {0, 255}
    assert np.array_equal(values > 0, rasterise(roi.polygon, 100, 120))


def test_another_programs_extension_is_no_outline(tmp_path: Path, still: Path) -> None:
    image, roi, path = open_image(still).image, ellipse(), tmp_path / "mask.nii"
    write_outline(path, [roi], image)
    content = bytearray(path.read_bytes())
    content[356:360] = (4).to_bytes(4, "little")  # AFNI's code instead of a comment's
    path.write_bytes(content)
    found = outline_from_file(path, 0, image).roi
    assert found.polygon != roi.polygon
    assert np.array_equal(rasterise(found.polygon, 24, 32), rasterise(roi.polygon, 24, 32))


# Refusals


def test_a_volume_of_other_frames_has_no_outlines_of_this_image(tmp_path: Path, cine: Path) -> None:
    image, path = open_image(cine).image, tmp_path / "mask.nii"
    write_outline(path, [ellipse(1)], image)
    with pytest.raises(InputRefused) as caught:
        outlines_from_file(path, replace(image, frames=4))
    assert caught.value.code == "mask-frames"


def test_a_picture_that_is_not_dicom_has_no_seg(tmp_path: Path, still: Path) -> None:
    roi = ellipse(0, (60, 50), (30, 20))
    assert refused(tmp_path / "seg.dcm", [roi], SMALL) == "needs-dicom"
    image = open_image(still).image
    assert refused(tmp_path / "seg.dcm", [ellipse()], image) == "needs-dicom"
    gone = tmp_path / "gone.dcm"
    assert refused(tmp_path / "seg.dcm", [ellipse()], image, source=gone) == "unreadable-file"
    gone.write_bytes(b"no DICOM")
    assert refused(tmp_path / "seg.dcm", [ellipse()], image, source=gone) == "malformed"


def test_an_existing_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path, roi = tmp_path / "roi.json", ellipse(0, (60, 50), (30, 20))
    path.write_text("mine")
    assert refused(path, [roi], SMALL) == "outline-exists"
    assert path.read_text() == "mine"
    write_outline(path, [roi], SMALL, overwrite=True)
    assert json.loads(path.read_text())["frame_index"] == 0


def test_a_file_that_appears_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "roi.json", Path.write_bytes

    def write(self: Path, content: bytes) -> int:
        path.write_text("theirs")
        return before(self, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    roi = ellipse(0, (60, 50), (30, 20))
    assert refused(path, [roi], SMALL) == "outline-exists"
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    roi = ellipse(0, (60, 50), (30, 20))
    assert refused(tmp_path / "roi.txt", [roi], SMALL) == "outline-format"
    assert refused(tmp_path / "gone" / "roi.json", [roi], SMALL) == "unwritable"
    assert refused(tmp_path / "roi.json", [], SMALL) == "no-outline"
    assert refused(tmp_path / "roi.json", [ellipse(0, (0, 0))], SMALL) == "roi-outside"
    sliver = Roi(0, ((0, 10.6), (120, 10.6), (120, 11.2), (0, 11.2)))
    assert refused(tmp_path / "mask.png", [sliver], SMALL) == "mask-empty"
    huge = replace(SMALL, frames=100_000)
    assert refused(tmp_path / "mask.nii", [roi], huge) == "too-large"
    with pytest.raises(ValueError, match="two outlines"):
        write_outline(tmp_path / "seg.dcm", [roi, roi], SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_format_may_be_named_instead_of_a_suffix(tmp_path: Path) -> None:
    roi = ellipse(0, (60, 50), (30, 20))
    written = write_outline(tmp_path / "outline", [roi], SMALL, format=OutlineFormat.JSON)
    assert outline_from_file(written.path, 0, SMALL).roi == roi
