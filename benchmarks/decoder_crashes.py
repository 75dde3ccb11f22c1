"""Whether a decoder can crash, hang or fill the memory over a damaged compressed frame.

``python -m benchmarks.decoder_crashes [TRIES] [--codec NAME] [--keep FOLDER] [--strict]``, 4,000 tries a
codec by default. Each try damages one compressed frame, of the public ultrasound files or encoded here,
and decodes it as the program does, its own checks before the decoder included, in a child process. Half
of the tries leave the header alone that those checks read, so that the damage reaches the decoder;
"refused before" counts what did not.

A crash is an end of the child by a signal, a hang no answer within 5 s of the processor's time, and memory
is the child's peak above 2 GB. ``--keep`` writes what did harm to a folder. ``--strict`` (glibc) has the
C library check its heap at each release: a decoder that wrote beside its memory ends there and then.
"""

import io
import os
import random
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from benchmarks.public_data import data_folder
from her2desk.benchmark.processes import peak_bytes
from her2desk.dicom.codestream import END_OF_CODESTREAM, SOF_ALL, START_OF_J2K, is_complete
from her2desk.dicom.frames import check_codestream, decode_frame
from her2desk.dicom.header import J2K_SYNTAXES, JPEG_LS_SYNTAXES, JPEG_SYNTAXES, RLE, read_header
from her2desk.dicom.layout import PixelLayout, pixel_layout
from her2desk.dicom.nifti_file import nifti_bytes
from her2desk.dicom.nifti_mask import nifti_masks
from her2desk.dicom.pixel_data import Span, locate
from her2desk.dicom.raster import load, to_8bit
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.radiomics.mask import rasterise

TRIES = 4000
HANG_S = 5.0  # of the processor's time: other work on the machine is no fault of the frame
SLEEP_S = 60.0  # of the clock's: for what waits and does not work
START_S = 120.0
MEMORY_BYTES = 2 * 10**9
CEILING_BYTES = (
    8 << 30
)  # what a child may reserve at all: the machine is to survive the measurement
FRAMES_A_FILE = 2
LARGEST_SEED_BYTES = 600_000
EXTREMES = (0, 1, 2, 3, 7, 8, 16, 31, 32, 63, 64, 127, 128, 254, 255)
FRAMES = Path(__file__).parent / "frames"  # what nothing installed here encodes
IMAGE = UltrasoundImage("0" * 64, "1.2.3.4", 96, 128, 3, "MONOCHROME2", "1.2")
ROI = Roi(0, ((30.0, 20.0), (90.0, 25.0), (80.0, 70.0), (40.0, 60.0)))
TRIES_A_CHILD = 2000  # decoders leak over damaged frames: what is measured is one frame's need


@dataclass(frozen=True)
class Seed:
    """One sound compressed frame; without a layout it is a PNG or JPEG file."""

    name: str
    content: bytes
    layout: PixelLayout | None


def codec_of(syntax: str) -> str:
    """Which decoder reads a syntax, as the table names it."""
    if syntax in JPEG_SYNTAXES[:2]:
        return "jpeg"
    if syntax in JPEG_SYNTAXES:
        return "jpeg-lossless"
    if syntax in JPEG_LS_SYNTAXES:
        return "jpeg-ls"
    if syntax in J2K_SYNTAXES:
        return "jpeg-2000"
    return "rle"


DECODERS = {
    "jpeg": "libjpeg (pylibjpeg)",
    "jpeg-lossless": "libjpeg (pylibjpeg)",
    "jpeg-ls": "CharLS (pyjpegls)",
    "jpeg-2000": "OpenJPEG (pylibjpeg)",
    "htj2k": "OpenJPEG (pylibjpeg)",
    "rle": "pydicom (Python)",
    "nifti": "ITK (SimpleITK)",
    "raster-png": "Pillow",
    "raster-jpeg": "Pillow",
}


def seeds(codec: str) -> list[Seed]:
    """Sound frames for a codec: from the public files, and encoded here."""
    found = [*_public(codec), *_made(codec)]
    if not found:
        raise SystemExit(f"no codec is called {codec}")
    return found


def _public(codec: str) -> Iterator[Seed]:
    for path in sorted((data_folder() / "dicom_us").iterdir()):
        if path.suffix in (".csv", ".zip"):
            continue
        with path.open("rb") as stream:
            size = path.stat().st_size
            try:
                header = read_header(stream, size)
                layout = pixel_layout(header)
                data = locate(stream, size, header, layout)
            except InputRefused:
                continue
            if not layout.is_encapsulated or codec_of(layout.syntax) != codec:
                continue
            for index, spans in enumerate(data.frames[:FRAMES_A_FILE]):
                content = b"".join(_read(stream, span) for span in spans)
                if len(content) <= LARGEST_SEED_BYTES:
                    yield Seed(f"{path.name}#{index}", content, data.layout)


def _read(stream: BinaryIO, span: Span) -> bytes:
    stream.seek(span.offset)
    return stream.read(span.length)


def _picture(rows: int, columns: int, samples: int, bits: int = 8) -> np.ndarray:
    """Speckle that falls off with depth, the same at every call."""
    rng = np.random.default_rng(rows)
    shape = (rows, columns) + ((3,) if samples == 3 else ())
    depth = np.linspace(1, 0.2, rows).reshape(-1, *[1] * (len(shape) - 1))
    values = rng.gamma(2.0, (1 << bits) / 12, shape) * depth
    return np.clip(values, 0, (1 << bits) - 1).astype(np.uint8 if bits == 8 else np.uint16)


def _layout(picture: np.ndarray, syntax: str, photometric: str, bits: int = 8) -> PixelLayout:
    return PixelLayout(
        syntax=syntax,
        rows=picture.shape[0],
        columns=picture.shape[1],
        stated_frames=1,
        samples=3 if picture.ndim == 3 else 1,
        bits_allocated=8 if bits == 8 else 16,
        bits_stored=bits,
        signed=False,
        planar=0,
        photometric=photometric,
        vr="OB",
    )


def _made(codec: str) -> Iterator[Seed]:
    grey, colour = _picture(96, 128, 1), _picture(64, 96, 3)
    deep = _picture(80, 64, 1, bits=12)
    if codec == "jpeg":
        yield Seed("grey", _pillow(grey, "JPEG"), _layout(grey, JPEG_SYNTAXES[0], "MONOCHROME2"))
        for sampling in (0, 1, 2):
            content = _pillow(colour, "JPEG", subsampling=sampling)
            layout = _layout(colour, JPEG_SYNTAXES[0], "YBR_FULL_422")
            yield Seed(f"colour, sampling {sampling}", content, layout)
        restarts = _pillow(grey, "JPEG", restart_marker_blocks=4)
        yield Seed("restarts", restarts, _layout(grey, JPEG_SYNTAXES[0], "MONOCHROME2"))
    elif codec == "jpeg-ls":
        from jpeg_ls import encode_array

        for lossy in (0, 2):
            syntax = JPEG_LS_SYNTAXES[1 if lossy else 0]
            for mode in (0, 1, 2):
                picture = grey if mode == 0 else colour
                content = bytes(encode_array(picture, lossy_error=lossy, interleave_mode=mode))
                photometric = "MONOCHROME2" if mode == 0 else "RGB"
                name = f"mode {mode}, error {lossy}"
                yield Seed(name, content, _layout(picture, syntax, photometric))
        content = bytes(encode_array(deep))
        yield Seed("12 bits", content, _layout(deep, JPEG_LS_SYNTAXES[0], "MONOCHROME2", 12))
    elif codec == "htj2k":
        for name, picture, photometric in (
            ("grey", _picture(48, 64, 1), "MONOCHROME2"),
            ("colour", _picture(24, 32, 3), "YBR_RCT"),
        ):
            content = (FRAMES / f"htj2k_{name}.j2c").read_bytes()
            yield Seed(name, content, _layout(picture, J2K_SYNTAXES[2], photometric))
    elif codec == "jpeg-2000":
        syntax = J2K_SYNTAXES[0]
        for name, picture, bits in (
            ("grey", grey, 8),
            ("colour", colour, 8),
            ("12 bits", deep, 12),
        ):
            content = _j2k(picture, bits)
            photometric = "MONOCHROME2" if picture.ndim == 2 else "YBR_RCT"
            yield Seed(name, content, _layout(picture, syntax, photometric, bits))
        for options in ({"tile_size": (32, 32)}, {"irreversible": True, "quality_layers": [20, 5]}):
            content = _pillow(grey, "JPEG2000", no_jp2=True, **options)
            yield Seed(f"{options}", content, _layout(grey, syntax, "MONOCHROME2"))
    elif codec == "rle":
        for picture, photometric in ((grey, "MONOCHROME2"), (colour, "RGB")):
            layout = _layout(picture, RLE, photometric)
            yield Seed(photometric, _rle(picture, layout), layout)
    elif codec == "nifti":
        for name, packed in (("plain", False), ("gzip", True)):
            for roi in (ROI, replace(ROI, frame_index=2)):
                mask = rasterise(roi.polygon, IMAGE.rows, IMAGE.columns)
                yield Seed(name, nifti_bytes([mask], [roi], IMAGE, packed=packed), None)
    elif codec == "raster-png":
        for name, mode in (("grey", "L"), ("colour", "RGB"), ("palette", "P"), ("16 bits", "I;16")):
            picture = Image.fromarray(deep if mode == "I;16" else colour if mode != "L" else grey)
            image = picture if mode == "I;16" else picture.convert(mode)
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            yield Seed(name, buffer.getvalue(), None)
    elif codec == "raster-jpeg":
        yield Seed("grey", _pillow(grey, "JPEG"), None)
        yield Seed("colour", _pillow(colour, "JPEG", subsampling=2), None)
        yield Seed("progressive", _pillow(colour, "JPEG", progressive=True), None)


def _pillow(picture: np.ndarray, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, form, **options)
    return buffer.getvalue()


def _j2k(picture: np.ndarray, bits: int) -> bytes:
    from openjpeg.utils import encode_array

    return bytes(
        encode_array(
            picture, bits_stored=bits, photometric_interpretation=1 if picture.ndim == 3 else 2
        )
    )


def _rle(picture: np.ndarray, layout: PixelLayout) -> bytes:
    from pydicom.pixels import get_encoder
    from pydicom.uid import RLELossless

    content: bytes = get_encoder(RLELossless).encode(
        picture,
        encoding_plugin="pydicom",
        rows=layout.rows,
        columns=layout.columns,
        number_of_frames=1,
        samples_per_pixel=layout.samples,
        bits_allocated=8,
        bits_stored=8,
        pixel_representation=0,
        photometric_interpretation=layout.photometric,
        planar_configuration=0,
        pixel_keyword="PixelData",
    )
    return content


Damage = Callable[[bytearray, int, random.Random], None]


def damaged(seed: Seed, rng: random.Random) -> bytes:
    """``seed`` with one to three kinds of damage; half of the time the header stays as it is."""
    content = bytearray(seed.content)
    first = _behind_header(seed.content) if rng.random() < 0.5 else 0
    for _ in range(rng.randint(1, 3)):
        rng.choice(DAMAGES)(content, min(first, max(0, len(content) - 8)), rng)
    if seed.layout is not None and seed.layout.syntax != RLE and not is_complete(content):
        content += END_OF_CODESTREAM  # a frame without is refused before a decoder sees it
    return bytes(content)


def _behind_header(content: bytes) -> int:
    """Where the size of the picture has been said."""
    if content.startswith(b"\x89PNG"):
        return 33
    if content.startswith(b"\x1f\x8b"):
        return 10
    at = content.find(START_OF_J2K)
    if at >= 0:
        return at + 4 + int.from_bytes(content[at + 4 : at + 6], "big")
    if not content.startswith(b"\xff\xd8"):
        return 64  # RLE, NIfTI
    at = 2
    while at + 4 < len(content) and content[at + 1] not in SOF_ALL:
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")


def _flip_bits(content: bytearray, first: int, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        content[rng.randrange(first, len(content))] ^= 1 << rng.randrange(8)


def _set_bytes(content: bytearray, first: int, rng: random.Random) -> None:
    at = rng.randrange(first, len(content))
    for place in range(at, min(len(content), at + rng.choice((1, 2, 4)))):
        content[place] = rng.choice(EXTREMES)


def _edit_segment(content: bytearray, first: int, rng: random.Random) -> None:
    """Change a byte of some marker's segment, where tables, sizes and counts are."""
    markers = [
        at
        for at in range(first, min(len(content) - 4, first + 4000))
        if content[at] == 0xFF and content[at + 1] not in (0, 0xFF)
    ]
    if not markers:
        return _set_bytes(content, first, rng)
    at = rng.choice(markers) + rng.randrange(2, 40)
    for place in range(at, at + rng.choice((1, 1, 2))):
        if place < len(content):
            content[place] = rng.choice((*EXTREMES, rng.randrange(256)))
    return None


def _cut(content: bytearray, first: int, rng: random.Random) -> None:
    del content[rng.randrange(first, len(content)) :]
    content += bytes(8)


def _drop_piece(content: bytearray, first: int, rng: random.Random) -> None:
    at = rng.randrange(first, len(content))
    del content[at : at + rng.randint(1, 64)]
    content += bytes(8)


def _repeat_piece(content: bytearray, first: int, rng: random.Random) -> None:
    start = rng.randrange(first, len(content))
    piece = bytes(content[start : start + rng.randint(1, 256)])
    at = rng.randrange(first, len(content))
    content[at:at] = piece * rng.choice((1, 2, 16))


DAMAGES: tuple[Damage, ...] = (
    _flip_bits,
    _flip_bits,
    _set_bytes,
    _edit_segment,
    _edit_segment,
    _cut,
    _drop_piece,
    _repeat_piece,
)


class Refused(Exception):
    """The program's own checks refused a frame: no decoder saw it."""


def decode(content: bytes, layout: PixelLayout | None) -> None:
    """As the program decodes it."""
    if layout is not None:
        try:
            check_codestream(content, layout)
        except InputRefused as error:
            raise Refused from error
        decode_frame(content, layout)
    elif content.startswith((b"\x89PNG", b"\xff\xd8")):
        to_8bit(load(content))
    else:
        _read_mask(content)


def _read_mask(content: bytes) -> None:
    suffix = ".nii.gz" if content.startswith(b"\x1f\x8b") else ".nii"
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(content)
        file.flush()
        nifti_masks(Path(file.name), IMAGE)


# The child


def work(codec: str, first: int, last: int) -> None:
    """Try the numbers from ``first`` to ``last``: tells each before it and what became of it after."""
    resource.setrlimit(resource.RLIMIT_AS, (CEILING_BYTES, CEILING_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ready = seeds(codec)
    told = sys.__stdout__.fileno()
    own = os.dup(told)
    os.dup2(2, 1)  # what decoders print is not ours
    _try(ready[0].content, ready[0].layout)
    for number in range(first, last):
        seed, content = case(ready, codec, number)
        os.write(own, b"?")
        signal.setitimer(signal.ITIMER_PROF, HANG_S)  # ends the process, codecs included
        started = time.process_time()
        outcome = _try(content, seed.layout)
        took_s = time.process_time() - started
        signal.setitimer(signal.ITIMER_PROF, 0)
        peak = peak_bytes()
        outcome = b"m" if peak > MEMORY_BYTES else outcome
        os.write(own, outcome + struct.pack("<f", took_s))


def case(ready: list[Seed], codec: str, number: int) -> tuple[Seed, bytes]:
    """Try ``number``: the seed, and it damaged."""
    rng = random.Random(f"{codec} {number}")
    seed = rng.choice(ready)
    return seed, damaged(seed, rng)


def _try(content: bytes, layout: PixelLayout | None) -> bytes:
    try:
        decode(content, layout)
    except Refused:
        return b"c"
    except InputRefused:
        return b"r"
    except Exception:
        return b"x"
    return b"d"


# The parent


@dataclass
class Found:
    """What became of the tries, and which did harm."""

    outcomes: Counter[str]
    harmful: list[tuple[int, str]]
    seconds: float = 0.0
    slowest_s: float = 0.0


NAMES = {
    b"d": "decoded",
    b"r": "refused",
    b"c": "refused before",
    b"x": "unforeseen",
    b"m": "memory",
}


def measure(codec: str, tries: int, strict: bool) -> Found:
    """All tries of a codec."""
    found = Found(Counter(), [])
    started = time.monotonic()
    number = 0
    while number < tries:
        last = min(tries, number + TRIES_A_CHILD)
        while number < last:
            number = _watch(codec, number, last, strict, found)
    found.seconds = time.monotonic() - started
    return found


def _watch(codec: str, first: int, last: int, strict: bool, found: Found) -> int:
    """One child until it ends or is ended; the number to go on with."""
    arguments = ["--child", codec, str(first), str(last)]
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    if strict:
        environment |= {"LD_PRELOAD": "libc_malloc_debug.so.0", "MALLOC_CHECK_": "3"}
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.decoder_crashes", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdout is not None
    stream = child.stdout.fileno()
    number, trying = first, False
    try:
        while number < last:
            ready, _, _ = select.select([stream], [], [], SLEEP_S if trying else START_S)
            if not ready:
                _note(found, number, "hang")
                return number + 1
            heard = os.read(stream, 1)
            if not heard:
                if not trying:
                    raise SystemExit(f"the child for {codec} does not start")
                _note(found, number, _ended(child))
                return number + 1
            if heard == b"?":
                trying = True
                continue
            trying = False
            (took_s,) = struct.unpack("<f", os.read(stream, 4))
            found.slowest_s = max(found.slowest_s, took_s)
            if heard in b"mx":
                _note(found, number, NAMES[heard])
            else:
                found.outcomes[NAMES[heard]] += 1
            number += 1
            if heard == b"m":
                return number  # its peak stays: the next needs a child of its own
        return number
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def _ended(child: subprocess.Popen[bytes]) -> str:
    code = child.wait()
    if code == -signal.SIGPROF:
        return "hang"
    return f"crash ({signal.Signals(-code).name if code < 0 else f'exit {code}'})"


def _note(found: Found, number: int, what: str) -> None:
    found.outcomes[what.split()[0]] += 1
    found.harmful.append((number, what))


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--child"]:
        work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        return
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("tries", type=int, nargs="?", default=TRIES)
    parser.add_argument("--codec", choices=DECODERS)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--strict", action="store_true")
    given = parser.parse_args()
    columns = ("decoded", "refused", "refused before", "crash", "hang", "memory", "unforeseen")
    print("| codec | decoder | tries |", " | ".join(columns), "| slowest s | minutes |", flush=True)
    for codec in [given.codec] if given.codec else DECODERS:
        found = measure(codec, given.tries, given.strict)
        counts = " | ".join(str(found.outcomes[name]) for name in columns)
        print(
            f"| {codec} | {DECODERS[codec]} | {given.tries} | {counts} |"
            f" {found.slowest_s:.2f} | {found.seconds / 60:.1f} |",
            flush=True,
        )
        for what, count in Counter(what for _, what in found.harmful).items():
            print(f"    {codec}: {what}: {count}", flush=True)
        if given.keep:
            _keep(given.keep, codec, found)


def _keep(folder: Path, codec: str, found: Found) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ready = seeds(codec)
    for number, what in found.harmful:
        seed, content = case(ready, codec, number)
        name = f"{codec}-{number}-{what.split()[0]}"
        (folder / f"{name}.bin").write_bytes(content)
        (folder / f"{name}.txt").write_text(f"{what}\n{seed.name}\n{seed.layout}\n")


if __name__ == "__main__":
    main()
