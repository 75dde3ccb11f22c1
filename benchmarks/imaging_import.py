"""Importing at scale: files per minute, and stalls of the window meanwhile.

``python -m benchmarks.imaging_import [FILES]``, 1,000 by default. Each set holds so many different
single frames of 600 × 800 grey pixels: uncompressed, and half JPEG, half RLE. The baseline reads each
file with pydicom, decodes it and copies it, one after the other, in the same run; it neither checks,
hashes, syncs nor keeps a record. Stalls of the real window's GUI thread are measured by ``ui/stalls.py``.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow

FILES = 1000
LETTERS = 20_000
CASES = 5000
ROWS, COLUMNS = 600, 800
ULTRASOUND_IMAGE = UID("1.2.840.10008.5.1.4.1.1.6.1")
KINDS = {"uncompressed": [ExplicitVRLittleEndian], "JPEG and RLE": [JPEGBaseline8Bit, RLELossless]}


def write_still(path: Path, number: int, syntax: UID) -> None:
    """One frame of speckle in a sector's grey values, different for each number."""
    rng = np.random.default_rng(number)
    speckle = np.clip(rng.rayleigh(40, (ROWS // 2, COLUMNS // 2)), 0, 255).astype(np.uint8)
    pixels = np.asarray(Image.fromarray(speckle).resize((COLUMNS, ROWS)))
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = ULTRASOUND_IMAGE
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = f"1.2.3.{number}"
    data.Modality, data.PatientID, data.StudyInstanceUID = "US", f"P{number}", "1.2.4"
    data.Rows, data.Columns, data.SamplesPerPixel = ROWS, COLUMNS, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.SequenceOfUltrasoundRegions = [_region()]
    data.PixelData = pixels.tobytes()
    if syntax == RLELossless:
        data.compress(RLELossless, generate_instance_uid=False)
    elif syntax == JPEGBaseline8Bit:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "JPEG", quality=90)
        data.PixelData = encapsulate([out.getvalue()])
        data["PixelData"].is_undefined_length = True
        data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data.save_as(path, enforce_file_format=True)


def _region() -> Dataset:
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.01
    return region


def write_set(folder: Path, files: int, syntaxes: list[UID]) -> Path:
    """A folder of stills in turn by each syntax."""
    folder.mkdir()
    for number in range(files):
        write_still(folder / f"{number:05}.dcm", number, syntaxes[number % len(syntaxes)])
    return folder


def naive_per_minute(folder: Path, target: Path) -> float:
    """Files per minute of reading, decoding and copying."""
    target.mkdir()
    paths = sorted(folder.iterdir())
    start = time.perf_counter()
    for path in paths:
        assert dcmread(path).pixel_array.shape == (ROWS, COLUMNS)
        shutil.copy(path, target)
    return 60 * len(paths) / (time.perf_counter() - start)


def imported_per_minute(folder: Path, library_dir: Path) -> float:
    """Files per minute of an import without a window."""
    from her2desk.domain.progress import SilentProgress
    from her2desk.inference.importing import import_files
    from her2desk.store.opening import open_library

    with open_library(library_dir) as library:
        start = time.perf_counter()
        files = import_files([folder], library, SilentProgress())
        seconds = time.perf_counter() - start
    assert all(file.status == "imported" for file in files), {f.code for f in files}
    return 60 * len(files) / seconds


@contextlib.contextmanager
def open_window(library_dir: Path) -> Iterator["MainWindow"]:
    """The real window, shown, with its engine running."""
    from her2desk.settings import Settings
    from her2desk.ui.app import make_application, make_window

    make_application(Settings())
    window = make_window(library_dir, Settings())
    window.resize(1440, 900)
    window.show()
    yield window
    window.close()


def in_window(library_dir: Path, begin: Callable[["MainWindow"], None]) -> tuple[float, str]:
    """Seconds from ``begin`` to the end of what it imports, and the stalls meanwhile."""
    from PySide6.QtCore import QEventLoop, QTimer

    from her2desk.ui.stalls import StallMonitor

    with open_window(library_dir) as window:
        loop = QEventLoop()
        stalls = StallMonitor(limit_ms=16)
        ended: list[float] = []

        def end(*_what: object) -> None:
            ended.append(time.perf_counter())
            QTimer.singleShot(300, loop.quit)

        window.importer.finished.connect(end)
        window.runner.engine_ready.connect(loop.quit)
        window.start()
        loop.exec()
        QTimer.singleShot(300, stalls.start)
        started: list[float] = []

        def go() -> None:
            started.append(time.perf_counter())
            begin(window)

        QTimer.singleShot(400, go)
        loop.exec()
        found, last = stalls.stop(), stalls.last
        where = f"; last in {' < '.join(last.places[:3])}" if last is not None else ""
        return ended[0] - started[0], f"{found}{where}"


def letters(folder: Path) -> Path:
    """A tree of files that are no images."""
    for number in range(LETTERS):
        place = folder / f"{number // 500:03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05}.txt").write_text("Dear colleague")
    return folder


def case_list_ms(library_dir: Path) -> float:
    """Milliseconds of listing the cases of a library that holds ``CASES``."""
    import hashlib

    from her2desk.domain.image import UltrasoundImage
    from her2desk.store.opening import open_library

    source = library_dir.with_name("source")
    with open_library(library_dir) as library:
        while len(library.cases()) < CASES:
            with library.intake() as intake:
                for number in range(500):
                    source.write_bytes(b"%d-%f" % (number, time.perf_counter()))
                    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
                    image = UltrasoundImage(sha256, None, 1, 1, 1, "MONOCHROME2", "")
                    intake.put(source, image, f"{number}.dcm")
                intake.commit()
        start = time.perf_counter()
        library.cases()
        return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    files = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        os.environ["HER2DESK_HOME"] = str(home)
        for index, (kind, syntaxes) in enumerate(KINDS.items()):
            folder = write_set(home / f"set{index}", files, syntaxes)
            naive = naive_per_minute(folder, home / f"naive{index}")
            product = imported_per_minute(folder, home / f"library{index}")
            print(f"{files} files, {kind}: {product:,.0f} a minute; pydicom and a copy", end=" ")
            print(f"{naive:,.0f}; ratio {product / naive:.2f}")
            seconds, stalls = in_window(
                home / f"window{index}", lambda window, at=folder: window.open_files([at])
            )
            print(f"  in the window: {60 * files / seconds:,.0f} a minute; {stalls}")
        folder = letters(home / "letters")
        seconds, stalls = in_window(home / "w2", lambda window: window.open_files([folder]))
        print(f"{LETTERS:,} files that are no images: {seconds:.1f} s; {stalls}")
        paths = sorted((home / "set0").iterdir()) * 5
        seconds, stalls = in_window(home / "w3", lambda window: window.open_files(paths))
        print(f"{len(paths):,} paths dropped at once: {stalls}")
        print(f"listing {CASES:,} cases: {case_list_ms(home / 'many'):.0f} ms")


if __name__ == "__main__":
    main()
