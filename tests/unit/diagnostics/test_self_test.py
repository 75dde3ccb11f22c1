"""The demo case is held against stored numbers."""

import json
from pathlib import Path

import pytest

from her2desk.diagnostics.self_test import TOLERANCE, demo_numbers, self_test_check, write_numbers
from her2desk.paths import demo_case_dir, demo_numbers_path, demo_pack_path
from tests.unit.diagnostics.answers import Answers

STORED = json.loads(demo_numbers_path().read_text(encoding="utf-8"))


def answer(**changed: float) -> Answers:
    return Answers({"self-test": {**STORED, "numbers": {**STORED["numbers"], **changed}}})


def test_the_stored_numbers_are_this_programs() -> None:
    found = demo_numbers(demo_case_dir(), demo_pack_path())
    assert found["inputs_sha256"] == STORED["inputs_sha256"]
    assert found["numbers"] == pytest.approx(STORED["numbers"], abs=TOLERANCE, rel=0)
    assert {"clinical", "radiomics", "cnn", "dlr", "combined"} <= found["numbers"].keys()


def test_the_same_numbers_are_well() -> None:
    check = self_test_check(answer(), demo_numbers_path())
    assert check.ok
    assert "7 numbers" in check.message.text()


def test_another_processors_last_digits_are_well() -> None:
    nearly = STORED["numbers"]["cnn"] + 5e-7
    check = self_test_check(answer(cnn=nearly), demo_numbers_path())
    assert check.ok
    assert "5e-07" in check.message.text()


@pytest.mark.parametrize("by", [2e-6, 0.01, float("nan")])
def test_a_wrong_number_is_named_and_nothing_is_trusted(by: float) -> None:
    check = self_test_check(answer(cnn=STORED["numbers"]["cnn"] + by), demo_numbers_path())
    assert not check.ok
    assert "cnn" in check.message.text()
    assert "0.419119" in check.message.text()
    assert "Trust no answer" in check.remedy.text()


def test_a_number_that_is_missing_is_wrong() -> None:
    fewer = {k: v for k, v in STORED["numbers"].items() if k != "dlr"}
    check = self_test_check(
        Answers({"self-test": {**STORED, "numbers": fewer}}), demo_numbers_path()
    )
    assert not check.ok
    assert "dlr" in check.message.text()


def test_another_demo_case_is_named() -> None:
    other = Answers({"self-test": {**STORED, "inputs_sha256": "0" * 64}})
    check = self_test_check(other, demo_numbers_path())
    assert not check.ok
    assert "not the one that came" in check.message.text()


@pytest.mark.parametrize("content", [None, "{", "[]", '{"numbers": {"cnn": "x"}}'])
def test_stored_numbers_that_are_missing_are_a_problem(tmp_path: Path, content: str | None) -> None:
    stored = tmp_path / "self-test.json"
    if content is not None:
        stored.write_text(content)
    check = self_test_check(answer(), stored)
    assert not check.ok
    assert "missing" in check.message.text()


def test_an_answer_that_does_not_come_is_a_sentence() -> None:
    assert not self_test_check(Answers(), demo_numbers_path()).ok


def test_building_the_demo_stores_what_it_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("her2desk.diagnostics.self_test.demo_numbers", lambda *_places: STORED)
    write_numbers(tmp_path, tmp_path / "x.h2pack")
    assert json.loads((tmp_path / "self-test.json").read_text()) == STORED
