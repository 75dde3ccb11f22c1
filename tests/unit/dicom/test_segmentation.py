"""A DICOM SEG is used only on the image and the frame that it names."""

import contextlib
from copy import deepcopy
from dataclasses import replace

import highdicom as hd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from her2desk.dicom.outline import outline_from_file
from her2desk.dicom.segmentation import segmentation_mask
from her2desk.domain.image import UltrasoundImage
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

from .dicom_builder import COLUMNS, ROWS, us_file
from .seg_builder import UID, seg_file, sources

STILL = UltrasoundImage("0" * 64, UID, ROWS, COLUMNS, 1, "MONOCHROME2", "1.2")
CINE = replace(STILL, frames=5)


def lesion() -> np.ndarray:
    mask = np.zeros((ROWS, COLUMNS), bool)
    mask[3:15, 5:25] = True
    mask[3:8, 9:12] = False
    return mask


def refused(path, frame: int | None = 0, image: UltrasoundImage = STILL) -> str:
    with pytest.raises(InputRefused) as caught:
        segmentation_mask(path, frame, image)
    assert caught.value.message.text()
    assert caught.value.remedy.text()
    return caught.value.code


@pytest.mark.parametrize("frame", [0, None])
def test_what_highdicom_writes_of_a_still_comes_back_bit_for_bit(tmp_path, frame):
    found = segmentation_mask(seg_file(tmp_path / "seg.dcm", lesion()), frame, STILL)
    assert np.array_equal(found.mask, lesion())
    assert (found.frame_index, found.warnings) == (0, ())


def test_its_outline_filled_again_is_the_mask(tmp_path):
    outline = outline_from_file(seg_file(tmp_path / "seg.dcm", lesion()), 0, STILL)
    assert np.array_equal(rasterise(outline.roi.polygon, ROWS, COLUMNS), lesion())


@pytest.mark.parametrize("asked", [3, None])
def test_the_frame_of_a_cine_that_it_names_is_taken(tmp_path, asked):
    path = seg_file(tmp_path / "seg.dcm", lesion(), frame=4)
    found = segmentation_mask(path, asked, CINE)
    assert found.frame_index == 3
    assert np.array_equal(found.mask, lesion())


def test_another_frame_than_it_names_contradicts(tmp_path):
    path = seg_file(tmp_path / "seg.dcm", lesion(), frame=4)
    assert refused(path, 2, CINE) == "frame-contradicts-roi"


def test_a_segmentation_that_names_no_frame_is_of_the_frame_asked_for(tmp_path):
    path = seg_file(tmp_path / "seg.dcm", lesion())
    assert segmentation_mask(path, 2, CINE).frame_index == 2
    assert segmentation_mask(path, None, CINE).frame_index == 0


def test_another_images_segmentation_is_refused(tmp_path):
    path = seg_file(tmp_path / "seg.dcm", lesion(), uid="1.2.3.99")
    assert refused(path) == "roi-other-image"


def test_a_picture_that_is_not_dicom_has_no_segmentation(tmp_path):
    path = seg_file(tmp_path / "seg.dcm", lesion())
    assert refused(path, 0, replace(STILL, sop_instance_uid=None)) == "roi-other-image"


def without_sources(ds: Dataset) -> None:
    for group in ds.PerFrameFunctionalGroupsSequence:
        del group.DerivationImageSequence


def test_the_one_instance_that_the_whole_refers_to_is_the_source(tmp_path):
    path = seg_file(tmp_path / "seg.dcm", lesion(), change=without_sources)
    assert np.array_equal(segmentation_mask(path, 0, STILL).mask, lesion())
    assert refused(path, 0, replace(STILL, sop_instance_uid="1.9")) == "roi-other-image"


def test_of_several_instances_none_is_guessed(tmp_path):
    def change(ds: Dataset) -> None:
        without_sources(ds)
        other = Dataset()
        other.ReferencedSOPClassUID, other.ReferencedSOPInstanceUID = "1.2", "1.9"
        ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence.append(other)

    assert refused(seg_file(tmp_path / "seg.dcm", lesion(), change=change)) == "roi-other-image"


def test_a_frame_of_no_segment_is_read_too(tmp_path):
    def change(ds: Dataset) -> None:
        del ds.SharedFunctionalGroupsSequence[0].SegmentIdentificationSequence

    path = seg_file(tmp_path / "seg.dcm", lesion(), change=change)
    assert np.array_equal(segmentation_mask(path, 0, STILL).mask, lesion())


def test_a_segmentation_without_any_reference_is_refused(tmp_path):
    def change(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence
        del ds.ReferencedSeriesSequence

    assert refused(seg_file(tmp_path / "seg.dcm", lesion(), change=change)) == "roi-other-image"


def test_segments_count_together_and_are_said(tmp_path):
    both = np.stack([lesion(), np.roll(lesion(), 6, axis=0)], axis=-1)
    found = segmentation_mask(seg_file(tmp_path / "seg.dcm", both), 0, STILL)
    assert [w.code for w in found.warnings] == ["mask-labels"]
    assert np.array_equal(found.mask, both.any(axis=-1))


def two_frames(*numbers: int | None):
    """The SEG's two frames as one segment of frames ``numbers`` of a cine."""

    def change(ds: Dataset) -> None:
        for group in ds.PerFrameFunctionalGroupsSequence:
            group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
            group.DerivationImageSequence = deepcopy(group.DerivationImageSequence)  # shared
        for source, number in zip(sources(ds), numbers, strict=True):
            if number is not None:
                source.ReferencedFrameNumber = number

    return change


def test_of_several_frames_the_one_asked_for_is_taken(tmp_path):
    masks = np.stack([lesion(), np.roll(lesion(), 6, axis=0)], axis=-1)
    path = seg_file(tmp_path / "seg.dcm", masks, change=two_frames(2, 5))
    for frame, index in ((1, 0), (4, 1)):
        assert np.array_equal(segmentation_mask(path, frame, CINE).mask, masks[..., index])
    assert refused(path, 0, CINE) == "frame-contradicts-roi"
    assert refused(path, None, CINE) == "frame-needed"


def test_two_frames_of_one_segment_without_numbers_are_not_told_apart(tmp_path):
    masks = np.stack([lesion(), np.roll(lesion(), 6, axis=0)], axis=-1)
    path = seg_file(tmp_path / "seg.dcm", masks, change=two_frames(None, None))
    assert refused(path, 0, CINE) == "unsupported-segmentation"


def test_an_odd_number_of_pixels_shifts_the_bits_of_the_second_frame(tmp_path):
    """Frames follow each other without padding to a byte (PS3.5 8.1.1)."""
    masks = np.random.default_rng(2).integers(0, 2, (11, 13, 2)).astype(bool)
    path = seg_file(tmp_path / "seg.dcm", masks, change=two_frames(1, 2))
    image = replace(CINE, rows=11, columns=13)
    for index in range(2):
        assert np.array_equal(segmentation_mask(path, index, image).mask, masks[..., index])


def test_another_size_is_refused(tmp_path):
    assert refused(seg_file(tmp_path / "seg.dcm", lesion().T)) == "mask-size"


@pytest.mark.parametrize("kind", ["FRACTIONAL", "LABELMAP"])
def test_only_binary_segmentations_are_read(tmp_path, kind):
    path = seg_file(tmp_path / "seg.dcm", lesion(), kind=kind)
    assert refused(path) in ("unsupported-segmentation", "not-a-segmentation")


def test_reoriented_segmentations_are_refused(tmp_path):
    def change(ds: Dataset) -> None:
        for source in sources(ds):
            source.SpatialLocationsPreserved = "REORIENTED_ONLY"

    path = seg_file(tmp_path / "seg.dcm", lesion(), change=change)
    assert refused(path) == "unsupported-segmentation"


def test_another_dicom_file_is_no_segmentation(tmp_path):
    assert refused(us_file(tmp_path / "us.dcm")) == "not-a-segmentation"


def test_a_compressed_one_is_refused_unread(tmp_path):
    path = seg_file(tmp_path / "seg.dcm", lesion())
    ds = dcmread(path)
    ds.file_meta.TransferSyntaxUID = hd.UID("1.2.840.10008.1.2.1.99")  # deflated: no bound
    ds.save_as(path)
    assert refused(path) == "unsupported-segmentation"


def test_pixels_that_are_missing_are_not_made_up(tmp_path):
    def shorten(ds: Dataset) -> None:
        ds.PixelData = ds.PixelData[:8]

    assert refused(seg_file(tmp_path / "a.dcm", lesion(), change=shorten)) == "truncated-frame"

    def drop(ds: Dataset) -> None:
        del ds.PixelData

    assert refused(seg_file(tmp_path / "b.dcm", lesion(), change=drop)) == "truncated-frame"


def test_large_missing_and_cut_files_are_refused(tmp_path, monkeypatch):
    path = seg_file(tmp_path / "seg.dcm", lesion())
    assert refused(tmp_path / "gone.dcm") == "unreadable-file"
    (tmp_path / "cut.dcm").write_bytes(path.read_bytes()[:300])
    assert refused(tmp_path / "cut.dcm")
    (tmp_path / "empty.dcm").write_bytes(b"")
    assert refused(tmp_path / "empty.dcm") == "malformed"
    monkeypatch.setattr("her2desk.dicom.segmentation.MAX_FILE_BYTES", 1000)
    assert refused(path) == "too-large"


@given(st.integers(132, 4000), st.binary(min_size=1, max_size=6))
def test_changed_bytes_are_read_or_refused(tmp_path_factory, place, junk):
    folder = tmp_path_factory.getbasetemp()
    path = folder / "whole-seg.dcm"
    if not path.exists():
        seg_file(path, lesion())
    content = bytearray(path.read_bytes())
    content[place : place + len(junk)] = junk
    spoiled = folder / "spoiled-seg.dcm"
    spoiled.write_bytes(content)
    with contextlib.suppress(InputRefused):
        assert segmentation_mask(spoiled, 0, STILL).mask.shape == (ROWS, COLUMNS)
