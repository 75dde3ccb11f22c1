"""Feature profiles: locked text, checked on reading."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import (
    MAX_PROFILE_BYTES,
    PROFILES,
    load_profile,
    named_profile,
    onekey_1561,
    us_2d,
    us_2d_px,
    with_resample,
)


def test_a_profile_survives_its_text():
    for profile in (us_2d(), us_2d(resample_mm=0.12), us_2d_px(), onekey_1561()):
        again = load_profile(profile.to_json())
        assert again == profile
        assert again.sha256 == profile.sha256


def test_profiles_that_measure_otherwise_have_another_hash():
    others = (us_2d(), us_2d(resample_mm=0.11), us_2d_px(), onekey_1561())
    assert len({profile.sha256 for profile in others}) == 4


def test_the_default_profile_states_its_features():
    names = all_names(us_2d())
    per_image = 18 + 24 + 16 + 16 + 14 + 5  # pyradiomics 3.0.1's classes, without deprecated ones
    images = 1 + 4 + 1 + 3 + 1 + 4
    assert len(names) == len(set(names)) == 9 + images * per_image == 1311
    assert names[0] == "original_shape2D_Elongation"
    assert "wavelet-LH_glcm_Contrast" in names
    assert "log-sigma-0-5-mm-3D_firstorder_Mean" in names
    assert not any(name.split("_")[1] == "shape2D" for name in names[9:])


def test_pixels_and_millimetres_have_profiles_of_their_own():
    in_pixels = us_2d_px()
    assert in_pixels.unit == "px"
    assert in_pixels.resample is None
    assert in_pixels.name != us_2d().name
    assert not set(in_pixels.images_of("LoG")) & set(us_2d().images_of("LoG"))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"bin_count": 1}, "bin_count"),
        ({"bin_count": "32"}, "bin_count"),
        ({"resample": 0}, "resample"),
        ({"resample": -0.1}, "resample"),
        ({"image_types": []}, "image_types"),
        ({"image_types": ["Original", "getattr"]}, "image_types"),
        ({"image_types": ["Original", "Original", "LoG"]}, "top level"),
        ({"feature_classes": ["form"]}, "feature_classes"),
        ({"log_sigmas": []}, "top level"),
        ({"log_sigmas": [1, 1]}, "top level"),
        ({"image_types": ["Original"]}, "top level"),
        ({"assumed_mm": 0.1}, "top level"),
        ({"uncalibrated": "as-if"}, "top level"),
        ({"unit": "px"}, "top level"),
        ({"name": "../x"}, "name"),
        ({"pad_px": 10**9}, "pad_px"),
        ({"pad_px": None}, "needs pad_px"),
        ({"bin_count": None}, "either bin_count or bin_width"),
        ({"bin_width": 25.0}, "either bin_count or bin_width"),
        ({"bin_count": None, "bin_width": 1e-7}, "bin_width"),
        ({"image_types": ["LBP3D"], "log_sigmas": []}, "LBP3D does not fit dimension 2"),
        ({"feature_classes": ["shape"]}, "shape does not fit dimension 2"),
        ({"dimension": 3}, "does not fit dimension 3"),
        ({"left_out": ["glcm MCC"]}, "left_out"),
        ({"schema_version": 2}, "schema_version"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_an_impossible_profile_is_refused_by_the_place(change, place):
    text = json.dumps({**json.loads(us_2d().to_json()), **change})
    with pytest.raises(InputRefused, match=place) as refusal:
        load_profile(text)
    assert refusal.value.code == "profile-malformed"


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_other_text_is_refused_in_words(text):
    with pytest.raises(InputRefused) as refusal:
        load_profile(text)
    assert refusal.value.code == "profile-malformed"


def test_a_slice_is_not_resampled():
    with pytest.raises(ValueError, match="no millimetres"):
        with_resample(onekey_1561(), 0.1)
    text = json.dumps({**json.loads(onekey_1561().to_json()), "unit": "mm", "resample": 0.1,
                       "pad_px": 5})  # fmt: skip
    with pytest.raises(InputRefused, match="one slice is not resampled"):
        load_profile(text)


def test_a_profile_takes_another_pixel_size():
    assert with_resample(us_2d(), 0.16) == us_2d(resample_mm=0.16)
    with pytest.raises(ValueError, match="no millimetres"):
        with_resample(us_2d_px(), 0.16)


def test_profiles_are_found_by_their_names():
    assert list(PROFILES) == ["us-2d", "us-2d-px", "onekey-1561"]
    for name in PROFILES:
        assert named_profile(name).name == name


def test_a_profile_is_read_from_its_file(tmp_path):
    file = tmp_path / "own.json"
    file.write_text(us_2d(resample_mm=0.2).to_json())
    assert named_profile(str(file)) == us_2d(resample_mm=0.2)
    file.write_text("{}")
    with pytest.raises(InputRefused) as refused:
        named_profile(str(file))
    assert refused.value.code == "profile-malformed"


def test_an_unknown_profile_is_refused_with_the_list(tmp_path):
    for content in (b"\xff\xfe", b" " * (MAX_PROFILE_BYTES + 1)):
        file = tmp_path / "no-profile"
        file.write_bytes(content)
        for name in (str(file), str(tmp_path), "us-3d", "", "a\0b"):
            with pytest.raises(InputRefused, match="Use us-2d, us-2d-px, onekey-1561") as refused:
                named_profile(name)
            assert refused.value.code == "profile-unknown"
