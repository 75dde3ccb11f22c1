"""Nomograms and reports written from the window."""

import dataclasses
import json

import pytest

from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.errors import InputRefused
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.ui.exporting import report_pages, write_nomogram
from her2desk.ui.readings import (
    missing_names,
    missing_note,
    nomogram_of,
    nomogram_shift,
    validation_aucs,
)


@pytest.fixture(scope="module")
def loaded():
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
def case():
    folder = demo_case_dir()
    record = clinical_from_json(json.loads((folder / "clinical.json").read_text()))
    roi = roi_from_json((folder / "roi.json").read_text())
    return read_case(folder / "demo.dcm", roi, record)


@pytest.fixture(scope="module")
def prediction(case, loaded):
    return predict(case, loaded, SilentProgress())


def test_the_nomogram_gives_the_estimate_back(case, loaded, prediction):
    geometry, values = nomogram_of(prediction, loaded.pack, case.clinical)
    assert set(values) == {"pr", "dlr"}
    total = geometry.total_points(values)
    assert geometry.probability(total, nomogram_shift(prediction)) == pytest.approx(
        prediction.readout.probability, abs=1e-12
    )


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")]
)
def test_a_nomogram_is_saved_by_its_ending(tmp_path, case, loaded, prediction, ending, start):
    geometry, values = nomogram_of(prediction, loaded.pack, case.clinical)
    path = tmp_path / f"nomogram.{ending}"
    write_nomogram(path, geometry, values, 0.0)
    assert path.read_bytes().startswith(start)


def test_a_nomogram_of_another_kind_or_place_is_refused(tmp_path, case, loaded, prediction):
    geometry, values = nomogram_of(prediction, loaded.pack, case.clinical)
    for path, code in (
        (tmp_path / "n.docx", "picture-kind"),
        (tmp_path / "no/n.svg", "unwritable"),
    ):
        with pytest.raises(InputRefused) as refused:
            write_nomogram(path, geometry, values, 0.0)
        assert refused.value.code == code


def test_a_report_has_its_pictures_inside(case, loaded, prediction):
    pages = report_pages(
        prediction, case.image, case.pixels, loaded.pack, case.clinical, "Reader A"
    )
    assert set(pages.pictures) == {"frame.png", "heatmap.png", "nomogram.png"}
    assert f"{prediction.readout.probability:.2f}" in pages.html
    assert prediction.inputs.sha256 in pages.html
    again = report_pages(
        prediction, case.image, case.pixels, loaded.pack, case.clinical, "Reader A"
    )
    assert again.html == pages.html


def test_what_leaving_pr_out_does_is_said_with_both_answers(case, loaded):
    unknown = dataclasses.replace(case, clinical=ClinicalRecord())
    found = predict(unknown, loaded, SilentProgress())
    note = missing_note(found, loaded.pack, unknown.clinical)
    assert missing_names(loaded.pack, unknown.clinical) == ("Progesterone receptor (PR)",)
    for pr in (True, False):
        known = dataclasses.replace(case, clinical=ClinicalRecord(pr=pr))
        answer = predict(known, loaded, SilentProgress()).readout.probability
        assert f"{answer:.2f}" in note.text()


def test_nothing_is_said_where_nothing_is_missing(case, loaded, prediction):
    assert missing_note(prediction, loaded.pack, case.clinical) is None


def test_branches_carry_the_packs_own_aucs(loaded):
    for name, (value, lower, upper) in validation_aucs(loaded.pack).items():
        assert lower <= value <= upper, name
