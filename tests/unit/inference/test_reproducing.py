"""Stored answers worked out again: with the pack that made them, from what was stored, bit for bit."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from her2desk.cli.app import main
from her2desk.dicom.reader import open_image
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.drawing import drawing_of
from her2desk.domain.prediction import Prediction
from her2desk.domain.progress import Progress, SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference import pipeline, reproducing
from her2desk.inference.pipeline import LoadedPack, Question, inputs_of, load_pack
from her2desk.inference.reproducing import Sameness, reproduce, stored_answers
from her2desk.inference.requests import case_of
from her2desk.packs.archive import write_archive
from her2desk.packs.shelf import FOLDER, KeptPack, PackShelf
from her2desk.paths import demo_case_dir
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from tests.pack_samples import version_members, write_version

CASE = demo_case_dir()
ROI = roi_from_json((CASE / "roi.json").read_text())


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library", reader="A") as opened:
        yield opened


@pytest.fixture
def shelf(tmp_path: Path) -> PackShelf:
    return PackShelf(tmp_path / "library" / FOLDER)


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is worked out twice: what is tested is what is said of it."""
    real = pipeline.predict

    def predict(
        case: Case, loaded: LoadedPack, progress: Progress, question: Question
    ) -> Prediction:
        key = (inputs_of(case, loaded.pack).sha256, question)
        if key not in ANSWERS:
            ANSWERS[key] = real(case, loaded, progress, question)
        return ANSWERS[key]

    for module in (pipeline, reproducing):
        monkeypatch.setattr(module, "predict", predict)


ANSWERS: dict[tuple[str, Question], Prediction] = {}


def older(tmp_path: Path) -> Path:
    return write_version(tmp_path / "old.h2pack", "1.0")


def newer(tmp_path: Path) -> Path:
    """The same model with another intercept: other probabilities."""
    members = version_members("1.1")
    models = json.loads(members["models/models.json"])
    for part in models["submodels"]:
        part["model"]["intercept"] += 0.7
    members["models/models.json"] = json.dumps(models).encode()
    write_archive(tmp_path / "new.h2pack", members)
    return tmp_path / "new.h2pack"


def answer(
    library: Library,
    pack: KeptPack,
    clinical: ClinicalRecord,
    question: Question = Question(),
) -> tuple[int, Prediction]:
    """As the window and ``predict --save`` do it."""
    opened = open_image(CASE / "demo.dcm")
    case, loaded = case_of(opened, ROI, clinical), load_pack(pack.path, "cpu")
    prediction = pipeline.predict(case, loaded, SilentProgress(), question)
    case_id = library.add_image(CASE / "demo.dcm", opened.image).case_id
    library.save_drawing(case_id, drawing_of(ROI))
    library.save_clinical(case_id, clinical)
    library.save_prediction(case_id, prediction.to_json(), prediction.inputs.sha256)
    return case_id, prediction


def test_each_answer_is_worked_out_again_with_the_pack_that_made_it(
    library: Library, shelf: PackShelf, tmp_path: Path
) -> None:
    """An upgrade, a second answer, and everything changed since."""
    old, new = shelf.keep(older(tmp_path)), shelf.keep(newer(tmp_path))
    case_id, first = answer(library, old, ClinicalRecord(age_years=52))
    _, second = answer(library, new, ClinicalRecord(age_years=61), Question(0.3, 0.25))
    library.save_drawing(case_id, drawing_of(replace(ROI, polygon=ROI.polygon[:-1])))
    library.save_clinical(case_id, ClinicalRecord())
    assert first.readout.probability != second.readout.probability

    found = [reproduce(library, shelf, entry) for entry in stored_answers(library, case_id)]

    assert [one.sameness for one in found] == [Sameness.IDENTICAL] * 2
    assert [one.difference for one in found] == [0.0, 0.0]
    assert [one.pack.version for one in found] == ["1.0", "1.1"]
    assert [one.probability for one in found] == [
        first.readout.probability,
        second.readout.probability,
    ]


@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize(
    ("moved", "sameness"), [(5e-5, Sameness.WITHIN_TOLERANCE), (2e-4, Sameness.DIFFERENT)]
)
def test_an_answer_that_is_not_the_same_is_said_to_be_not(
    library: Library, shelf: PackShelf, tmp_path: Path, moved: float, sameness: Sameness
) -> None:
    pack = shelf.keep(older(tmp_path))
    case_id, prediction = answer(library, pack, ClinicalRecord())
    document = prediction.to_json()
    document["probability"] += moved
    library.save_prediction(case_id, document, prediction.inputs.sha256)
    found = reproduce(library, shelf, stored_answers(library, case_id)[-1])
    assert found.sameness is sameness
    assert found.difference == pytest.approx(moved)


@pytest.mark.usefixtures("remembered")
def test_another_call_is_another_answer(library: Library, shelf: PackShelf, tmp_path: Path) -> None:
    pack = shelf.keep(older(tmp_path))
    case_id, prediction = answer(library, pack, ClinicalRecord())
    document = {**prediction.to_json(), "call": "no such call"}
    library.save_prediction(case_id, document, prediction.inputs.sha256)
    found = reproduce(library, shelf, stored_answers(library, case_id)[-1])
    assert (found.sameness, found.difference) == (Sameness.DIFFERENT, 0.0)


@pytest.mark.usefixtures("remembered")
def test_without_its_pack_an_answer_is_not_worked_out_with_another(
    library: Library, shelf: PackShelf, tmp_path: Path
) -> None:
    old = shelf.keep(older(tmp_path))
    shelf.keep(newer(tmp_path))
    case_id, _ = answer(library, old, ClinicalRecord())
    shelf.remove(old.digest)
    with pytest.raises(PackRefused) as refused:
        reproduce(library, shelf, stored_answers(library, case_id)[0])
    assert refused.value.code == "pack-not-kept"


@pytest.mark.usefixtures("remembered")
def test_inputs_that_are_not_those_of_the_answer_are_refused(
    library: Library, shelf: PackShelf, tmp_path: Path
) -> None:
    pack = shelf.keep(older(tmp_path))
    case_id, prediction = answer(library, pack, ClinicalRecord(age_years=52))
    document = prediction.to_json()
    library.save_clinical(case_id, ClinicalRecord(age_years=99))
    library.save_prediction(case_id, document, prediction.inputs.sha256)
    library.record(case_id, Action.ROI, None)
    library.save_prediction(case_id, document, prediction.inputs.sha256)
    library.save_prediction(case_id, {}, prediction.inputs.sha256)
    for entry in stored_answers(library, case_id)[1:]:
        with pytest.raises(InputRefused) as refused:
            reproduce(library, shelf, entry)
        assert refused.value.code == "inputs-not-found"


def test_a_case_without_an_answer_says_so(library: Library) -> None:
    case_id = library.add_image(CASE / "demo.dcm", open_image(CASE / "demo.dcm").image).case_id
    with pytest.raises(InputRefused) as refused:
        stored_answers(library, case_id)
    assert refused.value.code == "no-stored-answer"


@pytest.mark.usefixtures("remembered")
def test_the_command_says_it(
    library: Library, shelf: PackShelf, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = shelf.keep(older(tmp_path)), shelf.keep(newer(tmp_path))
    case_id, _ = answer(library, old, ClinicalRecord())
    _, last = answer(library, new, ClinicalRecord())
    library.close()
    where = ["--library", str(tmp_path / "library")]
    assert main(["pack", "reproduce", str(case_id), "--all", *where, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["reproduced"] is True
    assert [one["pack"]["version"] for one in document["answers"]] == ["1.0", "1.1"]
    assert document["answers"][1]["stored_probability"] == last.readout.probability
    assert main(["pack", "reproduce", str(case_id), *where]) == 0
    assert "the same to the last bit" in capsys.readouterr().out

    assert main(["pack", "versions", *where, "--json"]) == 0
    packs = json.loads(capsys.readouterr().out)["packs"]
    assert [(p["version"], p["predictions"], p["cases"]) for p in packs] == [
        ("1.0", 1, 1),
        ("1.1", 1, 1),
    ]
    assert main(["pack", "versions", "Ward pack", *where]) == 0
    assert "1 stored answer of 1 case" in capsys.readouterr().out
    assert main(["pack", "versions", "Another", *where]) == 0
    assert "keeps no such pack" in capsys.readouterr().out

    shelf.remove(new.digest)
    assert main(["pack", "reproduce", str(case_id), *where, "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "pack-not-kept"
