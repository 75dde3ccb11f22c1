"""The demo case from its file to its answer, held against the numbers that came with the program.

``python -m her2desk.diagnostics.self_test FOLDER`` writes those numbers; building the demo pack does.
"""

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from her2desk.diagnostics.check import INSTALL_AGAIN, Check
from her2desk.diagnostics.children import Children, NoAnswer
from her2desk.redaction import public
from her2desk.texts import msg, msgn

SELF_TEST_PART = "self-test"
NUMBERS_FILE = "self-test.json"
# Between processors: without AVX2, with it and with AVX-512 the numbers differ by 2.5e-7 at most.
TOLERANCE = 1e-6


def demo_numbers(folder: Path, pack: Path) -> dict[str, Any]:
    """What the demo case in ``folder`` gives with ``pack``, on the processor; all are probabilities.

    Raises ``InputRefused`` and ``PackRefused`` where a part of the demo cannot be used.
    """
    from her2desk.domain.clinical import clinical_from_json
    from her2desk.domain.progress import SilentProgress
    from her2desk.domain.roi import roi_from_json
    from her2desk.inference.pipeline import load_pack, predict
    from her2desk.inference.requests import read_case

    roi = roi_from_json((folder / "roi.json").read_text(encoding="utf-8"))
    record = json.loads((folder / "clinical.json").read_text(encoding="utf-8"))
    case = read_case(folder / "demo.dcm", roi, clinical_from_json(record))
    answer = predict(case, load_pack(pack, "cpu"), SilentProgress()).to_json()
    lower, upper = answer["interval"]
    numbers = {**answer["branches"], "lower": lower, "upper": upper}
    return {"inputs_sha256": answer["inputs_sha256"], "numbers": numbers}


def self_test_check(children: Children, stored: Path) -> Check:
    """Whether the demo case gives the ``stored`` numbers here, worked out in a child."""
    try:
        expected = json.loads(stored.read_text(encoding="utf-8"))
        wanted = {str(k): float(v) for k, v in expected["numbers"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        said = msg("The numbers that the demo case should give are missing.")
        return Check("self-test", False, said, INSTALL_AGAIN)
    try:
        found = children.ask(SELF_TEST_PART)
    except NoAnswer as error:
        return Check("self-test", False, error.message, error.remedy)
    if found["inputs_sha256"] != expected.get("inputs_sha256"):
        said = msg("The demo case or its pack is not the one that came with the program.")
        return Check("self-test", False, said, INSTALL_AGAIN)
    return _compared(wanted, found["numbers"])


def _compared(wanted: Mapping[str, float], found: Mapping[str, float]) -> Check:
    off = {name: abs(found.get(name, math.nan) - value) for name, value in wanted.items()}
    wrong = [name for name, by in off.items() if not by <= TOLERANCE]
    if not wrong:
        said = msgn(
            "{n} number of the demo case is as it was stored (off by {by:.1g} at most).",
            "{n} numbers of the demo case are as they were stored (off by {by:.1g} at most).",
            len(wanted),
            by=max(off.values()),
        )
        return Check("self-test", True, said)
    name = wrong[0]
    said = msg(
        "The demo case gives other numbers here: {name} is {found:.6f} and should be {wanted:.6f}.",
        name=public(name),
        found=float(found.get(name, math.nan)),
        wanted=wanted[name],
    )
    remedy = msg(
        "Trust no answer of this computer. Install Her2Desk again; if it stays, save a support bundle."
    )
    return Check("self-test", False, said, remedy)


def write_numbers(demo: Path, pack: Path) -> None:
    """Store what the demo case gives here beside the pack."""
    document = demo_numbers(demo / "case", pack)
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    (demo / NUMBERS_FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    from her2desk.paths import demo_pack_path

    write_numbers(Path(sys.argv[1]), demo_pack_path())
