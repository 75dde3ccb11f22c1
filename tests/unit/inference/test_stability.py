"""Answers for other outlines are those that ``predict`` would give, told as they come."""

import dataclasses
import json

import numpy as np
import pytest

from her2desk.dicom.reader import open_image
from her2desk.domain.case import Case
from her2desk.domain.clinical import ClinicalRecord, clinical_from_json
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.domain.stability import VARIANTS, Stability, VariantKind
from her2desk.enhancement.known import ENHANCERS
from her2desk.errors import Cancelled, InputRefused
from her2desk.inference import stability as room
from her2desk.inference.networks import CnnReader
from her2desk.inference.outline_variants import variability_of, variants
from her2desk.inference.pipeline import LoadedPack, load_pack, predict
from her2desk.inference.requests import case_of, frames_beside, read_case
from her2desk.inference.stability import stability
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.readout_part import ReadoutPart, VariabilityPart
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.texts import Message


@pytest.fixture(scope="module")
def loaded() -> LoadedPack:
    return load_pack(demo_pack_path(), "cpu")


@pytest.fixture(scope="module")
def case() -> Case:
    folder = demo_case_dir()
    clinical = clinical_from_json(json.loads((folder / "clinical.json").read_text()))
    return read_case(
        folder / "demo.dcm", roi_from_json((folder / "roi.json").read_text()), clinical
    )


@pytest.fixture(scope="module")
def told(case, loaded) -> list[Stability]:
    """All that was told of the demo case's stability, the whole of it last."""
    found: list[Stability] = []
    found.append(stability(case, loaded, SilentProgress(), found.append))
    return found


def asked(case: Case, count: int) -> list[Roi]:
    variability = variability_of(None, case.roi.spacing(case.image).mm)
    return [roi for _, roi in variants(case.roi, case.image, variability, count)]


def ignore(_found: Stability) -> None:
    pass


def test_a_first_band_comes_from_six_and_the_last_from_twenty(told):
    assert [len(found.logits) for found in told] == [6, 8, 10, 12, 14, 16, 18, 20]
    assert [found.is_complete for found in told] == [False] * 7 + [True]
    assert all(found.wanted == VARIANTS for found in told)
    assert set(told[0].kinds) == set(VariantKind)
    assert all(found.band() is not None for found in told)


def test_it_belongs_to_the_answer_and_lies_around_it(case, loaded, told):
    answer = predict(case, loaded, SilentProgress())
    assert told[-1].inputs_sha256 == answer.inputs.sha256
    assert min(told[-1].logits) < answer.estimate.logit < max(told[-1].logits)


def test_each_answer_is_what_predict_says_of_that_outline(case, loaded, told):
    """Features, and on a processor the network, to the last bit."""
    for roi, logit in list(zip(asked(case, 20), told[-1].logits, strict=True))[:8]:
        alone = predict(dataclasses.replace(case, roi=roi), loaded, SilentProgress())
        assert logit == alone.estimate.logit


def test_the_same_case_gives_the_same_bits(case, loaded, told):
    assert stability(case, loaded, SilentProgress(), ignore) == told[-1]


def test_the_unchanged_outline_gives_the_main_answer(case, loaded, monkeypatch):
    monkeypatch.setattr(room, "variants", lambda *_: ((VariantKind.REDRAWN, case.roi),) * 2)
    found = stability(case, loaded, SilentProgress(), ignore)
    answer = predict(case, loaded, SilentProgress())
    assert found.logits == (answer.estimate.logit,) * 2


def test_an_outline_whose_crop_is_unchanged_reuses_the_network(case, loaded, monkeypatch):
    reads = []
    real = CnnReader.read_many

    def counted(reader, crops):
        reads.append(len(crops))
        return real(reader, crops)

    monkeypatch.setattr(CnnReader, "read_many", counted)
    x0, y0 = case.roi.polygon[0]
    nearly = Roi(case.roi.frame_index, ((x0 + 1e-3, y0), *case.roi.polygon[1:]))
    monkeypatch.setattr(
        room,
        "variants",
        lambda *_: tuple((VariantKind.REDRAWN, roi) for roi in (case.roi, nearly, case.roi)),
    )
    found = stability(case, loaded, SilentProgress(), ignore)
    assert len(found.logits) == 3
    assert reads == [1]


def test_an_accelerator_reads_crops_together_with_the_same_numbers(case, loaded, told, monkeypatch):
    monkeypatch.setattr(CnnReader, "at_once", 8)
    reads = []
    real = CnnReader.read_many
    monkeypatch.setattr(
        CnnReader, "read_many", lambda s, crops: reads.append(len(crops)) or real(s, crops)
    )
    found = stability(case, loaded, SilentProgress(), ignore)
    assert max(reads) == 8
    np.testing.assert_allclose(found.logits, told[-1].logits, rtol=0, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3, 8])
def test_it_can_be_stopped_before_the_network_and_before_the_features(case, loaded, steps):
    class Stops:
        def __init__(self):
            self.heard: list[tuple[float, Message]] = []

        def step(self, fraction, text):
            self.heard.append((fraction, text))
            if len(self.heard) == steps:
                raise Cancelled

    watcher = Stops()
    found = []
    with pytest.raises(Cancelled):
        stability(case, loaded, watcher, found.append)
    assert len(watcher.heard) == steps
    assert found == []


def test_progress_goes_forward_and_speaks(case, loaded):
    heard = []

    class Watcher:
        def step(self, fraction, text):
            heard.append((fraction, text.text()))

    beside = ((case.roi.frame_index + 1, case.pixels),)
    stability(case, loaded, Watcher(), ignore, 6, beside)
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] < 1
    assert "Answering for the frames beside" in [text for _, text in heard]


def test_the_packs_own_readers_say_how_far_outlines_lie_apart(case, loaded):
    part = VariabilityPart(sd=8.0, unit="px", patients=12)
    pack = dataclasses.replace(loaded.pack, readout=ReadoutPart(variability=part))
    own = stability(case, dataclasses.replace(loaded, pack=pack), SilentProgress(), ignore, 6)
    assumed = stability(case, loaded, SilentProgress(), ignore, 6)
    assert (own.variability.sd, own.variability.patients) == (8.0, 12)
    assert assumed.variability.patients == 0
    assert own.logits != assumed.logits


def test_an_outline_that_cannot_be_measured_is_left_out(case, loaded, monkeypatch):
    """A line of one pixel's height has no texture; the others make the band."""
    rois = asked(case, 7)
    (x, y) = case.roi.centroid
    y = float(round(y))
    sliver = Roi(
        case.roi.frame_index,
        ((x - 40, y + 0.1), (x + 40, y + 0.1), (x + 40, y + 1), (x - 40, y + 1)),
    )
    listed = tuple((VariantKind.REDRAWN, roi) for roi in (*rois[:3], sliver, *rois[3:]))
    monkeypatch.setattr(room, "variants", lambda *_: listed)
    found = []
    whole = stability(case, loaded, SilentProgress(), found.append)
    assert len(whole.logits) == whole.wanted == 7
    assert whole.is_complete
    assert [f.wanted for f in found] == [7]


def test_a_lesion_that_allows_no_other_outline_has_no_band(case, loaded, monkeypatch):
    monkeypatch.setattr(room, "variants", lambda *_: ())
    found = stability(case, loaded, SilentProgress(), ignore)
    assert (found.wanted, found.band()) == (0, None)
    assert found.is_complete


def test_what_is_not_known_of_the_patient_is_not_known_here_either(case, loaded):
    unknown = dataclasses.replace(case, clinical=ClinicalRecord())
    found = stability(unknown, loaded, SilentProgress(), ignore, 6)
    first = dataclasses.replace(unknown, roi=asked(case, 6)[0])
    assert found.logits[0] == predict(first, loaded, SilentProgress()).estimate.logit


def test_an_outline_that_cannot_be_used_is_refused_as_by_predict(case, loaded):
    outside = dataclasses.replace(case, roi=Roi(0, ((-5.0, 0.0), (20.0, 0.0), (20.0, 20.0))))
    with pytest.raises(InputRefused) as refused:
        stability(outside, loaded, SilentProgress(), ignore)
    assert refused.value.code == "roi-outside"


def test_the_frames_beside_are_answered_for_with_the_same_outline(loaded, case):
    path = demo_case_dir() / "demo.dcm"
    opened = open_image(path)
    own = case_of(opened, case.roi, case.clinical)
    beside = frames_beside(opened, case.roi.frame_index)
    frame = case.roi.frame_index
    assert [index for index, _ in beside] == [frame - 1, frame + 1]
    found = stability(own, loaded, SilentProgress(), ignore, 6, beside)
    assert [index for index, _ in found.frames] == [frame - 1, frame + 1]
    for index, logit in found.frames:
        there = read_case(path, dataclasses.replace(case.roi, frame_index=index), case.clinical)
        assert logit == predict(there, loaded, SilentProgress()).estimate.logit


def test_a_frame_beside_that_cannot_be_read_or_measured_is_left_out(loaded, case, monkeypatch):
    from her2desk.dicom.frames import FrameSource

    path = demo_case_dir() / "demo.dcm"
    real = FrameSource.frame

    def broken(source, index):
        if index == case.roi.frame_index + 1:
            raise InputRefused("no such frame", code="frame")
        return real(source, index)

    monkeypatch.setattr(FrameSource, "frame", broken)
    beside = frames_beside(open_image(path), case.roi.frame_index)
    assert [index for index, _ in beside] == [case.roi.frame_index - 1]
    black = ((case.roi.frame_index + 1, np.zeros_like(case.pixels)),)
    found = stability(case, loaded, SilentProgress(), ignore, 6, black)
    assert found.frames == ()


def test_a_pack_that_enhances_is_answered_for_on_the_enhanced_frame(tmp_path, case):
    lanczos = ENHANCERS["lanczos-4"]
    members = dict(read_archive(demo_pack_path()).members)
    document = json.loads(members["manifest.json"])
    document["preprocessing"]["enhancement"] = {
        "method": lanczos.name, "scale": lanczos.scale, "sha256": lanczos.sha256,
    }  # fmt: skip
    members["manifest.json"] = json.dumps(document).encode()
    write_archive(tmp_path / "enhanced.h2pack", members)
    loaded = load_pack(tmp_path / "enhanced.h2pack", "cpu")
    found = stability(case, loaded, SilentProgress(), ignore, 3)
    for roi, logit in zip(asked(case, 3), found.logits, strict=True):
        alone = predict(dataclasses.replace(case, roi=roi), loaded, SilentProgress())
        assert logit == alone.estimate.logit
