"""The packs that a library keeps: each one that ever answered here, by its digest.

A stored answer names the digest of its pack, so it can be read, reported and worked out again with
the very pack that made it, whatever was chosen since. A kept pack is written whole or not at all and
never changes, but for its signature, which lies outside the digest: a copy that says more about its
signer takes the place of one that says less, and no copy ever takes the place of an equal one.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from her2desk.errors import PackRefused
from her2desk.packs.archive import Archive, write_archive
from her2desk.private_files import PRIVATE_FILE, make_private_folder, write_private
from her2desk.texts import msg

if TYPE_CHECKING:
    from her2desk.packs.pack import Pack

FOLDER = "packs"  # of a library
SUFFIX = ".h2pack"
INDEX = "index.json"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ABANDONED_S = 3600  # no pack takes that long to write
_NUMBERS = re.compile(r"(\d+)")

Stamp = tuple[int, int, int]


class Signed(StrEnum):
    """What a pack itself says of its signer; ``trust`` says what that is worth here."""

    WITH_KEY = "signed"
    WITHOUT_KEY = "signed-without-key"
    NO = "unsigned"


@dataclass(frozen=True)
class KeptPack:
    """A pack on the shelf. ``signer`` is the fingerprint of the key, None where it has none."""

    path: Path
    digest: str
    name: str
    version: str
    demo: bool
    signed: Signed
    signer: str | None


class PackShelf:
    """The folder ``packs`` of a library. Any thread may call.

    ``trusts`` tells whether the signer of a fingerprint is trusted here; it decides between two
    signatures of the same pack. What the shelf holds is read from a small index, which is worked out
    again from the packs wherever it does not fit their files.
    """

    def __init__(self, folder: Path, trusts: Callable[[str], bool] = lambda _signer: False) -> None:
        self.folder = folder
        self._trusts = trusts
        self._lock = RLock()
        self._seen: dict[tuple[Path, Stamp], str] = {}

    def keep(self, path: Path, pack: "Pack | None" = None) -> KeptPack:
        """Keep the pack at ``path``; it is on disk when this returns.

        ``pack`` is what was opened from it, where the caller has it, so that nothing is read twice.
        A pack that is kept already, and whose file did not change, is not read at all. Raises
        ``PackRefused`` where the pack is refused or cannot be kept.
        """
        from her2desk.packs.pack import open_pack

        with self._lock:
            known = None if pack is not None else self._seen_before(path)
            if known is not None:
                return known
            stamp = _stamp(path)
            opened = pack or open_pack(path)
            offered = _kept(self._place(opened.digest), opened)
            found = self._read_index()
            kept = found.get(opened.digest)
            if kept is None or self._rank(offered) > self._rank(kept):
                self._write(opened.archive)
                kept = offered
                self._write_index({**found, kept.digest: kept})
            if stamp is not None and pack is None:
                self._seen[path.absolute(), stamp] = kept.digest
            return kept

    def path(self, digest: str) -> Path | None:
        """Where the pack of this digest lies; None where it is not kept."""
        place = self._place(digest)
        return place if _DIGEST.fullmatch(digest) and place.is_file() else None

    def open(self, digest: str) -> "Pack":
        """The pack of this digest, checked whole.

        Raises ``PackRefused``: ``pack-not-kept`` where it is not on the shelf, ``pack-changed`` where
        the file is another pack by now, and as ``open_pack``.
        """
        from her2desk.packs.pack import open_pack

        place = self.path(digest)
        if place is None:
            raise PackRefused(
                msg(
                    "The model pack {digest}… is no longer kept in the library.", digest=digest[:12]
                ),
                msg("Open the pack's file once more, and it is kept again."),
                code="pack-not-kept",
            )
        try:
            pack = open_pack(place)
        except PackRefused:
            self._forget(digest)
            raise
        if pack.digest != digest:
            self._forget(digest)
            raise PackRefused(
                msg("The kept model pack {digest}… was exchanged for another.", digest=digest[:12]),
                msg("Restore the library folder from a backup, and ask who has access to it."),
                code="pack-changed",
            )
        return pack

    def versions(self, name: str) -> tuple[KeptPack, ...]:
        """The kept packs of this name, lowest version first."""
        return tuple(pack for pack in self.kept() if pack.name == name)

    def kept(self) -> tuple[KeptPack, ...]:
        """All kept packs by name and version; a file that is no pack any more is left out."""
        with self._lock:
            found = self._read_index()
        return tuple(sorted(found.values(), key=_order))

    def remove(self, digest: str) -> None:
        """Keep the pack no longer; raises ``PackRefused`` where its file cannot be removed."""
        with self._lock:
            place = self.path(digest)
            try:
                if place is not None:
                    place.unlink()
            except OSError as error:
                raise _unkept(error) from error
            self._forget(digest)

    def _place(self, digest: str) -> Path:
        return self.folder / f"{digest}{SUFFIX}"

    def _rank(self, pack: KeptPack) -> int:
        if pack.signer is not None and self._trusts(pack.signer):
            return 3
        return (Signed.NO, Signed.WITHOUT_KEY, Signed.WITH_KEY).index(pack.signed)

    def _forget(self, digest: str) -> None:
        """Let the file be read anew, and the pack be kept again when it next comes by."""
        with self._lock:
            self._seen = {key: kept for key, kept in self._seen.items() if kept != digest}
            found = self._read_index()
            found.pop(digest, None)
            self._write_index(found)

    def _seen_before(self, path: Path) -> KeptPack | None:
        stamp = _stamp(path)
        digest = None if stamp is None else self._seen.get((path.absolute(), stamp))
        return None if digest is None else self._read_index().get(digest)

    def _write(self, archive: Archive) -> None:
        place = self._place(archive.digest)
        try:
            make_private_folder(self.folder)
            self._sweep()
            write_archive(place, archive.whole)
            place.chmod(PRIVATE_FILE)
        except OSError as error:
            raise _unkept(error) from error
        except PackRefused as error:  # its remedy is another folder, which there is none of here
            if isinstance(error.__cause__, OSError):
                raise _unkept(error.__cause__) from error
            raise

    def _sweep(self) -> None:
        """Take away what a program that was killed left half-written."""
        for part in self.folder.glob(".*.part"):
            if time.time() - part.stat().st_mtime > _ABANDONED_S:
                part.unlink(missing_ok=True)

    def _read_index(self) -> dict[str, KeptPack]:
        """What lies in the folder, by digest; a pack that the index does not know is opened."""
        listed = _listed(self.folder / INDEX)
        found: dict[str, KeptPack] = {}
        is_new = False
        for place in sorted(self.folder.glob(f"*{SUFFIX}")):
            digest = place.name.removesuffix(SUFFIX)
            if not _DIGEST.fullmatch(digest):
                continue
            entry = listed.get(digest)
            pack = None if entry is None else _from_entry(entry, place)
            if pack is None:
                is_new = True
                pack = _reopened(place, digest)
            if pack is not None:
                found[digest] = pack
        if is_new:
            self._write_index(found)
        return found

    def _write_index(self, packs: dict[str, KeptPack]) -> None:
        document = {digest: _to_entry(pack) for digest, pack in packs.items()}
        content = json.dumps(document, indent=1, sort_keys=True).encode()
        try:
            write_private(self.folder / INDEX, content)
        except OSError:
            return  # a library that can only be read: it is worked out again


def _order(pack: KeptPack) -> tuple[str, list[tuple[int, int | str]], str]:
    """By name, then by version with numbers as numbers: 1.9 before 1.10, 1.1 before 1.1-local."""
    parts = [part for part in _NUMBERS.split(pack.version) if part]
    version: list[tuple[int, int | str]] = [
        (1, int(part)) if part.isdecimal() else (0, part) for part in parts
    ]
    return pack.name, version, pack.digest


def _kept(place: Path, pack: "Pack") -> KeptPack:
    from her2desk.packs.signing import fingerprint, signer_of

    key = signer_of(pack.archive)
    signed = Signed.NO if pack.archive.signature is None else Signed.WITHOUT_KEY
    identity = pack.identity
    return KeptPack(
        place,
        pack.digest,
        identity.name,
        identity.version,
        identity.demo,
        signed if key is None else Signed.WITH_KEY,
        None if key is None else fingerprint(key),
    )


def _reopened(place: Path, digest: str) -> KeptPack | None:
    from her2desk.packs.pack import open_pack

    try:
        pack = open_pack(place)
    except PackRefused:
        return None
    return _kept(place, pack) if pack.digest == digest else None


def _stamp(path: Path) -> Stamp | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns


def _listed(index: Path) -> dict[str, Any]:
    try:
        document = json.loads(index.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _to_entry(pack: KeptPack) -> dict[str, Any]:
    stamp = _stamp(pack.path)
    described = {k: v for k, v in asdict(pack).items() if k not in ("path", "digest")}
    return {**described, "stamp": None if stamp is None else list(stamp[1:])}


def _from_entry(entry: Any, place: Path) -> KeptPack | None:
    stamp = _stamp(place)
    try:
        if stamp is None or entry["stamp"] != list(stamp[1:]):
            return None
        return KeptPack(
            place,
            place.name.removesuffix(SUFFIX),
            str(entry["name"]),
            str(entry["version"]),
            bool(entry["demo"]),
            Signed(entry["signed"]),
            None if entry["signer"] is None else str(entry["signer"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _unkept(error: OSError) -> PackRefused:
    return PackRefused(
        msg(
            "The model pack cannot be kept in the library: {reason}.",
            reason=error.strerror or type(error).__name__,
        ),
        msg("Check that the library's folder can be written and that its disk has room."),
        code="pack-not-kept",
    )
