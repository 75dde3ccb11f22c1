"""Made-up cines in colour, stored in the ways that scanners use."""

import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import UID, UltrasoundMultiFrameImageStorage, generate_uid

ROWS, COLUMNS, FRAMES, DISTINCT = 768, 1024, 300, 6
JPEG_BASELINE = "JPEG baseline"
SYNTAXES = {
    "native": ("1.2.840.10008.1.2.1", "RGB"),
    JPEG_BASELINE: ("1.2.840.10008.1.2.4.50", "YBR_FULL_422"),
    "RLE": ("1.2.840.10008.1.2.5", "RGB"),
    "JPEG 2000": ("1.2.840.10008.1.2.4.90", "YBR_RCT"),
}
LONGEST_OFFSETS = 2**32  # of the basic offset table
Pixels = NDArray[np.uint8]


def speckle() -> list[Pixels]:
    """A few frames of Rayleigh speckle two pixels wide, with a coloured box and a black margin."""
    rng = np.random.default_rng(5)
    frames = []
    for _ in range(DISTINCT):
        coarse = rng.rayleigh(50, (ROWS // 2, COLUMNS // 2)).clip(0, 255).astype(np.uint8)
        grey = np.asarray(Image.fromarray(coarse).resize((COLUMNS, ROWS), Image.Resampling.BICUBIC))
        frame = np.repeat(grey[:, :, None], 3, axis=2)
        frame[250:400, 400:600, 2] //= 2
        frame[:, :150] = frame[:, -150:] = 0
        frames.append(frame)
    return frames


def write_cine(path: Path, kind: str, distinct: Sequence[Pixels], frames: int = FRAMES) -> None:
    """A cine of so many frames, those given over and over, stored as ``kind`` of ``SYNTAXES``."""
    syntax, photometric = SYNTAXES[kind]
    parts = [_encoded(frame, kind) for frame in distinct[:frames]]
    every = list(itertools.islice(itertools.cycle(parts), frames))
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = FileDataset(None, Dataset(), file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, generate_uid()
    ds.Modality, ds.PhotometricInterpretation, ds.FrameTime = "US", photometric, "33.333"
    ds.Rows, ds.Columns, ds.NumberOfFrames, ds.SamplesPerPixel = ROWS, COLUMNS, frames, 3
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation, ds.PlanarConfiguration = 7, 0, 0
    if kind == "native":
        ds.PixelData = b"".join(every)
    elif sum(map(len, every)) < LONGEST_OFFSETS:
        ds.PixelData = encapsulate(every)
    else:
        table = encapsulate_extended(every)
        ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = table
    ds["PixelData"].VR = "OB"
    ds.save_as(path, enforce_file_format=True)


def _encoded(frame: Pixels, kind: str) -> bytes:
    """One frame as ``kind`` stores it."""
    if kind == "native":
        return frame.tobytes()
    if kind == "RLE":
        options = {"rows": ROWS, "columns": COLUMNS, "samples_per_pixel": 3, "number_of_frames": 1}
        options |= {"bits_allocated": 8, "bits_stored": 8, "pixel_representation": 0}
        colour = {"photometric_interpretation": "RGB", "planar_configuration": 0}
        return bytes(RLELosslessEncoder.encode(frame, **options, **colour))
    buffer = io.BytesIO()
    if kind == JPEG_BASELINE:
        Image.fromarray(frame).save(buffer, "JPEG", quality=90)
    else:
        Image.fromarray(frame).save(buffer, "JPEG2000", irreversible=False, no_jp2=True, mct=1)
    return buffer.getvalue()
