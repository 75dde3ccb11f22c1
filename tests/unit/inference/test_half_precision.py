"""Half precision is used on a card only where it was asked for and proves itself on fixed crops."""

import numpy as np
import pytest
import torch
from torch import nn

from her2desk.inference.devices import Device
from her2desk.inference.network_pass import HALF_AGREEMENT
from her2desk.inference.networks import ARCHITECTURES, Architecture, CnnReader, build_network

from ...failing_card import FailingCard

SIZE = 64


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> FailingCard:
    return FailingCard(monkeypatch)


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(SIZE, SIZE)).astype(np.float32)


class Shallow(nn.Module):
    """One convolution and, as VGG19 has, layers behind the maps; deep ones disagree by more than 1e-3."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(channels, 8, 3, stride=4), nn.ReLU())
        self.behind = nn.Sequential(
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 16), nn.ReLU()
        )
        self.head = nn.Linear(16, 1)


@pytest.fixture
def shallow(monkeypatch) -> str:
    """The name under which it is read as the packs' own are."""
    parts = {"behind": lambda net: net.behind, "is_pooled": False}
    spec = Architecture(Shallow, 1, lambda n, x: n.maps(x), lambda n: n.head, 16, **parts)
    monkeypatch.setitem(ARCHITECTURES, "shallow", spec)
    return "shallow"


def reader(device: str | Device, architecture: str = "resnet18-slim") -> CnnReader:
    torch.manual_seed(3)
    channels = ARCHITECTURES[architecture].channels
    return CnnReader(build_network(architecture, channels), architecture, channels, device)


def test_half_precision_that_agrees_is_used_and_named(card, crop, shallow):
    exact, half = reader("cpu", shallow), reader(Device("cuda", half=True), shallow)
    half.warm(SIZE)
    assert half.device == "cuda-half"
    expected, found = exact.read(crop), half.read(crop)
    assert 0 < abs(found.logit - expected.logit) <= HALF_AGREEMENT * max(1, abs(expected.logit))
    for name in ("penultimate", "maps", "weights"):
        value = getattr(expected, name)
        assert getattr(found, name).dtype == np.float32
        tight = 3 * HALF_AGREEMENT * float(np.abs(value).max())
        np.testing.assert_allclose(getattr(found, name), value, rtol=0, atol=tight)
    gradients = exact.gradients(expected.maps)
    tight = 3 * HALF_AGREEMENT * float(np.abs(gradients).max())
    np.testing.assert_allclose(half.gradients(found.maps), gradients, rtol=0, atol=tight)
    (one,) = half.read_many(crop[None])
    assert one.logit == pytest.approx(expected.logit, abs=HALF_AGREEMENT)


def test_half_precision_that_does_not_agree_is_not_used_and_that_is_logged(card, crop, caplog):
    network = reader(Device("cuda", half=True))
    assert network.read(crop).logit == reader("cpu").read(crop).logit
    assert network.device == "cuda"
    assert "half precision is not used" in caplog.text


def test_numbers_too_large_for_half_precision_do_not_agree(card, shallow):
    network = build_network(shallow, 1)
    nn.init.constant_(network.maps[0].weight, 1e5)
    large = CnnReader(network, shallow, 1, Device("cuda", half=True))
    large.warm(SIZE)
    assert large.device == "cuda"


def test_nobody_gets_half_precision_unasked(card, crop):
    network = reader("cuda")
    assert network.read(crop).logit == reader("cpu").read(crop).logit
    assert network.device == "cuda"


def test_the_processor_never_reads_in_half_precision(card, crop, shallow):
    exact = reader("cpu", shallow).read(crop).logit
    network = reader(Device("cuda", half=True), shallow)
    network.warm(SIZE)
    card.fails(2, lambda: RuntimeError("CUDA error: unknown error"))
    assert network.read(crop).logit == exact
    assert network.device == "cpu"
    assert reader(Device("cpu", half=True), shallow).read(crop).logit == exact
