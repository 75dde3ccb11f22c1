"""The Linux installer, on a bundle whose program is a few lines: each refusal changes nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer import linux_products, sealing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Linux installer")

PROGRAM = """#!/bin/sh
case $1 in
    --version) echo '{version}' ;;
    library) echo "$HOME/.local/share/Her2Desk" ;;
esac
"""
FACTS = {"commit": "abc", "variant": "cpu", "machine": os.uname().machine, "glibc": "2.17"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "家 of a user with $HOME & 100%"
    folder.mkdir()
    return folder


def make_bundle(folder: Path, version: str = "1.0.0", **other: str) -> Path:
    """An unpacked archive whose program only says its version."""
    program = folder / "made" / "program"
    (program / "_internal").mkdir(parents=True)
    for name, content in {
        "her2desk": PROGRAM.format(version=version),
        "_internal/base_library.zip": "zip",
        "_internal/libpython3.11.so.1.0": "library",
        "_internal/big": version * 10_000,
    }.items():
        (program / name).write_text(content)
    (program / "her2desk").chmod(0o755)
    facts = {**FACTS, "version": version, "epoch": "1700000000", **other}
    linux_products.add_launcher(program)
    sealing.write_manifest(program, {**facts, "system": "linux"})
    linux_products.finish_launcher(program)
    unpacked = folder / f"her2desk-{version}"
    linux_products.lay_out(unpacked, facts, program)
    return unpacked


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "下载 one")


def run(
    script: Path, home: Path, *arguments: str, tools: Path | None = None
) -> subprocess.CompletedProcess[str]:
    path = os.environ["PATH"] if tools is None else f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", str(script), *arguments],
        env={"HOME": str(home), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def installed(bundle: Path, home: Path) -> Path:
    done = run(bundle / "install.sh", home)
    assert done.returncode == 0, done.stderr
    return home / ".local/lib/her2desk"


def version_of(home: Path) -> str:
    command = [str(home / ".local/bin/her2desk"), "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def everything_in(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else (path.read_text() if path.is_file() else "folder")
        for path in sorted(folder.rglob("*"))
    }


def assert_refused(done: "subprocess.CompletedProcess[str]", home: Path, words: str) -> None:
    """The script ended with these words and left the home as empty as it was."""
    assert done.returncode == 1
    assert words in done.stderr
    assert everything_in(home) == {}


def false_tool(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return folder


def test_it_installs_the_command_the_menu_entry_and_the_icon(bundle: Path, home: Path) -> None:
    done = run(bundle / "install.sh", home)
    assert done.returncode == 0, done.stderr
    assert "Her2Desk 1.0.0 is installed" in done.stdout
    assert version_of(home) == "1.0.0"
    entry = (home / ".local/share/applications/her2desk.desktop").read_text()
    launch = str(home / ".local/lib/her2desk/current/launch")
    escaped = launch.replace("$", "\\\\$").replace("%", "%%")
    assert f'Exec="{escaped}" %F' in entry
    assert (home / ".local/share/icons/hicolor/scalable/apps/her2desk.svg").is_file()


def test_nobody_writes_into_the_program_folder(bundle: Path, home: Path) -> None:
    root = installed(bundle, home)
    for path in (root / "current").resolve().rglob("*"):
        if not path.is_symlink():
            assert not path.stat().st_mode & 0o222, path


@pytest.mark.parametrize("harm", ["cut", "altered", "absent"])
def test_a_broken_or_half_copied_bundle_is_named_and_changes_nothing(
    bundle: Path, home: Path, harm: str
) -> None:
    victim = bundle / "program/_internal/big"
    content = victim.read_text()
    victim.unlink()
    if harm != "absent":
        victim.write_text(content[:-5] if harm == "cut" else "x" + content[1:])
    done = run(bundle / "install.sh", home)
    assert done.returncode == 1
    assert "damaged or was copied only in part: program/_internal/big" in done.stderr
    assert "Nothing was changed." in done.stderr
    assert everything_in(home) == {}


@pytest.mark.parametrize("name", ["facts", "SHA256SUMS", "program"])
def test_a_bundle_without_a_part_beside_the_script_is_refused(
    bundle: Path, home: Path, name: str
) -> None:
    (bundle / name).rename(bundle / "elsewhere")
    done = run(bundle / "install.sh", home)
    assert_refused(done, home, "copied only in part")


def test_another_processor_is_refused(tmp_path: Path, home: Path) -> None:
    bundle = make_bundle(tmp_path / "b", machine="riscv64")
    done = run(bundle / "install.sh", home)
    assert_refused(done, home, "is for riscv64 processors, and this computer has")


def test_an_older_c_library_is_refused(tmp_path: Path, home: Path) -> None:
    bundle = make_bundle(tmp_path / "b", glibc="2.99")
    done = run(bundle / "install.sh", home)
    assert_refused(done, home, "needs the GNU C library 2.99 or newer, and this system has 2.")


def test_another_system_is_refused(bundle: Path, home: Path, tmp_path: Path) -> None:
    tools = false_tool(tmp_path / "tools", "uname", "echo Darwin")
    done = run(bundle / "install.sh", home, tools=tools)
    assert_refused(done, home, "is for Linux, and this computer runs Darwin")


def test_too_little_disk_space_is_said_before_anything_is_copied(
    bundle: Path, home: Path, tmp_path: Path
) -> None:
    tools = false_tool(tmp_path / "tools", "df", "echo Avail; echo 12")
    done = run(bundle / "install.sh", home, tools=tools)
    assert_refused(done, home, "too little space on the disk of")


def test_a_command_of_another_program_is_not_replaced(bundle: Path, home: Path) -> None:
    other = home / ".local/bin/her2desk"
    other.parent.mkdir(parents=True)
    other.write_text("another program")
    before = everything_in(home)
    done = run(bundle / "install.sh", home)
    assert done.returncode == 1
    assert "is not this program's" in done.stderr
    assert everything_in(home) == before


def test_an_upgrade_keeps_library_and_settings_and_the_version_before(
    bundle: Path, home: Path, tmp_path: Path
) -> None:
    root = installed(bundle, home)
    kept = {".local/share/Her2Desk/library.sqlite": "cases", ".config/Her2Desk/settings.json": "{}"}
    for name, content in kept.items():
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(content)
    installed(make_bundle(tmp_path / "newer", "1.1.0"), home)
    assert version_of(home) == "1.1.0"
    assert {name: (home / name).read_text() for name in kept} == kept
    done = run(root / "current/install.sh", home, "--roll-back")
    assert done.returncode == 0, done.stderr
    assert version_of(home) == "1.0.0"
    assert run(root / "current/install.sh", home, "--roll-back").returncode == 0
    assert version_of(home) == "1.1.0"


def test_only_the_version_before_is_kept(bundle: Path, home: Path, tmp_path: Path) -> None:
    root = installed(bundle, home)
    for version in ("1.1.0", "1.2.0"):
        installed(make_bundle(tmp_path / version, version), home)
    found = sorted(p.name.rpartition(".")[0] for p in root.iterdir() if not p.is_symlink())
    assert found == ["1.1.0", "1.2.0"]


def test_there_is_nothing_to_go_back_to_after_the_first_installation(
    bundle: Path, home: Path
) -> None:
    root = installed(bundle, home)
    done = run(root / "current/install.sh", home, "--roll-back")
    assert done.returncode == 1
    assert "no version to go back to" in done.stderr


@pytest.mark.parametrize("is_first", [True, False])
def test_an_upgrade_that_fails_half_way_leaves_what_was_there(
    bundle: Path, home: Path, tmp_path: Path, is_first: bool
) -> None:
    if not is_first:
        installed(bundle, home)
    before = everything_in(home)
    newer = make_bundle(tmp_path / "newer", "1.1.0")
    tools = false_tool(tmp_path / "tools", "cp", "echo 'cp: no space left on device' >&2; exit 1")
    done = run(newer / "install.sh", home, tools=tools)
    assert done.returncode == 1
    assert "did not finish. What was there before is there as it was." in done.stderr
    assert everything_in(home) == before


def test_a_program_that_does_not_run_here_never_becomes_the_current_one(
    bundle: Path, home: Path, tmp_path: Path
) -> None:
    installed(bundle, home)
    broken = make_bundle(tmp_path / "newer", "1.1.0'; exit 7; '")
    done = run(broken / "install.sh", home)
    assert done.returncode == 1
    assert "does not run" in done.stderr
    assert version_of(home) == "1.0.0"


def test_uninstalling_leaves_the_library_alone_and_says_where_it_is(
    bundle: Path, home: Path
) -> None:
    root = installed(bundle, home)
    library = home / ".local/share/Her2Desk"
    library.mkdir(parents=True)
    (library / "library.sqlite").write_text("cases")
    for name in (".config/Her2Desk/settings.json", ".cache/Her2Desk/features/x"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text("{}")
    done = run(root / "current/uninstall.sh", home)
    assert done.returncode == 0, done.stderr
    assert str(library) in done.stdout
    files = {name for name, what in everything_in(home).items() if what != "folder"}
    assert files == {".local/share/Her2Desk/library.sqlite"}


def test_uninstalling_what_is_not_installed_changes_nothing(bundle: Path, home: Path) -> None:
    done = run(bundle / "uninstall.sh", home)
    assert done.returncode == 1
    assert "is not installed in" in done.stderr


def test_uninstalling_waits_for_the_program_to_close(bundle: Path, home: Path) -> None:
    root = installed(bundle, home)
    sleeper = (root / "current").resolve() / "sleeper"
    sleeper.parent.chmod(0o755)
    shutil.copy("/bin/sleep", sleeper)
    running = subprocess.Popen([str(sleeper), "60"])
    try:
        done = run(root / "current/uninstall.sh", home)
    finally:
        running.terminate()
        running.wait()
    assert done.returncode == 1
    assert "Close it first" in done.stderr
    assert version_of(home) == "1.0.0"


@pytest.mark.parametrize("part", ["her2desk", "_internal/libpython3.11.so.1.0", "launch.parts"])
def test_the_starter_says_what_is_damaged(bundle: Path, home: Path, part: str) -> None:
    root = installed(bundle, home)
    victim = (root / "current").resolve() / part
    victim.parent.chmod(0o755)
    victim.unlink()
    done = subprocess.run(
        [str(home / ".local/bin/her2desk")],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 5
    assert f"damaged: {part}. Install it again" in done.stderr


def test_the_same_bundle_again_gives_the_same_checksums(tmp_path: Path) -> None:
    first, second = make_bundle(tmp_path / "1"), make_bundle(tmp_path / "longer folder 2")
    assert (first / "SHA256SUMS").read_text() == (second / "SHA256SUMS").read_text()
    packed = []
    for number, folder in enumerate((first, second)):
        sealing.pack_xz(folder, tmp_path / f"{number}.tar.xz", 1_700_000_000, 1)
        packed.append(sealing.sha256(tmp_path / f"{number}.tar.xz"))
    assert packed[0] == packed[1]
