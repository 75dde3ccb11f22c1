"""Libraries with cases in them, and libraries of earlier schemas."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from her2desk.domain.image import UltrasoundImage
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.library import Library
from her2desk.store.migrating import known_migrations, migrate
from her2desk.store.opening import open_library

AddCase = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with open_library(folder, reader="Reader A") as opened:
        yield opened


@pytest.fixture
def add_case(library: Library, tmp_path: Path) -> AddCase:
    """Imports a file with this content and gives the case's number."""

    def add(content: bytes = b"an ultrasound image", **values: object) -> int:
        file = tmp_path / "source.dcm"
        file.write_bytes(content)
        image = UltrasoundImage(
            sha256=hashlib.sha256(content).hexdigest(),
            sop_instance_uid=None,
            rows=100,
            columns=200,
            frames=1,
            photometric="MONOCHROME2",
            transfer_syntax="1.2.840.10008.1.2.1",
        )
        name = str(values.pop("file_name", "one.dcm"))
        return library.add_image(file, replace(image, **values), name).case_id

    return add


@pytest.fixture
def old_library(folder: Path) -> Path:
    """A library as schema 2 kept it: two cases, and what was said of the first."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrate(connection, known_migrations()[:2])
        for case_id in (1, 2):
            connection.execute(
                "INSERT INTO cases VALUES (?, ?, 'one.dcm', NULL, '', '20250102', ?, 'Roe^Jane',"
                " 61.0, 'L', 1, '2025-03-01T12:00:00.000+00:00')",
                (case_id, f"{case_id}" * 64, f"P-{case_id}"),
            )
        said = [
            (1, "imported", {}),
            (2, "imported", {}),
            (1, "roi", {"frame_index": 0, "polygon": []}),
            (1, "clinical", {"age_years": 62.3, "laterality": "R"}),
            (1, "prediction", {"document": {"p": 0.25}, "inputs_sha256": "ab"}),
            (1, "pathology", {"her2_ihc": "3+", "her2_fish": None}),
        ]
        previous = "0" * 64
        for case_id, action, content in said:
            text, utc = json.dumps(content), "2025-03-01T12:00:00.000+00:00"
            linked = json.dumps([previous, case_id, action, text, "Reader A", utc])
            link = hashlib.sha256(linked.encode()).hexdigest()
            connection.execute(
                "INSERT INTO history (case_id, action, content, reader, utc, previous_sha256,"
                " sha256) VALUES (?, ?, ?, 'Reader A', ?, ?, ?)",
                (case_id, action, text, utc, previous, link),
            )
            previous = link
    return folder
