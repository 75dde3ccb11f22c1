"""The file ``pacs.json``, in which the settings of the DICOM network are kept."""

from pathlib import Path

from her2desk.dicom.pacs.nodes import PacsSettings, checked
from her2desk.errors import InputRefused, StoreRefused
from her2desk.private_files import make_private_folder, write_private
from her2desk.texts import msg

PACS_FILE = "pacs.json"
MAX_BYTES = 1 << 20


def load_pacs(path: Path) -> PacsSettings:
    """The settings in ``path``; those of the beginning where there is no such file.

    Raises ``InputRefused`` with code ``pacs-settings-broken`` or ``pacs-settings``: whom the program
    sends patients' images to is not guessed.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        if path.stat().st_size > MAX_BYTES:
            raise _broken(path, "")
        settings = TypeAdapter(PacsSettings).validate_json(path.read_bytes())
    except FileNotFoundError:
        return PacsSettings()
    except OSError as error:
        raise _broken(path, "") from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise _broken(path, place) from error
    return checked(settings)


def save_pacs(path: Path, settings: PacsSettings) -> None:
    """Keep ``settings`` in ``path``, readable by its owner alone; a crash leaves old or new.

    Raises ``InputRefused`` as ``checked`` does and ``StoreRefused`` (``pacs-settings-unwritable``).
    """
    from pydantic import TypeAdapter

    content = TypeAdapter(PacsSettings).dump_json(checked(settings), indent=2)
    try:
        make_private_folder(path.parent)
        write_private(path, content + b"\n")
    except OSError as error:
        raise StoreRefused(
            msg("The network settings could not be saved."),
            msg(
                "Check that you may write to {folder} and that its disk has room.",
                folder=path.parent,
            ),
            code="pacs-settings-unwritable",
        ) from error


def _broken(path: Path, place: str) -> InputRefused:
    what = (
        msg("The network settings in {path} cannot be read, at {place}.", path=path, place=place)
        if place
        else msg("The network settings in {path} cannot be read.", path=path)
    )
    remedy = msg("Correct the file, or move it away and set the archives up again.")
    return InputRefused(what, remedy, code="pacs-settings-broken")
