"""The shelf: each pack once, whole or not at all, and never exchanged for another."""

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.errors import PackRefused
from her2desk.packs import pack as pack_module
from her2desk.packs.archive import write_archive
from her2desk.packs.pack import open_pack
from her2desk.packs.shelf import PackShelf, Signed
from her2desk.packs.signing import fingerprint, sign_pack, signed_members
from her2desk.packs.uses import PackUse, uses_of
from her2desk.store.history import Action, HistoryEntry
from tests.pack_samples import version_members, write_version

KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


@pytest.fixture
def shelf(tmp_path: Path) -> PackShelf:
    return PackShelf(tmp_path / "library" / "packs")


def never_opened(*_args: object) -> object:
    raise AssertionError("a pack was read again")


def test_a_pack_is_kept_by_its_digest_and_comes_back_whole(
    shelf: PackShelf, tmp_path: Path
) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0", KEY)
    kept = shelf.keep(source)
    assert kept.path == shelf.folder / f"{kept.digest}.h2pack"
    assert (kept.name, kept.version, kept.demo) == ("Ward pack", "1.0", False)
    assert (kept.signed, kept.signer) == (Signed.WITH_KEY, fingerprint(KEY.public_key()))
    source.unlink()
    assert shelf.path(kept.digest) == kept.path
    assert shelf.open(kept.digest).archive.members == version_members("1.0")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_what_is_kept_is_its_owners_alone(shelf: PackShelf, tmp_path: Path) -> None:
    shelf.keep(write_version(tmp_path / "ward.h2pack", "1.0"))
    assert stat.S_IMODE(shelf.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in shelf.folder.iterdir()} == {0o600}


def test_a_pack_that_is_kept_already_is_not_read_again(
    shelf: PackShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0")
    kept = shelf.keep(source)
    monkeypatch.setattr(pack_module, "open_pack", never_opened)
    assert shelf.keep(source) == kept
    assert PackShelf(shelf.folder).kept() == (kept,)


def test_a_pack_that_is_open_already_is_kept_without_reading_its_file(
    shelf: PackShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0")
    pack = open_pack(source)
    monkeypatch.setattr(pack_module, "open_pack", never_opened)
    source.unlink()
    kept = shelf.keep(source, pack)
    assert kept.path.is_file()
    assert shelf.keep(source, pack) == kept


def test_a_file_that_became_another_pack_is_kept_as_that(shelf: PackShelf, tmp_path: Path) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0")
    first = shelf.keep(source)
    second = shelf.keep(write_version(source, "1.1"))
    assert first.digest != second.digest
    assert {pack.version for pack in shelf.kept()} == {"1.0", "1.1"}


def test_versions_are_in_the_order_in_which_people_count(shelf: PackShelf, tmp_path: Path) -> None:
    for number, version in enumerate(("1.10", "2.0", "1.9", "1.9-local", "1.9.1", "rc")):
        shelf.keep(write_version(tmp_path / f"{number}.h2pack", version))
    shelf.keep(write_version(tmp_path / "other.h2pack", "1.5", name="Another"))
    ordered = [pack.version for pack in shelf.versions("Ward pack")]
    assert ordered == ["rc", "1.9", "1.9-local", "1.9.1", "1.10", "2.0"]
    assert [pack.version for pack in shelf.versions("Another")] == ["1.5"]
    assert shelf.versions("Nobody's") == ()


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (None, KEY, KEY),
        (KEY, None, KEY),
        (KEY, OTHER_KEY, KEY),
        (OTHER_KEY, KEY, KEY),  # the trusted one
    ],
)
def test_of_two_copies_the_one_that_says_more_of_its_signer_is_kept(
    tmp_path: Path,
    before: Ed25519PrivateKey | None,
    after: Ed25519PrivateKey | None,
    kept: Ed25519PrivateKey,
) -> None:
    trusted = fingerprint(KEY.public_key())
    shelf = PackShelf(tmp_path / "packs", lambda signer: signer == trusted)
    first = shelf.keep(write_version(tmp_path / "a.h2pack", "1.0", before))
    second = shelf.keep(write_version(tmp_path / "b.h2pack", "1.0", after))
    assert first.digest == second.digest
    assert second.signer == fingerprint(kept.public_key())
    assert shelf.kept() == (second,)
    archive = shelf.open(first.digest).archive
    assert archive.whole == signed_members(archive.members, kept)


def test_a_copy_signed_in_place_after_it_was_kept_is_noticed(
    shelf: PackShelf, tmp_path: Path
) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0")
    assert shelf.keep(source).signed is Signed.NO
    sign_pack(source, KEY)
    assert shelf.keep(source).signed is Signed.WITH_KEY


def test_a_pack_that_is_refused_is_not_kept(shelf: PackShelf, tmp_path: Path) -> None:
    write_archive(tmp_path / "bad.h2pack", {**version_members("1.0"), "manifest.json": b"{}"})
    with pytest.raises(PackRefused):
        shelf.keep(tmp_path / "bad.h2pack")
    with pytest.raises(PackRefused):
        shelf.keep(tmp_path / "absent.h2pack")
    assert shelf.kept() == ()
    assert not shelf.folder.exists()


def test_a_full_disk_leaves_nothing_half_kept(
    shelf: PackShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(PackRefused, match="No space left"):
            shelf.keep(source)
    assert list(shelf.folder.iterdir()) == []
    assert shelf.keep(source).path.is_file()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_library_that_cannot_be_written_is_a_sentence(shelf: PackShelf, tmp_path: Path) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0")
    shelf.folder.parent.mkdir(mode=0o500)
    with pytest.raises(PackRefused, match="cannot be kept"):
        shelf.keep(source)


def test_a_file_in_the_way_is_a_sentence(shelf: PackShelf, tmp_path: Path) -> None:
    source = write_version(tmp_path / "ward.h2pack", "1.0")
    shelf.folder.parent.mkdir()
    shelf.folder.write_text("in the way")
    with pytest.raises(PackRefused) as refused:
        shelf.keep(source)
    assert refused.value.code == "pack-not-kept"
    assert refused.value.remedy.text()


def test_a_pack_that_is_gone_is_a_sentence(shelf: PackShelf, tmp_path: Path) -> None:
    digest = shelf.keep(write_version(tmp_path / "ward.h2pack", "1.0")).digest
    shelf.remove(digest)
    assert shelf.kept() == ()
    assert shelf.path(digest) is None
    for wanted in (digest, "", "../../etc/passwd"):
        with pytest.raises(PackRefused) as refused:
            shelf.open(wanted)
        assert refused.value.code == "pack-not-kept"
    shelf.remove(digest)  # twice is no harm


@pytest.mark.parametrize("damage", ["another pack", "a changed byte"])
def test_a_kept_pack_that_was_changed_is_refused_and_kept_again_when_it_comes_by(
    shelf: PackShelf, tmp_path: Path, damage: str
) -> None:
    """Whatever the change did to the file's times."""
    source = write_version(tmp_path / "ward.h2pack", "1.0")
    kept = shelf.keep(source)
    state = kept.path.stat()
    if damage == "another pack":
        write_version(kept.path, "6.6")
    else:
        content = bytearray(kept.path.read_bytes())
        content[len(content) // 2] ^= 1
        kept.path.write_bytes(content)
    os.utime(kept.path, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(PackRefused) as refused:
        shelf.open(kept.digest)
    assert refused.value.code == "pack-changed"
    assert shelf.keep(source).digest == kept.digest
    assert shelf.open(kept.digest).manifest.version == "1.0"


@pytest.mark.parametrize(
    "index", [b"", b"[]", b"{", b'{"%s": {"stamp": null}}', b'{"%s": 7}', b"[" * 100_000]
)
def test_a_lost_or_broken_index_is_worked_out_again(
    shelf: PackShelf, tmp_path: Path, index: bytes
) -> None:
    kept = shelf.keep(write_version(tmp_path / "ward.h2pack", "1.0", KEY))
    (shelf.folder / "index.json").write_bytes(index.replace(b"%s", kept.digest.encode()))
    (shelf.folder / "notes.h2pack").write_text("not by a digest")
    assert PackShelf(shelf.folder).kept() == (kept,)
    assert json.loads((shelf.folder / "index.json").read_text())[kept.digest]["version"] == "1.0"


def test_an_index_entry_that_is_no_entry_is_worked_out_again(
    shelf: PackShelf, tmp_path: Path
) -> None:
    kept = shelf.keep(write_version(tmp_path / "ward.h2pack", "1.0"))
    index = shelf.folder / "index.json"
    document = json.loads(index.read_text())
    document[kept.digest]["signed"] = "by heaven"
    index.write_text(json.dumps(document))
    assert shelf.kept() == (kept,)


def test_what_a_killed_program_left_half_written_goes_when_it_is_old(
    shelf: PackShelf, tmp_path: Path
) -> None:
    shelf.folder.mkdir(parents=True)
    old, young = shelf.folder / ".a.h2pack.0.part", shelf.folder / ".b.h2pack.0.part"
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))
    shelf.keep(write_version(tmp_path / "ward.h2pack", "1.0"))
    assert not old.exists()
    assert young.exists()  # another window may be writing it


def test_the_stored_answers_of_each_pack_are_counted() -> None:
    def entry(number: int, case_id: int, content: object) -> HistoryEntry:
        return HistoryEntry(number, case_id, Action.PREDICTION, content, "A", "")  # type: ignore[arg-type]

    def by(digest: object) -> object:
        return {"document": {"pack": {"sha256": digest}}}

    entries = [
        entry(1, 1, by("a")),
        entry(2, 1, by("a")),
        entry(3, 2, by("a")),
        entry(4, 2, by("b")),
        entry(5, 2, by(None)),
        entry(6, 2, {"document": {}}),
        entry(7, 2, {}),
        entry(8, 2, None),
    ]

    class Stored:
        def entries(self, *actions: Action) -> list[HistoryEntry]:
            assert actions == (Action.PREDICTION,)
            return entries

    assert uses_of(Stored()) == {"a": PackUse(3, 2), "b": PackUse(1, 1)}  # type: ignore[arg-type]
