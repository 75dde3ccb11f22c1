"""Patients with several images stay together: the image with the largest outline answers (V3)."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from her2desk.inference.cohort import read_cohort
from her2desk.training.patients import choose_rows


def square(side: int, at: int = 10) -> str:
    corners = [[at, at], [at + side, at], [at + side, at + side], [at, at + side]]
    return json.dumps({"frame_index": 0, "polygon": corners})


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(1)
    rows = []
    for name, patient, side, ihc in (
        ("a", "P2", 20, "3+"), ("b", "P2", 40, "3+"), ("c", "P2", 30, "3+"),
        ("d", "P1", 20, "1+"), ("e", "P3", 20, "2+"),
    ):  # fmt: skip
        Image.fromarray(rng.integers(0, 255, (80, 90), dtype=np.uint8)).save(
            tmp_path / f"{name}.png"
        )
        (tmp_path / f"{name}.json").write_text(square(side))
        rows.append(
            {"patient_id": patient, "image": f"{name}.png", "roi": f"{name}.json", "her2_ihc": ihc}
        )
    with (tmp_path / "cohort.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def test_one_row_a_patient_in_order_of_patient(folder):
    chosen = choose_rows(read_cohort(folder))
    assert [(row.patient_id, row.image.name) for row in chosen.rows] == [
        ("P1", "d.png"), ("P2", "b.png"),
    ]  # fmt: skip


def test_what_was_left_out_is_said_with_the_reason(folder):
    left_out = dict(choose_rows(read_cohort(folder)).left_out)
    assert left_out["P2"].text() == "3 images; row 3 has the largest outline."
    assert "not known" in left_out["P3"].text()


def test_the_order_of_the_table_changes_nothing(folder):
    rows = read_cohort(folder)
    assert choose_rows(rows[::-1]).rows == choose_rows(rows).rows
