"""The settings as one file, to carry to another computer or to hand to a colleague.

Checked wholly before anything changes. What tells of a person, or of their folders, is left out unless
it is asked for, and the file says which names those are.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from her2desk import __version__
from her2desk.errors import InputRefused, unwritable
from her2desk.private_files import write_private
from her2desk.settings import PERSONAL, RULES, Settings, as_json, unknown_name, wrong_value
from her2desk.texts import Message, listed_apart, msg

FORMAT = "her2desk-settings"
FORMAT_VERSION = 1
MOST_BYTES = 1_000_000
REMEMBERED = ("tour_done", "news_seen")  # what the program notes for itself; no choices
_PARTS = ("format", "format_version", "program", "settings", "personal_left_out")


@dataclass(frozen=True)
class ImportedSettings:
    """What a file of settings says, checked: each value by its setting's name."""

    values: Mapping[str, Any]

    @property
    def personal(self) -> tuple[str, ...]:
        """Which of them tell of a person or of their folders."""
        return tuple(name for name in PERSONAL if name in self.values)

    def over(
        self, settings: Settings, *, with_personal: bool, locked: Mapping[str, Any]
    ) -> Settings:
        """``settings`` with these values, but for what is personal, unless asked for, and locked."""
        return replace(settings, **self.taken(with_personal=with_personal, locked=locked))

    def taken(self, *, with_personal: bool, locked: Mapping[str, Any]) -> dict[str, Any]:
        """The values that count."""
        return {
            name: value
            for name, value in self.values.items()
            if name not in locked and (with_personal or name not in PERSONAL)
        }


def export_settings(path: Path, settings: Settings, *, with_personal: bool = False) -> None:
    """Write ``settings`` to ``path``; raises ``InputRefused`` (``unwritable``)."""
    left_out = () if with_personal else PERSONAL
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "program": __version__,
        "settings": {
            n: v for n, v in as_json(settings).items() if n not in (*REMEMBERED, *left_out)
        },
        "personal_left_out": list(left_out),
    }
    content = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    try:
        write_private(path, content.encode())
    except OSError as error:
        raise unwritable(path) from error


def import_settings(path: Path) -> ImportedSettings:
    """Read a file of settings; changes nothing.

    Raises ``InputRefused`` (``settings-file``), naming every fault: each setting, its value and what
    it may be.
    """
    document = _document(path)
    program = document.get("program", "")
    version = document.get("format_version")
    if version != FORMAT_VERSION:
        raise _refused(
            msg("{name} is in a form that this version does not read.", name=path.name), program
        )
    faults = _unknown("", document, _PARTS)
    values = document.get("settings")
    if not isinstance(values, dict):
        raise _refused(msg("{name} has no settings in it.", name=path.name), program)
    known = [one.name for one in fields(Settings) if one.name not in REMEMBERED]
    faults += _unknown("settings.", values, known)
    faults += [
        wrong_value(name, values[name])
        for name in known
        if name in values and not RULES[name].holds(values[name])
    ]
    if faults:
        raise _refused(
            msg("{name} cannot be used: {faults}", name=path.name, faults=listed_apart(faults)),
            program,
        )
    return ImportedSettings(values)


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refused(msg("{name} cannot be read.", name=path.name)) from error
    if len(content) > MOST_BYTES:
        raise _refused(msg("{name} is too large for a file of settings.", name=path.name))
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refused(msg("{name} is not text in UTF-8.", name=path.name)) from error
    except json.JSONDecodeError as error:
        raise _refused(
            msg(
                "{name} is not JSON: line {line}, character {column}.",
                name=path.name,
                line=error.lineno,
                column=error.colno,
            )
        ) from error
    except (ValueError, RecursionError) as error:
        raise _refused(msg("{name} is not JSON.", name=path.name)) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _refused(msg("{name} is not a file of Her2Desk's settings.", name=path.name))
    return document


def _unknown(part: str, given: Mapping[str, Any], known: Sequence[str]) -> list[Message]:
    return [unknown_name(part + name, name, known) for name in given if name not in known]


def _refused(message: Message, program: object = "") -> InputRefused:
    made_by = str(program)[:20]
    if made_by and made_by != __version__:
        remedy = msg(
            "Nothing was changed. The file was written by Her2Desk {other}, this is {own}.",
            other=made_by,
            own=__version__,
        )
    else:
        remedy = msg("Nothing was changed. Correct the file, or export it again.")
    return InputRefused(message, remedy, code="settings-file")
