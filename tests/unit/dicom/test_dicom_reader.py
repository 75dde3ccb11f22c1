"""What opens, what it says of itself, and what is refused in which words."""

import os
import struct
from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from her2desk.dicom import layout as layout_module
from her2desk.dicom.frames import FrameSource
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.image import SpacingSource, UltrasoundImage
from her2desk.errors import InputRefused

from .dicom_builder import (
    COLUMNS,
    J2K_LOSSLESS,
    JPEG_BASELINE,
    RLE,
    ROWS,
    jpeg,
    jpeg2000,
    picture,
    region,
    save,
    us_bytes,
    us_dataset,
    us_file,
)


def codes(image: UltrasoundImage) -> list[str]:
    return [w.code for w in image.warnings]


def refusal(path: Path) -> InputRefused:
    """The refusal of opening ``path`` and decoding its first frame."""
    with pytest.raises(InputRefused) as caught:
        open_image(path).frames.frame(0)
    assert caught.value.message.text().endswith((".", ":"))
    assert caught.value.remedy.text()
    return caught.value


def opened(tmp_path: Path, pixels: np.ndarray | None = None, **settings: Any) -> OpenedImage:
    return open_image(us_file(tmp_path / "us.dcm", pixels, **settings))


class TestPixels:
    def test_grey_comes_out_as_stored(self, tmp_path: Path) -> None:
        file = opened(tmp_path, WindowCenter="10", WindowWidth="5")
        assert np.array_equal(file.frames.frame(0), picture()[0])

    def test_colour_comes_out_as_stored(self, tmp_path: Path) -> None:
        pixels = picture(samples=3)
        assert np.array_equal(opened(tmp_path, pixels).frames.frame(0), pixels[0])

    def test_colour_by_plane_comes_out_by_pixel(self, tmp_path: Path) -> None:
        pixels = picture(samples=3)
        ds = us_dataset(pixels, PlanarConfiguration=1)
        ds.PixelData = np.moveaxis(pixels[0], -1, 0).tobytes()
        file = open_image(save(ds, tmp_path / "planes.dcm"))
        assert np.array_equal(file.frames.frame(0), pixels[0])

    def test_every_frame_of_a_cine_is_its_own(self, tmp_path: Path) -> None:
        pixels = picture(frames=5)
        file = opened(tmp_path, pixels)
        assert len(file.frames) == file.image.frames == 5
        for number in (4, 0, 2):
            assert np.array_equal(file.frames.frame(number), pixels[number])

    def test_inverted_grey_is_turned_round(self, tmp_path: Path) -> None:
        file = opened(tmp_path, PhotometricInterpretation="MONOCHROME1")
        assert np.array_equal(file.frames.frame(0), 255 - picture()[0])

    @pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
    def test_other_native_syntaxes_give_the_same(self, tmp_path: Path, syntax: str) -> None:
        pixels = picture(dtype=np.uint16)
        ds = us_dataset(pixels, syntax=syntax)
        ds.PixelData = pixels.astype(">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes()
        frame = open_image(save(ds, tmp_path / "us.dcm")).frames.frame(0)
        assert np.abs(frame - pixels[0] / 257).max() <= 0.5 + 1e-6

    def test_big_endian_bytes_in_words_are_put_in_order(self, tmp_path: Path) -> None:
        pixels = picture()
        ds = us_dataset(pixels, syntax=ExplicitVRBigEndian)
        ds.PixelData = pixels.view("<u2").astype(">u2").tobytes()
        ds["PixelData"].VR = "OW"
        frame = open_image(save(ds, tmp_path / "us.dcm")).frames.frame(0)
        assert np.array_equal(frame, pixels[0])

    def test_odd_big_endian_frames_in_words_are_refused(self, tmp_path: Path) -> None:
        pixels = picture(frames=2)[:, :23, :31]
        ds = us_dataset(pixels, syntax=ExplicitVRBigEndian)
        ds["PixelData"].VR = "OW"
        assert refusal(save(ds, tmp_path / "us.dcm")).code == "unsupported-pixels"

    @pytest.mark.parametrize("samples", [1, 3])
    def test_run_length_encoding_is_undone(self, tmp_path: Path, samples: int) -> None:
        pixels = picture(frames=3, samples=samples)
        ds = us_dataset(pixels)
        ds.compress(RLELossless, generate_instance_uid=False)
        frames = open_image(save(ds, tmp_path / "us.dcm")).frames
        assert np.array_equal(frames.frame(2), pixels[2])

    def test_jpeg_ls_is_decoded_losslessly(self, tmp_path: Path) -> None:
        encoded = [bytes(jpeg_ls.encode_array(picture()[0]))]
        file = opened(tmp_path, syntax="1.2.840.10008.1.2.4.80", encoded=encoded)
        assert np.array_equal(file.frames.frame(0), picture()[0])

    def test_jpeg_2000_is_decoded_losslessly(self, tmp_path: Path) -> None:
        pixels = picture(samples=3)
        file = opened(
            tmp_path,
            pixels,
            syntax=J2K_LOSSLESS,
            encoded=[jpeg2000(pixels[0])],
            PhotometricInterpretation="YBR_RCT",
        )
        assert np.array_equal(file.frames.frame(0), pixels[0])

    def test_chroma_pairs_are_shared(self, tmp_path: Path) -> None:
        # PS3.3 C.7.6.3.1.2: Y1 Y2 CB CR; CB = CR = 128 is grey
        ds = us_dataset(picture(samples=3), PhotometricInterpretation="YBR_FULL_422")
        pair = np.full((ROWS * COLUMNS // 2, 4), 128, np.uint8)
        pair[:, :2] = picture()[0].reshape(-1, 2)
        ds.PixelData = pair.tobytes()
        frame = open_image(save(ds, tmp_path / "us.dcm")).frames.frame(0)
        assert np.array_equal(frame, np.repeat(picture()[0][..., None], 3, axis=-1))

    def test_pairs_that_are_none_are_read_in_full(self, tmp_path: Path) -> None:
        ybr = np.full((1, ROWS, COLUMNS, 3), 128, np.uint8)
        ybr[..., 0] = picture()
        file = opened(tmp_path, ybr, PhotometricInterpretation="YBR_FULL_422")
        assert np.array_equal(file.frames.frame(0)[..., 1], picture()[0])
        assert file.image.photometric == "YBR_FULL_422"

    def test_odd_columns_cannot_be_paired(self, tmp_path: Path) -> None:
        ds = us_dataset(picture(samples=3)[:, :, :31], PhotometricInterpretation="YBR_FULL_422")
        ds.PixelData = b"\x80" * (ROWS * 31 * 2)
        assert refusal(save(ds, tmp_path / "us.dcm")).code == "malformed"


class TestFragments:
    """Frames cut into fragments, with and without offset tables (PS3.5 A.4)."""

    frames = tuple(jpeg(frame) for frame in picture(frames=3))

    def write(self, path: Path, pixel_data: bytes, **elements: Any) -> Path:
        ds = us_dataset(
            picture(frames=3), syntax=JPEG_BASELINE, encoded=list(self.frames), **elements
        )
        ds.PixelData = pixel_data
        ds["PixelData"].is_undefined_length = True
        return save(ds, path)

    def expected(self, tmp_path: Path) -> list[np.ndarray]:
        file = open_image(self.write(tmp_path / "whole.dcm", encapsulate(list(self.frames))))
        return [file.frames.frame(n) for n in range(3)]

    @pytest.mark.parametrize("has_bot", [True, False])
    def test_fragments_find_their_frame(self, tmp_path: Path, has_bot: bool) -> None:
        cut = encapsulate(list(self.frames), fragments_per_frame=2, has_bot=has_bot)
        file = open_image(self.write(tmp_path / "cut.dcm", cut))
        for number, frame in enumerate(self.expected(tmp_path)):
            assert np.array_equal(file.frames.frame(number), frame)

    def test_a_lying_offset_table_is_not_followed(self, tmp_path: Path) -> None:
        cut = bytearray(encapsulate(list(self.frames), fragments_per_frame=2, has_bot=True))
        cut[8:20] = struct.pack("<3L", 0, 6, 9)
        file = open_image(self.write(tmp_path / "cut.dcm", bytes(cut)))
        assert np.array_equal(file.frames.frame(2), self.expected(tmp_path)[2])

    def test_the_extended_offset_table_is_read(self, tmp_path: Path) -> None:
        whole, offsets, lengths = encapsulate_extended(list(self.frames))
        path = self.write(
            tmp_path / "x.dcm",
            whole,
            ExtendedOffsetTable=offsets,
            ExtendedOffsetTableLengths=lengths,
        )
        frames = open_image(path).frames
        assert np.array_equal(frames.frame(1), self.expected(tmp_path)[1])

    def test_one_frame_in_many_fragments_is_joined(self, tmp_path: Path) -> None:
        cut = encapsulate([self.frames[0]], fragments_per_frame=3, has_bot=False)
        path = self.write(tmp_path / "cut.dcm", cut, NumberOfFrames=1)
        assert np.array_equal(open_image(path).frames.frame(0), self.expected(tmp_path)[0])

    def test_missing_frames_are_refused(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "x.dcm", encapsulate(list(self.frames)), NumberOfFrames=4)
        assert refusal(path).code == "truncated-frame"

    def test_surplus_frames_are_said(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "x.dcm", encapsulate(list(self.frames)), NumberOfFrames=2)
        file = open_image(path)
        assert len(file.frames) == 2
        assert "surplus-pixel-data" in codes(file.image)

    def test_no_fragment_at_all_is_refused(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "x.dcm", b"\xfe\xff\x00\xe0\0\0\0\0")
        assert refusal(path).code == "truncated-frame"
        path = self.write(tmp_path / "y.dcm", b"\xfe\xff\x00\xe0\0\0\0\0" * 2, NumberOfFrames=1)
        assert refusal(path).code == "truncated-frame"

    def test_an_item_that_is_none_is_refused(self, tmp_path: Path) -> None:
        whole = bytearray(encapsulate(list(self.frames), has_bot=False))
        whole[8] = 0
        assert refusal(self.write(tmp_path / "x.dcm", bytes(whole))).code == "malformed"

    def test_a_fragment_longer_than_the_file_is_refused(self, tmp_path: Path) -> None:
        whole = bytearray(encapsulate(list(self.frames), has_bot=False))
        whole[12:16] = struct.pack("<L", 1 << 30)
        assert refusal(self.write(tmp_path / "x.dcm", bytes(whole))).code == "truncated-frame"

    def test_a_frame_without_its_end_is_refused_not_padded(self, tmp_path: Path) -> None:
        frames = [self.frames[0][:-200], *self.frames[1:]]
        path = self.write(tmp_path / "x.dcm", encapsulate(frames))
        assert refusal(path).code == "truncated-frame"

    def test_a_frame_of_another_size_is_refused(self, tmp_path: Path) -> None:
        frames = [jpeg(np.zeros((8, 8), np.uint8)), *self.frames[1:]]
        assert refusal(self.write(tmp_path / "x.dcm", encapsulate(frames))).code == "malformed"

    def test_a_frame_that_asks_for_gigabytes_is_refused(self, tmp_path: Path) -> None:
        bomb = bytearray(self.frames[0])
        start = bomb.index(b"\xff\xc0")
        bomb[start + 5 : start + 9] = b"\xff\xff\xff\xff"
        path = self.write(tmp_path / "x.dcm", encapsulate([bytes(bomb), *self.frames[1:]]))
        assert refusal(path).code == "too-large"

    def test_more_bits_than_allocated_are_refused(self, tmp_path: Path) -> None:
        deep = bytes(jpeg_ls.encode_array(picture(dtype=np.uint16)[0]))
        path = us_file(tmp_path / "x.dcm", syntax="1.2.840.10008.1.2.4.80", encoded=[deep])
        assert refusal(path).code == "malformed"

    def test_noise_instead_of_a_frame_is_refused(self, tmp_path: Path) -> None:
        start = self.frames[0][: self.frames[0].index(b"\xff\xda")]
        noise = start + b"\xff\xda\xff\xd9"
        path = us_file(tmp_path / "x.dcm", syntax=JPEG_BASELINE, encoded=[noise])
        assert refusal(path).code == "malformed"

    def test_run_length_frames_are_one_fragment_each(self, tmp_path: Path) -> None:
        ds = us_dataset(picture(frames=2))
        ds.compress(RLELossless, generate_instance_uid=False)
        ds.NumberOfFrames = 3
        assert refusal(save(ds, tmp_path / "x.dcm")).code == "truncated-frame"

    def test_a_short_run_length_frame_is_refused(self, tmp_path: Path) -> None:
        header = struct.pack("<16L", 1, 64, *[0] * 14)
        path = us_file(tmp_path / "x.dcm", syntax=RLE, encoded=[header + b"\x81\x07"])
        assert refusal(path).code == "malformed"

    def test_a_run_length_bomb_is_refused_unread(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("her2desk.dicom.frames.MAX_DECODED_BYTES", 1000)
        header = struct.pack("<16L", 1, 64, *[0] * 14)
        path = us_file(tmp_path / "x.dcm", syntax=RLE, encoded=[header + b"\x81\x07" * 500])
        assert refusal(path).code == "too-large"

    def test_defined_length_is_not_compressed_data(self, tmp_path: Path) -> None:
        content = us_bytes(syntax=JPEG_BASELINE, encoded=[self.frames[0]])
        at = content.index(b"\xe0\x7f\x10\x00OB") + 8
        path = tmp_path / "x.dcm"
        path.write_bytes(content[:at] + struct.pack("<L", 64) + content[at + 4 :])
        assert refusal(path).code == "malformed"


class TestCalibration:
    def regions(self, tmp_path: Path, *items: Any, **elements: Any) -> UltrasoundImage:
        return opened(tmp_path, SequenceOfUltrasoundRegions=list(items), **elements).image

    def test_a_region_gives_the_spacing(self, tmp_path: Path) -> None:
        image = self.regions(tmp_path, region(PhysicalDeltaX=-0.02))
        assert image.warnings == ()
        assert image.spacing_at(3, 3).mm == pytest.approx((0.1, 0.2))

    def test_without_any_spacing_it_says_so(self, tmp_path: Path) -> None:
        assert codes(opened(tmp_path).image) == ["spacing-unknown"]

    def test_pixel_spacing_is_used_where_there_is_no_region(self, tmp_path: Path) -> None:
        image = opened(tmp_path, PixelSpacing=["0.2", "0.1"]).image
        assert image.warnings == ()
        assert image.spacing_at(3, 3).mm == (0.2, 0.1)
        assert image.spacing_at(3, 3).source is SpacingSource.PIXEL_SPACING

    @pytest.mark.parametrize("wrong", [["0", "0.1"], ["0.1"], ["-1", "1"]])
    def test_impossible_pixel_spacing_is_ignored(self, tmp_path: Path, wrong: list[str]) -> None:
        assert codes(opened(tmp_path, PixelSpacing=wrong).image) == ["spacing-unknown"]

    def test_two_spacings_that_disagree_are_said(self, tmp_path: Path) -> None:
        image = self.regions(tmp_path, region(), PixelSpacing=["0.3", "0.3"])
        assert codes(image) == ["spacing-disagrees"]
        assert "0.3" in image.warnings[0].message.text()

    def test_a_region_outside_the_image_is_said(self, tmp_path: Path) -> None:
        image = self.regions(tmp_path, region(RegionLocationMaxX1=COLUMNS + 5))
        assert codes(image) == ["regions-outside-image"]

    def test_a_region_without_its_box_is_left_out_and_said(self, tmp_path: Path) -> None:
        image = self.regions(tmp_path, region(RegionLocationMinX0=None), region())
        assert codes(image) == ["regions-unreadable"]
        assert [r.index for r in image.regions] == [1]

    @pytest.mark.parametrize(
        "elements",
        [
            {"PhysicalDeltaX": None},
            {"PhysicalDeltaX": float("nan")},
            {"PhysicalDeltaY": float("inf")},
            {"PhysicalUnitsXDirection": None},
            {"RegionSpatialFormat": None, "RegionDataType": None},
        ],
    )
    def test_a_region_without_calibration_stays_uncalibrated(
        self, tmp_path: Path, elements: dict[str, Any]
    ) -> None:
        image = self.regions(tmp_path, region(**elements))
        assert len(image.regions) == 1
        assert codes(image) == ["spacing-unknown"]

    def test_numbers_written_as_text_are_numbers(self, tmp_path: Path) -> None:
        item = region()
        del item.PhysicalDeltaX, item.RegionLocationMaxX1
        item.add_new("PhysicalDeltaX", "DS", "0.01")
        item.add_new("RegionLocationMaxX1", "LO", str(COLUMNS - 1))
        image = self.regions(tmp_path, item)
        assert image.regions[0].x1 == COLUMNS - 1
        assert image.spacing_at(3, 3).mm == pytest.approx((0.1, 0.1))

    def test_a_sequence_that_is_none_is_said(self, tmp_path: Path) -> None:
        ds = us_dataset()
        ds.add_new("SequenceOfUltrasoundRegions", "LO", "no sequence")
        assert codes(open_image(save(ds, tmp_path / "us.dcm")).image) == ["regions-unreadable"]

    def test_unreadable_regions_leave_pixel_spacing(self, tmp_path: Path) -> None:
        image = self.regions(
            tmp_path, region(RegionLocationMinX0=None), PixelSpacing=["0.1", "0.1"]
        )
        assert "PixelSpacing" in image.warnings[0].message.text()

    def test_an_empty_sequence_is_no_warning_of_its_own(self, tmp_path: Path) -> None:
        assert codes(self.regions(tmp_path)) == ["spacing-unknown"]


def sequence(**elements: Any) -> list[Dataset]:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return [item]


class TestDescription:
    @pytest.mark.parametrize(
        ("elements", "side"),
        [
            ({"ImageLaterality": "L"}, "L"),
            ({"Laterality": "R"}, "R"),
            ({"ImageLaterality": "L", "Laterality": "L"}, "L"),
            ({"ImageLaterality": "B"}, None),
            ({"ImageLaterality": "U", "Laterality": "R"}, "R"),
            ({"SeriesDescription": "LEFT BREAST"}, None),
            (
                {
                    "SharedFunctionalGroupsSequence": sequence(
                        FrameAnatomySequence=sequence(FrameLaterality="R")
                    )
                },
                "R",
            ),
        ],
    )
    def test_the_side_is_read_never_guessed(
        self, tmp_path: Path, elements: dict[str, Any], side: str | None
    ) -> None:
        image = opened(tmp_path, **elements).image
        assert image.laterality == side
        assert "laterality-clashes" not in codes(image)

    def test_two_sides_are_none(self, tmp_path: Path) -> None:
        image = opened(tmp_path, ImageLaterality="L", Laterality="R").image
        assert image.laterality is None
        assert "laterality-clashes" in codes(image)

    def test_the_view_is_its_codes_meaning(self, tmp_path: Path) -> None:
        coded = sequence(CodeValue="G-A143", CodeMeaning="Radial")
        assert opened(tmp_path, ViewCodeSequence=coded).image.view == "Radial"
        coded = sequence(CodeValue="G-A143")
        assert opened(tmp_path, ViewCodeSequence=coded).image.view == "G-A143"
        assert opened(tmp_path).image.view is None

    @pytest.mark.parametrize(
        ("elements", "milliseconds"),
        [
            ({"FrameTime": "40"}, 40),
            ({"FrameTimeVector": ["0", "20", "30"]}, 25),
            ({"CineRate": "25"}, 40),
            ({"RecommendedDisplayFrameRate": "50"}, 20),
            ({"FrameTime": "0", "CineRate": "0"}, None),
        ],
    )
    def test_the_time_between_frames(
        self, tmp_path: Path, elements: dict[str, Any], milliseconds: float | None
    ) -> None:
        image = opened(tmp_path, picture(frames=2), **elements).image
        assert image.frame_time_ms == milliseconds

    def test_a_still_has_no_frame_time(self, tmp_path: Path) -> None:
        assert opened(tmp_path, FrameTime="40").image.frame_time_ms is None

    @pytest.mark.parametrize(
        ("elements", "years"),
        [
            ({"PatientAge": "052Y"}, 52),
            ({"PatientAge": "018M"}, 1.5),
            ({"PatientBirthDate": "19700615", "StudyDate": "20200614"}, 49),
            ({"PatientBirthDate": "19700615", "StudyDate": "20200615"}, 50),
            ({"PatientBirthDate": "18500101", "StudyDate": "20200615"}, None),
            ({"PatientBirthDate": "20210101", "StudyDate": "20200615"}, None),
            ({"PatientBirthDate": "19700231", "StudyDate": "20200615"}, None),
            ({"StudyDate": "20200615"}, None),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Invalid value for VR")
    def test_the_age(self, tmp_path: Path, elements: dict[str, str], years: float | None) -> None:
        assert opened(tmp_path, **elements).image.patient_age_years == years

    def test_who_and_what(self, tmp_path: Path) -> None:
        image = opened(
            tmp_path, Manufacturer="ACME", ManufacturerModelName="Sono 1", BurnedInAnnotation="YES"
        ).image
        assert (image.patient_id, image.patient_name) == ("P1", "Doe^Jane")
        assert (image.manufacturer, image.model_name) == ("ACME", "Sono 1")
        assert (image.study_instance_uid, image.sop_instance_uid) == ("1.2.3", "1.2.3.4")
        assert "burned-in" in codes(image)

    def test_control_characters_in_names_do_not_come_through(self, tmp_path: Path) -> None:
        ds = us_dataset()
        ds.PatientID = "\x1b]0;rm -rf\x07" + "x" * 10
        image = open_image(save(ds, tmp_path / "us.dcm")).image
        assert image.patient_id.isprintable()

    def test_several_values_are_joined(self, tmp_path: Path) -> None:
        assert opened(tmp_path, Manufacturer=["A", "B"]).image.manufacturer == "A\\B"


class TestRefusals:
    def test_text_is_not_an_image(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.dcm"
        path.write_text("not an image")
        assert refusal(path).code == "not-an-image"

    def test_an_empty_file_is_not_an_image(self, tmp_path: Path) -> None:
        path = tmp_path / "empty"
        path.touch()
        assert refusal(path).code == "not-an-image"

    def test_another_modality_is_named(self, tmp_path: Path) -> None:
        error = refusal(us_file(tmp_path / "mr.dcm", Modality="MR"))
        assert error.code == "other-modality"
        assert "MR" in error.message.text()

    def test_without_modality_the_class_decides(self, tmp_path: Path) -> None:
        assert opened(tmp_path, Modality=None).image.rows == ROWS
        ds = us_dataset(Modality=None, SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
        assert refusal(save(ds, tmp_path / "x.dcm")).code == "other-modality"

    def test_a_report_holds_no_picture(self, tmp_path: Path) -> None:
        ds = us_dataset()
        del ds.PixelData
        assert refusal(save(ds, tmp_path / "sr.dcm")).code == "no-pixels"

    def test_a_directory_of_a_disc_holds_no_picture(self, tmp_path: Path) -> None:
        ds = us_dataset(SOPClassUID="1.2.840.10008.1.3.10")
        error = refusal(save(ds, tmp_path / "DICOMDIR"))
        assert error.code == "no-pixels"
        assert "DICOMDIR" in error.message.text()

    def test_native_pixels_that_stop_early_are_refused(self, tmp_path: Path) -> None:
        whole = us_file(tmp_path / "us.dcm").read_bytes()
        cut = tmp_path / "cut.dcm"
        cut.write_bytes(whole[:-10])
        assert refusal(cut).code == "truncated-frame"

    def test_more_frames_stated_than_stored_are_refused(self, tmp_path: Path) -> None:
        assert refusal(us_file(tmp_path / "x", NumberOfFrames=2)).code == "truncated-frame"

    def test_fewer_frames_stated_than_stored_are_said(self, tmp_path: Path) -> None:
        file = opened(tmp_path, picture(frames=3), NumberOfFrames=2)
        assert len(file.frames) == 2
        assert "surplus-pixel-data" in codes(file.image)

    def test_a_header_that_asks_for_gigabytes_is_refused(self, tmp_path: Path) -> None:
        path = us_file(tmp_path / "x", Rows=65535, Columns=65535)
        assert refusal(path).code == "too-large"

    def test_too_many_frames_are_refused(self, tmp_path: Path) -> None:
        path = us_file(tmp_path / "x", NumberOfFrames=layout_module.MAX_FRAMES + 1)
        assert refusal(path).code == "too-large"

    @pytest.mark.parametrize(
        ("elements", "code"),
        [
            ({"Rows": 0}, "malformed"),
            ({"Columns": None}, "malformed"),
            ({"SamplesPerPixel": 3}, "malformed"),
            ({"BitsStored": 12}, "malformed"),
            ({"BitsAllocated": 1}, "unsupported-pixels"),
            ({"BitsAllocated": 32}, "unsupported-pixels"),
            ({"PhotometricInterpretation": "YBR_PARTIAL_420"}, "unsupported-pixels"),
            ({"PhotometricInterpretation": None}, "unsupported-pixels"),
            ({"PhotometricInterpretation": "PALETTE COLOR"}, "malformed"),
        ],
    )
    def test_layouts_that_cannot_be(
        self, tmp_path: Path, elements: dict[str, Any], code: str
    ) -> None:
        assert refusal(us_file(tmp_path / "x", **elements)).code == code

    def test_deep_colour_is_refused(self, tmp_path: Path) -> None:
        path = us_file(tmp_path / "x", picture(samples=3, dtype=np.uint16))
        assert refusal(path).code == "unsupported-pixels"

    def test_floating_point_pixels_are_refused(self, tmp_path: Path) -> None:
        ds = us_dataset()
        del ds.PixelData
        ds.FloatPixelData = np.zeros((ROWS, COLUMNS), np.float32).tobytes()
        assert refusal(save(ds, tmp_path / "x")).code == "unsupported-pixels"

    def test_pixels_of_a_wrong_kind_are_refused(self, tmp_path: Path) -> None:
        content = us_bytes().replace(b"\xe0\x7f\x10\x00OB", b"\xe0\x7f\x10\x00SQ")
        path = tmp_path / "x"
        path.write_bytes(content)
        assert refusal(path).code == "malformed"

    def test_undefined_length_needs_compression(self, tmp_path: Path) -> None:
        content = us_bytes()
        at = content.index(b"\xe0\x7f\x10\x00OB") + 8
        path = tmp_path / "x"
        path.write_bytes(content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :])
        assert refusal(path).code == "malformed"

    @pytest.mark.parametrize(
        ("syntax", "name"),
        [
            ("1.2.840.10008.1.2.1.99", "Deflated"),
            ("1.2.840.10008.1.2.4.102", "MPEG-4"),
            ("1.2.3.4.5", "1.2.3.4.5"),
        ],
    )
    def test_syntaxes_that_are_not_read_are_named(
        self, tmp_path: Path, syntax: str, name: str
    ) -> None:
        content = us_bytes(syntax="1.2.840.10008.1.2.1")
        old = b"UI\x14\x001.2.840.10008.1.2.1\0"
        padded = syntax.encode() + b"\0" * (len(syntax) % 2)
        assert old in content
        path = tmp_path / "x"
        path.write_bytes(content.replace(old, b"UI" + struct.pack("<H", len(padded)) + padded))
        error = refusal(path)
        assert error.code == "unsupported-transfer-syntax"
        assert name in error.message.text()

    def test_a_file_that_does_not_say_how_it_is_stored(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"\0" * 128 + b"DICM")
        assert refusal(path).code == "malformed"

    def test_a_damaged_header_is_refused(self, tmp_path: Path) -> None:
        content = us_bytes()
        path = tmp_path / "x"
        path.write_bytes(content.replace(b"\x02\x00\x10\x00UI", b"\x02\x00\x10\x00ZZ"))
        assert refusal(path).code == "malformed"

    def test_a_vanished_file_is_refused(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "gone.dcm").code == "unreadable-file"

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        assert refusal(tmp_path).code == "unreadable-file"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of Unix")
    def test_a_pipe_is_refused_instead_of_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert refusal(tmp_path / "pipe").code == "unreadable-file"

    def test_an_attribute_that_cannot_be_read_is_absent(self, tmp_path: Path) -> None:
        content = us_bytes(PatientAge="052Y", BitsStored=8)
        path = tmp_path / "x"
        path.write_bytes(content.replace(b"\x10\x00\x10\x10AS", b"\x10\x00\x10\x10ZZ"))
        assert open_image(path).image.patient_age_years is None


class TestFrameSource:
    def source(self, frames: int, cache_bytes: int) -> tuple[FrameSource, list[int]]:
        decoded: list[int] = []

        def decode(index: int) -> np.ndarray:
            decoded.append(index)
            return np.full((10, 10), index, np.uint8)

        return FrameSource(decode, frames, cache_bytes), decoded

    def test_a_frame_is_decoded_once_while_it_is_kept(self) -> None:
        source, decoded = self.source(3, cache_bytes=200)
        for index in (0, 1, 0, 1):
            assert source.frame(index)[0, 0] == index
        assert decoded == [0, 1]

    def test_the_frame_not_used_for_longest_is_let_go(self) -> None:
        source, decoded = self.source(3, cache_bytes=200)
        for index in (0, 1, 0, 2, 0, 1):
            source.frame(index)
        assert decoded == [0, 1, 2, 1]

    def test_a_frame_larger_than_the_cache_is_still_given(self) -> None:
        source, decoded = self.source(2, cache_bytes=1)
        for index in (0, 0, 1, 0):
            source.frame(index)
        assert decoded == [0, 1, 0]

    def test_frames_cannot_be_written_on(self) -> None:
        source, _ = self.source(1, cache_bytes=200)
        with pytest.raises(ValueError, match="read-only"):
            source.frame(0)[0, 0] = 1

    @pytest.mark.parametrize("index", [-1, 3])
    def test_a_frame_that_is_not_there_is_refused(self, index: int) -> None:
        source, _ = self.source(3, cache_bytes=200)
        with pytest.raises(InputRefused) as caught:
            source.frame(index)
        assert caught.value.code == "no-such-frame"

    def test_a_file_that_changed_is_not_read_on(self, tmp_path: Path) -> None:
        path = us_file(tmp_path / "us.dcm", picture(frames=2))
        frames = open_image(path).frames
        frames.frame(0)
        path.write_bytes(path.read_bytes() + b"\0")
        with pytest.raises(InputRefused) as caught:
            frames.frame(1)
        assert caught.value.code == "file-changed"

    def test_a_file_that_vanished_is_refused(self, tmp_path: Path) -> None:
        path = us_file(tmp_path / "us.dcm")
        frames = open_image(path).frames
        path.unlink()
        with pytest.raises(InputRefused) as caught:
            frames.frame(0)
        assert caught.value.code == "unreadable-file"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's list of open files")
def test_an_opened_file_is_not_held_open(tmp_path: Path) -> None:
    path = us_file(tmp_path / "us.dcm")
    file = open_image(path)
    file.frames.frame(0)
    held = Path("/proc/self/fd")
    assert path not in [p.resolve() for p in held.iterdir()]
