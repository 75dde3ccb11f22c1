"""What a build refuses before it has worked for an hour, and what it says of itself."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from her2desk.domain.progress import SilentProgress
from her2desk.errors import InputRefused
from her2desk.inference.cohort import read_cohort
from her2desk.inference.cohort_check import check_cohort
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d, us_2d_px
from her2desk.texts import Message
from her2desk.training import folds, prepare
from her2desk.training.enhancement import ChosenEnhancement
from her2desk.training.request import TrainRequest
from her2desk.training.run import settings_of, train, versions


class StopsBeforeMeasuring:
    """Fails the test when the build goes on to measure."""

    def step(self, fraction: float, text: Message) -> None:
        assert "measur" not in text.text().lower()
        assert fraction < 0.06


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantoms") / "ward"
    write_cohort(folder, 44, seed=3)
    return folder


def refusal(request: TrainRequest) -> InputRefused:
    with pytest.raises(InputRefused) as refused:
        train(request, StopsBeforeMeasuring())
    assert refused.value.remedy.text()
    return refused.value


def test_a_place_that_cannot_be_written_is_found_out_first(tmp_path, phantoms):
    (tmp_path / "file").write_text("in the way")
    assert refusal(TrainRequest(phantoms, tmp_path / "file" / "a.h2pack")).code == "unwritable"


def test_a_frozen_network_needs_weights(tmp_path, phantoms):
    request = TrainRequest(phantoms, tmp_path / "a.h2pack", dlr="frozen", split="none")
    request = replace(request, outer_folds=2, inner_folds=2)
    assert refusal(request).code == "weights-needed"


def test_an_input_of_after_the_biopsy_is_refused_before_it(tmp_path, phantoms):
    request = TrainRequest(phantoms, tmp_path / "a.h2pack", moment="before-biopsy", inputs=("pr",))
    assert refusal(request).code == "input-too-late"


def test_a_cohort_too_small_for_its_folds_is_refused_before_anything_is_measured(
    tmp_path, phantoms
):
    found = refusal(TrainRequest(phantoms, tmp_path / "a.h2pack", outer_folds=5))
    assert found.code == "too-few-patients"
    assert "at least 30" in found.message.text()


def test_a_split_of_the_table_must_be_there(tmp_path, phantoms):
    request = TrainRequest(phantoms, tmp_path / "a.h2pack", split="column")
    assert refusal(request).code == "split-missing"


def test_sites_are_left_out_only_where_there_are_two(tmp_path, phantoms):
    table = phantoms / "cohort.csv"
    before = table.read_text()
    rows = list(csv.DictReader(before.splitlines()))
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "site": "Site 1"} for row in rows)
    request = TrainRequest(
        phantoms,
        tmp_path / "a.h2pack",
        split="none",
        outer_folds=2,
        inner_folds=2,
        leave_one_site_out=True,
    )
    try:
        assert refusal(request).code == "too-few-sites"
    finally:
        table.write_text(before)


def test_images_without_a_scale_are_not_mixed_with_calibrated_ones(tmp_path, phantoms):
    table = phantoms / "cohort.csv"
    before = table.read_text()
    rows = list(csv.DictReader(before.splitlines()))
    rng = np.random.default_rng(2)
    picture = phantoms / "images" / "plain.png"
    with Image.open(phantoms / rows[2]["roi"].replace("rois", "masks").replace("json", "png")) as m:
        Image.fromarray(rng.integers(0, 255, m.size[::-1], dtype=np.uint8)).save(picture)
    rows[2]["image"] = "images/plain.png"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    request = TrainRequest(
        phantoms, tmp_path / "a.h2pack", split="none", outer_folds=2, inner_folds=2
    )
    try:
        found = refusal(request)
    finally:
        table.write_text(before)
        picture.unlink()
    assert found.code == "spacing-needed"
    assert rows[2]["patient_id"] in found.message.text()
    assert "us-2d-px" in found.remedy.text()


def test_an_unknown_profile_is_refused_with_the_list(tmp_path, phantoms):
    found = refusal(TrainRequest(phantoms, tmp_path / "a.h2pack", profile="us-3d"))
    assert "us-2d" in found.remedy.text()


@pytest.fixture
def few_are_enough(monkeypatch):
    for name in ("FEWEST_PATIENTS", "FEWEST_OF_A_CLASS", "FEWEST_INSIDE"):
        monkeypatch.setattr(folds, name, 2)


def small(cohort, tmp_path, **asked) -> TrainRequest:
    return TrainRequest(
        cohort, tmp_path / "a.h2pack", split="none", outer_folds=2, inner_folds=2, **asked
    )


def test_the_conformal_rule_needs_forty_of_each_class_before_anything_is_measured(
    tmp_path, phantoms, few_are_enough
):
    """V20; the phantoms have 44 patients, so one class at least has fewer."""
    found = refusal(small(phantoms, tmp_path, indeterminate="conformal", inputs=("pr",)))
    assert found.code == "conformal-too-few"
    assert "40 patients of each class" in found.message.text()
    counted = found.message.params
    rows = read_cohort(phantoms)
    known = [row for row in rows if row.positive is not None and row.clinical.pr is not None]
    assert counted["positive"] == sum(row.positive for row in known)
    assert counted["negative"] == len(known) - counted["positive"]


def test_only_patients_whose_every_input_is_known_calibrate_the_conformal_rule(
    tmp_path, phantoms, few_are_enough, monkeypatch
):
    monkeypatch.setattr(prepare, "FEWEST_OF_A_CLASS", 8)
    request = small(phantoms, tmp_path, indeterminate="conformal", inputs=("pr",))
    check = check_cohort(phantoms, SilentProgress())
    cohort = prepare.choose_cohort(request, check, us_2d())
    prepare.check_pack_asked(request, cohort)
    rows = list(cohort.chosen.rows)
    for i, row in enumerate(rows):
        if row.positive and i % 2:
            rows[i] = replace(row, clinical=replace(row.clinical, pr=None))
    fewer = replace(cohort, chosen=replace(cohort.chosen, rows=tuple(rows)))
    with pytest.raises(InputRefused) as refused:
        prepare.check_pack_asked(request, fewer)
    assert refused.value.code == "conformal-too-few"


def test_more_pictures_than_a_pack_holds_are_refused_before_anything_is_measured(
    tmp_path, phantoms, few_are_enough, monkeypatch
):
    monkeypatch.setattr(prepare, "MOST_THUMBNAILS", 20)
    found = refusal(small(phantoms, tmp_path, thumbnails=True))
    assert found.code == "too-many-thumbnails"
    assert "Build without thumbnails" in found.remedy.text()


def test_pictures_change_no_build_and_another_rule_does(tmp_path):
    """V5: whoever tries both rules on held-out patients has built twice."""
    request = TrainRequest(tmp_path, tmp_path / "a.h2pack")
    said = settings_of(request, ChosenEnhancement(), us_2d(), (), 5)
    assert not {"thumbnails", "indeterminate"} & set(said)
    assert (
        settings_of(replace(request, thumbnails=True), ChosenEnhancement(), us_2d(), (), 5) == said
    )
    conformal = settings_of(
        replace(request, indeterminate="conformal"), ChosenEnhancement(), us_2d(), (), 5
    )
    assert conformal == {**said, "indeterminate": "conformal"}


def test_settings_name_no_place_and_no_machine(tmp_path):
    request = TrainRequest(
        tmp_path / "secret", tmp_path / "out.h2pack", work=tmp_path / "w", jobs=7, weights="a.pth"
    )
    said = settings_of(request, ChosenEnhancement(), us_2d(), ("pr",), 5)
    elsewhere = replace(request, cohort=tmp_path, out=tmp_path / "b", work=None, jobs=1)
    assert said == settings_of(elsewhere, ChosenEnhancement(), us_2d(), ("pr",), 5)
    assert str(tmp_path) not in repr(said)
    assert said != settings_of(request, ChosenEnhancement(), us_2d_px(), ("pr",), 5)
    assert (said["inputs"], said["seed"], said["input_size_px"]) == ("pr", "5", "112")
    assert settings_of(request, ChosenEnhancement(), us_2d(), (), 5)["inputs"] == "none"
    assert "None" not in "".join(v for k, v in said.items() if k != "decision_range")


def test_versions_are_of_what_the_numbers_come_from():
    found = versions()
    assert {"python", "numpy", "torch", "scikit-learn", "lightgbm", "pyradiomics"} <= set(found)


def test_a_cancelled_build_leaves_no_pack(tmp_path, phantoms):
    class Cancels(SilentProgress):
        def step(self, fraction: float, text: Message) -> None:
            if fraction > 0.02:
                raise KeyboardInterrupt

    out = tmp_path / "a.h2pack"
    with pytest.raises(KeyboardInterrupt):
        train(TrainRequest(phantoms, out), Cancels())
    assert list(tmp_path.iterdir()) == []
