"""The predictions that tests/golden/evaluation_goldens.R judges, fitted here again."""

from functools import cache
from typing import Any

import numpy as np
from scipy.special import expit

from her2desk.stats.logistic import fit_logistic

from .golden_table import columns, golden

LABELS = columns()["malignant"]
GOLDEN: dict[str, Any] = golden("evaluation_goldens.json")
TEXTURE = ("mean_texture", "mean_smoothness", "symmetry_error")


def design(names: tuple[str, ...]) -> np.ndarray:
    return np.column_stack([columns()[name] for name in names])


@cache
def predictions() -> dict[str, np.ndarray]:
    return {
        "texture": _fitted(TEXTURE),
        "concavity": _fitted(("mean_concavity",)),
        "texture_tied": np.round(_fitted(TEXTURE), 1),
    }


def _fitted(names: tuple[str, ...]) -> np.ndarray:
    x = design(names)
    fit = fit_logistic(x, LABELS)
    return np.asarray(expit(fit.coefficients[0] + x @ fit.coefficients[1:]))
