"""Heatmaps by three methods and for both classes: right by definition, and at the right place."""

import copy
import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.enhancement.known import ENHANCERS
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference.explain import OCCLUSION_CELLS, explain, grad_cam_pp, occlusion
from her2desk.inference.networks import (
    ARCHITECTURES,
    Architecture,
    CnnReader,
    NetworkAnswer,
    build_network,
)
from her2desk.inference.pipeline import LoadedPack, load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.paths import demo_case_dir, demo_pack_path

from .last_maps import logit_and_maps

METHODS = list(HeatmapMethod)
FOR, AGAINST = HeatmapClass.POSITIVE, HeatmapClass.NEGATIVE
ROWS, COLUMNS = 200, 300
SIZES = [
    ("resnet18-slim", 112),
    ("resnet50", 64),
    ("densenet121", 64),
    ("vgg19", 64),
    ("efficientnet_lite0", 64),
    ("crossformer", 112),
]


class SeesBright(nn.Module):
    """Answers to patches of eight pixels that are brighter than the crop by one deviation."""

    def __init__(self, channels: int = 1, weight: float = 1.0) -> None:
        super().__init__()
        self.maps = nn.Sequential(nn.AvgPool2d(8), nn.Threshold(1.0, 0.0))
        self.head = nn.Linear(channels, 1)
        nn.init.constant_(self.head.weight, weight)
        nn.init.constant_(self.head.bias, 0.25)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.maps(images).mean(dim=(2, 3)))


@pytest.fixture
def reader_of(monkeypatch):
    """A hand-made network as the packs' own are read."""
    spec = Architecture(SeesBright, 1, lambda net, x: net.maps(x), lambda net: net.head, 16)
    monkeypatch.setitem(ARCHITECTURES, "sees-bright", spec)
    return lambda network: CnnReader(network, "sees-bright", 1)


@pytest.fixture(scope="module")
def loaded() -> LoadedPack:
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
def demo() -> Case:
    folder = demo_case_dir()
    roi = roi_from_json((folder / "roi.json").read_text())
    return read_case(folder / "demo.dcm", roi, ClinicalRecord(pr=False))


def lesion(left, top, right, lower, blob, spacing_mm=None) -> Case:
    """Dark noise with one bright blob, (column, row), and a rectangular outline."""
    rng = np.random.default_rng(2)
    pixels = rng.integers(20, 40, size=(ROWS, COLUMNS), dtype=np.uint8)
    rows, columns = np.mgrid[:ROWS, :COLUMNS] + 0.5
    pixels[np.hypot(columns - blob[0], rows - blob[1]) < 8] = 240
    roi = Roi(0, ((left, top), (right, top), (right, lower), (left, lower)))
    image = UltrasoundImage(
        "0" * 64, None, ROWS, COLUMNS, 1, "MONOCHROME2", "", pixel_spacing_mm=spacing_mm
    )
    return Case(image, pixels, roi, ClinicalRecord())


def hottest(found: Heatmap) -> tuple[float, float]:
    """Centre of heat in the image's pixels, (column, row), from the hottest cells' places."""
    crop, (rows, columns) = found.crop, found.values.shape
    weight = np.where(found.values > 0.5, found.values, 0).astype(np.float64)
    row, column = np.mgrid[:rows, :columns] + 0.5
    x = crop.x0 + (weight * column).sum() / weight.sum() / columns * crop.width
    y = crop.y0 + (weight * row).sum() / weight.sum() / rows * crop.height
    return x, y


CASES = {
    "in the middle": lesion(100, 60, 200, 140, (160, 90)),
    "crop cut at the upper left": lesion(2, 3, 90, 80, (15, 60)),
    "crop cut at the lower right": lesion(220, 150, 299, 199, (285, 160)),
    "wide, so that the square is squeezed": lesion(10, 80, 290, 120, (250, 105)),
    "pixels that are no squares": lesion(100, 60, 200, 140, (120, 120), (0.05, 0.1)),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", CASES)
@pytest.mark.parametrize("enhancement", [None, "lanczos-4"])
def test_heat_lands_on_what_the_network_answers_to(loaded, reader_of, method, place, enhancement):
    case = CASES[place]
    pack = dataclasses.replace(
        loaded.pack, enhancer=None if enhancement is None else ENHANCERS[enhancement]
    )
    own = dataclasses.replace(loaded, pack=pack, network=reader_of(SeesBright()))
    found = explain(case, own, method, FOR, SilentProgress())
    assert (found.method, found.speaks_for) == (method, FOR)
    assert found.values.max() == 1.0
    bright = np.argwhere(case.pixels == 240).mean(axis=0) + 0.5
    cell = max(found.crop.width, found.crop.height) / min(found.values.shape)
    assert hottest(found) == pytest.approx(bright[::-1], abs=max(4.0, 0.4 * cell))
    assert found.share_in_roi > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_heat_beside_the_lesion_is_not_in_the_roi(loaded, reader_of, method):
    case = lesion(100, 60, 200, 140, (98, 100))
    own = dataclasses.replace(loaded, network=reader_of(SeesBright()))
    inside = lesion(100, 60, 200, 140, (150, 100))
    shares = [
        explain(one, own, method, FOR, SilentProgress()).share_in_roi for one in (case, inside)
    ]
    assert shares[0] < 0.6
    assert shares[1] > 0.95


@pytest.mark.parametrize("method", METHODS)
def test_a_map_of_nothing_is_zero_and_has_no_share(loaded, reader_of, method):
    """Nothing that this network sees speaks for the negative class."""
    own = dataclasses.replace(loaded, network=reader_of(SeesBright()))
    found = explain(CASES["in the middle"], own, method, AGAINST, SilentProgress())
    assert not found.values.any()
    assert found.share_in_roi is None


@pytest.mark.parametrize("method", METHODS)
def test_what_speaks_for_one_class_speaks_against_the_other(loaded, reader_of, method):
    """The same network with its answer turned round: the maps change places."""
    case = CASES["in the middle"]
    maps = []
    for weight, speaks_for in ((1.0, FOR), (-1.0, AGAINST)):
        own = dataclasses.replace(loaded, network=reader_of(SeesBright(weight=weight)))
        maps.append(explain(case, own, method, speaks_for, SilentProgress()).values)
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-6)


@pytest.mark.parametrize("method", [HeatmapMethod.GRAD_CAM, HeatmapMethod.OCCLUSION])
def test_no_place_speaks_for_both_classes(demo, loaded, method):
    found = [explain(demo, loaded, method, c, SilentProgress()).values for c in (FOR, AGAINST)]
    assert all(values.max() == 1.0 for values in found)
    assert not (found[0] * found[1]).any()


def test_the_predictions_own_heatmap_is_grad_cam_for_the_positive_class(demo, loaded):
    own = predict(demo, loaded, SilentProgress()).heatmap
    found = explain(demo, loaded, HeatmapMethod.GRAD_CAM, FOR, SilentProgress())
    np.testing.assert_array_equal(found.values, own.values)
    assert (found.crop, found.share_in_roi) == (own.crop, own.share_in_roi)


def random_network(architecture: str, seed: int = 3) -> nn.Module:
    torch.manual_seed(seed)
    return build_network(architecture, ARCHITECTURES[architecture].channels).eval()


def reader_for(network: nn.Module, architecture: str) -> CnnReader:
    return CnnReader(network, architecture, ARCHITECTURES[architecture].channels)


def noise(size: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)


@pytest.mark.parametrize(("architecture", "size"), SIZES)
def test_gradients_are_autograds(architecture, size):
    """By a backward pass through the whole network, as the definition says."""
    network, spec, crop = random_network(architecture), ARCHITECTURES[architecture], noise(size)
    images = torch.from_numpy(crop)[None, None].expand(1, spec.channels, -1, -1)
    logit, maps = logit_and_maps(network, architecture, images)
    expected = torch.autograd.grad(logit, maps)[0][0].numpy()
    reader = reader_for(network, architecture)
    found = reader.gradients(reader.read(crop).maps)
    tight = 1e-5 * float(np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=tight)


@pytest.mark.parametrize(("architecture", "size"), [("resnet18-slim", 64), ("crossformer", 64)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_grad_cam_pp_is_the_papers_by_derivatives_of_exp(architecture, size, sign):
    """Chattopadhay et al. 2018, equations 9 and 19, by three derivatives of exp(±logit) at each cell."""
    network = random_network(architecture)
    reader = reader_for(network, architecture)
    answer = reader.read(noise(size))
    head = copy.deepcopy(ARCHITECTURES[architecture].head(network)).double()
    maps = torch.from_numpy(answer.maps).double()

    def exp_of(maps: torch.Tensor) -> torch.Tensor:
        return torch.exp(sign * head(maps.mean(dim=(1, 2))[None])[0, 0])

    weights = []
    for k in range(len(maps)):
        total = 0.0
        for i, j in itertools.product(range(maps.shape[1]), range(maps.shape[2])):
            t = torch.zeros((), dtype=torch.float64, requires_grad=True)
            one = torch.zeros_like(maps)
            one[k, i, j] = 1.0
            first = torch.autograd.grad(exp_of(maps + t * one), t, create_graph=True)[0]
            second = torch.autograd.grad(first, t, create_graph=True)[0]
            third = float(torch.autograd.grad(second, t)[0])
            below = 2 * float(second.detach()) + float(maps[k].sum()) * third
            alpha = float(second.detach()) / below if below > 0 else 0.0
            total += alpha * max(float(first.detach()), 0.0)
        weights.append(total)
    reference = np.maximum(np.tensordot(weights, maps.numpy(), axes=1), 0)
    found = grad_cam_pp(answer, reader.gradients(answer.maps), sign).astype(np.float64)
    assert reference.max() > 0
    np.testing.assert_allclose(
        found / found.max(), reference / reference.max(), rtol=1e-5, atol=1e-5
    )


def test_grad_cam_pp_leaves_out_what_has_no_sound_denominator():
    """A map below 0 whose sum makes 2 + g ΣA negative, beside one that is as it should be."""
    maps = np.stack([np.full((2, 2), -3.0), np.array([[1.0, 0.0], [0.0, 0.0]])]).astype(np.float32)
    gradients = np.ones_like(maps)
    answer = NetworkAnswer(0.0, np.zeros(2, np.float32), maps, gradients.sum(axis=(1, 2)))
    heat = grad_cam_pp(answer, gradients)
    assert heat[0, 0] == pytest.approx(4 / 3)  # four cells of weight 1/(2 + 1)
    assert heat.sum() == heat[0, 0]


def correlation(one: Heatmap, other: Heatmap) -> float:
    if not (one.values.any() and other.values.any()):
        return 0.0
    return float(np.corrcoef(one.values.ravel(), other.values.ravel())[0, 1])


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_learnt_nothing_gives_another_map(demo, loaded, method):
    """Adebayo et al. 2018: a map that survives random weights shows edges, not the network."""
    architecture = loaded.pack.manifest.network.architecture
    trained = explain(demo, loaded, method, FOR, SilentProgress())
    found = []
    for seed in range(6):
        own = dataclasses.replace(
            loaded, network=reader_for(random_network(architecture, seed), architecture)
        )
        found.append(correlation(trained, explain(demo, own, method, FOR, SilentProgress())))
    again = explain(demo, loaded, method, FOR, SilentProgress())
    assert correlation(trained, again) == pytest.approx(1.0)
    assert abs(np.mean(found)) < 0.5
    assert max(found) < 0.9


def test_occlusion_is_the_fall_of_the_logit_by_hand(reader_of):
    """Each place covered by the crop's mean and read again, one by one."""
    reader = reader_of(SeesBright())
    crop = noise(64) * 0.2
    crop[24:40, 8:16] += 5
    side = 64 // OCCLUSION_CELLS
    expected = np.zeros((OCCLUSION_CELLS, OCCLUSION_CELLS))
    for i, j in itertools.product(range(OCCLUSION_CELLS), repeat=2):
        covered = crop.copy()
        covered[side * i : side * (i + 1), side * j : side * (j + 1)] = crop.mean()
        expected[i, j] = reader.read(crop).logit - reader.read(covered).logit
    heat = occlusion(reader, crop, 1.0, SilentProgress())
    np.testing.assert_allclose(heat, np.maximum(expected, 0), atol=1e-6)
    assert np.argwhere(heat > 0).tolist() == [[3, 1], [4, 1]]


def test_an_accelerator_covers_many_places_at_once_with_the_same_heat(demo, loaded, monkeypatch):
    one_by_one = explain(demo, loaded, HeatmapMethod.OCCLUSION, FOR, SilentProgress())
    monkeypatch.setattr(CnnReader, "at_once", 24)
    together = explain(demo, loaded, HeatmapMethod.OCCLUSION, FOR, SilentProgress())
    np.testing.assert_allclose(together.values, one_by_one.values, atol=1e-3)


def test_occlusion_says_how_far_it_is_and_can_be_stopped(demo, loaded):
    class Stops:
        heard: list

        def __init__(self, after):
            self.heard, self._after = [], after

        def step(self, fraction, text):
            self.heard.append((fraction, text.text()))
            if len(self.heard) == self._after:
                raise Cancelled

    whole = Stops(None)
    explain(demo, loaded, HeatmapMethod.OCCLUSION, FOR, whole)
    fractions = [fraction for fraction, _ in whole.heard]
    assert fractions == sorted(fractions)
    assert len(fractions) == OCCLUSION_CELLS**2 + 1
    with pytest.raises(Cancelled):
        explain(demo, loaded, HeatmapMethod.OCCLUSION, FOR, Stops(5))


def test_an_outline_that_cannot_be_used_is_refused(demo, loaded):
    case = dataclasses.replace(demo, roi=Roi(0, ((-5.0, 0.0), (20.0, 0.0), (20.0, 20.0))))
    with pytest.raises(InputRefused) as refused:
        explain(case, loaded, HeatmapMethod.GRAD_CAM, FOR, SilentProgress())
    assert refused.value.code == "roi-outside"
