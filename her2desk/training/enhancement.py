"""The enhancement that a build was asked for, resolved once: what it is, and what the pack holds of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.known import ENHANCERS
from her2desk.packs.enhancer_file import EnhancerFile, EnhancerManifest, read_enhancer
from her2desk.packs.manifest import EnhancementPart
from her2desk.paths import SHIPPED_ENHANCER, shipped_enhancer_path
from her2desk.training.request import NO_ENHANCEMENT

NOT_SIGNED = "not signed"


@dataclass(frozen=True)
class ChosenEnhancement:
    """``enhancer`` is None where images stay as they are; ``file`` is where a trained one came from."""

    enhancer: Enhancer | None = None
    file: EnhancerFile | None = None

    @property
    def part(self) -> EnhancementPart | None:
        """What the pack declares."""
        enhancer = self.enhancer
        if enhancer is None:
            return None
        return EnhancementPart(method=enhancer.method, scale=enhancer.scale, sha256=enhancer.sha256)

    @property
    def members(self) -> dict[str, bytes]:
        """What the pack holds, so that it needs no other file."""
        return {} if self.file is None else self.file.embedded

    @property
    def manifest(self) -> EnhancerManifest | None:
        """What a trained enhancer says of itself."""
        return None if self.file is None else self.file.manifest

    @property
    def settings(self) -> Mapping[str, str]:
        """For the pack's record of its own making; nothing where there is no enhancement."""
        enhancer, manifest = self.enhancer, self.manifest
        if enhancer is None:
            return {}
        if manifest is None:
            return {"enhance": f"{enhancer.name}-{enhancer.scale} (SHA-256 {enhancer.sha256})"}
        return {
            "enhance": f"{manifest.name} {manifest.version} ×{manifest.scale} "
            f"(SHA-256 {enhancer.sha256})",
            "enhancer_patients": str(manifest.training_patients),
            "enhancer_population": manifest.description,
            "enhancer_licence": manifest.licence,
            "enhancer_signed_by": self.signer or NOT_SIGNED,
        }

    @property
    def signer(self) -> str | None:
        """Fingerprint of the key that signed a trained enhancer's file; None where nobody did."""
        if self.file is None or self.file.archive.signer is None:
            return None
        from her2desk.packs.signing import fingerprint, signer_of

        key = signer_of(self.file.archive)
        return None if key is None else fingerprint(key)


def chosen_enhancement(asked: str) -> ChosenEnhancement:
    """The enhancement by the words of ``TrainRequest.enhance``.

    Raises ``PackRefused`` for an enhancer's file that cannot be used, as ``read_enhancer`` does.
    """
    if asked == NO_ENHANCEMENT:
        return ChosenEnhancement()
    if asked in ENHANCERS:
        return ChosenEnhancement(ENHANCERS[asked])
    file = read_enhancer(shipped_enhancer_path() if asked == SHIPPED_ENHANCER else Path(asked))
    return ChosenEnhancement(file.enhancer, file)
