"""Which device answers, and that it is never changed silently."""

import os

import pytest
import torch

from her2desk.errors import InputRefused
from her2desk.inference.devices import (
    available_devices,
    choose_device,
    fix_arithmetic,
    named_device,
)
from her2desk.inference.threads import MAX_AUTOMATIC


@pytest.fixture
def no_accelerator(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_a_computer_without_accelerator_uses_its_processor(no_accelerator):
    assert available_devices() == ("cpu",)
    assert choose_device("auto") == choose_device("cpu") == "cpu"


def test_the_best_device_comes_first_and_the_processor_can_still_be_asked_for(
    no_accelerator, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert available_devices() == ("cuda", "cpu")
    assert choose_device("auto") == "cuda"
    assert choose_device("cpu") == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto") == "mps"


@pytest.mark.parametrize("wanted", ["cuda", "mps", "tpu", ""])
def test_a_device_that_is_not_there_is_refused(no_accelerator, wanted):
    with pytest.raises(InputRefused, match="no usable") as refused:
        choose_device(wanted)
    assert refused.value.code == "device"


@pytest.mark.parametrize(
    ("wanted", "name", "half"),
    [("cuda", "cuda", False), ("cuda-half", "cuda", True), ("auto", "cuda", False)],
)
def test_half_precision_is_only_for_who_asks_for_it(
    no_accelerator, monkeypatch, wanted, name, half
):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    device = named_device(wanted)
    assert (device.name, device.half) == (name, half)


def test_half_precision_without_a_card_is_refused(no_accelerator):
    with pytest.raises(InputRefused, match="no usable CUDA device"):
        named_device("cuda-half")


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (64, MAX_AUTOMATIC), (None, 1)])
def test_threads_follow_the_computer_and_not_who_asks(monkeypatch, cores, threads):
    before = torch.get_num_threads()
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    try:
        fix_arithmetic()
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
