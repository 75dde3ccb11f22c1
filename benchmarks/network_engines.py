"""Engines for one crop through a network: ``python -m benchmarks.network_engines [--threads 1 2]``.

Random weights, one crop of noise of 224 pixels, rounds that ask each engine in turn. Wall and processor
time (which a busy machine spoils less), the largest difference from eager PyTorch of logit, penultimate
values and maps, each over the largest of its kind, and what the arithmetic costs at the speed of a
large matrix product in the same run. Every engine gives all three. ``--architecture`` picks the
network, ``--engines`` some of the engines. Engines that are not installed, or cannot read the network,
are named and left out. ``--first`` prints how long
loading and the first reads by a pack's reader take instead.
"""

import argparse
import copy
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx, nn
from torch.fx.experimental.optimization import fuse
from torch.utils.flop_counter import FlopCounterMode

from her2desk.inference.networks import ARCHITECTURES, CnnReader, build_network, load_reader
from her2desk.inference.prepacked import prepacked

SIZE_PX = 224
MATRIX = 2048
CALIBRATION = 8  # crops that set the ranges of eight-bit numbers

Numbers = tuple[torch.Tensor, ...]
Read = Callable[[], Numbers]


class Whole(nn.Module):
    """Logit, penultimate values and maps, as plain PyTorch gives them."""

    def __init__(self, network: nn.Module, architecture: str) -> None:
        super().__init__()
        self.network = network
        self.spec = ARCHITECTURES[architecture]
        self.behind = self.spec.behind(network)

    def forward(self, images: torch.Tensor) -> Numbers:
        maps = self.spec.maps(self.network, images)
        penultimate = self.behind(maps)
        return self.spec.head(self.network)(penultimate), penultimate, maps


class _Ranges:
    """Crops by which ONNX Runtime sets the ranges of eight-bit numbers, one at a time."""

    def __init__(self, crops: NDArray[np.float32], channels: int) -> None:
        self._crops = iter(crops)
        self._channels = channels

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        crop = next(self._crops, None)
        if crop is None:
            return None
        return {"images": np.repeat(crop[None, None], self._channels, axis=1)}


class Engines:
    """How to make each engine; a new one for each number of threads."""

    def __init__(self, architecture: str, threads: int, folder: Path) -> None:
        torch.set_num_threads(threads)
        self.architecture = architecture
        self.threads = threads
        self.folder = folder
        self.network = random_network(architecture)
        self.whole = Whole(self.network, architecture).eval()
        channels = ARCHITECTURES[architecture].channels
        noise = np.random.default_rng(0).normal(size=(CALIBRATION, SIZE_PX, SIZE_PX))
        self.crops = noise.astype(np.float32)
        self.channels = channels
        self.images = torch.from_numpy(self.crops[:1])[:, None].repeat(1, channels, 1, 1)

    def named(self) -> Mapping[str, Callable[[], Read]]:
        """Every engine by name, not yet made."""
        return {
            "eager": lambda: self._of(self.whole),
            "channels-last": self._channels_last,
            "fused": lambda: self._of(self._fused()),
            "fused, channels-last": lambda: self._of(
                self._fused().to(memory_format=torch.channels_last)
            ),
            "prepacked": lambda: self._of(prepacked(self.whole)),
            "reader": self._reader,
            "torch.utils.mkldnn": self._mkldnn,
            "jit frozen": self._jit,
            "compile": lambda: self._compiled(freezes=False),
            "compile frozen": lambda: self._compiled(freezes=True),
            "onnxruntime": lambda: self._onnxruntime(eight_bits=False),
            "onnxruntime int8": lambda: self._onnxruntime(eight_bits=True),
            "openvino": lambda: self._openvino("f32"),
            "openvino bf16": lambda: self._openvino("bf16"),
            "bf16": lambda: self._of(self._fused().bfloat16()),
        }

    def _fused(self) -> Any:
        """Batch normalisation inside the weights of convolutions."""
        return fuse(fx.symbolic_trace(self.whole))

    def _of(self, module: nn.Module) -> Read:
        images = self.images.to(next((p.dtype for p in module.parameters()), torch.float32))

        def read() -> Numbers:
            with torch.inference_mode():
                found: Numbers = module(images)
                return found

        return read

    def _channels_last(self) -> Read:
        module: Any = copy.deepcopy(self.whole)
        return self._of(module.to(memory_format=torch.channels_last))

    def _reader(self) -> Read:
        """With all that a pack's reader adds: checks, copies, the weights of the maps."""
        reader = CnnReader(self.network, self.architecture, self.channels)

        def read() -> Numbers:
            answer = reader.read(self.crops[0])
            found = (np.array([answer.logit]), answer.penultimate, answer.maps)
            return tuple(torch.from_numpy(values) for values in found)

        return read

    def _mkldnn(self) -> Read:
        from torch.utils import mkldnn

        module: Any = mkldnn.to_mkldnn(  # type: ignore[no-untyped-call]
            self._fused()
        )
        for node in list(module.graph.nodes):
            if node.op == "output":
                maps = node.args[0][2]
        with module.graph.inserting_after(maps):
            dense = module.graph.call_method("to_dense", (maps,))
        maps.replace_all_uses_with(dense, delete_user_cb=lambda user: user is not dense)
        module.recompile()

        def read() -> Numbers:
            with torch.inference_mode():
                found: Numbers = module(self.images.to_mkldnn())
                return found

        return read

    def _jit(self) -> Read:
        with torch.inference_mode():
            module = torch.jit.trace(self.whole, self.images)  # type: ignore[no-untyped-call]
            module = torch.jit.optimize_for_inference(torch.jit.freeze(module))
        return self._of(module)

    def _compiled(self, *, freezes: bool) -> Read:
        import torch._inductor.config as inductor

        torch._dynamo.reset()
        inductor.freezing = freezes
        module: Any = torch.compile(self.whole)

        def read() -> Numbers:
            with torch.no_grad():
                found: Numbers = module(self.images)
                return found

        read()
        return read

    def _exported(self) -> Path:
        path = self.folder / "network.onnx"
        if not path.exists():
            names = ["logit", "penultimate", "maps"]
            torch.onnx.export(
                self.whole,
                (self.images,),
                path,
                input_names=["images"],
                output_names=names,
                dynamo=False,
            )
        return path

    def _onnxruntime(self, *, eight_bits: bool) -> Read:
        onnxruntime = import_module("onnxruntime")
        path = self._exported()
        if eight_bits:
            quantization = import_module("onnxruntime.quantization")
            path = self.folder / "int8.onnx"
            quantization.quantize_static(
                self._exported(), path, _Ranges(self.crops[1:], self.channels), per_channel=True
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        given = {"images": self.images.numpy()}
        return lambda: tuple(torch.from_numpy(values) for values in session.run(None, given))

    def _openvino(self, precision: str) -> Read:
        openvino = import_module("openvino")
        model = openvino.convert_model(self.whole, example_input=self.images)
        request = (
            openvino.Core()
            .compile_model(
                model,
                "CPU",
                {"INFERENCE_NUM_THREADS": self.threads, "INFERENCE_PRECISION_HINT": precision},
            )
            .create_infer_request()
        )
        given = [self.images.numpy()]

        def read() -> Numbers:
            found = request.infer(given)
            return tuple(torch.from_numpy(found[i].copy()) for i in range(3))

        return read


def random_network(architecture: str) -> nn.Module:
    """Random weights and statistics, so that normalisation does something."""
    torch.manual_seed(0)
    network = build_network(architecture, ARCHITECTURES[architecture].channels).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return network


def made(engines: Engines, wanted: list[str]) -> dict[str, Read]:
    """The engines that work here, each asked three times, since some grow faster."""
    found = {}
    for name, make in engines.named().items():
        if wanted and name not in wanted:
            continue
        try:
            read = make()
            for _ in range(3):
                read()
        except ImportError as error:
            print(f"{name}: not installed ({error})")
        except Exception as error:
            print(f"{name}: cannot read this network ({type(error).__name__}: {str(error)[:120]})")
        else:
            found[name] = read
    return found


def measured(reads: Mapping[str, Read], rounds: int) -> dict[str, NDArray[np.float64]]:
    """(rounds, 2) of each: wall and processor time in ms; the engines take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in reads}
    for _ in range(rounds):
        for name, read in reads.items():
            wall, processor = time.perf_counter(), time.process_time()
            read()
            spent = time.perf_counter() - wall, time.process_time() - processor
            times[name].append((1000 * spent[0], 1000 * spent[1]))
    return {name: np.array(values) for name, values in times.items()}


def differences(found: Numbers, exact: Numbers) -> list[float]:
    """The largest difference of each part over the part's largest value."""
    pairs = zip(found, exact, strict=True)
    return [float((a.float().reshape(b.shape) - b).abs().max() / b.abs().max()) for a, b in pairs]


def gflops() -> float:
    """10⁹ operations a second of a large matrix product, the best of ten."""
    matrix = torch.randn(MATRIX, MATRIX)

    def once() -> float:
        started = time.perf_counter()
        matrix @ matrix
        return 2 * MATRIX**3 / (time.perf_counter() - started) / 1e9

    return max(once() for _ in range(10))


def table(architecture: str, threads: int, rounds: int, wanted: list[str]) -> None:
    """Measure and print one table."""
    with tempfile.TemporaryDirectory() as folder:
        engines = Engines(architecture, threads, Path(folder))
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            engines.whole(engines.images)
        gflop, before = counter.get_total_flops() / 1e9, gflops()
        reads = made(engines, wanted)
        times = measured(reads, rounds)
        with torch.inference_mode():
            exact = engines.whole(engines.images)
        speed = max(before, gflops())
    print(f"\n{architecture}, {SIZE_PX} px, {threads} threads, {rounds} rounds: {gflop:.1f} GFLOP")
    print(f"at the {speed:.0f} GFLOP/s of a matrix product: {1000 * gflop / speed:.0f} ms")
    print("| engine | median | p95 | least | processor, median | least | logit | values | maps |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, ms in times.items():
        far = " | ".join(f"{value:.0e}" for value in differences(reads[name](), exact))
        print(
            f"| {name} | {statistics.median(ms[:, 0]):.1f} ms | {np.quantile(ms[:, 0], 0.95):.1f} "
            f"| {ms[:, 0].min():.1f} | {statistics.median(ms[:, 1]):.1f} | {ms[:, 1].min():.1f} "
            f"| {far} |"
        )


def first_reads(architecture: str) -> None:
    """Loading and the first reads of a pack's reader."""
    network = random_network(architecture)
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    crop = np.random.default_rng(0).normal(size=(SIZE_PX, SIZE_PX)).astype(np.float32)
    started = time.process_time()
    reader = load_reader(architecture, ARCHITECTURES[architecture].channels, state)
    print(f"loading: {1000 * (time.process_time() - started):.0f} ms of processor")
    for name in ("first", "second", "third"):
        wall, processor = time.perf_counter(), time.process_time()
        reader.read(crop)
        spent = time.perf_counter() - wall, time.process_time() - processor
        print(f"{name} read: {1000 * spent[0]:.0f} ms, {1000 * spent[1]:.0f} ms of processor")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=ARCHITECTURES, default="resnet101")
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--engines", nargs="+", default=[])
    parser.add_argument("--first", action="store_true")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # deprecations of what is only compared
    if given.first:
        first_reads(given.architecture)
        return
    for threads in given.threads:
        table(given.architecture, threads, given.rounds, given.engines)


if __name__ == "__main__":
    main()
