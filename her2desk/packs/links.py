"""From what a branch adds up to log-odds: one definition for training and for every answer."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Link = Literal["identity", "shrunk-logit"]
LINKS: tuple[Link, ...] = get_args(Link)


def log_odds(raw: NDArray[np.float64], link: Link, trees: int) -> NDArray[np.float64]:
    """Log-odds (n,) of raw scores (n,) of a model of ``trees`` trees.

    ``identity``: boosters add up log-odds already. ``shrunk-logit``: a forest's raw score is the mean
    probability p of its T trees, which may be 0 or 1; p' = (p·T + ½)/(T + 1), as if one more tree were
    undecided, has finite log-odds, and ranks as p does. p is cut to 0–1 first, because a rounded mean
    may lie a last bit outside. Raises ``ValueError`` for another link, or a forest without trees.
    """
    if link == "identity":
        return raw
    if link != "shrunk-logit" or trees < 1:
        raise ValueError(f"no log-odds by {link!r} of {trees} trees")
    votes = np.clip(raw, 0.0, 1.0) * trees
    return np.log((votes + 0.5) / (trees - votes + 0.5))
