"""A frame enhanced by a network: tile by tile, each once, in idle moments too; and judged."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import ndimage

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.enhancement import EnhancementUse, enhanced_by
from her2desk.domain.prediction import HeatmapClass, HeatmapMethod
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Box, Roi
from her2desk.enhancement.known import ENHANCERS
from her2desk.enhancement.running import TileGenerator
from her2desk.enhancement.trained import TrainedEnhancer
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.engine import (
    EnhanceRequest,
    ExplainRequest,
    PredictRequest,
    StabilityRequest,
)
from her2desk.inference.engine_work import Work
from her2desk.inference.enhance_work import EnhanceWork
from her2desk.inference.enhancing import (
    MOST_REGIONS,
    FrameTiles,
    enhanced_frame,
    prepare_frame,
    regions,
    use_of,
)
from her2desk.inference.measuring import Outline, measure_cohort, measure_outlines
from her2desk.inference.opened_files import OpenedFiles
from her2desk.inference.remembered import Memory
from her2desk.inference.warming import made_up_case
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_pack_path
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d
from tests.enhancers import small_enhancer, small_enhancer_file
from tests.pack_samples import write_enhancing

SILENT = SilentProgress()
ROWS, COLUMNS = 150, 330
TILES = 3  # of such a frame: one below another, three side by side
FRAME = ndimage.gaussian_filter(
    np.random.default_rng(3).normal(100, 300, (ROWS, COLUMNS)), 3
).clip(20, 235).astype(np.uint8)  # fmt: skip
WHOLE = Box(0, 0, COLUMNS, ROWS)
ROI = Roi(0, ((60.0, 40.0), (120.0, 40.0), (120.0, 100.0), (60.0, 100.0)))


class AskedToStop:
    """Lets so many steps go by, then asks to stop."""

    def __init__(self, after: int) -> None:
        self.left = after

    def step(self, _fraction: float, _text: object) -> None:
        if self.left == 0:
            raise Cancelled
        self.left -= 1


@pytest.fixture(scope="module")
def enhancer() -> TrainedEnhancer:
    return small_enhancer()


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The size of each tile that goes through the network."""
    found: list[tuple[int, ...]] = []
    real = TileGenerator.__call__

    def counted(self: TileGenerator, tile: np.ndarray) -> np.ndarray:
        found.append(tile.shape)
        return real(self, tile)

    monkeypatch.setattr(TileGenerator, "__call__", counted)
    return found


def test_a_tile_is_enhanced_once_for_all_that_ask(enhancer: TrainedEnhancer, passes: list):
    memory = Memory()
    first = enhancer.enhance(FRAME, WHOLE, FrameTiles(memory, enhancer, FRAME))
    assert len(passes) == TILES
    part = Box(90, 10, 310, 140)
    again = enhancer.enhance(FRAME.copy(), part, FrameTiles(memory, enhancer, FRAME.copy()))
    assert len(passes) == TILES
    assert np.array_equal(again.pixels, first.pixels[4 * 10 : 4 * 140, 4 * 90 : 4 * 310])


def test_tiles_of_another_frame_or_enhancement_are_not_taken(
    enhancer: TrainedEnhancer, passes: list
):
    memory = Memory()
    other, darker = small_enhancer("other"), FRAME - 1
    for who, frame in ((enhancer, FRAME), (other, FRAME), (enhancer, darker)):
        remembered = enhanced_frame(who, frame, SILENT, memory)
        assert np.array_equal(remembered.pixels, who.enhance(frame, WHOLE).pixels)
    assert len(passes) == 2 * 3 * TILES


def test_a_frame_is_prepared_from_its_middle_as_far_as_there_is_room(
    enhancer: TrainedEnhancer, passes: list
):
    limit = 3_000_000  # the middle tile has a third of the enhanced frame's 790,000 pixels
    memory = Memory(limit_bytes=limit)
    prepare_frame(enhancer, FRAME, SILENT, memory)
    assert len(passes) == TILES
    small = Memory(limit_bytes=600_000)
    prepare_frame(enhancer, FRAME, SILENT, small)
    assert len(passes) == TILES + 1
    assert small.kept_bytes <= 600_000
    middle = Box(COLUMNS // 2, 60, COLUMNS // 2 + 1, 61)
    enhancer.enhance(FRAME, middle, FrameTiles(small, enhancer, FRAME))
    assert len(passes) == TILES + 1


def test_interpolation_is_not_prepared():
    memory = Memory()
    prepare_frame(ENHANCERS["lanczos-4"], FRAME, AskedToStop(0), memory)
    assert memory.kept_bytes == 0


def test_a_whole_frame_says_how_it_was_enhanced_and_how_far_it_is_away(enhancer: TrainedEnhancer):
    told: list[float] = []

    class Watcher:
        def step(self, fraction: float, text: object) -> None:
            told.append(fraction)

    found = enhanced_frame(enhancer, FRAME, Watcher())
    assert told == sorted(told)
    assert len(told) == TILES
    assert found.pixels.shape == (4 * ROWS, 4 * COLUMNS)
    assert (found.name, found.version, found.scale) == ("tiny", "1.0", 4)
    assert found.use.words == enhanced_by("tiny", "1.0")
    assert found.use.words.text() == "enhanced by tiny 1.0"
    residual = enhancer.degradation.applied(found.pixels) - FRAME
    assert found.use.of_px == FRAME.size
    assert found.use.largest_residual == pytest.approx(np.abs(residual).max(), abs=1e-5)
    assert found.use.failing_px == (np.abs(residual) > 1).sum()


def test_a_frame_too_large_is_refused_before_anything_is_enhanced(
    enhancer: TrainedEnhancer, passes: list
):
    with pytest.raises(InputRefused) as refused:
        enhanced_frame(enhancer, np.zeros((1600, 1600), np.uint8), SILENT)
    assert refused.value.code == "enhancement-too-large"
    assert not passes


# What is said of the residual.


def test_interpolation_has_nothing_that_could_be_consistent():
    use = use_of(ENHANCERS["lanczos-4"], None, WHOLE)
    assert use.is_consistent is None
    assert use.to_json() == {
        "method": "lanczos",
        "name": "lanczos",
        "version": "1",
        "scale": 4,
        "sha256": ENHANCERS["lanczos-4"].sha256,
        "consistency": None,
    }


def test_pixels_beyond_the_tolerance_are_counted_and_boxed(enhancer: TrainedEnhancer):
    residual = np.zeros((40, 50), np.float32)
    residual[3, 4:7] = 1.5
    residual[20, 30] = -7.25
    residual[30, 40] = 1.0  # the tolerance itself still counts as the image
    use = use_of(enhancer, residual, Box(100, 200, 150, 240))
    assert use.is_consistent is False
    assert use.to_json()["consistency"] == {
        "tolerance": 1.0,
        "largest": 7.25,
        "failing_pixels": 4,
        "pixels": 2000,
        "regions": [[104, 203, 107, 204], [130, 220, 131, 221]],
    }
    assert use_of(enhancer, residual * 0, WHOLE).is_consistent is True


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 40))), st.integers(0, 9))
def test_every_failing_pixel_lies_in_a_region_and_there_are_not_too_many(failing, corner):
    rows, columns = failing.shape
    box = Box(corner, 2 * corner, corner + columns, 2 * corner + rows)
    found = regions(failing, box)
    covered = np.zeros_like(failing)
    for region in found:
        inside = np.s_[
            region.y0 - box.y0 : region.y1 - box.y0, region.x0 - box.x0 : region.x1 - box.x0
        ]
        assert failing[inside].any()
        assert box.x0 <= region.x0 < region.x1 <= box.x1
        assert box.y0 <= region.y0 < region.y1 <= box.y1
        covered[inside] = True
    assert len(found) <= MOST_REGIONS
    assert not (failing & ~covered).any()


def test_what_lies_near_is_taken_together_where_there_is_too_much():
    failing = np.zeros((100, 100), bool)
    failing[10:20:2, 10:20:2] = True  # 25 single pixels
    failing[90, 90] = True
    assert regions(failing, Box(0, 0, 100, 100)) == (Box(10, 10, 19, 19), Box(90, 90, 91, 91))


# Of a cohort.


def test_outlines_on_one_frame_are_measured_on_the_same_tiles(passes: list):
    enhancer = small_enhancer()
    case = made_up_case(open_pack(demo_pack_path()))
    moved = [Roi(0, tuple((x + d, y) for x, y in case.roi.polygon)) for d in (0.0, 1.0, 2.0)]
    other = dataclasses.replace(case, pixels=case.pixels - 1)
    outlines = [
        *(Outline.on("P1", case, roi, enhancer) for roi in moved),
        Outline.on("P2", other, moved[0], enhancer),
    ]
    names = ("original_firstorder_Mean", "original_glcm_Contrast")

    def measured(which: list[Outline]) -> np.ndarray:
        return measure_outlines(which, us_2d(), names, cache=None, jobs=1, progress=SILENT)

    together = measured(outlines)
    assert len(passes) == 2  # 96 × 96 pixels are one tile
    assert together.tobytes() == np.concatenate([measured([o]) for o in outlines]).tobytes()
    assert len(passes) == 2 + 4


def test_a_cohort_with_a_coloured_image_is_refused_and_the_patient_named(tmp_path: Path):
    write_cohort(tmp_path, 1, 5)
    (row,) = read_cohort(tmp_path)
    pixels = np.repeat(case_of_row(row).pixels[..., None], 3, axis=2)
    pixels[..., 2] = 255 - pixels[..., 2] // 4
    Image.fromarray(pixels).save(tmp_path / "flow.png")
    flow = dataclasses.replace(row, image=tmp_path / "flow.png")
    with pytest.raises(InputRefused) as refused:
        measure_cohort(
            [flow],
            us_2d(),
            ("original_firstorder_Mean",),
            cache=None,
            jobs=1,
            progress=SILENT,
            enhancer=small_enhancer(),
        )
    assert refused.value.code == "enhancement-colour"
    assert row.patient_id in refused.value.message.text()


# In the engine.


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "frame.png"
    Image.fromarray(FRAME).save(path)
    return path


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    small_enhancer_file(folder / "tiny.h2enhancer")
    return write_enhancing(folder / "tiny.h2pack", folder / "tiny.h2enhancer")


@pytest.fixture
def work(pack: Path, image: Path) -> Iterator[Work]:
    work = Work()
    work.warm(pack, "cpu", SILENT)
    work.look(image, 0)
    yield work
    work.forget()


def question(image: Path, pack: Path) -> PredictRequest:
    return PredictRequest(image, ROI, ClinicalRecord(), pack, "cpu")


def test_closing_an_outline_does_not_wait_for_a_frame_that_was_prepared(
    work: Work, image: Path, pack: Path, passes: list
):
    work.prepare(SILENT)
    assert len(passes) == TILES
    asked = question(image, pack)
    answer = work.answer(asked, SILENT, lambda _found: None)
    heat = (HeatmapMethod.OCCLUSION, HeatmapClass.POSITIVE)
    work.answer(StabilityRequest(asked, 4), SILENT, lambda _found: None)
    work.answer(ExplainRequest(asked, *heat), SILENT, lambda _found: None)
    whole = work.answer(EnhanceRequest(image, 0, pack), SILENT, lambda _found: None)
    assert len(passes) == TILES
    assert whole.pixels.shape == (4 * ROWS, 4 * COLUMNS)

    cold = Work().answer(asked, SILENT, lambda _found: None)
    assert len(passes) == 2 * TILES - 1  # the outline's profile does not see the last tile
    assert {**cold.to_json(), "timings_ms": {}} == {**answer.to_json(), "timings_ms": {}}


def test_preparing_gives_way_and_goes_on_where_it_was(work: Work, passes: list):
    with pytest.raises(Cancelled):
        work.prepare(AskedToStop(1))
    assert len(passes) == 1
    work.prepare(SILENT)
    assert len(passes) == TILES
    work.prepare(AskedToStop(0))  # there is nothing left to do
    assert len(passes) == TILES


def test_nothing_is_prepared_for_a_pack_that_does_not_enhance(image: Path, passes: list):
    work = Work()
    work.warm(demo_pack_path(), "cpu", SILENT)
    work.look(image, 0)
    work.prepare(SILENT)
    assert passes == []


def test_what_was_prepared_is_forgotten_with_the_image(
    work: Work, image: Path, pack: Path, passes: list
):
    work.prepare(SILENT)
    work.forget()
    work.prepare(AskedToStop(0))  # no frame is looked at any more
    work.answer(EnhanceRequest(image, 0, pack), SILENT, lambda _found: None)
    assert len(passes) == 2 * TILES


def test_an_image_that_went_is_not_tried_again_and_again(
    pack: Path, image: Path, tmp_path: Path, passes: list
):
    work = Work()
    work.warm(pack, "cpu", SILENT)
    passes.clear()
    copy = tmp_path / "copy.png"
    copy.write_bytes(image.read_bytes())
    work.look(copy, 0)
    copy.unlink()
    with pytest.raises(InputRefused):
        work.prepare(SILENT)
    work.prepare(AskedToStop(0))
    assert passes == []


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same frame with flow drawn over a part of the outline."""
    pixels = np.repeat(FRAME[..., None], 3, axis=2)
    pixels[60:80, 70:100] = (220, 20, 10)
    path = tmp_path_factory.mktemp("coloured") / "flow.png"
    Image.fromarray(pixels).save(path)
    return path


def test_colour_is_refused_in_words_before_anything_is_enhanced(
    work: Work, coloured: Path, pack: Path, passes: list
):
    for asked in (question(coloured, pack), EnhanceRequest(coloured, 0, pack)):
        with pytest.raises(InputRefused) as refused:
            work.answer(asked, SILENT, lambda _found: None)
        assert refused.value.code == "enhancement-colour"
    work.look(coloured, 0)
    with pytest.raises(InputRefused):
        work.prepare(SILENT)
    work.prepare(AskedToStop(0))
    assert passes == []
    plain = work.answer(question(coloured, demo_pack_path()), SILENT, lambda _found: None)
    assert plain.enhancement is None


def test_colour_away_from_the_outline_does_not_matter(tmp_path: Path, work: Work, pack: Path):
    pixels = np.repeat(FRAME[..., None], 3, axis=2)
    pixels[5:15, 300:325] = (220, 20, 10)
    Image.fromarray(pixels).save(tmp_path / "marker.png")
    answer = work.answer(question(tmp_path / "marker.png", pack), SILENT, lambda _found: None)
    assert answer.enhancement is not None


def test_a_picture_that_was_magnified_already_is_said_with_answer_and_picture(
    tmp_path: Path, work: Work, pack: Path
):
    draw = np.random.default_rng(7)
    speckle = draw.rayleigh(50, (ROWS // 3, COLUMNS // 3)).clip(0, 255).astype(np.uint8)
    large = Image.fromarray(speckle).resize((COLUMNS, ROWS), Image.Resampling.BICUBIC)
    large.save(tmp_path / "large.png")
    answer = work.answer(question(tmp_path / "large.png", pack), SILENT, lambda _found: None)
    assert "enhancement-magnified" in [warning.code for warning in answer.warnings]
    asked = EnhanceRequest(tmp_path / "large.png", 0, pack)
    whole = work.answer(asked, SILENT, lambda _found: None)
    assert [warning.code for warning in whole.warnings] == ["enhancement-magnified"]


@pytest.mark.parametrize("named", ["no pack", "a pack that does not enhance"])
def test_a_frame_can_be_looked_at_through_the_shipped_enhancement(image: Path, named: str):
    shipped = dataclasses.replace(small_enhancer("shipped", seed=4), sha256="5" * 64)
    asked: list[None] = []

    def read() -> TrainedEnhancer:
        asked.append(None)
        return shipped

    work = Work()
    work._enhancing = EnhanceWork(OpenedFiles(), Memory(), read)
    path = None if named == "no pack" else demo_pack_path()
    for _ in range(2):
        found = work.answer(EnhanceRequest(image, 0, path), SILENT, lambda _found: None)
        assert found.use.name == "shipped"
        assert np.array_equal(found.pixels, shipped.enhance(FRAME, WHOLE).pixels)
    assert len(asked) == 1


def test_a_use_that_says_nothing_of_failing_has_no_regions():
    use = EnhancementUse("lanczos", "lanczos", "1", 2, "0" * 64)
    assert (use.failing, use.failing_px, use.largest_residual) == ((), 0, None)
