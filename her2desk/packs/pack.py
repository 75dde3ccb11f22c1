"""A model pack, opened: verified, checked and ready for the engine and the window."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.domain.prediction import PackIdentity
from her2desk.domain.validation import OperatingPoint, ValidationRow, ValidationSource
from her2desk.enhancement.enhancer import Enhancer
from her2desk.errors import InputRefused, PackRefused
from her2desk.packs.archive import Archive, read_archive
from her2desk.packs.branch import Branch
from her2desk.packs.enhancer_file import ENHANCER_KIND
from her2desk.packs.manifest import SCHEMA_VERSION, BranchPart, Manifest, Models, Submodel
from her2desk.packs.packed_enhancer import packed_enhancer
from her2desk.packs.plain_text import check_json, check_text
from her2desk.packs.readout_checks import is_covariance, readout_fits, wrong_picture
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE, ReadoutPart
from her2desk.packs.space import Space, space_of
from her2desk.packs.thumbnails import thumbnail_file
from her2desk.packs.trees import TreeEnsemble
from her2desk.packs.validation_table import read_validation
from her2desk.radiomics.profile import load_profile
from her2desk.texts import Message, listed, msg

CNN_FILE = "networks/cnn.safetensors"
MODELS_FILE = "models/models.json"
PCA_FILE = "models/pca.safetensors"
VALIDATION_FILE = "validation.csv"
CNN_LOGIT = "cnn_logit"
DLR_SIGNATURE = "dlr"
CLINICAL_SIGNATURE = "clinical"
SIGNATURES = (CLINICAL_SIGNATURE, CNN_LOGIT, DLR_SIGNATURE)
PATTERN_SEPARATOR = "+"
NO_CLINICAL_INPUT = "image-only"
CARD_FILE = "card.md"
PROFILE_FILE = "profile.json"
_MOST_COMPONENTS = 4096  # a ResNet101 has 2048 penultimate features
_MOST_HEADER_BYTES = 2**20  # of safetensors; a ResNet101 takes 60,000

Part = TypeVar("Part", bound=BaseModel)


@dataclass(frozen=True, eq=False)
class Pack:
    """Everything of a pack but the network's weights, which ``network_weights`` decodes on demand.

    Compared by identity; ``digest`` says whether two are the same.
    """

    archive: Archive
    manifest: Manifest
    models: Models
    profile_text: str
    validation: tuple[ValidationRow, ...]
    clinical: Branch | None
    radiomics: Branch
    dlr: Branch
    pca: Mapping[str, NDArray[np.float64]] | None
    enhancer: Enhancer | None
    readout: ReadoutPart = field(default_factory=ReadoutPart)
    space: Space | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of ``SHA256SUMS``."""
        return self.archive.digest

    @property
    def identity(self) -> PackIdentity:
        """Name, version, digest and whether it is a demo."""
        m = self.manifest
        return PackIdentity(m.name, m.version, self.digest, m.demo)

    def rows(self, pattern: str, source: ValidationSource) -> tuple[ValidationRow, ...]:
        """The validation patients of one source, as the submodel of ``pattern`` answered for them."""
        return tuple(r for r in self.validation if r.source is source and r.pattern == pattern)

    def thumbnail(self, patient: str) -> bytes | None:
        """A validation patient's crop as PNG, where the pack's owner allowed it."""
        return self.archive.members.get(thumbnail_file(patient))

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return self.archive.members[CARD_FILE].decode("utf-8")

    def operating_points(self, pattern: str) -> dict[str, OperatingPoint]:
        """The named operating points of the submodel for this pattern of known inputs."""
        return {
            p.name: OperatingPoint(p.name, p.threshold, p.fold_thresholds)
            for p in self.manifest.operating_points
            if p.pattern == pattern
        }

    def submodel(self, known: frozenset[str]) -> Submodel:
        """The combined model that uses the most of the clinical inputs that are known (V9).

        A pattern of known inputs that the pack's cohort could not support has no model of its own;
        then the one for fewer inputs answers. Raises ``PackRefused`` where there is none.
        """
        fitting = [s for s in self.models.submodels if pattern_inputs(s.pattern) <= known]
        if not fitting:
            raise PackRefused(
                msg("This pack has no model for the clinical inputs that are known."),
                msg("Enter one of: {inputs}.", inputs=listed(self.models.clinical_inputs)),
                code="pack-pattern",
            )
        return max(fitting, key=lambda s: len(pattern_inputs(s.pattern)))

    def network_weights(self) -> dict[str, NDArray[Any]]:
        """The network's tensors by name."""
        tensors = _tensors(self.archive, CNN_FILE)
        if not all(np.isfinite(values).all() for values in tensors.values()):
            raise _broken(CNN_FILE)
        return tensors


def pattern_name(inputs: tuple[str, ...], known: frozenset[str]) -> str:
    """The name of a pattern of known clinical inputs, such as ``"pr"`` or ``"image-only"``."""
    used = [name for name in inputs if name in known]
    return PATTERN_SEPARATOR.join(used) or NO_CLINICAL_INPUT


def pattern_inputs(pattern: str) -> frozenset[str]:
    """The clinical inputs that a pattern of this name knows."""
    if pattern == NO_CLINICAL_INPUT:
        return frozenset()
    return frozenset(pattern.split(PATTERN_SEPARATOR))


def open_pack(path: Path) -> Pack:
    """Read and check a pack; nothing of it is used before its hashes and signature are verified.

    Who signed it, and whether that is enough, is for ``trust`` to say. Raises ``PackRefused`` naming
    what is wrong.
    """
    archive = read_archive(path)
    _check_signature(archive)
    manifest = _manifest(archive)
    models = _parsed(archive, MODELS_FILE, Models)
    readout = ReadoutPart()
    if READOUT_FILE in archive.members:
        readout = _parsed(archive, READOUT_FILE, ReadoutPart)
    pack = Pack(
        archive,
        manifest,
        models,
        _profile_text(archive),
        _validation(archive, len(manifest.operating_points[0].fold_thresholds)),
        None if models.clinical is None else _branch(archive, "clinical", models.clinical),
        _branch(archive, "radiomics", models.radiomics),
        _branch(archive, "dlr", models.dlr),
        _pca(archive) if PCA_FILE in archive.members else None,
        packed_enhancer(manifest.preprocessing.enhancement, archive.members),
        readout,
        _space(archive, readout),
    )
    _text(archive, CARD_FILE)
    _check_inputs(pack)
    _check_readout(pack)
    return pack


def trees_file(branch: str) -> str:
    """Where the trees of a branch lie in the pack."""
    return f"models/{branch}.safetensors"


def _check_signature(archive: Archive) -> None:
    """A pack that carries its signer's key was signed with it, or it was changed since."""
    if archive.signer is not None:
        # imports cryptography, which the window starts without
        from her2desk.packs.signing import signer_of

        signer_of(archive)


def _manifest(archive: Archive) -> Manifest:
    try:
        document = check_json(archive.members["manifest.json"])
        version, kind = document["schema_version"], document.get("kind")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken("manifest.json") from error
    if kind == ENHANCER_KIND:
        raise PackRefused(
            msg("This is an enhancer, not a model pack: it makes no prediction."),
            msg("Choose a file that ends in .h2pack; an enhancer is given when a pack is built."),
            code="pack-other-kind",
        )
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise PackRefused(
            msg("The pack was made for a later version of Her2Desk."),
            msg("Update Her2Desk, or ask for a pack of an earlier version."),
            code="pack-later-schema",
        )
    return _parsed(archive, "manifest.json", Manifest)


def _parsed(archive: Archive, name: str, kind: type[Part]) -> Part:
    try:
        part = kind.model_validate_json(archive.members[name])
        check_json(archive.members[name])  # what is here now has a form, and so an end
    except (KeyError, ValueError) as error:  # pydantic's ValidationError among them
        raise _broken(name) from error
    return part


def _text(archive: Archive, name: str) -> str:
    try:
        return check_text(archive.members[name].decode("utf-8"))
    except (KeyError, ValueError) as error:
        raise _broken(name) from error


def _profile_text(archive: Archive) -> str:
    text = _text(archive, PROFILE_FILE)
    try:
        check_json(archive.members[PROFILE_FILE])
        load_profile(text)
    except (ValueError, InputRefused) as error:
        raise _broken(PROFILE_FILE) from error
    return text


def _tensors(archive: Archive, name: str) -> dict[str, NDArray[Any]]:
    try:
        content = archive.members[name]
        if int.from_bytes(content[:8], "little") > _MOST_HEADER_BYTES:
            raise ValueError("a header")
        return dict(load_tensors(content))
    except (KeyError, SafetensorError, ValueError, TypeError, OverflowError) as error:
        raise _broken(name) from error


def _branch(archive: Archive, name: str, part: BranchPart) -> Branch:
    if part.is_linear:
        return Branch(part, None)
    trees = TreeEnsemble.from_tensors(_tensors(archive, trees_file(name)))
    if trees.n_features != len(part.inputs):
        raise _broken(trees_file(name))
    return Branch(part, trees)


def _pca(archive: Archive) -> Mapping[str, NDArray[np.float64]]:
    tensors = _tensors(archive, PCA_FILE)
    if set(tensors) != {"mean", "components"}:
        raise _broken(PCA_FILE)
    mean, components = tensors["mean"], tensors["components"]
    if mean.ndim != 1 or components.ndim != 2 or components.shape[1] != mean.shape[0]:
        raise _broken(PCA_FILE)
    if len(components) > _MOST_COMPONENTS or not mean.dtype.kind == components.dtype.kind == "f":
        raise _broken(PCA_FILE)
    if not (np.isfinite(mean).all() and np.isfinite(components).all()):
        raise _broken(PCA_FILE)
    return {name: np.asarray(value, dtype=np.float64) for name, value in tensors.items()}


def _space(archive: Archive, readout: ReadoutPart) -> Space | None:
    if readout.space is None:
        return None
    try:
        return space_of(readout.space, _tensors(archive, SPACE_FILE))
    except ValueError as error:
        raise _broken(SPACE_FILE) from error


def _validation(archive: Archive, folds: int) -> tuple[ValidationRow, ...]:
    """The pack's table; none for a pack without the file, whose readout then counts nobody."""
    if VALIDATION_FILE not in archive.members:
        return ()
    try:
        return read_validation(_text(archive, VALIDATION_FILE), folds)
    except (KeyError, ValueError, TypeError) as error:
        raise _broken(VALIDATION_FILE) from error


def _check_inputs(pack: Pack) -> None:
    features = set(pack.manifest.features.names)
    components = len(pack.pca["components"]) if pack.pca else 0
    learned = {CNN_LOGIT, *(component_name(i) for i in range(components))}
    models = pack.models
    clinical = set() if models.clinical is None else set(models.clinical.inputs)
    sound = bool(
        set(models.radiomics.inputs) <= features
        and set(models.dlr.inputs) <= features | learned
        and set(models.scaling) == features
        and set(models.clinical_inputs) <= set(FIELDS_BY_NAME)
        and clinical <= set(models.clinical_inputs)
        and len({len(p.fold_thresholds) for p in pack.manifest.operating_points}) == 1
        and all(
            set(s.model.terms) <= pattern_inputs(s.pattern) | set(SIGNATURES)
            and pattern_inputs(s.pattern) <= set(models.clinical_inputs)
            and (CLINICAL_SIGNATURE not in s.model.terms or _has_all(s.pattern, clinical))
            and pack.operating_points(s.pattern)
            and is_covariance(s.model)
            for s in models.submodels
        )
        and all(
            set(n.model.terms) <= set(models.clinical_inputs) | set(SIGNATURES)
            and (CLINICAL_SIGNATURE not in n.model.terms or clinical)
            and is_covariance(n.model)
            for n in models.nomograms
        )
    )
    if not sound:
        raise _broken(MODELS_FILE)


def _check_readout(pack: Pack) -> None:
    """Nothing for the readout is of a model, a feature or a patient that the pack does not have."""
    patients = {row.patient for row in pack.validation}
    submodels = {s.pattern for s in pack.models.submodels}
    points = {(p.pattern, p.name) for p in pack.manifest.operating_points if p.pattern in submodels}
    if not readout_fits(pack.readout, points, pack.manifest.features.names, patients):
        raise _broken(READOUT_FILE)
    picture = wrong_picture(pack.archive.members, patients)
    if picture is not None:
        raise _broken(picture)


def _has_all(pattern: str, inputs: set[str]) -> bool:
    """Whether the clinical signature can be worked out from the inputs that the pattern knows."""
    return bool(inputs) and inputs <= pattern_inputs(pattern)


def component_name(index: int) -> str:
    """Name of a principal component of the penultimate features, from 1."""
    return f"pc_{index + 1:02d}"


def _broken(name: str) -> PackRefused:
    return PackRefused(
        msg("The pack's {name} is not as it should be.", name=name),
        _GET_AGAIN,
        code="pack-malformed",
    )


_GET_AGAIN: Message = msg("Get the pack again from whoever built it.")
