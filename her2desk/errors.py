"""Errors that a user can act on.

Each carries a sentence that says what is wrong and a sentence that says what to do. Subclasses are
named by whose turn it is: the input's, the pack's or ours; the command line turns them into exit
codes.
"""

from dataclasses import dataclass
from pathlib import Path

from her2desk.texts import Message, as_message, msg

EXIT_USAGE = 2
EXIT_INPUT_REFUSED = 3
EXIT_PACK_REFUSED = 4
EXIT_OUR_FAULT = 5
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Fault:
    """A mistake of the program's own: its ``reference`` in the log, and where it happened.

    ``details`` are kinds of error and places in the code; no values, so they may be shown and sent.
    """

    reference: str
    details: str


class Her2DeskError(Exception):
    """Something went wrong that the user should hear about in one sentence.

    Parameters
    ----------
    message : what is wrong, as a ``Message`` (translatable) or plain text.
    remedy : what to do about it.
    code : a stable word for scripts, such as ``"not-dicom"``.
    fault : where the program's own mistake can be found, where it is one.
    """

    exit_code = EXIT_OUR_FAULT

    def __init__(
        self,
        message: Message | str,
        remedy: Message | str = "",
        *,
        code: str = "internal",
        fault: Fault | None = None,
    ):
        self.message = as_message(message)
        self.remedy = as_message(remedy)
        self.code = code
        self.fault = fault
        super().__init__(message, remedy)

    def __str__(self) -> str:
        return f"{self.message.text()} {self.remedy.text()}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.remedy, self.code, self.fault)


class InputRefused(Her2DeskError):
    """A file, an ROI or a clinical value cannot be used as it is."""

    exit_code = EXIT_INPUT_REFUSED


def unwritable(path: Path) -> InputRefused:
    """The refusal of a file that the user asked for and that cannot be written."""
    return InputRefused(
        msg("{name} cannot be written.", name=path.name),
        msg("Choose another folder, or free some space."),
        code="unwritable",
    )


class PackRefused(Her2DeskError):
    """A model pack is damaged, unknown or not meant for this program."""

    exit_code = EXIT_PACK_REFUSED


class StoreRefused(Her2DeskError):
    """The library cannot be opened or written."""

    exit_code = EXIT_INPUT_REFUSED


class EngineFailed(Her2DeskError):
    """The engine process ended or could not start."""


class Cancelled(Exception):
    """The user asked to stop; no failure."""


def _rebuild(
    cls: type[Her2DeskError], message: Message, remedy: Message, code: str, fault: Fault | None
) -> Her2DeskError:
    return cls(message, remedy, code=code, fault=fault)
