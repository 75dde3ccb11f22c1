"""What decides which numbers a process gets, so that two processes can be held against each other."""

import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import numpy as np

import her2desk
from her2desk.errors import InputRefused
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.feature_cache import EXTRACTION, LIBRARIES
from her2desk.radiomics.profile import Profile

THREADS = "threads"
NUMBERS = "numbers"
ENHANCING = "torch"  # where a network enhances before features are measured
_SIDE_PX = 160
_PIXEL_MM = (0.1, 0.1)


@dataclass(frozen=True)
class Standing:
    """Versions, threads and the SHA-256 of numbers that the process did get, each by its name."""

    said: tuple[tuple[str, str], ...]

    def first_difference(self, other: "Standing") -> tuple[str, str, str] | None:
        """The first name that differs, with our value and the other's; None where none does."""
        theirs = dict(other.said)
        for name, ours in self.said:
            if theirs.get(name) != ours:
                return name, ours, theirs.get(name, "–")
        return None


@cache
def standing(profile: Profile, threads: int = 1) -> Standing:
    """This process's standing for a profile, measuring ``threads`` outlines at once."""
    return Standing(
        (
            ("Her2Desk", f"{her2desk.__version__} ({EXTRACTION})"),
            ("Python", ".".join(platform.python_version_tuple()[:2])),
            *((name, version(name)) for name in (*LIBRARIES, ENHANCING)),
            (THREADS, str(threads)),
            (NUMBERS, _numbers(profile)),
        )
    )


def one_thread() -> None:
    """Let SimpleITK use one thread: a worker has one core, and more would wait for one another."""
    import SimpleITK as sitk  # noqa: N813 (the name everyone knows)

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def _numbers(profile: Profile) -> str:
    """SHA-256 of the profile's features of a picture of our own: processors may differ as well."""
    row, column = np.mgrid[:_SIDE_PX, :_SIDE_PX]
    grey = ((7 * column**2 + 13 * row**2 + 3 * row * column) % 251).astype(np.uint8)
    mask = ((column - 80) / 50) ** 2 + ((row - 75) / 40) ** 2 < 1
    names = all_names(profile)
    try:
        values = extract(grey, mask, _PIXEL_MM, profile, names, on_missing="nan")
    except InputRefused as refused:  # the picture is too small for this profile
        return refused.code
    return hashlib.sha256(np.array([values[name] for name in names]).tobytes()).hexdigest()
