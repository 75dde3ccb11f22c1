"""Whether a hostile file can crash, hang or fill the memory of any reader.

``python -m benchmarks.hostile_files [FILE OR FOLDER ...]``, the public fuzz corpus by default: each file
as it is, as ultrasound (most of the corpus is CT and would be refused for that alone) and as a
segmentation. Each goes through every reader in a child process: opening and decoding, de-identifying,
outlines (SEG, NIfTI, PNG, JSON), disc directories, archives. A crash is an end of the child by a signal, a
hang no answer within 5 s of the processor's time, memory the child's peak above 2 GB; what is neither an
answer nor a refusal in a sentence is told as unforeseen.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.public_data import data_folder
from her2desk.benchmark.processes import peak_bytes

HANG_S = 5.0  # of the processor's time: other work on the machine is no fault of the file
SLEEP_S = 60.0  # of the clock's: for what waits and does not work
START_S = 120.0
MEMORY_BYTES = 2 * 10**9
CEILING_BYTES = (
    8 << 30
)  # what a child may reserve at all: the machine is to survive the measurement
FRAMES = 4
CT, US = b"\x08\x00\x60\x00CS\x02\x00CT", b"\x08\x00\x60\x00CS\x02\x00US"
CLASS = b"\x02\x00\x02\x00UI"
SEGMENTATION = b"1.2.840.10008.5.1.4.1.1.66.4"
LONGEST_SENTENCE = 200


@dataclass
class Found:
    """What became of the files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    harmful: list[tuple[str, str]] = field(default_factory=list)
    slowest_s: float = 0.0
    peak_bytes: int = 0


# The child


def _readers(folder: Path) -> dict[str, Callable[[Path], object]]:
    from her2desk.dicom.deidentify.key import ProjectKey
    from her2desk.dicom.deidentify.masks import MaskBook
    from her2desk.dicom.deidentify.one_file import Choices
    from her2desk.dicom.deidentify.profile import ALL_OPTIONS
    from her2desk.dicom.deidentify.run import deidentify
    from her2desk.dicom.dicomdir import listed_files
    from her2desk.dicom.outline import outlines_from_file
    from her2desk.dicom.reader import open_image
    from her2desk.dicom.scan import candidate_files
    from her2desk.domain.image import UltrasoundImage
    from her2desk.domain.progress import SilentProgress

    choices = Choices(ProjectKey(b"a key of this benchmark, 32 bytes"), ALL_OPTIONS, MaskBook())
    image = UltrasoundImage("0" * 64, "1.2.3.4", 128, 128, 1, "MONOCHROME2", "1.2")

    def opened(path: Path) -> None:
        found = open_image(path)
        for index in range(min(len(found.frames), FRAMES)):
            frame = found.frames.frame(index)
            if frame.shape[:2] != (found.image.rows, found.image.columns):
                raise AssertionError("the frame is not of the image's size")

    def without_identity(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            deidentify([path], Path(out) / "out", choices, SilentProgress())

    def unpacked(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            candidate_files([path], Path(out), lambda _seen: None)

    return {
        "open": opened,
        "de-identify": without_identity,
        "outline": lambda path: outlines_from_file(path, image),
        "directory": listed_files,
        "archive": unpacked,
    }


def _outcome(reader: Callable[[Path], object], path: Path) -> str:
    from her2desk.errors import Her2DeskError

    try:
        reader(path)
    except Her2DeskError as error:
        sentence = error.message.text()
        is_plain = sentence.isprintable() and 0 < len(sentence) <= LONGEST_SENTENCE
        return "refused" if is_plain and error.code not in ("", "internal") else "unforeseen"
    except Exception as error:
        return f"unforeseen {type(error).__name__}"
    return "read"


def work(listing: Path, first: int) -> None:
    """Read the listed files from number ``first`` on; one line before and one after each."""
    resource.setrlimit(resource.RLIMIT_AS, (CEILING_BYTES, CEILING_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    own = os.dup(1)
    os.dup2(2, 1)  # what libraries print is not ours
    with tempfile.TemporaryDirectory() as folder:
        readers = _readers(Path(folder))
        for path in json.loads(listing.read_text())[first:]:
            for name, reader in readers.items():
                os.write(own, f"? {name}\n".encode())
                signal.setitimer(signal.ITIMER_PROF, HANG_S)  # ends the process, codecs included
                started = time.process_time()
                outcome = _outcome(reader, Path(path))
                took_s = time.process_time() - started
                signal.setitimer(signal.ITIMER_PROF, 0)
                peak = peak_bytes()
                os.write(own, f"{outcome}\t{peak}\t{took_s}\n".encode())
            os.write(own, b".\n")


# The parent


def measure(paths: Sequence[Path]) -> Found:
    """Every file through every reader; a child that ends or is ended is replaced by another."""
    found = Found()
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "files.json"
        listing.write_text(json.dumps([str(path) for path in paths]))
        number = 0
        while number < len(paths):
            number = _watch(paths, listing, number, found)
    return found


def _watch(paths: Sequence[Path], listing: Path, number: int, found: Found) -> int:
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.hostile_files", "--child", str(listing), str(number)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parent.parent,
    )
    assert child.stdout is not None
    lines = _Lines(child.stdout.fileno())
    reader = ""
    try:
        while number < len(paths):
            line = lines.next(SLEEP_S if reader else START_S)
            if line is None or line == "":
                what = "hang" if line is None else _ended(child)
                _note(found, paths[number], reader, what)
                return number + 1
            if line == ".":
                number, reader = number + 1, ""
            elif line.startswith("? "):
                reader = line[2:]
            else:
                outcome, peak, took_s = line.split("\t")
                found.slowest_s = max(found.slowest_s, float(took_s))
                found.peak_bytes = max(found.peak_bytes, int(peak))
                if int(peak) > MEMORY_BYTES:
                    _note(found, paths[number], reader, "memory")
                    return number + 1  # its peak stays: the next needs a child of its own
                if outcome in ("read", "refused"):
                    found.outcomes[outcome] += 1
                else:
                    _note(found, paths[number], reader, outcome)
        return number
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


class _Lines:
    """Lines from a pipe, waited for so long and no longer."""

    def __init__(self, stream: int) -> None:
        self._stream = stream
        self._left = b""

    def next(self, limit_s: float) -> str | None:
        """The next line; None when none comes in time, empty at the end."""
        while b"\n" not in self._left:
            if not select.select([self._stream], [], [], limit_s)[0]:
                return None
            piece = os.read(self._stream, 65_536)
            if not piece:
                return ""
            self._left += piece
        line, self._left = self._left.split(b"\n", 1)
        return line.decode()


def _ended(child: subprocess.Popen[bytes]) -> str:
    code = child.wait()
    if code == -signal.SIGPROF:
        return "hang"
    return f"crash {signal.Signals(-code).name}" if code < 0 else f"crash exit {code}"


def _note(found: Found, path: Path, reader: str, what: str) -> None:
    found.outcomes[what.split()[0]] += 1
    found.harmful.append((f"{path.name} ({reader or 'start'})", what))


def variants(path: Path, folder: Path) -> list[Path]:
    """A DICOM file as it is, as ultrasound, and as a segmentation."""
    content = path.read_bytes()
    found = [path]
    for kind, changed in (("us", content.replace(CT, US)), ("seg", as_segmentation(content))):
        if changed != content:
            found.append(folder / f"{path.stem}-{len(list(folder.iterdir()))}-{kind}.dcm")
            found[-1].write_bytes(changed)
    return found


def as_segmentation(content: bytes) -> bytes:
    """The file under the storage class of segmentations."""
    at = content.find(CLASS)
    if at < 0:
        return content
    length = int.from_bytes(content[at + 6 : at + 8], "little")
    own = len(SEGMENTATION).to_bytes(2, "little") + SEGMENTATION
    return content[: at + 6] + own + content[at + 8 + length :]


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--child"]:
        work(Path(sys.argv[2]), int(sys.argv[3]))
        return
    given = [Path(name) for name in sys.argv[1:]] or [data_folder() / "fuzz"]
    files = [
        f for p in given for f in ([p] if p.is_file() else sorted(p.rglob("*"))) if f.is_file()
    ]
    with tempfile.TemporaryDirectory() as folder:
        paths = [copy for path in files for copy in variants(path, Path(folder))]
        started = time.monotonic()
        found = measure(paths)
    columns = ("read", "refused", "crash", "hang", "memory", "unforeseen")
    counts = " | ".join(str(found.outcomes[name]) for name in columns)
    print("| files | as | readings |", " | ".join(columns), "| slowest s | peak MB | minutes |")
    print(
        f"| {len(files)} | {len(paths)} | {sum(found.outcomes.values())} | {counts} |"
        f" {found.slowest_s:.2f} | {found.peak_bytes / 1e6:.0f} |"
        f" {(time.monotonic() - started) / 60:.1f} |"
    )
    for name, what in found.harmful:
        print(f"    {what}: {name}")


if __name__ == "__main__":
    main()
