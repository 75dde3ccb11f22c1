"""One case through every branch, with the pack that ships."""

import dataclasses
import json

import numpy as np
import pytest
from safetensors.numpy import save as save_tensors

from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.counts import Call
from her2desk.domain.failure import Silence
from her2desk.domain.log_odds import logit
from her2desk.domain.prediction import BRANCHES
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationSource
from her2desk.errors import Cancelled, InputRefused, PackRefused
from her2desk.inference.networks import build_network
from her2desk.inference.pipeline import Question, load_pack, predict
from her2desk.inference.readout import restate
from her2desk.inference.requests import read_case
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.pack import open_pack
from her2desk.packs.trees import TreeEnsemble
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.stats.case_words import no_table_sentence


@pytest.fixture(scope="module")
def loaded():
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
def case():
    folder = demo_case_dir()
    clinical = clinical_from_json(json.loads((folder / "clinical.json").read_text()))
    return read_case(
        folder / "demo.dcm", roi_from_json((folder / "roi.json").read_text()), clinical
    )


@pytest.fixture(scope="module")
def prediction(case, loaded):
    return predict(case, loaded, SilentProgress())


def test_every_branch_answers(prediction):
    assert set(prediction.branches) == set(BRANCHES)
    assert all(0 < value < 1 for value in prediction.branches.values())


def test_the_document_has_what_scripts_rely_on(prediction):
    document = json.loads(json.dumps(prediction.to_json()))
    assert {
        "probability", "interval", "branches", "classes", "operating_point", "call", "confusion",
        "attention", "pack", "inputs_sha256", "spacing_mm", "spacing_source", "warnings",
        "timings_ms", "doubts", "failure", "error_model", "range", "nearest", "unknowns", "traits",
        "estimate", "features", "scanner", "device", "enhancement",
    } == set(document)  # fmt: skip
    table = document["confusion"]
    assert table["tp"] + table["fp"] + table["tn"] + table["fn"] == table["cohort_size"]
    assert table["source"] == "out-of-fold"
    assert document["pack"]["demo"] is True
    assert document["interval"][0] < document["probability"] < document["interval"][1]
    assert "demo-pack" in {w["code"] for w in document["warnings"]}
    assert {"total", "preprocess", "cnn", "heatmap", "radiomics", "readout"} == set(
        document["timings_ms"]
    )


def test_the_same_case_gives_the_same_bits(case, loaded, prediction):
    again = predict(case, loaded, SilentProgress())
    assert again.estimate == prediction.estimate
    assert again.inputs.sha256 == prediction.inputs.sha256
    assert np.array_equal(again.heatmap.values, prediction.heatmap.values)


def test_without_pr_the_image_only_submodel_answers_and_says_so(case, loaded):
    unknown = dataclasses.replace(case, clinical=ClinicalRecord())
    found = predict(unknown, loaded, SilentProgress())
    assert found.estimate.pattern == "image-only"
    assert found.branches["clinical"] is None
    assert "clinical-missing" in {w.code for w in found.warnings}


def test_the_combined_score_is_the_packs_linear_model(case, loaded, prediction):
    submodel = loaded.pack.submodel(frozenset({"pr"}))
    values = {"pr": case.clinical.value("pr"), "dlr": prediction.signatures["dlr"]}
    model = submodel.model
    by_hand = sum(c * values[t] for t, c in zip(model.terms, model.coefficients, strict=True))
    assert prediction.estimate.logit == pytest.approx(model.intercept + by_hand, rel=1e-12)
    assert prediction.estimate.variance > 0


def test_the_prevalence_moves_the_answer_and_every_branch(case, loaded, prediction):
    moved = predict(case, loaded, SilentProgress(), Question(prevalence=0.1))
    shift = logit(0.1) - logit(loaded.pack.manifest.training.prevalence)
    for name in BRANCHES:
        expected = logit(prediction.branches[name]) + shift
        assert logit(moved.branches[name]) == pytest.approx(expected)
    restated = restate(prediction, loaded.pack, prediction.readout.operating_point, 0.1)
    assert restated.readout == moved.readout
    assert restated.branches == moved.branches


def test_an_own_threshold_is_used(case, loaded, prediction):
    high = predict(case, loaded, SilentProgress(), Question(0.999))
    assert high.readout.call in (Call.NEGATIVE, Call.INDETERMINATE)
    assert high.readout.operating_point.is_own


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (Question("best"), "operating-point"),
        (Question(1.5), "operating-point"),
        (Question(prevalence=0.0), "prevalence"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(case, loaded, question, code):
    with pytest.raises(InputRefused) as refused:
        predict(case, loaded, SilentProgress(), question)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("polygon", "code"),
    [
        (((10, 10), (20, 20)), "roi-too-few-points"),
        (((10, 10), (14, 10), (12, 14)), "roi-too-small"),
        (((10, 10), (9999, 10), (12, 140)), "roi-outside"),
    ],
)
def test_an_roi_that_cannot_be_used_is_refused_with_its_limit(case, loaded, polygon, code):
    with pytest.raises(InputRefused) as refused:
        predict(dataclasses.replace(case, roi=Roi(0, polygon)), loaded, SilentProgress())
    assert refused.value.code == code
    assert refused.value.remedy.text()


def test_an_impossible_clinical_value_is_refused_by_name(case, loaded):
    wrong = dataclasses.replace(case, clinical=ClinicalRecord(pr=True, ki67_percent=140))
    with pytest.raises(InputRefused, match="ki67_percent"):
        predict(wrong, loaded, SilentProgress())


def test_cancel_stops_between_stages(case, loaded):
    class Impatient:
        def step(self, fraction, text):
            if fraction > 0.1:
                raise Cancelled

    with pytest.raises(Cancelled):
        predict(case, loaded, Impatient())


def test_a_device_that_is_not_there_is_refused_rather_than_replaced():
    with pytest.raises(InputRefused, match="MPS"):
        load_pack(demo_pack_path(), "mps")


def repacked(tmp_path, changes):
    members = dict(read_archive(demo_pack_path()).members)
    for name, change in changes.items():
        members[name] = change(members.get(name))
    path = tmp_path / "changed.h2pack"
    write_archive(path, members)
    return path


def boosted(inputs):
    return {
        "family": "lightgbm",
        "settings": {},
        "inputs": inputs,
        "link": "identity",
        "intercept": 0.0,
        "coefficients": [],
    }


def edit(**values):
    return lambda raw: json.dumps({**json.loads(raw), **values}).encode()


def test_a_paper_kind_pack_reads_principal_components_of_the_network(tmp_path, case, loaded):
    """One tree on the first component: its score is the leaf on the component's side."""
    width = 64
    components = np.zeros((2, width))
    components[0, 5] = 1.0
    stump = TreeEnsemble(
        feature=np.array([1, -1, -1], np.int32),
        threshold=np.array([0.0, 0, 0]),
        left=np.array([1, -1, -1], np.int32),
        right=np.array([2, -1, -1], np.int32),
        value=np.array([0.0, -0.75, 0.5]),
        default_left=np.zeros(3, bool),
        missing_is_nan=np.zeros(3, bool),
        root=np.array([0], np.int32),
        n_features=2,
    )
    path = repacked(
        tmp_path,
        {
            "manifest.json": edit(dlr_kind="paper"),
            "models/models.json": edit(dlr=boosted(["cnn_logit", "pc_01"])),
            "models/dlr.safetensors": lambda _raw: save_tensors(stump.to_tensors()),
            "models/pca.safetensors": lambda _raw: save_tensors(
                {"mean": np.zeros(width), "components": components}
            ),
        },
    )
    found = predict(case, load_pack(path, "cpu"), SilentProgress())
    assert found.signatures["dlr"] in (-0.75, 0.5)


@pytest.mark.parametrize(
    ("member", "change", "code"),
    [
        ("manifest.json", edit(schema_version=2), "pack-later-schema"),
        ("manifest.json", edit(surprise=1), "pack-malformed"),
        ("manifest.json", edit(classes=["0", "1+", "2+", "3+"]), "pack-classes"),
        ("manifest.json", edit(schema_version="x"), "pack-malformed"),
        ("models/models.json", edit(dlr=boosted(["nobody"])), "pack-malformed"),
        ("models/models.json", edit(dlr=boosted(["cnn_logit"])), "pack-malformed"),  # no trees
        ("validation.csv", lambda raw: raw.replace(b"out-of-fold", b"in-sample"), "pack-malformed"),
        ("validation.csv", lambda raw: raw.replace(b"patient", b"name"), "pack-malformed"),
        ("networks/cnn.safetensors", lambda raw: b"not tensors", "pack-malformed"),
        ("profile.json", lambda raw: b"\xff\xfe", "pack-malformed"),
    ],
)
def test_a_pack_that_is_not_as_it_should_be_is_refused(tmp_path, member, change, code):
    path = repacked(tmp_path, {member: change})
    with pytest.raises(PackRefused) as refused:
        load_pack(path, "cpu")
    assert refused.value.code == code


def test_a_pattern_that_the_pack_does_not_know_is_refused_in_words(tmp_path):
    def only_pr(raw):
        models = json.loads(raw)
        models["submodels"] = [s for s in models["submodels"] if s["pattern"] == "pr"]
        return json.dumps(models).encode()

    def of_pr(raw):
        readout = json.loads(raw)
        for parts in ("failures", "error_models"):
            readout[parts] = [p for p in readout[parts] if p["submodel"] == "pr"]
        return json.dumps(readout).encode()

    changes = {"models/models.json": only_pr, "models/readout.json": of_pr}
    pack = open_pack(repacked(tmp_path, changes))
    with pytest.raises(PackRefused, match="no model for the clinical inputs"):
        pack.submodel(frozenset())


def test_the_card_and_the_validation_rows_agree(loaded):
    pack = loaded.pack
    rows = pack.rows("pr", ValidationSource.OUT_OF_FOLD)
    held_out = [r for r in pack.validation if r.fold is None and r.pattern == "pr"]
    assert len(held_out) == pack.manifest.provenance.held_out_patients > 0
    assert len(rows) == pack.manifest.training.patients
    assert sum(r.positive for r in rows) == pack.manifest.training.positive
    assert "DEMO" in pack.card


@pytest.mark.slow
def test_a_resnet101_pack_of_the_papers_kind_loads_and_answers(tmp_path, case):
    """Penultimate 2048 features → PCA → trees, with a network in torchvision's layout."""
    network = build_network("resnet101", 3)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    rng = np.random.default_rng(0)
    stump = TreeEnsemble(
        feature=np.array([64, -1, -1], np.int32),
        threshold=np.array([0.0, 0, 0]),
        left=np.array([1, -1, -1], np.int32),
        right=np.array([2, -1, -1], np.int32),
        value=np.array([0.0, -0.75, 0.5]),
        default_left=np.zeros(3, bool),
        missing_is_nan=np.zeros(3, bool),
        root=np.array([0], np.int32),
        n_features=65,
    )
    inputs = ["cnn_logit", *(f"pc_{i:02d}" for i in range(1, 65))]
    path = repacked(
        tmp_path,
        {
            "manifest.json": edit(
                dlr_kind="paper",
                network={"architecture": "resnet101", "channels": 3},
                preprocessing={
                    "crop_margin_px": 10,
                    "input_size_px": 224,
                    "normalisation": "z-score",
                },
            ),
            "models/models.json": edit(dlr=boosted(inputs)),
            "models/dlr.safetensors": lambda _raw: save_tensors(stump.to_tensors()),
            "networks/cnn.safetensors": lambda _raw: save_tensors(weights),
            "models/pca.safetensors": lambda _raw: save_tensors(
                {"mean": rng.normal(size=2048), "components": rng.normal(size=(64, 2048))}
            ),
        },
    )
    found = predict(case, load_pack(path, "cpu"), SilentProgress())
    assert found.heatmap.values.shape == (7, 7)
    assert found.signatures["dlr"] in (-0.75, 0.5)


def test_a_side_that_differs_from_the_files_is_said(case, loaded):
    other = {"L": "R", "R": "L"}[case.image.laterality]
    record = dataclasses.replace(case.clinical, laterality=other)
    found = predict(dataclasses.replace(case, clinical=record), loaded, SilentProgress())
    assert "laterality-differs" in {w.code for w in found.warnings}


@pytest.mark.parametrize("grey", [0, 137])
def test_an_outline_around_one_grey_is_refused(case, loaded, grey):
    flat = dataclasses.replace(case, pixels=np.full_like(case.pixels, grey))
    with pytest.raises(InputRefused) as refused:
        predict(flat, loaded, SilentProgress())
    assert refused.value.code == "roi-without-texture"


def test_the_traits_are_those_of_the_case(case, prediction):
    attention = prediction.attention
    assert prediction.traits[Trait.ROI_ATTENTION] == attention.roi_enrichment
    assert prediction.traits[Trait.DISPERSION] == attention.dispersion
    assert prediction.traits[Trait.CALCIFICATION] == case.clinical.value("calcification")
    assert prediction.traits[Trait.SIZE] == pytest.approx(
        (case.roi.area_px * np.prod(prediction.spacing.mm)) ** 0.5, rel=0.02
    )


def test_the_scanner_is_the_files(case, prediction):
    assert prediction.familiarity.scanner == case.image.scanner
    assert {place.trait for place in prediction.familiarity.places} <= set(Trait)


def test_what_is_not_known_comes_with_its_answers(case, loaded, prediction):
    assert prediction.unknowns == ()
    unknown = dataclasses.replace(case, clinical=ClinicalRecord())
    (effect,) = predict(unknown, loaded, SilentProgress()).unknowns
    for value, log_odds in effect.answers:
        known = dataclasses.replace(case, clinical=ClinicalRecord(pr=bool(value)))
        answer = predict(known, loaded, SilentProgress()).estimate.logit
        assert answer == pytest.approx(log_odds, rel=1e-12)


def test_the_heat_of_a_map_that_is_all_zero_has_no_traits(case, loaded, monkeypatch):
    monkeypatch.setattr(
        "her2desk.inference.pipeline.grad_cam", lambda answer: np.zeros((4, 4), np.float32)
    )
    found = predict(case, loaded, SilentProgress())
    for trait in (Trait.ROI_ATTENTION, Trait.BRIGHT_ATTENTION, Trait.DISPERSION):
        assert found.traits[trait] is None
    failure = found.readout.failure
    silent = (
        []
        if failure is None
        else [s for s in failure.signs if s.pattern.trait in found.attention.traits]
    )
    assert all(s.silence is Silence.UNKNOWN for s in silent)
    assert json.dumps(found.to_json())


def test_a_pack_without_validation_patients_answers_and_says_less(case, loaded):
    bare = dataclasses.replace(
        loaded, pack=dataclasses.replace(loaded.pack, validation=(), space=None)
    )
    found = predict(case, bare, SilentProgress())
    assert found.readout.confusion is None
    document = json.loads(json.dumps(found.to_json()))
    assert document["confusion"] is None
    assert document["range"] is None
    assert document["nearest"] == []
    assert no_table_sentence(found.readout) is not None


def test_held_out_patients_are_counted_when_asked_for(case, loaded):
    found = predict(
        case, loaded, SilentProgress(), Question(counted=ValidationSource.HELD_OUT)
    ).readout
    held = loaded.pack.rows("pr", ValidationSource.HELD_OUT)
    assert (found.confusion.cohort_size if held else 0) == len(held)
