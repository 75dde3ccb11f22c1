"""How a DICOM file's pixels are laid out, checked before anything is allocated."""

from dataclasses import dataclass

from her2desk.dicom.header import ENCAPSULATED_SYNTAXES, EXPLICIT_BIG, Header
from her2desk.dicom.refusals import MAX_CODE, malformed, too_large, unsupported_pixels
from her2desk.texts import msg

MAX_FRAME_SAMPLES = 64 * 2**20  # decoding takes about 20 bytes a sample at its peak: 1.3 GiB
MAX_FRAMES = 100_000

GREY_PHOTOMETRICS = ("MONOCHROME1", "MONOCHROME2")
COLOUR_PHOTOMETRICS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
PALETTE = "PALETTE COLOR"
PIXEL_DATA = 0x7FE00010
PIXEL_VRS = ("OB", "OW", "UN", None)  # None: the syntax writes no VR
CONTRADICTION = msg("The file contradicts itself on how its picture is stored.")


@dataclass(frozen=True)
class PixelLayout:
    """The Image Pixel module (PS3.3 C.7.6.3), each value checked against the others.

    ``stated_frames`` is what the header says; None where it says nothing.
    """

    syntax: str
    rows: int
    columns: int
    stated_frames: int | None
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: int
    photometric: str
    vr: str

    @property
    def is_byte_swapped(self) -> bool:
        """Big endian 8-bit pixels written as 16-bit words."""
        return self.syntax == EXPLICIT_BIG and self.vr == "OW" and self.bits_allocated == 8

    @property
    def is_encapsulated(self) -> bool:
        return self.syntax in ENCAPSULATED_SYNTAXES

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame stored uncompressed; two thirds for chroma-subsampled colour."""
        pixels = self.rows * self.columns
        if self.photometric == "YBR_FULL_422" and not self.is_encapsulated:
            return pixels * 2
        return pixels * self.samples * self.bits_allocated // 8


def pixel_layout(header: Header) -> PixelLayout:
    """The layout of the file's pixels; raises ``InputRefused`` for one that is not read."""
    if header.pixel_tag != PIXEL_DATA:
        raise unsupported_pixels(msg("The picture is stored as floating-point numbers."))
    if header.vr not in PIXEL_VRS:
        raise malformed(CONTRADICTION)
    a = header.attributes
    bits_allocated = a.whole("BitsAllocated") or 0
    frames = a.whole("NumberOfFrames")
    layout = PixelLayout(
        syntax=header.syntax,
        rows=a.whole("Rows") or 0,
        columns=a.whole("Columns") or 0,
        stated_frames=frames if frames is not None and frames > 0 else None,
        samples=a.whole("SamplesPerPixel") or 1,
        bits_allocated=bits_allocated,
        bits_stored=a.whole("BitsStored") or bits_allocated,
        signed=a.whole("PixelRepresentation") == 1,
        planar=a.whole("PlanarConfiguration") or 0,
        photometric=a.text("PhotometricInterpretation"),
        vr=header.vr or "OW",
    )
    _check_size(layout)
    _check_values(layout)
    return layout


def _check_size(layout: PixelLayout) -> None:
    if layout.rows <= 0 or layout.columns <= 0:
        raise malformed(msg("The file does not say how large its picture is."))
    check_frame_size(layout.rows, layout.columns, layout.samples)
    if (layout.stated_frames or 1) > MAX_FRAMES:
        raise too_large(
            msg("The file states {frames} frames, more than are read.", frames=layout.stated_frames)
        )


def check_frame_size(rows: int, columns: int, samples: int) -> None:
    """Raise ``InputRefused`` (``too-large``) for a frame whose decoding would not fit in memory."""
    if rows * columns * samples > MAX_FRAME_SAMPLES:
        raise too_large(
            msg(
                "The picture is {columns} × {rows} pixels, larger than any ultrasound image.",
                columns=columns,
                rows=rows,
            )
        )


def _check_values(layout: PixelLayout) -> None:
    if layout.bits_allocated not in (8, 16):
        raise unsupported_pixels(
            msg("The picture has {bits} bits a sample.", bits=layout.bits_allocated)
        )
    if not 1 <= layout.bits_stored <= layout.bits_allocated or layout.planar not in (0, 1):
        raise malformed(CONTRADICTION)
    if layout.photometric in COLOUR_PHOTOMETRICS:
        wanted = 3
        if layout.bits_allocated != 8 or layout.signed:
            raise unsupported_pixels(msg("The colour picture does not have 8 bits a colour."))
    elif layout.photometric in (*GREY_PHOTOMETRICS, PALETTE):
        wanted = 1
    else:
        raise unsupported_pixels(
            msg("The picture's colours are stored as “{name}”.", name=layout.photometric[:MAX_CODE])
        )
    if layout.samples != wanted:
        raise malformed(CONTRADICTION)
