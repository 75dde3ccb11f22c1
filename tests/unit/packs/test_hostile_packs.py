"""Packs made to do harm: each is refused before anything of it is used, and the reason named."""

import hashlib
import json
import re
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from her2desk.errors import PackRefused
from her2desk.packs import archive as archive_module
from her2desk.packs.archive import SUMS, Archive, read_archive, write_archive
from her2desk.packs.pack import CNN_FILE, MODELS_FILE, PCA_FILE, open_pack, trees_file
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE
from her2desk.packs.signing import signed_members, signer_of
from her2desk.packs.trees import TreeEnsemble
from tests.pack_samples import demo_members, version_members

Members = dict[str, bytes]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MEMBERS: Members = {
    "manifest.json": b'{"schema_version": 1}',
    "card.md": b"# Card\n",
    "models/models.json": b"{}" * 20,
}

# The container, byte by byte (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16)


@dataclass(frozen=True)
class Member:
    """One member as its local header, its data and the directory tell it, each for itself."""

    name: bytes
    content: bytes
    flags: int = 0
    method: int = 0
    extra: bytes = b""
    comment: bytes = b""
    mode: int = 0o100644
    packed: bytes | None = None
    size: int | None = None
    stated: bytes | None = None  # the local header where it says something else
    gap: bytes = b""  # in front
    descriptor: bytes = b""  # behind
    offset: int | None = None

    @property
    def data(self) -> bytes:
        return self.content if self.packed is None else self.packed

    @property
    def shared(self) -> bytes:
        size = len(self.content) if self.size is None else self.size
        return struct.pack(
            "<5H3L2H",
            20,
            self.flags,
            self.method,
            0,
            33,
            zlib.crc32(self.content),
            len(self.data),
            size,
            len(self.name),
            len(self.extra),
        )

    @property
    def local(self) -> bytes:
        header = b"PK\x03\x04" + self.shared + self.name + self.extra
        return (header if self.stated is None else self.stated) + self.data + self.descriptor

    def central(self, offset: int) -> bytes:
        at = offset if self.offset is None else self.offset
        tail = struct.pack("<3H2L", len(self.comment), 0, 0, self.mode << 16, at)
        return b"PK\x01\x02\x14\x03" + self.shared + tail + self.name + self.extra + self.comment


def zipped(members: list[Member], comment: bytes = b"", before_end: bytes = b"") -> bytes:
    body, directory = b"", b""
    for member in members:
        body += member.gap
        directory += member.central(len(body))
        body += member.local
    end = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        0,
        0,
        len(members),
        len(members),
        len(directory),
        len(body),
        len(comment),
    )
    return body + directory + before_end + end + comment


def sums_of(members: Members) -> bytes:
    lines = (f"{hashlib.sha256(members[n]).hexdigest()}  {n}\n" for n in sorted(members))
    return "".join(lines).encode()


def plain(members: Members = MEMBERS) -> list[Member]:
    return [Member(n.encode(), c) for n, c in [*members.items(), (SUMS, sums_of(members))]]


def first(**changes: object) -> bytes:
    one, *others = plain()
    return zipped([replace(one, **changes), *others])  # type: ignore[arg-type]


def refusal(path: Path, content: bytes, opens: Callable[[Path], object] = read_archive) -> str:
    path.write_bytes(content)
    with pytest.raises(PackRefused) as caught:
        opens(path)
    assert caught.value.message.text()
    assert caught.value.remedy.text()
    return caught.value.code


def with_two_directories() -> bytes:
    """The last end record is another archive's, whose members lie in front: readers may differ."""
    return zipped(plain()) + zipped(plain({**MEMBERS, "card.md": b"# Another\n"}))


def with_a_zip64_locator() -> bytes:
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 4, 4, 1, 1)
    return zipped(plain(), before_end=end64 + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1))


def with_sizes_in_zip64() -> bytes:
    extra = struct.pack("<HHQQ", 1, 16, 2**40, 21)
    return first(extra=extra, size=0xFFFFFFFF)


def with_overlapping_members() -> bytes:
    """Many members of the directory share one piece of data (Fifield 2019, the quoted overlap)."""
    one, *others = plain()
    inner = replace(one, name=b"models/a.json", offset=0)
    outer = Member(b"models/b.json", inner.local + one.local)
    return zipped([outer, replace(one, offset=30 + len(outer.name)), *others])


def with_the_same_data_twice() -> bytes:
    one, *others = plain()
    return zipped([one, replace(one, name=b"models/b.json", offset=0), *others])


def with_a_gap() -> bytes:
    one, two, *others = plain()
    return zipped([one, replace(two, gap=b"hidden"), *others])


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


CONTAINERS: dict[str, tuple[bytes, str]] = {
    "something in front": (b"#!/bin/sh\n" + zipped(plain()), "pack-not-zip"),
    "something in front that begins as a ZIP": (b"PK\x03\x04" + zipped(plain()), "pack-unreadable"),
    "something behind": (zipped(plain()) + b"\0", "pack-unreadable"),
    "a comment": (zipped(plain(), comment=b"read me"), "pack-unreadable"),
    "a comment that is an archive": (
        zipped(plain(), comment=zipped(plain())),
        "pack-unreadable",
    ),
    "two directories": (with_two_directories(), "pack-unreadable"),
    "a ZIP64 end record": (with_a_zip64_locator(), "pack-unreadable"),
    "sizes in ZIP64": (with_sizes_in_zip64(), "pack-unreadable"),
    "a size of 4 GB": (first(size=2**32 - 2), "pack-unreadable"),
    "a gap between members": (with_a_gap(), "pack-unreadable"),
    "overlapping members": (with_overlapping_members(), "pack-unreadable"),
    "the same data twice": (with_the_same_data_twice(), "pack-unreadable"),
    "an offset behind the end": (first(offset=2**31), "pack-unreadable"),
    "another name in front of the data": (
        first(stated=replace(plain()[0], name=b"manifest.jsoN").local[:43]),
        "pack-unreadable",
    ),
    "another method in front of the data": (
        first(stated=replace(plain()[0], method=8).local[:43]),
        "pack-unreadable",
    ),
    "another size in front of the data": (
        first(stated=replace(plain()[0], size=9).local[:43]),
        "pack-unreadable",
    ),
    "a size behind the data": (first(flags=8, descriptor=bytes(16)), "pack-unreadable"),
    "an extra field": (first(extra=b"\xfe\xca\x04\x00abcd"), "pack-unreadable"),
    "a name in an extra field": (
        first(extra=struct.pack("<HHBL", 0x7075, 12, 1, 0) + b"evil.py"),
        "pack-unreadable",
    ),
    "a member's comment": (first(comment=b"hello"), "pack-unreadable"),
    "an encrypted member": (first(flags=1), "pack-unreadable"),
    "a strongly encrypted member": (first(flags=0x41), "pack-unreadable"),
    "an encrypted directory": (first(flags=0x2000), "pack-unreadable"),
    "bzip2": (first(method=12), "pack-unreadable"),
    "LZMA": (first(method=14), "pack-unreadable"),
    "a method nobody knows": (first(method=99), "pack-unreadable"),
    "a bomb that inflates to more than it says": (
        first(method=8, packed=deflated(bytes(10**6)), size=21),
        "pack-changed",
    ),
    "deflated data that is none": (first(method=8, packed=b"\xff" * 21), "pack-changed"),
    "deflated data that stops": (
        first(method=8, packed=deflated(MEMBERS["manifest.json"])[:-4]),
        "pack-changed",
    ),
    "a link": (first(mode=0o120777), "pack-unsafe-path"),
    "a device": (first(mode=0o060644), "pack-unsafe-path"),
    "no member at all": (zipped([]), "pack-not-zip"),
    "too many members": (
        zipped([Member(b"models/m%d.json" % i, b"") for i in range(2049)]),
        "pack-too-large",
    ),
    "another ZIP inside": (
        zipped(plain({**MEMBERS, "models/inner.zip": zipped(plain())})),
        "pack-forbidden-file",
    ),
}


def test_the_forger_forges_a_sound_pack_where_nothing_is_forged(tmp_path: Path) -> None:
    (tmp_path / "x.h2pack").write_bytes(zipped(plain()))
    assert read_archive(tmp_path / "x.h2pack").members == MEMBERS
    packed = deflated(MEMBERS["manifest.json"])
    (tmp_path / "y.h2pack").write_bytes(first(method=8, packed=packed))
    assert read_archive(tmp_path / "y.h2pack").members == MEMBERS


@pytest.mark.parametrize("attack", CONTAINERS)
def test_a_container_that_is_not_plain_is_refused(tmp_path: Path, attack: str) -> None:
    content, code = CONTAINERS[attack]
    assert refusal(tmp_path / "x.h2pack", content) == code


NAMES = (
    "../card.md", "..\\card.md", "/card.md", "\\card.md", "C:card.md", "C:\\card.md",
    "\\\\host\\share\\card.md", "//host/card.md", "models/../../card.md", "models/./a.json",
    "models//a.json", "./card.md", "card.md\0.txt", "card.md/", "models/", "models/..json/../a.json",
    "CON", "nul.json", "models/CON.json", "models/nul.json", "models/COM1.json", "preview/LPT9.png",
    "models/aux.safetensors", "card.md.", "card.md ", " card.md", "models/a.json ", "models/a.json.",
    "models/a .json", "models/a:b.json", "card.md:stream", "models/~/a.json", "models/a*.json",
    "ｃard.md", "cаrd.md", "card․md", "models∕a.json", "models／a.json", "models/a\u202enosj.json",
    "models/\ufeffa.json", "models/a\u200b.json", "CARD.MD", "Manifest.json", "sha256sums",
    "models/a.json\n", "models/a\tb.json", "models/" + "a" * 101 + ".json",
    "model.pkl", "model.pickle", "networks/cnn.pt", "networks/cnn.pth", "networks/cnn.ckpt",
    "networks/cnn.bin", "models/rf.joblib", "models/a.npy", "models/a.npz", "models/a.json.pkl",
    "networks/cnn.safetensors.pkl", "hook.py", "__init__.py", "a.so", "a.dll", "a.exe", "run.sh",
    "index.html", "preview/a.svg", "preview/a.gif", ".hidden", "models/.json",
    "manifest.json/x", "networks/sub/cnn.safetensors", "signature.txt", "signer.pub.bak",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_a_pack_may_not_hold_is_refused(tmp_path: Path, name: str) -> None:
    """Listed with its right hash, so that nothing but the name speaks against it."""
    members = {**MEMBERS, name: b"\x80\x04."}
    flagged = [
        replace(member, flags=0x800 if not member.name.isascii() else 0)
        for member in plain(members)
    ]
    code = refusal(tmp_path / "x.h2pack", zipped(flagged))
    assert code in ("pack-unsafe-path", "pack-forbidden-file")
    with pytest.raises(PackRefused):
        write_archive(tmp_path / "y.h2pack", members)


@pytest.mark.parametrize("twin", [b"card.md", b"models/MODELS.json", b"models/Models.json"])
def test_a_name_twice_is_refused_in_any_case(tmp_path: Path, twin: bytes) -> None:
    members = [*plain(), Member(twin, b"other")]
    assert refusal(tmp_path / "x.h2pack", zipped(members)) == "pack-extra-file"


def signed() -> bytes:
    whole = signed_members(MEMBERS, KEY)
    sums = Archive("", MEMBERS).sums
    return zipped([Member(n.encode(), c) for n, c in sorted({**whole, SUMS: sums}.items())])


SIGNED = signed()
# of each directory entry: who made it, its internal and (but for the kind of file) external attributes
UNREAD = (4, 5, 36, 37, 38, 39, 40, 41)


def unread_places() -> frozenset[int]:
    offset = struct.unpack("<L", SIGNED[-6:-2])[0]
    places, at = set(), offset
    while SIGNED[at : at + 4] == b"PK\x01\x02":
        places |= {at + place for place in UNREAD}
        at += 46 + struct.unpack("<H", SIGNED[at + 28 : at + 30])[0]
    return frozenset(places)


def test_one_changed_byte_anywhere_is_refused(tmp_path: Path) -> None:
    """Every byte of a small signed pack, but those that say who zipped it and with which rights."""
    path, places = tmp_path / "x.h2pack", unread_places()
    path.write_bytes(SIGNED)
    sound = read_archive(path)
    for at in range(len(SIGNED)):
        changed = bytearray(SIGNED)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        try:
            archive = read_archive(path)
            signer_of(archive)
        except PackRefused as error:
            assert error.code.startswith("pack-")  # noqa: PT017 (either outcome is right)
        else:
            assert at in places, at
            assert archive == sound


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_and_moved_pieces_are_refused_or_change_nothing(
    tmp_path: Path, data: st.DataObject
) -> None:
    """Cut, doubled, exchanged and overwritten pieces of a signed pack."""
    size = len(SIGNED)
    a, b = sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size))))
    filling = data.draw(
        st.one_of(
            st.just(b""),
            st.just(SIGNED[a:b] * 2),
            st.binary(min_size=b - a, max_size=b - a) if b - a < 200 else st.just(bytes(b - a)),
            st.just(SIGNED[a:b][::-1]),
        )
    )
    path = tmp_path / "x.h2pack"
    path.write_bytes(SIGNED[:a] + filling + SIGNED[b:])
    try:
        archive = read_archive(path)
        signer_of(archive)
    except PackRefused:
        return
    assert archive.members == MEMBERS


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("ward") / "ward.h2pack"
    write_archive(path, signed_members(version_members("1.0"), KEY))
    return path.read_bytes()


def test_a_changed_byte_of_each_member_of_a_real_pack_names_the_member(
    tmp_path: Path, ward: bytes
) -> None:
    path = tmp_path / "x.h2pack"
    path.write_bytes(ward)
    with zipfile.ZipFile(path) as file:
        places = {e.filename: e.header_offset + 30 + len(e.filename) for e in file.infolist()}
    for name, at in places.items():
        changed = bytearray(ward)
        changed[at] ^= 1
        path.write_bytes(changed)
        with pytest.raises(PackRefused) as caught:
            open_pack(path)
        assert caught.value.code == "pack-changed"
        assert name in caught.value.message.text()


@pytest.mark.parametrize("stolen", ["signature", "signer.pub"])
def test_a_signature_of_another_pack_or_key_is_refused(tmp_path: Path, stolen: str) -> None:
    """Both are well formed, and outside the digest."""
    other = signed_members({"card.md": b"x"}, Ed25519PrivateKey.generate())
    members = {**signed_members(version_members("1.0"), KEY), stolen: other[stolen]}
    write_archive(tmp_path / "x.h2pack", members)
    with pytest.raises(PackRefused) as caught:
        open_pack(tmp_path / "x.h2pack")
    assert caught.value.code == "pack-signature"


# What lies in a container whose every hash is right


def document(name: str, change: Callable[[dict], object]) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        found = json.loads(members[name])
        change(found)
        members[name] = json.dumps(found).encode()

    return apply


def text(
    name: str, change: Callable[[str], str], encoding: str = "utf-8"
) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        before = members[name].decode()
        members[name] = change(before).encode(encoding)
        assert members[name] != before.encode()

    return apply


def put(name: str, content: bytes) -> Callable[[Members], None]:
    return lambda members: members.update({name: content})


def header(change: Callable[[dict, int], object]) -> Callable[[Members], None]:
    """Another safetensors header in front of the same bytes."""

    def apply(members: Members) -> None:
        content = members[CNN_FILE]
        length = int.from_bytes(content[:8], "little")
        found, body = json.loads(content[8 : 8 + length]), content[8 + length :]
        change(found, len(body))
        written = json.dumps(found).encode()
        members[CNN_FILE] = len(written).to_bytes(8, "little") + written + body

    return apply


def tensor(found: dict) -> dict:
    return next(found[name] for name in sorted(found) if name != "__metadata__")


def length(value: int) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        members[CNN_FILE] = value.to_bytes(8, "little") + members[CNN_FILE][8:]

    return apply


def with_overlapping_tensors(found: dict, _size: int) -> None:
    one, two = [found[name] for name in sorted(found) if name != "__metadata__"][:2]
    two["data_offsets"] = [one["data_offsets"][0], one["data_offsets"][0] + 4]


def trees(change: Callable[[dict], object]) -> Callable[[Members], None]:
    """A boosted radiomics branch with these arrays."""

    def apply(members: Members) -> None:
        found = json.loads(members[MODELS_FILE])
        count = len(found["radiomics"]["inputs"])
        found["radiomics"].update(family="xgboost", coefficients=[])
        arrays = TreeEnsemble(
            feature=np.array([0, -1, -1], np.int32),
            threshold=np.array([0.5, 0, 0]),
            left=np.array([1, -1, -1], np.int32),
            right=np.array([2, -1, -1], np.int32),
            value=np.array([0, 1.0, -1.0]),
            default_left=np.zeros(3, bool),
            missing_is_nan=np.zeros(3, bool),
            root=np.array([0], np.int32),
            n_features=count,
        ).to_tensors()
        change(arrays)
        members[MODELS_FILE] = json.dumps(found).encode()
        members[trees_file("radiomics")] = save(arrays)

    return apply


def with_a_bomb_for_a_picture(members: Members) -> None:
    patient = members["validation.csv"].decode().splitlines()[1].split(",")[0]
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + size
    picture = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    members[f"preview/{patient}.png"] = picture + struct.pack(">I", zlib.crc32(chunk))


def with_patients_called(name: str) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        del members[READOUT_FILE], members[SPACE_FILE]
        lines = members["validation.csv"].decode().splitlines()
        patient = lines[1].split(",")[0]
        called = [line.replace(patient + ",", name + ",") for line in lines]
        members["validation.csv"] = "\n".join(called).encode() + b"\n"

    return apply


def first_submodel(found: dict) -> dict:
    return found["submodels"][0]["model"]


def with_a_term_a_thousand_times(found: dict) -> None:
    model, n = first_submodel(found), 1000
    model.update(
        terms=["dlr"] * n,
        coefficients=[0.0] * n,
        lower=[0.0] * n,
        upper=[1.0] * n,
        covariance=[[0] * (n + 1)] * (n + 1),
    )


CONTENTS: dict[str, Callable[[Members], None]] = {
    "JSON nested without end": put("manifest.json", b"[" * 10**6),
    "JSON nested in an object": put(
        "manifest.json", b'{"schema_version": 1, "task": ' + b"[" * 10**5 + b"]" * 10**5 + b"}"
    ),
    "models nested without end": put(MODELS_FILE, b'{"a":' * 10**5),
    "a readout nested without end": put(READOUT_FILE, b"[" * 10**6),
    "a profile nested without end": put("profile.json", b"[" * 10**5),
    "a key twice": text("manifest.json", lambda s: s.replace("{", '{"demo": true, ', 1)),
    "a key twice deep inside": text(
        MODELS_FILE, lambda s: s.replace('"scaling":', '"scaling": {}, "scaling":', 1)
    ),
    "the schema twice": text(
        "manifest.json", lambda s: s.replace("{", '{"schema_version": 99, ', 1)
    ),
    "NaN": document(MODELS_FILE, lambda d: first_submodel(d).update(intercept=float("nan"))),
    "infinity": document(MODELS_FILE, lambda d: first_submodel(d).update(intercept=float("inf"))),
    "a number that overflows": text(
        MODELS_FILE, lambda s: re.sub(r'"intercept": *[-0-9.e]+', '"intercept": 1e999', s, count=1)
    ),
    "a number of 10,000 digits": text(
        "manifest.json", lambda s: re.sub(r'"seed": *[0-9]+', '"seed": ' + "9" * 10_000, s)
    ),
    "half a character": document("manifest.json", lambda d: d.update(task="\ud800")),
    "JSON in UTF-16": text("manifest.json", lambda s: s, "utf-16"),
    "a byte-order mark": text("manifest.json", lambda s: "\ufeff" + s),
    "no object": put("manifest.json", b"7"),
    "a name that reads backwards": document(
        "manifest.json", lambda d: d.update(name="Ward \u202ekcap")
    ),
    "a name of two lines": document("manifest.json", lambda d: d.update(name="Ward\npack")),
    "a name with an escape": document("manifest.json", lambda d: d.update(name="\x1b[31mWard")),
    "a name of spaces": document("manifest.json", lambda d: d.update(name="   ")),
    "a version with an invisible space": document(
        "manifest.json", lambda d: d.update(version="1.0\u200b")
    ),
    "a use that reads backwards": document(
        "manifest.json", lambda d: d.update(intended_use="\u2067safe")
    ),
    "a card with control characters": text("card.md", lambda s: s + "\x1b]0;owned\x07"),
    "a card that reads backwards": text("card.md", lambda s: s + "\u202e"),
    "a card that is no text": put("card.md", b"\xff\xfe\x00"),
    "no card": lambda members: members.pop("card.md"),
    "a network of one byte": put(CNN_FILE, b"x"),
    "a header length of 0": length(0),
    "a header longer than the file": length(2**40),
    "a header length of 2^64 - 1": length(2**64 - 1),
    "a header of 2 MB": length(2**21),
    "an offset behind the end": header(lambda d, n: tensor(d).update(data_offsets=[0, n + 4])),
    "a negative offset": header(lambda d, _: tensor(d).update(data_offsets=[-4, 4])),
    "offsets backwards": header(lambda d, _: tensor(d).update(data_offsets=[8, 4])),
    "overlapping tensors": header(with_overlapping_tensors),
    "another shape": header(lambda d, _: tensor(d).update(shape=[2**31, 2**31, 2**31])),
    "a negative shape": header(lambda d, _: tensor(d).update(shape=[-1])),
    "a dtype that is a lie": header(lambda d, _: tensor(d).update(dtype="F64")),
    "a dtype nobody knows": header(lambda d, _: tensor(d).update(dtype="PICKLE")),
    "trees with a cycle": trees(lambda a: a["left"].__setitem__(0, 0)),
    "a tree that leads outside": trees(lambda a: a["right"].__setitem__(0, 99)),
    "a tree that leads before itself": trees(lambda a: a["left"].__setitem__(0, -2)),
    "a leaf that is no number": trees(lambda a: a["value"].__setitem__(1, np.nan)),
    "a feature that is not there": trees(lambda a: a["feature"].__setitem__(0, 10**6)),
    "trees of another type": trees(lambda a: a.update(left=a["left"].astype(np.int64))),
    "trees without a root": trees(lambda a: a.update(root=a["root"][:0])),
    "more components than anything has": put(
        PCA_FILE, save({"mean": np.zeros(1), "components": np.zeros((5000, 1))})
    ),
    "components that are whole numbers": put(
        PCA_FILE, save({"mean": np.zeros(2, np.int64), "components": np.zeros((1, 2), np.int64)})
    ),
    "a term a thousand times": document(MODELS_FILE, with_a_term_a_thousand_times),
    "a submodel 2,000 times": document(
        MODELS_FILE, lambda d: d.update(submodels=d["submodels"][:1] * 2000)
    ),
    "a picture that is a bomb": with_a_bomb_for_a_picture,
    "a patient who is a formula": with_patients_called("=cmd|'/C calc'!A0"),
    "a patient who is a sum": with_patients_called("+1+1"),
    "a patient who is a path": with_patients_called("../../x"),
    "a patient who is a script": with_patients_called("<script>alert(1)</script>"),
    "a profile that would never end": document(
        "profile.json", lambda d: d.update(bin_count=None, bin_width=1e-9)
    ),
    "a profile that is none": put("profile.json", b"{}"),
    "a network wider than memory": document(
        "manifest.json", lambda d: d["network"].update(channels=10**9)
    ),
    "a crop larger than memory": document(
        "manifest.json", lambda d: d["preprocessing"].update(input_size_px=10**6)
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda _members: None,
        trees(lambda _arrays: None),
        header(lambda _found, _size: None),
        with_patients_called("W-1"),
        document("manifest.json", lambda found: found.update(name="Ward 3 – Köln (乳腺)")),
        put(PCA_FILE, save({"mean": np.zeros(2), "components": np.zeros((1, 2))})),
        text("card.md", lambda card: card + "\r\n\tعربي 中文\n"),
    ],
)
def test_contents_are_opened_where_nothing_harmful_was_put_in(
    tmp_path: Path, change: Callable[[Members], None]
) -> None:
    members = demo_members()
    change(members)
    write_archive(tmp_path / "x.h2pack", members)
    opened_whole(tmp_path / "x.h2pack")


def opened_whole(path: Path) -> None:
    open_pack(path).network_weights()


@pytest.mark.parametrize("attack", CONTENTS)
def test_contents_made_to_do_harm_are_refused(tmp_path: Path, attack: str) -> None:
    members = demo_members()
    CONTENTS[attack](members)
    write_archive(tmp_path / "x.h2pack", members)
    with pytest.raises(PackRefused) as caught:
        opened_whole(tmp_path / "x.h2pack")
    assert caught.value.code in ("pack-malformed", "pack-tree")
    assert caught.value.message.text()
    assert caught.value.remedy.text()


def test_a_later_schema_is_named_whatever_else_it_says(tmp_path: Path) -> None:
    members = {**demo_members(), "manifest.json": b'{"schema_version": 2, "anything": []}'}
    write_archive(tmp_path / "x.h2pack", members)
    with pytest.raises(PackRefused, match="later version") as caught:
        open_pack(tmp_path / "x.h2pack")
    assert caught.value.code == "pack-later-schema"


def test_markup_in_a_card_is_text_like_any_other(tmp_path: Path) -> None:
    """It is shown as plain text; nobody needs to refuse a less-than sign."""
    members = {**demo_members(), "card.md": b"# AUC < 1 <script>alert(1)</script>\n"}
    write_archive(tmp_path / "x.h2pack", members)
    assert open_pack(tmp_path / "x.h2pack").card == "# AUC < 1 <script>alert(1)</script>\n"


@pytest.mark.parametrize(
    ("name", "limit"),
    [("card.md", 2**20), ("profile.json", 2**20), ("manifest.json", 2 * 2**20),
     (MODELS_FILE, 8 * 2**20), ("validation.csv", 16 * 2**20), (trees_file("dlr"), 160 * 2**20)],
)  # fmt: skip
def test_a_member_that_claims_too_much_is_refused_before_a_byte_of_it_is_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(archive_module.zipfile.ZipFile, "open", None)
    claim = Member(name.encode(), b"", method=8, packed=deflated(bytes(1000)), size=limit + 1)
    code = refusal(tmp_path / "x.h2pack", zipped([claim, *plain()[2:]]))
    assert code == "pack-too-large"


def test_a_bomb_takes_no_more_memory_than_it_claims(tmp_path: Path) -> None:
    """200 MB of zeros behind a claim of 4 MB."""
    packed = deflated(bytes(200 * 10**6))
    bomb = Member(b"networks/a.safetensors", b"", method=8, packed=packed, size=4 * 10**6)
    content = zipped([bomb, *plain()])
    tracemalloc.start()
    try:
        code = refusal(tmp_path / "x.h2pack", content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code == "pack-changed"
    assert peak < 16 * 10**6
