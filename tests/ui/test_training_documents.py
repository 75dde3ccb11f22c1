"""What the child says is looked at before it is used."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.errors import EngineFailed
from her2desk.training.request import ENHANCEMENTS, FAMILIES, TrainRequest
from her2desk.ui.training.command_line import check_arguments, train_arguments
from her2desk.ui.training.documents import (
    Auc,
    Step,
    check_of,
    error_of,
    step_of,
    trained_of,
)
from her2desk.ui.training.words import (
    duration,
    enhancements,
    families,
    networks,
    rough_duration,
)
from tests.ui.training_samples import bad_check_document, check_document, trained_document

REQUEST = TrainRequest(Path("cohort"), Path("a.h2pack"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KEYS = ["patients", "usable", "findings", "inputs", "pack", "metrics", "apparent", "warnings"]


def test_a_step_is_read_and_everything_else_is_log():
    line = '{"stage": null, "fraction": 0.25, "text": "Fold 1", "elapsed_s": 3, "eta_s": 9}'
    assert step_of(line) == Step("", 0.25, "Fold 1", 9.0)
    assert step_of('{"fraction": 7, "text": "x", "eta_s": -2}') == Step("", 1.0, "x", 0.0)
    for other in ("epoch 3", "{broken", '{"text": "no fraction"}', '{"fraction": NaN}', "[1]", ""):
        assert step_of(other) is None


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(), JSON))
def test_no_document_is_answered_with_anything_but_a_value_or_a_sentence(raw):
    for read in (check_of, trained_of):
        with suppress(EngineFailed):
            read(raw)
    step_of(json.dumps(raw))
    error_of({"error": raw})


def test_a_check_keeps_its_findings_and_counts():
    check = check_of(bad_check_document())
    assert (check.patients, check.positive, check.unknown) == (200, 62, 5)
    assert not check.is_usable
    assert [finding.row for finding in check.findings] == [17, 3, None]
    assert [finding.is_error for finding in check.findings] == [True, True, False]
    assert check_of(check_document(has_split_column=True)).has_split_column


def test_a_document_without_its_essentials_is_refused_in_a_sentence():
    for read, document in ((check_of, {"patients": 3}), (trained_of, {"digest": "x"})):
        with pytest.raises(EngineFailed, match="could not be read"):
            read(document)


def test_metrics_become_rows_by_branch_and_broken_figures_are_left_out():
    document = trained_document(Path("p.h2pack"))
    document["metrics"]["held_out"]["combined"]["auc"]["value"] = None
    document["metrics"]["apparent"]["cnn"] = "?"
    document["warnings"].append("plain words")
    trained = trained_of(document)
    assert trained.aucs["combined"]["cross_validated"].is_approximate
    assert trained.aucs["clinical"] == {"apparent": Auc(0.7, 0.6, 0.8, "logit-delong")}
    assert "held_out" not in trained.aucs["combined"]
    assert trained.warnings == ("Ridge was used.", "plain words")


def test_an_error_keeps_the_childs_words_and_braces_in_them():
    error = error_of({"error": {"code": "c", "message": "No {x} here.", "remedy": "Do {y}."}})
    assert error is not None
    assert (error.message.text(), error.remedy.text(), error.code) == (
        "No {x} here.",
        "Do {y}.",
        "c",
    )
    assert error_of({"patients": 3}) is None


def test_the_window_is_not_meant_by_what_trains():
    from her2desk.__main__ import wants_window

    assert not wants_window(check_arguments(Path("cohort")))
    assert not wants_window(train_arguments(REQUEST))


@pytest.mark.parametrize(
    "request_",
    [
        REQUEST,
        replace(REQUEST, inputs=(), seed=3, name="A b", split="none", weights="package"),
        replace(
            REQUEST,
            inputs=("pr", "age_years"),
            moment="before-biopsy",
            networks=("resnet50", "vgg19"),
            families=("lightgbm",),
            dlr="paper",
            combined="clinical-signature",
            held_out=0.25,
            population="Women of two hospitals.",
            decision="whom to see first",
            decision_range=(0.05, 0.625),
            profile="us-2d-px",
            enhance="ward.h2enhancer",
            repeats=6,
            epochs=2,
            jobs=3,
            indeterminate="conformal",
            thumbnails=True,
        ),
    ],
)
def test_the_command_line_reads_back_what_was_asked(request_):
    """The other end of the pipe is the real command line's own table of options."""
    from her2desk.cli.train_options import OPTIONS, request_of

    arguments = train_arguments(request_)
    assert arguments[:2] == ["train", "cohort"]
    rest = arguments[2:]
    rest.remove("--json")
    pictures = "--thumbnails" in rest
    if pictures:
        rest.remove("--thumbnails")
    pairs = dict(zip(rest[::2], rest[1::2], strict=True))
    assert (pairs.pop("--out"), pairs.pop("--progress")) == ("a.h2pack", "json")
    kinds = {int: int, float: float, int | None: int}
    given_ = {}
    for option in OPTIONS:
        default = option.parameter().default.default
        said = pairs.pop(option.flag, None)
        given_[option.field] = default if said is None else kinds.get(option.kind, str)(said)
    assert not pairs
    given_["thumbnails"] = pictures
    assert request_of(Path("cohort"), Path("a.h2pack"), given_) == request_


@pytest.mark.slow
def test_what_is_offered_is_what_the_builder_has():
    from her2desk.inference.networks import ARCHITECTURES
    from her2desk.radiomics.profile import PROFILES
    from her2desk.ui.training.words import profiles

    assert {choice.value for choice in networks()} == set(ARCHITECTURES)
    assert tuple(choice.value for choice in families()) == FAMILIES
    assert (*ENHANCEMENTS, "file") == tuple(choice.value for choice in enhancements())
    assert {choice.value for choice in profiles()} == set(PROFILES)


def test_times_are_said_as_people_say_them():
    assert [duration(s) for s in (0, 59.4, 200, 7500)] == [
        "0 s",
        "59 s",
        "3 min 20 s",
        "2 h 05 min",
    ]
    said = [rough_duration(s) for s in (20, 100, 3900, 9000)]
    assert said == ["less than a minute", "about 2 min", "about 1 h", "about 2.5 h"]
