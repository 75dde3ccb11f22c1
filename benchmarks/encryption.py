"""What encryption costs: an encrypted library beside the same one plain, in one run.

``python -m benchmarks.encryption [CASES]``, 10,000 by default. Both have the same cases
(``benchmarks.library``); the cines have 200 frames of 1024 × 768. Times are medians of seven by
turns, the ratio is encrypted to plain; no copy of the cine is there when it is opened. Besides: what
the passphrase takes, encrypting a whole library, and how fast age seals beside AES-GCM in one piece,
which would have been a format of our own.
"""

import io
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks import imaging_cine
from benchmarks.library import READER, fill
from her2desk.dicom.reader import open_image
from her2desk.domain.drawing import drawing_of
from her2desk.domain.roi import Roi
from her2desk.store.cases import CaseFilter
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.store.vault import Vault, new_vault, unlock_vault
from her2desk.store.vault_converting import encrypt_library
from her2desk.store.vault_sealing import Nowhere

CASES = 10_000
PASSPHRASE = "four words make sense"
FRAMES = 200
CINES = ("JPEG baseline", "native")
ROUNDS = 7
Timed = Callable[[], float]
SQUARE = drawing_of(Roi(0, ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))))

WINDOW = """
import json, os, sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from her2desk.settings import Settings
from her2desk.store.sqlite_access import DatabaseKey
from her2desk.store.vault import Vault
from her2desk.ui.app import make_application, make_window
said = json.loads(sys.stdin.readline())
app = make_application(Settings())
vault = Vault(DatabaseKey(said[0]), said[1]) if said else None
window = make_window(Path(sys.argv[1]), Settings(), None, vault)
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
print(time.time(), flush=True)
os._exit(0)
"""


@dataclass(frozen=True)
class Kind:
    """One of the two libraries."""

    folder: Path
    vault: Vault | None

    def open(self) -> Library:
        """The library, opened."""
        return open_library(self.folder, READER, vault=self.vault)


def compare(name: str, plain: Timed, encrypted: Timed, rounds: int = ROUNDS) -> None:
    """One line of the table; by turns, so that what else the computer does meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for timed, found in zip((plain, encrypted), times, strict=True):
            found.append(timed())
    one, other = (statistics.median(found) for found in times)
    print(f"{name:48} {one:9.1f} ms {other:9.1f} ms {other / one:6.2f}×", flush=True)


def taking(work: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def window_start(kind: Kind) -> float:
    """From before the process to the first paint; the passphrase was typed before."""
    vault = kind.vault
    keys = [vault.database_key.hexadecimal, vault.identity] if vault else None
    start = time.time()
    child = subprocess.run(
        [sys.executable, "-c", WINDOW, str(kind.folder)],
        input=json.dumps(keys) + "\n",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    return 1000 * (float(child.stdout.split()[-1]) - start)


def first(kind: Kind, work: Callable[[Library], object]) -> float:
    """What is done first after opening."""
    with kind.open() as library:
        return taking(lambda: work(library))


def show_database(plain: Kind, encrypted: Kind) -> None:
    """What a person waits for, of the case list and of saving."""
    compare(
        "opening the library",
        lambda: taking(lambda: plain.open().close()),
        lambda: taking(lambda: encrypted.open().close()),
    )
    works: dict[str, Callable[[Library], object]] = {
        "page of 100 cases": lambda library: library.find(CaseFilter(), 100),
        "all cases": lambda library: library.cases(),
        "two words": lambda library: library.find(CaseFilter(words="zhang left-3")),
        "a stroke, acknowledged on disk": lambda library: library.save_drawing(1, SQUARE),
    }
    for name, work in works.items():
        compare(
            f"first after opening: {name}",
            partial(first, plain, work),
            partial(first, encrypted, work),
        )
    with plain.open() as one, encrypted.open() as other:
        works["history and list checked"] = lambda library: library.check()
        for name, work in works.items():
            compare(
                name, partial(taking, partial(work, one)), partial(taking, partial(work, other))
            )


def show_cine(plain: Kind, encrypted: Kind, name: str, home: Path) -> None:
    """Importing a cine, and opening it to its first frame."""
    imaging_cine.FRAMES = FRAMES
    path = home / "cine.dcm"
    imaging_cine.write_cine(path, name, imaging_cine.speckle())
    image = open_image(path).image

    def imported(kind: Kind) -> float:
        def work(library: Library) -> None:
            library.parts.files.path(image.sha256).unlink(missing_ok=True)
            library.add_image(path, image)

        return first(kind, work)

    size = path.stat().st_size / 1e6
    by_turns = partial(imported, plain), partial(imported, encrypted)
    compare(f"{name}, {size:.0f} MB: imported", *by_turns)

    def opened(library: Library) -> None:
        case_id = library.find(CaseFilter(), 1)[0].case_id
        open_image(library.image_path(case_id)).frames.frame(0)

    compare(
        f"{name}: opened to its first frame",
        partial(first, plain, opened),
        partial(first, encrypted, opened),
    )
    path.unlink()


def show_sealing() -> None:
    """MB/s of age as the library uses it, and of the alternative."""
    data = secrets.token_bytes(100_000_000)
    sealing, sealed = new_vault().sealing(), io.BytesIO()
    start = time.perf_counter()
    sealing.seal(io.BytesIO(data), sealed)
    middle = time.perf_counter()
    sealed.seek(0)
    sealing.unseal(sealed, Nowhere())
    end = time.perf_counter()
    AESGCM(secrets.token_bytes(32)).encrypt(bytes(12), data, None)
    alternative = time.perf_counter() - end
    print(f"age, with the hash: {100 / (middle - start):.0f} MB/s in, ", end="")
    print(f"{100 / (end - middle):.0f} MB/s out; AES-GCM without: {100 / alternative:.0f} MB/s")


def main() -> None:
    """Fill a library, encrypt a copy, and time both."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    with tempfile.TemporaryDirectory(prefix="encryption-benchmark-") as scratch:
        home = Path(scratch)
        with open_library(home / "plain", READER) as library:
            fill(library, number, np.random.default_rng(1))
        shutil.copytree(home / "plain", home / "encrypted")
        start = time.perf_counter()
        encrypt_library(home / "encrypted", PASSPHRASE)
        middle = time.perf_counter()
        vault = unlock_vault(home / "encrypted", PASSPHRASE)
        size = (home / "plain" / DATABASE_NAME).stat().st_size / 1e6
        print(f"{number} cases, database of {size:.0f} MB")
        print(f"encrypting it, with the passphrase: {middle - start:.1f} s; ", end="")
        print(f"trying a passphrase: {time.perf_counter() - middle:.1f} s")
        plain, encrypted = Kind(home / "plain", None), Kind(home / "encrypted", vault)
        print(f"{'':48} {'plain':>12} {'encrypted':>12} {'ratio':>7}")
        starts = partial(window_start, plain), partial(window_start, encrypted)
        compare("start of the window, to its first paint", *starts)
        show_database(plain, encrypted)
        for name in CINES:
            show_cine(plain, encrypted, name, home)
        show_sealing()


if __name__ == "__main__":
    main()
