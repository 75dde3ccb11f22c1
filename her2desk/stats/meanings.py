"""What each figure on screen means, in two or three plain sentences for whoever asks beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from her2desk.texts import Message, msg


class Figure(StrEnum):
    """A figure, table or picture that can be explained."""

    PROBABILITY = "probability"
    INTERVAL = "interval"
    OPERATING_POINT = "operating-point"
    CALL = "call"
    INDETERMINATE = "indeterminate"
    PREVALENCE = "prevalence"
    NEAREST_SCORES = "nearest-scores"
    SAME_CALL = "same-call"
    CONFUSION = "confusion"
    SENSITIVITY_SPECIFICITY = "sensitivity-specificity"
    PREDICTIVE_VALUES = "predictive-values"
    STABILITY = "stability"
    FAILURE_PATTERNS = "failure-patterns"
    ERROR_MODEL = "error-model"
    ATTENTION_INSIDE = "attention-inside"
    ATTENTION_BRIGHT = "attention-bright"
    ATTENTION_SPREAD = "attention-spread"
    BRANCHES = "branches"
    AUC = "auc"
    FEATURES_SD = "features-sd"
    DISTANCE = "distance"
    NEIGHBOURS = "neighbours"
    UNKNOWNS = "unknowns"
    HEATMAP = "heatmap"
    NOMOGRAM_POINTS = "nomogram-points"
    NOMOGRAM_TOTAL = "nomogram-total"
    AGREEMENT = "agreement"
    CALIBRATION = "calibration"
    CUSUM = "cusum"
    RECALIBRATION = "recalibration"


@dataclass(frozen=True)
class Meaning:
    """What a figure is called and what it means."""

    title: Message
    text: Message


def meaning(figure: Figure) -> Meaning:
    """The explanation of a figure."""
    return _MEANINGS[figure]


_MEANINGS: Mapping[Figure, Meaning] = {
    Figure.PROBABILITY: Meaning(
        msg("Predicted probability"),
        msg(
            "Of many patients with the same scores, this share is HER-2 positive by the pack's "
            "estimate. It says nothing certain of this one patient. IHC, and FISH if 2+, decide."
        ),
    ),
    Figure.INTERVAL: Meaning(
        msg("95 % interval"),
        msg(
            "How well the pack knows the probability, given the patients that it was built on. It is "
            "for the average of patients with the same scores. Another scanner or hospital, and the "
            "way the outline was drawn, are not included."
        ),
    ),
    Figure.OPERATING_POINT: Meaning(
        msg("Operating point"),
        msg(
            "The probability from which an answer counts as positive. A lower one misses fewer HER-2 "
            "positive patients and raises more false alarms. A threshold chosen by hand while looking "
            "at the counts looks better than it is."
        ),
    ),
    Figure.CALL: Meaning(
        msg("Call"),
        msg(
            "On which side of the threshold the probability lies. A call is an aid to planning, not a "
            "finding: IHC, and FISH if 2+, are done either way."
        ),
    ),
    Figure.INDETERMINATE: Meaning(
        msg("Indeterminate"),
        msg(
            "No call is made, because the answer is too close to the threshold, the branches of the "
            "model disagree, or the case is unlike those that the pack knows. The estimate is shown; "
            "the advice is IHC, and FISH if 2+."
        ),
    ),
    Figure.PREVALENCE: Meaning(
        msg("Local prevalence"),
        msg(
            "The share of HER-2 positive patients among those you examine. Probabilities, call and "
            "predictive values are all moved to it. Left empty, they are for a place like the pack's "
            "own."
        ),
    ),
    Figure.NEAREST_SCORES: Meaning(
        msg("Nearest scores"),
        msg(
            "The validation patients, up to 20, whose scores are closest to this one, each predicted "
            "by a model that had not seen the patient. Filled marks turned out HER-2 positive. The "
            "range beside is the 95 % interval of that share."
        ),
    ),
    Figure.SAME_CALL: Meaning(
        msg("Same call"),
        msg(
            "All validation patients who got this call, and how many of them turned out HER-2 "
            "positive. They are more mixed than those with the nearest scores."
        ),
    ),
    Figure.CONFUSION: Meaning(
        msg("Confusion table"),
        msg(
            "Calls against pathology for all validation patients, at the present threshold. Each was "
            "predicted without having been seen. The marked cells are those that this case could "
            "fall in."
        ),
    ),
    Figure.SENSITIVITY_SPECIFICITY: Meaning(
        msg("Sensitivity and specificity"),
        msg(
            "Sensitivity is the share of HER-2 positive patients who were called positive, "
            "specificity that of negative patients called negative. The ranges are 95 % intervals."
        ),
    ),
    Figure.PREDICTIVE_VALUES: Meaning(
        msg("Predictive values"),
        msg(
            "How often a positive call (PPV) and a negative call (NPV) are right where HER-2 is as "
            "frequent as the prevalence says. They change with the prevalence; sensitivity and "
            "specificity hardly do."
        ),
    ),
    Figure.STABILITY: Meaning(
        msg("Stability"),
        msg(
            "How far the answer moves when the outline is shrunk, grown, shifted or redrawn a little: "
            "nine in ten of the answers lie in this band. It comes on top of the interval, which does "
            "not include it."
        ),
    ),
    Figure.FAILURE_PATTERNS: Meaning(
        msg("Patterns of failure"),
        msg(
            "Seven ways of failing were named before anyone looked at the pack's errors. One warns "
            "only where validation patients who looked like this were wrong more often than chance "
            "explains. Otherwise the counts are shown, without a conclusion."
        ),
    ),
    Figure.ERROR_MODEL: Meaning(
        msg("Model of the errors"),
        msg(
            "A small model of which of the pack's calls were wrong. It needs at least 20 errors for "
            "each trait that it looks at, and must do better than chance; most packs have none."
        ),
    ),
    Figure.ATTENTION_INSIDE: Meaning(
        msg("Attention inside the outline"),
        msg(
            "The share of the network's heat inside the outline, divided by the outline's share of the "
            "crop. Above 1 the network looked at the lesion more than at its surroundings."
        ),
    ),
    Figure.ATTENTION_BRIGHT: Meaning(
        msg("Attention on bright pixels"),
        msg(
            "The share of the network's heat on hyperechoic pixels, divided by their share of the "
            "crop. In the published study false positives attended to bright areas."
        ),
    ),
    Figure.ATTENTION_SPREAD: Meaning(
        msg("Spread of attention"),
        msg(
            "0 where all heat is at one place, 1 where it is everywhere alike. In the published study "
            "false negatives had attention dispersed over the image."
        ),
    ),
    Figure.BRANCHES: Meaning(
        msg("Branches of the model"),
        msg(
            "The same question answered from the clinical record, from radiomics, by the network, and "
            "by combinations of them. Where radiomics and the network disagree as they rarely did in "
            "validation, no call is made."
        ),
    ),
    Figure.AUC: Meaning(
        msg("AUC"),
        msg(
            "How often a HER-2 positive patient has a higher score than a negative one: 0.5 is chance, "
            "1 never fails. Here it is of patients that the models had not seen; the range is its 95 % "
            "interval."
        ),
    ),
    Figure.FEATURES_SD: Meaning(
        msg("Features in standard deviations"),
        msg(
            "How far each image feature lies from the mean of the pack's patients. Beyond 2 is "
            "unusual. A marked feature lies outside everything that the pack was trained on."
        ),
    ),
    Figure.DISTANCE: Meaning(
        msg("Distance from the pack's patients"),
        msg(
            "How unusual all features are together, compared with the patients that the pack knows. "
            "Beyond the limit no call is made. The rule also stops some ordinary patients; how many "
            "is stated."
        ),
    ),
    Figure.NEIGHBOURS: Meaning(
        msg("Nearest patients"),
        msg(
            "The validation patients most like this one in image features, and in calcification and "
            "nodes where known. What became of a handful of patients proves little; they are there to "
            "compare by eye."
        ),
    ),
    Figure.UNKNOWNS: Meaning(
        msg("What is not known"),
        msg(
            "What the answer would be if one more clinical value were known, for each plausible value. "
            "The first in the list could move it most."
        ),
    ),
    Figure.HEATMAP: Meaning(
        msg("Heatmap"),
        msg(
            "Which places raised or lowered the network's score. It shows what the network responded "
            "to, not where disease is. The grid is coarse; differences between neighbouring places mean "
            "little."
        ),
    ),
    Figure.NOMOGRAM_POINTS: Meaning(
        msg("Points"),
        msg(
            "Each line turns a value into points; the longest line stands for 100. Points measure how "
            "much a value moves the answer within this model, not how important it is in the disease."
        ),
    ),
    Figure.NOMOGRAM_TOTAL: Meaning(
        msg("Total points"),
        msg(
            "The sum of all points. The line below it gives the probability that belongs to that sum "
            "at the prevalence in force."
        ),
    ),
    Figure.AGREEMENT: Meaning(
        msg("Agreement"),
        msg(
            "How often reader and model, or two readers, said the same before seeing each other's "
            "answer. Agreement is not correctness: both may be wrong in the same way."
        ),
    ),
    Figure.CALIBRATION: Meaning(
        msg("Calibration"),
        msg(
            "Whether probabilities can be taken at their word: of 100 patients given 30 %, about 30 "
            "should be HER-2 positive. The intercept says whether all are too high or too low (0 is "
            "right), the slope whether they are spread too far or too little (1 is right). With few "
            "positive patients neither says much."
        ),
    ),
    Figure.CUSUM: Meaning(
        msg("CUSUM chart"),
        msg(
            "Adds up, case by case, how much worse the pack does here than its card promised, and "
            "never falls below 0. When it reaches the line, the pack should no longer be trusted "
            "without checking. Chance alone reaches it now and then."
        ),
    ),
    Figure.RECALIBRATION: Meaning(
        msg("Recalibration"),
        msg(
            "Moves all probabilities so that they match local results: first their level, then, with "
            "enough cases, their spread. The order of patients does not change. It makes a new, signed "
            "version of the pack, never a silent change."
        ),
    ),
}
