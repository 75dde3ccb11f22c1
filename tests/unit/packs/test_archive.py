"""The pack container: what is written, and everything that reading refuses."""

import errno
import hashlib
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from her2desk.errors import PackRefused
from her2desk.packs import archive as archive_module
from her2desk.packs.archive import MAX_MEMBERS, SUMS, read_archive, write_archive

MEMBERS = {
    "validation.csv": b"patient,positive\nP1,1\n",
    "manifest.json": b'{"schema_version": 1}',
    "networks/cnn.safetensors": bytes(range(256)) * 3,
    "models/models.json": b"{}",
    "card.md": "# Card — für alle\n".encode(),
    "profile.json": b"{}\n",
    "preview/attention.png": b"\x89PNG\r\n",
}


def sums_of(members):
    return "".join(
        f"{hashlib.sha256(members[n]).hexdigest()}  {n}\n" for n in sorted(members)
    ).encode()


def forge(path: Path, entries, compression=zipfile.ZIP_STORED) -> Path:
    """A ZIP of exactly these (name or ZipInfo, bytes) entries."""
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


def forge_listed(path: Path, members, compression=zipfile.ZIP_STORED) -> Path:
    """A ZIP of these members whose list agrees with them."""
    return forge(path, [*members.items(), (SUMS, sums_of(members))], compression)


def refusal(path: Path) -> PackRefused:
    with pytest.raises(PackRefused) as caught:
        read_archive(path)
    assert caught.value.message.text()
    assert caught.value.remedy.text()
    return caught.value


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "demo.h2pack"
    write_archive(path, MEMBERS)
    return path


def test_a_pack_comes_back_as_it_was_written(pack):
    archive = read_archive(pack)
    assert archive.members == MEMBERS
    assert archive.signature is None
    assert archive.digest == hashlib.sha256(sums_of(MEMBERS)).hexdigest()


def test_the_list_is_what_sha256sum_checks(pack):
    with zipfile.ZipFile(pack) as file:
        assert file.read(SUMS) == sums_of(MEMBERS)


def test_the_same_members_give_the_same_bytes_in_any_order(tmp_path):
    first, second = tmp_path / "a.h2pack", tmp_path / "b.h2pack"
    assert write_archive(first, MEMBERS) == write_archive(
        second, dict(reversed(list(MEMBERS.items())))
    )
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as file:
        entries = file.infolist()
    assert [e.filename for e in entries] == sorted([*MEMBERS, SUMS])
    assert {e.date_time for e in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {e.external_attr >> 16 for e in entries} == {stat.S_IFREG | 0o644}
    assert {e.compress_type for e in entries} == {zipfile.ZIP_STORED}


def test_the_signature_is_outside_the_digest(tmp_path):
    plain, signed = tmp_path / "plain.h2pack", tmp_path / "signed.h2pack"
    digest = write_archive(plain, MEMBERS)
    assert write_archive(signed, {**MEMBERS, "signature": b"s" * 64}) == digest
    archive = read_archive(signed)
    assert archive.digest == digest
    assert archive.signature == b"s" * 64
    assert archive.members == MEMBERS


def test_a_pack_zipped_again_with_compression_is_the_same_pack(tmp_path):
    path = forge_listed(tmp_path / "again.h2pack", MEMBERS, zipfile.ZIP_DEFLATED)
    assert read_archive(path).members == MEMBERS


def test_writing_replaces_a_pack_in_one_step_and_leaves_nothing_beside_it(pack):
    write_archive(pack, {"card.md": b"new"})
    assert read_archive(pack).members == {"card.md": b"new"}
    assert [p.name for p in pack.parent.iterdir() if p.is_file()] == [pack.name]


def test_a_full_disk_is_a_sentence_and_the_old_pack_stays(pack, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = pack.read_bytes()
    monkeypatch.setattr(archive_module.os, "fsync", full)
    with pytest.raises(PackRefused, match="No space left") as caught:
        write_archive(pack, {"card.md": b"new"})
    assert caught.value.code == "pack-not-written"
    assert pack.read_bytes() == before
    assert not list(pack.parent.glob(".*"))


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"model.pkl": b""}, "pack-forbidden-file"),
        ({SUMS: b""}, "pack-forbidden-file"),
        ({"../card.md": b""}, "pack-unsafe-path"),
        ({"signature": b"short"}, "pack-signature"),
        ({"models/A.json": b"", "models/a.json": b""}, "pack-extra-file"),
        ({f"models/m{i}.json": b"" for i in range(MAX_MEMBERS)}, "pack-too-large"),
    ],
)
def test_what_reading_would_refuse_is_not_written(tmp_path, members, code):
    path = tmp_path / "never.h2pack"
    with pytest.raises(PackRefused) as caught:
        write_archive(path, members)
    assert caught.value.code == code
    assert not path.exists()


def test_a_missing_file_is_refused(tmp_path):
    caught = refusal(tmp_path / "absent.h2pack")
    assert caught.code == "pack-unreadable"
    assert "absent.h2pack" in str(caught)


def test_a_folder_is_refused(tmp_path):
    assert refusal(tmp_path).code == "pack-unreadable"


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x04\x95pickle", b"GIF89a" * 100])
def test_a_file_that_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "x.h2pack"
    path.write_bytes(content)
    assert refusal(path).code == "pack-not-zip"


def test_a_truncated_pack_is_refused_wherever_it_was_cut(pack):
    whole = pack.read_bytes()
    for length in [*range(4, len(whole), 17), *range(len(whole) - 30, len(whole))]:
        pack.write_bytes(whole[:length])
        assert refusal(pack).code == "pack-unreadable"


@pytest.mark.parametrize("where", ["before", "behind"])
def test_a_pack_that_is_another_kind_of_file_too_is_refused(pack, where):
    whole, other = pack.read_bytes(), b"PK\x03\x04#!/bin/sh\n"
    pack.write_bytes(other + whole if where == "before" else whole + other)
    assert refusal(pack).code == "pack-unreadable"


@settings(
    deadline=None,
    max_examples=600,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_one_changed_byte_is_refused_or_changes_nothing(pack_bytes, tmp_path, data):
    """Bytes of ZIP metadata that nobody reads may change; no content ever does."""
    at = data.draw(st.integers(0, len(pack_bytes) - 1))
    value = data.draw(st.integers(0, 255))
    changed = bytearray(pack_bytes)
    changed[at] = value
    path = tmp_path / "changed.h2pack"
    path.write_bytes(changed)
    try:
        archive = read_archive(path)
    except PackRefused as error:
        assert error.code.startswith("pack-")  # noqa: PT017 (either outcome is right)
    else:
        assert archive.members == MEMBERS
        assert archive.digest == hashlib.sha256(sums_of(MEMBERS)).hexdigest()


@pytest.fixture(scope="module")
def pack_bytes(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "small.h2pack"
    write_archive(path, MEMBERS)
    return path.read_bytes()


@given(content=st.binary(max_size=400))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_behind_a_zip_header_are_refused(tmp_path, content):
    path = tmp_path / "noise.h2pack"
    path.write_bytes(b"PK\x03\x04" + content)
    assert refusal(path).code == "pack-unreadable"


def test_a_changed_file_is_named(tmp_path):
    changed = {**MEMBERS, "models/models.json": b'{"x": 1}'}
    path = forge(tmp_path / "x.h2pack", [*changed.items(), (SUMS, sums_of(MEMBERS))])
    caught = refusal(path)
    assert caught.code == "pack-changed"
    assert "models/models.json" in str(caught)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_byte_changed_in_place_names_its_file(tmp_path, compression):
    """The ZIP's own checksum notices first; the answer is the same."""
    path = forge_listed(tmp_path / "x.h2pack", MEMBERS, compression)
    content = bytearray(path.read_bytes())
    content[content.index(b"networks/cnn.safetensors") + 40] ^= 0xFF
    path.write_bytes(content)
    caught = refusal(path)
    assert caught.code == "pack-changed"
    assert "networks/cnn.safetensors" in str(caught)


def test_an_extra_file_is_named(tmp_path):
    entries = [*MEMBERS.items(), ("models/more.json", b"{}"), (SUMS, sums_of(MEMBERS))]
    caught = refusal(forge(tmp_path / "x.h2pack", entries))
    assert caught.code == "pack-extra-file"
    assert "models/more.json" in str(caught)


def test_a_missing_member_is_named(tmp_path):
    entries = [(n, c) for n, c in MEMBERS.items() if n != "card.md"]
    caught = refusal(forge(tmp_path / "x.h2pack", [*entries, (SUMS, sums_of(MEMBERS))]))
    assert caught.code == "pack-missing-file"
    assert "card.md" in str(caught)


def test_a_pack_without_its_list_is_refused(tmp_path):
    assert refusal(forge(tmp_path / "x.h2pack", MEMBERS.items())).code == "pack-missing-file"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s[:-1],
        lambda s: s + b"\n",
        lambda s: s.replace(b"  ", b" *"),
        lambda s: s.replace(b"\n", b"\r\n"),
        lambda s: s + s.splitlines(keepends=True)[-1],
        lambda s: b"".join(reversed(s.splitlines(keepends=True))),
        lambda s: s.upper(),
        lambda s: s.replace(b"card", "cård".encode()),
        lambda s: s + b"0" * 64 + b"  signature\n",
        lambda _: b"",
    ],
)
def test_a_list_in_any_other_form_is_refused(tmp_path, spoil):
    path = forge(tmp_path / "x.h2pack", [*MEMBERS.items(), (SUMS, spoil(sums_of(MEMBERS)))])
    assert refusal(path).code in {"pack-changed", "pack-extra-file"}


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "models/../../evil.json", "/etc/passwd", "C:/evil.json", "c:evil.json",
     "models\\evil.json", "..\\evil.json", "models//evil.json", "./card.md", "models/./a.json",
     "card.md\n", "models/\x7f.json", "models/" + "a" * 200 + ".json"],
)  # fmt: skip
def test_a_path_that_could_lead_outside_is_refused(tmp_path, name):
    path = forge_listed(tmp_path / "x.h2pack", {**MEMBERS, name: b"{}"})
    assert refusal(path).code == "pack-unsafe-path"


def test_a_name_that_python_would_cut_at_a_zero_byte_is_refused(pack):
    content = pack.read_bytes()
    pack.write_bytes(content.replace(b"models/models.json", b"models/a.json\0xxxx"))
    assert refusal(pack).code == "pack-unsafe-path"


@pytest.mark.parametrize(
    "name",
    ["model.pkl", "networks/cnn.pt", "networks/cnn.pth", "models/rf.joblib", "models/lgbm.txt",
     "models/rf.pickle", "hook.py", "manifest.json.pkl", "networks/cnn.safetensors.pkl",
     "networks/deep/cnn.safetensors", "models/", "MANIFEST.JSON", "sha256sums", "preview/a.svg",
     "models/.json", "models/ümlaut.json"],
)  # fmt: skip
def test_a_kind_of_file_that_a_pack_may_not_hold_is_refused_even_when_listed(tmp_path, name):
    path = forge_listed(tmp_path / "x.h2pack", {**MEMBERS, name: b"\x80\x04."})
    caught = refusal(path)
    assert caught.code == "pack-forbidden-file"
    assert name in str(caught)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFBLK])
def test_a_link_or_device_is_refused(tmp_path, kind):
    entry = zipfile.ZipInfo("card.md", (1980, 1, 1, 0, 0, 0))
    entry.external_attr = (kind | 0o777) << 16
    path = forge(tmp_path / "x.h2pack", [(entry, b"/etc/passwd"), (SUMS, b"")])
    assert refusal(path).code == "pack-unsafe-path"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["card.md", "models/MODELS.json"])
def test_a_file_held_twice_is_refused(tmp_path, second):
    entries = [*MEMBERS.items(), (second, b"other"), (SUMS, sums_of(MEMBERS))]
    code = refusal(forge(tmp_path / "x.h2pack", entries)).code
    assert code == "pack-extra-file"


def test_an_encrypted_member_is_refused(pack):
    content = bytearray(pack.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    pack.write_bytes(content)
    caught = refusal(pack)
    assert caught.code == "pack-unreadable"
    assert "encrypted" in str(caught)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused(tmp_path, method):
    path = forge_listed(tmp_path / "x.h2pack", MEMBERS, method)
    assert refusal(path).code == "pack-unreadable"


def test_a_signature_of_another_length_is_refused(tmp_path):
    entries = [*MEMBERS.items(), ("signature", b"x" * 63), (SUMS, sums_of(MEMBERS))]
    assert refusal(forge(tmp_path / "x.h2pack", entries)).code == "pack-signature"


def test_too_many_files_are_refused_before_the_directory_is_read(tmp_path, monkeypatch):
    members = {f"models/m{i}.json": b"{}" for i in range(MAX_MEMBERS)}
    path = forge_listed(tmp_path / "x.h2pack", members)

    def must_not_run(*_args):
        raise AssertionError

    monkeypatch.setattr(archive_module.zipfile, "ZipFile", must_not_run)
    assert refusal(path).code == "pack-too-large"


def test_a_directory_of_absurd_length_is_refused_before_it_is_read(tmp_path, monkeypatch):
    entry = zipfile.ZipInfo("card.md", (1980, 1, 1, 0, 0, 0))
    entry.extra = struct.pack("<HH", 0xCAFE, 60_000) + bytes(60_000)
    path = forge(tmp_path / "x.h2pack", [(entry, b""), (SUMS, b"")])
    monkeypatch.setattr(archive_module.zipfile, "ZipFile", None)
    assert refusal(path).code == "pack-unreadable"


def test_a_bomb_is_refused_by_its_own_header(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_TEXT_BYTES", 50_000)
    path = forge_listed(
        tmp_path / "x.h2pack", {"validation.csv": b"0" * 60_000}, zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 1000
    caught = refusal(path)
    assert caught.code == "pack-too-large"
    assert "validation.csv" in str(caught)


def test_many_files_that_are_too_large_together_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_TOTAL_BYTES", 100_000)
    members = {f"networks/n{i}.safetensors": b"0" * 40_000 for i in range(3)}
    path = forge_listed(tmp_path / "x.h2pack", members, zipfile.ZIP_DEFLATED)
    assert refusal(path).code == "pack-too-large"


def test_a_file_larger_than_any_pack_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_TOTAL_BYTES", 100)
    monkeypatch.setattr(archive_module, "MAX_TEXT_BYTES", 100)
    path = forge_listed(tmp_path / "x.h2pack", MEMBERS)
    assert refusal(path).code == "pack-too-large"


def test_a_bomb_with_a_lying_header_gives_no_more_than_the_header_says(tmp_path, monkeypatch):
    """The header promises 10 bytes; 60,000 would come out."""
    steps = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(
        zipfile.ZipExtFile, "read", lambda self, n=-1: steps.append(n) or read(self, n)
    )
    path = forge_listed(
        tmp_path / "x.h2pack", {"validation.csv": b"0" * 60_000}, zipfile.ZIP_DEFLATED
    )
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 60_000), struct.pack("<L", 10)))
    assert refusal(path).code == "pack-changed"
    assert all(0 < n <= 2**20 for n in steps)


def test_a_header_that_promises_too_much_is_refused(tmp_path):
    members = {"validation.csv": b"0" * 60_000}
    path = forge_listed(tmp_path / "x.h2pack", members, zipfile.ZIP_DEFLATED)
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<L", 60_000), struct.pack("<L", 60_001)))
    assert refusal(path).code == "pack-changed"
