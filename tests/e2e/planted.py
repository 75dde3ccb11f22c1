"""A patient whose names are found again wherever they are written."""

import zipfile
from pathlib import Path

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from her2desk.paths import demo_case_dir

READER = "Wexelblatt"
HEADER_WORDS = (
    "Xylophon", "Quintessa",  # the patient's name
    "PID7788XQ", "19311207", "ACC99817XQ", "Zubrowka", "Mordecai", "Klystron",
    "UIDOFXQ",  # in an identifier that pydicom complains of
    "NUMBEROFXQ",  # where a number should be
)  # fmt: skip
FILE_WORD = "Berenice"


def planted_file(path: Path) -> Path:
    """The demo case as a file of the planted patient, with values that libraries complain of."""
    dataset = dcmread(demo_case_dir() / "demo.dcm")
    dataset.PatientName = "Xylophon^Quintessa"
    dataset.PatientID = "PID7788XQ"
    dataset.PatientBirthDate = "19311207"
    dataset.AccessionNumber = "ACC99817XQ"
    dataset.InstitutionName = "Zubrowka Clinic"
    dataset.ReferringPhysicianName = "Mordecai"
    dataset.StudyDescription = "Klystron"
    for tag, vr, value in (
        (0x00080052, "CS", b"klystron, of xylophon "),  # QueryRetrieveLevel
        (0x00200010, "SH", b"Quintessa" * 5 + b" "),  # StudyID, too long
        (0x00101010, "AS", b"19311207"),  # PatientAge
        (0x00101030, "DS", b"NUMBEROFXQ"),  # PatientWeight
        (0x00281050, "DS", b"NUMBEROFXQ"),  # WindowCenter
        (0x00080014, "UI", b"UIDOFXQ\0"),  # InstanceCreatorUID
    ):
        dataset[Tag(tag)] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)
    dataset.save_as(path)
    return path


def planted_files(folder: Path) -> dict[str, Path]:
    """One good file of the planted patient, and several that fail in different ways."""
    folder.mkdir()
    good = planted_file(folder / f"{FILE_WORD}_good.dcm")
    content = good.read_bytes()
    files = {"good": good}
    for name, damaged in {
        "cut": content[: len(content) // 2],
        "tiny": content[:900],
        "text": b"Dear Xylophon Quintessa, PID7788XQ",
        "garbled": content[:2000] + bytes(reversed(content[2000:6000])) + content[6000:],
    }.items():
        files[name] = folder / f"{FILE_WORD}_{name}.dcm"
        files[name].write_bytes(damaged)
    files["archive"] = folder / f"{FILE_WORD}.zip"
    with zipfile.ZipFile(files["archive"], "w") as archive:
        archive.writestr(f"{FILE_WORD}/Xylophon_Quintessa.dcm", content)
        archive.writestr("Xylophon.dcm", content[:700])
    return files
