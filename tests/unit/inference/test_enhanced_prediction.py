"""One case through a pack that enhances images, and through the same pack without."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from her2desk.domain.case import Case
from her2desk.domain.clinical import clinical_from_json
from her2desk.domain.prediction import Prediction
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Roi, roi_from_json
from her2desk.enhancement.known import ENHANCERS
from her2desk.errors import InputRefused
from her2desk.inference import measuring
from her2desk.inference.cohort import CohortRow, read_cohort
from her2desk.inference.measuring import Outline, measure_outlines
from her2desk.inference.pipeline import LoadedPack, load_pack, predict
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.requests import read_case
from her2desk.inference.robustness import jittered
from her2desk.packs.archive import read_archive, write_archive
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.radiomics.extract import extract
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.mask import rasterise
from her2desk.texts import Message
from her2desk.training.table import sample_of

LANCZOS = ENHANCERS["lanczos-4"]


@pytest.fixture(scope="module")
def case() -> Case:
    folder = demo_case_dir()
    clinical = clinical_from_json(json.loads((folder / "clinical.json").read_text()))
    return read_case(
        folder / "demo.dcm", roi_from_json((folder / "roi.json").read_text()), clinical
    )


@pytest.fixture(scope="module")
def pack_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo pack as if it had been built on images enhanced by Lanczos ×4."""
    members = dict(read_archive(demo_pack_path()).members)
    document = json.loads(members["manifest.json"])
    document["preprocessing"]["enhancement"] = {
        "method": LANCZOS.method,
        "scale": LANCZOS.scale,
        "sha256": LANCZOS.sha256,
    }
    members["manifest.json"] = json.dumps(document).encode()
    path = tmp_path_factory.mktemp("enhanced") / "enhanced.h2pack"
    write_archive(path, members)
    return path


@pytest.fixture(scope="module")
def loaded(pack_path: Path) -> LoadedPack:
    return load_pack(pack_path, "cpu")


@pytest.fixture(scope="module")
def prediction(case: Case, loaded: LoadedPack) -> Prediction:
    return predict(case, loaded, SilentProgress())


@pytest.fixture(scope="module")
def plain(case: Case) -> Prediction:
    return predict(case, load_pack(demo_pack_path(), "cpu"), SilentProgress())


@pytest.fixture(scope="module")
def row(phantom_cohort: Path) -> CohortRow:
    return read_cohort(phantom_cohort)[0]


def enlarged(case: Case) -> Case:
    """The whole frame enhanced beforehand, with outline and calibration to it."""
    polygon = tuple((4 * column, 4 * row) for column, row in case.roi.polygon)
    return dataclasses.replace(
        case, pixels=LANCZOS.enlarged(case.pixels), roi=Roi(case.roi.frame_index, polygon)
    )


def test_enhancing_is_a_stage_of_its_own(case: Case, loaded: LoadedPack, prediction: Prediction):
    told: list[tuple[float, str]] = []

    class Watcher:
        def step(self, fraction: float, text: Message) -> None:
            told.append((fraction, text.text()))

    predict(case, loaded, Watcher())
    assert prediction.timings_ms["enhance"] > 0
    assert "Enhancing the image around the outline" in [text for _, text in told]
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)


def test_the_answer_says_what_it_went_through(prediction: Prediction, plain: Prediction):
    """An interpolation is named; it declares no degradation that could be undone."""
    use = prediction.enhancement
    assert use is not None
    assert (use.method, use.name, use.version, use.scale) == ("lanczos", "lanczos", "1", 4)
    assert use.is_consistent is None
    assert plain.enhancement is None
    codes = {warning.code for warning in prediction.warnings}
    assert not codes & {"enhancement-inconsistent", "enhancement-magnified"}


def test_what_the_reader_sees_stays_in_the_images_own_pixels(
    case: Case, prediction: Prediction, plain: Prediction
):
    assert prediction.spacing == plain.spacing
    assert prediction.heatmap.crop == plain.heatmap.crop
    assert prediction.heatmap.crop == crop_box(
        case.roi, case.image.rows, case.image.columns, load_pack_preprocessing()
    )
    assert prediction.attention.roi_enrichment is not None


def load_pack_preprocessing():
    return load_pack(demo_pack_path(), "cpu").pack.manifest.preprocessing


def test_only_the_packs_digest_tells_the_fingerprints_apart(
    prediction: Prediction, plain: Prediction, loaded: LoadedPack
):
    assert prediction.inputs == dataclasses.replace(plain.inputs, pack_sha256=loaded.pack.digest)
    assert prediction.inputs.sha256 != plain.inputs.sha256


def test_network_and_features_see_the_enhanced_frame(
    case: Case, loaded: LoadedPack, prediction: Prediction
):
    """As if the whole frame had been enhanced first: the network to the last bit, the features (which
    are resampled) but for rounding."""
    large = enlarged(case)
    rows, columns = large.pixels.shape
    preprocessing = loaded.pack.manifest.preprocessing
    box = prediction.heatmap.crop
    whole = dataclasses.replace(box, **{k: 4 * v for k, v in vars(box).items()})
    crop = network_input(large.pixels, whole, preprocessing)
    assert loaded.network.read(crop).logit == prediction.signatures["cnn"]
    assumed = loaded.profile.assumed_mm
    mm = case.roi.spacing(case.image).mm or (assumed, assumed)
    values = extract(
        large.pixels,
        rasterise(large.roi.polygon, rows, columns),
        (mm[0] / 4, mm[1] / 4),
        loaded.profile,
        [f.name for f in prediction.features],
    )
    for found in prediction.features:
        assert found.value == pytest.approx(values[found.name], rel=1e-9)


def test_the_enhancement_does_change_what_they_see(prediction: Prediction, plain: Prediction):
    assert prediction.signatures["cnn"] != plain.signatures["cnn"]
    assert {f.name: f.value for f in prediction.features} != {
        f.name: f.value for f in plain.features
    }


def test_training_measures_and_crops_as_prediction_does(
    case: Case, loaded: LoadedPack, prediction: Prediction, row: CohortRow
):
    names = loaded.pack.manifest.features.names
    outline = Outline.on("P1", case, case.roi, LANCZOS)
    found = measure_outlines(
        [outline], loaded.profile, names, cache=None, jobs=1, progress=SilentProgress()
    )
    values = {f.name: f.value for f in prediction.features}
    assert found[0].tolist() == [values[name] for name in names]
    sample = sample_of(row, case, loaded.pack.manifest.preprocessing, LANCZOS)
    assert loaded.network.read(sample.crop).logit == prediction.signatures["cnn"]
    assert (sample.box, sample.spacing_mm) == (prediction.heatmap.crop, prediction.spacing.mm)
    assert np.array_equal(sample.pixels, case.pixels)


def test_a_crop_that_is_not_enhanced_as_the_pack_says_is_our_fault(
    case: Case, loaded: LoadedPack, row: CohortRow
):
    declared = loaded.pack.manifest.preprocessing
    for enhancer in (None, ENHANCERS["lanczos-2"]):
        with pytest.raises(ValueError, match="not enhanced as"):
            sample_of(row, case, declared, enhancer)
    with pytest.raises(ValueError, match="not enhanced as"):
        sample_of(row, case, load_pack_preprocessing(), LANCZOS)


def test_kept_features_of_one_enhancement_are_not_taken_for_another(
    case: Case, loaded: LoadedPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    cache = FeatureCache(tmp_path)
    names = loaded.pack.manifest.features.names[:3]

    def measured(enhancer, roi=case.roi):
        outline = Outline.on("P1", case, roi, enhancer)
        return measure_outlines(
            [outline], loaded.profile, names, cache=cache, jobs=1, progress=SilentProgress()
        ).tobytes()

    moved = jittered(case.roi, np.random.default_rng(0), 0.01, case.image)
    variants = [(None, case.roi), *((e, case.roi) for e in ENHANCERS.values()), (LANCZOS, moved)]
    keys = {Outline.on("P1", case, roi, e).key(loaded.profile) for e, roi in variants}
    assert len(keys) == len(variants)
    found = [measured(enhancer, roi) for enhancer, roi in variants]
    assert len(set(found)) == len(variants)

    def must_not_run(*_args, **_kwargs):
        raise AssertionError

    monkeypatch.setattr(measuring, "extract", must_not_run)
    assert [measured(enhancer, roi) for enhancer, roi in variants] == found


def test_processes_change_no_bit_of_enhanced_features(case: Case, loaded: LoadedPack):
    outlines = [Outline.on("P1", case, case.roi, e) for e in (LANCZOS, None)] * 2
    names = loaded.pack.manifest.features.names
    one, two = (
        measure_outlines(
            outlines, loaded.profile, names, cache=None, jobs=jobs, progress=SilentProgress()
        )
        for jobs in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


def test_an_outline_too_small_is_refused_by_the_images_own_pixels(case: Case, loaded: LoadedPack):
    """70 px² as drawn, but only 57 pixels have their centre inside."""
    x, y = 100.45, 100.45
    sliver = Roi(0, ((x, y), (x + 70.0, y + 0.05), (x + 70.0, y + 1.05), (x, y + 1.0)))
    with pytest.raises(InputRefused) as refused:
        predict(dataclasses.replace(case, roi=sliver), loaded, SilentProgress())
    assert refused.value.code == "roi-too-small"


def test_the_command_line_gives_the_same_bits(pack_path: Path, prediction: Prediction):
    folder = demo_case_dir()
    command = [
        sys.executable, "-m", "her2desk", "predict", str(folder / "demo.dcm"), "--json",
        "--roi", str(folder / "roi.json"), "--clinical", str(folder / "clinical.json"),
        "--pack", str(pack_path), "--device", "cpu",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    own = json.loads(json.dumps(prediction.to_json()))
    assert "enhance" in said["timings_ms"]
    unsigned, *said["warnings"] = said["warnings"]
    assert unsigned["code"] == "pack-unsigned"
    assert {**said, "timings_ms": {}} == {**own, "timings_ms": {}}
