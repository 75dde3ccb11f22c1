"""What the bundle's executable runs: the same as ``python -m her2desk``.

matplotlib keeps its list of fonts in the program's cache, which PyInstaller would have it make anew in
each process.

joblib's workers are started as if the executable were Python. Those few command lines, and no others,
are understood here; those of ``multiprocessing`` are, in ``freeze_support``.
"""

import os
import runpy
import sys

from her2desk.paths import default_cache_dir

LOKY = "joblib.externals.loky.backend"
WORKER = f"{LOKY}.popen_loky_posix"
TRACKER = f"from {LOKY}.resource_tracker import main"
FORK = "--multiprocessing-fork"


def is_worker_of_joblib(arguments: list[str]) -> bool:
    """Do the work of joblib's child process where the arguments ask for it."""
    if arguments[:2] == ["-m", WORKER]:
        sys.argv = arguments[1:]
        runpy.run_module(WORKER, run_name="__main__")
        return True
    if len(arguments) >= 2 and arguments[-2] == "-c" and arguments[-1].startswith(TRACKER):
        exec(arguments[-1], {})
        return True
    if arguments[:1] == [FORK] and len(arguments) == 2 and arguments[1].isdigit():
        from joblib.externals.loky.backend import popen_loky_win32

        popen_loky_win32.main(int(arguments[1]))
        return True
    return False


os.environ["MPLCONFIGDIR"] = str(default_cache_dir() / "matplotlib")

if __name__ == "__main__" and not is_worker_of_joblib(sys.argv[1:]):
    from her2desk.__main__ import main

    sys.exit(main())
