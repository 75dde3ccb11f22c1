"""A NIfTI mask as ITK-SNAP saves it lies on the image bit for bit, or is refused in words."""

import contextlib
import gzip
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from her2desk.dicom.nifti_mask import MAX_VOXEL_BYTES, is_nifti, nifti_mask
from her2desk.dicom.outline import outline_from_file
from her2desk.dicom.reader import open_image
from her2desk.domain.image import UltrasoundImage
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

from .dicom_builder import COLUMNS, ROWS, picture, us_file

STILL = UltrasoundImage("0" * 64, "1.2.3.4", ROWS, COLUMNS, 1, "MONOCHROME2", "1.2")
CINE = replace(STILL, frames=3)


def lesion(row: int = 4, column: int = 7) -> np.ndarray:
    """A lopsided shape, so that no turn or mirror image of it is the same."""
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[row : row + 10, column : column + 14] = 1
    mask[row : row + 4, column + 3 : column + 5] = 0
    mask[row + 10 : row + 13, column : column + 6] = 1
    return mask


def write(path: Path, array: np.ndarray, **geometry: tuple[float, ...]) -> Path:
    volume = SimpleITK.GetImageFromArray(array, isVector=False)
    for name, value in geometry.items():
        getattr(volume, f"Set{name.capitalize()}")(value)
    SimpleITK.WriteImage(volume, str(path))
    return path


def refused(path: Path, frame: int | None = 0, image: UltrasoundImage = STILL) -> str:
    with pytest.raises(InputRefused) as caught:
        nifti_mask(path, frame, image)
    assert caught.value.message.text()
    assert caught.value.remedy.text()
    return caught.value.code


@pytest.mark.parametrize("name", ["mask.nii", "mask.nii.gz"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
@pytest.mark.parametrize("slices", [False, True])
def test_what_simpleitk_writes_comes_back_bit_for_bit(tmp_path, name, dtype, slices):
    mask = lesion().astype(dtype)
    path = write(
        tmp_path / name, mask[None] if slices else mask, spacing=(0.08, 0.1, 1)[: 2 + slices]
    )
    found = nifti_mask(path, 0, STILL)
    assert np.array_equal(found.mask, mask == 1)
    assert (found.frame_index, found.warnings) == (0, ())


def test_its_outline_filled_again_is_the_mask(tmp_path):
    mask = lesion()
    outline = outline_from_file(write(tmp_path / "mask.nii.gz", mask), 0, STILL)
    assert np.array_equal(rasterise(outline.roi.polygon, ROWS, COLUMNS), mask == 1)
    assert outline.roi.frame_index == 0


def test_the_slice_of_the_frame_is_taken(tmp_path):
    volume = np.stack([lesion(0), lesion(3), lesion(6)])
    path = write(tmp_path / "mask.nii.gz", volume)
    for frame in range(3):
        found = nifti_mask(path, frame, CINE)
        assert found.frame_index == frame
        assert np.array_equal(found.mask, volume[frame] == 1)


def test_one_slice_is_of_the_frame_that_was_asked_for(tmp_path):
    path = write(tmp_path / "mask.nii", lesion())
    assert nifti_mask(path, 2, CINE).frame_index == 2
    assert nifti_mask(path, None, CINE).frame_index == 0


def test_a_series_in_time_is_as_good_as_a_stack(tmp_path):
    volume = np.stack([lesion(0), lesion(3), lesion(6)])[:, None]
    found = nifti_mask(write(tmp_path / "mask.nii", volume), 1, CINE)
    assert np.array_equal(found.mask, volume[1, 0] == 1)


def test_the_marked_frame_is_found_where_none_was_asked_for(tmp_path):
    volume = np.zeros((3, ROWS, COLUMNS), np.uint8)
    empty = write(tmp_path / "empty.nii", volume)
    assert nifti_mask(empty, None, CINE).frame_index == 0
    volume[2] = lesion()
    assert nifti_mask(write(tmp_path / "one.nii", volume), None, CINE).frame_index == 2
    volume[0] = lesion()
    assert refused(write(tmp_path / "two.nii", volume), None, CINE) == "frame-needed"


def test_marks_on_another_frame_only_contradict(tmp_path):
    volume = np.zeros((3, ROWS, COLUMNS), np.uint8)
    volume[2] = lesion()
    path = write(tmp_path / "mask.nii", volume)
    assert refused(path, 0, CINE) == "frame-contradicts-roi"
    assert refused(path, 3, CINE) == "no-such-frame"


def test_another_number_of_slices_or_size_is_refused(tmp_path):
    two = write(tmp_path / "two.nii", np.stack([lesion(), lesion()]))
    assert refused(two, 0, CINE) == "mask-frames"
    assert refused(two, 0, STILL) == "mask-frames"
    turned = write(tmp_path / "turned.nii", np.ascontiguousarray(lesion().T))
    assert refused(turned) == "mask-size"
    cube = write(tmp_path / "cube.nii", np.stack([np.stack([lesion()] * 2)] * 2))
    assert refused(cube, 0, CINE) == "mask-frames"


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2), (0, 1, 2)])
def test_an_axis_stored_backwards_is_turned_back(tmp_path, axes):
    """As a converter writes it: pixels from the far end on, the origin there, direction −1."""
    volume = np.stack([lesion(0), lesion(3), lesion(6)])
    spacing, size = (0.08, 0.1, 1.0), (COLUMNS, ROWS, 3)
    signs, origin = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    stored = volume
    for axis in axes:
        stored = np.flip(stored, 2 - axis)
        signs[axis] = -1.0
        origin[axis] = (size[axis] - 1) * spacing[axis]
    path = write(
        tmp_path / "mask.nii.gz",
        stored,
        spacing=spacing,
        origin=tuple(origin),
        direction=tuple(np.diag(signs).ravel()),
    )
    assert np.array_equal(nifti_mask(path, 1, CINE).mask, volume[1] == 1)


def test_a_mirrored_direction_without_mirrored_pixels_is_refused(tmp_path):
    """nibabel with an identity affine writes this: NIfTI's axes point left and forward."""
    path = write(tmp_path / "mask.nii", lesion()[None], direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1.0))
    assert refused(path) == "mask-direction"


def test_a_direction_of_an_axis_without_length_says_nothing(tmp_path):
    path = write(tmp_path / "mask.nii", lesion()[None], direction=(1, 0, 0, 0, 1, 0, 0, 0, -1.0))
    assert np.array_equal(nifti_mask(path, 0, STILL).mask, lesion() == 1)


def test_a_turned_or_tilted_mask_is_refused(tmp_path):
    turned = write(tmp_path / "turned.nii", lesion()[None], direction=(0, 1, 0, 1, 0, 0, 0, 0, 1.0))
    assert refused(turned) == "mask-direction"
    c, s = np.cos(0.1), np.sin(0.1)
    tilted = write(tmp_path / "tilted.nii", lesion()[None], direction=(c, -s, 0, s, c, 0, 0, 0, 1))
    assert refused(tilted) == "mask-direction"


def test_several_labels_count_together_and_are_said(tmp_path):
    mask = lesion() * 3
    mask[-1, -1] = 1
    found = nifti_mask(write(tmp_path / "mask.nii", mask), 0, STILL)
    assert [w.code for w in found.warnings] == ["mask-labels"]
    assert np.array_equal(found.mask, mask > 0)


def test_fractions_are_no_labels(tmp_path):
    path = write(tmp_path / "mask.nii", (lesion() * 0.5).astype(np.float32))
    assert refused(path) == "mask-values"


def test_a_colour_picture_is_no_mask(tmp_path):
    volume = SimpleITK.GetImageFromArray(np.stack([lesion()] * 3, -1), isVector=True)
    path = tmp_path / "mask.nii"
    SimpleITK.WriteImage(volume, str(path))
    assert refused(path) == "mask-format"


# Files that were not made by ITK-SNAP


def test_a_wrong_name_a_missing_file_and_a_folder_are_refused(tmp_path):
    path = write(tmp_path / "mask.nii", lesion())
    assert refused(path.rename(tmp_path / "mask.img")) == "mask-format"
    assert refused(tmp_path / "gone.nii") == "unreadable-file"
    (tmp_path / "folder.nii").mkdir()
    assert refused(tmp_path / "folder.nii") == "unreadable-file"


def changed(path: Path, offset: int, layout: str, *values: float) -> Path:
    content = bytearray(path.read_bytes())
    struct.pack_into(layout, content, offset, *values)
    path.write_bytes(content)
    return path


def test_sizes_are_checked_before_anything_is_unpacked(tmp_path):
    path = write(tmp_path / "mask.nii", lesion())
    huge = changed(path, 40, "<8h", 3, 32767, 32767, 32767, 1, 1, 1, 1)
    assert MAX_VOXEL_BYTES < 32767**3
    assert refused(huge) == "too-large"
    path.with_suffix(".nii.gz").write_bytes(gzip.compress(huge.read_bytes()))
    assert refused(path.with_suffix(".nii.gz")) == "too-large"
    assert refused(changed(path, 40, "<8h", 3, 0, 1, 1, 1, 1, 1, 1)) == "malformed"
    assert refused(changed(path, 40, "<8h", 9, 1, 1, 1, 1, 1, 1, 1)) == "malformed"
    assert refused(changed(write(path, lesion()), 108, "<f", 1e9)) == "too-large"


def test_a_file_too_large_to_be_a_mask_is_not_read(tmp_path, monkeypatch):
    path = write(tmp_path / "mask.nii", lesion())
    monkeypatch.setattr("her2desk.dicom.nifti_mask.MAX_FILE_BYTES", 100)
    assert refused(path) == "too-large"


def test_nifti_2_is_refused_by_name(tmp_path):
    path = tmp_path / "two.nii"
    path.write_bytes(struct.pack("<i8s", 540, b"n+2\0\r\n\x1a\n") + bytes(600))
    assert is_nifti(path.read_bytes())
    assert refused(path) == "mask-format"


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1f\x8b", b"\x1f\x8bnot gzip", gzip.compress(b"short"), gzip.compress(bytes(600))],
    ids=["empty", "magic", "not-gzip", "short", "zeros"],  # gzip's own time is in its bytes
)
def test_what_is_no_nifti_is_refused(tmp_path, content):
    path = tmp_path / "mask.nii.gz"
    path.write_bytes(content)
    assert refused(path) == "malformed"


def test_what_the_library_cannot_read_is_refused(tmp_path):
    unknown_type = changed(write(tmp_path / "mask.nii", lesion()), 70, "<h", 9999)
    assert refused(unknown_type) == "malformed"


@pytest.mark.parametrize("name", ["mask.nii", "mask.nii.gz"])
def test_missing_voxels_are_not_made_up(tmp_path, name):
    path = write(tmp_path / name, lesion())
    content = path.read_bytes()
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(gzip.decompress(content)[:-100]))
    else:
        path.write_bytes(content[:-100])
    assert refused(path) == "truncated-frame"
    path.write_bytes(content[: len(content) // 2])
    assert refused(path) in ("malformed", "truncated-frame")


def test_a_file_of_the_other_byte_order_is_read(tmp_path):
    little = write(tmp_path / "mask.nii", lesion()).read_bytes()
    big = bytearray(little)
    for start, end, width in (
        (0, 4, 4), (32, 36, 4), (36, 38, 2), (40, 56, 2), (56, 68, 4), (68, 76, 2), (76, 120, 4),
        (124, 148, 4), (252, 256, 2), (256, 328, 4),
    ):  # fmt: skip
        for at in range(start, end, width):
            big[at : at + width] = little[at : at + width][::-1]
    path = tmp_path / "big.nii"
    path.write_bytes(big)
    assert np.array_equal(nifti_mask(path, 0, STILL).mask, lesion() == 1)


@given(st.integers(0, 351), st.integers(0, 255))
def test_a_changed_byte_of_the_header_is_read_or_refused(tmp_path_factory, place, value):
    path = write(tmp_path_factory.mktemp("fuzz") / "mask.nii", lesion())
    changed(path, place, "B", value)
    with contextlib.suppress(InputRefused):
        assert nifti_mask(path, 0, STILL).mask.shape == (ROWS, COLUMNS)


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "pydicom-data__gdcm-US-ALOKA-16.dcm",
        "go-dicom__I_000034.dcm",
        "dicomParser__IM00001.implicit_little_endian.dcm",
    ],
)
def test_a_mask_drawn_on_a_real_file_in_its_own_geometry_lies_where_it_was_drawn(
    test_data, tmp_path, name
):
    """ITK-SNAP copies size, spacing, origin and direction from the main image."""
    source = test_data / "dicom_us" / name
    drawn_on = SimpleITK.ReadImage(str(source))
    columns, rows, frames = drawn_on.GetSize()
    labels = np.zeros((frames, rows, columns), np.uint16)
    frame = frames - 1
    labels[frame, 20:90, 30:61] = 1
    labels[frame, 60:120, 50:140] = 1
    volume = SimpleITK.GetImageFromArray(labels)
    volume.SetSpacing(drawn_on.GetSpacing())
    volume.SetOrigin(drawn_on.GetOrigin())
    volume.SetDirection(drawn_on.GetDirection())
    path = tmp_path / "seg.nii.gz"
    SimpleITK.WriteImage(volume, str(path))
    outline = outline_from_file(path, frame, open_image(source).image)
    assert outline.warnings == ()
    assert np.array_equal(rasterise(outline.roi.polygon, rows, columns), labels[frame] == 1)


def test_the_image_itself_is_not_needed_for_its_mask(tmp_path):
    image = open_image(us_file(tmp_path / "cine.dcm", picture(3))).image
    assert image.frames == 3
    path = write(tmp_path / "mask.nii.gz", np.stack([lesion(0), lesion(3), lesion(6)]))
    assert np.array_equal(nifti_mask(path, 2, image).mask, lesion(6) == 1)
