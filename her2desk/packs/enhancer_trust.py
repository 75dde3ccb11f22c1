"""Who vouches for an enhancer: the signers of packs, in sentences about an enhancer."""

from dataclasses import fields, replace
from functools import cache

from her2desk.errors import PackRefused
from her2desk.packs.archive import Archive, read_archive
from her2desk.packs.trust import PackTrust, Standing, TrustStore
from her2desk.paths import shipped_enhancer_path
from her2desk.texts import Message, msg


class EnhancerTrust(PackTrust):
    """Who vouches for one enhancer's file."""

    @property
    def sentence(self) -> Message:
        """Who vouches for it, in one sentence."""
        match self.standing:
            case Standing.SHIPPED:
                return msg("The enhancer came with Her2Desk.")
            case Standing.TRUSTED:
                return msg("The enhancer is signed by {name}, whom you trust.", name=self.signer)
            case Standing.BLOCKED:
                return msg(
                    "The enhancer is signed by {name}, whom you have blocked.", name=self.signer
                )
            case Standing.UNSIGNED:
                return msg("The enhancer is not signed: nobody vouches for where it comes from.")
            case Standing.UNKNOWN:
                return msg(
                    "The enhancer is signed with a key that nobody here has vouched for yet."
                )


def judge_enhancer(store: TrustStore, archive: Archive) -> EnhancerTrust:
    """Who vouches for the enhancer of this file; raises as ``TrustStore.judge``."""
    found = store.judge(archive)
    if archive.digest == shipped_enhancer_digest():
        found = replace(found, standing=Standing.SHIPPED)
    return EnhancerTrust(**{field.name: getattr(found, field.name) for field in fields(found)})


@cache
def shipped_enhancer_digest() -> str | None:
    """The digest of the enhancer that came with the program; None where it is missing."""
    try:
        return read_archive(shipped_enhancer_path()).digest
    except PackRefused:
        return None
