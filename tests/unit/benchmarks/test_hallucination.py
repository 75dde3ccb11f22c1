"""What counts as erased and as invented, and what the planted structures are."""

import numpy as np
import pytest

from benchmarks.hallucination import analysed, peaks, responses, thresholds
from benchmarks.planted_structures import Scene, matched


def site(group, present, absent, original=(True, False)):
    arms = ("original", "lanczos", "gan")
    return {
        "group": group,
        "contrast_db": 6.0,
        "present": dict(zip(arms, (original[0], *present), strict=True)),
        "absent": dict(zip(arms, (original[1], *absent), strict=True)),
    }


def phantom(index, sites, spots):
    return {
        "phantom": index,
        "sites": sites,
        "search": {"spots": dict(zip(("original", "lanczos", "gan"), spots, strict=True))},
        "cm2": 1.5,
    }


RECORDS = [
    phantom(
        0,
        [
            site("spot 0.05 mm", (False, True), (False, True)),
            site("spot 0.10 mm", (True, True), (False, False)),
        ],
        (4, 0, 2),
    ),
    phantom(
        1,
        [
            site("spicule", (True, True), (False, True)),
            # Not seen in the original picture, so not erased; a false alarm there, so not invented
            site("spicule", (False, False), (True, True), original=(False, True)),
        ],
        (2, 1, 4),
    ),
]


def test_erased_was_seen_before_and_invented_was_not():
    found = analysed(RECORDS)["sites"]
    everything = found["all"]
    assert (everything["sites"], everything["seen_in_original"]) == (4, 3)
    erased, invented = everything["erased"], everything["invented"]
    assert (erased["lanczos"]["count"], erased["lanczos"]["of"]) == (1, 3)
    assert erased["gan"]["count"] == 0
    assert (invented["lanczos"]["count"], invented["gan"]["count"]) == (0, 2)
    assert invented["gan"]["of"] == 3
    assert invented["gan"]["more"] == pytest.approx(2 / 3)
    assert found["spot"]["erased"]["lanczos"]["rate"] == 0.5
    assert found["spot 0.10 mm"]["erased"]["lanczos"]["rate"] == 0.0


def test_inventions_are_counted_per_area():
    found = analysed(RECORDS)["search"]["spots"]
    assert found["gan"]["rate"] == pytest.approx(6 / 3.0)
    assert found["gan"]["more"] == pytest.approx(5 / 3.0)
    assert found["in_original_per_cm2"] == pytest.approx(6 / 3.0)


def test_a_spot_is_found_where_it_is():
    picture = np.full((60, 80), 50, np.uint8)
    picture[28:31, 40:43] = 120
    found = responses(picture, 0.07)["spots"]
    places = peaks(found, found > 10, 6)
    assert len(places) == 1
    assert places[0].tolist() == [29, 41]


def test_a_dark_line_is_no_bright_one():
    picture = np.full((60, 80), 120, np.uint8)
    picture[28:31, 15:65] = 50
    found = responses(picture, 0.07)
    assert found["dark lines"][29, 40] > 10
    assert found["bright lines"][29, 40] < 5


def test_a_template_is_a_contrast():
    weights = matched(np.array([True, True, True, False]), np.array([6.0, 0.0, 0.0, 9.0]))
    assert weights.tolist() == [1.0, -0.5, -0.5, 0.0]
    assert matched(np.array([True, True]), np.array([3.0, 3.0])) is None


def test_present_and_absent_differ_where_something_was_planted_and_nowhere_else():
    scene = Scene.draw(3, 41)
    structures, spicules, margins = pairs = scene.pairs()
    differs = structures.present != structures.absent
    assert differs[scene.outside_mm < 0].any()
    assert not differs[scene.outside_mm > 3].any()
    assert np.array_equal(structures.absent, spicules.absent)
    assert len(spicules.sites) == 5
    assert len(margins.sites) == 12
    for pair in pairs:
        seen = [site.score(pair.present) - site.score(pair.absent) for site in pair.sites]
        assert np.mean(seen) > 5
    limits = thresholds([(scene, pairs)])
    assert limits.keys() == {site.group for pair in pairs for site in pair.sites}
