"""The panels load nothing heavy: the window must be usable in about a second."""

import subprocess
import sys

HEAVY = ("torch", "monai", "radiomics", "lightgbm", "scipy", "skimage", "matplotlib", "pandas")


def test_the_panels_load_no_heavy_library() -> None:
    program = (
        "import sys\n"
        "import her2desk.ui.panels.result_panel, her2desk.ui.panels.clinical_form\n"
        "import her2desk.ui.panels.nomogram_view, her2desk.ui.panels.why_panel\n"
        "import her2desk.ui.settings_dialog\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
