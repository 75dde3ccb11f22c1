"""The bundle of this commit, installed as an ordinary user, and what such a user can do with it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle.user import OrdinaryUser
from tests.conftest import ROOT

NAMED = "HER2DESK_BUNDLE"  # an archive, or its folder, to test instead of one that is built
OUT = ROOT / "build" / "bundle"
QUICK = 2  # of xz: larger than what ships, and packed in a third of the time
TOOLS = ("xvfb-run", "Xvfb", "strace", "setpriv", "unshare", "xz", "mount")


@pytest.fixture(scope="session", autouse=True)
def able() -> None:
    """These tests make users and networks of their own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux")
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        pytest.skip(
            f"absent: {', '.join(absent)} (apt-get install xvfb strace util-linux xz-utils)"
        )


@pytest.fixture(scope="session")
def archive(able: None) -> Path:
    """The archive of this commit; built where there is none."""
    named = os.environ.get(NAMED)
    if named:
        return Path(named)
    found = built()
    if found is None:
        command = [
            "make",
            "-C",
            str(ROOT),
            "bundle",
            f"BUNDLE_ARGS=--products archive --preset {QUICK}",
        ]
        subprocess.run(command, check=True)
        found = max(OUT.glob("*-linux-*.tar.xz"), key=lambda path: path.stat().st_mtime)
    return found


def built() -> Path | None:
    """The archive that was built from this commit, where nothing was changed since."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, check=True)
    for facts in sorted(OUT.glob("*-linux-*.build.json")):
        made = json.loads(facts.read_text(encoding="utf-8"))
        path = OUT / facts.name.replace(".build.json", ".tar.xz")
        if made["commit"] == commit.stdout.strip() and not changed.stdout and path.is_file():
            return path
    return None


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A folder that every user can reach, with room for two installations."""
    folder = Path(tempfile.mkdtemp(prefix="her2desk-bundle-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def unpacked(archive: Path, place: Path) -> Path:
    """The archive's folder, as whoever unpacks it has it."""
    if archive.is_dir():
        return archive
    target = place / "下载 folder"
    target.mkdir()
    subprocess.run(["tar", "-xf", str(archive), "-C", str(target)], check=True)
    (folder,) = target.iterdir()
    return folder


@pytest.fixture(scope="session")
def user(place: Path, unpacked: Path) -> OrdinaryUser:
    """A user who has installed it, in a home whose path has spaces and Chinese characters."""
    one = OrdinaryUser.moved_in(place / "家 of Dr 王 小明")
    done = one.run("sh", unpacked / "install.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    return one
