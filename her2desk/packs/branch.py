"""A branch below the combined model: trees as arrays, or a logistic model, ready to score."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from her2desk.packs.links import log_odds
from her2desk.packs.manifest import BranchPart
from her2desk.packs.trees import TreeEnsemble


@dataclass(frozen=True)
class Branch:
    """What ``models.json`` says of a branch, and its trees where it is not linear."""

    part: BranchPart
    trees: TreeEnsemble | None

    def score(self, values: Mapping[str, float]) -> float:
        """log-odds of one case from its inputs by name, scaled as the part says."""
        row = np.array([values[name] for name in self.part.inputs], dtype=np.float64)
        if self.trees is None:
            return self.part.intercept + float(row @ np.array(self.part.coefficients))
        raw = self.trees.raw_score(row[None])
        return float(log_odds(raw, self.part.link, self.trees.n_trees)[0])
