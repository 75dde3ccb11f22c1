"""The ``.h2pack`` container: a ZIP of plain data, checked whole before any of it is used.

Members are stored, not compressed, so that the same members give the same bytes with any zlib and
a pack cannot hide a bomb; compressed members are read, within the same limits. The digest of a
pack is the SHA-256 of its ``SHA256SUMS``; outside that list are only ``signature`` and
``signer.pub``, the public key that the signature is checked with.
"""

import hashlib
import os
import re
import secrets
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from her2desk.errors import PackRefused
from her2desk.packs.zip_layout import (
    CENTRAL_ENTRY_BYTES,
    LOCAL_MAGIC,
    Encrypted,
    NotPlain,
    check_layout,
    read_end,
)
from her2desk.private_files import sync_folder
from her2desk.texts import Message, msg

SUMS = "SHA256SUMS"
SIGNATURE = "signature"
SIGNER = "signer.pub"
UNLISTED = (SIGNATURE, SIGNER)
_SIZES = {SIGNATURE: 64, SIGNER: 113}  # Ed25519 (RFC 8032), and its public key as PEM (RFC 8410)

MAX_MEMBERS = 2048  # a picture of each validation patient among them
MAX_TOTAL_BYTES = 640 * 2**20  # a VGG19 in float32 is 532 MiB, a ResNet101 163
MAX_TEXT_BYTES = 32 * 2**20  # manifest, card, tables, linear models, pictures
MAX_ARRAY_BYTES = 160 * 2**20  # four million nodes of trees are 120
MAX_NAME_BYTES = 128

_LIMITS = {
    SUMS: 2**20,
    "manifest.json": 2 * 2**20,
    "enhancement/manifest.json": 2 * 2**20,
    "models/models.json": 8 * 2**20,
    "models/readout.json": 8 * 2**20,
    "validation.csv": 16 * 2**20,
    "card.md": 2**20,
    "profile.json": 2**20,
}
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
_ALLOWED = re.compile(
    r"manifest\.json|card\.md|validation\.csv|profile\.json|signature|signer\.pub"
    r"|curves\.csv|enhancement/manifest\.json|enhancement/generator\.safetensors"
    rf"|networks/{_NAME}\.safetensors|models/{_NAME}\.(safetensors|json)|preview/{_NAME}\.png"
)
_UNSAFE = re.compile(r"^/|^[A-Za-z]:|\\|[\x00-\x1f\x7f]|(^|/)\.{1,2}(/|$)|//")
_WINDOWS_DEVICE = re.compile(r"(^|/)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_SUMS_LINE = re.compile(r"([0-9a-f]{64})  ([^\r\n]+)")

_EPOCH = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o644
_UNIX = 3
_READ_STEP = 2**20
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OverflowError,
)

_GET_AGAIN = msg("Get the pack again from where it came from; do not use this copy.")
_GET_RIGHT_FILE = msg("Choose a file that ends in .h2pack, or get the pack again.")


@dataclass(frozen=True)
class Archive:
    """A pack whose every byte was checked: ``members`` are those that ``SHA256SUMS`` lists.

    ``signature`` and ``signer`` (a public key, PEM) are as they stand in the file; whether they are
    true is for ``signing`` to say.
    """

    digest: str
    members: Mapping[str, bytes]
    signature: bytes | None = None
    signer: bytes | None = None

    @property
    def sums(self) -> bytes:
        """``SHA256SUMS`` as it stands in the pack: what a signature is of."""
        return _sums_of(self.members)

    @property
    def whole(self) -> dict[str, bytes]:
        """All members to write, the unlisted among them."""
        unlisted = {SIGNATURE: self.signature, SIGNER: self.signer}
        return {**self.members, **{n: c for n, c in unlisted.items() if c is not None}}


def write_archive(path: Path, members: Mapping[str, bytes]) -> str:
    """Write ``members`` as a pack, replacing ``path`` in one step, and return the pack's digest.

    The same members give the same bytes. ``signature`` and ``signer.pub`` lie outside the digest.
    Raises ``PackRefused`` for a name or a size that reading would refuse, and when the disk cannot
    take the file; then whatever was at ``path`` is still there.
    """
    _check_members(members)
    sums = _sums_of(members)
    contents = {**members, SUMS: sums}
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        try:
            with temporary.open("xb") as file:
                _write_zip(file, contents)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise PackRefused(
            msg("The pack {name} cannot be written: {reason}.", name=path.name, reason=_why(error)),
            msg("Choose a folder that can be written and has room for it."),
            code="pack-not-written",
        ) from error
    return hashlib.sha256(sums).hexdigest()


def read_archive(path: Path) -> Archive:
    """Read and verify a whole pack; nothing is returned unless every check holds.

    Raises ``PackRefused`` with the code ``pack-not-zip``, ``pack-unreadable``, ``pack-too-large``,
    ``pack-unsafe-path``, ``pack-forbidden-file``, ``pack-extra-file``, ``pack-missing-file``,
    ``pack-signature`` or ``pack-changed``; the message names the file.
    """
    try:
        with path.open("rb") as file:
            _check_plain(file)
            try:
                contents = _read_zip(file)
            except _UNREADABLE as error:
                raise _damaged() from error
    except OSError as error:
        raise PackRefused(
            msg("The pack {name} cannot be read: {reason}.", name=path.name, reason=_why(error)),
            msg("Check that the file is there and that you may read it."),
            code="pack-unreadable",
        ) from error
    sums = contents.pop(SUMS, None)
    if sums is None:
        raise PackRefused(
            msg("The pack has no {name}, so it cannot be checked.", name=SUMS),
            _GET_AGAIN,
            code="pack-missing-file",
        )
    signature, signer = contents.pop(SIGNATURE, None), contents.pop(SIGNER, None)
    _check_sums(sums, contents)
    return Archive(hashlib.sha256(sums).hexdigest(), contents, signature, signer)


def _sums_of(members: Mapping[str, bytes]) -> bytes:
    lines = [
        f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n"
        for name in sorted(members)
        if name not in UNLISTED
    ]
    return "".join(lines).encode()


def _write_zip(file: IO[bytes], contents: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = (stat.S_IFREG | _FILE_MODE) << 16
            archive.writestr(info, contents[name])


def _check_members(members: Mapping[str, bytes]) -> None:
    _check_count(len(members) + 1)
    for name, content in members.items():
        _check_name(name)
        if name == SUMS:
            raise _forbidden(name)
        _check_size(name, len(content))
    _check_unique(list(members))
    _check_total(sum(len(content) for content in members.values()))


def _check_plain(file: IO[bytes]) -> None:
    """Refuse what is no plain ZIP before zipfile allocates anything for its directory.

    No comment, nothing in front, between or behind, so a pack cannot be another kind of file as
    well, nor another pack to another reader.
    """
    size = file.seek(0, os.SEEK_END)
    slack = MAX_TEXT_BYTES  # the sums, headers and directory
    if size > MAX_TOTAL_BYTES + slack:
        raise _too_large(msg("The pack has {mb:.0f} MB.", mb=size / 1e6))
    file.seek(0)
    if file.read(len(LOCAL_MAGIC)) != LOCAL_MAGIC:
        raise PackRefused(
            msg("The file is not a model pack: it is not a ZIP archive."),
            _GET_RIGHT_FILE,
            code="pack-not-zip",
        )
    try:
        end = read_end(file, size)
        _check_count(end.count)
        if end.length > end.count * (CENTRAL_ENTRY_BYTES + 2 * MAX_NAME_BYTES):
            raise _damaged()
        check_layout(file, end)
    except Encrypted as error:
        raise PackRefused(
            msg("The pack's file {name!r} is encrypted.", name=str(error)),
            _GET_AGAIN,
            code="pack-unreadable",
        ) from error
    except NotPlain as error:
        raise _damaged() from error


def _read_zip(file: IO[bytes]) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        _check_count(len(entries))
        for entry in entries:
            _check_entry(entry)
        _check_unique([entry.filename for entry in entries])
        _check_total(sum(entry.file_size for entry in entries))
        return {entry.filename: _read_member(archive, entry) for entry in entries}


def _check_entry(entry: zipfile.ZipInfo) -> None:
    _check_name(entry.orig_filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise _unsafe(entry.orig_filename)
    _check_size(entry.filename, entry.file_size)


def _read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One member, never holding more of it than its header promised and the limits allow."""
    parts: list[bytes] = []
    with archive.open(entry) as stream:
        try:
            # read() without a size would inflate everything before looking at the promised length
            while part := stream.read(_READ_STEP):
                parts.append(part)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _changed(entry.filename) from error
    content = b"".join(parts)
    if len(content) != entry.file_size:
        raise _changed(entry.filename)
    return content


def _check_sums(sums: bytes, contents: Mapping[str, bytes]) -> None:
    listed = _parse_sums(sums)
    for name in sorted(set(contents) - set(listed)):
        raise PackRefused(
            msg("The pack has a file {name} that its list does not know.", name=name),
            _GET_AGAIN,
            code="pack-extra-file",
        )
    for name in sorted(set(listed) - set(contents)):
        raise PackRefused(
            msg("The pack's file {name} is missing.", name=name),
            _GET_AGAIN,
            code="pack-missing-file",
        )
    for name, digest in listed.items():
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise _changed(name)


def _parse_sums(sums: bytes) -> dict[str, str]:
    try:
        lines = sums.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise _sums_changed() from error
    matches = [_SUMS_LINE.fullmatch(line) for line in lines[:-1]]
    listed = {match[2]: match[1] for match in matches if match}
    is_whole = lines[-1] == "" and all(matches) and len(listed) == len(matches)
    if not is_whole or list(listed) != sorted(listed) or any(n in listed for n in UNLISTED):
        raise _sums_changed()
    return listed


def _check_name(name: str) -> None:
    is_long = len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES
    if is_long or _UNSAFE.search(name) or _WINDOWS_DEVICE.search(name):
        raise _unsafe(name)
    if name != SUMS and not _ALLOWED.fullmatch(name):
        raise _forbidden(name)


def _check_unique(names: list[str]) -> None:
    for name, count in Counter(name.casefold() for name in names).items():
        if count > 1:
            raise PackRefused(
                msg("The pack holds the file {name} more than once.", name=name),
                _GET_AGAIN,
                code="pack-extra-file",
            )


def _check_count(count: int) -> None:
    if count > MAX_MEMBERS:
        raise _too_large(msg("The pack holds {count} files.", count=count))


def _check_size(name: str, size: int) -> None:
    if size != _SIZES.get(name, size):
        raise PackRefused(
            msg(
                "The pack's {name} has {size} bytes instead of {right}.",
                name=name,
                size=size,
                right=_SIZES[name],
            ),
            _GET_AGAIN,
            code="pack-signature",
        )
    if size > _limit(name):
        raise _too_large(msg("The pack's file {name} has {mb:.0f} MB.", name=name, mb=size / 1e6))


def _limit(name: str) -> int:
    if name.endswith(".safetensors"):
        return MAX_TOTAL_BYTES if name.startswith("networks/") else MAX_ARRAY_BYTES
    return min(_LIMITS.get(name, MAX_TEXT_BYTES), MAX_TEXT_BYTES)


def _check_total(size: int) -> None:
    if size > MAX_TOTAL_BYTES:
        raise _too_large(msg("The pack's files have {mb:.0f} MB together.", mb=size / 1e6))


def _too_large(message: Message) -> PackRefused:
    remedy = msg(
        "A pack has at most {files} files and {mb:.0f} MB; get it again, or build a smaller one.",
        files=MAX_MEMBERS,
        mb=MAX_TOTAL_BYTES / 1e6,
    )
    return PackRefused(message, remedy, code="pack-too-large")


def _unsafe(name: str) -> PackRefused:
    return PackRefused(
        msg("The pack names a file {name!r} that could lead outside it.", name=name),
        _GET_AGAIN,
        code="pack-unsafe-path",
    )


def _forbidden(name: str) -> PackRefused:
    return PackRefused(
        msg("The pack holds {name!r}, a kind of file that a pack may not hold.", name=name),
        _GET_AGAIN,
        code="pack-forbidden-file",
    )


def _changed(name: str) -> PackRefused:
    return PackRefused(
        msg("The pack's file {name} was changed after the pack was made.", name=name),
        _GET_AGAIN,
        code="pack-changed",
    )


def _sums_changed() -> PackRefused:
    return PackRefused(
        msg("The pack's list of files, {name}, is damaged.", name=SUMS),
        _GET_AGAIN,
        code="pack-changed",
    )


def _damaged() -> PackRefused:
    return PackRefused(
        msg("The pack is cut short or damaged, so it cannot be read."),
        _GET_AGAIN,
        code="pack-unreadable",
    )


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
