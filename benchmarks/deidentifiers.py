"""De-identification against other tools: ``python -m benchmarks.deidentifiers [TOOL=PYTHON …]``.

Every public ultrasound file is de-identified by Her2Desk and by each tool named, which is run as a
program of its own from the given Python (``dicom-anonymizer=/venv/bin/python``,
``dicognito=/venv/bin/python``); none of them is needed to use Her2Desk. Counted over the files:

* written: copies that were made, and of these those that our reader opens;
* identity: copies whose header still holds a string of four characters or more that an identifying
  attribute of the original had (names, numbers, places, descriptions, UIDs);
* person names: copies with a value of VR PN that the original had;
* private: copies with a private attribute;
* says so: copies with PatientIdentityRemoved YES;
* pixels: copies whose frames are bit for bit those of the original (Her2Desk with pixels untouched);
* again: whether a second run gives the same patient and study pseudonyms, so that a later delivery
  fits an earlier one (dicognito is given the same seed).

Others' seconds include starting Python for every file.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from benchmarks.public_data import data_folder
from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.masks import MaskBook
from her2desk.dicom.deidentify.one_file import Choices
from her2desk.dicom.deidentify.profile import ALL_OPTIONS, Option
from her2desk.dicom.deidentify.run import deidentify
from her2desk.dicom.deidentify.source import open_source
from her2desk.dicom.header import quiet
from her2desk.dicom.reader import open_image
from her2desk.domain.progress import SilentProgress
from her2desk.errors import Her2DeskError

IDENTIFYING = frozenset({
    "AccessionNumber", "FrameOfReferenceUID", "ImageComments", "InstitutionAddress",
    "InstitutionName", "InstitutionalDepartmentName", "OperatorsName", "OtherPatientIDs",
    "PatientAddress", "PatientBirthDate", "PatientID", "PatientName", "PerformingPhysicianName",
    "PhysiciansOfRecord", "ReferringPhysicianName", "RequestingPhysician", "SOPInstanceUID",
    "SeriesDescription", "SeriesInstanceUID", "StudyDescription", "StudyID", "StudyInstanceUID",
})  # fmt: skip
SHORTEST = 4
TIMEOUT_S = 120
COMMANDS: dict[str, Callable[[Path, Path], list[str]]] = {
    "dicom-anonymizer": lambda source, out: [
        "-c", "from dicomanonymizer.anonymizer import main; main()", str(source), str(out / "a.dcm"),
    ],
    "dicognito": lambda source, out: [
        "-m", "dicognito", "--quiet", "--seed", "this comparison",
        "--output-directory", str(out), str(source),
    ],
}  # fmt: skip
Tool = Callable[[Path, Path], Path | None]


@dataclass
class Tally:
    """What was found over all files."""

    written: int = 0
    opens: int = 0
    identity: list[str] = field(default_factory=list)
    person_names: int = 0
    private: int = 0
    says_so: int = 0
    pixels: int = 0
    seconds: float = 0.0
    again: bool = True


def main(arguments: list[str]) -> None:
    """Compare and print one row a tool, then what identity each left in which file."""
    tools: dict[str, Tool] = {"Her2Desk": _her2desk}
    for argument in arguments:
        name, _, python = argument.partition("=")
        tools[name] = _other(name, python)
    folder = data_folder() / "dicom_us"
    files = sorted(p for p in folder.iterdir() if p.suffix not in (".csv", ".zip"))
    titles = "files written opens identity names private says-so pixels again seconds"
    print(f"{'tool':18}", *(f"{title:>9}" for title in titles.split()))
    for name, tool in tools.items():
        tally = _measure(tool, files)
        cells = (
            len(files), tally.written, tally.opens, len(tally.identity), tally.person_names,
            tally.private, tally.says_so, tally.pixels, "yes" if tally.again else "no",
            f"{tally.seconds:.0f}",
        )  # fmt: skip
        print(f"{name:18}", *(f"{cell:>9}" for cell in cells))
        for line in tally.identity:
            print("   ", line)


def _measure(tool: Tool, files: list[Path]) -> Tally:
    tally = Tally()
    for source in files:
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            start = time.perf_counter()
            copy = tool(source, Path(first))
            tally.seconds += time.perf_counter() - start
            if copy is None:
                continue
            tally.written += 1
            with quiet():
                _compare(tally, source, copy)
                other = tool(source, Path(second))
                tally.again &= other is not None and _pseudonyms(other) == _pseudonyms(copy)
    return tally


def _compare(tally: Tally, source: Path, copy: Path) -> None:
    before, after = _header(source), _header(copy)
    content = copy.read_bytes()
    at = content.find(b"\xe0\x7f\x10\x00")
    head = content[: at if at >= 0 else None]
    left = {
        element.keyword
        for element, text in _texts(before)
        if element.keyword in IDENTIFYING and text.encode("latin-1", "replace") in head
    }
    if left:
        tally.identity.append(f"{source.name}: {', '.join(sorted(left))}")
    names = {text for element, text in _texts(before) if element.VR == "PN"}
    tally.person_names += any(text in names for e, text in _texts(after) if e.VR == "PN")
    tally.private += any(element.tag.is_private for element in after.iterall())
    tally.says_so += after.get("PatientIdentityRemoved") == "YES"
    try:
        open_image(copy).frames.frame(0)
        tally.opens += 1
        tally.pixels += _frames(source) == _frames(copy)
    except Her2DeskError as error:
        print("   ", source.name, "is not read afterwards:", error)


def _texts(dataset: Dataset) -> list[tuple[pydicom.DataElement, str]]:
    found = []
    for element in dataset.iterall():
        if element.VR == "SQ" or element.value in (None, "", b""):
            continue
        many = element.value if element.VM > 1 else [element.value]
        found += [(element, str(one)) for one in many if len(str(one)) >= SHORTEST]
    return found


def _header(path: Path) -> Dataset:
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    if 0xFFFEE000 in dataset:  # one file lost its sequence's tag
        del dataset[0xFFFEE000]
    return dataset


def _frames(path: Path) -> list[bytes]:
    file, content = open_source(path), path.read_bytes()
    return [
        b"".join(content[span.offset : span.offset + span.length] for span in spans)
        for spans in file.pixels.frames
    ]


def _pseudonyms(path: Path) -> tuple[str, str]:
    dataset = _header(path)
    return str(dataset.get("PatientID")), str(dataset.get("StudyInstanceUID"))


def _her2desk(source: Path, out: Path) -> Path | None:
    options = ALL_OPTIONS - {Option.CLEAN_PIXEL_DATA}
    choices = Choices(ProjectKey(b"the key of this comparison"), options, MaskBook())
    (file,) = deidentify([source], out, choices, SilentProgress()).report.files
    return out / file.output if file.output else None


def _other(name: str, python: str) -> Tool:
    command = COMMANDS[name]

    def run(source: Path, out: Path) -> Path | None:
        done = subprocess.run(
            [python, *command(source, out)], capture_output=True, text=True, timeout=TIMEOUT_S
        )
        made = [path for path in out.rglob("*") if path.is_file()]
        if done.returncode or not made:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print("   ", source.name, f"failed with {name}:", last[:120])
            return None
        return made[0]

    return run


if __name__ == "__main__":
    main(sys.argv[1:])
