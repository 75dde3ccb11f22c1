"""The case list of a large library: pages, filters and counts, beside how they were asked before.

``python -m benchmarks.library [CASES]``, 10,000 by default. The library is synthetic: each case with
its import, five strokes, a clinical record, for two in three a prediction of 20 kB, for one in two
pathology. The baseline asks the same database as the first two schemas did, with a subquery a case
and fact, and searches in Python. Besides: migrating, a stroke, a backup, checking, restoring.
"""

import hashlib
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.drawing import drawing_of
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.roi import Roi
from her2desk.store import case_states, cases, history
from her2desk.store.backup import backup_library
from her2desk.store.cases import CaseFilter, CaseStatus
from her2desk.store.connection import DATABASE_NAME, open_database
from her2desk.store.erasing import erase_cases
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.migrating import known_migrations, migrate
from her2desk.store.opening import open_library
from her2desk.store.restoring import restore_library

CASES = 10_000
PAGE = 100
REPEATS = 15
READER = "Reader A"
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
SURNAMES = ("Weber", "Zhang", "Okafor", "Garcia", "Novak", "Silva", "Tanaka", "Dubois")
PREDICTION_BYTES = 20_000

BEFORE = """
    SELECT cases.*,
           (SELECT content FROM history WHERE case_id = cases.case_id AND action = 'clinical'
            ORDER BY entry_id DESC LIMIT 1) AS clinical,
           (SELECT content <> 'null' FROM history WHERE case_id = cases.case_id AND action = 'roi'
            AND reader = :reader ORDER BY entry_id DESC LIMIT 1) AS has_roi,
           (SELECT max(entry_id) FROM history WHERE case_id = cases.case_id
            AND (action IN ('clinical', 'calibration') OR action = 'roi' AND reader = :reader)
           ) AS changed,
           (SELECT max(entry_id) FROM history WHERE case_id = cases.case_id
            AND action = 'prediction' AND reader = :reader) AS predicted,
           (SELECT max(entry_id) FROM history WHERE case_id = cases.case_id
            AND action = 'reported' AND reader = :reader) AS reported
    FROM cases ORDER BY case_id DESC
"""

FILTERS = {
    "nothing": CaseFilter(),
    "two words": CaseFilter(words="zhang left-3"),
    "a word that is rare": CaseFilter(words="P00077"),
    "a word that is nowhere": CaseFilter(words="nowhere"),
    "status drawn": CaseFilter(statuses=frozenset({CaseStatus.DRAWN})),
    "right side": CaseFilter(laterality="R"),
    "a month of studies": CaseFilter(studied_from=date(2025, 3, 1), studied_to=date(2025, 3, 31)),
    "with pathology": CaseFilter(has_pathology=True),
    "imported since": CaseFilter(imported_since=START + timedelta(hours=1)),
    "all of these": CaseFilter(
        "garcia", frozenset({CaseStatus.READ}), "L", date(2025, 1, 1), None, True, START
    ),
}


def fill(library: Library, number: int, rng: np.random.Generator) -> None:
    """Cases with what is done to them, in a few large transactions."""
    square = drawing_of(Roi(0, ((10.0, 10.0), (90.0, 12.5), (88.0, 70.0), (11.0, 72.0))))
    padding = "x" * PREDICTION_BYTES
    for first in range(0, number, 1000):
        with library.parts.database.transaction() as connection:
            for at in range(first, min(first + 1000, number)):
                now = START + timedelta(seconds=at)
                case_id = cases.insert(
                    connection, _image(at), f"left-{at % 7}.dcm", now.isoformat()
                )
                said: list[tuple[Action, object]] = [(Action.IMPORTED, {})]
                for _ in range(5):
                    said.append((Action.DRAWING, square.to_json()))
                said.append((Action.ROI, square.rois[0].to_json()))
                record = ClinicalRecord(
                    age_years=float(rng.integers(30, 80)), laterality="LR"[at % 2]
                )
                said.append((Action.CLINICAL, record.to_json()))
                if at % 3:
                    document = {"document": {"p": 0.5, "padding": padding}, "inputs_sha256": ""}
                    said.append((Action.PREDICTION, document))
                if at % 2:
                    said.append((Action.PATHOLOGY, {"her2_ihc": "3+", "her2_fish": None}))
                for action, content in said:
                    entry = history.append(
                        connection,
                        case_id,
                        action,
                        content,
                        READER,
                        now,  # type: ignore[arg-type]
                    )
                    case_states.follow(connection, entry)


def _image(at: int) -> UltrasoundImage:
    return UltrasoundImage(
        sha256=hashlib.sha256(b"%d" % at).hexdigest(),
        sop_instance_uid=f"1.2.{at}",
        rows=600,
        columns=800,
        frames=1,
        photometric="MONOCHROME2",
        transfer_syntax="1.2.840.10008.1.2.1",
        patient_id=f"P{at:05d}",
        patient_name=f"{SURNAMES[at % len(SURNAMES)]}^{at}",
        study_date=f"{date(2025, 1, 1) + timedelta(days=at % 365):%Y%m%d}",
    )


def best(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def before(library: Library, words: str = "") -> int:
    """The list as the first two schemas gave it."""
    with library.parts.database.reading() as connection:
        rows = connection.execute(BEFORE, {"reader": READER}).fetchall()
    found = 0
    for row in rows:
        said = json.loads(row["clinical"]) if row["clinical"] else {}
        text = " ".join(
            (
                f"{row['case_id']:04d}",
                row["patient_id"],
                row["patient_name"],
                said.get("laterality") or row["laterality"] or "",
                row["study_date"],
                row["file_name"],
            )
        ).casefold()
        found += all(word in text for word in words.casefold().split())
    return found


def show_lists(library: Library) -> None:
    """Pages, all rows and counts by filter."""
    once = best(lambda: before(library), 3)
    print(f"the list as before: {once:.0f} ms; with two words: ", end="")
    print(f"{best(lambda: before(library, 'zhang left-3'), 3):.0f} ms")
    print(
        f"{'filter':24} {'cases':>7} {'page of 100':>12} {'last page':>10} {'count':>8} {'all':>8}"
    )
    for name, asked in FILTERS.items():
        n = library.count(asked)
        page = best(lambda asked=asked: library.find(asked, PAGE))  # type: ignore[misc]
        last = best(
            lambda asked=asked, n=n: library.find(asked, PAGE, max(0, n - PAGE))  # type: ignore[misc]
        )
        count = best(lambda asked=asked: library.count(asked))  # type: ignore[misc]
        whole = best(lambda asked=asked: library.find(asked))  # type: ignore[misc]
        print(
            f"{name:24} {n:7} {page:9.1f} ms {last:7.1f} ms {count:5.1f} ms {whole:5.1f} ms", end=""
        )
        print(f"   {once / page:.0f}× the old list" if name == "nothing" else "")


def show_work(library: Library, home: Path) -> None:
    """What else is done to a whole library."""
    drawing = drawing_of(Roi(0, ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))))
    print(
        f"a stroke, acknowledged on disk: {best(lambda: library.save_drawing(1, drawing)):.1f} ms"
    )
    old = home / "old.sqlite"
    write_schema_2(library, old)
    work = {
        "checking history and list": library.check,
        "backup (no images)": lambda: backup_library(library, home / "b.zip"),
        "restoring it": lambda: restore_library(home / "b.zip", home / "other"),
        "migrating it from schema 2": lambda: open_database(old).close(),
        "erasing one case": lambda: erase_cases(library, [7]),
    }
    for name, step in work.items():
        print(f"{name}: {best(step, 1) / 1000:.1f} s")


def write_schema_2(library: Library, path: Path) -> None:
    """The same library as the second schema kept it."""
    shared = "case_id, image_sha256, file_name, sop_instance_uid, study_instance_uid, study_date,"
    shared += " patient_id, patient_name, patient_age_years, laterality, frames, imported_utc"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as old,
        library.parts.database.reading() as present,
    ):
        migrate(old, known_migrations()[:2])
        old.execute("BEGIN")
        marks = ", ".join("?" * len(shared.split(",")))
        rows = present.execute(f"SELECT {shared} FROM cases")
        old.executemany(f"INSERT INTO cases ({shared}) VALUES ({marks})", map(tuple, rows))
        previous = history.FIRST_LINK
        for row in present.execute("SELECT * FROM history ORDER BY entry_id"):
            said = tuple(row[name] for name in ("case_id", "action", "content", "reader", "utc"))
            link = hashlib.sha256(json.dumps([previous, *said]).encode()).hexdigest()
            old.execute(
                "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (row["entry_id"], *said, previous, link),
            )
            previous = link
        old.execute("COMMIT")


def main() -> None:
    """Fill a library and time what a person waits for."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    with tempfile.TemporaryDirectory(prefix="library-benchmark-") as home:
        folder = Path(home) / "library"
        with open_library(folder, READER) as library:
            fill(library, number, np.random.default_rng(1))
            size = (folder / DATABASE_NAME).stat().st_size
            print(f"{number} cases, {size / 1e6:.0f} MB")
            show_lists(library)
            show_work(library, Path(home))


if __name__ == "__main__":
    main()
