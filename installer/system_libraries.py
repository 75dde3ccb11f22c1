"""Names or installs the system libraries that the window needs, before anything else is installed.

The work and the table are in ``her2desk/system_libraries.py``, which ``her2desk doctor`` uses too.
"""

import runpy
from pathlib import Path

if __name__ == "__main__":
    module = Path(__file__).resolve().parent.parent / "her2desk" / "system_libraries.py"
    runpy.run_path(str(module), run_name="__main__")
