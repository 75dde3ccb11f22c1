"""What is measured is what it says: outlines, packs, files, and both sides giving the same thing."""

import json
import platform
import sys
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from her2desk.benchmark.cine_scene import CineScene, CineWork
from her2desk.benchmark.cines import SYNTAXES, speckle, write_cine
from her2desk.benchmark.cohort_scene import CohortScene
from her2desk.benchmark.enhance_scene import EnhanceScene
from her2desk.benchmark.feature_scene import FeatureScene
from her2desk.benchmark.lesions import SPACING_MM, LesionPicture, with_vertex_moved
from her2desk.benchmark.machine import _processor, _system, usable_cores
from her2desk.benchmark.ordinary import by_pyradiomics, largest_difference
from her2desk.benchmark.readout_scene import ReadoutScene
from her2desk.benchmark.sample_packs import FEATURES, names_of
from her2desk.benchmark.start_scene import StartScene
from her2desk.benchmark.timing import Side, by_turns
from her2desk.dicom.reader import open_image
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import onekey_1561


@pytest.fixture(autouse=True)
def quiet() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # inside pyradiomics


@pytest.mark.parametrize("area", [1_000, 15_000, 56_000, 200_000])
def test_an_outline_has_the_area_it_is_named_for_and_lies_inside(area: int) -> None:
    picture = LesionPicture(area)
    rows, columns = picture.shape
    for drawn in (0, 1, 10_000):
        roi = picture.roi(drawn)
        assert roi.area_px == pytest.approx(area, rel=0.02)
        left, top, right, lower = roi.bounds()
        assert (left > 0, top > 0, right < columns, lower < rows) == (True,) * 4


def test_no_two_hands_draw_the_same_outline() -> None:
    picture = LesionPicture(1_000)
    masks = {rasterise(picture.polygon(k), *picture.shape).tobytes() for k in range(60)}
    assert len(masks) == 60


def test_a_moved_vertex_changes_the_outline_and_leaves_its_box() -> None:
    roi = LesionPicture(56_000).roi(3)
    moved = [with_vertex_moved(roi, step) for step in range(60)]
    for one in moved:
        assert one.box(10, 400, 500) == roi.box(10, 400, 500)
        assert sum(a != b for a, b in zip(one.polygon, roi.polygon, strict=True)) == 1
    assert all(a.polygon != b.polygon for a, b in pairwise(moved))


def test_the_lesion_s_file_is_calibrated_ultrasound(tmp_path: Path) -> None:
    picture = LesionPicture(1_000)
    picture.write(tmp_path / "lesion.dcm")
    opened = open_image(tmp_path / "lesion.dcm")
    assert picture.roi(0).spacing(opened.image).mm == pytest.approx((SPACING_MM, SPACING_MM))
    assert np.array_equal(opened.frames.frame(0), picture.grey())


def test_a_small_pack_has_features_of_five_image_types_lbp_3d_among_them() -> None:
    names = names_of(onekey_1561())
    assert len(set(names)) == FEATURES
    images = {name.split("_")[0] for name in names}
    assert len(images) == 5
    assert "lbp-3D-k" in images
    assert sorted(names_of(onekey_1561(), 1_561)) == sorted(all_names(onekey_1561()))


def test_both_sides_of_the_full_set_give_the_same_numbers(tmp_path: Path) -> None:
    scene = FeatureScene("small", 1_000, 1, 1)
    with scene.products(tmp_path) as products, scene.baseline(tmp_path) as baseline:
        difference = scene.difference(products["small"].work(0), baseline.work(0))
    assert difference is not None
    assert difference <= 1e-9


@pytest.mark.slow
def test_both_sides_of_an_enhanced_frame_give_the_same_picture(tmp_path: Path) -> None:
    scene = EnhanceScene(product_rounds=1, baseline_rounds=1)
    with scene.products(tmp_path) as products, scene.baseline(tmp_path) as baseline:
        given = products[scene.row].work(0), baseline.work(0)
    assert given[0].shape == (1600, 2000)
    assert given[0].std() > 10
    difference = scene.difference(*given)
    assert difference is not None
    assert difference <= 0.01


def test_pyradiomics_is_asked_for_a_packs_features_alone() -> None:
    profile, one = onekey_1561(), LesionPicture(1_000).outline(0)
    names = ["original_glcm_Contrast", "square_firstorder_Mean"]
    theirs = by_pyradiomics(one, profile, names)
    assert len(theirs) == 4  # the extractor crosses image types with features
    ours = extract(one.grey, one.mask, one.spacing_mm, profile, names)
    assert largest_difference(ours, theirs, names) <= 1e-9


def test_a_difference_is_relative_and_the_largest() -> None:
    assert largest_difference([1.0, 2.2, 0.0], {"a": 1, "b": 2, "c": 0}, "abc") == pytest.approx(
        0.1
    )
    assert largest_difference([1e-13], {"a": 0}, "a") == 0


def test_a_cohort_s_sample_is_scaled_to_all_its_patients(tmp_path: Path) -> None:
    scene = CohortScene("cohort", 1_000, patients=40, sample=2, jobs=1, features=10)
    with scene.products(tmp_path) as products, scene.baseline(tmp_path) as baseline:
        product = products["cohort"]
        assert (product.scale, baseline.scale) == (20, 40)
        assert product.offset_ms > 0
        found = by_turns({"cohort": product, "baseline": baseline}, 1, lambda _done, _of: None)
    difference = scene.difference(found["cohort"].first, found["baseline"].first)
    assert difference is not None
    assert difference <= 1e-9


@pytest.mark.parametrize("kind", SYNTAXES)
def test_a_cine_of_each_kind_can_be_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cine.dcm"
    write_cine(path, kind, speckle()[:1], 2)
    opened = open_image(path)
    assert opened.image.frames == 2
    first, second = opened.frames.frame(0).astype(float), opened.frames.frame(1)
    assert np.array_equal(first, second)
    assert np.abs(first - speckle()[0]).mean() < 10  # JPEG is lossy


def test_a_cine_s_last_frame_is_the_same_by_both_sides(tmp_path: Path) -> None:
    scene = CineScene("cine", 2, CineWork.KEPT)
    with scene.products(tmp_path) as products, scene.baseline(tmp_path) as baseline:
        assert scene.difference(products["cine"].work(0), baseline.work(0)) == 0


def test_a_start_is_told_by_the_program_that_started(tmp_path: Path) -> None:
    code = "import os, sys, time; print(time.time(), sys.argv[1], os.environ['HER2DESK_HOME'])"
    scene = StartScene("start", code, code)
    assert not scene.is_weighed
    with scene.products(tmp_path) as products:
        side: Side = products["start"]
        assert side.tells_s
        assert 0 < side.work(0) < 60


def test_an_installed_program_has_no_python_to_start_windows_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = StartScene("start", "", "")
    assert scene.absent() is None
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert scene.absent() is not None


def test_rows_on_a_card_are_named_for_it_and_need_one() -> None:
    scene = ReadoutScene(names=("readout_resnet101",), device="cuda")
    assert scene.rows == ("readout_resnet101_cuda",)


def test_only_a_new_outline_needs_the_network() -> None:
    scene = ReadoutScene()
    assert scene.limit("readout_resnet101").flop > 1e10
    assert scene.limit("readout_vertex_moved").flop == 0
    assert scene.limit("readout_vertex_moved").moved_bytes > 0
    assert scene.limit("readout_form_changed").moved_bytes == 0


def test_the_machine_is_described_without_its_name() -> None:
    said = json.dumps([_processor(), _system(), usable_cores()])
    assert platform.node() not in said
    assert usable_cores() >= 1
