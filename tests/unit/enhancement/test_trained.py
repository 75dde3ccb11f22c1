"""A trained enhancer: the same numbers whatever is asked for, and a proof that it invents nothing."""

import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from her2desk.domain.roi import Box
from her2desk.enhancement import tiles
from her2desk.enhancement.enhancer import Enhanced
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.enhancement.running import TileGenerator
from her2desk.enhancement.trained import TrainedEnhancer
from tests.enhancers import DEGRADATION, small_enhancer, small_weights

ROWS, COLUMNS = 230, 310  # two tiles down, three across
WHOLE = Box(0, 0, COLUMNS, ROWS)


def speckle(rows: int = ROWS, columns: int = COLUMNS, sigma: float = 2.0) -> np.ndarray:
    """Texture as fine as a beam is wide, far from black and white."""
    noise = gaussian_filter(np.random.default_rng(5).normal(size=(rows, columns)), sigma)
    return np.clip(120 + 25 * noise / max(noise.std(), 1e-9), 1, 254).astype(np.uint8)


def lettered() -> np.ndarray:
    """White letters on black in the upper left of the texture."""
    picture = Image.fromarray(speckle())
    draw = ImageDraw.Draw(picture)
    draw.rectangle((8, 8, 100, 30), fill=0)
    draw.text((12, 12), "LEFT BREAST 3h", fill=255)
    return np.array(picture)


def deep_enhancer() -> TrainedEnhancer:
    """As many blocks as there may be: it looks as far as a tile's margin allows."""
    return dataclasses.replace(small_enhancer(), blocks=6, weights=small_weights(blocks=6))


@pytest.fixture(scope="module")
def enhancer() -> TrainedEnhancer:
    return small_enhancer()


@pytest.fixture(scope="module")
def whole(enhancer: TrainedEnhancer) -> Enhanced:
    return enhancer.enhance(lettered(), WHOLE)


class Kept:
    """A memory, as the engine has one."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], Enhanced] = {}
        self.steps: list[float] = []

    def recall(self, place: tuple[int, int], work: Callable[[], Enhanced]) -> Enhanced:
        if place not in self.tiles:
            self.tiles[place] = work()
        return self.tiles[place]

    def step(self, fraction: float) -> None:
        self.steps.append(fraction)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.integers(0, COLUMNS - 1)), draw(st.integers(0, ROWS - 1))
    return Box(x0, y0, draw(st.integers(x0 + 1, COLUMNS)), draw(st.integers(y0 + 1, ROWS)))


def assert_is_part(found: Enhanced, box: Box, whole: Enhanced) -> None:
    rows, columns = slice(box.y0, box.y1), slice(box.x0, box.x1)
    fine = slice(4 * box.y0, 4 * box.y1), slice(4 * box.x0, 4 * box.x1)
    assert np.array_equal(found.pixels, whole.pixels[fine])
    assert np.array_equal(found.residual, whole.residual[rows, columns])


@settings(max_examples=10)
@given(boxes())
def test_an_enhanced_box_is_that_of_the_enhanced_frame_to_the_last_bit(enhancer, whole, box):
    """Residual and all, at the frame's edges and across tiles."""
    assert_is_part(enhancer.enhance(lettered(), box), box, whole)


@settings(max_examples=5)
@given(st.lists(boxes(), min_size=2, max_size=5))
def test_with_a_memory_nothing_depends_on_what_was_asked_before(enhancer, whole, asked):
    memory = Kept()
    for box in asked:
        assert_is_part(enhancer.enhance(lettered(), box, memory), box, whole)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_bits_are_those_of_any_number_of_threads(enhancer, whole, threads):
    """Window and command line need not have the same number."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        box = Box(100, 90, 200, 180)
        assert_is_part(enhancer.enhance(lettered(), box), box, whole)
    finally:
        torch.set_num_threads(before)


def test_a_tile_is_worked_out_once_and_progress_is_told_before_each(enhancer, whole):
    memory = Kept()
    enhancer.enhance(lettered(), WHOLE, memory)
    assert sorted(memory.tiles) == [(row, column) for row in range(2) for column in range(3)]
    assert memory.steps == [n / 6 for n in range(6)]
    before = dict(memory.tiles)
    assert_is_part(enhancer.enhance(lettered(), WHOLE, memory), WHOLE, whole)
    assert all(memory.tiles[place] is tile for place, tile in before.items())


def test_work_that_is_cancelled_stops_before_the_next_tile(enhancer):
    class Impatient(Kept):
        def step(self, fraction: float) -> None:
            super().step(fraction)
            if len(self.steps) == 3:
                raise InterruptedError

    memory = Impatient()
    with pytest.raises(InterruptedError):
        enhancer.enhance(lettered(), WHOLE, memory)
    assert len(memory.tiles) == 2


def test_the_residual_is_that_of_the_picture_that_comes_out(whole):
    """By matrices, which measure it in another way than the enhancer does."""
    down = DEGRADATION.along_depth(ROWS) @ whole.pixels @ DEGRADATION.along_lateral(COLUMNS).T
    assert whole.residual.dtype == np.float32
    assert whole.residual == pytest.approx(down - lettered(), abs=1e-4)


def test_where_the_image_is_speckle_the_picture_gives_it_back(enhancer):
    """To a quarter of a grey level, which is what rounding brings; the enhancement is not nothing."""
    enhanced = enhancer.enhance(speckle(), WHOLE)
    assert np.abs(enhanced.residual).max() < 0.3
    lanczos = LanczosEnhancer(4).enlarged(speckle())
    assert np.abs(enhanced.pixels.astype(int) - lanczos).max() > 10


def test_letters_are_no_blurred_picture_and_the_residual_says_so_there_alone(whole):
    """No picture between black and white degrades to a white stroke on black."""
    away = np.abs(whole.residual)
    assert away[8:31, 8:101].max() > 2
    apart = away.copy()
    apart[:40, :110] = 0
    assert apart.max() < 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (3, 5), (170, 2), (160, 161)])
def test_frames_of_any_size_are_enhanced(enhancer, shape):
    frame = speckle(*shape)
    enhanced = enhancer.enhance(frame, Box(0, 0, shape[1], shape[0]))
    assert enhanced.pixels.shape == (4 * shape[0], 4 * shape[1])
    assert np.abs(enhanced.residual).max() < 0.35


def seams(enhancer: TrainedEnhancer, frame: np.ndarray) -> int:
    """The largest difference, in grey levels, from enhancing the frame in one."""
    rows, columns = frame.shape
    tiled = enhancer.enhance(frame, Box(0, 0, columns, rows)).pixels
    one = TileGenerator(enhancer.architecture, enhancer.degradation, enhancer.weights)(frame)
    return int(np.abs(tiled.astype(int) - one).max())


def test_no_seam_shows_between_tiles():
    """One grey level at most, where rounding tips over."""
    assert seams(deep_enhancer(), speckle()) <= 1


def test_with_less_margin_seams_would_show(monkeypatch):
    """So that the test above can fail."""
    monkeypatch.setattr(tiles, "MARGIN_PX", 2)
    monkeypatch.setattr(tiles, "TILE_PX", tiles.CORE_PX + 4)
    assert seams(deep_enhancer(), speckle()) > 1


@pytest.mark.parametrize("grey", [0, 255])
def test_black_and_white_stay_so(enhancer, grey):
    """The network would go beyond, and grey values do not wrap around."""
    flat = np.full((40, 50), grey, np.uint8)
    enhanced = enhancer.enhance(flat, Box(0, 0, 50, 40))
    assert np.abs(enhanced.pixels.astype(int) - grey).max() <= 4
    assert np.abs(enhanced.residual).max() < 0.3


def test_an_enhancer_goes_to_another_process_before_and_after_it_ran(enhancer):
    box = Box(3, 4, 30, 20)
    expected = enhancer.enhance(speckle(), box).pixels
    for one in (small_enhancer(), enhancer):
        there = pickle.loads(pickle.dumps(one))
        assert there == one
        assert np.array_equal(there.enhance(speckle(), box).pixels, expected)


def test_the_networks_library_is_loaded_when_the_first_tile_is_enhanced():
    program = (
        "import sys; import numpy as np; from tests.enhancers import small_enhancer;"
        "from her2desk.domain.roi import Box; import her2desk.enhancement.sight;"
        "one = small_enhancer(); said = one.name, one.method, one.scale, one.architecture.seen_px;"
        "assert 'torch' not in sys.modules; one.enhance(np.zeros((9, 9), np.uint8), Box(0, 0, 9, 9));"
        "assert 'torch' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_weights_of_another_network_are_our_fault():
    wrong = dataclasses.replace(small_enhancer(), blocks=2)
    with pytest.raises(ValueError, match="not this generator's"):
        wrong.enhance(speckle(), WHOLE)


@pytest.mark.parametrize("size", [{"blocks": 7}, {"blocks": 0}, {"width": 0}, {"width": 129}])
def test_a_network_that_looks_further_than_a_tiles_margin_is_not_made(size):
    with pytest.raises(ValueError, match="no such generator"):
        dataclasses.replace(small_enhancer(), **size)


def test_what_a_network_sees_fits_into_the_margin():
    deepest = deep_enhancer().architecture
    assert deepest.reach_px <= tiles.MARGIN_PX
    assert deepest.seen_px == 31
