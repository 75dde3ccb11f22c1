"""Networks load as their architecture says, and the heatmap is Grad-CAM."""

import numpy as np
import pytest
import torch

from her2desk.domain.roi import Box
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.architectures import crossformer
from her2desk.inference.heatmap import grad_cam, look
from her2desk.inference.networks import (
    ARCHITECTURES,
    CnnReader,
    NetworkAnswer,
    build_network,
    check_input_size,
    load_reader,
)

from .last_maps import logit_and_maps


def weights_of(network):
    return {name: value.numpy() for name, value in network.state_dict().items()}


NATURAL_SIZES = [
    ("resnet18-slim", 112),
    ("resnet50", 64),
    ("densenet121", 64),
    ("vgg19", 64),
    ("efficientnet_lite0", 64),
    ("crossformer", 112),
]


@pytest.mark.parametrize(("architecture", "size"), [*NATURAL_SIZES, ("resnet101", 64)])
def test_the_heatmap_equals_the_gradient_definition(architecture, size):
    """Selvaraju et al. 2017, equation 1: weights are the gradient's mean over the map."""
    torch.manual_seed(3)
    spec = ARCHITECTURES[architecture]
    network = build_network(architecture, spec.channels).eval()
    crop = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    images = torch.from_numpy(crop)[None, None].expand(1, spec.channels, -1, -1)
    logit, maps = logit_and_maps(network, architecture, images)
    alpha = torch.autograd.grad(logit, maps)[0][0].mean(dim=(1, 2))
    reference = (alpha[:, None, None] * maps[0]).sum(0).detach().numpy()

    answer = CnnReader(network, architecture, spec.channels).read(crop)
    heat = grad_cam(answer)
    assert answer.logit == pytest.approx(float(logit.detach()), rel=1e-5, abs=1e-5)
    tight = 1e-5 * float(alpha.abs().max())
    np.testing.assert_allclose(answer.weights / heat.size, alpha.numpy(), rtol=1e-5, atol=tight)
    tight = 1e-5 * float(np.abs(reference).max())
    np.testing.assert_allclose(heat / heat.size, np.maximum(reference, 0), atol=tight)
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(("architecture", "size"), NATURAL_SIZES)
def test_the_penultimate_values_are_what_the_last_layer_reads(architecture, size):
    torch.manual_seed(4)
    spec = ARCHITECTURES[architecture]
    network = build_network(architecture, spec.channels)
    crop = np.random.default_rng(1).normal(size=(size, size)).astype(np.float32)
    answer = CnnReader(network, architecture, spec.channels).read(crop)
    head = spec.head(network)
    logit = head(torch.from_numpy(answer.penultimate))
    assert answer.penultimate.shape == (head.in_features,)
    assert answer.logit == pytest.approx(float(logit.detach()), abs=1e-5)


@pytest.mark.parametrize(
    ("architecture", "size", "grid"),
    [
        ("vgg19", 112, 7),
        ("efficientnet_lite0", 224, 7),
        ("crossformer", 112, 7),
        ("crossformer", 224, 14),
    ],
)
def test_natural_sizes_give_a_map_fine_enough_to_look_at(architecture, size, grid):
    channels = ARCHITECTURES[architecture].channels
    reader = CnnReader(build_network(architecture, channels), architecture, channels)
    assert reader.read(np.zeros((size, size), dtype=np.float32)).maps.shape[1:] == (grid, grid)


def test_resnet101_loads_in_torchvisions_layout_and_strides():
    network = build_network("resnet101", 3)
    names = set(network.state_dict())
    assert {"conv1.weight", "layer3.22.bn3.weight", "layer4.0.downsample.0.weight"} <= names
    assert "layer1.0.downsample.0.bias" not in names
    reader = load_reader("resnet101", 3, weights_of(network))
    answer = reader.read(np.zeros((224, 224), dtype=np.float32))
    assert answer.maps.shape == (2048, 7, 7)
    assert answer.penultimate.shape == (2048,)


def test_the_demo_network_gives_a_seven_by_seven_map():
    reader = load_reader("resnet18-slim", 1, weights_of(build_network("resnet18-slim", 1)))
    assert reader.read(np.zeros((112, 112), dtype=np.float32)).maps.shape[1:] == (7, 7)


def test_an_unknown_architecture_is_refused_by_name():
    with pytest.raises(PackRefused, match="'vgg99'"):
        build_network("vgg99", 1)


def test_weights_of_another_architecture_are_refused():
    with pytest.raises(PackRefused, match="does not fit"):
        load_reader("resnet50", 3, weights_of(build_network("resnet18-slim", 1)))


def test_weights_of_another_kind_are_refused():
    weights = weights_of(build_network("resnet18-slim", 1))
    words = {name: np.full(value.shape, "0", dtype=object) for name, value in weights.items()}
    with pytest.raises(PackRefused, match="does not fit"):
        load_reader("resnet18-slim", 1, words)


@pytest.mark.parametrize(
    ("architecture", "size"), [("resnet50", 112), ("crossformer", 192), ("resnet18-slim", 33)]
)
def test_a_size_that_the_network_can_read_passes(architecture, size):
    check_input_size(architecture, size)


@pytest.mark.parametrize(
    ("architecture", "size", "words"),
    [
        ("densenet121", 63, "at least 64 pixels, not 63"),
        ("crossformer", 100, "a multiple of 64/80/96/112 pixels, not 100"),
    ],
)
def test_a_size_that_the_network_cannot_read_is_refused_in_words(architecture, size, words):
    with pytest.raises(InputRefused, match=words):
        check_input_size(architecture, size)
    channels = ARCHITECTURES[architecture].channels
    reader = CnnReader(build_network(architecture, channels), architecture, channels)
    with pytest.raises(PackRefused, match=words):
        reader.read(np.zeros((size, size), dtype=np.float32))


def test_vgg19_is_laid_out_as_in_torchvision():
    """torchvision 0.20, vgg19: convolutions at these places, 143,667,240 parameters with 1000 classes."""
    with torch.device("meta"):
        network = build_network("vgg19", 3)
    state = network.state_dict()
    places = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    layers = [f"features.{i}" for i in places] + [f"classifier.{i}" for i in (0, 3, 6)]
    assert list(state) == [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]
    assert state["classifier.0.weight"].shape == (4096, 25088)
    parameters = sum(p.numel() for p in network.parameters())
    assert parameters + 999 * 4097 == 143_667_240


def test_efficientnet_lite0_has_the_published_number_of_parameters():
    """4,652,008 with 1000 classes (EfficientNet-Lite's table says 4.7 M)."""
    network = build_network("efficientnet_lite0", 3)
    assert sum(p.numel() for p in network.parameters()) + 999 * 1281 == 4_652_008


def test_crossformer_is_small():
    network = build_network("crossformer", 1)
    assert sum(p.numel() for p in network.parameters()) < 3_000_000


@pytest.mark.parametrize(
    ("grid", "side"), [(28, 7), (14, 7), (7, 7), (32, 4), (24, 6), (20, 5), (6, 6)]
)
def test_groups_tile_the_grid_and_have_at_most_49_embeddings(grid, side):
    assert crossformer.group_side(grid) == side


def test_short_distance_groups_neighbours_and_long_distance_groups_every_second():
    """Wang et al. 2022, figure 3: on a 4 × 4 grid with groups of 2 × 2."""
    grid = torch.arange(16.0).reshape(1, 4, 4, 1)
    short = crossformer._grouped(grid, 2, is_long=False)[:, :, 0].tolist()
    long = crossformer._grouped(grid, 2, is_long=True)[:, :, 0].tolist()
    assert short == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]
    assert long == [[0, 2, 8, 10], [1, 3, 9, 11], [4, 6, 12, 14], [5, 7, 13, 15]]


@pytest.mark.parametrize("is_long", [False, True])
def test_grouping_can_be_undone(is_long):
    x = torch.randn(2, 12, 12, 5)
    groups = crossformer._grouped(x, 6, is_long)
    assert torch.equal(crossformer._ungrouped(groups, x.shape, 6, is_long), x)


def test_the_position_bias_depends_on_the_offset_alone():
    torch.manual_seed(0)
    bias = crossformer._DynamicPositionBias(64, 2)(3).detach()
    assert bias.shape == (2, 9, 9)
    # one step right, from the corner and from the middle
    assert torch.equal(bias[:, 0, 1], bias[:, 4, 5])
    assert not torch.equal(bias[:, 0, 1], bias[:, 1, 0])  # one step left


def answer_with(heat):
    return NetworkAnswer(0.0, np.zeros(1, np.float32), heat[None], np.ones(1, np.float32))


def test_heat_inside_the_roi_is_enriched_by_hand_arithmetic():
    """All heat on the left half; the ROI is the left half: share 1 over area 1/2 is 2."""
    heat = np.zeros((2, 2), dtype=np.float32)
    heat[:, 0] = 1
    mask = np.zeros((4, 4), dtype=bool)
    mask[:, :2] = True
    pixels = np.full((4, 4), 50, dtype=np.uint8)
    pixels[0, 3] = 250
    found, attention = look(grad_cam(answer_with(heat)), pixels, mask, Box(0, 0, 4, 4))
    assert found.share_in_roi is not None
    assert attention.roi_enrichment == pytest.approx(found.share_in_roi / 0.5)
    assert 0.8 < found.share_in_roi < 1.0  # bilinear edges reach over the middle
    assert attention.hyperechoic_enrichment == pytest.approx(0.0)
    assert attention.dispersion == pytest.approx(0.5)  # two of four cells alike: log 2 / log 4


def test_a_map_without_heat_has_no_figures():
    heat = -np.ones((3, 3), dtype=np.float32)
    pixels = np.zeros((6, 6), dtype=np.uint8)
    found, attention = look(
        grad_cam(answer_with(heat)), pixels, np.ones((6, 6), bool), Box(0, 0, 6, 6)
    )
    assert found.share_in_roi is None
    assert (attention.roi_enrichment, attention.dispersion) == (None, None)
