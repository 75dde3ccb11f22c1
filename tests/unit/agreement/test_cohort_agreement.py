"""Two readers of a cohort: the table of cases, the summary and who calls for a third reader."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from her2desk.agreement.cohort import agreement_of_cohort, summary
from her2desk.agreement.tables import (
    FEATURES,
    FIGURES,
    feature_rows,
    figure_cells,
    verdict_cells,
    write_table,
)
from her2desk.domain.clinical import ClinicalRecord, Pathology
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortRow
from her2desk.radiomics.profile import us_2d_px

from .readers import disc


def rows(
    folder: Path, second: list[Roi | None], patients: list[str] | None = None
) -> list[CohortRow]:
    """One PNG a row, the first reader's disc of radius 20 to 25, and the second's outline."""
    found = []
    for number, other in enumerate(second):
        rng = np.random.default_rng(number)
        pixels = rng.integers(number, 200 - number, (80, 90), dtype=np.uint8)
        image = folder / f"{number}.png"
        Image.fromarray(pixels).save(image)
        paths = [folder / f"{number}-{reader}.json" for reader in (1, 2)]
        for path, roi in zip(paths, (disc(20 + number % 6), other), strict=True):
            if roi is not None:
                path.write_text(json.dumps(roi.to_json()))
        found.append(
            CohortRow(
                number + 2,
                patients[number] if patients else f"P{number}",
                image,
                0,
                paths[0],
                ClinicalRecord(),
                None,
                Pathology(),
                None,
                None,
                None,
                None if other is None else paths[1],
            )
        )
    return found


def test_cases_are_compared_and_those_far_apart_call_a_third_reader(tmp_path: Path) -> None:
    found = agreement_of_cohort(
        rows(tmp_path, [disc(20), disc(21), disc(39), None]), progress=SilentProgress()
    )
    assert [case.row.patient_id for case in found.cases] == ["P0", "P1", "P2"]
    assert [case.row.patient_id for case in found.third_reader] == ["P2"]
    assert found.cases[0].figures.dice == pytest.approx(1)
    assert found.cases[2].figures.dice < 0.75
    assert found.dice.n == 3
    assert found.dice.median == found.cases[1].figures.dice
    assert found.hausdorff_mm is None, "PNG files have no pixel size"
    assert found.features is None


def test_the_limits_can_be_chosen(tmp_path: Path) -> None:
    table = rows(tmp_path, [disc(20), disc(22)])
    assert agreement_of_cohort(table, progress=SilentProgress()).third_reader == ()
    strict = agreement_of_cohort(table, dice_below=0.99, progress=SilentProgress())
    assert [case.row.patient_id for case in strict.third_reader] == ["P1"]


def test_without_a_second_reader_there_is_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(InputRefused) as caught:
        agreement_of_cohort(rows(tmp_path, [None]), progress=SilentProgress())
    assert caught.value.code == "no-second-reader"


def test_a_file_that_cannot_be_used_names_the_patient(tmp_path: Path) -> None:
    table = rows(tmp_path, [disc(20), disc(21)])
    (tmp_path / "1-2.json").write_text("{}")
    with pytest.raises(InputRefused, match="Patient P1: ") as caught:
        agreement_of_cohort(table, progress=SilentProgress())
    assert caught.value.code == "roi-malformed"


def test_a_patient_counts_once_for_features_by_the_largest_outline(tmp_path: Path) -> None:
    profile = us_2d_px().model_copy(
        update={"image_types": ("Original",), "feature_classes": ("firstorder",), "log_sigmas": ()}
    )
    seconds: list[Roi | None] = [disc(20 + n % 6) for n in range(31)]
    patients = ["P0", "P0", *(f"P{n}" for n in range(2, 31))]
    found = agreement_of_cohort(
        rows(tmp_path, seconds, patients), profile, progress=SilentProgress()
    )
    assert len(found.cases) == 31
    assert found.features is not None
    assert (found.features.cases, len(found.features.features)) == (30, 18)
    assert found.features.kept == 18, "both readers drew the same"
    few = agreement_of_cohort(rows(tmp_path, seconds[:5]), profile, progress=SilentProgress())
    assert few.features is not None
    assert few.features.note is not None
    assert few.dice.median == pytest.approx(1), "the table of cases is given all the same"
    path = tmp_path / "features.csv"
    write_table(path, FEATURES, feature_rows(found.features))
    with path.open(newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert (float(first["icc_a1_lower"]), first["kept"]) == (1.0, "1")


def test_summaries_are_medians_and_quartiles() -> None:
    """R: quantile(c(1, 2, 4, 8), type = 7) is 1, 1.75, 3, 5, 8."""
    of_four = summary([8, 1, 4, 2])
    assert (of_four.lower_quartile, of_four.median, of_four.upper_quartile) == (1.75, 3, 5)
    assert of_four.to_json() == {"n": 4, "median": 3, "quartiles": [1.75, 5], "range": [1, 8]}
    assert summary([0.5]).to_json()["quartiles"] == [0.5, 0.5]


def test_tables_are_written_whole_and_hold_no_formulas(tmp_path: Path) -> None:
    found = agreement_of_cohort(rows(tmp_path, [disc(20)]), progress=SilentProgress())
    figures = replace(found.cases[0].figures, hausdorff_mm=1.5)
    cells = figure_cells(figures)
    assert dict(zip(FIGURES, cells, strict=True))["hausdorff_mm"] == "1.5"
    assert dict(zip(FIGURES, cells, strict=True))["mean_distance_mm"] == ""
    flag, why = verdict_cells(figures, ())
    assert flag == 0
    assert "pixel" in str(why), "what could not be asked is said"
    path = tmp_path / "cases.csv"
    write_table(path, ("patient_id", "change"), [["=1+1", "-0.5"], ["plain", 3]])
    assert path.read_text() == "patient_id,change\n'=1+1,-0.5\nplain,3\n"
    with pytest.raises(InputRefused, match="cannot be written"):
        write_table(tmp_path / "gone" / "cases.csv", (), [])
    assert not list(tmp_path.glob(".*"))
