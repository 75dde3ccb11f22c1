"""Every feature's standing with IBSI, its code as DICOM registers it, and the page that lists them."""

import importlib.util
from pathlib import Path

import pytest
from pydicom.sr.codedict import codes

from her2desk.errors import InputRefused
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.ibsi import KNOWN, ibsi_entry
from her2desk.radiomics.profile import onekey_1561, us_2d, us_2d_px

DOCS = Path(__file__).resolve().parents[3] / "docs"
# DICOM PS3.16 (CID 7465–7474), as pydicom ships it
REGISTERED = {code.value: code.meaning for code in codes.IBSI.concepts.values()}


def words(text: str) -> set[str]:
    plain = text.lower().replace("-", "").replace("grey", "gray").replace("lised", "lized")
    return set(plain.replace("(", "").replace(")", "").split())


def status(name, profile):
    return ibsi_entry(name, profile).status


@pytest.mark.parametrize("profile", [us_2d(), us_2d_px(), onekey_1561()], ids=lambda p: p.name)
def test_every_feature_has_a_standing_and_a_reason(profile):
    for name in all_names(profile):
        entry = ibsi_entry(name, profile)
        assert entry.reason.text()
        assert bool(entry.name) == bool(entry.code)
        assert entry.status == "not IBSI" or entry.code


@pytest.mark.parametrize("feature_class", ["shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm"])
def test_codes_are_those_that_dicom_registers(feature_class):
    """A code beside the wrong feature would be registered under other words."""
    for name, code in KNOWN[feature_class].values():
        ours = words(name.replace("Volume (voxel counting)", "Volume from voxel summation"))
        assert ours <= words(REGISTERED[code]) | {"levels"}, (name, REGISTERED[code])


def test_no_two_features_of_a_class_share_a_code():
    for known in KNOWN.values():
        assert len({code for _, code in known.values()}) == len(known)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("original_firstorder_Mean", "IBSI"),
        ("original_glcm_Contrast", "IBSI"),
        ("original_firstorder_Kurtosis", "not IBSI"),
        ("original_firstorder_TotalEnergy", "not IBSI"),
        ("original_glcm_MCC", "not IBSI"),
        ("original_shape2D_Perimeter", "not IBSI"),
        ("log-sigma-1-0-mm-3D_glcm_Contrast", "IBSI filter image"),
        ("wavelet-LH_firstorder_Mean", "IBSI filter image"),
        ("wavelet-LH_firstorder_Kurtosis", "not IBSI"),
        ("gradient_firstorder_Mean", "not IBSI"),
        ("lbp-2D_glcm_Contrast", "not IBSI"),
    ],
)
def test_standing_in_the_default_profile(name, expected):
    assert status(name, us_2d()) == expected


def test_bins_of_a_fixed_width_do_not_start_where_ibsi_starts_them():
    for name in ("original_glcm_Contrast", "original_firstorder_Entropy"):
        assert status(name, onekey_1561()) == "not IBSI"
        assert status(name, us_2d()) == "IBSI"
    assert status("original_firstorder_Variance", onekey_1561()) == "IBSI"


def test_a_volume_of_one_slice_is_outside_ibsi():
    for name in ("original_shape_Flatness", "wavelet-LLL_firstorder_Mean"):
        assert status(name, onekey_1561()) == "not IBSI"
    noise = ibsi_entry("wavelet-LLH_firstorder_Mean", onekey_1561())
    assert "rounding error" in noise.reason.text()


@pytest.mark.parametrize("name", ["", "x_y", "original_haralick_Contrast"])
def test_what_is_no_feature_has_no_standing(name):
    with pytest.raises(InputRefused) as refused:
        ibsi_entry(name, us_2d())
    assert refused.value.code == "features-missing"


def test_the_page_lists_what_the_code_says():
    """Written by ``python docs/make_features.py``."""
    spec = importlib.util.spec_from_file_location("make_features", DOCS / "make_features.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (DOCS / "features.md").read_text(encoding="utf-8")
    assert module.with_tables(page) == page
