"""Writes dicom_pixels.json: SHA-256 of the first and last frame of every public ultrasound file.

Run as ``python tests/golden/make_dicom_pixels.py DICOM_US_FOLDER`` after checking, by eye and with
the independent decoders of tests/unit/dicom/test_dicom_real_files.py, that a new decoder is right.
Made with pydicom 3.0.2, pylibjpeg-libjpeg 2.5.0, pylibjpeg-openjpeg 2.6.0 and pyjpegls 1.5.1.
"""

import hashlib
import json
import sys
from pathlib import Path

from her2desk.dicom.reader import open_image

TARGET = Path(__file__).with_name("dicom_pixels.json")


def frame_digest(path: Path, index: int) -> str:
    frames = open_image(path).frames
    return hashlib.sha256(frames.frame(range(len(frames))[index]).tobytes()).hexdigest()


def main(folder: Path) -> None:
    files = [p for p in sorted(folder.iterdir()) if p.suffix not in (".csv", ".zip")]
    digests = {p.name: {"first": frame_digest(p, 0), "last": frame_digest(p, -1)} for p in files}
    TARGET.write_text(json.dumps(digests, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
