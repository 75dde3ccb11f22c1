"""``NAME.h2enhancer``: a trained enhancement with its card and its curves, checked and signed like a pack.

The same two members that define it, manifest and weights, lie in every model pack that enhances by
it: whoever has the pack needs no other file, and nobody can put another network in its place.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from her2desk.enhancement.architecture import MOST_BLOCKS, WIDEST
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.trained import TrainedEnhancer
from her2desk.errors import PackRefused
from her2desk.packs.archive import Archive, read_archive, write_archive
from her2desk.packs.manifest import MOST_PATIENTS, Finite, Line, PackPart
from her2desk.packs.plain_text import check_json, check_text
from her2desk.texts import msg

ENHANCER_KIND = "enhancer"
ENHANCER_SCHEMA_VERSION = 1
MANIFEST_FILE = "manifest.json"
GENERATOR_FILE = "networks/generator.safetensors"
CARD_FILE = "card.md"
CURVES_FILE = "curves.csv"
EMBEDDED_MANIFEST = "enhancement/manifest.json"
EMBEDDED_GENERATOR = "enhancement/generator.safetensors"
MOST_FRAMES = 20_000  # a digest each: the manifest stays below its 2 MiB
_MEMBERS = {MANIFEST_FILE, GENERATOR_FILE, CARD_FILE, CURVES_FILE}
_MOST_HEADER_BYTES = 2**20  # of safetensors

Weights = Mapping[str, NDArray[np.float32]]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[Line, Field(max_length=2000)]
Name = Annotated[Line, Field(min_length=1, max_length=80)]


class EnhancerManifest(PackPart):
    """``manifest.json`` of an enhancer: what its network is, and whom and what it was trained on.

    ``depth_sigma`` and ``lateral_sigma`` are those of ``Degradation``, ``tolerance`` in grey levels.
    ``training_frames_sha256`` are the ``grey_sha256`` of every frame that was trained on, by which a
    builder refuses to predict these patients (V3). ``measures`` are means over the held-out patients, by
    what enhanced ("lanczos", "generator").
    """

    schema_version: Literal[1]
    kind: Literal["enhancer"]
    name: Name
    version: Line = Field(min_length=1, max_length=40)
    scale: int = Field(ge=2, le=8, strict=True)
    width: int = Field(ge=1, le=WIDEST, strict=True)
    blocks: int = Field(ge=1, le=MOST_BLOCKS, strict=True)
    depth_sigma: Finite
    lateral_sigma: Finite
    tolerance: float = Field(1.0, gt=0, le=16, allow_inf_nan=False)
    loss: Literal["l1", "adversarial"]
    licence: Text
    description: Text
    training_frames_sha256: tuple[Sha256, ...] = Field(max_length=MOST_FRAMES)
    training_patients: int = Field(ge=0, le=MOST_PATIENTS)
    training_images: int = Field(ge=0, le=MOST_PATIENTS)
    held_out_patients: int = Field(ge=0, le=MOST_PATIENTS)
    seed: int
    steps: int = Field(ge=0)
    made_with: dict[Name, Name] = Field(max_length=64)
    measures: dict[
        Literal["lanczos", "generator"], Annotated[dict[Name, Finite], Field(max_length=64)]
    ]

    @model_validator(mode="after")
    def _can_be_undone(self) -> "EnhancerManifest":
        if self.scale & (self.scale - 1):
            raise ValueError("a scale that is no power of two")
        _ = self.degradation  # raises for widths that are none
        return self

    @model_validator(mode="after")
    def _frames_are_told_once(self) -> "EnhancerManifest":
        frames = self.training_frames_sha256
        if list(frames) != sorted(set(frames)):
            raise ValueError("the training frames are not sorted, or one is told twice")
        if not self.training_patients <= self.training_images or len(frames) > self.training_images:
            raise ValueError("more patients or frames than images")
        return self

    @property
    def degradation(self) -> Degradation:
        """What the network undoes; raises ``ValueError`` for widths that are none."""
        return Degradation(self.scale, self.depth_sigma, self.lateral_sigma)


@dataclass(frozen=True, eq=False)
class EnhancerFile:
    """An enhancer, opened: every byte was checked, and the weights are the manifest's network."""

    archive: Archive
    manifest: EnhancerManifest
    enhancer: TrainedEnhancer
    card: str

    @property
    def embedded(self) -> dict[str, bytes]:
        """The members that a model pack holds which enhances by it."""
        members = self.archive.members
        return {
            EMBEDDED_MANIFEST: members[MANIFEST_FILE],
            EMBEDDED_GENERATOR: members[GENERATOR_FILE],
        }


def write_enhancer(
    path: Path, manifest: EnhancerManifest, weights: Weights, card: str, curves: bytes
) -> str:
    """Write an enhancer, replacing ``path`` in one step, and return the enhancer's SHA-256.

    The same arguments give the same bytes. ``curves`` is the CSV of what was measured during training.
    Raises ``PackRefused`` where reading would refuse what is written, or the disk cannot take it.
    """
    written = manifest.model_dump_json(indent=1).encode()
    generator = save_tensors(
        {name: np.ascontiguousarray(w, np.float32) for name, w in weights.items()}
    )
    enhancer = enhancer_of_members(written, generator)
    members = {
        MANIFEST_FILE: written,
        GENERATOR_FILE: generator,
        CARD_FILE: card.encode(),
        CURVES_FILE: curves,
    }
    _text(members, CARD_FILE)
    write_archive(path, members)
    return enhancer.sha256


def read_enhancer(path: Path) -> EnhancerFile:
    """Read and check an enhancer's file, its signature too.

    Raises ``PackRefused``: as ``read_archive`` where the file is not whole, ``enhancer-other-kind`` for
    a model pack or any other file, ``enhancer-later-schema``, and ``enhancer-malformed`` with the part
    that is not as it should be.
    """
    try:
        archive = read_archive(path)
    except PackRefused as error:
        raise (_other_kind() if error.code == "pack-not-zip" else error) from error
    _check_signature(archive)
    members = archive.members
    _check_kind(members)
    for name in sorted(_MEMBERS ^ set(members)):
        raise _malformed(name)
    enhancer = enhancer_of_members(members[MANIFEST_FILE], members[GENERATOR_FILE])
    return EnhancerFile(
        archive, _manifest(members[MANIFEST_FILE]), enhancer, _text(members, CARD_FILE)
    )


def enhancer_of_members(manifest: bytes, generator: bytes) -> TrainedEnhancer:
    """The enhancer of a manifest and of weights (safetensors), from its file or out of a model pack.

    Raises ``PackRefused`` (``enhancer-malformed``, ``enhancer-later-schema``).
    """
    said = _manifest(manifest)
    return TrainedEnhancer(
        name=said.name,
        version=said.version,
        degradation=said.degradation,
        width=said.width,
        blocks=said.blocks,
        tolerance=said.tolerance,
        weights=_weights(said, generator),
        sha256=enhancer_sha256(manifest, generator),
        trained_on=frozenset(said.training_frames_sha256),
    )


def enhancer_sha256(manifest: bytes, generator: bytes) -> str:
    """SHA-256 of all that defines an enhancer; its card and curves may say more of it."""
    digests = (hashlib.sha256(content).hexdigest() for content in (manifest, generator))
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def generator_shapes(width: int, blocks: int, scale: int) -> dict[str, tuple[int, ...]]:
    """The generator's tensors by name, and their shapes."""
    convolutions = {
        "head": (width, 1),
        **{
            f"body.{block}.{which}": (width, width)
            for block in range(blocks)
            for which in ("first", "second")
        },
        "tail": (width, width),
        "up": (scale**2, width),
    }
    weights = {f"{name}.weight": (*sides, 3, 3) for name, sides in convolutions.items()}
    biases = {f"{name}.bias": sides[:1] for name, sides in convolutions.items()}
    return {**weights, **biases}


def _check_signature(archive: Archive) -> None:
    if archive.signer is not None:
        # imports cryptography, which the window starts without
        from her2desk.packs.signing import signer_of

        signer_of(archive)


def _check_kind(members: Mapping[str, bytes]) -> None:
    document = _document(members.get(MANIFEST_FILE, b""))
    if document.get("kind") != ENHANCER_KIND:
        raise _other_kind()


def _manifest(content: bytes) -> EnhancerManifest:
    version = _document(content).get("schema_version")
    if isinstance(version, int) and version > ENHANCER_SCHEMA_VERSION:
        raise PackRefused(
            msg("The enhancer was made for a later version of Her2Desk."),
            msg("Update Her2Desk, or use another enhancer."),
            code="enhancer-later-schema",
        )
    try:
        return EnhancerManifest.model_validate_json(content)
    except ValueError as error:  # pydantic's ValidationError among them
        raise _malformed(MANIFEST_FILE) from error


def _document(manifest: bytes) -> dict[str, Any]:
    try:
        document = check_json(manifest)
    except ValueError as error:
        raise _malformed(MANIFEST_FILE) from error
    if not isinstance(document, dict):
        raise _malformed(MANIFEST_FILE)
    return document


def _weights(manifest: EnhancerManifest, content: bytes) -> Weights:
    """The tensors, exactly those of the network that the manifest describes, and all finite."""
    try:
        if int.from_bytes(content[:8], "little") > _MOST_HEADER_BYTES:
            raise ValueError("a header")
        tensors: dict[str, NDArray[Any]] = dict(load_tensors(content))
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise _malformed(GENERATOR_FILE) from error
    expected = generator_shapes(manifest.width, manifest.blocks, manifest.scale)
    sound = {name: w.shape for name, w in tensors.items()} == expected and all(
        w.dtype == np.float32 and np.isfinite(w).all() for w in tensors.values()
    )
    if not sound:
        raise _malformed(GENERATOR_FILE)
    return tensors


def _text(members: Mapping[str, bytes], name: str) -> str:
    try:
        return check_text(members[name].decode("utf-8"))
    except ValueError as error:
        raise _malformed(name) from error


def _other_kind() -> PackRefused:
    return PackRefused(
        msg("The file is no enhancer."),
        msg("Choose a file that ends in .h2enhancer, as her2desk train-enhancer writes it."),
        code="enhancer-other-kind",
    )


def _malformed(name: str) -> PackRefused:
    return PackRefused(
        msg("The enhancer's {name} is not as it should be.", name=name),
        msg("Get the enhancer again from whoever trained it."),
        code="enhancer-malformed",
    )
