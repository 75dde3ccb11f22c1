"""Everything that docs/performance.md says, measured in one run: ``make bench``.

    python -m benchmarks.performance [--keep RUN.json] [--out docs/performance.md] [--rounds N]
    python -m benchmarks.performance --of RUN.json

The first measures, tells on standard error how far it is, and writes the page; the second writes the page
of a run that was kept. About twenty minutes on two cores, on which nothing else should run.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROUNDS = 30
WINDOW = (  # each a program that prints lines of its own
    "benchmarks.window",
    "benchmarks.result_panel",
    "benchmarks.nomogram",
    "benchmarks.outline",
    "benchmarks.imaging_import",
    "benchmarks.imaging_cine",
)
HEADLESS = ("benchmarks.readout", "benchmarks.stability")
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
LIMIT_S = 600


def measured(rounds: int) -> dict[str, Any]:
    """The document of ``her2desk benchmark --full`` and, under ``window``, what the programs printed."""
    asked = ["benchmark", "--full", "--rounds", str(rounds), "--json", "--progress", "text"]
    command = [sys.executable, "-m", "her2desk", *asked]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    document = json.loads(done.stdout)
    if done.returncode != 0:
        sys.exit(document["error"]["message"])
    return {**document, "window": [_printed(module) for module in (*WINDOW, *HEADLESS)]}


def _printed(module: str) -> dict[str, Any]:
    """The lines that one program prints; what it says when it fails is among them."""
    print(f"python -m {module}", file=sys.stderr, flush=True)
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    command = [sys.executable, "-m", module]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT_S, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return {"module": module, "lines": [f"stopped after {LIMIT_S} s"]}
    lines = done.stdout.splitlines()
    if done.returncode != 0:
        lines.append(f"ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return {"module": module, "lines": lines}


def main() -> None:
    """Measure, or take what was kept, and write the page."""
    from benchmarks.performance_page import page

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--keep", type=Path, help="also write the run as JSON")
    parser.add_argument("--of", type=Path, help="a run that was kept")
    parser.add_argument("--out", type=Path, default=PAGE)
    asked = parser.parse_args()
    if asked.of is not None:
        document = json.loads(asked.of.read_text(encoding="utf-8"))
    else:
        document = measured(asked.rounds)
    if asked.keep is not None:
        asked.keep.write_text(json.dumps(document, indent=1), encoding="utf-8")
    asked.out.write_text(page(document), encoding="utf-8")
    print(asked.out)


if __name__ == "__main__":
    main()
