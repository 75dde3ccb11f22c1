"""Whose signature is worth something here: the signers whom the user trusts, or has blocked.

A pack's signature says that the owner of a key made it; only a person can say whose key that is, by
comparing its fingerprint with one that came another way. What was decided is in ``signers.json``
beside the settings. A pack without a signature may be used, and is marked wherever its answers stand.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from her2desk.domain.image import ImageWarning
from her2desk.errors import InputRefused, PackRefused, StoreRefused
from her2desk.in_force import policy_in_force
from her2desk.packs.archive import Archive, read_archive
from her2desk.packs.shelf import KeptPack, Signed
from her2desk.paths import demo_pack_path
from her2desk.policy import Allowance
from her2desk.private_files import make_private_folder, write_private
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNERS_FILE = "signers.json"
SCHEMA_VERSION = 1
LONGEST_NAME = 80
SHORTEST_PREFIX = 8
_GROUP, _GROUPS_A_LINE = 4, 8

Clock = Callable[[], datetime]


class Standing(StrEnum):
    """What is known of who vouches for a pack. A false signature is none of these: it is refused."""

    SHIPPED = "shipped"
    TRUSTED = "trusted"
    UNKNOWN = "unknown-signer"
    UNSIGNED = "unsigned"
    BLOCKED = "blocked"


class How(StrEnum):
    """How a signer came to be known."""

    FIRST_USE = "first-use"
    COMMAND = "command"


@dataclass(frozen=True)
class Signer:
    """A key that was judged: ``name`` is what the user calls its owner, ``key`` its PEM."""

    fingerprint: str
    name: str
    since_utc: str
    how: How
    key: str
    is_blocked: bool = False


@dataclass(frozen=True)
class PackTrust:
    """Who vouches for one pack, as far as this user knows, in data and in words.

    ``fingerprint`` is the signer's key's, None for a pack without a key; ``signer`` what the user
    calls its owner. ``was_accepted`` says that the user chose to use exactly this pack although
    nobody known vouches for it.
    """

    standing: Standing
    digest: str
    fingerprint: str | None = None
    signer: str = ""
    is_signed: bool = False
    was_accepted: bool = False

    @property
    def asks(self) -> bool:
        """Whether the user must be asked before the pack is used."""
        return self.standing in (Standing.UNKNOWN, Standing.UNSIGNED) and not self.was_accepted

    @property
    def is_marked(self) -> bool:
        """Whether the pack's answers are shown with a mark, accepted or not."""
        return self.standing in (Standing.UNKNOWN, Standing.UNSIGNED, Standing.BLOCKED)

    @property
    def mark(self) -> Message | None:
        """The mark in a word or two; None where none is needed."""
        return _MARKS.get(self.standing)

    @property
    def sentence(self) -> Message:
        """Who vouches for the pack, in one sentence."""
        match self.standing:
            case Standing.SHIPPED:
                return msg("The model pack came with Her2Desk.")
            case Standing.TRUSTED:
                return msg("The model pack is signed by {name}, whom you trust.", name=self.signer)
            case Standing.BLOCKED:
                return msg(
                    "The model pack is signed by {name}, whom you have blocked.", name=self.signer
                )
            case Standing.UNSIGNED:
                return msg("The model pack is not signed: nobody vouches for where it comes from.")
            case Standing.UNKNOWN:
                if self.fingerprint is None:
                    return msg("The model pack is signed, but does not say with which key.")
                return msg(
                    "The model pack is signed with a key that nobody here has vouched for yet."
                )

    @property
    def warning(self) -> ImageWarning | None:
        """What goes with every answer of the pack: ``pack-unsigned`` or ``pack-signer-unknown``."""
        code = _WARNINGS.get(self.standing)
        return None if code is None else ImageWarning(code, self.sentence)

    def require(self) -> None:
        """Raise ``PackRefused`` for a pack that must not be used.

        ``pack-signer-blocked``: its signer was blocked; ``policy-unsigned-packs``: the administrator
        vouches for nobody who made it.
        """
        if self.standing is Standing.BLOCKED:
            raise PackRefused(
                self.sentence,
                msg("Use another pack, or trust the signer again if the block was a mistake."),
                code="pack-signer-blocked",
            )
        policy = policy_in_force()
        refusal = policy.refusal(Allowance.UNSIGNED_PACKS)
        is_vouched = self.is_signed and self.fingerprint in policy.signers
        if refusal is not None and self.standing is not Standing.SHIPPED and not is_vouched:
            raise PackRefused(refusal.message, refusal.remedy, code=refusal.code)

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "standing": str(self.standing),
            "fingerprint": self.fingerprint,
            "signer": self.signer or None,
            "message": self.sentence.text(),
        }


_MARKS: Mapping[Standing, Message] = {
    Standing.UNSIGNED: msg("Not signed"),
    Standing.UNKNOWN: msg("Signer not known"),
    Standing.BLOCKED: msg("Signer blocked"),
}
_WARNINGS: Mapping[Standing, str] = {
    Standing.UNSIGNED: "pack-unsigned",
    Standing.UNKNOWN: "pack-signer-unknown",
}


def grouped(fingerprint: str) -> str:
    """A fingerprint to compare by eye: two lines of eight groups of four."""
    groups = [fingerprint[i : i + _GROUP] for i in range(0, len(fingerprint), _GROUP)]
    lines = [groups[i : i + _GROUPS_A_LINE] for i in range(0, len(groups), _GROUPS_A_LINE)]
    return "\n".join(" ".join(line) for line in lines)


class TrustStore:
    """The signers in one small file. Each call reads it anew, so that all windows agree.

    Every method raises ``StoreRefused`` where the file cannot be read: a block that cannot be read
    would be no block.
    """

    def __init__(self, file: Path, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.file = file
        self._clock = clock

    def judge(self, archive: Archive) -> PackTrust:
        """Who vouches for this pack; raises ``PackRefused`` for a signature that is not its own."""
        if archive.digest == shipped_digest():
            return PackTrust(Standing.SHIPPED, archive.digest)
        content = self._read()
        if archive.signature is None:
            return content.unsigned(archive.digest)
        signer, mark = _known_signer(archive, content.signers)
        return content.signed(archive.digest, signer, mark)

    def judge_kept(self, pack: KeptPack) -> PackTrust:
        """``judge`` of a kept pack, from what the shelf knows of it, without reading the pack.

        Who signed a pack that does not carry the key is not looked into.
        """
        if pack.digest == shipped_digest():
            return PackTrust(Standing.SHIPPED, pack.digest)
        content = self._read()
        if pack.signed is Signed.NO:
            return content.unsigned(pack.digest)
        signer = content.signers.get(pack.signer or "")
        return content.signed(pack.digest, signer, pack.signer)

    def signers(self) -> tuple[Signer, ...]:
        """Everyone who was trusted or blocked, by name."""
        found = self._read().signers.values()
        return tuple(sorted(found, key=lambda signer: (signer.name.casefold(), signer.fingerprint)))

    def trusts(self, fingerprint: str) -> bool:
        """Whether the owner of this key is trusted."""
        signer = self._read().signers.get(fingerprint)
        return signer is not None and not signer.is_blocked

    def trust(self, key: "Ed25519PublicKey", name: str, how: How) -> Signer:
        """Trust the owner of ``key`` from now on, under ``name``; a block is taken back."""
        return self._put(key, name, how, is_blocked=False)

    def block(self, key: "Ed25519PublicKey", name: str, how: How) -> Signer:
        """Refuse every pack of the owner of ``key`` from now on."""
        return self._put(key, name, how, is_blocked=True)

    def block_known(self, who: str) -> Signer:
        """Block a signer who is known by name, fingerprint or its beginning."""
        return self._turn(who, is_blocked=True)

    def trust_known(self, who: str) -> Signer:
        """Take the block of a signer back who is known by name, fingerprint or its beginning."""
        return self._turn(who, is_blocked=False)

    def remove(self, who: str) -> Signer:
        """Forget a signer: trusted no more, and blocked no more."""
        signer = self.find(who)
        content = self._read()
        signers = {k: v for k, v in content.signers.items() if k != signer.fingerprint}
        self._write(replace(content, signers=signers))
        return signer

    def find(self, who: str) -> Signer:
        """The one signer of this name or fingerprint, or beginning of one of 8 characters or more.

        Raises ``InputRefused`` (``signer-unknown``) where there is none, or more than one.
        """
        wanted = "".join(who.split()).lower()
        found = [
            signer
            for signer in self.signers()
            if signer.name == who
            or (len(wanted) >= SHORTEST_PREFIX and signer.fingerprint.startswith(wanted))
        ]
        if len(found) != 1:
            raise InputRefused(
                msg(
                    "{who!r} is the name or fingerprint of {n} known signers.",
                    who=who,
                    n=len(found),
                ),
                msg("her2desk pack trust list shows them; give the whole fingerprint."),
                code="signer-unknown",
            )
        return found[0]

    def accept(self, digest: str) -> None:
        """Use exactly this pack without asking again, although nobody known vouches for it."""
        content = self._read()
        self._write(replace(content, packs=content.packs | {digest}))

    def _put(self, key: "Ed25519PublicKey", name: str, how: How, is_blocked: bool) -> Signer:
        from her2desk.packs.signing import fingerprint, public_pem

        since = self._clock().astimezone(UTC).isoformat(timespec="seconds")
        pem = public_pem(key).decode("ascii")
        signer = Signer(fingerprint(key), _checked_name(name), since, how, pem, is_blocked)
        self._write_signer(signer)
        return signer

    def _turn(self, who: str, is_blocked: bool) -> Signer:
        signer = replace(self.find(who), is_blocked=is_blocked)
        self._write_signer(signer)
        return signer

    def _write_signer(self, signer: Signer) -> None:
        content = self._read()
        self._write(replace(content, signers={**content.signers, signer.fingerprint: signer}))

    def _read(self) -> "_Content":
        try:
            return _content(json.loads(self.file.read_bytes()))
        except FileNotFoundError:
            return _Content({}, frozenset())
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise StoreRefused(
                msg("The list of trusted signers, {name}, cannot be read.", name=self.file.name),
                msg("Restore {path}, or remove it and trust the signers anew.", path=self.file),
                code="signers-unreadable",
            ) from error

    def _write(self, content: "_Content") -> None:
        document = {
            "schema_version": SCHEMA_VERSION,
            "signers": [asdict(signer) for signer in content.signers.values()],
            "packs": sorted(content.packs),
        }
        try:
            make_private_folder(self.file.parent)
            write_private(self.file, json.dumps(document, indent=1, ensure_ascii=False).encode())
        except OSError as error:
            raise StoreRefused(
                msg("The list of trusted signers could not be saved."),
                msg(
                    "Check that you may write to {folder} and that its disk has room.",
                    folder=self.file.parent,
                ),
                code="signers-unwritable",
            ) from error


@dataclass(frozen=True)
class _Content:
    signers: Mapping[str, Signer]
    packs: frozenset[str]

    def unsigned(self, digest: str) -> PackTrust:
        return PackTrust(Standing.UNSIGNED, digest, was_accepted=digest in self.packs)

    def signed(self, digest: str, signer: Signer | None, mark: str | None) -> PackTrust:
        if signer is None:
            accepted = digest in self.packs
            return PackTrust(Standing.UNKNOWN, digest, mark, is_signed=True, was_accepted=accepted)
        standing = Standing.BLOCKED if signer.is_blocked else Standing.TRUSTED
        return PackTrust(standing, digest, signer.fingerprint, signer.name, is_signed=True)


@cache
def shipped_digest() -> str | None:
    """The digest of the demo pack that came with the program; None where it is missing."""
    try:
        return read_archive(demo_pack_path()).digest
    except PackRefused:
        return None


def _known_signer(
    archive: Archive, signers: Mapping[str, Signer]
) -> tuple[Signer | None, str | None]:
    """The signer of this pack where he is known, and the fingerprint of the pack's own key."""
    from her2desk.packs.signing import SignatureState, fingerprint, signature_state, signer_of

    own = signer_of(archive)
    if own is not None:
        mark = fingerprint(own)
        return signers.get(mark), mark
    for signer in signers.values():
        if signature_state(archive, _key_of(signer)) is SignatureState.SIGNED:
            return signer, signer.fingerprint
    return None, None


def _key_of(signer: Signer) -> "Ed25519PublicKey":
    from her2desk.packs.signing import public_key_of

    return public_key_of(signer.key.encode())


def _content(document: Any) -> _Content:
    """Raises ``ValueError``, ``KeyError`` or ``TypeError`` for what ``_write`` does not write."""
    from her2desk.packs.signing import fingerprint

    if document["schema_version"] != SCHEMA_VERSION:
        raise ValueError("schema")
    signers = [
        Signer(
            fingerprint=str(raw["fingerprint"]),
            name=str(raw["name"]),
            since_utc=str(raw["since_utc"]),
            how=How(raw["how"]),
            key=str(raw["key"]),
            is_blocked=raw["is_blocked"] is not False,
        )
        for raw in document["signers"]
    ]
    if any(fingerprint(_key_of(signer)) != signer.fingerprint for signer in signers):
        raise ValueError("a fingerprint of another key")
    return _Content(
        {signer.fingerprint: signer for signer in signers}, frozenset(map(str, document["packs"]))
    )


def _checked_name(name: str) -> str:
    stripped = name.strip()
    if not 1 <= len(stripped) <= LONGEST_NAME or not stripped.isprintable():
        raise InputRefused(
            msg("{name!r} cannot be a signer's name.", name=name),
            msg("Give a name of 1 to {longest} characters.", longest=LONGEST_NAME),
            code="signer-name",
        )
    return stripped
