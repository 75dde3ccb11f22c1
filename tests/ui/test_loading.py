"""What is loaded after the first paint, by whom, and what Python's collector makes of it."""

import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest
from pytestqt.qtbot import QtBot

from her2desk.ui import loading
from her2desk.ui.garbage import leave_alone_while_loading, no_full_collections, set_aside_loaded
from her2desk.ui.jobs import Background
from her2desk.ui.loading import load_soon, wait_until_loaded

WINDOW = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
from her2desk.settings import Settings
from her2desk.ui.app import make_application, make_window
app = make_application(Settings())
window = make_window(Path(sys.argv[1]), Settings())
window.show()
app.processEvents()
print(*sorted(sys.modules))
window.close()
"""
LATER = {"pydantic", "pydicom", "PIL", "shapely", "safetensors", "her2desk.packs.pack"}
NEVER = {"torch", "monai", "radiomics", "lightgbm", "scipy", "skimage", "matplotlib", "pandas"}


def test_the_window_is_painted_before_files_and_packs_are_loaded(tmp_path: Path) -> None:
    done = run([sys.executable, "-c", WINDOW, str(tmp_path)], capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "her2desk.ui.main_window" in loaded, done.stderr
    assert not loaded & (LATER | NEVER)


@pytest.fixture
def slow_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A module that is loaded only when the event is set."""
    (tmp_path / "slow_to_load.py").write_text("import slow_gate; slow_gate.opened.wait(20)\n")
    gate = type(sys)("slow_gate")
    gate.opened = threading.Event()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "slow_gate", gate)
    monkeypatch.syspath_prepend(tmp_path)
    yield gate.opened
    gate.opened.set()
    wait_until_loaded()
    sys.modules.pop("slow_to_load", None)


def test_work_in_the_background_waits_for_what_is_being_loaded(
    qtbot: QtBot, slow_module: threading.Event
) -> None:
    background, order = Background(), list[str]()
    load_soon(["slow_to_load"])
    background.run(
        lambda: "slow_to_load" in sys.modules and slow_module.is_set(),
        lambda was_first: order.append(f"loaded first: {was_first}"),
        pytest.fail,
    )
    assert not order
    slow_module.set()
    qtbot.waitUntil(lambda: bool(order))
    assert order == ["loaded first: True"]
    background.close()


def test_what_cannot_be_loaded_ahead_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    load_soon(["her2desk.no_such_module"])
    wait_until_loaded()
    assert "not loaded ahead" in caplog.text


def test_all_that_is_loaded_ahead_exists() -> None:
    load_soon()
    wait_until_loaded()
    assert all(name in sys.modules for name in loading.NEEDED_SOON)


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's collector as it was, and nothing of these tests set aside for good."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.enable()
    gc.set_threshold(*thresholds)


class Loop:
    """Refers to itself, so that only the collector can free it."""

    def __init__(self, freed: list[str]) -> None:
        self.me = self
        self.freed = freed

    def __del__(self) -> None:
        self.freed.append("freed")


@pytest.mark.usefixtures("collector")
def test_what_was_loaded_is_set_aside_and_what_is_newer_is_still_collected() -> None:
    leave_alone_while_loading()
    assert not gc.isenabled()
    set_aside_loaded()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000
    freed: list[str] = []
    Loop(freed)
    gc.collect()
    assert freed == ["freed"]


@pytest.mark.usefixtures("collector")
def test_a_window_closed_before_another_opens_is_not_set_aside() -> None:
    set_aside_loaded()
    freed: list[str] = []
    Loop(freed)
    set_aside_loaded()
    gc.collect()
    assert freed == ["freed"]


@pytest.mark.usefixtures("collector")
def test_thousands_of_rows_bring_no_round_through_everything() -> None:
    before = gc.get_threshold()
    with no_full_collections():
        assert gc.get_threshold()[2] > 1_000_000
    assert gc.get_threshold() == before
