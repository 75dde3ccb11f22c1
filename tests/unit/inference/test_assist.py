"""An outline from a box or a click: what is proposed, what is doubted and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.dicom.reader import open_image
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.proposal import Prompt, ProposalOrigin
from her2desk.errors import EngineFailed, InputRefused
from her2desk.inference.assist.assist import assist, dice
from her2desk.inference.assist.contour import (
    MAX_POINTS,
    clipped,
    part_at_click,
    part_in_box,
    polygon_of,
)
from her2desk.inference.assist.network import read_contour_network
from her2desk.inference.assist.training_list import manifest_path, training_lists
from her2desk.inference.assist.walker import walked_in_box
from her2desk.inference.assist.window import (
    SIZE,
    Window,
    box_map,
    box_window,
    click_map,
    click_window,
    picture_at,
)
from her2desk.paths import contour_network_path, demo_case_dir
from her2desk.phantoms.patient import simulate_patient
from her2desk.radiomics.mask import rasterise


def picture(rows: int = 300, columns: int = 400) -> UltrasoundImage:
    return UltrasoundImage("", None, rows, columns, 1, "MONOCHROME2", "image/png")


def dark_disc(x: float, y: float, radius: float, rows: int = 300, columns: int = 400):
    """Bright speckle with a dark disc in it."""
    down, across = np.mgrid[:rows, :columns] + 0.5
    inside = np.hypot(across - x, down - y) <= radius
    noise = np.random.default_rng(0).normal(0, 6, (rows, columns))
    return np.clip(np.where(inside, 40, 140) + noise, 0, 255).astype(np.uint8), inside


class SeesDark:
    """In the network's place: what is darker than the mean of the window is lesion."""

    sha256 = "d" * 64

    def chances(self, inputs):
        return (inputs[0] < 0).astype(np.float32)


class SeesNothing(SeesDark):
    def chances(self, inputs):
        return np.zeros_like(inputs[0])


class Hesitates(SeesDark):
    """Finds the same, and is sure of none of it."""

    def chances(self, inputs):
        return np.where(inputs[0] < 0, 0.6, 0.3).astype(np.float32)


class SeesAHalf(SeesDark):
    """Only the left of what is dark, so that it and the walker disagree."""

    def chances(self, inputs):
        found = super().chances(inputs)
        found[:, SIZE * 15 // 32 :] = 0
        return found


@pytest.fixture(scope="module")
def network():
    return read_contour_network(contour_network_path())


BOX = Prompt(0, ((145.0, 92.0), (255.0, 208.0)))
CLICK = Prompt(0, ((203.0, 148.0),))


@pytest.mark.parametrize("prompt", [BOX, CLICK], ids=["box", "click"])
def test_the_outline_follows_the_edge_and_says_who_proposed_it(prompt):
    pixels, inside = dark_disc(200, 150, 50)
    proposal = assist(pixels, picture(), prompt, SeesDark())
    assert proposal.origin is ProposalOrigin.ASSISTED
    assert proposal.note is None
    assert proposal.roi.assisted_by == SeesDark.sha256
    assert len(proposal.roi.polygon) <= MAX_POINTS
    assert dice(rasterise(proposal.roi.polygon, 300, 400), inside) > 0.96


def test_corners_in_any_order_and_colour_give_the_same():
    pixels, _ = dark_disc(200, 150, 50)
    coloured = np.repeat(pixels[..., None], 3, axis=2)
    (left, top), (right, lower) = BOX.corners
    other = Prompt(0, ((right, top), (left, lower)))
    expected = assist(pixels, picture(), BOX, SeesDark()).roi
    assert assist(coloured, picture(), other, SeesDark()).roi == expected


def test_a_lesion_cut_by_the_pictures_edge_stays_inside():
    pixels, inside = dark_disc(20, 150, 50)
    box = Prompt(0, ((-30.0, 95.0), (75.0, 205.0)))
    roi = assist(pixels, picture(), box, SeesDark()).roi
    roi.check(picture())
    assert min(x for x, _ in roi.polygon) == 0
    assert dice(rasterise(roi.polygon, 300, 400), inside) > 0.93


@pytest.mark.parametrize(
    ("prompt", "network"),
    [(BOX, SeesAHalf()), (CLICK, Hesitates())],
    ids=["box: network and walker disagree", "click: the network is not sure"],
)
def test_a_doubtful_outline_says_so(prompt, network):
    pixels, _ = dark_disc(200, 150, 50)
    note = assist(pixels, picture(), prompt, network).note
    assert note is not None
    assert "check the outline" in note.text()


def test_a_click_where_no_lesion_is_asks_for_a_box():
    pixels, _ = dark_disc(200, 150, 50)
    with pytest.raises(InputRefused, match="Nothing like a lesion") as refused:
        assist(pixels, picture(), CLICK, SeesNothing())
    assert refused.value.code == "assist-nothing"
    assert refused.value.remedy.text().startswith("Draw a box")


def test_a_box_where_the_network_sees_nothing_is_outlined_by_its_edges_and_says_so():
    pixels, inside = dark_disc(200, 150, 50)
    proposal = assist(pixels, picture(), BOX, SeesNothing())
    assert "Nothing like a lesion was recognised" in proposal.note.text()
    assert dice(rasterise(proposal.roi.polygon, 300, 400), inside) > 0.9


def test_what_is_too_small_for_texture_is_no_lesion():
    pixels, _ = dark_disc(48, 48, 3, 96, 96)
    box = Prompt(0, ((44.0, 44.0), (52.0, 52.0)))
    with pytest.raises(InputRefused, match="Nothing like a lesion"):
        assist(pixels, picture(96, 96), box, SeesDark())


@pytest.mark.parametrize("prompt", [BOX, CLICK], ids=["box", "click"])
def test_a_flat_picture_has_no_lesion(prompt):
    flat = np.full((300, 400), 90, np.uint8)
    with pytest.raises(InputRefused, match="Nothing like a lesion"):
        assist(flat, picture(), prompt, SeesDark())


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (Prompt(0, ()), "does not fit"),
        (Prompt(0, ((1.0, 1.0),) * 3), "does not fit"),
        (Prompt(1, CLICK.corners), "does not fit"),
        (Prompt(-1, CLICK.corners), "does not fit"),
        (Prompt(0, ((float("nan"), 1.0),)), "does not fit"),
        (Prompt(0, ((401.0, 10.0),)), "outside the image"),
        (Prompt(0, ((10.0, 10.0), (14.0, 60.0))), "too small or too thin"),
        (Prompt(0, ((10.0, 10.0), (390.0, 30.0))), "too small or too thin"),
        (Prompt(0, ((500.0, 10.0), (590.0, 90.0))), "too small or too thin"),
    ],
)
def test_a_prompt_that_cannot_be_meant_is_refused(prompt, sentence):
    pixels, _ = dark_disc(200, 150, 50)
    with pytest.raises(InputRefused, match=sentence) as refused:
        assist(pixels, picture(), prompt, SeesDark())
    assert refused.value.code == "assist-prompt"


# The window


@given(
    st.floats(-50, 450), st.floats(-50, 350), st.floats(10, 900), st.floats(-3, 3), st.booleans()
)
def test_window_and_picture_lead_into_each_other(x, y, side, turn, mirrored):
    window = Window((x, y), side, turn, mirrored)
    points = np.array([[0.0, 0.0], [SIZE, 3.5], [17.25, 99.0]])
    np.testing.assert_allclose(window.to_window(window.to_image(points)), points, atol=1e-8)


@pytest.mark.parametrize("side", [90.0, 128.0, 250.0])
def test_a_window_shows_what_lies_where_it_says(side):
    down, across = np.mgrid[:400, :500] + 0.5
    window = Window((220.3, 180.2), side, 0.4, True)
    at = np.arange(SIZE) + 0.5
    places = window.to_image(np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2))
    np.testing.assert_allclose(window.sample(across).ravel(), places[:, 0], atol=0.01)
    np.testing.assert_allclose(window.sample(down).ravel(), places[:, 1], atol=0.01)


def test_beside_the_picture_its_edge_goes_on():
    pixels = np.tile(np.arange(100, dtype=np.uint8), (80, 1))
    seen = Window((0.0, 40.0), 64.0).sample(pixels)
    assert seen[:, : SIZE // 2].max() == 0
    assert seen[:, -1].min() > 25


def test_prompts_are_drawn_where_they_were_given():
    box = box_map((32.0, 16.0, 64.0, 48.0))
    assert box.sum() == 32 * 32
    assert box[16, 32] == box[47, 63] == 1
    assert np.unravel_index(click_map((20.5, 90.5)).argmax(), (SIZE, SIZE)) == (90, 20)
    window = box_window((100.0, 50.0, 200.0, 90.0))
    assert (window.centre, window.side_px) == ((150.0, 70.0), 150.0)


def test_a_click_looks_at_the_ultrasound_region_that_it_lies_in():
    opened = open_image(demo_case_dir() / "demo.dcm")
    region = opened.image.regions[0]
    corners = picture_at(opened.image, (region.x0 + 9.0, region.y0 + 9.0))
    assert corners == (region.x0, region.y0, region.x1 + 1, region.y1 + 1)
    shorter = min(corners[2] - corners[0], corners[3] - corners[1])
    assert click_window((1.0, 1.0), corners).side_px == pytest.approx(0.9 * shorter)
    assert picture_at(picture(), (1.0, 1.0)) == (0, 0, 400, 300)


# From maps to outlines


def disc_map(x: float, y: float, radius: float) -> np.ndarray:
    down, across = np.mgrid[:SIZE, :SIZE] + 0.5
    return np.clip(radius + 0.5 - np.hypot(across - x, down - y), 0, 1).astype(np.float32)


WHOLE = Window((64.0, 64.0), float(SIZE))


def test_the_outline_of_a_soft_disc_is_that_disc():
    part = part_at_click(disc_map(60, 70, 30), (60, 70))
    points = np.array(polygon_of(part, WHOLE, SIZE, SIZE))
    assert np.abs(np.hypot(*(points - (60, 70)).T) - 30).max() < 0.3


def test_a_click_means_the_part_that_it_is_on_or_next_to():
    chances = np.maximum(disc_map(30, 30, 12), disc_map(90, 90, 20))
    assert part_at_click(chances, (30, 30)).mask.sum() < 500
    assert part_at_click(chances, (72, 72)).mask.sum() > 1000
    assert part_at_click(chances, (60, 20)) is None
    assert part_at_click(np.zeros_like(chances), (60, 20)) is None


def test_a_box_means_the_part_with_most_pixels_in_it():
    chances = np.maximum(disc_map(30, 30, 12), disc_map(90, 90, 20))
    assert part_in_box(chances, box_map((10, 10, 50, 50))).mask.sum() < 500
    assert part_in_box(chances, box_map((10, 10, 120, 120))).mask.sum() > 1000
    assert part_in_box(chances, box_map((100, 10, 120, 30))) is None


def test_holes_are_filled_and_ragged_edges_simplified():
    chances = disc_map(64, 64, 50) - disc_map(64, 64, 20)
    teeth = np.random.default_rng(1).random((SIZE, SIZE)) > 0.5
    chances[teeth & (disc_map(64, 64, 56) > 0) & (chances < 0.5)] = 0.9
    part = part_in_box(chances, box_map((1, 1, 127, 127)))
    assert part.mask[64, 64]
    polygon = polygon_of(part, WHOLE, SIZE, SIZE)
    assert 20 < len(polygon) <= MAX_POINTS
    assert rasterise(polygon, SIZE, SIZE)[64, 64]


def test_an_outline_is_cut_at_the_pictures_edge():
    part = part_at_click(disc_map(64, 64, 30), (64, 64))
    beside = Window((-100.0, 64.0), float(SIZE))
    assert polygon_of(part, beside, SIZE, SIZE) is None
    square = ((-10.0, 10.0), (20.0, 10.0), (20.0, 40.0), (-10.0, 40.0))
    assert set(clipped(square, 100, 100)) == {(0, 10), (20, 10), (20, 40), (0, 40)}
    assert clipped(square, 5, 100) == ()
    assert clipped(((1.001, 2.0), (3.0, 4.0), (9.0, 1.0)), 10, 10) == ((1, 2), (3, 4), (9, 1))


def test_the_walker_finds_a_disc_that_does_not_fill_its_box():
    pixels, inside = dark_disc(64, 64, 30, SIZE, SIZE)
    found = walked_in_box(pixels.astype(np.float32), (28.0, 28.0, 98.0, 98.0)) >= 0.5
    assert dice(found, inside) > 0.95
    assert dice(np.zeros(3, bool), np.zeros(3, bool)) == 0


def test_the_walker_bears_a_box_of_hardly_any_height():
    pixels, _ = dark_disc(64, 64, 30, SIZE, SIZE)
    found = walked_in_box(pixels.astype(np.float32), (20.0, 60.0, 108.0, 66.0))
    assert 0 <= found.min() < found.max() <= 1


# The network that ships


@pytest.mark.parametrize("kind", ["box", "click"])
@pytest.mark.parametrize("index", [0, 3])
def test_the_shipped_network_outlines_a_simulated_lesion(network, kind, index):
    patient = simulate_patient(index, 11, 1.0)
    left, top, right, lower = patient.roi.bounds()
    corners = ((left - 4, top - 4), (right + 4, lower + 4))
    prompt = Prompt(0, corners if kind == "box" else (patient.roi.centroid,))
    rows, columns = patient.mask.shape
    proposal = assist(patient.image, picture(rows, columns), prompt, network)
    proposal.roi.check(picture(rows, columns))
    assert dice(rasterise(proposal.roi.polygon, rows, columns), patient.mask) > 0.8


def test_the_shipped_network_is_small_and_says_what_it_was_made_from(network):
    path = contour_network_path()
    assert path.stat().st_size < 3_000_000
    lists = training_lists(path.parent)
    assert len(lists[network.sha256]) >= 628
    text = manifest_path(path).read_text(encoding="utf-8")
    assert "10.1038/s41597-024-02984-z" in text
    assert "CC BY 4.0" in text


@pytest.mark.data
def test_real_lesions_are_outlined(network, test_data):
    """Against breakage only: the network was trained on these pictures."""
    folder = test_data / "breast_usg" / "images_and_masks"
    found = []
    for case in range(1, 11):
        opened = open_image(folder / f"case{case:03d}.png")
        pixels = opened.frames.frame(0)
        mask = open_image(folder / f"case{case:03d}_tumor.png").frames.frame(0)
        inside = mask > 0 if mask.ndim == 2 else mask.any(axis=2)
        rows, columns = np.nonzero(inside)
        box = ((columns.min() - 4.0, rows.min() - 4.0), (columns.max() + 5.0, rows.max() + 5.0))
        roi = assist(pixels, opened.image, Prompt(0, box), network).roi
        roi.check(opened.image)
        found.append(dice(rasterise(roi.polygon, *inside.shape), inside))
    assert np.mean(found) > 0.8


@pytest.mark.parametrize("damage", ["no file", "no manifest", "other bytes", "no JSON", "no list"])
def test_a_network_that_is_missing_or_damaged_is_a_sentence(damage, tmp_path):
    path = tmp_path / "contour.safetensors"
    source = contour_network_path()
    path.write_bytes(source.read_bytes())
    manifest_path(path).write_bytes(manifest_path(source).read_bytes())
    if damage == "no file":
        path.unlink()
    elif damage == "no manifest":
        manifest_path(path).unlink()
    elif damage == "other bytes":
        path.write_bytes(path.read_bytes() + b"\0")
    else:
        manifest_path(path).write_text("{" if damage == "no JSON" else "{}")
        with pytest.raises(EngineFailed):
            training_lists(tmp_path)
    with pytest.raises(EngineFailed) as failed:
        read_contour_network(path)
    assert failed.value.code == "contour-network"
    assert "by hand" in failed.value.remedy.text()
