"""The five model families of the paper: what is tried of each, how it is fitted, what a pack keeps of it.

Every fit runs on one thread with a fixed seed, so the same rows give the same bits.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from her2desk.errors import InputRefused
from her2desk.packs.links import Link, log_odds
from her2desk.packs.trees import LEAF, TreeEnsemble
from her2desk.texts import listed, msg
from her2desk.training.request import FAMILIES
from her2desk.training.tree_conversion import from_forest, from_lightgbm, from_xgboost

Matrix = NDArray[np.float64]
Labels = NDArray[np.bool_]
Settings = Mapping[str, float]
GridKind = Literal["default", "quick"]

TREES = "trees"
FOREST_OPTIONS = {"max_depth": 4, "max_features": "sqrt", "n_jobs": 1}
XGBOOST_OPTIONS = {
    "objective": "binary:logistic",
    "booster": "gbtree",
    "tree_method": "exact",  # thresholds midway between values, not on them
    "eta": 0.05,
    "lambda": 1.0,
    "min_child_weight": 2.0,
    "colsample_bytree": 0.7,
    "subsample": 0.8,
    "nthread": 1,
    "verbosity": 0,
}
LIGHTGBM_OPTIONS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "min_data_in_leaf": 12,
    "lambda_l2": 1.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}

# Simpler settings first: of equal tries the first is taken. 64 trees, a power of 2, so that the mean
# of a forest's probabilities loses no bit.
_GRIDS: Mapping[GridKind, Mapping[str, tuple[Settings, ...]]] = {
    "default": {
        "logistic": ({"C": 0.02}, {"C": 0.5}),
        "random-forest": (
            {"min_samples_leaf": 8, TREES: 64},
            {"min_samples_leaf": 3, TREES: 64},
        ),
        "extra-trees": (
            {"min_samples_leaf": 8, TREES: 64},
            {"min_samples_leaf": 3, TREES: 64},
        ),
        "xgboost": ({"max_depth": 1, TREES: 60}, {"max_depth": 2, TREES: 60}),
        "lightgbm": ({"num_leaves": 2, TREES: 60}, {"num_leaves": 4, TREES: 60}),
    },
    "quick": {
        "logistic": ({"C": 0.1},),
        "random-forest": ({"min_samples_leaf": 5, TREES: 8},),
        "extra-trees": ({"min_samples_leaf": 5, TREES: 8},),
        "xgboost": ({"max_depth": 2, TREES: 15},),
        "lightgbm": ({"num_leaves": 4, TREES: 15},),
    },
}


@dataclass(frozen=True, eq=False)
class Form:
    """A fitted model as a pack keeps it: trees with a link, or a linear model's coefficients."""

    link: Link
    trees: TreeEnsemble | None
    intercept: float
    coefficients: Matrix | None

    def log_odds(self, values: Matrix) -> Matrix:
        """Log-odds (n,) of ``values`` (n, inputs)."""
        if self.trees is not None:
            return log_odds(self.trees.raw_score(values), self.link, self.trees.n_trees)
        return np.asarray(self.intercept + values @ np.asarray(self.coefficients))

    @property
    def is_constant(self) -> bool:
        """Whether no input moves the answer: no tree has a split, or every coefficient is 0."""
        if self.trees is not None:
            return bool((self.trees.feature == LEAF).all())
        return not np.any(self.coefficients)


@dataclass(frozen=True)
class Family:
    """A model family.

    ``grid`` are the settings to try, simpler first. ``build(values, labels, settings, seed)`` fits the
    library's model on (patients, inputs), ``convert(model)`` is its ``Form``, ``ask(model, values)``
    the library's own log-odds, which the form repeats to ``tolerance``.
    """

    name: str
    grid: tuple[Settings, ...]
    build: Callable[[Matrix, Labels, Settings, int], Any]
    convert: Callable[[Any], Form]
    ask: Callable[[Any, Matrix], Matrix]
    tolerance: float = 1e-6

    def label(self, settings: Settings) -> str:
        """How a try is named, such as ``"lightgbm num_leaves=4"``."""
        varied = [f"{key}={value:g}" for key, value in settings.items() if key != TREES]
        return " ".join([self.name, *varied])


def families(names: Sequence[str], kind: GridKind) -> tuple[Family, ...]:
    """The families of these names in their fixed order, logistic first.

    Raises ``InputRefused`` (code ``family-unknown``) for another name, or none at all.
    """
    unknown = [name for name in names if name not in FAMILIES]
    if unknown or not names:
        raise InputRefused(
            msg("{name} is no model family.", name=listed(unknown) if unknown else "–"),
            msg("Choose among {families}.", families=listed(FAMILIES)),
            code="family-unknown",
        )
    return tuple(_family(name, _GRIDS[kind][name]) for name in FAMILIES if name in names)


def _family(name: str, grid: tuple[Settings, ...]) -> Family:
    match name:
        case "logistic":
            return Family(name, grid, _build_logistic, _linear_form, _ask_logistic)
        case "random-forest":
            return Family(name, grid, _build_random_forest, _forest_form, _ask_forest)
        case "extra-trees":
            return Family(name, grid, _build_extra_trees, _forest_form, _ask_forest)
        case "xgboost":
            # XGBoost adds up in float32: its own rounding is some 1e-6 at 60 trees.
            return Family(name, grid, _build_xgboost, _xgboost_form, _ask_xgboost, 1e-5)
        case _:
            return Family(name, grid, _build_lightgbm, _lightgbm_form, _ask_lightgbm)


def _build_logistic(values: Matrix, labels: Labels, settings: Settings, seed: int) -> Pipeline:
    # Newton's method takes the few inputs to full precision; it uses no random numbers.
    model = LogisticRegression(C=settings["C"], solver="newton-cholesky", tol=1e-8)
    return make_pipeline(StandardScaler(), model).fit(values, labels)


def _linear_form(model: Pipeline) -> Form:
    """The scaler folded into the coefficients, so that they belong to the inputs as they come."""
    scaler, logistic = model[0], model[1]
    coefficients = logistic.coef_[0] / scaler.scale_
    intercept = float(logistic.intercept_[0]) - math.fsum(coefficients * scaler.mean_)
    return Form("identity", None, intercept, coefficients)


def _ask_logistic(model: Pipeline, values: Matrix) -> Matrix:
    return np.asarray(model.decision_function(values))


def _build_random_forest(
    values: Matrix, labels: Labels, settings: Settings, seed: int
) -> RandomForestClassifier:
    return RandomForestClassifier(**_forest_options(settings, seed)).fit(values, labels)


def _build_extra_trees(
    values: Matrix, labels: Labels, settings: Settings, seed: int
) -> ExtraTreesClassifier:
    return ExtraTreesClassifier(**_forest_options(settings, seed)).fit(values, labels)


def _forest_options(settings: Settings, seed: int) -> dict[str, Any]:
    own = {"n_estimators": settings[TREES], "min_samples_leaf": settings["min_samples_leaf"]}
    return {**FOREST_OPTIONS, **own, "random_state": seed}


def _forest_form(model: Any) -> Form:
    return Form("shrunk-logit", from_forest(model), 0.0, None)


def _ask_forest(model: Any, values: Matrix) -> Matrix:
    return log_odds(model.predict_proba(values)[:, 1], "shrunk-logit", len(model.estimators_))


def _build_xgboost(
    values: Matrix, labels: Labels, settings: Settings, seed: int
) -> xgboost.Booster:
    data = xgboost.DMatrix(values, label=labels.astype(np.float64), nthread=1)
    options = {**XGBOOST_OPTIONS, "max_depth": settings["max_depth"], "seed": seed}
    return xgboost.train(options, data, int(settings[TREES]))


def _xgboost_form(model: xgboost.Booster) -> Form:
    return Form("identity", from_xgboost(json.loads(model.save_raw("json"))), 0.0, None)


def _ask_xgboost(model: xgboost.Booster, values: Matrix) -> Matrix:
    margin = model.predict(xgboost.DMatrix(values, nthread=1), output_margin=True)
    return np.asarray(margin, dtype=np.float64)


def _build_lightgbm(
    values: Matrix, labels: Labels, settings: Settings, seed: int
) -> lightgbm.Booster:
    data = lightgbm.Dataset(values, labels.astype(np.float64), params={"verbosity": -1})
    options = {**LIGHTGBM_OPTIONS, "num_leaves": settings["num_leaves"], "seed": seed}
    return lightgbm.train(options, data, int(settings[TREES]))


def _lightgbm_form(model: lightgbm.Booster) -> Form:
    return Form("identity", from_lightgbm(model.dump_model()), 0.0, None)


def _ask_lightgbm(model: lightgbm.Booster, values: Matrix) -> Matrix:
    return np.asarray(model.predict(values, raw_score=True))
