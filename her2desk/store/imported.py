"""What the case list says of each file, held against what the history says was imported.

The history is chained, the case list is not: without this, somebody could give a case another
patient's image or name, or take a case away, and leave the history as it was.
"""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from her2desk.errors import StoreRefused
from her2desk.store.history import Action
from her2desk.texts import msg

_SAID = (
    "image_sha256", "file_name", "sop_instance_uid", "study_instance_uid", "study_date",
    "patient_id", "patient_name", "patient_age_years", "laterality", "frames",
)  # fmt: skip


def said_of(connection: sqlite3.Connection, case_id: int) -> dict[str, Any]:
    """The content of a new case's ``IMPORTED`` entry: all that its row says of the file."""
    row = connection.execute("SELECT * FROM cases WHERE case_id = ?", (case_id,)).fetchone()
    return {name: row[name] for name in _SAID}


def check_cases(connection: sqlite3.Connection) -> None:
    """Raise ``StoreRefused`` unless there is just a case for each import that was not erased.

    What an entry says of the file is compared; earlier versions wrote the image's hash alone. The
    caller has checked the history.
    """
    rows = {row["case_id"]: row for row in connection.execute("SELECT * FROM cases")}
    entries = connection.execute(
        "SELECT case_id, content FROM history WHERE action = ? AND content IS NOT NULL"
        " ORDER BY entry_id",
        (str(Action.IMPORTED),),
    )
    for entry in entries:
        row = rows.pop(entry["case_id"], None)
        if row is None or not _is_said(row, json.loads(entry["content"]) or {}):
            raise _changed(entry["case_id"])
    if rows:
        raise _changed(min(rows))


def _is_said(row: sqlite3.Row, content: Mapping[str, Any]) -> bool:
    return all(row[name] == content[name] for name in _SAID if name in content)


def _changed(case_id: int) -> StoreRefused:
    return StoreRefused(
        msg(
            "Case {case_id} of the library was changed from outside: it is not what was imported.",
            case_id=f"{case_id:04d}",
        ),
        msg("Restore the library from a backup, and ask who has access to its folder."),
        code="store-case-changed",
    )
