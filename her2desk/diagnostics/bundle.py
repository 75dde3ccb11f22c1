"""The diagnostic bundle: one ZIP file, written without any patient's data."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from her2desk.diagnostics.facts import (
    library_facts,
    pack_facts,
    package_versions,
    policy_facts,
    program_facts,
    settings_facts,
)
from her2desk.errors import unwritable
from her2desk.in_force import policy_in_force
from her2desk.logs import LOGS_FOLDER
from her2desk.policy import Allowance
from her2desk.private_files import write_private
from her2desk.redaction import place
from her2desk.settings import load_settings
from her2desk.store.places import check_outside

MOST_LINES = 4000  # of each log, the last

CONTENTS = """Her2Desk diagnostic bundle

facts.json     versions of the program, the system, the pack and the library, and which settings an
               administrator decides
packages.json  versions of the installed packages
settings.json  the settings, without the reader's name and without paths
checks.json    what "her2desk doctor" found
logs/          the program's logs, and what was written of crashes

It holds no names, numbers, dates or pictures of patients, no names of files, and no paths. Her2Desk
sends it nowhere; look through it before you do.
"""
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ [A-Z]+ [\w.]+: ")
_TRACE_LINE = re.compile(
    r"  [\w./\\<>-]+:\d+ in [\w<>]+$|  \(\d+ more\)$|then:$|raised \w+(\[[\w-]+\])?$"
)
_CRASH_PLACE = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d+) in (?P<name>[\w<>]+)$')
_CRASH_LINE = re.compile(
    r"Fatal Python error: |Windows fatal exception: |(Current thread|Thread) 0x[0-9a-f]+ "
    r"|  <no Python frame>|Extension modules: |  \.\.\."
)


def write_bundle(
    path: Path, library: Path, settings_file: Path, checks: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Write the bundle to ``path``; ``checks`` are the doctor's, already without values.

    Raises ``InputRefused`` when it cannot be written, and ``StoreRefused`` where it would take the
    place of a file of the library.
    """
    policy = policy_in_force()
    policy.require(Allowance.SUPPORT_BUNDLE)
    if path.exists():
        check_outside(library, path)
    settings = load_settings(settings_file)
    facts = {
        "program": program_facts(),
        "policy": policy_facts(policy),
        "pack": pack_facts(settings, library),
        "library": library_facts(library),
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", CONTENTS)
        for name, document in (
            ("facts.json", facts),
            ("packages.json", package_versions()),
            ("settings.json", settings_facts(settings)),
            ("checks.json", list(checks)),
        ):
            archive.writestr(name, json.dumps(document, indent=2, sort_keys=True))
        for name, text in _logs(library / LOGS_FOLDER):
            archive.writestr(f"{LOGS_FOLDER}/{name}", text)
    try:
        write_private(path, buffer.getvalue())
    except OSError as error:
        raise unwritable(path) from error


def _logs(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*")):
        if not path.is_file() or not path.stat().st_size:
            continue
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-MOST_LINES:]
        except OSError:
            continue
        keep = _crash_line if path.suffix == ".crash" else _log_line
        kept = [line for line in map(keep, lines) if line is not None]
        if len(kept) < len(lines):  # from another version, or cut by a power failure
            kept.append(f"({len(lines) - len(kept)} lines that this version does not write)")
        yield path.name, "\n".join(kept) + "\n"


def _log_line(line: str) -> str | None:
    return line if _LOG_LINE.match(line) or _TRACE_LINE.fullmatch(line) else None


def _crash_line(line: str) -> str | None:
    where = _CRASH_PLACE.fullmatch(line)
    if where is not None:
        return f"  {place(where['file'], int(where['line']))} in {where['name']}"
    return line if not line or _CRASH_LINE.match(line) else None
