"""Which device the network runs on, and how many threads the arithmetic uses."""

import os

import torch

from her2desk.errors import InputRefused
from her2desk.texts import msg

MAX_THREADS = 4


def fix_threads() -> None:
    """Use the same number of threads in the window's engine and on the command line: same bits."""
    torch.set_num_threads(min(MAX_THREADS, os.cpu_count() or 1))


def available_devices() -> tuple[str, ...]:
    """Devices that can be used here, best first; always ends with ``"cpu"``."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")  # no cover: needs CUDA
    if torch.backends.mps.is_available():
        found.append("mps")  # no cover: needs MPS
    return (*found, "cpu")


def choose_device(wanted: str) -> str:
    """The device for ``wanted`` (``"auto"``: the best there is).

    Raises ``InputRefused`` for a device that this computer does not have: a silent change of device
    would change the last digits without a word.
    """
    available = available_devices()
    if wanted == "auto":
        return available[0]
    if wanted not in available:
        raise InputRefused(
            msg("This computer has no usable {device} device.", device=wanted.upper()),
            msg("Choose another under Settings › Device, or leave it on auto."),
            code="device",
        )
    return wanted
