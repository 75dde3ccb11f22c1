"""What may be loaded where, asked of fresh interpreters."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "her2desk"
HEAVY = {
    "torch", "monai", "radiomics", "lightgbm", "sklearn", "scipy", "skimage", "matplotlib", "pandas",
    "statsmodels", "SimpleITK", "shapely", "cryptography",
}  # fmt: skip
SECOND = (
    "her2desk.agreement", "her2desk.audit", "her2desk.figures", "her2desk.reports",
    "her2desk.ui.audit.audit_window", "her2desk.ui.deidentify.deidentify_window",
    "her2desk.ui.reading_log.reading_window", "her2desk.ui.readers.readers_window",
    "her2desk.ui.training.training_window",
)  # fmt: skip
QT = {"PySide6", "pyqtgraph"}
CLUSTER = {"dask", "distributed"}  # loaded where a scheduler's address is given


def modules_of(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def loaded_by(module: str) -> set[str]:
    return {name.split(".")[0] for name in modules_of(module)}


@pytest.mark.parametrize(
    "module",
    [
        "her2desk.inference",
        "her2desk.inference.engine",
        "her2desk.inference.pipeline",
        "her2desk.training.demo",
        "her2desk.cli.app",
    ],
)
def test_inference_and_the_command_line_load_neither_qt_nor_dask(module):
    assert not loaded_by(module) & (QT | CLUSTER)


def test_the_windows_handle_on_the_engine_is_light():
    assert not loaded_by("her2desk.inference.engine") & HEAVY


@pytest.mark.parametrize(
    "module", ["her2desk.ui.app", "her2desk.ui.main_window", "her2desk.ui.demonstration"]
)
def test_the_window_loads_nothing_heavy(module):
    assert not loaded_by(module) & HEAVY


def test_a_second_window_is_loaded_when_it_is_first_opened():
    for name in SECOND:
        assert importlib.util.find_spec(name) is not None
    assert not modules_of("her2desk.ui.app") & set(SECOND)


TENSORS_ONLY = [
    PACKAGE / "training" / name for name in ("pickled_weights.py", "network_training.py")
]


def test_nothing_in_the_program_reads_a_pickle():
    """Only our own two processes speak in pickles, through multiprocessing's pipe.

    The builder alone may: initial weights, in a child process, and its own checkpoints; tensors only.
    """
    for path in TENSORS_ONLY:
        text = path.read_text(encoding="utf-8")
        assert text.count("torch.load(") == text.count("weights_only=True") == 1
    for path in PACKAGE.rglob("*.py"):
        allowed = {"torch.load"} if path in TENSORS_ONLY else set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names = [f"{node.value.id}.{node.attr}"]
            for name in names:
                assert name.split(".")[0] not in ("pickle", "dill", "cloudpickle"), path
                assert name not in {"torch.load", "joblib.load", "np.load"} - allowed, path
