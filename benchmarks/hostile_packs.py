"""How long, and with how much memory, packs made to exhaust the program are refused.

``python -m benchmarks.hostile_packs``. Each pack claims as much as the limits allow, is opened in a
process of its own as the engine opens it, and must be refused, or be opened, within 5 s and 2 GB. The
sound demo pack in the first row says what of that is Python and its libraries.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from her2desk.benchmark.processes import peak_bytes
from her2desk.packs.archive import (
    MAX_ARRAY_BYTES,
    MAX_MEMBERS,
    MAX_TOTAL_BYTES,
    SUMS,
    Archive,
    read_archive,
)
from her2desk.paths import demo_pack_path

HANG_S = 5.0
MEMORY_BYTES = 2 * 10**9
Members = dict[str, bytes]


def attacks() -> dict[str, Callable[[Members], None]]:
    """What is done to the demo pack, by name."""
    mib = 2**20
    return {
        "sound": lambda _members: None,
        "640 MiB of zeros as a network": lambda m: m.update(
            {"networks/cnn.safetensors": bytes(MAX_TOTAL_BYTES - 8 * mib)}
        ),
        "a sound network of 630 MiB": lambda m: m.update(
            {"networks/cnn.safetensors": save({"a": np.zeros(630 * mib // 4, np.float32)})}
        ),
        "160 MiB of nodes": lambda m: m.update(
            {"models/pca.safetensors": save({"mean": np.zeros(MAX_ARRAY_BYTES // 8 - 100)})}
        ),
        "8 MiB of empty lists": lambda m: m.update(
            {"models/models.json": b"[" + b"[]," * (8 * mib // 3 - 2) + b"[]]"}
        ),
        "8 MiB of empty objects": lambda m: m.update(
            {"models/readout.json": b"[" + b"{}," * (8 * mib // 3 - 2) + b"{}]"}
        ),
        "2 MiB of short keys": lambda m: m.update(
            {"manifest.json": json.dumps({f"{i:x}": 0 for i in range(170_000)}).encode()}
        ),
        "16 MiB of patients": with_many_patients,
        "2,048 pictures": lambda m: m.update(
            {f"preview/P{i}.png": b"\x89PNG" for i in range(MAX_MEMBERS - len(m) - 1)}
        ),
        "1 MiB of card": lambda m: m.update({"card.md": b"\n" * mib}),
    }


def with_many_patients(members: Members) -> None:
    """As many sound rows as fit."""
    head, row, *_ = members["validation.csv"].decode().splitlines()
    _, rest = row.split(",", 1)
    room = 16 * 2**20 - len(head) - 1
    count = room // (len(rest) + 10)
    rows = "\n".join(f"P{i:07d},{rest}" for i in range(count))
    members["validation.csv"] = f"{head}\n{rows}\n".encode()


def write(path: Path, members: Members) -> None:
    """A deflated pack with right hashes, whatever its members hold."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in [*members.items(), (SUMS, Archive("", members).sums)]:
            file.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED
            )


def opened(path: Path) -> None:
    """In the child: open it whole, and say what came of it, after how long, in how much memory."""
    from her2desk.errors import PackRefused
    from her2desk.packs.pack import open_pack

    started = time.perf_counter()
    try:
        open_pack(path).network_weights()
        outcome = "opened"
    except PackRefused as error:
        outcome = error.code
    seconds = time.perf_counter() - started
    print(json.dumps([outcome, seconds, peak_bytes()]))


def main() -> int:
    """Print a row for each attack; 1 where one took too long or too much."""
    demo = read_archive(demo_pack_path()).members
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.h2pack"
        for name, attack in attacks().items():
            members = dict(demo)
            attack(members)
            write(path, members)
            on_disk = path.stat().st_size
            command = [sys.executable, "-m", "benchmarks.hostile_packs", str(path)]
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, env=os.environ
            )
            outcome, seconds, peak = json.loads(done.stdout)
            is_bad = seconds > HANG_S or peak > MEMORY_BYTES
            worst |= is_bad
            print(
                f"{name:32} {on_disk / 1e6:8.1f} MB on disk  {outcome:16} {seconds:5.2f} s  "
                f"{peak / 1e6:6.0f} MB{'  TOO MUCH' if is_bad else ''}",
                flush=True,
            )
    return int(worst)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        opened(Path(sys.argv[1]))
    else:
        sys.exit(main())
