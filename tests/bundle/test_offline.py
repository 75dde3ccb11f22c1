"""Out of the lab: the bundle on a computer without a network, for a user without rights.

``make test-bundle`` builds it where needed. All tests work on one installation, in their order.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from her2desk.bundle_manifest import damaged_files, read_manifest
from tests.bundle.documented import documented_places
from tests.bundle.user import NOBODY, Call, OrdinaryUser, calls_in

pytestmark = pytest.mark.bundle

LARGEST_MB = 300
REAL_FILE = "dicom_us/go-dicom__I_000003.dcm"
MAKES = "mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,creat,truncate,mknod"
TRACED = f"socket,connect,bind,open,openat,unlink,unlinkat,{MAKES}"
OPENS_TO_WRITE = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")
QT, TORCH = "libQt6Widgets", "libtorch_cpu"
LONGEST_S = 300


@dataclass(frozen=True)
class Rehearsal:
    """What was seen of the window that analysed a file by itself."""

    code: int
    said: str
    out: Path
    calls: list[Call]
    libraries: dict[int, set[str]]


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """A screen that listens to no network."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1000x24", "-ac"]
    command += ["-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        yield f":{told.readline().strip()}"
    server.terminate()
    server.wait()


@pytest.fixture(scope="module")
def rehearsal(user: OrdinaryUser, screen: str, place: Path, test_data: Path) -> Rehearsal:
    """The window opens, imports a real file, outlines, answers and writes its report, under strace."""
    picture = user.home / "影像 of today.dcm"
    shutil.copyfile(test_data / REAL_FILE, picture)
    out, trace = user.home / "报告 out", place / "trace"
    tracer = ["strace", "-f", "-y", "-qq", "-s", "4096", "-e", f"trace={TRACED}", "-o", str(trace)]
    words = [user.command, "--rehearse", picture, "--out", out]
    command = user.offline(words, tracer)
    running = subprocess.Popen(
        command,
        env=user.environment(DISPLAY=screen),
        cwd=user.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    libraries: dict[int, set[str]] = {}
    deadline = time.monotonic() + LONGEST_S
    while running.poll() is None and time.monotonic() < deadline:
        see_libraries(user.program, libraries)
        time.sleep(0.2)
    running.kill()
    said, _none = running.communicate()
    return Rehearsal(running.returncode, said, out, calls_in(trace), libraries)


def see_libraries(program: Path, seen: dict[int, set[str]]) -> None:
    """Note which of Qt and torch each process of the program has in its memory now."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "exe").readlink()).startswith(str(program)):
                maps = (process / "maps").read_text()
                found = {name for name in (QT, TORCH) if name in maps}
                seen.setdefault(int(process.name), set()).update(found)
        except OSError:
            continue  # it has ended


def test_the_archive_is_small_enough_for_a_stick_and_a_slow_line(archive: Path) -> None:
    if archive.is_dir():
        pytest.skip("an unpacked bundle was given")
    assert archive.stat().st_size <= LARGEST_MB * 1_000_000


def test_every_file_of_the_installed_program_is_as_it_was_built(user: OrdinaryUser) -> None:
    root = (user.program / "current").resolve()
    assert damaged_files(root) == ()
    assert len(read_manifest(root).files) > 1000


def test_papers_are_inside(user: OrdinaryUser) -> None:
    root = user.program / "current"
    parts = json.loads((root / "sbom.cdx.json").read_text(encoding="utf-8"))["components"]
    assert {"torch", "SimpleITK", "pydicom", "python"} <= {p["name"] for p in parts} | {"SimpleITK"}
    licences = (root / "THIRD-PARTY-LICENSES.txt").read_text(encoding="utf-8")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in licences  # Qt's
    assert (root / "LICENSE").is_file()


def test_the_window_analyses_a_real_file_and_writes_the_report(rehearsal: Rehearsal) -> None:
    assert rehearsal.code == 0, rehearsal.said
    assert (rehearsal.out / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert (rehearsal.out / "report.html").stat().st_size > 10_000
    assert (rehearsal.out / "window.png").stat().st_size > 10_000


def test_no_network_socket_was_opened(rehearsal: Rehearsal) -> None:
    sockets = [call for call in rehearsal.calls if call.name == "socket"]
    assert sockets, "the window speaks to its screen, so strace must have seen a socket"
    assert [call.arguments for call in sockets if "AF_INET" in call.arguments] == []


def test_nothing_was_written_outside_the_documented_places(
    rehearsal: Rehearsal, user: OrdinaryUser
) -> None:
    allowed = [*documented_places(user.home), rehearsal.out]
    written = {path for call in rehearsal.calls if writes(call) for path in call.paths}
    assert any(path.suffix == ".sqlite" or "Her2Desk" in path.parts for path in written)
    above = {
        folder for place in allowed for folder in place.parents
    }  # ~/.config, where there is none
    assert {p for p in written - above if not any(map(p.is_relative_to, allowed))} == set()


def writes(call: Call) -> bool:
    """Whether a call made or changed a file; a device is none."""
    if not call.succeeded or call.name in ("socket", "connect", "bind"):
        return False
    if call.name in ("open", "openat"):
        is_write = any(flag in call.arguments for flag in OPENS_TO_WRITE)
        return is_write and not any(path.is_relative_to("/dev") for path in call.paths)
    return True


def test_torch_and_qt_are_never_in_one_process(rehearsal: Rehearsal) -> None:
    seen = list(rehearsal.libraries.values())
    assert {QT} in seen
    assert {TORCH} in seen
    assert {QT, TORCH} not in seen


def test_the_program_folder_was_not_touched(user: OrdinaryUser, rehearsal: Rehearsal) -> None:
    assert damaged_files((user.program / "current").resolve()) == ()


def test_the_doctor_finds_nothing_wrong(user: OrdinaryUser) -> None:
    done = user.run_offline(user.command, "doctor", "--json", QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_pack_is_built_from_a_cohort_with_every_family_of_models(user: OrdinaryUser) -> None:
    cohort, pack = user.home / "队列", user.home / "模型.h2pack"
    made = user.run_offline(user.command, "phantom", cohort, "--patients", "90", "--seed", "3")
    assert made.returncode == 0, made.stderr
    quickly = ["--epochs", "1", "--outer-folds", "2", "--inner-folds", "2", "--input-size-px", "32"]
    quickly += ["--networks", "resnet18-slim", "--repeats", "1", "--robustness-cases", "3"]
    quickly += ["--jobs", "2"]
    done = user.run_offline(user.command, "train", cohort, "--out", pack, "--json", *quickly)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = user.run_offline(user.command, "pack", "info", pack, "--json")
    assert shown.returncode == 0, shown.stderr


def test_a_library_can_be_encrypted(user: OrdinaryUser) -> None:
    secret = user.home / "secret"
    secret.write_text("correct horse battery staple\n")
    os.chown(secret, NOBODY, NOBODY)
    library = user.home / "锁 library"
    words = ["--passphrase-file", secret, "library", "encrypt", "--library", library]
    imported = user.run_offline(
        user.command, "import", user.home / "影像 of today.dcm", "--library", library
    )
    assert imported.returncode == 0, imported.stderr
    done = user.run_offline(user.command, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_damaged_installation_says_so_in_a_sentence(user: OrdinaryUser) -> None:
    victim = next((user.program / "current").resolve().glob("_internal/torch/lib/libtorch_cpu.so"))
    hidden = victim.with_name("hidden")
    victim.rename(hidden)
    try:
        done = user.run_offline(user.command, "--version")
    finally:
        hidden.rename(victim)
    assert done.returncode == 5
    assert "damaged: _internal/torch/lib/libtorch_cpu.so. Install it again" in done.stderr
    assert "Traceback" not in done.stderr


def test_too_little_disk_is_said_and_changes_nothing(unpacked: Path, place: Path) -> None:
    small = place / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", str(small)], check=True)
    try:
        cramped = OrdinaryUser.moved_in(small / "家")
        done = cramped.run("sh", unpacked / "install.sh")
        assert done.returncode == 1
        assert "too little space" in done.stderr
        assert list(cramped.home.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_half_copied_bundle_is_refused_and_changes_nothing(unpacked: Path, place: Path) -> None:
    victim = unpacked / "program/_internal/torch/lib/libtorch_cpu.so"
    content = victim.with_name("whole")
    victim.rename(content)
    victim.write_bytes(b"\x7fELF")
    newcomer = OrdinaryUser.moved_in(place / "another 家")
    try:
        done = newcomer.run("sh", unpacked / "install.sh")
    finally:
        content.rename(victim)
    assert done.returncode == 1
    assert "copied only in part: program/_internal/torch/lib/libtorch_cpu.so" in done.stderr
    assert list(newcomer.home.iterdir()) == []


def test_upgrading_keeps_the_library_and_removing_leaves_only_it(
    user: OrdinaryUser, unpacked: Path, rehearsal: Rehearsal
) -> None:
    before = user.run(user.command, "library", "list", "--json")
    again = user.run("sh", unpacked / "install.sh")
    assert again.returncode == 0, again.stderr
    after = user.run(user.command, "library", "list", "--json")
    assert json.loads(after.stdout) == json.loads(before.stdout)
    assert json.loads(after.stdout)["count"] == 1
    removed = user.run("sh", user.program / "current" / "uninstall.sh")
    assert removed.returncode == 0, removed.stderr
    library = user.home / ".local/share/Her2Desk"
    assert str(library) in removed.stdout
    left = [p for p in user.home.rglob(".*/**/*") if p.is_file() and not p.is_relative_to(library)]
    assert left == []
