"""Faults put into a real child of the doctor's: each is named by its check, and comes with a remedy."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from her2desk.diagnostics.check import Check
from her2desk.diagnostics.children import Children
from her2desk.diagnostics.decoders import decoders_check
from her2desk.diagnostics.machine import machine_checks, radiomics_check
from her2desk.diagnostics.window import window_checks

Looked = Callable[[Children], Iterable[Check]]


def with_fault(
    folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, code: str, look: Looked
) -> Check:
    """The first finding where importing ``package`` does this."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    check = next(iter(look(Children())))
    assert not check.ok
    assert check.remedy.text()
    return check


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
def test_torch_that_crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    check = with_fault(tmp_path, monkeypatch, "torch", crash, machine_checks)
    assert (check.name, check.message.text()) == (
        "networks",
        "It ended its process at once (SIGSEGV).",
    )


def test_torch_without_one_of_its_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = "raise ImportError('libgomp.so.1: cannot open shared object file')"
    check = with_fault(tmp_path, monkeypatch, "torch", fail, machine_checks)
    assert check.name == "networks"
    assert "libgomp.so.1" in check.message.text()


def test_features_built_for_another_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail = "raise ValueError('numpy.dtype size changed')"
    look = lambda children: (radiomics_check(children),)  # noqa: E731
    check = with_fault(tmp_path, monkeypatch, "radiomics", fail, look)
    assert check.name == "radiomics"
    assert "ValueError" in check.message.text()
    assert "size changed" in check.message.text()


def test_a_decoder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = lambda children: (decoders_check(children),)  # noqa: E731
    check = with_fault(tmp_path, monkeypatch, "jpeg_ls", "raise ImportError('no codec')", look)
    assert check.name == "decoders"
    assert "JPEG-LS Lossless" in check.message.text()
    assert "JPEG Baseline" not in check.message.text()


def test_qt_without_a_shared_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail = "raise ImportError('libxcb-cursor.so.0: cannot open shared object file: No such file')"
    check = with_fault(tmp_path, monkeypatch, "PySide6", fail, window_checks)
    assert check.name == "window"
    assert "libxcb-cursor.so.0" in check.message.text()
    assert "libxcb-cursor0" in check.remedy.text()


def test_qt_without_its_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "nonsense")
    (check,) = window_checks(Children())
    assert (check.name, check.ok) == ("window", False)
    assert "“nonsense”" in check.message.text()
    assert "QT_QPA_PLATFORM" in check.remedy.text()
