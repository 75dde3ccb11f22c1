"""Processor, memory, graphics card, and the libraries that compute."""

import subprocess

import pytest

from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import Ended
from her2desk.diagnostics.machine import (
    Card,
    Memory,
    cards_of,
    device_check,
    machine_checks,
    nvidia_cards,
    processor_check,
    radiomics_check,
)
from tests.unit.diagnostics.answers import Answers

ROOMY = Memory(31.2, 20.0, 8)
CARD = Card("NVIDIA H100", "570.1", 70.0, 80.0)
FOUND = {"version": "2.13", "capability": "AVX2", "devices": ["cpu"], "device_problem": ""}


def looked(answers: Answers, cards: tuple[Card, ...] | None = None) -> dict[str, Check]:
    return {c.name: c for c in machine_checks(answers, lambda: ROOMY, lambda: cards)}


def test_a_computer_without_a_card_is_well() -> None:
    found = looked(Answers({"networks": FOUND}))
    assert list(found) == ["networks", "processor", "device"]
    assert all(check.ok and not check.remedy.text() for check in found.values())
    assert found["networks"].message.text() == "PyTorch 2.13 loads."
    assert found["processor"].message.text() == "8 cores, 20.0 of 31.2 GiB memory free, AVX2."
    assert "the processor does all" in found["device"].message.text()


def test_a_card_is_named_with_its_driver_and_free_memory() -> None:
    used = looked(Answers({"networks": {**FOUND, "devices": ["cuda", "cpu"]}}), (CARD,))["device"]
    assert used.message.text() == "In use: NVIDIA H100, driver 570.1, 70.0 of 80.0 GiB free."


def test_a_card_that_lies_idle_comes_with_the_reason_and_advice() -> None:
    problem = "There is a graphics card, but its driver does not answer."
    idle = looked(Answers({"networks": {**FOUND, "device_problem": problem}}))["device"]
    assert (idle.ok, idle.message.text()) == (True, problem)
    assert "driver" in idle.remedy.text()
    named = device_check({**FOUND, "device_problem": problem}, (CARD,))
    assert "driver 570.1" in named.message.text()


def test_apple_has_a_card_of_its_own() -> None:
    assert "Apple" in device_check({**FOUND, "devices": ["mps", "cpu"]}, None).message.text()


def test_networks_that_do_not_load_leave_the_processor_told_of() -> None:
    found = looked(Answers({}, Ended(-11, "")))
    assert list(found) == ["networks", "processor"]
    assert found["networks"].message.text() == "It ended its process at once (SIGSEGV)."
    assert found["processor"].message.text() == "8 cores, 20.0 of 31.2 GiB memory free."


def test_little_memory_and_an_old_processor_are_advice() -> None:
    little = processor_check(Memory(4, 0.7, 1), "AVX2")
    assert little.ok
    assert "1 core, " in little.message.text()
    assert "Close other programs" in little.remedy.text()
    old = processor_check(ROOMY, "DEFAULT")
    assert old.ok
    assert "AVX2" in old.remedy.text()


def test_this_computer_has_memory() -> None:
    here = Memory.here()
    assert 0 < here.available_gib <= here.total_gib
    assert here.cores >= 1


def test_features_that_do_not_load_are_a_problem() -> None:
    assert radiomics_check(Answers({"radiomics": {"version": "3"}})).ok
    assert not radiomics_check(Answers()).ok


class TestCards:
    def test_are_read_from_the_drivers_table(self) -> None:
        table = "NVIDIA H100, 570.1, 71680, 81920\nnonsense\n\nB, 1, [N/A], 5\n"
        assert cards_of(table) == (Card("NVIDIA H100", "570.1", 70.0, 80.0),)

    def test_are_none_where_no_driver_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def absent(*_given: object, **_how: object) -> None:
            raise FileNotFoundError

        monkeypatch.setattr(subprocess, "run", absent)
        assert nvidia_cards() is None

    @pytest.mark.parametrize(("code", "cards"), [(0, (Card("A", "1", 1.0, 2.0),)), (9, None)])
    def test_are_what_the_driver_answers(
        self, monkeypatch: pytest.MonkeyPatch, code: int, cards: object
    ) -> None:
        answer = subprocess.CompletedProcess((), code, "A, 1, 1024, 2048\n", "")
        monkeypatch.setattr(subprocess, "run", lambda *_given, **_how: answer)
        assert nvidia_cards() == cards
