"""Only what depends on an edit is worked out again, and the answer is that of a fresh start."""

import json
import os
import shutil
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from her2desk.dicom.reader import open_image
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.prediction import Heatmap, HeatmapClass, HeatmapMethod, Prediction
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import roi_from_json
from her2desk.inference.engine import ExplainRequest, PredictRequest, StabilityRequest
from her2desk.inference.engine_work import Work
from her2desk.inference.loaded_pack import LoadedPack, load_pack
from her2desk.inference.opened_files import OpenedFiles
from her2desk.inference.pipeline import Question, predict
from her2desk.inference.remembered import Memory, RememberingReader
from her2desk.inference.requests import read_case
from her2desk.packs.archive import read_archive, write_archive
from her2desk.paths import demo_case_dir, demo_pack_path

LONG_AGO = (1_000_000_000, 1_000_000_000)
SILENT = SilentProgress()
ROI = roi_from_json((demo_case_dir() / "roi.json").read_text())
BAND = 6


class Counted:
    """What was worked out, in order: "file", "network" for each pass, "features" for each outline."""

    def __init__(self) -> None:
        self.work: list[str] = []

    def taken(self) -> list[str]:
        """What was worked out since the last time."""
        work, self.work = self.work, []
        return sorted(work)

    def open(self, path):
        self.work.append("file")
        return open_image(path)

    def measure(self, *args, **options):
        self.work.append("features")
        return digested(*args, **options)


def digested(grey, mask, spacing_mm, profile, names, *, part=None, shared=None) -> dict[str, float]:
    """Stands for ``extract``: numbers that change with any pixel, at no cost."""
    seed = zlib.crc32(repr((spacing_mm, part, profile.name)).encode())
    seed = zlib.crc32(mask.tobytes(), zlib.crc32(grey.tobytes(), seed))
    return dict(zip(names, np.random.default_rng(seed).normal(size=len(names)), strict=True))


class CountedNetwork:
    """A network whose passes are counted."""

    def __init__(self, network, counted: Counted) -> None:
        self._network = network
        self._counted = counted
        self.device, self.warnings, self.at_once = network.device, network.warnings, 1

    def read(self, crop):
        self._counted.work.append("network")
        return self._network.read(crop)

    def read_many(self, crops):
        self._counted.work.append("network")
        return self._network.read_many(crops)

    def gradients(self, maps):
        return self._network.gradients(maps)


@dataclass(frozen=True)
class Packs:
    """Two packs on disk, which look at different crops, loaded without a memory."""

    loaded: dict[Path, LoadedPack]

    @property
    def paths(self) -> list[Path]:
        return list(self.loaded)

    def counted(self, counted: Counted):
        """As ``load_pack`` for ``Work``."""

        def read(path: Path, _device, memory: Memory) -> LoadedPack:
            plain = self.loaded[path]
            network = CountedNetwork(plain.network, counted)
            return replace(
                plain,
                network=RememberingReader(network, plain.pack.digest, memory),
                memory=memory,
                measure=counted.measure,
            )

        return read


@pytest.fixture(scope="module")
def packs(tmp_path_factory) -> Packs:
    members = dict(read_archive(demo_pack_path()).members)
    manifest = json.loads(members["manifest.json"])
    manifest["preprocessing"]["crop_margin_px"] += 6
    members["manifest.json"] = json.dumps(manifest).encode()
    wider = tmp_path_factory.mktemp("packs") / "wider.h2pack"
    write_archive(wider, members)
    paths = (demo_pack_path(), wider)
    return Packs({path: replace(load_pack(path, "cpu"), measure=digested) for path in paths})


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Path]:
    """The demo's file, and one as long with other pixels."""
    folder = tmp_path_factory.mktemp("pictures")
    data = dcmread(demo_case_dir() / "demo.dcm")
    first = Path(shutil.copy(demo_case_dir() / "demo.dcm", folder / "first.dcm"))
    data.set_pixel_data(
        data.pixel_array[..., ::-1].copy(), data.PhotometricInterpretation, 8,
        generate_instance_uid=False,
    )  # fmt: skip
    data.save_as(folder / "second.dcm")
    return [first, folder / "second.dcm"]


def put(picture: Path, place: Path) -> None:
    """Write over ``place``, whose time then says nothing of it."""
    place.write_bytes(picture.read_bytes())
    os.utime(place, ns=LONG_AGO)


class Desk:
    """A reader's session: what is on screen, and the work that answers."""

    def __init__(self, packs: Packs, pictures: list[Path], place: Path) -> None:
        self.counted = Counted()
        self.memory = Memory()
        self.work = Work(
            files=OpenedFiles(self.counted.open),
            memory=self.memory,
            read_pack=packs.counted(self.counted),
        )
        self._packs = packs
        self._pictures = pictures
        put(pictures[0], place)
        self.on_screen = PredictRequest(place, ROI, ClinicalRecord(pr=False), packs.paths[0], "cpu")
        self.before: list[PredictRequest] = []

    def change(self, **what) -> None:
        self.before.append(self.on_screen)
        self.on_screen = replace(self.on_screen, **what)

    def move(self, vertex: int, dx: float, dy: float) -> None:
        points = list(self.on_screen.roi.polygon)
        x, y = points[vertex % len(points)]
        points[vertex % len(points)] = (x + dx, y + dy)
        self.change(roi=replace(self.on_screen.roi, polygon=tuple(points)))

    def undo(self) -> None:
        if self.before:
            self.on_screen = self.before.pop()

    def other_pack(self) -> None:
        first, second = self._packs.paths
        self.change(pack_path=second if self.on_screen.pack_path == first else first)

    def other_frame(self) -> None:
        roi = self.on_screen.roi
        index = ROI.frame_index + (roi.frame_index == ROI.frame_index)
        self.change(roi=replace(roi, frame_index=index))

    def other_file(self, number: int) -> None:
        put(self._pictures[number], self.on_screen.image_path)

    def answer(self) -> Prediction:
        return self.work.answer(self.on_screen, SILENT, lambda _: None)

    def fresh(self) -> Prediction:
        """The answer of somebody who remembers nothing."""
        asked = self.on_screen
        case = read_case(asked.image_path, asked.roi, asked.clinical, asked.calibration)
        question = Question(asked.operating_point, asked.prevalence)
        return predict(case, self._packs.loaded[asked.pack_path], SILENT, question)


@pytest.fixture
def desk(packs, pictures, tmp_path) -> Desk:
    desk = Desk(packs, pictures, tmp_path / "case.dcm")
    desk.answer()
    assert desk.counted.taken() == ["features", "file", "network"]
    return desk


def same(one: Prediction, other: Prediction) -> bool:
    """To the last bit, but for the time it took."""
    assert np.array_equal(one.heatmap.values, other.heatmap.values)
    assert one.inputs.sha256 == other.inputs.sha256
    bare = [
        replace(p, timings_ms={}, heatmap=replace(p.heatmap, values=None)) for p in (one, other)
    ]
    return bare[0] == bare[1]


def inside(desk: Desk) -> int:
    """A vertex that the crop's box does not hang on."""
    points = np.array(desk.on_screen.roi.polygon)
    edge = (points == points.min(axis=0)) | (points == points.max(axis=0))
    return int(np.flatnonzero(~edge.any(axis=1))[0])


def test_the_same_question_again_is_arithmetic(desk):
    desk.answer()
    assert desk.counted.taken() == []


def test_a_form_that_changed_is_arithmetic(desk):
    for record in (ClinicalRecord(pr=True), ClinicalRecord(), ClinicalRecord(pr=True, er=True)):
        desk.change(clinical=record)
        assert same(desk.answer(), desk.fresh())
        assert desk.counted.taken() == []


def test_another_operating_point_or_prevalence_is_arithmetic(desk):
    for change in ({"operating_point": 0.3}, {"prevalence": 0.1}):
        desk.change(**change)
        assert same(desk.answer(), desk.fresh())
    assert desk.counted.taken() == []


def test_a_vertex_that_leaves_the_crop_as_it_is_needs_no_network(desk):
    before = desk.answer()
    desk.move(inside(desk), 0.8, 0.8)
    after = desk.answer()
    assert desk.counted.taken() == ["features"]
    assert same(after, desk.fresh())
    assert after.features != before.features  # the test can fail
    assert after.signatures["cnn"] == before.signatures["cnn"]


def test_a_vertex_that_moves_the_crop_needs_both(desk):
    desk.move(int(np.array(desk.on_screen.roi.polygon)[:, 0].argmin()), -3, 0)
    assert same(desk.answer(), desk.fresh())
    assert desk.counted.taken() == ["features", "network"]


def test_an_outline_taken_back_has_its_answer_at_once_and_so_has_what_is_done_again(desk):
    first = desk.on_screen
    desk.move(0, -3, 0)
    desk.answer()
    second = desk.on_screen
    desk.counted.taken()
    for asked in (first, second, first):
        desk.on_screen = asked
        assert same(desk.answer(), desk.fresh())
    assert desk.counted.taken() == []


def test_each_pack_reads_and_measures_for_itself_and_once(desk):
    desk.other_pack()
    assert same(desk.answer(), desk.fresh())
    assert desk.counted.taken() == ["network"]  # both name the same features
    desk.other_pack()
    desk.answer()
    assert desk.counted.taken() == []


def test_another_frame_is_seen_anew_and_the_first_remembered(desk):
    for expected in (["features", "network"], []):
        desk.other_frame()
        assert same(desk.answer(), desk.fresh())
        assert desk.counted.taken() == expected


def test_a_file_that_changed_is_never_answered_from_memory(desk):
    before = desk.answer()
    desk.other_file(1)
    after = desk.answer()
    assert after.inputs.image_sha256 != before.inputs.image_sha256
    assert same(after, desk.fresh())
    assert desk.counted.taken() == ["features", "file", "network"]
    desk.other_file(0)
    assert same(desk.answer(), before)
    assert desk.counted.taken() == ["file"]  # its content is known


def test_what_was_remembered_is_seen_in_the_timings(desk):
    desk.change(clinical=ClinicalRecord(pr=True))
    assert set(desk.answer().timings_ms) == set(desk.fresh().timings_ms)


def test_the_band_and_the_heatmaps_go_on_with_what_the_answer_found(desk):
    band = StabilityRequest(desk.on_screen, BAND)
    first = desk.work.answer(band, SILENT, lambda _: None)
    asked = desk.counted.taken()
    assert asked.count("features") == BAND + len(first.frames)
    assert desk.work.answer(band, SILENT, lambda _: None) == first
    assert desk.counted.taken() == []
    changed = replace(desk.on_screen, clinical=ClinicalRecord(pr=True))
    moved = desk.work.answer(StabilityRequest(changed, BAND), SILENT, lambda _: None)
    assert desk.counted.taken() == []
    assert moved.logits != first.logits


@pytest.mark.parametrize("method", [HeatmapMethod.GRAD_CAM, HeatmapMethod.GRAD_CAM_PP])
def test_a_heatmap_of_an_answer_needs_no_pass(desk, method):
    for kind in HeatmapClass:
        found = desk.work.answer(ExplainRequest(desk.on_screen, method, kind), SILENT, ignore)
        assert isinstance(found, Heatmap)
    assert desk.counted.taken() == []


def ignore(_found: object) -> None:
    pass


def test_nothing_of_a_patient_is_left_when_they_are_forgotten(desk):
    first = desk.answer()
    desk.work.forget()
    assert desk.memory.kept_bytes == 0
    assert same(desk.answer(), first)
    assert desk.counted.taken() == ["features", "file", "network"]


def test_an_image_looked_at_ahead_is_not_read_again(packs, pictures, tmp_path):
    desk = Desk(packs, pictures, tmp_path / "case.dcm")
    desk.work.look(desk.on_screen.image_path, ROI.frame_index)
    assert desk.counted.taken() == ["file"]
    assert same(desk.answer(), desk.fresh())
    assert desk.counted.taken() == ["features", "network"]


def test_all_that_is_kept_of_an_answer_is_read_only(desk):
    desk.work.answer(StabilityRequest(desk.on_screen, BAND), SILENT, ignore)
    kept = [value for value, _ in desk.memory._kept.values()]
    arrays = [array for value in kept for array in arrays_of(value)]
    assert len(arrays) > len(kept) / 2
    assert not any(array.flags.writeable for array in arrays)


def arrays_of(value: object) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, tuple | list):
        return [array for part in value for array in arrays_of(part)]
    return (
        [array for part in vars(value).values() for array in arrays_of(part)]
        if is_ours(value)
        else []
    )


def is_ours(value: object) -> bool:
    return type(value).__module__.startswith("her2desk")


edits = st.lists(
    st.one_of(
        st.tuples(
            st.just("move"),
            st.sampled_from([0, 3, 7, 11]),
            st.sampled_from([-1.0, 0.5, 1.0]),
            st.sampled_from([-0.5, 0.0, 1.0]),
        ),
        st.tuples(st.just("form"), st.sampled_from([True, False, None])),
        st.tuples(st.just("point"), st.sampled_from(["youden", 0.3, 0.6])),
        st.tuples(st.just("file"), st.sampled_from([0, 1])),
        st.tuples(st.sampled_from(["undo", "pack", "frame", "forget"])),
    ),
    min_size=2,
    max_size=7,
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits)
def test_whatever_is_edited_the_answer_is_that_of_a_fresh_start(packs, pictures, tmp_path, edits):
    desk = Desk(packs, pictures, tmp_path / "case.dcm")
    does = {
        "move": desk.move,
        "form": lambda pr: desk.change(clinical=ClinicalRecord(pr=pr)),
        "point": lambda point: desk.change(operating_point=point),
        "file": desk.other_file,
        "undo": desk.undo,
        "pack": desk.other_pack,
        "frame": desk.other_frame,
        "forget": desk.work.forget,
    }
    for what, *how in edits:
        does[what](*how)
        assert same(desk.answer(), desk.fresh())
