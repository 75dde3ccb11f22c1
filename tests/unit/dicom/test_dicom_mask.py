"""A mask becomes the outline that, filled again, is the mask."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.measure import points_in_poly

from her2desk.dicom.mask import outline_from_mask, roi_from_mask, trace
from her2desk.domain.roi import MAX_POINTS, Roi
from her2desk.errors import InputRefused


def ellipse(rows: int, columns: int, centre: tuple[float, float], axes: tuple[float, float]):
    row, column = np.mgrid[:rows, :columns]
    return ((row - centre[0]) / axes[0]) ** 2 + ((column - centre[1]) / axes[1]) ** 2 <= 1


def filled(roi: Roi, shape: tuple[int, int]) -> np.ndarray:
    """The pixels whose centres, at (column + ½, row + ½), lie inside the outline."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    centres = np.column_stack([column.ravel() + 0.5, row.ravel() + 0.5])
    return points_in_poly(centres, np.array(roi.polygon)).reshape(shape)


def save(path: Path, mask: np.ndarray) -> Path:
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path


def refused(path: Path, size: tuple[int, int] | None = None) -> str:
    with pytest.raises(InputRefused) as caught:
        roi_from_mask(path, 0, size)
    assert caught.value.remedy.text()
    return caught.value.code


@pytest.mark.parametrize(
    ("centre", "axes"),
    [((40, 50), (20, 30)), ((0, 0), (30, 30)), ((79, 99), (50, 20)), ((40, 50), (3.5, 45))],
)
def test_filling_the_outline_gives_the_mask_back(
    tmp_path: Path, centre: tuple[int, int], axes: tuple[float, float]
) -> None:
    mask = ellipse(80, 100, centre, axes)
    outline = outline_from_mask(save(tmp_path / "mask.png", mask), 3, (80, 100))
    assert outline.roi.frame_index == 3
    assert outline.warnings == ()
    assert np.array_equal(filled(outline.roi, mask.shape), mask)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_ragged_parts_come_back_too(seed: int) -> None:
    from scipy.ndimage import binary_fill_holes, gaussian_filter
    from skimage.measure import label

    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(40, 50)), 2)
    labels = label(noise > np.quantile(noise, 0.6), connectivity=2)
    part = binary_fill_holes(labels == np.argmax(np.bincount(labels.ravel())[1:]) + 1)
    again = filled(Roi(0, trace(part)), part.shape)
    assert (again & part).sum() / (again | part).sum() > 0.99


def test_points_on_straight_lines_are_left_out(tmp_path: Path) -> None:
    mask = np.zeros((400, 400), bool)
    mask[50:350, 50:350] = True
    roi = roi_from_mask(save(tmp_path / "square.png", mask), 0)
    assert len(roi.polygon) == 8  # four sides, each corner cut
    assert len(roi.polygon) < MAX_POINTS
    assert roi.bounds() == (50, 50, 350, 350)


def test_the_largest_of_several_parts_is_taken_and_said(tmp_path: Path) -> None:
    mask = ellipse(60, 60, (20, 20), (10, 10)) | ellipse(60, 60, (50, 50), (4, 4))
    outline = outline_from_mask(save(tmp_path / "mask.png", mask), 0)
    assert [w.code for w in outline.warnings] == ["mask-parts"]
    assert "2" in outline.warnings[0].message.text()
    assert outline.roi.centroid == pytest.approx((20.5, 20.5), abs=0.01)


def test_holes_are_filled_and_said(tmp_path: Path) -> None:
    disc, hole = ellipse(60, 60, (30, 30), (20, 20)), ellipse(60, 60, (30, 30), (15, 15))
    outline = outline_from_mask(save(tmp_path / "mask.png", disc & ~hole), 0)
    assert [w.code for w in outline.warnings] == ["mask-holes"]
    assert np.array_equal(filled(outline.roi, disc.shape), disc)


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "mask.png", np.ones((20, 30), bool))
    assert refused(path, (30, 20)) == "mask-size"


def test_an_empty_mask_is_refused(tmp_path: Path) -> None:
    assert refused(save(tmp_path / "mask.png", np.zeros((20, 30), bool))) == "mask-empty"


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    notes = tmp_path / "mask.png"
    notes.write_text("no mask")
    assert refused(notes) == "not-an-image"
    assert refused(tmp_path / "gone.png") == "unreadable-file"
    jpeg = tmp_path / "mask.jpg"
    Image.fromarray(np.full((20, 20), 255, np.uint8)).save(jpeg)
    assert refused(jpeg) == "mask-format"


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "I;16"])
def test_masks_of_every_mode_mark_what_is_not_black(tmp_path: Path, mode: str) -> None:
    mask = ellipse(40, 40, (20, 20), (10, 10))
    path = tmp_path / "mask.png"
    if mode == "I;16":
        Image.fromarray(mask.astype(np.uint16)).save(path)  # labels 0 and 1, not 0 and 65535
    else:
        Image.fromarray(mask.astype(np.uint8) * 255).convert(mode).save(path)
    assert np.array_equal(filled(roi_from_mask(path, 0), mask.shape), mask)


@pytest.mark.data
def test_public_masks_come_back(test_data: Path) -> None:
    masks = sorted((test_data / "busbra").rglob("mask_*.png"))[:12]
    assert len(masks) == 12
    for path in masks:
        mask = np.asarray(Image.open(path).convert("L")) > 0
        again = filled(roi_from_mask(path, 0, mask.shape), mask.shape)
        assert (again & mask).sum() / (again | mask).sum() > 0.99, path.name
