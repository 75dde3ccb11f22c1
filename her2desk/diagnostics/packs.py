"""Whether the demo pack and the packs that the library keeps are whole, and who vouches for them."""

from collections.abc import Iterator
from pathlib import Path

from her2desk.diagnostics.check import INSTALL_AGAIN, NOTHING, Check
from her2desk.errors import Her2DeskError, PackRefused
from her2desk.packs.pack import Pack, open_pack
from her2desk.packs.shelf import FOLDER, SUFFIX
from her2desk.packs.trust import Standing, TrustStore
from her2desk.redaction import public
from her2desk.texts import Message, msg, msgn

_SHOWN = 3
_DIGITS = 12  # of a digest


def demo_pack_check(path: Path) -> Check:
    """Whether the pack that ships with the program is whole."""
    try:
        pack = open_pack(path)
    except Her2DeskError as error:
        return Check("demo-pack", False, error.message, INSTALL_AGAIN)
    said = msg(
        "{name} {version} is whole, SHA-256 {digest}….",
        name=public(pack.identity.name),
        version=public(pack.identity.version),
        digest=public(pack.digest[:_DIGITS]),
    )
    return Check("demo-pack", True, said)


def kept_packs_check(library: Path, trust: TrustStore) -> Check:
    """Whether each kept pack is the one that it was, with a signature that is its own.

    Nothing is written, not even the shelf's index. Raises ``StoreRefused`` where the list of trusted
    signers cannot be read.
    """
    files = sorted((library / FOLDER).glob(f"*{SUFFIX}"))
    refused = [said for path in files if (said := _refusal(path, trust)) is not None]
    if refused:
        return Check(
            "kept-packs",
            False,
            msgn(
                "{n} of the packs that the library keeps cannot be used: {why}",
                "{n} of the packs that the library keeps cannot be used. The first: {why}",
                len(refused),
                why=refused[0],
            ),
            msg("Restore the folder {name} of the library from a backup.", name=public(FOLDER)),
        )
    if not files:
        return Check("kept-packs", True, msg("The library keeps no packs yet."))
    said = msgn("{n} pack is whole.", "{n} packs are whole.", len(files))
    return Check("kept-packs", True, said, _unvouched(files, trust))


def _refusal(path: Path, trust: TrustStore) -> Message | None:
    """Why this pack cannot be used; None where it can."""
    try:
        pack = open_pack(path)
        standing = trust.judge(pack.archive).standing
    except PackRefused as error:
        return error.message
    if pack.digest != path.name.removesuffix(SUFFIX):
        digest = public(path.name[:_DIGITS])
        return msg("The kept model pack {digest}… was exchanged for another.", digest=digest)
    if standing is Standing.BLOCKED:
        return msg("{name} is signed by somebody whom you have blocked.", name=pack.identity.name)
    return None


def _unvouched(files: list[Path], trust: TrustStore) -> Message:
    packs = list(_without_signer(files, trust))
    if not packs:
        return NOTHING
    names = (f"{pack.identity.name} {pack.identity.version}" for pack in packs[:_SHOWN])
    return msgn(
        "Nobody known vouches for {n} of them ({names}): look at its signer under Model packs.",
        "Nobody known vouches for {n} of them ({names}): look at their signers under Model packs.",
        len(packs),
        names=", ".join(names),
    )


def _without_signer(files: list[Path], trust: TrustStore) -> Iterator[Pack]:
    for path in files:
        pack = open_pack(path)
        if trust.judge(pack.archive).standing in (Standing.UNSIGNED, Standing.UNKNOWN):
            yield pack
