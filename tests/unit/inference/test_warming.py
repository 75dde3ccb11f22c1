"""The answer that nobody asked for: it can be given by every pack, and brings what answers need."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.errors import Cancelled
from her2desk.inference.engine_work import Work
from her2desk.inference.loaded_pack import load_pack
from her2desk.inference.pipeline import predict
from her2desk.inference.warming import made_up_case, warm_up
from her2desk.paths import demo_pack_path
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import us_2d

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def loaded():
    return load_pack(demo_pack_path(), "cpu")


@pytest.mark.parametrize("pattern", ["image-only", "pr", "ki67_percent+pr"])
def test_a_pack_answers_for_a_patient_of_its_first_pattern(loaded, pattern):
    first = loaded.pack.models.submodels[0].model_copy(update={"pattern": pattern})
    models = loaded.pack.models.model_copy(update={"submodels": (first,)})
    case = made_up_case(replace(loaded.pack, models=models))
    case.clinical.check()
    known = {"image-only": set(), "pr": {"pr"}, "ki67_percent+pr": {"pr", "ki67_percent"}}
    values = case.clinical.to_json().items()
    assert {name for name, value in values if value is not None} == known[pattern]


def test_every_feature_has_a_value_on_the_made_up_picture():
    profile = us_2d()
    case = made_up_case(load_pack(demo_pack_path(), "cpu").pack)
    mask = rasterise(case.roi.polygon, case.image.rows, case.image.columns)
    names = all_names(profile)
    found = extract(case.pixels, mask, case.roi.spacing(case.image).mm, profile, names)
    assert len(found) == len(names)


def test_the_whole_of_an_answer_is_made_with_the_packs_own_names(loaded):
    measured, heard = [], []

    class Watcher:
        def step(self, fraction, text):
            heard.append(text.text())

    def measure(*args, **options):
        measured.append(args[-1])
        return extract(*args, **options)

    warm_up(replace(loaded, measure=measure), Watcher())
    assert measured == [loaded.pack.manifest.features.names]
    assert heard[-1] == "Combining the branches"
    assert predict(made_up_case(loaded.pack), loaded, SILENT).estimate is not None


def test_it_stops_between_two_stages_and_leaves_the_pack_loaded(loaded):
    loads = []

    class Impatient:
        def step(self, fraction, text):
            if fraction > 0.1:
                raise Cancelled

    work = Work(read_pack=lambda path, *_: loads.append(path) or loaded)
    with pytest.raises(Cancelled):
        work.warm(demo_pack_path(), "cpu", Impatient())
    work.load(demo_pack_path(), "cpu")
    assert loads == [demo_pack_path()]


FIRST_ANSWER = """
import json, sys
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.inference.engine import PredictRequest
from her2desk.inference.engine_work import Work
from her2desk.paths import demo_case_dir, demo_pack_path
work, case = Work(), demo_case_dir()
work.warm(demo_pack_path(), "cpu", SilentProgress())
work.look(case / "demo.dcm", 0)
before = set(sys.modules)
roi = roi_from_json((case / "roi.json").read_text())
request = PredictRequest(
    case / "demo.dcm", roi, ClinicalRecord(pr=False), demo_pack_path(), "cpu"
)
work.answer(request, SilentProgress(), lambda _: None)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.mark.slow
def test_the_first_answer_imports_nothing_more():
    run = subprocess.run(
        [sys.executable, "-c", FIRST_ANSWER], capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout.splitlines()[-1]) == []
