"""Changed features are counted by the median over images."""

import numpy as np

from benchmarks.enhancement import changes


def test_features_are_counted_by_how_much_they_change():
    without = np.array([[100.0, 100.0, 0.0, 1.0], [110, 90, 0, np.nan], [90, 110, 0, np.nan]])
    enhanced = without * [1.005, 1.05, 1, 1] + [0, 0, 5, 5]
    assert changes(without, enhanced) == {
        "features": 4,
        "above_1_percent": 1,
        "above_10_percent": 0,
        "above_a_tenth_of_the_spread": 1,
    }
    assert changes(without, without * 2)["above_10_percent"] == 2
