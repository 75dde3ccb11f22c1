"""What may be written of a value where others may read it: in a log, or in a diagnostic bundle.

Only what cannot be of a patient is written: numbers, the names of types and of places in the code,
and texts that the program itself declared ``public``. Nothing is searched for in other texts, as
nobody can list the ways in which a name is written.
"""

import errno
import sys
import traceback
from enum import Enum
from pathlib import Path

from her2desk.errors import Her2DeskError
from her2desk.texts import Message

KNOWN_ENDINGS = frozenset(
    {".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".zip", ".json", ".csv", ".nii", ".gz", ".pdf",
     ".html", ".svg", ".sqlite", ".h2pack", ".safetensors", ".part", ".tmp", ".log"}
)  # fmt: skip
_ROOTS = tuple(sorted((str(Path(p)) for p in sys.path if p), key=len, reverse=True))
_MOST_FRAMES = 40


class Public(str):
    """A text that the program itself chose, or that names a machine part: nothing of a patient."""

    __slots__ = ()


def public(text: object) -> Public:
    """Declare that ``text`` holds nothing of a patient, nor a path, so that it may be logged."""
    return Public(text)


def redacted(value: object) -> str:
    """``value`` as it may be written: numbers and public texts as they are, of others what they are."""
    if isinstance(value, BaseException):
        return _error(value)
    if isinstance(value, Public):
        return str.__str__(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Path):
        ending = value.suffix.lower()
        return f"<path *{ending}>" if ending in KNOWN_ENDINGS else "<path>"
    if isinstance(value, str | bytes):
        return f"<{type(value).__name__} of {len(value)}>"
    return f"<{type(value).__name__}>"


def redacted_message(message: Message) -> str:
    """The English template of ``message`` with its parameters as they may be written."""
    params = {name: _part(value) for name, value in message.params.items()}
    try:
        return message.msgid.format(**params)
    except (ValueError, TypeError, KeyError, IndexError):  # a template that is text, not a pattern
        return message.msgid if not message.params else f"<message {len(message.msgid)}>"


def traceback_of(error: BaseException) -> Public:
    """Where ``error`` came from: files of the program, lines and kinds of error, no words or values."""
    lines: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if lines:
            lines.insert(0, "then:")
        lines[:0] = [*_places(link), f"raised {_error(link)}"]
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return Public("\n".join(lines))


def place(file_name: str, line: int) -> Public:
    """A line of code, by its path under the folder that it was imported from."""
    for root in _ROOTS:
        if file_name.startswith((f"{root}/", f"{root}\\")):
            return Public(f"{file_name[len(root) + 1 :]}:{line}")
    return Public(f"{Path(file_name).name}:{line}")


def _places(error: BaseException) -> list[str]:
    frames = list(traceback.walk_tb(error.__traceback__))
    left_out = len(frames) - _MOST_FRAMES
    lines = [
        f"  {place(frame.f_code.co_filename, line)} in {frame.f_code.co_name}"
        for frame, line in frames[-_MOST_FRAMES:]
    ]
    return [f"  ({left_out} more)", *lines] if left_out > 0 else lines


def _part(value: object) -> object:
    if isinstance(value, Message):
        return redacted_message(value)
    return value if type(value) in (int, float) else redacted(value)


def _error(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, Her2DeskError):
        return f"{name}[{error.code}]"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name}[{errno.errorcode.get(error.errno, error.errno)}]"
    return name
