"""Who vouches for a pack, as commands ask for it and say it."""

from typing import TYPE_CHECKING

from her2desk.paths import settings_path
from her2desk.texts import tr

if TYPE_CHECKING:
    from her2desk.packs.pack import Pack
    from her2desk.packs.trust import PackTrust, TrustStore


def trust_store() -> "TrustStore":
    """The signers of this user, beside the settings."""
    from her2desk.packs.trust import SIGNERS_FILE, TrustStore

    return TrustStore(settings_path().with_name(SIGNERS_FILE))


def trust_of(pack: "Pack") -> "PackTrust":
    """Who vouches for ``pack``; raises as ``TrustStore.judge``."""
    return trust_store().judge(pack.archive)


def required_trust(pack: "Pack") -> "PackTrust":
    """Who vouches for a pack that is to be used; raises ``PackRefused`` for a blocked signer's."""
    trust = trust_of(pack)
    trust.require()
    return trust


def trust_lines(trust: "PackTrust") -> list[str]:
    """The sentence, and the signer's fingerprint where there is one."""
    from her2desk.packs.trust import grouped

    lines = [trust.sentence.text()]
    if trust.fingerprint is not None:
        fingerprint = grouped(trust.fingerprint).replace("\n", " ")
        lines.append(tr("Fingerprint: {key}").format(key=fingerprint))
    return lines
