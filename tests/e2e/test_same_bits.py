"""The window's engine, the command line and Python give the same bits for the same case."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.prediction import Prediction
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.inference.engine import Engine, PredictRequest
from her2desk.inference.pipeline import Question, load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.paths import demo_case_dir, demo_pack_path, settings_path
from her2desk.settings import Settings, save_settings
from tests.enhancers import small_enhancer_file
from tests.pack_samples import write_enhancing
from tests.ready_processes import run_her2desk

CASE = demo_case_dir()


def comparable(document: dict) -> dict:
    return {key: value for key, value in document.items() if key != "timings_ms"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("library"))
    engine.start()
    assert engine.receive() == ("ready",)
    yield engine
    engine.stop()


def from_engine(engine: Engine, request: PredictRequest) -> Prediction:
    engine.send("run", 1, request)
    while (message := engine.receive())[0] == "progress":
        pass
    assert message[:2] == ("done", 1)
    return message[2]


@pytest.mark.parametrize(
    ("record", "point", "prevalence"),
    [("clinical.json", "youden", None), (None, 0.3, 0.15)],
    ids=["as it is", "image only, own threshold and prevalence"],
)
def test_window_command_line_and_python_agree_to_the_last_bit(engine, record, point, prevalence):
    roi = roi_from_json((CASE / "roi.json").read_text())
    clinical = ClinicalRecord()
    command = [
        sys.executable, "-m", "her2desk", "predict", str(CASE / "demo.dcm"), "--json",
        "--roi", str(CASE / "roi.json"), "--device", "cpu", "--operating-point", str(point),
    ]  # fmt: skip
    if record is not None:
        clinical = clinical_from_json(json.loads((CASE / record).read_text()))
        command += ["--clinical", str(CASE / record)]
    if prevalence is not None:
        command += ["--prevalence", str(prevalence)]

    request = PredictRequest(
        CASE / "demo.dcm", roi, clinical, demo_pack_path(), "cpu", point, prevalence
    )
    window = from_engine(engine, request)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    case = read_case(CASE / "demo.dcm", roi, clinical)
    question = Question(point, prevalence)
    here = predict(case, load_pack(demo_pack_path(), "cpu"), SilentProgress(), question)

    expected = comparable(json.loads(json.dumps(window.to_json())))
    assert comparable(json.loads(done.stdout)) == expected
    assert comparable(json.loads(json.dumps(here.to_json()))) == expected
    assert here.signatures == window.signatures
    assert here.estimate == window.estimate
    assert here.features == window.features
    assert np.array_equal(here.heatmap.values, window.heatmap.values)
    assert (expected["branches"]["clinical"] is None) == (record is None)


@pytest.mark.slow
def test_they_agree_too_where_a_network_enhances_the_image_first(engine, tmp_path):
    """Prepared in idle moments or not, tile by tile: the pictures that are read are the same."""
    small_enhancer_file(tmp_path / "tiny.h2enhancer")
    pack = write_enhancing(tmp_path / "tiny.h2pack", tmp_path / "tiny.h2enhancer")
    roi = roi_from_json((CASE / "roi.json").read_text())
    engine.send("warm", pack, "cpu")
    assert engine.receive() == ("warmed", pack)
    engine.send("look", CASE / "demo.dcm", roi.frame_index)
    request = PredictRequest(CASE / "demo.dcm", roi, ClinicalRecord(), pack, "cpu")
    window = from_engine(engine, request)
    case = read_case(CASE / "demo.dcm", roi, ClinicalRecord())
    here = predict(case, load_pack(pack, "cpu"), SilentProgress())
    done = run_her2desk(
        "predict", str(CASE / "demo.dcm"), "--json", "--roi", str(CASE / "roi.json"),
        "--pack", str(pack), "--device", "cpu",
    )  # fmt: skip

    expected = comparable(json.loads(json.dumps(window.to_json())))
    said = comparable(json.loads(done.stdout))
    unsigned, *said["warnings"] = said["warnings"]
    assert unsigned["code"] == "pack-unsigned"
    assert said == expected
    assert comparable(json.loads(json.dumps(here.to_json()))) == expected
    assert (here.features, here.signatures) == (window.features, window.signatures)
    assert expected["enhancement"]["name"] == "tiny"
    assert expected["enhancement"]["consistency"]["failing_pixels"] > 0
    assert "enhancement-inconsistent" in [warning["code"] for warning in expected["warnings"]]


@pytest.mark.slow
def test_the_number_of_threads_in_the_environment_changes_no_bit(engine):
    """The program fixes its own number, so a cluster's settings do not move the last digits."""
    command = [
        sys.executable, "-m", "her2desk", "predict", str(CASE / "demo.dcm"), "--json",
        "--roi", str(CASE / "roi.json"), "--device", "cpu",
    ]  # fmt: skip
    roi = roi_from_json((CASE / "roi.json").read_text())
    request = PredictRequest(CASE / "demo.dcm", roi, ClinicalRecord(), demo_pack_path(), "cpu")
    expected = comparable(json.loads(json.dumps(from_engine(engine, request).to_json())))
    environment = {**os.environ, "OMP_NUM_THREADS": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert comparable(json.loads(done.stdout)) == expected


@pytest.mark.slow
def test_with_a_number_of_threads_chosen_window_and_command_line_agree(tmp_path, own_home):
    save_settings(settings_path(), Settings(threads=3))
    command = [
        "predict", str(CASE / "demo.dcm"), "--json",
        "--roi", str(CASE / "roi.json"), "--device", "cpu",
    ]  # fmt: skip
    roi = roi_from_json((CASE / "roi.json").read_text())
    request = PredictRequest(CASE / "demo.dcm", roi, ClinicalRecord(), demo_pack_path(), "cpu")
    engine = Engine(tmp_path, 3)
    engine.start()
    assert engine.receive() == ("ready",)
    window = comparable(json.loads(json.dumps(from_engine(engine, request).to_json())))
    engine.stop()
    done = run_her2desk(*command)
    assert comparable(json.loads(done.stdout)) == window
