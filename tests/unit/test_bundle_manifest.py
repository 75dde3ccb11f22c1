"""A bundle that was cut short, altered or half copied is noticed, and named."""

import hashlib
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.bundle_manifest import (
    MANIFEST_NAME,
    BundleDamaged,
    bundle_root,
    damaged_files,
    read_manifest,
    refuse_damaged,
)
from her2desk.own_command import own_command

CONTENTS = {"her2desk": b"program", "_internal/libtorch.so": b"\x7fELF" * 400_000}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "程序 folder"
    for name, content in CONTENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    write_manifest(
        folder, {n: [len(c), hashlib.sha256(c).hexdigest()] for n, c in CONTENTS.items()}
    )
    return folder


def write_manifest(root: Path, files: object, **other: object) -> None:
    facts = {"version": "1.2.0", "commit": "abc", "variant": "cpu", "system": "linux"}
    content = {"format": 1, **facts, "machine": "x86_64", "files": files, **other}
    (root / MANIFEST_NAME).write_text(json.dumps(content), encoding="utf-8")


def test_a_whole_bundle_has_no_damage(root: Path) -> None:
    assert damaged_files(root) == ()
    refuse_damaged(root)
    assert read_manifest(root).version == "1.2.0"


def test_an_absent_file_is_named(root: Path) -> None:
    (root / "her2desk").unlink()
    assert damaged_files(root) == ("her2desk",)
    assert damaged_files(root, reads_all=False) == ("her2desk",)


def test_a_file_cut_short_is_refused_in_a_sentence(root: Path) -> None:
    (root / "_internal/libtorch.so").write_bytes(b"\x7fELF")
    with pytest.raises(BundleDamaged) as refused:
        refuse_damaged(root)
    assert "_internal/libtorch.so" in str(refused.value)
    assert "Install it again" in str(refused.value)
    assert refused.value.code == "bundle-damaged"


def test_one_altered_byte_is_found_where_every_byte_is_read(root: Path) -> None:
    content = bytearray(CONTENTS["_internal/libtorch.so"])
    content[-1] ^= 1
    (root / "_internal/libtorch.so").write_bytes(content)
    assert damaged_files(root, reads_all=False) == ()
    assert damaged_files(root) == ("_internal/libtorch.so",)


def test_a_folder_in_place_of_a_file_is_damage(root: Path) -> None:
    (root / "her2desk").unlink()
    (root / "her2desk").mkdir()
    assert damaged_files(root) == ("her2desk",)


def test_many_damaged_files_stay_one_short_sentence(root: Path) -> None:
    write_manifest(root, {f"gone{n}": [1, ""] for n in range(50)})
    with pytest.raises(BundleDamaged) as refused:
        refuse_damaged(root)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 1}', '{"format": 2, "files": {}}', "\x00"],
)
def test_a_broken_manifest_is_itself_the_damage(root: Path, text: str) -> None:
    (root / MANIFEST_NAME).write_text(text, encoding="utf-8")
    assert damaged_files(root) == (MANIFEST_NAME,)
    with pytest.raises(BundleDamaged):
        read_manifest(root)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_manifest_names_nothing_outside_its_folder(root: Path, name: str) -> None:
    write_manifest(root, {name: [0, ""]})
    assert damaged_files(root) == (MANIFEST_NAME,)


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
)
def test_no_manifest_ends_the_check_by_an_error(
    tmp_path_factory: pytest.TempPathFactory, files: object
) -> None:
    root = tmp_path_factory.mktemp("bundle")
    write_manifest(root, files)
    assert damaged_files(root) == (MANIFEST_NAME,)


def test_a_python_environment_has_no_bundle() -> None:
    assert bundle_root() is None
    refuse_damaged(None)
    assert own_command() == [sys.executable, "-m", "her2desk"]


def test_a_bundle_starts_itself_by_its_own_executable(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(root / "her2desk"))
    assert own_command() == [str(root / "her2desk")]
    if sys.platform == "linux":
        assert bundle_root() == root
