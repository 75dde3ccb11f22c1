"""A fitted cohort as ``NAME.h2pack``: the same cohort, settings and seed give the same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import save as save_tensors

from her2desk.domain.readout import IndeterminateRule
from her2desk.domain.validation import ValidationRow
from her2desk.inference.networks import ARCHITECTURES
from her2desk.packs.archive import write_archive
from her2desk.packs.manifest import (
    AucPart,
    AucTable,
    BranchPart,
    FeaturePart,
    Manifest,
    Models,
    NetworkPart,
    OperatingPointPart,
    Preprocessing,
    Provenance,
    TrainingPopulation,
)
from her2desk.packs.pack import (
    CNN_FILE,
    CNN_LOGIT,
    MODELS_FILE,
    PCA_FILE,
    component_name,
    trees_file,
)
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE
from her2desk.packs.space import Space
from her2desk.packs.validation_table import validation_csv
from her2desk.radiomics.profile import Profile
from her2desk.reports.study import Evidence
from her2desk.training.build import FittedCohort
from her2desk.training.card import model_card
from her2desk.training.enhancement import ChosenEnhancement
from her2desk.training.fold_pipeline import FittedBranch, FoldPipeline
from her2desk.training.nomograms import nomogram_parts
from her2desk.training.performance import Figures
from her2desk.training.readout_contents import ReadoutContents
from her2desk.training.request import DlrKind, Moment
from her2desk.training.scaling import feature_scales
from her2desk.training.table import Table

CLASSES = ("HER-2 negative", "HER-2 positive")


@dataclass(frozen=True)
class PackIntent:
    """What the pack's owner says of it."""

    name: str
    version: str
    demo: bool
    intended_use: str
    moment: Moment
    decision: str
    decision_range: tuple[float, float] | None
    licence: str


@dataclass(frozen=True)
class PackParts:
    """All that goes into a pack beside the fitted models; ``profile`` is as the pack measures.

    ``enhancement`` is the one that ``preprocessing`` declares.
    """

    intent: PackIntent
    population: TrainingPopulation
    profile: Profile
    preprocessing: Preprocessing
    dlr: DlrKind
    seed: int
    figures: Figures
    provenance: Provenance
    indeterminate_rule: IndeterminateRule = IndeterminateRule.INTERVAL
    enhancement: ChosenEnhancement = field(default_factory=ChosenEnhancement)
    readout: ReadoutContents = field(default_factory=ReadoutContents)


def write_pack(
    path: Path,
    fitted: FittedCohort,
    table: Table,
    rows: tuple[ValidationRow, ...],
    parts: PackParts,
) -> str:
    """Write the pack and return its digest."""
    names = tuple(name for name, use in zip(table.names, table.selectable, strict=True) if use)
    stack = fitted.deployed
    exported = {
        "radiomics": stack.radiomics.exported(),
        "dlr": stack.dlr.exported(),
        **({"clinical": stack.clinical.exported()} if stack.clinical is not None else {}),
    }
    scaling = feature_scales(fitted, table)
    models = Models(
        clinical_inputs=table.clinical_names,
        clinical=_part(exported["clinical"], names, table.clinical_names)
        if "clinical" in exported
        else None,
        radiomics=_part(exported["radiomics"], names, ()),
        dlr=_part(exported["dlr"], names, (CNN_LOGIT,)),
        scaling=scaling,
        submodels=tuple(s for s in stack.combined.submodels if s.pattern in fitted.patterns),
        nomograms=nomogram_parts(fitted, table),
    )
    manifest, readout = _manifest(fitted, parts, tuple(scaling)), parts.readout
    enhancer = parts.enhancement.manifest
    members = {
        "manifest.json": manifest.model_dump_json(indent=2).encode(),
        "profile.json": parts.profile.to_json().encode(),
        "card.md": model_card(
            manifest, rows, readout.part, len(readout.thumbnails), enhancer
        ).encode(),
        "validation.csv": validation_csv(rows),
        MODELS_FILE: models.model_dump_json(indent=1).encode(),
        CNN_FILE: save_tensors(fitted.network_state),
        **_trees(exported),
        **_pca(stack.dlr),
        READOUT_FILE: readout.part.model_dump_json(indent=1).encode(),
        **_space(readout.space),
        **readout.thumbnails,
        **parts.enhancement.members,
    }
    return write_archive(path, members)


def auc_table(figures: Figures) -> AucTable:
    """The AUCs as the manifest holds them."""

    def of(evidence: Evidence) -> dict[str, AucPart]:
        return {
            branch: AucPart(value=f.value, lower=f.lower, upper=f.upper, method=f.method)
            for branch, found in figures.items()
            if (f := found.get(evidence)) is not None
        }

    return AucTable(
        apparent=of(Evidence.APPARENT),
        cross_validated=of(Evidence.CROSS_VALIDATED),
        held_out=of(Evidence.HELD_OUT),
    )


def operating_points(fitted: FittedCohort) -> tuple[OperatingPointPart, ...]:
    """Each pattern's named thresholds, with what each outer fold chose by the same rule (V14)."""
    return tuple(
        OperatingPointPart.model_validate(
            {
                "pattern": pattern,
                "name": name,
                "threshold": threshold,
                "fold_thresholds": [s.combined.thresholds[pattern][name] for s in fitted.stacks],
            }
        )
        for pattern in fitted.patterns
        for name, threshold in fitted.deployed.combined.thresholds[pattern].items()
    )


def _manifest(fitted: FittedCohort, parts: PackParts, names: tuple[str, ...]) -> Manifest:
    intent = parts.intent
    architecture = fitted.network.training.architecture
    return Manifest(
        schema_version=1,
        name=intent.name,
        version=intent.version,
        demo=intent.demo,
        task="her2-status",
        input="ultrasound",
        classes=CLASSES,
        intended_use=intent.intended_use,
        moment_of_prediction=intent.moment,
        decision=intent.decision,
        decision_range=intent.decision_range,
        training=parts.population,
        features=FeaturePart(profile=parts.profile.name, names=names, count=len(names)),
        preprocessing=parts.preprocessing,
        network=NetworkPart.model_validate(
            {"architecture": architecture, "channels": ARCHITECTURES[architecture].channels}
        ),
        dlr_kind=parts.dlr,
        operating_points=operating_points(fitted),
        indeterminate_rule=parts.indeterminate_rule,
        auc=auc_table(parts.figures),
        provenance=parts.provenance,
        licence=intent.licence,
        seed=parts.seed,
    )


def _part(branch: FittedBranch, features: tuple[str, ...], passed: tuple[str, ...]) -> BranchPart:
    names = []
    components = 0
    for kind, index in branch.inputs:
        if kind == "feature":
            names.append(features[index])
        elif kind == "component":
            names.append(component_name(components))
            components += 1
        else:
            names.append(passed[index])
    linear = branch.coefficients
    return BranchPart.model_validate(
        {
            "family": branch.family,
            "settings": dict(branch.settings),
            "inputs": names,
            "link": branch.link,
            "intercept": branch.intercept,
            "coefficients": [] if linear is None else [float(v) for v in linear],
        }
    )


def _trees(exported: Mapping[str, FittedBranch]) -> dict[str, bytes]:
    return {
        trees_file(name): save_tensors(branch.trees.to_tensors())
        for name, branch in exported.items()
        if branch.trees is not None
    }


def _space(space: Space | None) -> dict[str, bytes]:
    return {} if space is None else {SPACE_FILE: save_tensors(space.to_tensors())}


def _pca(dlr: FoldPipeline) -> dict[str, bytes]:
    """Mean of the penultimate features; each component that the DLR model looks at, over its SD."""
    branch = dlr.exported()
    chosen = [i for kind, i in branch.inputs if kind == "component"]
    if dlr.pca_ is None or not chosen:
        return {}
    tensors = {
        "mean": np.asarray(dlr.pca_.mean_, dtype=np.float64),
        "components": dlr.pca_.components_[chosen] / branch.component_sd[:, None],
    }
    return {PCA_FILE: save_tensors(tensors)}
