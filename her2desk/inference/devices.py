"""Which device the network runs on, how many threads the arithmetic uses, and what a lost device costs.

A graphics card may run out of memory, be unplugged, or have a driver that does not fit. The work that
met the fault is then done once more on the processor, and so is all later work of the session.
"""

import logging
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import torch

from her2desk.domain.image import ImageWarning
from her2desk.errors import InputRefused
from her2desk.inference.threads import thread_count
from her2desk.texts import Message, msg

log = logging.getLogger(__name__)
CPU = "cpu"
FELL_BACK = "device-fell-back"
HALF = "-half"  # behind the name of a device that works in half precision

Given = TypeVar("Given")


class NoNumbers(RuntimeError):
    """A device gave an answer that is no number."""


# Out of memory, a lost device and an operator that MPS lacks are RuntimeErrors of torch's; the others
# come from a device that cannot be begun with.
FAULTS = (RuntimeError, AssertionError, torch.cuda.DeferredCudaCallError)


class FaultKind(StrEnum):
    """What went wrong with a device, as far as its words tell."""

    MEMORY = "memory"
    DRIVER = "driver"
    UNSUPPORTED = "unsupported"
    LOST = "lost"


_DRIVER_WORDS = (
    "driver",
    "no kernel image",
    "cuda capability",
    "not compiled with cuda",
    "ptx",
    "cudnn_status_not_initialized",
    "cublas_status_not_initialized",
    "cudnn_status_version_mismatch",
)


@dataclass(frozen=True)
class DeviceFault:
    """A device that failed, and how."""

    device: str
    kind: FaultKind

    @classmethod
    def of(cls, device: str, error: BaseException) -> "DeviceFault":
        """The fault that ``error`` tells of."""
        words = str(error).lower()
        if isinstance(error, torch.OutOfMemoryError) or "out of memory" in words:
            return cls(device, FaultKind.MEMORY)
        if isinstance(error, NotImplementedError):
            return cls(device, FaultKind.UNSUPPORTED)
        if any(word in words for word in _DRIVER_WORDS):
            return cls(device, FaultKind.DRIVER)
        return cls(device, FaultKind.LOST)

    @property
    def sentence(self) -> Message:
        """What to tell the reader."""
        return _SENTENCES[self.kind]

    @property
    def training_sentence(self) -> Message:
        """What to tell whoever trains a pack."""
        return _TRAINING_SENTENCES[self.kind]

    @property
    def warning(self) -> ImageWarning:
        """The notice that an answer carries."""
        return ImageWarning(FELL_BACK, self.sentence)


_SENTENCES = {
    FaultKind.MEMORY: msg(
        "The graphics card ran out of memory, so the processor does the work until you choose a device "
        "again; answers are the same, only slower."
    ),
    FaultKind.DRIVER: msg(
        "The graphics card's driver does not fit, so the processor does the work until you choose a "
        "device again; answers are the same, only slower."
    ),
    FaultKind.UNSUPPORTED: msg(
        "The graphics card cannot run this pack's network, so the processor does the work until you "
        "choose a device again; answers are the same, only slower."
    ),
    FaultKind.LOST: msg(
        "The graphics card failed, so the processor does the work until you choose a device again; "
        "answers are the same, only slower."
    ),
}
_TRAINING_SENTENCES = {
    FaultKind.MEMORY: msg(
        "The graphics card's memory is too small; the processor trains the networks instead"
    ),
    FaultKind.DRIVER: msg(
        "The graphics card's driver does not fit; the processor trains the networks instead"
    ),
    FaultKind.UNSUPPORTED: msg(
        "The graphics card cannot train this network; the processor trains the networks instead"
    ),
    FaultKind.LOST: msg("The graphics card failed; the processor trains the networks instead"),
}


def nobody_told(_fault: DeviceFault) -> None:
    """For callers who ask afterwards."""


class Device:
    """The device that a session works on: the one chosen until it fails, from then on the processor.

    ``told`` is called once, when it fails. Everything of a session shares one ``Device``, so that a
    broken one is not tried again for each case. ``half``: networks may be read in half precision on it
    where the numbers agree to 1e-3, which is not the 1e-4 of float32 (ADR 0027).
    """

    def __init__(
        self, name: str, told: Callable[[DeviceFault], None] = nobody_told, *, half: bool = False
    ) -> None:
        self.name = name
        self.half = half
        self.fault: DeviceFault | None = None
        self._told = told

    @classmethod
    def of(cls, wanted: "str | Device") -> "Device":
        """``wanted`` itself, or a new one by that name."""
        return wanted if isinstance(wanted, Device) else cls(wanted)

    @property
    def is_processor(self) -> bool:
        return self.name == CPU

    @property
    def warnings(self) -> tuple[ImageWarning, ...]:
        """What an answer must say of the device; empty while it works."""
        return () if self.fault is None else (self.fault.warning,)

    def run(self, work: Callable[[str], Given]) -> Given:
        """``work(name)``, done again on the processor where the device fails at it.

        What fails on the processor too is no fault of the device: it is raised, and the device stays.
        """
        if self.is_processor:
            return work(CPU)
        try:
            return work(self.name)
        except FAULTS as error:
            fault = DeviceFault.of(self.name, error)
            log.warning("the device failed; trying the processor", exc_info=True)
        given = work(CPU)
        self.fault, self.name = fault, CPU
        self._told(fault)
        return given


def release_memory() -> None:
    """Let other programs have what a failed device still holds for this one."""
    try:
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.empty_cache()  # no cover: needs CUDA
    except Exception:  # no cover: needs CUDA
        log.info("the failed device does not give its memory back", exc_info=True)


def fix_arithmetic() -> None:
    """The same bits in the window's engine and on the command line, and on a graphics card nearly so.

    The number of threads is the one that was chosen, whatever the environment says. Convolutions keep
    all of float32: the ten bits of TF32, which NVIDIA cards take unasked, would move answers by more
    than 1e-4.
    """
    torch.set_num_threads(thread_count())
    torch.backends.cudnn.allow_tf32 = False


def available_devices() -> tuple[str, ...]:
    """Devices that can be used here, best first; always ends with ``"cpu"``."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # why a card cannot be used is told by ``device_problem``
        if torch.cuda.is_available():
            found.append("cuda")
        if torch.backends.mps.is_available():
            found.append("mps")
    return (*found, CPU)


def device_problem() -> Message | None:
    """Why a graphics card that is here cannot be used; None where it can or there is none."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        if torch.cuda.is_available() or torch.backends.mps.is_available():
            return None
    if said:
        return msg("There is a graphics card, but its driver does not fit this program's PyTorch.")
    if shutil.which("nvidia-smi") is None:
        return None
    if torch.version.cuda is None:
        return msg("There is a graphics card, but the PyTorch installed here is for processors.")
    return msg("There is a graphics card, but its driver does not answer.")


def named_device(wanted: str, told: Callable[[DeviceFault], None] = nobody_told) -> Device:
    """The device for ``wanted``: as ``choose_device`` takes it, or with ``HALF`` behind it.

    Raises ``InputRefused`` for one that this computer does not have.
    """
    return Device(choose_device(wanted.removesuffix(HALF)), told, half=wanted.endswith(HALF))


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
            device_problem()
            or msg("This computer has no usable {device} device.", device=wanted.upper()),
            msg("Choose another under Settings › Device, or leave it on auto."),
            code="device",
        )
    return wanted
