"""Boxes are blackened exactly, in every way that pixels are stored, and nothing beside them."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.masks import (
    Mask,
    MaskBook,
    Scanner,
    _boxes_of,
    outside_of,
    raster,
)
from her2desk.dicom.deidentify.one_file import Choices
from her2desk.dicom.deidentify.profile import ALL_OPTIONS, Option
from her2desk.dicom.deidentify.report import FileReport
from her2desk.dicom.deidentify.run import deidentify
from her2desk.dicom.deidentify.text_like import looks_written
from her2desk.dicom.reader import open_image
from her2desk.domain.image import Region
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Box

from .dicom_builder import (
    COLUMNS,
    J2K_LOSSLESS,
    JPEG_BASELINE,
    RLE,
    ROWS,
    jpeg,
    jpeg2000,
    picture,
    us_file,
)

KEY = ProjectKey(b"k" * 32)
BOX = Box(3, 2, 11, 9)


def blackened(
    path: Path, *boxes: Box, options: frozenset[Option] = ALL_OPTIONS
) -> tuple[FileReport, Path]:
    out = path.parent / "out"
    choices = Choices(KEY, options, MaskBook(), boxes or (BOX,))
    (file,) = deidentify([path], out, choices, SilentProgress()).report.files
    assert file.output is not None, file.reason.text()
    return file, out / file.output


def shown(path: Path) -> np.ndarray:
    opened = open_image(path)
    return np.stack([opened.frames.frame(i) for i in range(opened.image.frames)])


def inside(box: Box = BOX) -> np.ndarray:
    return raster([box], ROWS, COLUMNS)


def assert_only_the_box_changed(before: Path, after: Path, box: Box = BOX) -> None:
    old, new, black = shown(before), shown(after), inside(box)
    assert old.shape == new.shape
    assert np.array_equal(old[:, ~black], new[:, ~black])
    assert new[:, black].max() == 0
    assert old[:, black].max() > 0


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("frames", [1, 3])
def test_uncompressed_pictures(tmp_path: Path, syntax: str, samples: int, frames: int) -> None:
    path = us_file(tmp_path / "a.dcm", picture(frames, samples), syntax=syntax)
    file, out = blackened(path)
    assert_only_the_box_changed(path, out)
    assert file.done is not None
    assert file.done.syntax_after == syntax
    old, new = pydicom.dcmread(path).PixelData, pydicom.dcmread(out).PixelData
    changed = np.flatnonzero(np.frombuffer(old, np.uint8) != np.frombuffer(new, np.uint8))
    assert 0 < len(changed) <= frames * samples * BOX.width * BOX.height


def test_planes_that_follow_one_another(tmp_path: Path) -> None:
    pixels = picture(2, 3)
    path = us_file(tmp_path / "a.dcm", pixels)
    ds = pydicom.dcmread(path)
    ds.PlanarConfiguration = 1
    ds.PixelData = pixels.transpose(0, 3, 1, 2).tobytes()
    ds.save_as(path)
    assert np.array_equal(shown(path), pixels)
    assert_only_the_box_changed(path, blackened(path)[1])


@pytest.mark.parametrize(
    ("dtype", "photometric", "stored_black", "bits"),
    [
        (np.uint8, "MONOCHROME1", 255, 8),
        (np.uint16, "MONOCHROME2", 0, 16),
        (np.uint16, "MONOCHROME1", 4095, 12),
        (np.int16, "MONOCHROME2", -32768, 16),
        (np.int16, "MONOCHROME1", 2047, 12),
    ],
)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_black_is_what_is_shown_black(
    tmp_path: Path, dtype: Any, photometric: str, stored_black: int, bits: int, syntax: str
) -> None:
    limit = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if dtype is np.int16 else (0, 2**bits)
    pixels = np.random.default_rng(3).integers(*limit, (1, ROWS, COLUMNS)).astype(dtype)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    path = us_file(
        tmp_path / "a.dcm",
        pixels.astype(pixels.dtype.newbyteorder(order)),
        syntax=syntax,
        PhotometricInterpretation=photometric,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    _, out = blackened(path)
    stored = pydicom.dcmread(out).pixel_array
    assert np.array_equal(stored[~inside()], pixels[0][~inside()])
    assert set(stored[inside()].ravel().tolist()) == {stored_black}
    assert shown(out)[0][inside()].max() == 0


def test_a_falling_scale_turns_black_round(tmp_path: Path) -> None:
    path = us_file(
        tmp_path / "a.dcm", picture(dtype=np.uint16), RescaleSlope=-1, RescaleIntercept=65535,
        WindowCenter=32768, WindowWidth=65536,
    )  # fmt: skip
    _, out = blackened(path)
    assert set(pydicom.dcmread(out).pixel_array[inside()].ravel().tolist()) == {65535}
    assert shown(out)[0][inside()].max() == 0


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422"])
def test_luma_and_chroma(tmp_path: Path, photometric: str) -> None:
    pixels = picture(2, 3)
    path = us_file(tmp_path / "a.dcm", pixels, PhotometricInterpretation=photometric)
    box = BOX
    if photometric == "YBR_FULL_422":
        ds = pydicom.dcmread(path)
        pairs = pixels.reshape(2, ROWS, COLUMNS // 2, 6)[..., :4]
        ds.PixelData = np.ascontiguousarray(pairs).tobytes()
        ds.save_as(path)
        box = Box(2, 2, 12, 9)  # two columns share their colour
    file, out = blackened(path)
    assert file.done is not None
    assert file.done.boxes == (box,)
    assert_only_the_box_changed(path, out, box)


def palette_of(first: int = 0) -> dict[str, Any]:
    shades = np.linspace(255, 0, 256).astype(np.uint16) * 257  # the darkest comes last
    described = [256, first, 16]
    colours = ("Red", "Green", "Blue")
    return {f"{c}PaletteColorLookupTableDescriptor": described for c in colours} | {
        f"{c}PaletteColorLookupTableData": shades.tobytes() for c in colours
    }


def test_the_darkest_colour_of_a_palette(tmp_path: Path) -> None:
    path = us_file(tmp_path / "a.dcm", PhotometricInterpretation="PALETTE COLOR", **palette_of())
    _, out = blackened(path)
    assert set(pydicom.dcmread(out).pixel_array[inside()].ravel().tolist()) == {255}
    assert_only_the_box_changed(path, out)


@pytest.mark.parametrize(
    ("samples", "dtype"), [(1, np.uint8), (3, np.uint8), (1, np.uint16), (1, np.int16)]
)
def test_run_lengths_stay_run_lengths(tmp_path: Path, samples: int, dtype: Any) -> None:
    pixels = picture(2, samples, dtype)
    path = us_file(tmp_path / "plain.dcm", pixels)
    ds = pydicom.dcmread(path)
    ds.compress(RLE, encoding_plugin="pydicom", generate_instance_uid=False)
    path = tmp_path / "a.dcm"
    ds.save_as(path)
    file, out = blackened(path)
    assert file.done is not None
    assert file.done.syntax_after == RLE
    assert_only_the_box_changed(path, out)


def test_lossy_pictures_are_stored_uncompressed_and_say_that_they_were_lossy(
    tmp_path: Path,
) -> None:
    encoded = [jpeg(frame) for frame in picture(2, 3)]
    path = us_file(
        tmp_path / "a.dcm", picture(2, 3), syntax=JPEG_BASELINE, encoded=encoded,
        PhotometricInterpretation="YBR_FULL_422",
    )  # fmt: skip
    _, out = blackened(path)
    assert_only_the_box_changed(path, out)
    ds = pydicom.dcmread(out)
    assert ds.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert ds.PhotometricInterpretation == "RGB"
    assert ds.LossyImageCompression == "01"
    assert ds.LossyImageCompressionMethod == "ISO_10918_1"
    stored = sum(map(len, encoded))
    assert float(ds.LossyImageCompressionRatio) == pytest.approx(
        2 * ROWS * COLUMNS * 3 / stored, rel=0.02
    )


def test_what_a_file_says_of_its_lossy_compression_is_kept(tmp_path: Path) -> None:
    path = us_file(
        tmp_path / "a.dcm", syntax=JPEG_BASELINE, encoded=[jpeg(picture()[0])],
        LossyImageCompression="01", LossyImageCompressionRatio="12.5",
    )  # fmt: skip
    ds = pydicom.dcmread(blackened(path)[1])
    assert ds.LossyImageCompressionRatio == 12.5
    assert ds.PhotometricInterpretation == "MONOCHROME2"


def test_lossless_pictures_are_stored_uncompressed(tmp_path: Path) -> None:
    path = us_file(tmp_path / "a.dcm", syntax=J2K_LOSSLESS, encoded=[jpeg2000(picture()[0])])
    _, out = blackened(path)
    assert_only_the_box_changed(path, out)
    assert "LossyImageCompression" not in pydicom.dcmread(out)


def test_without_a_box_inside_the_picture_every_byte_is_copied(tmp_path: Path) -> None:
    encoded = [jpeg(frame) for frame in picture(3)]
    path = us_file(tmp_path / "a.dcm", picture(3), syntax=JPEG_BASELINE, encoded=encoded)
    file, out = blackened(path, Box(500, 500, 600, 600))
    assert file.done is not None
    assert file.done.pixels_copied
    assert pydicom.dcmread(out).PixelData == pydicom.dcmread(path).PixelData


def test_an_offset_table_that_names_left_out_frames_is_left_out(tmp_path: Path) -> None:
    encoded = [jpeg(frame) for frame in picture(3)]
    path = us_file(
        tmp_path / "a.dcm", picture(3), syntax=JPEG_BASELINE, encoded=encoded, NumberOfFrames=2
    )
    _, out = blackened(path, Box(500, 500, 600, 600))
    assert pydicom.dcmread(out).PixelData[4:8] == bytes(4)
    assert len(shown(out)) == 2


@pytest.mark.parametrize("box", [BOX, Box(90, 90, 91, 91)])
def test_a_picture_of_odd_size_is_padded(tmp_path: Path, box: Box) -> None:
    pixels = np.ascontiguousarray(picture()[:, :23, :31])
    _, out = blackened(us_file(tmp_path / "a.dcm", pixels), box)
    assert len(pydicom.dcmread(out).PixelData) == 23 * 31 + 1


def test_a_picture_beyond_4_gb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("her2desk.dicom.deidentify.writing.MAX_PIXEL_BYTES", 1000)
    lossless = us_file(tmp_path / "a.dcm", picture(2), syntax=J2K_LOSSLESS,
                       encoded=[jpeg2000(f) for f in picture(2)])  # fmt: skip
    native = us_file(tmp_path / "b.dcm", picture(2))
    choices = Choices(KEY, ALL_OPTIONS, MaskBook(), (BOX,))
    result = deidentify([lossless, native], tmp_path / "out", choices, SilentProgress())
    assert [f.code for f in result.report.files] == ["too-large", "too-large"]


def box_region(x0: int, y0: int, x1: int, y1: int, spatial: int = 1, data: int = 1) -> Region:
    return Region(0, x0, y0, x1, y1, spatial, data, 3, 3, 0.01, 0.01)


def test_the_proposal_is_everything_outside_the_regions() -> None:
    regions = [box_region(2, 3, 9, 9), box_region(20, 3, 29, 15)]
    black = raster(outside_of(regions, ROWS, COLUMNS), ROWS, COLUMNS)
    assert not black[3:10, 2:10].any()
    assert not black[3:16, 20:30].any()
    assert black.sum() == black.size - 7 * 8 - 13 * 10


@pytest.mark.parametrize(
    "regions",
    [
        [],
        [box_region(0, 0, COLUMNS + 5, 9)],  # reaches outside: the picture was cropped
        [box_region(2, 2, 9, 9, 0, 0)],  # ACUSON's first region shows nothing
    ],
)
def test_without_regions_to_be_trusted_nothing_is_proposed(regions: list[Region]) -> None:
    assert outside_of(regions, ROWS, COLUMNS) == ()


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_boxes_cover_an_area_exactly_and_once(area: np.ndarray) -> None:
    boxes = _boxes_of(area)
    covered = np.zeros(area.shape, int)
    for box in boxes:
        covered[box.y0 : box.y1, box.x0 : box.x1] += 1
    assert np.array_equal(covered, area.astype(int))


def test_a_mask_is_cut_at_the_pictures_edge() -> None:
    mask = Mask((Box(0, 0, 10, 5), Box(500, 500, 510, 510), Box(COLUMNS - 2, 0, 900, 900)))
    assert mask.black((), ROWS, COLUMNS) == (Box(0, 0, 10, 5), Box(COLUMNS - 2, 0, COLUMNS, ROWS))


def test_a_scanner_is_called_by_maker_model_and_size() -> None:
    assert Scanner("ACUSON", "", 480, 640).name == "ACUSON, 640 × 480"
    assert Scanner("", "", 480, 640).name == "640 × 480"


def speckle(rows: int = 300, columns: int = 400) -> np.ndarray:
    noise = np.random.default_rng(5).rayleigh(28, (rows // 3, columns // 3))
    smooth = np.kron(noise, np.ones((3, 3)))
    full = np.zeros((rows, columns))
    full[: smooth.shape[0], : smooth.shape[1]] = smooth
    return np.clip(full, 0, 100).astype(np.uint8)


@pytest.mark.parametrize("text", ["DOE, JANE", "ID 48813", "SMITH", "DOE"])
def test_writing_raises_suspicion(text: str) -> None:
    image = Image.fromarray(speckle())
    ImageDraw.Draw(image).text((40, 60), text, fill=230, font_size=18)
    frame = np.array(image)
    everywhere = np.ones(frame.shape, bool)
    assert looks_written(frame, everywhere)
    assert looks_written(np.stack([frame] * 3, axis=-1), everywhere)
    kept = everywhere.copy()
    kept[50:90] = False
    assert not looks_written(frame, kept)


def test_tissue_and_a_depth_scale_raise_none() -> None:
    frame = speckle()
    for y in range(20, 290, 25):
        frame[y : y + 2, 380:388] = 255
    assert not looks_written(frame, np.ones(frame.shape, bool))


def test_a_picture_that_is_speckle_throughout_is_no_writing() -> None:
    frame = np.random.default_rng(6).integers(0, 2, (400, 600)).astype(np.uint8) * 255
    assert not looks_written(frame, np.zeros(frame.shape, bool))
