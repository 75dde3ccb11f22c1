"""``make demo-pack``: the demo goes through the builder that everybody's pack goes through."""

import json
from pathlib import Path

import pytest

from her2desk.inference.cohort import read_cohort
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_pack_path
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import load_profile, with_resample
from her2desk.texts import msg
from her2desk.training import demo
from her2desk.training.request import TrainResult


@pytest.fixture
def request_of_demo():
    place = Path("somewhere")
    return demo.demo_request(place, place / demo.PACK, place / "p.json", place / "work")


def test_the_request_obeys_the_rules(request_of_demo):
    assert request_of_demo.demo
    assert request_of_demo.repeats >= 4  # V10
    assert request_of_demo.outer_folds >= 5
    assert request_of_demo.seed is None  # V5: the cohort's own
    assert request_of_demo.held_out == 0.3
    assert len(request_of_demo.families) == 5


def test_the_pack_that_ships_has_all_that_the_readout_speaks_of():
    pack = open_pack(demo_pack_path())
    readout, space = pack.readout, pack.space
    assert {f.submodel for f in readout.failures} == {s.pattern for s in pack.models.submodels}
    assert set(space.part.patients) == {row.patient for row in pack.validation}
    assert 0.01 < space.part.false_alarms / space.part.judged < 0.1  # 5 % is meant
    assert len(readout.seen.scanners) == 3
    assert len(pack.models.nomograms) >= 2


def test_the_profile_measures_three_kinds_of_image():
    kinds = {name.split("_")[0].split("-")[0] for name in all_names(demo.demo_profile())}
    assert kinds == {"original", "log", "gradient"}


def test_the_pack_that_ships_was_built_by_this_request(request_of_demo):
    pack = open_pack(demo_pack_path())
    manifest = pack.manifest
    assert manifest.demo
    assert (manifest.name, manifest.version) == (request_of_demo.name, request_of_demo.version)
    assert manifest.decision_range == request_of_demo.decision_range
    assert manifest.seed == int(manifest.training.cohort_sha256[:6], 16)
    assert manifest.provenance.settings["repeats"] == str(request_of_demo.repeats)
    own = load_profile(pack.profile_text)
    assert own == with_resample(demo.demo_profile(), own.resample)
    assert manifest.provenance.held_out_patients > 0
    assert all(pack.thumbnail(row.patient) for row in pack.validation)
    assert demo_pack_path().stat().st_size < 2_000_000
    assert set(manifest.auc.held_out) >= {"clinical", "radiomics", "cnn", "dlr", "combined"}


def test_building_writes_the_pack_and_the_case(tmp_path, monkeypatch, capsys):
    """With the long work played: what is trained on is the simulated cohort of this seed."""

    def played(request, progress):
        assert len(read_cohort(request.cohort)) == 3
        assert load_profile(Path(request.profile).read_text()) == demo.demo_profile()
        progress.step(0.5, msg("Half way"))
        request.out.write_bytes(b"pack")
        return TrainResult(request.out, "d" * 64, *(request.out,) * 3), None

    numbered = []
    monkeypatch.setattr(demo, "train", played)
    monkeypatch.setattr(demo, "write_numbers", lambda folder, pack: numbered.append((folder, pack)))
    assert demo.build_demo(tmp_path / "demo", patients=3) == "d" * 64
    assert (tmp_path / "demo" / demo.PACK).read_bytes() == b"pack"
    assert json.loads((tmp_path / "demo" / "case" / "roi.json").read_text())["polygon"]
    assert numbered == [(tmp_path / "demo", tmp_path / "demo" / demo.PACK)]
    assert "50%  Half way" in capsys.readouterr().err
