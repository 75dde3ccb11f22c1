"""scikit-learn's breast-cancer table and the R results on it (tests/golden/*.R)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@cache
def golden(name: str) -> dict[str, Any]:
    return dict(json.loads((GOLDEN / name).read_text()))


@cache
def columns() -> dict[str, NDArray[np.float64]]:
    bunch = load_breast_cancer()
    named = {name.replace(" ", "_"): bunch.data[:, k] for k, name in enumerate(bunch.feature_names)}
    return {
        **named,
        "malignant": 1.0 - bunch.target,
        "large": (named["mean_radius"] > 13).astype(float),
        "dense": (named["mean_compactness"] > 0.1).astype(float),
    }


def categories() -> dict[str, list[str]]:
    """The factors that nomogram_goldens.R cuts: words, and numbers that are names of groups."""
    table = columns()
    words = ("fine", "medium", "coarse", "very coarse")
    texture = np.digitize(table["mean_texture"], (15, 19, 24))
    symmetry = np.digitize(table["mean_symmetry"], (0.16, 0.19))
    return {
        "texture_class": [words[k] for k in texture],
        "symmetry_grade": [str(k + 1) for k in symmetry],
    }


def scores() -> dict[str, NDArray[np.float64]]:
    table = columns()
    return {
        "mean_texture": table["mean_texture"],
        "mean_smoothness": table["mean_smoothness"],
        "mean_texture_tied": np.round(table["mean_texture"] / 4),
        "mean_radius": table["mean_radius"],
        "minus_symmetry_error": -table["symmetry_error"],
    }
