"""``her2desk doctor --part NAME``: what the doctor has a child do, as it may end its process."""

import json
from collections.abc import Mapping

from her2desk.cli.output import standard_output_kept
from her2desk.diagnostics.children import KIND, PROBLEM
from her2desk.diagnostics.parts import PARTS, Part
from her2desk.diagnostics.window import WINDOW_PART
from her2desk.errors import EXIT_USAGE


def answer_part(name: str) -> int:
    """Do the part and print what it found, or why it cannot be used, as one JSON object."""
    part = every_part().get(name)
    if part is None:
        return EXIT_USAGE
    with standard_output_kept() as out:
        try:
            found = dict(part())
        except Exception as error:  # whatever a damaged library raises
            found = {PROBLEM: str(error), KIND: type(error).__name__}
        out.write(json.dumps(found) + "\n")
        out.flush()
    return 0


def every_part() -> Mapping[str, Part]:
    """The parts by name, the window's with them."""
    return {**PARTS, WINDOW_PART: _window}


def _window() -> Mapping[str, object]:
    from her2desk.ui.doctor.qt_part import window_facts

    return window_facts()
