"""What a pack says for the readout: read where it fits the pack, refused on opening where it does not."""

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from her2desk.domain.traits import Trait
from her2desk.errors import PackRefused
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.pack import MODELS_FILE, Pack, open_pack
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE, FailurePart
from her2desk.packs.thumbnails import MAX_BYTES, THUMBNAIL_PX, is_thumbnail, thumbnail_file
from her2desk.paths import demo_pack_path

Members = dict[str, bytes]
Document = dict[str, Any]
PATIENTS = ("V0001", "V0002", "V0003")
LINE = {
    "terms": ["dispersion"],
    "intercept": -1.0,
    "coefficients": [2.0],
    "covariance": [[0.2, 0.01], [0.01, 0.3]],
    "lower": [0.4],
    "upper": [0.9],
}
FAILURE: Document = {
    "submodel": "image-only",
    "operating_point": "youden",
    "name": "calcification",
    "limit": 0.5,
    "alike": 12,
    "alike_wrong": 7,
    "others": 30,
    "others_wrong": 4,
    "errors": 11,
    "p": 0.003,
    "adjusted_p": 0.012,
}
ERROR_MODEL: Document = {
    "submodel": "image-only",
    "operating_point": "youden",
    "call": "negative",
    "traits": ["dispersion"],
    "errors": 22,
    "patients": 90,
    "auc": {"value": 0.7, "lower": 0.55, "upper": 0.83, "method": "nadeau-bengio"},
    "model": LINE,
}
NOMOGRAM: Document = {
    "name": "Clinical signature + DL",
    "model": {
        **LINE,
        "terms": ["clinical", "cnn_logit"],
        "coefficients": [0.5, 0.7],
        "covariance": np.eye(3).tolist(),
        "lower": [-1.0, -2.0],
        "upper": [1.0, 2.0],
    },
    "refit_variance": {"clinical": 0.01, "cnn_logit": 0.2},
}


def picture(size: tuple[int, int] = (64, 40), mode: str = "L") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    return out.getvalue()


def whole_members() -> Members:
    """The demo pack with every kind of thing that a builder may say for the readout."""
    members = dict(read_archive(demo_pack_path()).members)
    for name in [n for n in members if n.startswith("preview/")]:
        del members[name]
    models = json.loads(members[MODELS_FILE])
    models["nomograms"] = [NOMOGRAM]
    members[MODELS_FILE] = json.dumps(models).encode()
    features = sorted(models["scaling"])[:4]
    members[READOUT_FILE] = json.dumps(
        {
            "failures": [FAILURE],
            "error_models": [ERROR_MODEL],
            "space": {
                "features": features,
                "threshold": 3.2,
                "false_alarms": 9,
                "judged": 210,
                "patients": PATIENTS,
            },
            "seen": {"scanners": ["Maker A1"], "spacing_mm": [0.06, 0.11]},
            "variability": {"sd": 0.4, "unit": "mm", "patients": 31},
        }
    ).encode()
    members[SPACE_FILE] = save({"whiten": np.eye(3, 4), "coordinates": np.eye(3)})
    members[thumbnail_file("V0002")] = picture()
    return members


def opened(members: Members, tmp_path: Path) -> Pack:
    write_archive(tmp_path / "a.h2pack", members)
    return open_pack(tmp_path / "a.h2pack")


def edited(name: str, change: Callable[[Document], object]) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        document = json.loads(members[name])
        change(document)
        members[name] = json.dumps(document).encode()

    return apply


def readout(change: Callable[[Document], object]) -> Callable[[Members], None]:
    return edited(READOUT_FILE, change)


def failure(**values: object) -> Callable[[Members], None]:
    return readout(lambda d: d["failures"][0].update(values))


def error_model(**values: object) -> Callable[[Members], None]:
    return readout(lambda d: d["error_models"][0].update(values))


def space(**values: object) -> Callable[[Members], None]:
    return readout(lambda d: d["space"].update(values))


def nomogram(**values: object) -> Callable[[Members], None]:
    return edited(MODELS_FILE, lambda d: d["nomograms"][0].update(values))


def arrays(**tensors: np.ndarray) -> Callable[[Members], None]:
    return lambda members: members.update({SPACE_FILE: save(tensors)})


def preview(content: bytes, patient: str = "V0002") -> Callable[[Members], None]:
    return lambda members: members.update({thumbnail_file(patient): content})


def widest_claim() -> bytes:
    """A picture that says it has 2³¹ − 1 columns: a decoder would reserve them."""
    content = bytearray(picture())
    content[16:20] = struct.pack(">I", 2**31 - 1)
    return bytes(content)


def test_what_a_builder_said_is_read(tmp_path):
    pack = opened(whole_members(), tmp_path)
    assert pack.readout.failures[0].name == "calcification"
    assert pack.readout.error_models[0].traits == (Trait.DISPERSION,)
    assert pack.readout.seen.scanners == ("Maker A1",)
    assert pack.readout.variability.sd == 0.4
    assert pack.space.part.patients == PATIENTS
    assert np.array_equal(pack.space.coordinates, np.eye(3))
    assert pack.models.nomograms[0].name == "Clinical signature + DL"
    assert pack.thumbnail("V0002") == picture()
    assert pack.thumbnail("V0001") is None


def test_a_case_is_placed_by_its_z_scores(tmp_path):
    found = opened(whole_members(), tmp_path).space
    z = dict(zip(found.part.features, (1.0, -2.0, 0.5, 9.0), strict=True))
    assert found.place(z).tolist() == [1.0, -2.0, 0.5]


def test_a_pack_that_says_nothing_for_the_readout_opens(tmp_path):
    members = whole_members()
    del members[READOUT_FILE], members[SPACE_FILE]
    pack = opened(members, tmp_path)
    assert pack.readout.failures == ()
    assert pack.space is None


@pytest.mark.parametrize(
    ("values", "warns"),
    [
        ({}, True),
        ({"adjusted_p": 0.05}, False),
        ({"alike": 9, "alike_wrong": 7}, False),
        ({"errors": 4, "alike_wrong": 4, "others_wrong": 0}, False),
    ],
)
def test_a_pattern_warns_by_the_rule_declared_beforehand(values, warns):
    """V16: 10 patients who look like it, 5 errors of the kind, Holm-adjusted p below 0.05."""
    assert FailurePart.model_validate({**FAILURE, **values}).warns is warns


@pytest.mark.parametrize(
    "forge",
    [
        lambda members: members.update({READOUT_FILE: b"[]"}),
        lambda members: members.pop(SPACE_FILE),
        readout(lambda d: d.update(advice="biopsy")),
        readout(lambda d: d["failures"].append(d["failures"][0])),
        readout(lambda d: d["error_models"].append(d["error_models"][0])),
        readout(lambda d: d["seen"].update(spacing_mm=[0.2, 0.1])),
        readout(lambda d: d["seen"].update(spacing_mm=[-0.2, 0.1])),
        readout(lambda d: d["variability"].update(sd=0)),
        readout(lambda d: d["variability"].update(sd=1e308)),
        failure(others=10**400),
        space(judged=10**400),
        readout(lambda d: d["variability"].update(unit="in")),
        failure(name="cloudy-day"),
        failure(submodel="er"),
        failure(operating_point="own"),
        failure(alike_wrong=13),
        failure(errors=10),
        failure(p=1.5),
        failure(alike="12"),
        error_model(submodel="er"),
        error_model(call="perhaps"),
        error_model(traits=["age"]),
        error_model(traits=["size_mm"]),
        error_model(traits=[]),
        error_model(model={**LINE, "covariance": [[-1.0, 0.0], [0.0, -1.0]]}),
        space(features=["original_shape_of_the_moon"] * 4),
        space(features=["a", "b", "c"]),
        space(patients=["V0001", "V0002", "V9999"]),
        space(patients=["V0001", "V0002", "V0002"]),
        space(patients=["V0001", "V0002"]),
        space(false_alarms=211),
        space(threshold=-1),
        readout(lambda d: d["space"].update(features=d["space"]["features"][:1] * 4)),
        arrays(whiten=np.eye(3, 4)),
        arrays(whiten=np.eye(3, 5), coordinates=np.eye(3)),
        arrays(whiten=np.zeros((0, 4)), coordinates=np.zeros((3, 0))),
        arrays(whiten=np.zeros((21, 4)), coordinates=np.zeros((3, 21))),
        arrays(whiten=np.full((3, 4), np.inf), coordinates=np.eye(3)),
        arrays(whiten=np.full((3, 4), 1e308), coordinates=np.eye(3)),
        arrays(whiten=np.eye(3, 4), coordinates=np.full((3, 3), np.nan)),
        arrays(whiten=np.zeros(4), coordinates=np.eye(3)),
        nomogram(name=""),
        nomogram(refit_variance={"dlr": 0.1}),
        nomogram(refit_variance={"clinical": -0.1}),
        nomogram(model={**NOMOGRAM["model"], "terms": ["clinical", "shoe_size"]}),
        nomogram(model={**NOMOGRAM["model"], "terms": ["clinical", "er"]}),
        nomogram(model={**NOMOGRAM["model"], "covariance": (-np.eye(3)).tolist()}),
        edited(MODELS_FILE, lambda d: d.update(clinical=None)),
        preview(picture(), "V9999"),
        preview(b"GIF89a"),
        preview(picture()[:20]),
        preview(picture((THUMBNAIL_PX + 1, 10))),
        preview(picture(mode="RGB")),
        preview(picture() + bytes(MAX_BYTES)),
        preview(widest_claim()),
        lambda members: members.pop("validation.csv"),
    ],
)
def test_what_is_of_no_model_feature_or_patient_of_the_pack_is_refused(tmp_path, forge):
    members = whole_members()
    forge(members)
    with pytest.raises(PackRefused) as refused:
        opened(members, tmp_path)
    assert refused.value.code == "pack-malformed"
    assert refused.value.remedy.text()


def test_the_refusal_names_the_picture(tmp_path):
    members = whole_members()
    preview(b"GIF89a")(members)
    with pytest.raises(PackRefused, match=r"preview/V0002\.png"):
        opened(members, tmp_path)


@pytest.mark.parametrize("length", range(0, 40, 3))
def test_a_picture_cut_short_in_its_header_is_none(length):
    assert not is_thumbnail(picture()[:length]) or length > 26
