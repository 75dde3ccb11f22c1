"""A library as versions before the salted history wrote it (schema 2), for migrations to be killed in."""

import hashlib
import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

from benchmarks.crash.told import Fact
from her2desk.domain.drawing import Drawing
from her2desk.domain.roi import Roi

SCHEMA = 2
READER = "Reader A"


def write_old_library(folder: Path, cases: int, entries: int, seed: int) -> list[Fact]:
    """Write a library of ``cases`` with ``entries`` each, and give what one would have told of it."""
    dice = random.Random(seed)
    (folder / "files" / "incoming").mkdir(parents=True)
    connection = sqlite3.connect(folder / "library.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    steps = resources.files("her2desk.store.migrations")
    for step in sorted(f.name for f in steps.iterdir() if f.name.endswith(".sql"))[:SCHEMA]:
        connection.executescript((steps / step).read_text(encoding="utf-8"))
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    facts: list[Fact] = []
    chain = _Chain(connection)
    for case_id in range(1, cases + 1):
        sha256 = _case(folder, connection, case_id, dice)
        chain.add(case_id, "imported", {"image_sha256": sha256})
        facts.append({"said": "imported", "at": 0, "sha256": sha256, "case": case_id})
        for _ in range(entries // 2):
            drawing = _drawing(dice)
            chain.add(case_id, "drawing", drawing.to_json())
            chain.add(case_id, "roi", drawing.rois[0].to_json())
            facts += _told(len(facts), case_id, drawing)
    connection.commit()
    connection.close()
    return facts


class _Chain:
    """The history of schema 2: each entry's hash covers its content and the hash before it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._last = "0" * 64
        self._at = datetime(2024, 1, 1, tzinfo=UTC)

    def add(self, case_id: int, action: str, content: object) -> None:
        text = json.dumps(content, sort_keys=True)
        self._at += timedelta(seconds=7)
        utc = self._at.isoformat(timespec="milliseconds")
        linked = json.dumps([self._last, case_id, action, text, READER, utc])
        sha256 = hashlib.sha256(linked.encode()).hexdigest()
        self._connection.execute(
            "INSERT INTO history (case_id, action, content, reader, utc, previous_sha256, sha256)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (case_id, action, text, READER, utc, self._last, sha256),
        )
        self._last = sha256


def _case(folder: Path, connection: sqlite3.Connection, case_id: int, dice: random.Random) -> str:
    content = dice.randbytes(20_000)
    sha256 = hashlib.sha256(content).hexdigest()
    (folder / "files" / sha256[:2]).mkdir(exist_ok=True)
    (folder / "files" / sha256[:2] / sha256).write_bytes(content)
    connection.execute(
        "INSERT INTO cases (image_sha256, file_name, sop_instance_uid, study_instance_uid,"
        " study_date, patient_id, patient_name, frames, imported_utc)"
        " VALUES (?, ?, ?, '1.2', '20240101', ?, 'Old^Case', 1, '2024-01-01T00:00:00.000+00:00')",
        (sha256, f"{case_id}.dcm", f"1.2.{case_id}", f"P{case_id}"),
    )
    return sha256


def _drawing(dice: random.Random) -> Drawing:
    corners = [(1, 1), (2, 1), (2, 2), (1, 2)]
    points = [(x * 50.0 + dice.uniform(0, 40), y * 50.0 + dice.uniform(0, 40)) for x, y in corners]
    return Drawing(rois=(Roi(0, tuple(points)),))


def _told(n: int, case_id: int, drawing: Drawing) -> list[Fact]:
    content = json.loads(json.dumps(drawing.to_json()))
    by = {"case": case_id, "action": "drawing", "content": content, "reader": READER}
    return [{"said": "meant", "at": 0, "n": n, **by}, {"said": "kept", "at": 0, "n": n}]
