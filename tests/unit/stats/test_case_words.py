"""Sentences on how far an answer can be believed: for one, for none and for what is not known."""

from dataclasses import replace

import pytest

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.concern import Weight
from her2desk.domain.counts import Call, Confusion
from her2desk.domain.failure import (
    DECLARED,
    ErrorEstimate,
    FailureReading,
    FailureSign,
    NoErrorModel,
    Silence,
)
from her2desk.domain.familiarity import Distance, Familiarity, NearPatient, TraitPlace
from her2desk.domain.image import ImageWarning, Spacing, SpacingSource
from her2desk.domain.log_odds import logit
from her2desk.domain.prediction import Inputs, PackIdentity, Prediction
from her2desk.domain.readout import BranchRanks, Doubt, Estimate, IndeterminateRule, Readout
from her2desk.domain.roi import Roi
from her2desk.domain.stability import Stability, Variability, VariantKind
from her2desk.domain.traits import UNKNOWN_TRAITS, Trait
from her2desk.domain.unknowns import UnknownEffect
from her2desk.domain.validation import Attention, OperatingPoint, ValidationSource
from her2desk.stats import case_words
from her2desk.stats.proportions import wilson
from her2desk.texts import msg

OUT_OF_FOLD, HELD_OUT = ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT
CALCIFICATION = next(p for p in DECLARED if p.name == "calcification")
DISTANCE = Distance(7.13, 5.31, 12, wilson(7, 140))
FAMILIAR = Familiarity(DISTANCE, (), (), "Maker One", False, 0.2, (0.05, 0.09))


def a_readout(**changes: object) -> Readout:
    readout = Readout(
        probability=0.49,
        lower=0.34,
        upper=0.64,
        prevalence=0.307,
        operating_point=OperatingPoint("sensitivity95", 0.42, (0.4, 0.44)),
        call=Call.POSITIVE,
        confusion=Confusion(27, 14, 60, 2, OUT_OF_FOLD),
        sensitivity=wilson(27, 29),
        specificity=wilson(60, 74),
        ppv=None,
        npv=None,
        neighbours=wilson(11, 20),
        alike=wilson(27, 41),
    )
    return replace(readout, **changes)


def a_sign(
    silence: Silence | None = None,
    alike: tuple[int, int] = (9, 14),
    others: tuple[int, int] = (4, 27),
) -> FailureSign:
    return FailureSign(CALCIFICATION, 1.0, 0.5, wilson(*alike), wilson(*others), silence)


def stability(n: int = 20, spread: float = 0.05, patients: int = 30, frames=()) -> Stability:
    logits = tuple(spread * (i - n / 2) / max(n, 1) for i in range(n))
    kinds = (VariantKind.REDRAWN,) * n
    return Stability("ab", kinds, logits, 20, Variability(0.61, True, patients), frames)


class TestDoubts:
    """Why no call is made."""

    def test_the_interval_and_the_threshold_are_named(self):
        said = case_words.doubt_sentence(Doubt.INTERVAL, a_readout(), None).text()
        assert said == "The interval 0.34–0.64 lies on both sides of the threshold 0.42."

    @pytest.mark.parametrize(
        ("p", "start"),
        [
            ((0.21, 0.34), "The score is usual for both classes, so neither is ruled out"),
            ((0.05, 0.04), "The score is unusual for both classes"),
            ((0.05, 0.5), "The score is usual only for the class on the other side"),
        ],
    )
    def test_the_conformal_rule_says_which_class_is_left(self, p, start):
        said = case_words.doubt_sentence(Doubt.CONFORMAL, a_readout(class_p=p), None).text()
        assert said.startswith(start)
        assert f"p {p[0]:.2f} for HER-2 negative, {p[1]:.2f} for positive" in said

    def test_disagreeing_branches_state_the_rule(self):
        readout = a_readout(ranks=BranchRanks(0.82, 0.12, 0.55, 60))
        assert case_words.doubt_sentence(Doubt.BRANCHES, readout, None).text() == (
            "Radiomics and the network disagree: radiomics puts this case above 82 % of 60 validation "
            "patients, the network above 12 %. For 95 % of them the two lie at most 55 points apart."
        )

    def test_out_of_range_is_said_with_its_false_alarms(self):
        said = case_words.doubt_sentence(Doubt.OUT_OF_RANGE, a_readout(), FAMILIAR).text()
        assert said == (
            "Unlike the pack's patients: distance 7.1, limit 5.3. The rule said so of 7 of 140 "
            "(2–10 %) validation patients."
        )

    @pytest.mark.parametrize("doubt", [Doubt.CONFORMAL, Doubt.BRANCHES])
    def test_a_doubt_without_its_figures_is_a_mistake(self, doubt):
        with pytest.raises(ValueError, match=r"p-values|judged"):
            case_words.doubt_sentence(doubt, a_readout(), None)


class TestRule:
    """By which rule no call is made."""

    def test_the_interval_rule(self):
        assert case_words.rule_sentence(a_readout()).text() == (
            "No call where the 95 % interval lies on both sides of the threshold."
        )

    def test_the_conformal_rule_says_what_it_realised(self):
        readout = a_readout(
            rule=IndeterminateRule.CONFORMAL, miscalled=(wilson(5, 60), wilson(0, 43))
        )
        said = case_words.rule_sentence(readout).text()
        assert "α = 0.10" in said
        assert "5 of 60 (4–18 %) HER-2 negative and 0 of 43 (0–8 %) positive patients" in said

    def test_falling_back_is_said(self):
        assert "there are fewer here" in case_words.rule_sentence(a_readout(falls_back=True)).text()


class TestCounts:
    """What became of the patients with the same call."""

    @pytest.mark.parametrize(
        ("counts", "said"),
        [
            (
                (27, 41),
                "Of 41 validation patients called positive, 27 were HER-2 positive (51–78 %).",
            ),
            ((1, 1), "Of 1 validation patient called positive, 1 was HER-2 positive."),
            ((0, 7), "Of 7 validation patients called positive, 0 were HER-2 positive."),
            ((1, 12), "Of 12 validation patients called positive, 1 was HER-2 positive (1–35 %)."),
            (
                (15, 15),
                "Of 15 validation patients called positive, 15 were HER-2 positive (80–100 %).",
            ),
        ],
    )
    def test_one_none_and_many(self, counts, said):
        assert case_words.call_counts_sentence(a_readout(alike=wilson(*counts))).text() == said

    def test_a_negative_call_counts_its_own(self):
        readout = a_readout(call=Call.NEGATIVE, alike=wilson(2, 62))
        assert case_words.call_counts_sentence(readout).text() == (
            "Of 62 validation patients called negative, 2 were HER-2 positive (1–11 %)."
        )
        one = a_readout(call=Call.NEGATIVE, alike=wilson(0, 1))
        assert "1 validation patient called negative" in case_words.call_counts_sentence(one).text()

    @pytest.mark.parametrize("call", [Call.POSITIVE, Call.NEGATIVE])
    def test_nobody_with_this_call_is_said(self, call):
        said = case_words.call_counts_sentence(a_readout(call=call, alike=None)).text()
        assert said == f"No validation patient was called {call} at this threshold."

    @pytest.mark.parametrize(
        "changes", [{"call": Call.INDETERMINATE}, {"confusion": None, "alike": None}]
    )
    def test_nothing_is_said_where_there_is_nothing_to_count(self, changes):
        assert case_words.call_counts_sentence(a_readout(**changes)) is None

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"confusion": None}, "The pack has no validation patients to count here"),
            (
                {"confusion": Confusion(0, 5, 7, 0, OUT_OF_FOLD), "sensitivity": None},
                "None of the 12 validation patients was HER-2 positive",
            ),
            (
                {"confusion": Confusion(0, 1, 0, 0, OUT_OF_FOLD), "sensitivity": None},
                "The only validation patient was not HER-2 positive",
            ),
            (
                {"confusion": Confusion(5, 0, 0, 7, OUT_OF_FOLD), "specificity": None},
                "All 12 validation patients were HER-2 positive",
            ),
            (
                {"confusion": Confusion(1, 0, 0, 0, OUT_OF_FOLD), "specificity": None},
                "The only validation patient was HER-2 positive",
            ),
        ],
    )
    def test_why_counts_are_missing(self, changes, said):
        assert case_words.no_table_sentence(a_readout(**changes)).text().startswith(said)

    def test_a_whole_table_needs_no_excuse(self):
        assert case_words.no_table_sentence(a_readout()) is None


class TestSigns:
    """Patterns of failure, as V16 words them."""

    def test_a_warning_sets_those_alike_against_the_others(self):
        assert case_words.sign_sentence(a_sign(), a_readout()).text() == (
            "Calcification: of 14 validation patients called positive who looked like this, 9 were "
            "wrong; of the other 27, 4."
        )

    def test_beside_a_held_out_table_it_says_on_whom_it_was_worked_out(self):
        readout = a_readout(confusion=Confusion(4, 1, 4, 1, HELD_OUT))
        said = case_words.sign_sentence(a_sign(), readout).text()
        assert "of 14 out-of-fold patients called positive who looked like this" in said
        negative = replace(a_sign(), pattern=next(p for p in DECLARED if p.call is Call.NEGATIVE))
        said = case_words.sign_sentence(replace(negative, alike=wilson(1, 1)), readout).text()
        assert "of 1 out-of-fold patient called negative who looked like this, 1 was wrong" in said

    @pytest.mark.parametrize(
        ("total", "said"),
        [
            (7, "Calcification: 7 validation patients looked like this; too few to say."),
            (1, "Calcification: 1 validation patient looked like this; too few to say."),
            (0, "Calcification: no validation patient of this call looked like this."),
        ],
    )
    def test_too_few_to_say(self, total, said):
        sign = a_sign(Silence.FEW_ALIKE, alike=(0, total))
        assert case_words.sign_sentence(sign, a_readout()).text() == said

    @pytest.mark.parametrize(
        ("silence", "said"),
        [
            (Silence.UNKNOWN, "Calcification: not known for this case."),
            (Silence.ABSENT, "Calcification: this case does not look like this."),
            (
                Silence.NO_VALIDATION,
                "Calcification: not known of any validation patient.",
            ),
        ],
    )
    def test_nothing_to_count(self, silence, said):
        sign = replace(a_sign(silence), alike=None, others=None)
        assert case_words.sign_sentence(sign, a_readout()).text() == said

    @pytest.mark.parametrize(
        ("silence", "reason"),
        [
            (Silence.FEW_ERRORS, "Too few errors to say."),
            (Silence.OWN_THRESHOLD, "Not tested at a threshold chosen by hand."),
            (Silence.UNTESTED, "The pack does not say whether that is more than chance."),
            (Silence.NO_DIFFERENCE, "No more than chance would give."),
        ],
    )
    def test_counts_without_a_warning_say_why(self, silence, reason):
        said = case_words.sign_sentence(a_sign(silence), a_readout()).text()
        assert "9 were wrong; of the other 27, 4." in said
        assert said.endswith(reason)

    def test_one_wrong_and_no_others(self):
        sign = a_sign(Silence.UNTESTED, alike=(1, 12), others=(0, 0))
        said = case_words.sign_sentence(sign, a_readout()).text()
        assert "who looked like this, 1 was wrong; there are no others." in said

    def test_every_pattern_has_a_name_and_every_silence_a_sentence(self):
        for pattern in DECLARED:
            assert case_words.pattern_label(pattern).text()
        for silence in Silence:
            assert case_words.sign_sentence(a_sign(silence), a_readout()).text()

    def test_counts_that_are_missing_are_a_mistake(self):
        with pytest.raises(ValueError, match="counts them"):
            case_words.sign_sentence(replace(a_sign(), alike=None), a_readout())


class TestErrors:
    """The model of the errors."""

    def test_an_estimate_has_its_interval_and_its_auc(self):
        error = ErrorEstimate(0.34, 0.2, 0.5, (Trait.CALCIFICATION,), 44, 90, (0.712, 0.6, 0.8))
        assert case_words.error_sentence(FailureReading((), error, None)).text() == (
            "By a model of the pack's own errors, such a call is wrong with probability 0.34 "
            "(0.20–0.50); fitted on 90 patients with this call, 44 of them wrong; cross-validated AUC "
            "0.71 (0.60–0.80)."
        )

    @pytest.mark.parametrize("reason", NoErrorModel)
    def test_every_reason_has_a_sentence(self, reason):
        said = case_words.error_sentence(FailureReading((), reason, wilson(9, 41))).text()
        assert said.startswith("No model of the errors")

    @pytest.mark.parametrize(
        ("errors", "said"),
        [
            (wilson(9, 41), "9 wrong calls, and one needs at least 20 for each trait."),
            (wilson(1, 41), "1 wrong call, and"),
            (None, "0 wrong calls, and"),
        ],
    )
    def test_few_errors_are_counted(self, errors, said):
        reading = FailureReading((), NoErrorModel.FEW_ERRORS, errors)
        assert said in case_words.error_sentence(reading).text()


class TestFamiliarity:
    """Range, places, scanner, spacing and nearest patients."""

    def test_within_range_and_without_a_range(self):
        inside = replace(DISTANCE, value=3.0)
        assert case_words.distance_sentence(inside).text() == (
            "Like the pack's patients: distance 3.0, limit 5.3. The rule called 7 of 140 (2–10 %) "
            "validation patients unlike them."
        )
        assert "cannot be judged" in case_words.distance_sentence(None).text()

    @pytest.mark.parametrize(
        ("place", "said"),
        [
            (
                TraitPlace(Trait.SIZE, 12.0, 4.0, 41.0, wilson(14, 140)),
                "Size: 12.0 mm; 14 of 140 validation patients at least as extreme (4.0 mm to 41.0 mm).",
            ),
            (
                TraitPlace(Trait.SIZE, 3.0, 4.0, 41.0, wilson(0, 140)),
                "Size: 3.0 mm; outside all 140 validation patients (4.0 mm to 41.0 mm).",
            ),
            (
                TraitPlace(Trait.DISPERSION, 0.5, 0.4, 0.4, wilson(0, 1)),
                "Spread of attention: 0.50; the only validation patient had 0.40.",
            ),
            (
                TraitPlace(Trait.DISPERSION, 0.4, 0.4, 0.4, wilson(1, 1)),
                "Spread of attention: 0.40, as the only validation patient.",
            ),
        ],
    )
    def test_the_place_of_a_measure(self, place, said):
        assert case_words.place_sentence(place).text() == said

    @pytest.mark.parametrize(
        ("changes", "scanner", "spacing"),
        [
            ({}, "None of the pack's patients was imaged on Maker One.",
             "None of the pack's patients had pixels of 0.200 mm (0.050 to 0.090 mm)."),
            ({"scanner_seen": True, "spacing_mm": 0.06},
             "Maker One is a scanner of the pack's patients.",
             "Pixels of 0.060 mm are within the pack's (0.050 to 0.090 mm)."),
            ({"scanner_seen": None, "spacing_limits_mm": None},
             "The pack does not state its scanners.",
             "The pack does not state the size of its pixels."),
            ({"scanner": "", "spacing_mm": None},
             "The file does not name its scanner.", "The size of a pixel is not known."),
        ],
    )  # fmt: skip
    def test_scanner_and_spacing(self, changes, scanner, spacing):
        found = case_words.seen_sentences(replace(FAMILIAR, **changes))
        assert [s.text() for s in found] == [scanner, spacing]

    def test_a_nearest_patient_says_outcome_score_and_distance(self):
        near = NearPatient("V0012", True, logit(0.71), 2.34, OUT_OF_FOLD, UNKNOWN_TRAITS)
        assert case_words.near_sentence(near, 0.0).text() == (
            "V0012: HER-2 positive; predicted 0.71, out of fold; distance 2.3."
        )
        held = replace(near, positive=False, source=HELD_OUT)
        assert case_words.near_sentence(held, logit(0.5) - logit(0.71)).text() == (
            "V0012: HER-2 negative; predicted 0.50, held out; distance 2.3."
        )

    @pytest.mark.parametrize(
        ("trait", "value", "said"),
        [
            (Trait.SIZE, 12.34, "12.3 mm"),
            (Trait.SIZE, None, "not known"),
            (Trait.CALCIFICATION, 1.0, "yes"),
            (Trait.NODES, 0.0, "no"),
            (Trait.BRIGHT_ATTENTION, 1.84, "1.8 ×"),
            (Trait.SOLIDITY, 0.912, "0.91"),
            (Trait.DISPERSION, -1e-12, "0.00"),
        ],
    )
    def test_a_traits_value_has_its_unit(self, trait, value, said):
        assert case_words.trait_value(trait, value).text() == said


class TestMoves:
    """What could move the answer."""

    def test_yes_and_no(self):
        effect = UnknownEffect("pr", ((0.0, logit(0.61)), (1.0, logit(0.42))))
        assert case_words.unknown_sentence(effect, 0.0).text() == (
            "Progesterone receptor (PR) is not known: the probability would be 0.61 for no and 0.42 "
            "for yes."
        )

    def test_a_number_over_its_range(self):
        effect = UnknownEffect("ki67_percent", ((5.0, logit(0.66)), (80.0, logit(0.005))))
        assert case_words.unknown_sentence(effect, 0.0).text() == (
            "Ki-67 is not known: the probability would be 0.01 to 0.66 for values from 5 to 80 %."
        )

    def test_what_no_model_would_use(self):
        said = case_words.unknown_sentence(UnknownEffect("er", ()), 0.0).text()
        assert "no model that would use it" in said

    def test_a_band_says_that_it_is_not_in_the_interval_and_where_it_comes_from(self):
        assert case_words.stability_sentence(stability(spread=0.4), 0.0, 0.6).text() == (
            "0.45–0.54 under 20 small changes of the outline; not included in the interval. It does "
            "not cross the threshold 0.60. Changed as two readers of 30 patients differed (0.61 mm)."
        )

    @pytest.mark.parametrize(
        ("band", "said"),
        [
            (stability(0), "0 of 20 changed outlines tried; too few for a band."),
            (stability(5), "5 of 20 changed outlines tried; too few for a band."),
            (stability(6), "under 6 of 20 small changes of the outline so far"),
            (stability(), "It crosses the threshold 0.50."),
            (stability(patients=0), "Changes of an assumed 0.61 mm."),
            (stability(patients=1), "Changed as two readers of 1 patient differed"),
        ],
    )
    def test_too_few_some_and_all(self, band, said):
        assert said in case_words.stability_sentence(band, 0.0, 0.5).text()

    def test_frames_beside_are_counted_from_one(self):
        assert case_words.frames_sentence(stability(), 0.0) is None
        one = stability(frames=((1, 0.0),))
        assert case_words.frames_sentence(one, 0.0).text() == (
            "The same outline beside: 0.50 on frame 2."
        )
        both = stability(frames=((10, 0.0), (12, logit(0.6))))
        assert case_words.frames_sentence(both, 0.0).text() == (
            "The same outline beside: 0.50 on frame 11; 0.60 on frame 13."
        )


def a_prediction(readout: Readout | None = None, **changes: object) -> Prediction:
    prediction = Prediction(
        inputs=Inputs("c" * 64, None, Roi(0, ((1, 1), (9, 1), (9, 9))), ClinicalRecord(), "d" * 64),
        pack=PackIdentity("Pack", "1.0", "d" * 64, True),
        classes=("negative", "positive"),
        estimate=Estimate(logit(0.49), 0.1, "image-only", 0.307),
        branches={},
        signatures={},
        readout=readout or a_readout(),
        heatmap=None,
        attention=Attention(None, None, None),
        features=(),
        spacing=Spacing(None, SpacingSource.UNKNOWN),
        device="cpu",
    )
    return replace(prediction, **changes)


class TestConcerns:
    """What speaks against an answer, gravest first."""

    @staticmethod
    def codes(prediction: Prediction, band: Stability | None = None) -> list[str]:
        return [c.code for c in case_words.concerns(prediction, band)]

    def test_nothing_speaks_against_a_plain_answer(self):
        warnings = (
            ImageWarning("demo-pack", msg("DEMO")),
            ImageWarning("cropped", msg("Cropped.")),
        )
        assert self.codes(a_prediction(warnings=warnings)) == []

    def test_the_gravest_comes_first(self):
        failure = FailureReading((a_sign(), a_sign(Silence.ABSENT)), NoErrorModel.FEW_ERRORS, None)
        readout = a_readout(operating_point=OperatingPoint("own", 0.5), failure=failure)
        prediction = a_prediction(
            readout,
            warnings=tuple(
                ImageWarning(code, msg("{code}", code=code))
                for code in (
                    "size-assumed",
                    "scanner-unseen",
                    "graphics-in-roi",
                    "clinical-missing",
                )
            ),
        )
        band = replace(stability(), inputs_sha256=prediction.inputs.sha256)
        found = case_words.concerns(prediction, band)
        assert [c.code for c in found] == [
            "graphics-in-roi", "size-assumed", "scanner-unseen", "failure-calcification", "unstable",
            "own-threshold",
        ]  # fmt: skip
        assert [c.weight for c in found] == sorted(c.weight for c in found)
        assert found[-1].weight is Weight.NOTE

    def test_out_of_range_is_said_once(self):
        readout = a_readout(call=Call.INDETERMINATE, doubts=(Doubt.OUT_OF_RANGE,))
        warning = ImageWarning("unlike-training", case_words.distance_sentence(DISTANCE))
        prediction = a_prediction(readout, familiarity=FAMILIAR, warnings=(warning, warning))
        (concern,) = case_words.concerns(prediction, None)
        assert (concern.code, concern.weight) == ("doubt-out-of-range", Weight.GRAVE)

    def test_the_same_sentence_is_said_once(self):
        warning = ImageWarning("spacing-note", msg("Two regions."))
        assert self.codes(a_prediction(warnings=(warning, warning))) == ["spacing-note"]

    def test_a_band_of_another_answer_or_beside_the_threshold_is_no_concern(self):
        prediction = a_prediction(a_readout(operating_point=OperatingPoint("youden", 0.5, (0.5,))))
        own = replace(stability(), inputs_sha256=prediction.inputs.sha256)
        assert self.codes(prediction, own) == ["unstable"]
        assert self.codes(prediction, stability()) == []
        assert self.codes(prediction, replace(own, logits=own.logits[:5])) == []
        far = replace(own, logits=tuple(v + 2 for v in own.logits))
        assert self.codes(prediction, far) == []

    def test_the_band_lives_in_the_world_on_screen(self):
        readout = a_readout(operating_point=OperatingPoint("youden", 0.5, (0.5,)), prevalence=0.1)
        prediction = a_prediction(readout)
        own = replace(stability(), inputs_sha256=prediction.inputs.sha256)
        assert self.codes(prediction, own) == []
