"""Prepacked convolutions give the network's numbers, with any number of threads, or are not used."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from her2desk.inference import network_pass, prepacked
from her2desk.inference.networks import ARCHITECTURES, CnnReader, build_network
from her2desk.inference.prepacked import AGREEMENT, PackedConvolution, prepacking_works

PREPACKED = [name for name, spec in ARCHITECTURES.items() if spec.prepacks]
OFTEN = "resnet50"
needs_kernels = pytest.mark.skipif(not prepacking_works(), reason="PyTorch here has no oneDNN")


def random_network(architecture: str) -> nn.Module:
    """Random weights and statistics, so that normalisation does something."""
    torch.manual_seed(2)
    network = build_network(architecture, 3).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return random_network(OFTEN)


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return np.random.default_rng(4).normal(size=(64, 64)).astype(np.float32)


@pytest.fixture
def threads():
    """What sets the number of threads, until the end of the test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def reader(network: nn.Module, architecture: str = OFTEN) -> CnnReader:
    return CnnReader(network, architecture, 3)


def all_bits(answer) -> list[bytes]:
    arrays = (answer.penultimate, answer.maps, answer.weights)
    return [np.float64(answer.logit).tobytes(), *(array.tobytes() for array in arrays)]


def packed_in(reader: CnnReader) -> list[nn.Module]:
    return [m for m in reader._here.modules() if isinstance(m, PackedConvolution)]


@needs_kernels
@pytest.mark.parametrize("architecture", PREPACKED)
def test_a_prepacked_network_gives_the_plain_ones_numbers(architecture, crop, monkeypatch):
    network = random_network(architecture)
    own = reader(network, architecture)
    found, many = own.read(crop), own.read_many(np.stack([crop, crop.T.copy()]))
    assert packed_in(own)
    monkeypatch.setattr(network_pass, "prepacking_works", lambda: False)
    plain = reader(network, architecture)
    expected, others = plain.read(crop), plain.read_many(np.stack([crop, crop.T.copy()]))
    assert not packed_in(plain)
    for name in ("logit", "penultimate", "maps", "weights"):
        value = np.asarray(getattr(expected, name))
        tight = AGREEMENT * max(1.0 if name == "logit" else 0.0, float(np.abs(value).max()))
        np.testing.assert_allclose(getattr(found, name), value, rtol=0, atol=tight)
    for one, other in zip(many, others, strict=True):
        assert one.logit == pytest.approx(other.logit, rel=AGREEMENT, abs=AGREEMENT)


@needs_kernels
def test_the_same_bits_with_any_number_of_threads_in_any_thread(network, crop, threads):
    threads(1)
    expected = all_bits(reader(network).read(crop))
    for count in (2, 3):
        threads(count)
        own = reader(network)
        assert all_bits(own.read(crop)) == expected
        beside = []
        thread = threading.Thread(target=lambda: beside.append(all_bits(own.read(crop))))  # noqa: B023
        thread.start()
        thread.join()
        assert beside == [expected]


@needs_kernels
def test_reading_crops_of_another_side_first_changes_no_bit(network, crop):
    own = reader(network)
    own.warm(96)
    assert all_bits(own.read(crop)) == all_bits(reader(network).read(crop))


@needs_kernels
def test_the_given_network_stays_as_it_was(network, crop):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    reader(network).read(crop)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(isinstance(m, PackedConvolution) for m in network.modules())


@needs_kernels
def test_shortcuts_and_rectifying_are_part_of_the_convolutions():
    own = reader(build_network(OFTEN, 3))
    own.warm(64)
    (traced,) = [m for m in own._here.modules() if isinstance(m, torch.fx.GraphModule)]
    kept = {type(m) for m in traced.modules() if not list(m.children())}
    assert kept == {PackedConvolution, nn.MaxPool2d}
    assert {n.op for n in traced.graph.nodes} == {"placeholder", "call_module", "output"}


class Shares(nn.Module):
    """A convolution whose shortcut, or whose own value, something else needs afterwards."""

    def __init__(self, *, needs_shortcut: bool) -> None:
        super().__init__()
        self.needs_shortcut = needs_shortcut
        self.first = nn.Conv2d(3, 4, 3)
        self.second = nn.Conv2d(4, 4, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        shortcut = self.first(images)
        own = self.second(shortcut)
        together = own + shortcut
        return together * (shortcut if self.needs_shortcut else own)


@needs_kernels
@pytest.mark.parametrize("needs_shortcut", [True, False])
def test_what_is_needed_afterwards_is_not_used_up(needs_shortcut):
    torch.manual_seed(1)
    plain = Shares(needs_shortcut=needs_shortcut).eval()
    images = torch.randn(1, 3, 9, 9)
    with torch.inference_mode():
        found, expected = prepacked.prepacked(plain)(images), plain(images)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.fixture
def asked_anew():
    """The answer is kept for the process's life; it is asked for anew before and after."""
    prepacking_works.cache_clear()
    yield
    prepacking_works.cache_clear()


def test_kernels_that_give_other_numbers_are_not_used(asked_anew, monkeypatch, caplog):
    real = prepacked.PackedConvolution.forward
    monkeypatch.setattr(PackedConvolution, "forward", lambda *given: 1.001 * real(*given))
    assert not prepacking_works()
    own = reader(build_network(OFTEN, 3))
    own.warm(64)
    assert not packed_in(own)


def test_a_pytorch_without_the_kernels_reads_plainly(asked_anew, monkeypatch):
    def missing(*_given):
        raise AttributeError("'_OpNamespace' 'mkldnn' object has no attribute")

    monkeypatch.setattr(PackedConvolution, "forward", missing)
    assert not prepacking_works()
