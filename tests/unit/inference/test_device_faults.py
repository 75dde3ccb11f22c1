"""A graphics card that fails in mid-run: the processor answers the same, says so, and goes on alone."""

from pathlib import Path

import numpy as np
import pytest
import torch

from her2desk.diagnostics.machine import NETWORKS_PART
from her2desk.diagnostics.parts import PARTS
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.prediction import HeatmapClass, HeatmapMethod
from her2desk.domain.progress import SilentProgress
from her2desk.domain.proposal import Prompt
from her2desk.domain.roi import roi_from_json
from her2desk.inference import devices
from her2desk.inference.assist.work import OutlineWork
from her2desk.inference.devices import (
    FELL_BACK,
    Device,
    DeviceFault,
    FaultKind,
    NoNumbers,
    device_problem,
)
from her2desk.inference.explain import explain, occlusion
from her2desk.inference.networks import ARCHITECTURES, CnnReader, build_network
from her2desk.inference.opened_files import OpenedFiles
from her2desk.inference.pipeline import LoadedPack, load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.inference.stability import stability
from her2desk.paths import contour_network_path, demo_case_dir, demo_pack_path

from ...failing_card import FailingCard

SILENT = SilentProgress()
TOLERANCE = 1e-4
SMALL = "resnet18-slim"
MEMORY = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 3.81 GiB"
FAULTS = {
    "memory": (lambda: torch.OutOfMemoryError(MEMORY), FaultKind.MEMORY),
    "memory of MPS": (lambda: RuntimeError("MPS backend out of memory"), FaultKind.MEMORY),
    "device lost": (
        lambda: torch.AcceleratorError("CUDA error: unspecified launch failure"),
        FaultKind.LOST,
    ),
    "assertion on the card": (
        lambda: RuntimeError("CUDA error: device-side assert triggered"),
        FaultKind.LOST,
    ),
    "no kernel image": (
        lambda: RuntimeError("CUDA error: no kernel image is available for execution"),
        FaultKind.DRIVER,
    ),
    "driver too old": (
        lambda: RuntimeError("The NVIDIA driver on your system is too old (found version 11040)."),
        FaultKind.DRIVER,
    ),
    "cuDNN": (
        lambda: RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
        FaultKind.DRIVER,
    ),
    "cuBLAS": (
        lambda: RuntimeError(
            "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate`"
        ),
        FaultKind.DRIVER,
    ),
    "not compiled": (
        lambda: AssertionError("Torch not compiled with CUDA enabled"),
        FaultKind.DRIVER,
    ),
    "deferred": (
        lambda: torch.cuda.DeferredCudaCallError("CUDA call failed lazily at initialization"),
        FaultKind.LOST,
    ),
    "no such operator": (
        lambda: NotImplementedError("The operator 'aten::x' is not implemented for MPS"),
        FaultKind.UNSUPPORTED,
    ),
    "no numbers": (lambda: NoNumbers("cuda gave no number"), FaultKind.LOST),
}
A_FAULT, _ = FAULTS["device lost"]


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> FailingCard:
    return FailingCard(monkeypatch)


@pytest.fixture(scope="module")
def case() -> Case:
    folder = demo_case_dir()
    roi = roi_from_json((folder / "roi.json").read_text())
    return read_case(folder / "demo.dcm", roi, ClinicalRecord(pr=False))


@pytest.fixture(scope="module")
def on_processor() -> LoadedPack:
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(64, 64)).astype(np.float32)


def reader(device: str | Device) -> CnnReader:
    torch.manual_seed(3)
    channels = ARCHITECTURES[SMALL].channels
    return CnnReader(build_network(SMALL, channels), SMALL, channels, device)


def all_numbers(network: CnnReader, crop: np.ndarray) -> list[np.ndarray]:
    """Every way in which the network is asked, as numbers."""
    answer = network.read(crop)
    many = network.read_many(np.stack([crop, crop[::-1].copy()]))
    numbers = [answer.logit, answer.penultimate, answer.maps, answer.weights]
    numbers += [network.gradients(answer.maps), *(r.logit for r in many), many[1].penultimate]
    return [np.asarray(value) for value in numbers]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_by_its_kind_and_the_processor_answers(card, crop, fault):
    error, kind = FAULTS[fault]
    network = reader("cuda")
    assert (network.device, network.warnings) == ("cuda", ())
    card.fails(2, error)
    assert network.read(crop).logit == reader("cpu").read(crop).logit
    assert network.device == "cpu"
    (warning,) = network.warnings
    assert warning.code == FELL_BACK
    assert warning.message == DeviceFault("cuda", kind).sentence
    assert DeviceFault("cuda", kind).training_sentence.text()


def test_wherever_the_card_fails_the_answers_are_the_processor_s(card, crop):
    """Once for each use of the card, loading included."""
    expected = all_numbers(reader("cpu"), crop)
    all_numbers(reader("cuda"), crop)
    uses = card.asked
    assert uses == 7  # loading; twice there in one copy, through the network, back in one copy
    for at in range(1, uses + 1):
        card.fails(at, A_FAULT)
        network = reader("cuda")
        for found, value in zip(all_numbers(network, crop), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=0, atol=TOLERANCE)
        assert network.device == "cpu"
        assert card.asked == at  # and never again


def test_a_prediction_names_the_device_that_made_it(card, case, on_processor):
    loaded = load_pack(demo_pack_path(), "auto")
    assert predict(case, loaded, SILENT).device == "cuda"
    card.fails(2, A_FAULT)
    prediction = predict(case, loaded, SILENT)
    wanted = predict(case, on_processor, SILENT)
    assert prediction.device == "cpu"
    assert prediction.readout.probability == pytest.approx(wanted.readout.probability, abs=1e-4)
    np.testing.assert_allclose(prediction.heatmap.values, wanted.heatmap.values, atol=TOLERANCE)
    said = [w.message for w in prediction.warnings if w.code == FELL_BACK]
    assert said == [DeviceFault("cuda", FaultKind.LOST).sentence]
    assert FELL_BACK not in {w.code for w in wanted.warnings}


def test_stability_goes_on_where_the_card_was_lost(card, case, on_processor):
    wanted = stability(case, on_processor, SILENT, lambda _: None, 3)
    loaded = load_pack(demo_pack_path(), "cuda")
    card.fails(3, A_FAULT)
    found = stability(case, loaded, SILENT, lambda _: None, 3)
    assert loaded.network.device == "cpu"
    assert found.logits == pytest.approx(wanted.logits, abs=TOLERANCE)


def test_a_heatmap_goes_on_where_the_card_was_lost(card, case, on_processor):
    asked = HeatmapMethod.GRAD_CAM_PP, HeatmapClass.POSITIVE
    wanted = explain(case, on_processor, *asked, SILENT)
    loaded = load_pack(demo_pack_path(), "cuda")
    card.fails(3, A_FAULT)
    found = explain(case, loaded, *asked, SILENT)
    assert loaded.network.device == "cpu"
    np.testing.assert_allclose(found.values, wanted.values, rtol=0, atol=TOLERANCE)


def test_covering_the_crop_goes_on_where_the_card_was_lost(card, crop):
    wanted = occlusion(reader("cpu"), crop, 1.0, SILENT)
    network = reader("cuda")
    card.fails(6, A_FAULT)  # in the second batch of places
    np.testing.assert_allclose(
        occlusion(network, crop, 1.0, SILENT), wanted, rtol=0, atol=TOLERANCE
    )
    assert network.device == "cpu"


def test_all_packs_of_a_session_give_the_card_up_together(card, case):
    heard = []
    device = Device("cuda", heard.append)
    first, second = (load_pack(demo_pack_path(), device) for _ in range(2))
    card.fails(1, A_FAULT)
    for loaded in (first, second, load_pack(demo_pack_path(), device)):
        prediction = predict(case, loaded, SILENT)
        assert (prediction.device, prediction.warnings[-1].code) == ("cpu", FELL_BACK)
    assert card.asked == 1
    assert heard == [DeviceFault("cuda", FaultKind.LOST)]


def test_a_device_chosen_anew_is_tried_anew(card, case):
    card.fails(1, A_FAULT)
    assert load_pack(demo_pack_path(), "cuda").network.device == "cpu"
    card.forget()
    prediction = predict(case, load_pack(demo_pack_path(), "cuda"), SILENT)
    assert prediction.device == "cuda"
    assert FELL_BACK not in {w.code for w in prediction.warnings}


def test_an_answer_that_is_no_number_is_a_fault_of_the_card(card, crop):
    network = reader("cuda")
    sound = network.read(crop).logit
    with torch.no_grad():
        for weight in network._elsewhere.parameters():
            weight.fill_(torch.nan)
    assert network.read(crop).logit == sound
    assert network.device == "cpu"
    assert network.warnings


def test_what_fails_on_the_processor_too_is_not_the_card_s_fault():
    device = Device("cuda")

    def work(name: str) -> None:
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="mistake of ours"):
        device.run(work)
    assert device.name == "cuda"
    assert not device.warnings


def test_assisted_outlines_and_enhancement_never_ask_the_card(card):
    """They run on the processor always, so no card can spoil them."""
    card.fails(1, A_FAULT)
    roi = roi_from_json((demo_case_dir() / "roi.json").read_text())
    left, top, right, lower = roi.bounds()
    prompt = Prompt(roi.frame_index, ((left - 4, top - 4), (right + 4, lower + 4)))
    work = OutlineWork(contour_network_path(), OpenedFiles())
    assert work.assist(demo_case_dir() / "demo.dcm", prompt, SILENT).roi.polygon
    assert card.asked == 0


# Why a card cannot be used


def nothing_usable(monkeypatch, is_available=lambda: False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def found_programs(monkeypatch, *names: str) -> None:
    monkeypatch.setattr(devices.shutil, "which", lambda name: name if name in names else None)


def test_a_computer_without_a_card_has_no_problem(monkeypatch):
    nothing_usable(monkeypatch)
    found_programs(monkeypatch)
    assert device_problem() is None


def test_a_driver_that_does_not_fit_is_said(monkeypatch):
    def old_driver() -> bool:
        import warnings

        warnings.warn(
            "CUDA initialization: The NVIDIA driver on your system is too old", stacklevel=1
        )
        return False

    nothing_usable(monkeypatch, old_driver)
    assert "driver does not fit" in device_problem().text()
    with pytest.raises(devices.InputRefused, match="driver does not fit"):
        devices.choose_device("cuda")
    assert devices.choose_device("auto") == "cpu"


@pytest.mark.parametrize(("built_for", "said"), [(None, "for processors"), ("12.4", "not answer")])
def test_a_card_beside_another_pytorch_or_a_silent_driver_is_said(monkeypatch, built_for, said):
    nothing_usable(monkeypatch)
    found_programs(monkeypatch, "nvidia-smi")
    monkeypatch.setattr(torch.version, "cuda", built_for)
    assert said in device_problem().text()


def test_a_card_that_works_is_no_problem(monkeypatch):
    nothing_usable(monkeypatch, lambda: True)
    assert device_problem() is None
    assert PARTS[NETWORKS_PART]()["devices"] == ["cuda", "cpu"]


def test_the_doctor_is_told_what_is_wrong(monkeypatch):
    nothing_usable(monkeypatch)
    found_programs(monkeypatch, "nvidia-smi")
    told = PARTS[NETWORKS_PART]()
    assert told["devices"] == ["cpu"]
    assert told["device_problem"] == device_problem().text()


def test_convolutions_on_a_card_keep_all_of_float32(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    load_pack(demo_pack_path(), "cpu")
    assert torch.backends.cudnn.allow_tf32 is False
