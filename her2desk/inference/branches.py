"""The branches behind the combined answer: clinical, radiomics, CNN, DLR, combined.

Each gives a score in log-odds. Linear models come from ``models.json``, trees from checked arrays.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.readout import Estimate
from her2desk.errors import PackRefused
from her2desk.packs.manifest import LinearPart, Submodel
from her2desk.packs.pack import CNN_LOGIT, DLR_SIGNATURE, Pack, component_name
from her2desk.packs.trees import TreeEnsemble
from her2desk.texts import msg


def known_inputs(pack: Pack, clinical: ClinicalRecord) -> dict[str, float]:
    """The pack's clinical inputs that are known for this patient."""
    values = {name: clinical.value(name) for name in pack.models.clinical_inputs}
    return {name: value for name, value in values.items() if value is not None}


def linear_score(model: LinearPart, values: Mapping[str, float]) -> float:
    """log-odds of a logistic model at these values."""
    return model.intercept + sum(
        c * values[t] for t, c in zip(model.terms, model.coefficients, strict=True)
    )


def clinical_score(pack: Pack, known: Mapping[str, float]) -> float | None:
    """The clinical model's log-odds; None where one of its inputs is not known."""
    if not set(pack.models.clinical.terms) <= set(known):
        return None
    return linear_score(pack.models.clinical, known)


def radiomics_score(pack: Pack, features: Mapping[str, float]) -> float:
    """The radiomics model's log-odds."""
    return _tree_score(pack.radiomics_trees, pack.models.radiomics_inputs, _scaled(pack, features))


def dlr_score(
    pack: Pack,
    features: Mapping[str, float],
    cnn_logit: float,
    penultimate: NDArray[np.float32],
) -> float:
    """The DLR model's log-odds from radiomics and the network (V2: logit, or components of a PCA).

    Raises ``PackRefused`` where the components are of another network.
    """
    values = {**_scaled(pack, features), CNN_LOGIT: cnn_logit}
    if pack.pca is not None:
        if penultimate.shape != pack.pca["mean"].shape:
            raise PackRefused(
                msg("The pack's components do not fit its network."),
                msg("Get the pack again from whoever built it."),
                code="pack-malformed",
            )
        centred = penultimate.astype(np.float64) - pack.pca["mean"]
        scores = pack.pca["components"] @ centred
        values |= {component_name(i): float(s) for i, s in enumerate(scores)}
    return _tree_score(pack.dlr_trees, pack.models.dlr_inputs, values)


def combined_estimate(
    pack: Pack, submodel: Submodel, known: Mapping[str, float], dlr: float
) -> Estimate:
    """The combined model's log-odds and their variance (V10), by the submodel for what is known (V9).

    Var(η) = xᵀΣx + β_sig² · v_refit.
    """
    model = submodel.model
    values = {**known, DLR_SIGNATURE: dlr}
    x = np.array([1.0, *(values[t] for t in model.terms)])
    covariance = np.array(model.covariance)
    slope = dict(zip(model.terms, model.coefficients, strict=True)).get(DLR_SIGNATURE, 0.0)
    variance = float(x @ covariance @ x) + slope**2 * submodel.refit_variance
    return Estimate(
        logit=linear_score(model, values),
        variance=variance,
        pattern=submodel.pattern,
        training_prevalence=pack.manifest.training.prevalence,
    )


def _scaled(pack: Pack, features: Mapping[str, float]) -> dict[str, float]:
    scales = pack.models.scaling
    return {name: (v - scales[name].mean) / scales[name].sd for name, v in features.items()}


def _tree_score(trees: TreeEnsemble, inputs: tuple[str, ...], values: Mapping[str, float]) -> float:
    row = np.array([[values[name] for name in inputs]], dtype=np.float64)
    return float(trees.raw_score(row)[0])
