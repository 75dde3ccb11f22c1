"""Takes the images out of a ZIP archive that nobody vouches for.

Members are written under numbers, so no name in the archive ever becomes a path; what is written is
counted as it comes, since the sizes that an archive states are its own word.
"""

import io
import logging
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from her2desk.dicom.kinds import SNIFFED_BYTES, FileKind, kind_of
from her2desk.dicom.refusals import malformed, os_errors_refused, too_large
from her2desk.errors import Cancelled, InputRefused
from her2desk.texts import msg

LOG = logging.getLogger(__name__)

MAX_MEMBERS = 10_000
MAX_INDEX_BYTES = 8 * 2**20  # room for 10,000 members with long names
MAX_TOTAL_BYTES = 8 * 2**30
# Deflate reaches 1,000:1 on zeros; cine loops with wide black borders stay below 50:1
MAX_EXPANSION = 200
ALWAYS_ALLOWED_BYTES = 256 * 2**20
CHUNK_BYTES = 2**20
MAX_NAME = 256
ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member:
    """One file of an archive: where it was written, or why not; neither for other kinds."""

    name: str
    path: Path | None = None
    refusal: InputRefused | None = None
    kind: FileKind = FileKind.OTHER


class _Budget:
    """How much an archive may still unpack to; whoever watches hears of every piece."""

    def __init__(self, archive_bytes: int, watch: Callable[[], None]) -> None:
        allowed = max(ALWAYS_ALLOWED_BYTES, archive_bytes * MAX_EXPANSION)
        self._left = min(allowed, MAX_TOTAL_BYTES)
        self._watch = watch

    def spend(self, count: int) -> None:
        self._watch()
        self._left -= count
        if self._left < 0:
            raise too_large(
                msg("The archive unpacks to far more than its size; it may be a ZIP bomb.")
            )


class _SmallReads:
    """A stream that gives only small pieces: ``zipfile`` reads an index of any size at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size > MAX_INDEX_BYTES:
            raise _too_many()
        return self._stream.read(MAX_INDEX_BYTES if size < 0 else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True


def unzip(archive: Path, temporary: Path, watch: Callable[[], None] = lambda: None) -> list[Member]:
    """Write the images in ``archive`` to a new folder under ``temporary`` and list every member.

    Only DICOM, PNG and JPEG files are written. Raises ``InputRefused`` for an archive that is
    damaged or too large as a whole; a single bad member is listed with its refusal. ``watch`` is
    called with every piece; what it raises ends the work.
    """
    with os_errors_refused(), archive.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        try:
            opened = zipfile.ZipFile(_SmallReads(stream))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError) as error:
            raise malformed(msg("The ZIP archive is damaged.")) from error
        infos = [info for info in opened.infolist() if not info.is_dir()]
        if len(infos) > MAX_MEMBERS:
            raise _too_many()
        folder = Path(tempfile.mkdtemp(prefix="zip-", dir=temporary))
        budget = _Budget(size, watch)
        return [
            _member(opened, info, folder / f"{number:05d}", budget)
            for number, info in enumerate(infos)
        ]


def _member(
    opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, budget: _Budget
) -> Member:
    budget.spend(0)
    name = "".join(c if c.isprintable() else "?" for c in info.filename)[:MAX_NAME]
    if info.flag_bits & ENCRYPTED:
        return Member(name, refusal=_encrypted())
    if not _is_plain(info.filename):
        return Member(name, refusal=_unsafe_name())
    try:
        with opened.open(info) as source:
            start = source.read(SNIFFED_BYTES)
            kind = kind_of(start)
            if kind not in (FileKind.DICOM, FileKind.RASTER):
                return Member(name, kind=kind)
            with target.open("wb") as written:
                while start:
                    budget.spend(len(start))
                    written.write(start)
                    start = source.read(CHUNK_BYTES)
    except (InputRefused, OSError, Cancelled):
        raise  # the archive's as a whole, the disk's, or the user's
    except Exception as error:  # zlib, lzma and zipfile each raise their own
        LOG.info("%s in the archive: %r", name, error)
        target.unlink(missing_ok=True)
        return Member(name, refusal=malformed(msg("This part of the archive is damaged.")))
    return Member(name, target, kind=kind)


def _is_plain(name: str) -> bool:
    """Whether a member's name stays inside the archive on every system."""
    path = PurePosixPath(name)
    return not (path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name)


def _too_many() -> InputRefused:
    return too_large(msg("The archive holds more than {limit} files.", limit=MAX_MEMBERS))


def _encrypted() -> InputRefused:
    return InputRefused(
        msg("The archive is protected by a password."),
        msg("Unpack it first, then open the folder."),
        code="archive-encrypted",
    )


def _unsafe_name() -> InputRefused:
    return InputRefused(
        msg("This part of the archive has a name that points outside it."),
        msg("Ask for the file in another way; the archive may be hostile."),
        code="unsafe-name",
    )
