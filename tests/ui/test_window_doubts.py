"""What the real window says against an answer: its failures, range, branches, outline, neighbours."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from her2desk.domain.counts import Call
from her2desk.domain.log_odds import sigmoid
from her2desk.domain.prediction import Prediction
from her2desk.domain.readout import Doubt, IndeterminateRule
from her2desk.domain.traits import Trait
from her2desk.domain.validation import ValidationSource
from her2desk.packs.pack import open_pack
from her2desk.packs.readout_part import READOUT_FILE
from her2desk.paths import demo_pack_path
from tests.ui.readout_desk import (
    Desk,
    bring_in_sight,
    click,
    demo_of,
    demo_rows,
    demo_with,
    demo_without,
    everything_reads_well,
    manifest_with,
    plain,
    said,
)

OUT_OF_FOLD = ValidationSource.OUT_OF_FOLD


@pytest.fixture(scope="module")
def desk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packs")


@pytest.fixture
def found(desk: Desk) -> Prediction:
    return desk.fresh()


def concern_codes(desk: Desk) -> list[str]:
    return [concern.code for concern in desk.result.estimate.concerns.concerns()]


# 3: how this very case may fail


@pytest.fixture(scope="module")
def irregular_fails(packs: Path) -> Path:
    """A pack whose false positives have an irregular margin, as the demo case has."""
    demo = open_pack(demo_pack_path())
    point = demo.operating_points("image-only")["youden"]
    solidity = {}
    for place, row in enumerate(demo.rows("image-only", OUT_OF_FOLD)):
        is_called = sigmoid(row.logit) >= point.threshold_for(row.fold)
        if is_called and not row.positive:
            solidity[row.patient] = 0.80 + place / 10_000
        else:  # a quarter of those called negative too: a quarter of all
            solidity[row.patient] = (
                0.84 if not is_called and place % 4 == 0 else 0.95
            ) + place / 1e4
    rows = [
        replace(row, traits={**row.traits, Trait.SOLIDITY: solidity.get(row.patient, 0.97)})
        for row in demo.validation
    ]
    return demo_of(packs / "irregular.h2pack", rows)


def test_a_failure_that_the_pack_has_shown_speaks_against_the_answer(
    desk: Desk, irregular_fails: Path
) -> None:
    desk.fresh(irregular_fails)
    words = desk.result.estimate.concerns
    assert [c for c in concern_codes(desk) if c.startswith("failure")] == [
        "failure-irregular-margin"
    ]
    warned = (
        "Irregular margin: of 31 validation patients called positive who looked like this, 31 were "
        "wrong; of the other 48, 0."
    )
    assert warned in [plain(text) for text in said(words)]
    desk.turn_to(desk.why)
    row = desk.why.failures.signs()[0]
    bring_in_sight(row.remark)
    assert row.remark.warns()
    assert plain(row.remark.sentence.text()) == warned
    assert "31 of 31 wrong" in plain(row.alike.figure.text())
    everything_reads_well(desk)


def test_a_failure_that_chance_could_make_is_no_warning(desk: Desk, found: Prediction) -> None:
    assert not [code for code in concern_codes(desk) if code.startswith("failure")]
    assert desk.result.estimate.concerns.calm.isVisible()
    desk.turn_to(desk.why)
    rows = desk.why.failures.signs()
    assert not any(row.remark.warns() for row in rows)
    words = [plain(row.remark.sentence.text()) for row in rows]
    (margin,) = [text for text in words if text.startswith("Irregular margin: ")]
    assert margin.endswith("No more than chance would give.")
    folded = [label.text() for label in desk.why.failures.folded()]
    assert "Calcification: not known for this case." in folded
    assert "No model of the errors" in desk.why.failures.closing.text()


# 4: out of range


@pytest.fixture(scope="module")
def narrow(packs: Path) -> Path:
    """A pack whose patients were all alike, seen by one other scanner."""
    part = open_pack(demo_pack_path()).readout
    assert part.space is not None
    assert part.seen is not None
    changed = part.model_copy(
        update={
            "space": part.space.model_copy(update={"threshold": 1.0}),
            "seen": part.seen.model_copy(
                update={"scanners": ("Other scanner",), "spacing_mm": (0.2, 0.3)}
            ),
        }
    )
    return demo_with(packs / "narrow.h2pack", {READOUT_FILE: changed.model_dump_json().encode()})


def test_a_case_unlike_the_packs_patients_gets_no_call(desk: Desk, narrow: Path) -> None:
    answer = desk.fresh(narrow)
    card = desk.result.estimate.call_card
    assert answer.readout.call is Call.INDETERMINATE
    assert plain(card.call.text()).startswith("Indeterminate")
    assert answer.familiarity is not None
    assert answer.familiarity.distance is not None
    reason = plain(card.reason.text())
    assert f"{answer.familiarity.distance.value:.1f}" in reason
    assert "11 of 207" in reason
    assert {"scanner-unseen", "spacing-unseen"} <= set(concern_codes(desk))
    assert "doubt-out-of-range" not in concern_codes(desk)  # the call card says it, once
    desk.turn_to(desk.why)
    familiarity = desk.why.familiarity
    bring_in_sight(familiarity.distance)
    assert familiarity.distance.remark.warns()
    assert [remark.warns() for remark in familiarity.seen()] == [True, True]
    assert "there is no call that could be wrong" in desk.why.failures.closing.text()
    everything_reads_well(desk)


def test_an_outline_of_skin_is_unlike_any_lesion(desk: Desk, found: Prediction) -> None:
    frame = found.inputs.roi.frame_index
    desk.draw_by_mouse([(150.0, 60.0), (450.0, 60.0), (450.0, 76.0), (150.0, 76.0)])
    answer = desk.answer()
    assert answer.inputs.roi.frame_index == frame
    assert Doubt.OUT_OF_RANGE in answer.readout.doubts
    assert plain(desk.result.estimate.call_card.call.text()).startswith("Indeterminate")
    assert "out-of-range" in concern_codes(desk)  # single features too
    desk.turn_to(desk.why)
    assert desk.why.familiarity.features.warns()
    assert any(place.remark.warns() for place in desk.why.familiarity.places())
    everything_reads_well(desk)


def test_a_case_like_the_packs_patients_says_so(desk: Desk, found: Prediction) -> None:
    desk.turn_to(desk.why)
    familiarity = desk.why.familiarity
    assert not familiarity.distance.remark.warns()
    assert not any(remark.warns() for remark in familiarity.seen())
    assert (
        "radiomics features lie inside their training range" in familiarity.features.sentence.text()
    )


# 1, once more: the other reasons for no call


def test_branches_that_disagree_as_they_never_did_make_no_call(desk: Desk, packs: Path) -> None:
    agreeing = [
        replace(row, branches={**row.branches, "cnn": row.branches["radiomics"]})
        for row in demo_rows()
    ]
    answer = desk.fresh(demo_of(packs / "agreeing.h2pack", agreeing))
    assert answer.readout.doubts == (Doubt.BRANCHES,)
    card = desk.result.estimate.call_card
    assert plain(card.call.text()).startswith("Indeterminate")
    assert "IHC, and FISH if 2+" in plain(card.call.text())
    assert "adiomics" in card.reason.text()
    assert "network" in card.reason.text() or "CNN" in card.reason.text()
    everything_reads_well(desk)


def test_a_pack_may_ask_for_the_conformal_rule(desk: Desk, packs: Path) -> None:
    manifest = manifest_with(indeterminate_rule=IndeterminateRule.CONFORMAL)
    answer = desk.fresh(demo_with(packs / "conformal.h2pack", {"manifest.json": manifest}))
    rule = plain(desk.result.cohort.rule.text())
    assert "conformal, α = 0.10" in rule
    assert " of 151 (" in rule
    assert " of 56 (" in rule
    assert answer.readout.call is Call.POSITIVE
    bar, card = desk.result.estimate.bar, desk.result.estimate.call_card
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_End)
    readout = desk.answer().readout
    assert readout.doubts == (Doubt.CONFORMAL,)
    assert readout.class_p is not None
    assert plain(card.call.text()).startswith("Indeterminate")
    assert f"{readout.class_p[0]:.2f}" in plain(card.reason.text())
    everything_reads_well(desk)


# 5: stability


def test_the_band_comes_after_the_answer_and_goes_with_the_outline(
    desk: Desk, found: Prediction
) -> None:
    bar, line = desk.result.estimate.bar, desk.result.estimate.stability
    at_answer: list[tuple[object, bool]] = []
    texts: list[str] = []
    session, afterthoughts = desk.window.session, desk.window.afterthoughts
    links = [
        session.answered.connect(lambda _: at_answer.append((bar.band(), line.isVisible()))),
        afterthoughts.stability_changed.connect(lambda _: texts.append(plain(line.text.text()))),
    ]
    desk.move_outline(5.0)
    desk.answer()
    assert at_answer == [(None, False)]  # the answer did not wait for it
    texts.clear()
    desk.wait(lambda: bool(desk.stabilities and desk.stabilities[-1]) and bar.band() is not None)
    assert "small changes of the outline so far" in texts[0]
    assert texts[0].endswith("Computing…")
    desk.wait(lambda: desk.stabilities[-1] is not None and desk.stabilities[-1].is_complete)
    complete = desk.stabilities[-1]
    assert complete is not None
    assert len(complete.logits) >= 20
    lower, upper = np.percentile([sigmoid(x) for x in complete.logits], [5, 95])
    assert bar.band() == pytest.approx((lower, upper), abs=0.01)
    words = plain(line.text.text())
    assert f"under {len(complete.logits)} small changes of the outline" in words
    assert "Computing" not in words
    frames = [frame for frame, _ in complete.frames]
    assert frames == [found.inputs.roi.frame_index - 1, found.inputs.roi.frame_index + 1]
    assert all(f"on frame {frame + 1}" in words for frame in frames)
    assert "With the outline changed a little" in bar.accessibleDescription()
    at_answer.clear()
    desk.move_outline(5.0)
    desk.answer()
    assert at_answer == [(None, False)]
    session.answered.disconnect(links[0])
    afterthoughts.stability_changed.disconnect(links[1])


def test_a_new_outline_takes_the_engine_from_the_band(desk: Desk, found: Prediction) -> None:
    desk.move_outline(9.0)
    first = desk.answer().inputs.sha256
    desk.wait(lambda: desk.window.runner.is_running)  # the band's question
    desk.stabilities.clear()
    desk.move_outline(3.0)
    second = desk.answer().inputs.sha256
    assert second != first
    desk.wait(lambda: any(desk.stabilities))
    shown = {found.inputs_sha256 for found in desk.stabilities if found is not None}
    assert shown == {second}


# 6: nearest validation patients


def test_the_nearest_patients_have_outcome_score_and_picture(desk: Desk, found: Prediction) -> None:
    desk.turn_to(desk.why)
    assert found.familiarity is not None
    nearest, cards = found.familiarity.nearest, desk.why.neighbours.cards()
    assert len(cards) == len(nearest) == 5
    for card, near in zip(cards, nearest, strict=True):
        words = plain(card.sentence.text())
        assert near.patient in words or ("positive" if near.positive else "negative") in words
        assert f"{sigmoid(near.logit):.2f}" in words
        assert card.thumbnail.has_picture()
    card = cards[0]
    click(card.thumbnail)
    assert card.enlarged.isVisible()
    QTest.keyClick(card, Qt.Key.Key_Return)
    assert not card.enlarged.isVisible()


def test_a_pack_whose_owner_gave_no_pictures_shows_none(desk: Desk, tmp_path: Path) -> None:
    bare = demo_without(tmp_path / "bare.h2pack", lambda name: name.startswith("preview/"))
    desk.fresh(bare)
    desk.turn_to(desk.why)
    neighbours = desk.why.neighbours
    assert len(neighbours.cards()) == 5
    assert not any(card.thumbnail.isVisible() for card in neighbours.cards())
    assert neighbours.note.text().endswith("There are no pictures in this pack.")
