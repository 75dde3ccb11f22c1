"""What a child of the doctor's does and answers; each may end its process, or hang it."""

from collections.abc import Callable, Mapping
from typing import Any

from her2desk.diagnostics.decoders import DECODERS_PART, decoded_syntaxes
from her2desk.diagnostics.machine import NETWORKS_PART, RADIOMICS_PART
from her2desk.diagnostics.self_test import SELF_TEST_PART, demo_numbers
from her2desk.paths import demo_case_dir, demo_pack_path

Part = Callable[[], Mapping[str, Any]]


def _networks() -> Mapping[str, Any]:
    import monai.networks.nets  # noqa: F401
    import torch

    from her2desk.inference.devices import available_devices, device_problem

    problem = device_problem()
    return {
        "version": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "devices": list(available_devices()),
        "device_problem": "" if problem is None else problem.text(),
    }


def _radiomics() -> Mapping[str, Any]:
    import radiomics
    import radiomics.featureextractor

    return {"version": radiomics.__version__}


def _self_test() -> Mapping[str, Any]:
    return demo_numbers(demo_case_dir(), demo_pack_path())


PARTS: Mapping[str, Part] = {
    NETWORKS_PART: _networks,
    RADIOMICS_PART: _radiomics,
    DECODERS_PART: decoded_syntaxes,
    SELF_TEST_PART: _self_test,
}
