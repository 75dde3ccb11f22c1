"""Files that wait between a library and the network, by whose they are."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from her2desk.dicom.header import read_header
from her2desk.dicom.pacs.spool import PARTS
from her2desk.errors import InputRefused
from her2desk.private_files import sync_folder


def remove_waiting(network: Path, patient_ids: Collection[str]) -> tuple[Path, ...]:
    """Remove what was received, put aside or is to be sent of these patients.

    ``network`` is the library's folder of it. Gives the files of which nobody can tell whose they are,
    such as those in forms that are not read; they stay. Raises ``OSError`` where one cannot be removed.
    """
    untold: list[Path] = []
    for path in sorted(network.rglob("*.dcm")):
        if PARTS in path.relative_to(network).parts:
            continue  # half received, and nobody has confirmed it
        patient_id = _patient_of(path)
        if patient_id is None:
            untold.append(path)
        elif patient_id in patient_ids:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
    return tuple(untold)


def _patient_of(path: Path) -> str | None:
    """The patient's number as the library reads it, maybe empty; None where it cannot be read."""
    with suppress(InputRefused, OSError), path.open("rb") as stream:
        return read_header(stream, path.stat().st_size).attributes.text("PatientID")
    return None
