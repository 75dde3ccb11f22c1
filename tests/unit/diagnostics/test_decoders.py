"""Every compressed form is tried with a picture; what is decoded wrongly counts as not decoded."""

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.pixels import get_encoder
from pydicom.uid import RLELossless

from her2desk.diagnostics.children import NoAnswer
from her2desk.diagnostics.decoders import decoded_syntaxes, decoders_check
from her2desk.diagnostics.sample_frames import SAMPLE_FRAMES, SIZE
from her2desk.dicom.frames import decode_frame
from her2desk.dicom.header import ENCAPSULATED_SYNTAXES
from her2desk.dicom.layout import PixelLayout
from her2desk.dicom.refusals import malformed
from her2desk.texts import msg
from tests.unit.diagnostics.answers import Answers

PICTURE = (8 * np.arange(SIZE)[:, None] + 7 * np.arange(SIZE)).astype(np.uint8)


def test_there_is_a_sample_of_every_form_that_is_read() -> None:
    assert [sample.syntax for sample in SAMPLE_FRAMES] == list(ENCAPSULATED_SYNTAXES)


def test_all_are_decoded_here() -> None:
    found = decoded_syntaxes()
    assert found["bad"] == []
    assert len(found["good"]) == len(SAMPLE_FRAMES)


def test_a_sample_is_what_an_encoder_makes_of_the_picture() -> None:
    rle = next(sample for sample in SAMPLE_FRAMES if sample.syntax == RLELossless)
    encoded = get_encoder(RLELossless).encode(
        PICTURE, rows=SIZE, columns=SIZE, samples_per_pixel=1, bits_allocated=8, bits_stored=8,
        pixel_representation=0, photometric_interpretation="MONOCHROME2", number_of_frames=1,
    )  # fmt: skip
    assert bytes(encoded) == rle.encoded
    baseline = next(sample for sample in SAMPLE_FRAMES if sample.syntax.endswith(".50"))
    shown = np.asarray(Image.open(io.BytesIO(baseline.encoded)))
    assert baseline.is_of(shown)


def test_another_picture_is_not_taken_for_it() -> None:
    lossless, lossy = SAMPLE_FRAMES[0], SAMPLE_FRAMES[1]
    changed = PICTURE.copy()
    changed[3, 3] += 1
    assert lossless.is_of(PICTURE)
    assert not lossless.is_of(changed)
    assert lossy.is_of(changed)
    assert not lossy.is_of(PICTURE[::-1])
    assert not lossy.is_of(PICTURE[:5])


def test_a_missing_decoder_is_named() -> None:
    def decode(encoded: bytes, layout: PixelLayout) -> object:
        if layout.syntax.endswith(".90"):
            raise malformed(msg("No decoder."))
        return decode_frame(encoded, layout)

    found = decoded_syntaxes(decode)
    assert found["bad"] == ["JPEG 2000 (Lossless Only)"]
    check = decoders_check(Answers({"decoders": found}))
    assert not check.ok
    assert "JPEG 2000 (Lossless Only)." in check.message.text()
    assert "Install Her2Desk again" in check.remedy.text()


def test_each_that_works_is_named() -> None:
    check = decoders_check(Answers({"decoders": decoded_syntaxes()}))
    assert check.ok
    assert "12 forms" in check.message.text()
    assert "JPEG Baseline (Process 1)" in check.message.text()


def test_a_codec_that_ends_its_process_is_told() -> None:
    with pytest.raises(NoAnswer):
        decoders_check(Answers())
