"""Runs first in every process of the bundle.

The executable finds its libraries by a variable that the loader has read by now. A browser or a PDF
viewer that is started from here must not inherit it: it would load the bundle's libraries. On Windows
the executable without a console has no standard streams, which nobody here expects.
"""

import os
import sys

for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
    before = os.environ.pop(f"{name}_ORIG", None)
    if before is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = before

for name in ("stdout", "stderr"):
    if getattr(sys, name) is None:
        setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
