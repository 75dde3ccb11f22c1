"""Nomograms and reports written from the window."""

import dataclasses
import json

import pytest

from her2desk.domain.clinical import clinical_from_json
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.errors import InputRefused
from her2desk.inference.nomograms import answering_nomogram
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.ui.exporting import bedside_picture, report_pages, write_bedside, write_nomogram
from her2desk.ui.readings import validation_aucs


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


@pytest.fixture(scope="module")
def nomogram(case, loaded, prediction):
    return answering_nomogram(prediction, loaded.pack, case.clinical)


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")]
)
def test_a_nomogram_is_saved_by_its_ending(tmp_path, nomogram, ending, start):
    path = tmp_path / f"nomogram.{ending}"
    write_nomogram(path, nomogram, None, 0.0)
    plain = path.read_bytes()
    assert plain.startswith(start)
    write_nomogram(path, nomogram, {**nomogram.values, "pr": 1 - nomogram.values["pr"]}, 0.0)
    assert path.read_bytes() != plain  # what is tried stands beside the patient


def test_a_nomogram_of_another_kind_or_place_is_refused(tmp_path, nomogram):
    undrawn = dataclasses.replace(nomogram, geometry=None)
    for path, given, code in (
        (tmp_path / "n.docx", nomogram, "picture-kind"),
        (tmp_path / "no/n.svg", nomogram, "unwritable"),
        (tmp_path / "n.svg", undrawn, "nomogram-empty"),
    ):
        with pytest.raises(InputRefused) as refused:
            write_nomogram(path, given, None, 0.0)
        assert refused.value.code == code
    with pytest.raises(InputRefused):
        write_bedside(tmp_path / "no/n.pdf", b"")


def test_the_page_to_print_has_the_pack_and_a_patient_only_when_asked(nomogram, prediction):
    page = bedside_picture(nomogram, prediction, "2026-03-01")
    assert page.startswith(b"%PDF")
    tried = {**nomogram.values, "pr": 1 - nomogram.values["pr"]}
    assert page == bedside_picture(nomogram, prediction, "2026-03-01", tried=tried)
    asked = bedside_picture(nomogram, prediction, "2026-03-01", with_patient=True, tried=tried)
    assert asked not in (
        page,
        bedside_picture(nomogram, prediction, "2026-03-01", with_patient=True),
    )


def test_a_report_has_its_pictures_inside(case, loaded, prediction):
    pages = report_pages(prediction, case.image, case.pixels, loaded.pack, "Reader A")
    assert set(pages.pictures) == {"frame.png", "heatmap.png", "nomogram.png"}
    assert f"{prediction.readout.probability:.2f}" in pages.html
    assert prediction.inputs.sha256 in pages.html
    again = report_pages(prediction, case.image, case.pixels, loaded.pack, "Reader A")
    assert again.html == pages.html


def test_branches_carry_the_packs_own_aucs(loaded):
    for name, (value, lower, upper) in validation_aucs(loaded.pack).items():
        assert lower <= value <= upper, name
