"""``her2desk pack info`` and ``verify`` of an enhancer's file, and who vouches for one that is used."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from her2desk.cli.output import Outcome, printable
from her2desk.cli.trusted_packs import trust_lines, trust_store
from her2desk.paths import ENHANCER_SUFFIX
from her2desk.texts import tr, trn

if TYPE_CHECKING:
    from her2desk.packs.enhancer_file import EnhancerFile, EnhancerManifest
    from her2desk.packs.enhancer_trust import EnhancerTrust


def is_enhancer(path: Path) -> bool:
    """Whether the path is an enhancer's by its name."""
    return path.suffix == ENHANCER_SUFFIX


def enhancer_trust(file: "EnhancerFile") -> "EnhancerTrust":
    """Who vouches for it; raises as ``TrustStore.judge``."""
    from her2desk.packs.enhancer_trust import judge_enhancer

    return judge_enhancer(trust_store(), file.archive)


def required_enhancer_trust(file: "EnhancerFile") -> "EnhancerTrust":
    """Who vouches for an enhancer that is to be used; ``PackRefused`` for a blocked signer's."""
    trust = enhancer_trust(file)
    trust.require()
    return trust


def described_enhancer(path: Path) -> Outcome:
    """What the enhancer says of itself, and who vouches for it."""
    from her2desk.packs.enhancer_file import read_enhancer

    file = read_enhancer(path)
    trust = enhancer_trust(file)

    def show(console: Console) -> None:
        for line in (*_said(file), f"SHA-256 {file.enhancer.sha256}", *trust_lines(trust)):
            console.print(printable(line))

    manifest = file.manifest.model_dump(mode="json")
    document = {**_identity(file), **_signed(trust), "manifest": manifest}
    return Outcome(document, show)


def verified_enhancer(path: Path, signed_by: str | None, file: "EnhancerFile") -> Outcome:
    """That every byte is as it was written; ``signed_by`` is the key that was asked for and signed."""
    trust = required_enhancer_trust(file)

    def show(console: Console) -> None:
        lines = [
            f"{file.manifest.name} {file.manifest.version}",
            tr("The enhancer is whole: every file matches its hash."),
        ]
        if signed_by is not None:
            lines.append(tr("It is signed by this key, {key}.").format(key=signed_by))
        for line in (*lines, *trust_lines(trust)):
            console.print(printable(line))

    document = {"ok": True, "path": str(path), **_identity(file), **_signed(trust)}
    if signed_by is not None:
        document["signed_by"] = signed_by
    return Outcome(document, show)


def _identity(file: "EnhancerFile") -> dict[str, Any]:
    """``sha256`` is what packs declare and answers name, ``digest`` that of the whole file."""
    manifest = file.manifest
    return {
        "kind": manifest.kind,
        "name": manifest.name,
        "version": manifest.version,
        "scale": manifest.scale,
        "parameters": _parameters(manifest),
        "sha256": file.enhancer.sha256,
        "digest": file.archive.digest,
    }


def _signed(trust: "EnhancerTrust") -> dict[str, Any]:
    return {"signed": trust.is_signed, "trust": trust.to_json()}


def _said(file: "EnhancerFile") -> list[str]:
    m = file.manifest
    kind = tr("Enhancer ×{scale}, a network with {n} parameters, trained with an adversary")
    if m.loss == "l1":
        kind = tr("Enhancer ×{scale}, a network with {n} parameters, trained on differences alone")
    trained = tr("Trained on {images} of {patients}: {text}").format(
        images=trn("{n} image", "{n} images", m.training_images),
        patients=trn("{n} patient", "{n} patients", m.training_patients),
        text=m.description,
    )
    return [
        f"{m.name} {m.version}",
        kind.format(scale=m.scale, n=f"{_parameters(m):,}"),
        trained,
        *_measures(m),
        tr("Licence: {text}").format(text=m.licence),
    ]


def _measures(m: "EnhancerManifest") -> list[str]:
    if not m.measures:
        return []
    head = trn(
        "Means over {n} held-out patient, this network and Lanczos:",
        "Means over {n} held-out patients, this network and Lanczos:",
        m.held_out_patients,
    )
    own, other = m.measures.get("generator", {}), m.measures.get("lanczos", {})
    rows = [f"  {name}: {own[name]:.4g} · {_number(other.get(name))}" for name in own]
    return [head, *rows]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _parameters(m: "EnhancerManifest") -> int:
    from her2desk.packs.enhancer_file import generator_shapes

    return sum(map(math.prod, generator_shapes(m.width, m.blocks, m.scale).values()))
