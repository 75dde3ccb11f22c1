"""Probabilities and log-odds."""

import math


def logit(probability: float) -> float:
    """log-odds of a probability in (0, 1)."""
    return math.log(probability / (1 - probability))


def sigmoid(log_odds: float) -> float:
    """Probability of log-odds, without overflow."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))
