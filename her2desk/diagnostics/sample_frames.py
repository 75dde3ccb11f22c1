"""One small picture in every compressed form that the program reads, to try the decoders with.

Its pixels are 8 · row + 7 · column, 16 × 16. RLE was encoded by pydicom, JPEG and lossless JPEG by
libjpeg-turbo, JPEG-LS by CharLS, JPEG 2000 by OpenJPEG and HTJ2K by OpenJPH. JPEG Extended has 12 bits
a pixel, sixteen times the values; HTJ2K with RPCL differs from that without in the byte that says so,
as one tile of one layer has the same order in both.
"""

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from her2desk.dicom.layout import PixelLayout

SIZE = 16
ROW_STEP, COLUMN_STEP = 8, 7
LOSSY_STEP = 2  # grey levels by which a lossy form may be off


@dataclass(frozen=True)
class SampleFrame:
    """The picture as one transfer syntax encodes it; ``off_by`` levels are its own loss."""

    syntax: str
    encoded: bytes
    off_by: int = 0
    bits: int = 8

    @property
    def layout(self) -> PixelLayout:
        """What a file's header would say of it."""
        return PixelLayout(
            syntax=self.syntax,
            rows=SIZE,
            columns=SIZE,
            stated_frames=1,
            samples=1,
            bits_allocated=16 if self.bits > 8 else 8,
            bits_stored=self.bits,
            signed=False,
            planar=0,
            photometric="MONOCHROME2",
            vr="OB",
        )

    def is_of(self, decoded: NDArray[np.integer]) -> bool:
        """Whether these pixels are the picture's."""
        rows, columns = np.mgrid[0:SIZE, 0:SIZE]
        wanted = ROW_STEP * rows + COLUMN_STEP * columns
        if decoded.shape != wanted.shape:
            return False
        levels = decoded.astype(np.int64) / 2 ** (self.bits - 8)
        return bool(np.abs(levels - wanted).max() <= self.off_by)


def _frame(syntax: str, text: str, off_by: int = 0, bits: int = 8) -> SampleFrame:
    return SampleFrame(f"1.2.840.10008.1.2.{syntax}", base64.b64decode(text), off_by, bits)


SAMPLE_FRAMES = (
    _frame(
        "5",
        "AQAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8A"
        "Bw4VHCMqMTg/Rk1UW2JpDwgPFh0kKzI5QEdOVVxjanEPEBceJSwzOkFIT1ZdZGtyeQ8YHyYtNDtCSVBXXmVsc3qB"
        "DyAnLjU8Q0pRWF9mbXR7gokPKC82PURLUllgZ251fIOKkQ8wNz5FTFNaYWhvdn2Ei5KZDzg/Rk1UW2JpcHd+hYyT"
        "mqEPQEdOVVxjanF4f4aNlJuiqQ9IT1ZdZGtyeYCHjpWco6qxD1BXXmVsc3qBiI+WnaSrsrkPWF9mbXR7gomQl56l"
        "rLO6wQ9gZ251fIOKkZifpq20u8LJD2hvdn2Ei5KZoKeutbzDytEPcHd+hYyTmqGor7a9xMvS2Q94f4aNlJuiqbC3"
        "vsXM09rh",
    ),
    _frame(
        "4.50",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJ"
        "BwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAQABABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcI"
        "CQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcY"
        "GRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKj"
        "pKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APzR"
        "/Z//AGbf9R/oHp/DX3B+z/8As2/6j/QPT+Gug/Z//Zt/1H+gen8NfcH7P/7Nv+o/0D0/hr//2Q==",
        off_by=LOSSY_STEP,
    ),
    _frame(
        "4.51",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJ"
        "BwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wQALDAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAADAoN/8QAHBAA"
        "AAYDAAAAAAAAAAAAAAAAAAsMKDdGVWJy/9oACAEBAAA/AM0fIBk3FCjC8fW+NA4AIBk3FCjC8fW+NBQAQDJuKFGF"
        "4+t8aBwAQDJuKFGF4+t8aD//2Q==",
        off_by=LOSSY_STEP,
        bits=12,
    ),
    _frame(
        "4.57",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALCAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABAMI/9oACAEBAAIA"
        "AM/3ve973ve973vdCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCE"
        "IQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQh"
        "CEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQhCEIQj/9k=",
    ),
    _frame(
        "4.70",
        "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALCAAQABABAREA/8QAFgABAQEAAAAAAAAAAAAAAAAAAwQI/9oACAEBAAEA"
        "AM/u7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7"
        "u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7u70O7u7u7u7"
        "u7//2Q==",
    ),
    _frame(
        "4.80",
        "/9j/6AAgU1BJRkYAAgAAAQAAABAAAAAQCggGAQAAASwAAAEs/+gACAAAAAH/2P/3AAsIABAAEAEBEQD/2gAIAQEA"
        "AAAAhRVirT+7d/9wgzFI7MzbbYZJJJKqqYqqqqqo/39B/3/H/34f/3h//2H/f4//fP9/z/98/3/P/3z/f8D/2Q==",
    ),
    _frame(
        "4.81",
        "/9j/6AAgU1BJRkYAAgAAAQAAABAAAAAQCggGAQAAASwAAAEs/+gACAAAAAH/2P/3AAsIABAAEAEBEQD/2gAIAQEA"
        "AgAAt7//TpJEkSSRJJKSSklKymOvLSWUz11P8/R85/X/fo//ZX//R/96/39H/3r/f1P/ff9/AP/Z",
        off_by=LOSSY_STEP,
    ),
    _frame(
        "4.90",
        "/0//UQApAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1IADAAAAAEAAQQEAAH/XAAHQEBI"
        "SFD/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAABUAAH/k9+BoBIrZtcPdGkG"
        "h1ffVfrVrOwTx+0gyFturAwdQWF3jxuAHmWtp2opLdw/Wb83zt4IUUWec0/AfCJA+QIANqGFPz2mNF//2Q==",
    ),
    _frame(
        "4.91",
        "/0//UQApAAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1IADgECAAEAAQQEAACIiP9cAAtC"
        "SCRX01fTV2L/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAABfAAH/k8+45BFQ"
        "FXc+UKeyxzNyQ4hPBOvNcVHIU4K/Hp4JLESocFesEiEM2MRLWeF4MSHGgiS/mwty5w9jN1xDUMA+EaAfAQA2oYHP"
        "h7Q9pi1lYRmDcf/Z",
        off_by=LOSSY_STEP,
    ),
    _frame(
        "4.201",
        "/0//UQApQAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1AACAACAAAAAv9SAAwAAgABAAUE"
        "BEAB/1wAEyBIUFBQUFBQUFBQUFBQSEhI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAGUAAf+TwCX1"
        "AId0AADAEsASgP4Ah3QAkAEHdADAEsATAN4AAnQASOQAI1QAwBPAFSDu7qCnwnUAohDiwAAB7LYAwCrgFWAkSZLn"
        "wKenp0J4AG7btv2Se/ZJ7LgA/9k=",
    ),
    _frame(
        "4.202",
        "/0//UQApQAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1AACAACAAAAAv9SAAwAAgABAAUE"
        "BEAB/1wAEyBIUFBQUFBQUFBQUFBQSEhI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAGUAAf+TwCX1"
        "AId0AADAEsASgP4Ah3QAkAEHdADAEsATAN4AAnQASOQAI1QAwBPAFSDu7qCnwnUAohDiwAAB7LYAwCrgFWAkSZLn"
        "wKenp0J4AG7btv2Se/ZJ7LgA/9k=",
    ),
    _frame(
        "4.203",
        "/0//UQApQAAAAAAQAAAAEAAAAAAAAAAAAAAAEAAAABAAAAAAAAAAAAABBwEB/1AACAACAAAAIv9SAAwAAgABAAUE"
        "BEAA/1wAIyJ3GHbqdup2vG8AbwBu4mdMZ0xnZFADUANQRlfSV9JXYf9kABcAAU9wZW5KUEggVmVyIDAuMjYuMy7/"
        "kAAKAAAAAACJAAH/k8ABMPX9Awd0AADAAlgASj4CB3QAtgIHdADABUQAVICDgdf7AIK0AAMAAwD+AMa0AMAVsAVw"
        "iHNkiXiOlBklppt2ACop4QmecMIAACm76jcAwBaMAWoAJBKJRCKRSFwSXZLsl1FZGgACoqFRNIpG0X5AJKdMkpu+"
        "teo8AP/Z",
        off_by=LOSSY_STEP,
    ),
)
