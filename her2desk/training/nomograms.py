"""The paper's nomograms: {clinical inputs, clinical signature} × {DL, DLR}, beside the combined model.

Fitted as the combined model is: on signatures predicted out of fold (V1), with the variance over
refits (V10).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from her2desk.errors import InputRefused
from her2desk.packs.manifest import LinearPart, NomogramPart
from her2desk.packs.pack import CLINICAL_SIGNATURE, CNN_LOGIT, DLR_SIGNATURE
from her2desk.stats.robust_logistic import fit_logistic_or_fallback
from her2desk.training.build import FittedCohort
from her2desk.training.combined import design, known_rows, linear_part, refit_variance
from her2desk.training.table import Table


@dataclass(frozen=True)
class NomogramFit:
    """One linear model on the deployed scope; ``method`` is how its coefficients were found."""

    name: str
    model: LinearPart
    method: str
    refit_variance: Mapping[str, float]


def fit_nomograms(fitted: FittedCohort, table: Table) -> tuple[NomogramFit, ...]:
    """The pack's own combined model, then the paper's; those that cannot be fitted are left out."""
    inputs = table.clinical_names if fitted.deployed.clinical is not None else ()
    own = fitted.deployed.combined.submodels[0].model.terms
    asked = {own: "Combined"}
    for image, of_image in ((DLR_SIGNATURE, "DLR"), (CNN_LOGIT, "DL")):
        asked.setdefault((*inputs, image), f"Clinical inputs + {of_image}" if inputs else of_image)
    if inputs:
        for image, of_image in ((DLR_SIGNATURE, "DLR"), (CNN_LOGIT, "DL")):
            asked.setdefault((CLINICAL_SIGNATURE, image), f"Clinical signature + {of_image}")
    fits = (_fit(fitted, table, name, terms) for terms, name in asked.items())
    return tuple(fit for fit in fits if fit is not None)


def nomogram_parts(fitted: FittedCohort, table: Table) -> tuple[NomogramPart, ...]:
    """The nomograms as a pack holds them, without the models that its submodels are already.

    One with an axis on which everybody stands at the same place is none.
    """
    own = {
        s.model.terms for s in fitted.deployed.combined.submodels if s.pattern in fitted.patterns
    }
    return tuple(
        NomogramPart(name=fit.name, model=fit.model, refit_variance=dict(fit.refit_variance))
        for fit in fit_nomograms(fitted, table)
        if fit.model.terms not in own and _has_axes(fit.model)
    )


def _has_axes(model: LinearPart) -> bool:
    return all(lower < upper for lower, upper in zip(model.lower, model.upper, strict=True))


def _fit(
    fitted: FittedCohort, table: Table, name: str, terms: tuple[str, ...]
) -> NomogramFit | None:
    scope, signatures = fitted.deployed.scope, fitted.deployed.signatures
    x = design(table, scope, signatures, terms)
    rows = known_rows(x)
    try:
        fit = fit_logistic_or_fallback(x[rows], table.labels[scope.rows][rows])
    except InputRefused:
        return None  # such as where every term is known of patients of one class only
    variance = refit_variance(signatures, terms)
    return NomogramFit(name, linear_part(terms, fit, x[rows]), fit.method, variance)
