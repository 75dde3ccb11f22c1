"""How much a process that decodes foreign files may take."""

import resource
import subprocess
import sys

import pytest

from her2desk.dicom import limits
from her2desk.dicom.limits import limit_memory, too_much_memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no such limit elsewhere")
MANY = 10**15


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    limits_asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, both: limits_asked.append(both))
    return limits_asked


def mapped_bytes() -> int:
    pages = int(limits._STATM.read_text().split()[0])
    return pages * resource.getpagesize()


def test_the_limit_counts_from_what_is_mapped_already(asked: list[tuple[int, int]]) -> None:
    limit_memory(MANY)
    ((soft, hard),) = asked
    assert soft - MANY == pytest.approx(mapped_bytes(), rel=0.2)
    assert hard == resource.getrlimit(resource.RLIMIT_AS)[1]


def test_a_limit_that_is_there_already_is_not_raised(
    asked: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (MANY, MANY))
    limit_memory(2 * MANY)
    assert asked == [(MANY, MANY)]


def test_a_system_without_such_a_limit_is_left_alone(
    asked: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_STATM", limits._STATM.with_name("not-there"))
    limit_memory()
    assert asked == []


def test_what_is_beyond_the_limit_is_a_memory_error() -> None:
    code = (
        "from her2desk.dicom.limits import limit_memory; limit_memory(2**28)\n"
        "bytearray(2**27)\n"
        "try: bytearray(2**29)\n"
        "except MemoryError: print('refused')"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout == "refused\n"


def test_the_refusal_says_what_to_do() -> None:
    refusal = too_much_memory()
    assert refusal.code == "too-large"
    assert refusal.remedy.text()
