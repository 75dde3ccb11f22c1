"""A program that encrypts or decrypts a library and is killed at each of its steps in turn.

``python converting_killed.py encrypt|decrypt FOLDER SCRATCH [EVERY]`` forks once a step: each child is
killed (SIGKILL) right before its next file is opened for writing, renamed, removed or made. Then the
library must open, as the one or as the other, with all that was in it. Prints as JSON how many
children were killed and how many libraries were already exchanged.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from her2desk.domain.progress import SilentProgress
from her2desk.store import vault
from her2desk.store.opening import needs_passphrase, open_library
from her2desk.store.vault_converting import decrypt_library, encrypt_library
from her2desk.store.verifying import verify_library
from tests.quick_vaults import PASSPHRASE, locked_quickly

STEPS = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "shutil.rmtree")
PLANTED = b"Planted"


def main(direction: str, folder: Path, scratch: Path, every: int) -> None:
    vault._lock = locked_quickly
    vault.apart = lambda work, *arguments: work(*arguments)
    work = {"encrypt": encrypt_library, "decrypt": decrypt_library}[direction]
    killed = exchanged = 0
    step = 1
    while True:
        library = scratch / "library"
        shutil.copytree(folder, library)
        pid = os.fork()
        if pid == 0:
            kill_at(step)
            work(library, PASSPHRASE)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, f"step {step} failed"
            break
        killed += 1
        exchanged += opens_whole(library) == (direction == "encrypt")
        shutil.rmtree(library)
        step += every
    sys.stdout.write(json.dumps({"killed": killed, "exchanged": exchanged}))


def kill_at(step: int) -> None:
    left = step

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        opens_to_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & 0o103
        if event in STEPS or opens_to_write:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def opens_whole(library: Path) -> bool:
    """Whether it is encrypted; whatever it is, nothing is missing, and nothing plain is left."""
    is_encrypted = needs_passphrase(library)
    keys = vault.unlock_vault(library, PASSPHRASE) if is_encrypted else None
    with open_library(library, vault=keys) as opened:
        found = verify_library(opened, SilentProgress())
        assert found.cases == 2, found
        assert found.entries == 3, found
    if is_encrypted:
        plain = [p for p in library.rglob("*") if p.is_file() and PLANTED in p.read_bytes()]
        assert not plain, plain
    return is_encrypted


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
