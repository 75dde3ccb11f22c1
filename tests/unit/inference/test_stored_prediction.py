"""The whole answer, kept as JSON and read back to the last bit."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from her2desk.domain.clinical import clinical_from_json
from her2desk.domain.enhancement import EnhancementUse
from her2desk.domain.familiarity import NearPatient
from her2desk.domain.image import ImageWarning
from her2desk.domain.prediction import Heatmap, Prediction
from her2desk.domain.progress import SilentProgress
from her2desk.domain.roi import Box, roi_from_json
from her2desk.domain.stability import Stability
from her2desk.domain.traits import Trait
from her2desk.errors import StoreRefused
from her2desk.inference.pipeline import load_pack, predict
from her2desk.inference.requests import read_case
from her2desk.inference.stored_prediction import (
    STORED_VERSION,
    from_stored,
    stability_from_stored,
    stability_to_stored,
    to_stored,
)
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.texts import Message, Phrase, msg, phrase

params = st.dictionaries(
    st.text(max_size=4),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    max_size=3,
)
plain_messages = st.builds(Message, st.text(max_size=8), params, st.text(max_size=4))
messages = st.builds(
    Message,
    st.text(max_size=8),
    st.dictionaries(st.text(max_size=4), plain_messages | plain_messages.map(phrase), max_size=2),
)
traits = st.dictionaries(st.sampled_from(Trait), st.none() | st.floats(), max_size=7)
scores = st.dictionaries(st.text(max_size=6), st.none() | st.floats(), max_size=4)
st.register_type_strategy(Message, messages | plain_messages)
heatmaps = st.builds(
    Heatmap,
    values=hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=4)),
)
near = st.builds(NearPatient, traits=traits)
st.register_type_strategy(NearPatient, near)
predictions = st.builds(
    Prediction,
    heatmap=st.none() | heatmaps,
    branches=scores,
    signatures=scores,
    traits=traits,
    timings_ms=st.dictionaries(st.text(max_size=6), st.floats(), max_size=3),
)


@pytest.fixture(scope="module")
def demo() -> Prediction:
    folder = demo_case_dir()
    record = clinical_from_json(json.loads((folder / "clinical.json").read_text()))
    roi = roi_from_json((folder / "roi.json").read_text())
    case = read_case(folder / "demo.dcm", roi, record)
    return predict(case, load_pack(demo_pack_path(), "cpu"), SilentProgress())


def through_json(stored: Mapping[str, object]) -> object:
    return json.loads(json.dumps(stored, allow_nan=False))


def bits(value: object) -> object:
    """Something to compare by, to the last bit: NaN is NaN, and −0 is not 0."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Message):
        return type(value), value.msgid, bits(value.params), value.plural
    if isinstance(value, Mapping):
        return {key: bits(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return tuple(bits(entry) for entry in value)
    if hasattr(value, "__dataclass_fields__"):
        return type(value), [(f.name, bits(getattr(value, f.name))) for f in fields(value)]
    return type(value), value


@settings(max_examples=60)
@given(predictions)
def test_every_answer_comes_back_to_the_last_bit(prediction: Prediction) -> None:
    assert bits(from_stored(through_json(to_stored(prediction)))) == bits(prediction)


@settings(max_examples=20)
@given(st.builds(Stability))
def test_how_it_moves_comes_back_too(stability: Stability) -> None:
    assert bits(stability_from_stored(through_json(stability_to_stored(stability)))) == bits(
        stability
    )


def test_the_demo_answer_says_the_same_when_it_is_read_back(demo: Prediction) -> None:
    again = from_stored(through_json(to_stored(demo)))
    assert bits(again) == bits(demo)
    assert again.to_json() == demo.to_json()
    assert again.inputs.sha256 == demo.inputs.sha256
    assert again.heatmap is not None
    again.heatmap.values[0, 0] = 0.5  # an array of its own, not a view of what was read


def test_whole_numbers_stay_whole_as_the_fingerprint_tells_them_apart(demo: Prediction) -> None:
    for age in (52, 52.0):
        record = replace(demo.inputs.clinical, age_years=age)
        prediction = replace(demo, inputs=replace(demo.inputs, clinical=record))
        again = from_stored(through_json(to_stored(prediction)))
        assert type(again.inputs.clinical.age_years) is type(age)
        assert again.inputs.sha256 == prediction.inputs.sha256


def test_a_phrase_is_still_read_in_the_language_of_its_sentence(demo: Prediction) -> None:
    warning = ImageWarning("x", msg("{part} of it", part=phrase(msg("Half"))))
    again = from_stored(through_json(to_stored(replace(demo, warnings=(warning,)))))
    part = again.warnings[0].message.params["part"]
    assert isinstance(part, Phrase)
    assert again.warnings[0].message.text() == "Half of it"


def test_what_json_cannot_keep_is_not_kept_as_something_else(demo: Prediction) -> None:
    odd = ImageWarning("x", msg("{what}", what=object()))
    wrong = (
        replace(demo, warnings=(odd,)),
        replace(demo, timings_ms={1: 2.0}),  # type: ignore[dict-item]
        replace(demo, device=object()),  # type: ignore[arg-type]
        replace(demo, heatmap=replace(demo.heatmap, values=np.zeros((2, 2)))),  # type: ignore[type-var]
    )
    for prediction in wrong:
        with pytest.raises(TypeError):
            to_stored(prediction)


def changed(demo: Prediction, *path: object, to: object) -> object:
    stored = json.loads(json.dumps(to_stored(demo)))
    place = stored
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return stored


def test_an_answer_kept_before_there_were_enhancements_is_one_without(demo: Prediction) -> None:
    stored = json.loads(json.dumps(to_stored(demo)))
    assert stored["prediction"].pop("enhancement") is None
    again = from_stored({**stored, "version": 1})
    assert bits(again) == bits(demo)


def test_an_answer_says_by_what_its_image_was_enhanced(demo: Prediction) -> None:
    use = EnhancementUse(
        "network", "tiny", "1.0", 4, "5" * 64, 1.0, 7.25, 4, 2000, (Box(1, 2, 3, 4),)
    )
    again = from_stored(through_json(to_stored(replace(demo, enhancement=use))))
    assert again.enhancement == use


def test_a_later_version_is_refused_by_name(demo: Prediction) -> None:
    with pytest.raises(StoreRefused) as refused:
        from_stored(changed(demo, "version", to=STORED_VERSION + 1))
    assert refused.value.code == "stored-answer-later"


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("version",), 0),
        (("version",), True),
        (("version",), "1"),
        (("more",), 1),
        (("prediction",), None),
        (("prediction", "more"), 1),
        (("version",), 1),  # which knew no enhancement
        (("prediction", "enhancement"), {"method": "network"}),
        (("prediction", "device"), 1),
        (("prediction", "estimate", "logit"), "0.5"),
        (("prediction", "estimate", "logit"), True),
        (("prediction", "estimate", "logit"), {"number": "one"}),
        (("prediction", "pack", "demo"), 1),
        (("prediction", "readout", "call"), "maybe"),
        (("prediction", "readout", "confusion"), [1, 2]),
        (("prediction", "inputs", "roi", "polygon"), "none"),
        (("prediction", "inputs", "roi", "polygon"), [[1, 2, 3]]),
        (("prediction", "inputs", "roi", "frame_index"), 1.0),
        (("prediction", "branches"), []),
        (("prediction", "traits"), {"no such trait": 1.0}),
        (("prediction", "heatmap", "values"), [0.5]),
        (("prediction", "heatmap", "values", "float32"), "!"),
        (("prediction", "heatmap", "values", "float32"), "AAAA"),
        (("prediction", "heatmap", "values", "shape"), [-1, 2**70]),
        (("prediction", "warnings"), [{"code": "x", "message": {"msgid": "x"}}]),
        (("prediction", "warnings"), [{"code": "x", "message": "words"}]),
        (("prediction", "features"), [[]]),
    ],
)
def test_what_is_malformed_is_refused_in_words(
    demo: Prediction, path: tuple[object, ...], to: object
) -> None:
    with pytest.raises(StoreRefused) as refused:
        from_stored(changed(demo, *path, to=to))
    assert refused.value.code == "stored-answer-malformed"


@settings(max_examples=60)
@given(st.recursive(st.none() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["version", "prediction", "inputs", "roi"]), x), max_leaves=8))  # fmt: skip
def test_anything_else_is_refused_too(raw: object) -> None:
    with pytest.raises(StoreRefused):
        from_stored(raw)


def test_no_number_is_no_number_again() -> None:
    stability = stability_from_stored(
        {
            "version": 1,
            "stability": {
                "inputs_sha256": "",
                "kinds": [],
                "logits": [{"number": "nan"}, {"number": "-inf"}],
                "wanted": 2,
                "variability": {"sd": 1, "is_mm": True, "patients": 0},
                "frames": [],
            },
        }
    )
    assert math.isnan(stability.logits[0])
    assert stability.logits[1] == -math.inf
