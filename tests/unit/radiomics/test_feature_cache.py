"""Features kept on disk: the same bits back, or none."""

import logging
import os
from pathlib import Path

import numpy as np
import pytest

from her2desk.paths import default_cache_dir
from her2desk.radiomics import feature_cache
from her2desk.radiomics.feature_cache import FeatureCache, feature_key
from her2desk.radiomics.profile import us_2d, us_2d_px

GREY = np.random.default_rng(0).integers(0, 256, (40, 50), dtype=np.uint8)
MASK = np.zeros((40, 50), bool)
MASK[10:30, 10:40] = True
VALUES = np.array([1.5, -0.1, np.nan, 1e300])
KEY = "ab" + "0" * 62


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "features")


def entry(tmp_path):
    return tmp_path / "features" / "ab" / f"{KEY}.features"


def test_what_is_kept_comes_back_to_the_last_bit(cache):
    assert cache.get(KEY, 4) is None
    cache.put(KEY, VALUES)
    assert cache.get(KEY, 4).tobytes() == VALUES.tobytes()
    cache.put(KEY, VALUES * 2)
    assert cache.get(KEY, 4).tobytes() == (VALUES * 2).tobytes()


def test_nothing_but_entries_is_left_behind(cache, tmp_path):
    cache.put(KEY, VALUES)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [entry(tmp_path)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content + b"\0" * 8,
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: b"",
        lambda content: content[8:],
    ],
)
def test_a_damaged_entry_is_measured_again(cache, tmp_path, damage, caplog):
    cache.put(KEY, VALUES)
    entry(tmp_path).write_bytes(damage(entry(tmp_path).read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert cache.get(KEY, 4) is None
    assert "damaged" in caplog.text


def test_a_folder_that_cannot_be_written_costs_no_run(tmp_path, caplog):
    (tmp_path / "features").write_text("a file where the folder should be")
    cache = FeatureCache(tmp_path / "features")
    with caplog.at_level(logging.WARNING):
        cache.put(KEY, VALUES)
    assert cache.get(KEY, 4) is None
    cache.trim()
    assert "could not be kept" in caplog.text


def test_a_write_that_fails_half_way_leaves_nothing(cache, tmp_path, monkeypatch):
    def full(*_args):
        raise OSError("no space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    cache.put(KEY, VALUES)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_the_entries_unused_for_longest_make_room(tmp_path):
    size = 32 + VALUES.nbytes
    cache = FeatureCache(tmp_path, limit_bytes=2 * size)
    keys = [f"{i:02x}" + "0" * 62 for i in range(4)]
    for age, key in enumerate(keys):
        cache.put(key, VALUES)
        os.utime(tmp_path / key[:2] / f"{key}.features", (1000 + age, 1000 + age))
    cache.get(keys[0], 4)
    cache.trim()
    assert [cache.get(key, 4) is not None for key in keys] == [True, False, False, True]


def test_an_entry_that_vanishes_meanwhile_is_no_fault(cache, tmp_path, monkeypatch):
    cache.put(KEY, VALUES)

    known = Path.stat

    def gone(path, **kwargs):
        if path.suffix == ".features":
            raise FileNotFoundError
        return known(path, **kwargs)

    monkeypatch.setattr("pathlib.Path.stat", gone)
    cache.trim()
    monkeypatch.undo()
    assert entry(tmp_path).exists()


def test_a_key_follows_all_that_the_numbers_depend_on(monkeypatch):
    moved = np.roll(MASK, 1, axis=1)
    touched = GREY.copy()
    touched[0, 0] ^= 1
    keys = [
        feature_key(GREY, MASK, (0.1, 0.1), us_2d()),
        feature_key(touched, MASK, (0.1, 0.1), us_2d()),
        feature_key(GREY.astype(np.uint16), MASK, (0.1, 0.1), us_2d()),
        feature_key(GREY.reshape(50, 40), MASK.reshape(50, 40), (0.1, 0.1), us_2d()),
        feature_key(GREY, moved, (0.1, 0.1), us_2d()),
        feature_key(GREY, MASK, (0.1, 0.11), us_2d()),
        feature_key(GREY, MASK, None, us_2d()),
        feature_key(GREY, MASK, (0.1, 0.1), us_2d(resample_mm=0.2)),
        feature_key(GREY, MASK, (0.1, 0.1), us_2d_px()),
    ]
    monkeypatch.setattr(feature_cache, "EXTRACTION", feature_cache.EXTRACTION + 1)
    keys.append(feature_key(GREY, MASK, (0.1, 0.1), us_2d()))
    monkeypatch.setattr(feature_cache, "_versions", lambda: ("numpy 99",))
    keys.append(feature_key(GREY, MASK, (0.1, 0.1), us_2d()))
    assert len(set(keys)) == len(keys)


def test_a_key_is_the_same_for_the_same_pixels():
    turned = np.asfortranarray(GREY)
    assert feature_key(turned, MASK, (0.1, 0.1), us_2d()) == feature_key(
        GREY, MASK.copy(), (0.1, 0.1), us_2d()
    )


def test_the_spacing_of_a_profile_in_pixels_is_not_looked_at():
    assert feature_key(GREY, MASK, (0.1, 0.1), us_2d_px()) == feature_key(
        GREY, MASK, None, us_2d_px()
    )


def test_the_cache_lies_with_the_library(own_home, monkeypatch):
    assert default_cache_dir() == own_home / "cache"
    monkeypatch.delenv("HER2DESK_HOME")
    assert default_cache_dir().is_absolute()
    assert "Her2Desk" in default_cache_dir().parts
