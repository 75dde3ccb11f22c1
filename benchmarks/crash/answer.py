"""A prediction worked out before, for windows that live too briefly to start the engine.

``python -m benchmarks.crash.answer FILE``: the demo case's, by the demo pack.
"""

import json
import pickle
import sys
from pathlib import Path

from her2desk.dicom.reader import open_image
from her2desk.domain.clinical import clinical_from_json
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.requests import case_of
from her2desk.paths import demo_case_dir, demo_pack_path


def main() -> None:
    """Predict and pickle."""
    folder = demo_case_dir()
    roi = roi_from_json((folder / "roi.json").read_text(encoding="utf-8"))
    clinical = clinical_from_json(
        json.loads((folder / "clinical.json").read_text(encoding="utf-8"))
    )
    case = case_of(open_image(folder / "demo.dcm"), roi, clinical, None)
    prediction = predict(case, load_pack(demo_pack_path(), "cpu"), SilentProgress())
    Path(sys.argv[1]).write_bytes(pickle.dumps(prediction))


if __name__ == "__main__":
    main()
