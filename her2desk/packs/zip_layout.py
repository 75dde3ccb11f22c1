"""Whether a ZIP is nothing but its members, one behind the other, before any ZIP library opens it.

ZIP states every fact of a member twice, in front of the member and in the directory at the end, and
leaves room between; two readers may then see two different archives in one file. A pack has no such
room: members follow each other from the first byte without gap or overlap, both statements are equal
byte by byte, and nothing optional (extra fields, comments, ZIP64, data descriptors) is there.
Source: APPNOTE.TXT 6.3.10, 4.3.7, 4.3.12 and 4.3.16.
"""

import struct
from dataclasses import dataclass
from typing import IO

LOCAL_MAGIC = b"PK\x03\x04"
_CENTRAL_MAGIC = b"PK\x01\x02"
_END_MAGIC = b"PK\x05\x06"
_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4sH26s3H2L")
_SHARED = struct.Struct("<5H3L2H")  # those 26 bytes, which the local header repeats
_LOCAL_BYTES = len(LOCAL_MAGIC) + _SHARED.size
CENTRAL_ENTRY_BYTES = _CENTRAL.size  # before the name
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x0001
_HARMLESS = 0x0806  # how deflate was set, and that the name is UTF-8
_ZIP64 = 0xFFFFFFFF


class NotPlain(Exception):
    """The ZIP is not laid out as a pack is."""


class Encrypted(NotPlain):
    """A member is encrypted; its name is the argument."""


@dataclass(frozen=True)
class End:
    """The end record: how many members, and where their directory lies."""

    count: int
    length: int
    offset: int


@dataclass(frozen=True)
class _Entry:
    """What the directory says of a member; ``header`` is what must stand in front of it."""

    header: bytes
    packed: int
    offset: int

    @property
    def end(self) -> int:
        return self.offset + len(self.header) + self.packed


def read_end(file: IO[bytes], size: int) -> End:
    """The end record of a file of ``size`` bytes, which nothing follows; raises ``NotPlain``."""
    if size < _END.size:
        raise NotPlain
    file.seek(size - _END.size)
    magic, disk, first_disk, here, count, length, offset, comment = _END.unpack(
        file.read(_END.size)
    )
    if magic != _END_MAGIC or disk or first_disk or here != count or comment:
        raise NotPlain
    if offset + length + _END.size != size:
        raise NotPlain
    return End(count, length, offset)


def check_layout(file: IO[bytes], end: End) -> None:
    """Raise ``NotPlain`` unless the members alone fill the file; the file is at its start after."""
    file.seek(end.offset)
    entries = sorted(_entries(file.read(end.length), end.count), key=lambda entry: entry.offset)
    position = 0
    for entry in entries:
        file.seek(position)
        if entry.offset != position or file.read(len(entry.header)) != entry.header:
            raise NotPlain
        position = entry.end
    if position != end.offset:
        raise NotPlain
    file.seek(0)


def _entries(directory: bytes, count: int) -> list[_Entry]:
    found: list[_Entry] = []
    at = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(directory):
            raise NotPlain
        magic, _by, shared, comment, disk, _, _, offset = _CENTRAL.unpack_from(directory, at)
        _, flags, method, _, _, _, packed, size, name_bytes, extra = _SHARED.unpack(shared)
        at += _CENTRAL.size
        name = directory[at : at + name_bytes]
        at += name_bytes
        if flags & _ENCRYPTED:
            raise Encrypted(name.decode("ascii", "replace"))
        if magic != _CENTRAL_MAGIC or comment or disk or extra or flags & ~_HARMLESS:
            raise NotPlain
        if method not in (_STORED, _DEFLATED) or _ZIP64 in (packed, size, offset):
            raise NotPlain
        if method == _STORED and packed != size:
            raise NotPlain
        found.append(_Entry(LOCAL_MAGIC + shared + name, packed, offset))
    if at != len(directory):
        raise NotPlain
    return found
