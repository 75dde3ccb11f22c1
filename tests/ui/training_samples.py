"""A cohort's check, a finished pack, and a child process that plays the command line."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from her2desk.paths import demo_pack_path
from her2desk.settings import Settings
from her2desk.store.opening import open_library
from her2desk.ui.app import make_application
from her2desk.ui.main_window import MainWindow
from her2desk.ui.training.work_window import CHOICES, RUNNING, WorkWindow

WAIT_MS = 20_000
CHILD = Path(__file__).with_name("training_child.py")

FINDINGS = [
    {
        "row": 17,
        "column": "her2_ihc",
        "severity": "error",
        "code": "pathology-value",
        "message": "IHC score '4+' does not exist.",
        "remedy": "Use 0, 1+, 2+ or 3+.",
    },
    {
        "row": 3,
        "column": "image",
        "severity": "error",
        "code": "image-unreadable",
        "message": "images/P003.dcm cannot be read.",
        "remedy": "Copy the file again.",
    },
    {
        "row": None,
        "column": None,
        "severity": "notice",
        "code": "status-unknown",
        "message": "5 patients have IHC 2+ and no FISH result.",
        "remedy": "Add it where it is known.",
    },
]


def check_document(**changes: Any) -> dict[str, Any]:
    """A cohort that can be used, every image with a scale."""
    known = {"age_years": 200, "pr": 200, "er": 200, "ki67_percent": 180, "ca125_u_ml": 0}
    document = {
        "patients": 200,
        "positive": 62,
        "unknown": 5,
        "images": 233,
        "usable": True,
        "findings": FINDINGS[2:],
        "inputs": [{"name": name, "known": n} for name, n in known.items()],
        "sites": ["A", "B"],
        "scanners": ["X", "Y", "Z"],
        "calibrated": 233,
        "has_split_column": False,
    }
    return {**document, **changes}


def bad_check_document() -> dict[str, Any]:
    """A cohort that must be corrected first."""
    return check_document(usable=False, findings=FINDINGS)


def step(fraction: float, text: str, eta_s: float | None = None) -> dict[str, Any]:
    """A line of progress."""
    return {
        "stage": "networks",
        "fraction": fraction,
        "text": text,
        "elapsed_s": 1.0,
        "eta_s": eta_s,
    }


def auc(value: float, lower: float, upper: float, method: str = "logit-delong") -> dict[str, Any]:
    """A figure as in the metrics."""
    return {"auc": {"value": value, "lower": lower, "upper": upper, "method": method}}


def trained_document(pack: Path, **changes: Any) -> dict[str, Any]:
    """A finished training whose files lie beside ``pack``."""
    document = {
        "pack": str(pack),
        "digest": "ab" * 32,
        "report": str(pack.with_suffix(".html")),
        "tripod": str(pack.with_suffix(".md")),
        "figures": str(pack.parent / "figures"),
        "metrics": {
            "apparent": {"combined": auc(0.9, 0.84, 0.95), "clinical": auc(0.7, 0.6, 0.8)},
            "cross_validated": {"combined": auc(0.74, 0.65, 0.83, "nadeau-bengio")},
            "held_out": {"combined": auc(0.71, 0.55, 0.83)},
        },
        "warnings": [{"code": "fallback", "message": "Ridge was used."}],
    }
    return {**document, **changes}


def images_document(**changes: Any) -> dict[str, Any]:
    """A folder of images that an enhancer can be trained on."""
    document = {
        "usable": True,
        "images": 118,
        "patients": 60,
        "held_out_patients": 12,
        "left_out": [
            {"image": "P017/2.dcm", "code": "picture-colour", "message": "It holds colour."},
            {"image": "P031/1.dcm", "code": "picture-twice", "message": "It is there twice."},
        ],
    }
    return {**document, **changes}


def points(*phases: tuple[int, str, float]) -> list[dict[str, Any]]:
    """Lines of the curves: step, phase and PSNR."""
    return [{"curve": {"step": s, "phase": phase, "psnr_db": p}} for s, phase, p in phases]


def enhancer_document(file: Path, **changes: Any) -> dict[str, Any]:
    """A finished training of an enhancer."""
    document = {
        "enhancer": str(file),
        "sha256": "cd" * 32,
        "name": "ward-gan",
        "version": "1.0",
        "seed": 7,
        "patients": 48,
        "images": 95,
        "held_out_patients": 12,
        "left_out": images_document()["left_out"][:1],
        "measures": {
            "lanczos": {"psnr_db": 30.5, "ssim": 0.774, "gmsd": 0.112, "speckle_snr": 0.63},
            "generator": {"psnr_db": 32.4, "ssim": 0.774, "gmsd": 0.083, "speckle_snr": -0.11},
        },
        "figures": [str(file.with_name(f"{file.stem}-curves.png"))],
    }
    return {**document, **changes}


class Scene:
    """What the played command line will say, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._scene: dict[str, Any] = {}
        self.check(out=check_document())
        self.train()

    @property
    def command(self) -> list[str]:
        """How to start it."""
        return [sys.executable, "-S", str(CHILD), str(self.folder)]

    def check(self, **scene: Any) -> None:
        """What ``--check`` says from now on."""
        self._write("check", scene)

    def train(self, **scene: Any) -> None:
        """What a training says from now on."""
        self._write("train", scene)

    def calls(self, kind: str) -> list[list[str]]:
        """The arguments of every call so far."""
        path = self.folder / f"{kind}.calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def worker_pid(self) -> int:
        """The process that the child itself started."""
        return int((self.folder / "worker.pid").read_text())

    def _write(self, kind: str, scene: dict[str, Any]) -> None:
        self._scene[kind] = scene
        (self.folder / "scene.json").write_text(json.dumps(self._scene), encoding="utf-8")


def main_window(folder: Path) -> MainWindow:
    """The main window on a library of its own, not shown yet."""
    make_application(Settings())
    return MainWindow(
        open_library(folder / "library"),
        folder / "library",
        Settings(),
        folder / "settings.json",
        demo_pack_path(),
    )


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs; one that ended and was not asked for has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def check(qtbot: QtBot, window: WorkWindow, folder: Path) -> None:
    """Type the folder that is trained on, and wait for what is said of it."""
    with qtbot.waitSignal(window.process.check_finished, timeout=WAIT_MS):
        window.source.path.setText(str(folder))
        qtbot.keyClick(window.source.path, Qt.Key.Key_Return)


def start(qtbot: QtBot, window: WorkWindow, folder: Path) -> None:
    """From the folder to a training that runs, with the choices as they are."""
    check(qtbot, window, folder)
    qtbot.mouseClick(window.forward, Qt.MouseButton.LeftButton)
    assert window.step == CHOICES
    qtbot.mouseClick(window.forward, Qt.MouseButton.LeftButton)
    assert window.step == RUNNING
