"""What a build says for the readout: what was seen, how readers differ, pictures, all in a pack."""

import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from her2desk.domain.readout import IndeterminateRule
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.inference.cohort import case_of_row, read_cohort
from her2desk.inference.measuring import MeasuredCase
from her2desk.packs.pack import open_pack
from her2desk.packs.readout_part import ErrorModelPart, FailurePart
from her2desk.packs.thumbnails import is_thumbnail
from her2desk.phantoms.cohort import write_cohort
from her2desk.training.build import validation_rows
from her2desk.training.card import model_card
from her2desk.training.nomograms import fit_nomograms, nomogram_parts
from her2desk.training.pack_writer import operating_points
from her2desk.training.readout_contents import (
    ReadoutContents,
    readout_contents,
    seen_part,
    thumbnail,
    thumbnails,
    variability_part,
)
from her2desk.training.space import MOST_COMPONENTS


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> list[MeasuredCase]:
    folder = tmp_path_factory.mktemp("phantoms") / "ward"
    write_cohort(folder, 6, seed=3)
    rows = read_cohort(folder)
    return [MeasuredCase(r, case_of_row(r), np.ones((1, 1), dtype=bool), np.empty(0)) for r in rows]


@pytest.fixture(scope="module")
def written(cohort, fitted, cases, write, tmp_path_factory):
    """A whole pack with pictures, the toy's patients taken for the phantoms' in turn."""
    table, rows = cohort.table, validation_rows(fitted, cohort.table)
    everyone = [cases[i % len(cases)] for i in range(len(table.labels))]
    contents = readout_contents(fitted, table, everyone, rows, operating_points(fitted))
    contents = replace(contents, thumbnails=thumbnails(cohort.samples, table, rows))
    path = tmp_path_factory.mktemp("pack") / "a.h2pack"
    write(path, fitted, table, readout=contents, rule=IndeterminateRule.CONFORMAL)
    return contents, path


# In a pack


def test_the_pack_opens_with_all_that_was_worked_out(written, cohort, fitted):
    contents, path = written
    pack = open_pack(path)
    assert pack.readout == contents.part
    assert pack.manifest.indeterminate_rule is IndeterminateRule.CONFORMAL
    assert pack.space.part.judged == len(fitted.scopes.deployed.rows)
    assert set(pack.space.part.patients) == {row.patient for row in pack.validation}
    assert {f.submodel for f in pack.readout.failures} == set(fitted.patterns)
    assert len(pack.readout.seen.scanners) > 0
    assert {p for row in pack.validation if (p := row.patient) and not pack.thumbnail(p)} == set()
    assert len(contents.thumbnails) == len(cohort.samples)


def test_a_patients_place_is_found_again_from_the_packs_own_scaling(written, cohort):
    pack = open_pack(written[1])
    names, scaling = cohort.table.names, pack.models.scaling
    for place, patient in enumerate(pack.space.part.patients[:10]):
        own = dict(zip(names, cohort.features[int(patient[1:]) - 1], strict=True))
        z = {name: (own[name] - s.mean) / s.sd for name, s in scaling.items()}
        assert pack.space.place(z) == pytest.approx(pack.space.coordinates[place])
    assert len(pack.space.whiten) <= MOST_COMPONENTS


def test_the_card_says_how_one_case_is_stated(written):
    card = open_pack(written[1]).card
    assert "class-conditional conformal" in card
    assert "of 120 of the pack's own patients were called out of range" in card
    assert "tests, of patterns declared beforehand" in card
    assert "a small picture of the lesion of 150 patients" in card


def test_without_anything_for_the_readout_the_card_says_so(fitted, cohort, write, tmp_path):
    write(tmp_path / "a.h2pack", fitted, cohort.table)
    pack = open_pack(tmp_path / "a.h2pack")
    assert pack.readout == ReadoutContents().part
    assert pack.space is None
    assert "lies on both sides of the threshold" in pack.card
    assert "cannot be said" in pack.card
    assert "none could be tested" in pack.card
    assert "no picture of any patient" in pack.card


def test_the_card_names_the_patterns_that_warn(written):
    contents, path = written
    loud = FailurePart(
        submodel="pr", operating_point="youden", name="calcification", limit=0.5, alike=12,
        alike_wrong=7, others=30, others_wrong=4, errors=11, p=0.003, adjusted_p=0.012,
    )  # fmt: skip
    model = ErrorModelPart.model_validate(
        {"submodel": "pr", "operating_point": "youden", "call": "negative", "traits": ["dispersion"],
         "errors": 22, "patients": 90, "model": None,
         "auc": {"value": 0.7, "lower": 0.45, "upper": 0.83, "method": "nadeau-bengio"}}
    )  # fmt: skip
    part = contents.part.model_copy(update={"failures": (loud,), "error_models": (model,)})
    card = model_card(open_pack(path).manifest, (), part)
    assert "1 of 1 tests" in card
    assert "warn: calcification (pr, youden). Models of errors: 0." in card


# The paper's nomograms


def test_the_pack_has_the_papers_nomograms_beside_its_own_model(written, fitted, cohort):
    pack = open_pack(written[1])
    assert {n.name: n.model.terms for n in pack.models.nomograms} == {
        "Clinical inputs + DL": ("pr", "cnn_logit"),
        "Clinical signature + DLR": ("clinical", "dlr"),
        "Clinical signature + DL": ("clinical", "cnn_logit"),
    }
    own = pack.submodel(frozenset({"pr"})).model
    by_name = {fit.name: fit for fit in fit_nomograms(fitted, cohort.table)}
    assert by_name["Combined"].model == own
    for part in pack.models.nomograms:
        assert part.model == by_name[part.name].model
        assert all(part.refit_variance[t] > 0 for t in part.model.terms if t != "pr")
        assert np.sqrt(np.diag(np.array(part.model.covariance))).min() > 0


def test_on_the_image_alone_there_is_the_networks_own_nomogram(make_toy, networks):
    toy = replace(make_toy(), inputs=())
    parts = nomogram_parts(toy.fitted(networks), toy.table)
    assert [(part.name, part.model.terms) for part in parts] == [("DL", ("cnn_logit",))]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_nomogram_without_an_axis_is_left_out(fitted, cohort, value):
    """The network says the same of everybody, or says something of negative patients only."""
    stack = fitted.deployed
    logits = stack.signatures["cnn_logit"].copy()
    own = cohort.table.labels[stack.scope.rows]
    logits[:, own if np.isnan(value) else slice(None)] = value
    broken = replace(stack, signatures={**stack.signatures, "cnn_logit": logits})
    parts = nomogram_parts(replace(fitted, deployed=broken), cohort.table)
    assert [part.name for part in parts] == ["Clinical signature + DLR"]


# What was seen


def test_scanners_and_pixel_sizes_are_those_of_the_files(cases):
    part = seen_part(cases)
    assert part.scanners == tuple(sorted({case.case.image.scanner for case in cases}))
    sides = [case.case.roi.spacing(case.case.image).mm for case in cases]
    assert part.spacing_mm == pytest.approx(
        (min(math.sqrt(a * b) for a, b in sides), max(math.sqrt(a * b) for a, b in sides))
    )


def with_image(case: MeasuredCase, **changes: object) -> MeasuredCase:
    return replace(case, case=replace(case.case, image=replace(case.case.image, **changes)))


def uncalibrated(case: MeasuredCase) -> MeasuredCase:
    return with_image(case, regions=(), pixel_spacing_mm=None, frame_spacing_mm=())


def test_files_that_name_no_scanner_and_no_spacing_say_nothing(cases):
    nameless = [with_image(uncalibrated(case), manufacturer="", model_name="") for case in cases]
    part = seen_part(nameless)
    assert part.scanners == ()
    assert part.spacing_mm is None


@pytest.mark.parametrize(
    ("maker", "model", "said"),
    [("Maker ", " A1", "Maker A1"), ("", "A1", "A1"), ("Maker", "", "Maker"), ("", " ", "")],
)
def test_a_scanner_is_maker_and_model(cases, maker, model, said):
    image = replace(cases[0].case.image, manufacturer=maker, model_name=model)
    assert image.scanner == said


# How far readers lie apart


def outlined_by_both(case: MeasuredCase, folder, move_px: float) -> MeasuredCase:
    """The second outline is the first one, each corner moved outwards along its radius."""
    polygon = np.array(case.case.roi.polygon)
    centre = polygon.mean(axis=0)
    away = polygon - centre
    moved = centre + away * (1 + move_px / np.linalg.norm(away, axis=1, keepdims=True))
    path = folder / f"{case.row.patient_id}-{move_px}.json"
    roi = Roi(case.case.roi.frame_index, tuple(map(tuple, moved.tolist())))
    path.write_text(json.dumps({**json.loads(case.row.roi.read_text()), "polygon": roi.polygon}))
    return replace(case, row=replace(case.row, roi_reader2=path))


def test_the_standard_deviation_is_one_readers_along_the_outline(cases, tmp_path):
    """Boundaries that lie 2 px apart: √π/2 · 2 px for each reader, in mm by the pixel's size."""
    twice = [outlined_by_both(case, tmp_path, 2.0) for case in cases[:3]]
    part = variability_part([*twice, *cases[3:]])
    mm = [math.sqrt(np.prod(case.case.roi.spacing(case.case.image).mm)) for case in twice]
    assert part.unit == "mm"
    assert part.patients == 3
    assert part.sd == pytest.approx(math.sqrt(math.pi) * np.mean(mm), rel=0.1)


def test_scatter_of_known_size_is_found_again():
    """Two independent readers about one true boundary: the mean |difference| gives back their SD."""
    rng = np.random.default_rng(3)
    first, second = rng.normal(scale=0.7, size=(2, 200_000))
    assert math.sqrt(math.pi) / 2 * np.abs(first - second).mean() == pytest.approx(0.7, rel=0.01)


def test_without_calibration_the_standard_deviation_is_in_pixels(cases, tmp_path):
    twice = [uncalibrated(outlined_by_both(case, tmp_path, 2.0)) for case in cases[:3]]
    part = variability_part(twice)
    assert part.unit == "px"
    assert part.sd == pytest.approx(math.sqrt(math.pi), rel=0.1)


def test_one_patient_or_the_same_outline_twice_is_no_variability(cases, tmp_path):
    assert variability_part(cases) is None
    assert variability_part([outlined_by_both(cases[0], tmp_path, 2.0), *cases[1:]]) is None
    assert variability_part([outlined_by_both(case, tmp_path, 0.0) for case in cases]) is None


def test_a_second_outline_that_is_lost_names_the_patient(cases, tmp_path):
    lost = replace(cases[0], row=replace(cases[0].row, roi_reader2=tmp_path / "lost.json"))
    with pytest.raises(InputRefused, match=f"Patient {cases[0].row.patient_id}"):
        variability_part([lost])


# Pictures


@pytest.mark.parametrize(
    ("shape", "size"), [((100, 200), (64, 32)), ((30, 15), (32, 64)), ((2, 400), (64, 1))]
)
def test_a_thumbnail_keeps_the_crops_proportions(cohort, shape, size):
    pixels = np.zeros((450, 450), dtype=np.uint8)
    pixels[10 : 10 + shape[0], 20 : 20 + shape[1]] = 200
    box = replace(cohort.samples[0].box, x0=20, y0=10, x1=20 + shape[1], y1=10 + shape[0])
    content = thumbnail(replace(cohort.samples[0], pixels=pixels, box=box))
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.size, picture.mode) == (size, "L")
        assert picture.getextrema() == (200, 200)  # the crop and nothing around it
    assert is_thumbnail(content)


def test_the_same_crop_gives_the_same_bytes(cohort):
    assert thumbnail(cohort.samples[3]) == thumbnail(cohort.samples[3])
    assert thumbnail(cohort.samples[3]) != thumbnail(cohort.samples[4])
