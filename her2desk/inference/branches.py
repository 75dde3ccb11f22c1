"""The branches behind the combined answer: clinical, radiomics, CNN, DLR, combined.

Each gives a score in log-odds. Linear models come from ``models.json``, trees from checked arrays.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.readout import Estimate
from her2desk.errors import PackRefused
from her2desk.packs.manifest import Submodel
from her2desk.packs.pack import (
    CLINICAL_SIGNATURE,
    CNN_LOGIT,
    DLR_SIGNATURE,
    Pack,
    component_name,
)
from her2desk.texts import msg


def known_inputs(pack: Pack, clinical: ClinicalRecord) -> dict[str, float]:
    """The pack's clinical inputs that are known for this patient."""
    values = {name: clinical.value(name) for name in pack.models.clinical_inputs}
    return {name: value for name, value in values.items() if value is not None}


def clinical_score(pack: Pack, known: Mapping[str, float]) -> float | None:
    """The clinical model's log-odds; None where one of its inputs is not known."""
    if pack.clinical is None or not set(pack.clinical.part.inputs) <= set(known):
        return None
    return pack.clinical.score(known)


def radiomics_score(pack: Pack, features: Mapping[str, float]) -> float:
    """The radiomics model's log-odds."""
    return pack.radiomics.score(_scaled(pack, features))


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
    return pack.dlr.score(values)


def signature_values(
    known: Mapping[str, float], clinical: float | None, cnn_logit: float, dlr: float
) -> dict[str, float]:
    """What the combined model may look at, by the names of its terms."""
    own = {} if clinical is None else {CLINICAL_SIGNATURE: clinical}
    return {**known, **own, CNN_LOGIT: cnn_logit, DLR_SIGNATURE: dlr}


def combined_inputs(
    pack: Pack, clinical: ClinicalRecord, cnn_logit: float, dlr: float
) -> dict[str, float]:
    """``signature_values`` of a patient whose image was already read."""
    known = known_inputs(pack, clinical)
    return signature_values(known, clinical_score(pack, known), cnn_logit, dlr)


def combined_estimate(pack: Pack, submodel: Submodel, values: Mapping[str, float]) -> Estimate:
    """The combined model's log-odds and their variance (V10), by the submodel for what is known (V9).

    ``values`` are the known clinical inputs and the signatures. Var(η) = xᵀΣx + Σ β_sig² · v_refit.
    Raises ``PackRefused`` where the pack's numbers give none.
    """
    model = submodel.model
    x = np.array([1.0, *(values[t] for t in model.terms)])
    beta = np.array([model.intercept, *model.coefficients])
    slopes = dict(zip(model.terms, model.coefficients, strict=True))
    refit = sum(slopes[term] ** 2 * v for term, v in submodel.refit_variance.items())
    with np.errstate(all="ignore"):  # what comes out is judged next
        logit, spread = float(x @ beta), float(x @ np.array(model.covariance) @ x)
    variance = max(0.0, spread) + refit  # rounding may leave a covariance a hair below zero
    if not (math.isfinite(logit) and math.isfinite(variance)):
        raise PackRefused(
            msg("The pack's models give no number for this case."),
            msg("Get the pack again from whoever built it."),
            code="pack-malformed",
        )
    return Estimate(
        logit=logit,
        variance=variance,
        pattern=submodel.pattern,
        training_prevalence=pack.manifest.prevalence,
    )


def _scaled(pack: Pack, features: Mapping[str, float]) -> dict[str, float]:
    """Features as the models take them: not beyond the training limits, z-scored."""
    scales = pack.models.scaling
    return {
        name: (min(max(v, scales[name].lower), scales[name].upper) - scales[name].mean)
        / scales[name].sd
        for name, v in features.items()
    }
