"""Received files on disk: whole or not there, and never two of one."""

import os
from pathlib import Path

import pytest

from her2desk.dicom.pacs.spool import Part, ReceivedFile, Spool
from her2desk.errors import StoreRefused

UID = "1.2.3"


def received(spool: Spool, content: bytes = b"content", uid: str = UID) -> ReceivedFile:
    part = spool.begin(uid, b"start")
    part.write(content)
    return part.finish()


def test_a_file_is_there_when_it_is_finished(spool: Spool) -> None:
    part = spool.begin(UID, b"start")
    part.write(b"content")
    assert not spool.files()
    file = part.finish()
    assert spool.files() == (file.path,)
    assert file.path.read_bytes() == b"startcontent"
    assert spool.has(UID)
    assert not spool.has("1.2")


def test_it_is_synced_before_it_has_its_name(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        order.append("sync")
        fsync(handle)

    def replaced(path: Path, target: Path) -> Path:
        order.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    received(spool)
    assert order[:2] == ["sync", "name"]
    assert order[2:] == (["sync"] if os.name == "posix" else [])


def test_what_is_given_up_leaves_nothing(spool: Spool) -> None:
    part = spool.begin(UID, b"start")
    part.discard()
    with pytest.raises(FileNotFoundError):
        part.finish()
    assert not spool.files()


def test_what_a_dead_process_was_receiving_is_cleared_away(tmp_path: Path) -> None:
    with Spool(tmp_path / "inbox") as living:
        left = tmp_path / "inbox" / "parts" / "left"
        left.mkdir()
        (left / "half").write_bytes(b"half")
        part = living.begin(UID, b"start")
        with Spool(tmp_path / "inbox") as second:
            assert not left.exists()
            part.write(b"content")
            part.finish()
            assert len(second.files()) == 1
    assert not list((tmp_path / "inbox" / "parts").iterdir())


def test_only_its_own_files_are_removed_or_put_aside(spool: Spool, tmp_path: Path) -> None:
    mine = received(spool).path
    other = received(spool, uid="1.2.4").path
    foreign = tmp_path / "foreign.dcm"
    foreign.write_bytes(b"")
    spool.remove([mine, foreign, mine])
    spool.put_aside([other, foreign, other])
    assert spool.files() == ()
    assert foreign.exists()
    assert [path.name for path in (spool.folder / "aside").iterdir()] == [other.name]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreRefused) as refused:
        Spool(tmp_path / "file" / "inbox")
    assert refused.value.code == "spool-unwritable"


def test_a_part_that_cannot_be_made_says_so_at_its_end(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool, "new_part", fails)
    part = Part(spool, UID, b"start")
    assert part.write(b"content") == 7
    with pytest.raises(OSError, match="No space"):
        part.finish()
