"""Networks load as their architecture says, and the heatmap is Grad-CAM."""

import numpy as np
import pytest
import torch

from her2desk.domain.roi import Box
from her2desk.errors import PackRefused
from her2desk.inference.heatmap import grad_cam, look
from her2desk.inference.networks import ARCHITECTURES, NetworkAnswer, build_network, load_reader


def weights_of(network):
    return {name: value.numpy() for name, value in network.state_dict().items()}


@pytest.mark.parametrize(
    ("architecture", "channels", "size"),
    [("resnet18-slim", 1, 112), ("resnet50", 3, 64), ("densenet121", 3, 64)],
)
def test_the_heatmap_equals_the_gradient_definition(architecture, channels, size):
    """Selvaraju et al. 2017, equation 1: weights are the gradient's mean over the map."""
    torch.manual_seed(3)
    network = build_network(architecture, channels).eval()
    crop = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    reader = load_reader(architecture, channels, weights_of(network))
    answer = reader.read(crop)

    spec = ARCHITECTURES[architecture]
    captured = []
    spec.maps(network).register_forward_hook(lambda m, i, o: captured.append(o))
    batch = torch.from_numpy(crop)[None, None].expand(1, channels, -1, -1)
    with torch.no_grad():
        whole = float(network(batch)[0, 0])
    maps = captured[0].detach().clone()
    maps = (maps.relu() if spec.rectifies_maps else maps).requires_grad_(True)
    logit = spec.head(network)(maps.mean(dim=(2, 3)))[0, 0]  # the network behind its maps
    gradient = torch.autograd.grad(logit, maps)[0]
    alpha = gradient[0].mean(dim=(1, 2))
    reference = (alpha[:, None, None] * maps[0]).sum(0).relu().detach().numpy()

    heat = grad_cam(answer)
    assert answer.logit == pytest.approx(whole, abs=1e-5)
    assert float(logit.detach()) == pytest.approx(whole, abs=1e-5)
    cells = heat.size
    np.testing.assert_allclose(heat / cells, reference, atol=1e-5)


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
