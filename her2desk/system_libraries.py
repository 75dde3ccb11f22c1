"""The shared libraries that the window needs from a Linux system, and their Debian packages.

Only the standard library is used, so that this can run before anything is installed:
``python3 installer/system_libraries.py [--install]`` names what is missing with the exact command
and ends with 1, or with ``--install``, as root, installs it.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

# What Qt's own libraries, its X11 and offscreen platforms and their OpenGL parts ask the loader for
# (readelf -d over PySide6 Essentials 6.11), without the C and C++ runtimes. Names as of Debian 12;
# the t64 names of later Debian and Ubuntu releases are reached through these.
PACKAGE_OF_LIBRARY = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
INSTALL_FLAG = "--install"

Runner = Callable[[Sequence[str]], int]


def missing_libraries(platform: str = sys.platform) -> tuple[str, ...]:
    """Names of the libraries that the loader does not find; none are needed outside Linux."""
    if platform != "linux":
        return ()
    return tuple(name for name in PACKAGE_OF_LIBRARY if not _loads(name))


def apt_command(libraries: Sequence[str]) -> tuple[str, ...]:
    """The command that installs the packages of these libraries."""
    packages = sorted({PACKAGE_OF_LIBRARY[name] for name in libraries})
    return ("apt-get", "install", "-y", "--no-install-recommends", *packages)


def main(
    arguments: Sequence[str],
    missing: Callable[[], Sequence[str]] = missing_libraries,
    run: Runner = subprocess.call,
) -> int:
    """Name what is missing, or install it; 0 when nothing is missing in the end, 1 else."""
    absent = missing()
    if not absent:
        sys.stdout.write("All system libraries that the window needs are present.\n")
        return 0
    command = apt_command(absent)
    if INSTALL_FLAG in arguments and _may_install():
        if run(("apt-get", "update")) == 0 and run(command) == 0 and not missing():
            return 0
        sys.stderr.write("The system libraries could not be installed.\n")
    sys.stderr.write(f"Missing system libraries: {', '.join(absent)}\n")
    sys.stderr.write(f"On Debian or Ubuntu, as root: {' '.join(command)}\n")
    return 1


def _may_install() -> bool:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return is_root and shutil.which("apt-get") is not None


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
