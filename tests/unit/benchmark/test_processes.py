"""What a process and those it started took, as the system tells it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from her2desk.benchmark.processes import (
    MB,
    family,
    forget_peaks,
    peak_bytes,
    peak_mb,
    processor_s,
    resident_mb,
)

PARENT_BYTES = 300 * 2**20
needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")


def test_a_large_parent_s_memory_is_not_its_child_s() -> None:
    large = b"x" * PARENT_BYTES
    code = "from her2desk.benchmark.processes import peak_bytes; print(peak_bytes())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert peak_bytes() >= len(large)
    assert int(told.stdout) < PARENT_BYTES


@needs_proc
def test_a_family_is_a_process_and_all_that_it_started() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert {os.getpid(), child.pid} <= set(family())
        assert family(child.pid) == [child.pid]
        assert (resident_mb([os.getpid(), child.pid]) or 0) > (resident_mb([os.getpid()]) or 0)
        child.communicate(b"\n")
    assert child.pid not in family()


@needs_proc
def test_a_peak_stays_until_it_is_forgotten() -> None:
    me = [os.getpid()]
    before = resident_mb(me) or 0
    large = bytearray(os.urandom(64)) * (PARENT_BYTES // 64)
    del large
    assert (peak_mb(me) or 0) > before + PARENT_BYTES / MB / 2
    forget_peaks(me)
    assert (peak_mb(me) or 0) < before + PARENT_BYTES / MB / 2


def test_nothing_is_guessed_of_a_process_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert resident_mb([child.pid]) is None
    assert processor_s(child.pid) is None


@needs_proc
def test_a_process_that_works_takes_processor_time() -> None:
    before = processor_s(os.getpid()) or 0
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert (processor_s(os.getpid()) or 0) > before
