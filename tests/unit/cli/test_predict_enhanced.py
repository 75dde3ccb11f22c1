"""``her2desk predict`` by a pack that enhances images through a network: what it prints and keeps."""

import csv
import dataclasses
import json
from pathlib import Path

import pytest

from her2desk.cli.app import main
from her2desk.domain.enhancement import EnhancementUse
from her2desk.inference.stored_prediction import from_stored
from her2desk.packs.archive import read_archive, write_archive
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from tests.enhancers import small_enhancer_file
from tests.pack_samples import write_enhancing


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    small_enhancer_file(folder / "tiny.h2enhancer")
    return write_enhancing(folder / "tiny.h2pack", folder / "tiny.h2enhancer")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ward") / "ward"
    assert main(["phantom", str(folder), "--patients", "1", "--seed", "5", "--json"]) == 0
    return folder


def case_of(cohort: Path) -> list[str]:
    with (cohort / "cohort.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    return ["predict", str(cohort / row["image"]), "--roi", str(cohort / row["roi"])]


def test_the_answer_says_by_what_its_image_was_enhanced_and_is_kept_so(
    capsys, tmp_path: Path, cohort: Path, pack: Path
):
    asked = [*case_of(cohort), "--pack", str(pack), "--device", "cpu"]
    library = tmp_path / "library"
    assert main([*asked, "--json", "--save", "--library", str(library)]) == 0
    document = json.loads(capsys.readouterr().out)
    said = document["enhancement"]
    assert (said["method"], said["name"], said["version"], said["scale"]) == (
        "network", "tiny", "1.0", 4,
    )  # fmt: skip
    consistency = said["consistency"]
    assert consistency["tolerance"] == 1.0
    assert 0 <= consistency["failing_pixels"] <= consistency["pixels"]
    assert len(consistency["regions"]) <= 20
    codes = [warning["code"] for warning in document["warnings"]]
    assert ("enhancement-inconsistent" in codes) == (consistency["failing_pixels"] > 0)
    with open_library(library, reader=Settings().reader) as store:
        kept = store.latest_prediction(document["case_id"])
    assert kept is not None
    assert from_stored(kept.whole).to_json()["enhancement"] == said

    assert main(asked) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Features and network saw the image enhanced by tiny 1.0 (×4)" in text
    largest = f"{consistency['largest']:.2f}"
    assert f"the largest difference when brought down again is {largest} grey levels" in text


def test_the_table_of_a_cohort_says_it_of_each_patient(
    capsys, tmp_path: Path, cohort: Path, pack: Path
):
    table = tmp_path / "table.csv"
    asked = ["predict", "--cohort", str(cohort), "--out", str(table), "--device", "cpu"]
    assert main([*asked, "--pack", str(pack), "--json"]) == 0
    with table.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["enhancement"] == "tiny 1.0"
    assert float(row["enhancement_largest"]) >= 0
    assert int(row["enhancement_failing_pixels"]) >= 0
    assert main([*asked, "--json"]) == 0  # the demo pack, which does not enhance
    with table.open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert [row[name] for name in row if name.startswith("enhancement")] == ["", "", ""]
    capsys.readouterr()


def test_a_pack_that_lost_its_enhancer_does_not_run(
    capsys, tmp_path: Path, cohort: Path, pack: Path
):
    members = dict(read_archive(pack).members)
    for name in [name for name in members if name.startswith("enhancement/")]:
        del members[name]
    robbed = tmp_path / "robbed.h2pack"
    write_archive(robbed, members)
    assert main([*case_of(cohort), "--pack", str(robbed), "--device", "cpu", "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"].startswith("pack-")
    assert error["remedy"]


def test_an_interpolation_has_no_figure_in_the_table():
    from her2desk.cli.predict_cohort import _enhancement

    lanczos = EnhancementUse("lanczos", "lanczos", "1", 4, "0" * 64)
    assert _enhancement(lanczos) == {"enhancement": "lanczos 1"}
    network = dataclasses.replace(lanczos, tolerance=1.0, largest_residual=0.25, of_px=10)
    assert _enhancement(network) == {
        "enhancement": "lanczos 1",
        "enhancement_largest": "0.25",
        "enhancement_failing_pixels": 0,
    }
