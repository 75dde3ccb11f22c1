"""What the bundle leaves out, and why.

Most goes before PyInstaller looks: files taken out of the build's environment bring no libraries of
theirs along. Nothing is taken out that a module of the program or of what it uses imports.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

# Modules that the program never runs; PyInstaller does not follow them.
EXCLUDED_MODULES = (
    # what builds and tests
    *("pip", "setuptools", "wheel", "hatchling", "editables", "pkg_resources", "ensurepip", "venv"),
    *("PyInstaller", "pytest", "_pytest", "hypothesis", "lib2to3", "test", "pydoc_data", "idlelib"),
    # shells and other window toolkits that libraries would use if they were there
    *("IPython", "ipykernel", "jedi", "tkinter", "_tkinter", "turtledemo", "PyQt5", "PyQt6"),
    *("PySide2", "pyqtgraph.examples", "pyqtgraph.opengl", "curses", "readline"),
    # the optional extras of libraries
    *("torch.utils.tensorboard", "torch.utils.benchmark"),
    *("matplotlib.tests", "sklearn.tests"),
)

UNUSED_PLATFORMS = ("vnc", "vkkhrdisplay", "linuxfb", "eglfs", "minimalegl")
UNUSED_PLUGINS = (
    *("tls", "egldeviceintegrations", "networkinformation", "generic", "printsupport"),
    "wayland-graphics-integration-server",
)

# Files of the environment that no process of the program opens, by the reason.
LEFT_OUT = {
    "tests and samples": (
        *("torch/test/**", "torch/bin/test_*", "torch/bin/*Test", "torch/bin/*.pt*"),
        *("torch/bin/upgrader_models/**", "torch/lib/libtorchbind_test.so"),
        *("torch/lib/libjitbackend_test.so", "torch/lib/libbackend_with_compiler.so"),
        *("torch/lib/libaoti_custom_ops.so", "*/tests/**", "*/*/tests/**", "*/*/*/tests/**"),
        *("matplotlib/mpl-data/sample_data/**", "pydicom/data/test_files/**"),
    ),
    "for compiling against": (
        *("torch/include/**", "torch/share/**", "torch/bin/protoc*", "numpy/_core/include/**"),
        *("**/*.a", "**/*.lib", "**/*.h", "**/*.hpp", "**/*.cuh", "**/*.pxd", "**/*.pyx"),
        "**/*.cmake",
    ),
    "Qt that the window does not use": (
        *("PySide6/Qt/qml/**", "PySide6/Qt/libexec/**", "PySide6/Qt/metatypes/**"),
        *(f"PySide6/Qt/plugins/platforms/libq{name}.so" for name in UNUSED_PLATFORMS),
        *(f"PySide6/Qt/plugins/{name}/**" for name in UNUSED_PLUGINS),
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",  # brings all of GTK
    ),
}

STRIPPED = "*.so*"


def trim(site_packages: Path) -> dict[str, int]:
    """Take out of an environment what the bundle leaves out; gives the bytes by reason."""
    gone: dict[str, int] = {}
    for reason, patterns in LEFT_OUT.items():
        for pattern in patterns:
            for path in site_packages.glob(pattern.removesuffix("/**")):
                gone[reason] = gone.get(reason, 0) + _bytes_under(path)
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
    return gone


def strip_symbols(site_packages: Path) -> int:
    """Take the debugging symbols out of the libraries (Linux); gives the bytes that this saves.

    A library that patchelf has moved about cannot always be stripped; it is then left as it is.
    """
    if sys.platform != "linux" or shutil.which("strip") is None:
        return 0
    return sum(_strip(path) for path in sorted(_libraries(site_packages)))


def is_left_out(name: str) -> bool:
    """Whether a file that PyInstaller found goes into no bundle."""
    posix = name.replace("\\", "/")
    return any(fnmatch(posix, pattern) for pattern in BUILD_RECORDS)


# What pip wrote of the installation; the metadata that programs ask for, and the licences, stay.
BUILD_RECORDS = tuple(
    f"*.dist-info/{name}"
    for name in ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "top_level.txt")
)


def _libraries(folder: Path) -> Iterator[Path]:
    for path in folder.rglob(STRIPPED):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def _strip(path: Path) -> int:
    before = path.stat().st_size
    trial = path.with_name(path.name + ".stripped")
    done = subprocess.run(
        ["strip", "--strip-unneeded", "-o", str(trial), str(path)], capture_output=True, check=False
    )
    if done.returncode or not _is_aligned(trial):
        trial.unlink(missing_ok=True)
        return 0
    shutil.copymode(path, trial)
    trial.replace(path)
    return before - path.stat().st_size


def _is_aligned(path: Path) -> bool:
    """Whether the loader can map the library: each segment lies where its address asks for."""
    shown = subprocess.run(
        ["readelf", "-lW", str(path)], capture_output=True, text=True, check=False
    )
    if shown.returncode or "Warning" in shown.stderr or "Error" in shown.stderr:
        return False
    for line in shown.stdout.splitlines():
        words = line.split()
        if words[:1] == ["LOAD"]:
            offset, address, alignment = (int(words[i], 16) for i in (1, 2, -1))
            if offset % alignment != address % alignment:
                return False
    return True


def _bytes_under(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
