"""The items of TRIPOD+AI (Collins et al., BMJ 2024; 385: e078378), each asked in our own words."""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.texts import Message, msg


class Applies(StrEnum):
    """To building a model, to evaluating one, or to both."""

    DEVELOPMENT = "D"
    EVALUATION = "E"
    BOTH = "D;E"


@dataclass(frozen=True)
class TripodItem:
    """``number`` as in the statement ("12c"); ``heading`` is its topic, ``asks`` a paraphrase."""

    number: str
    part: Message
    heading: Message
    applies: Applies
    asks: Message


_D, _E, _BOTH = Applies.DEVELOPMENT, Applies.EVALUATION, Applies.BOTH
_TITLE, _ABSTRACT = msg("Title"), msg("Abstract")
_INTRODUCTION, _METHODS = msg("Introduction"), msg("Methods")
_OPEN, _PUBLIC = msg("Open science"), msg("Patient and public involvement")
_RESULTS, _DISCUSSION = msg("Results"), msg("Discussion")
_BACKGROUND, _OBJECTIVES = msg("Background"), msg("Objectives")
_DATA, _PARTICIPANTS = msg("Data"), msg("Participants")
_PREPARATION, _OUTCOME = msg("Data preparation"), msg("Outcome")
_PREDICTORS, _SIZE = msg("Predictors"), msg("Sample size")
_MISSING, _ANALYSIS = msg("Missing data"), msg("Analytical methods")
_IMBALANCE, _FAIRNESS = msg("Class imbalance"), msg("Fairness")
_OUTPUT, _DIFFERENCES = msg("Model output"), msg("Training versus evaluation")
_ETHICS, _DEVELOPMENT = msg("Ethical approval"), msg("Model development")
_SPECIFICATION, _PERFORMANCE = msg("Model specification"), msg("Model performance")
_UPDATING, _INTERPRETATION = msg("Model updating"), msg("Interpretation")
_LIMITATIONS, _USABILITY = msg("Limitations"), msg("Usability in current care")


ITEMS: tuple[TripodItem, ...] = (
    TripodItem("1", _TITLE, _TITLE, _BOTH, msg(
        "Say that a prediction model is developed or evaluated, for whom, and for which outcome.")),
    TripodItem("2", _ABSTRACT, _ABSTRACT, _BOTH, msg(
        "A structured abstract by TRIPOD+AI for Abstracts.")),
    TripodItem("3a", _INTRODUCTION, _BACKGROUND, _BOTH, msg(
        "Clinical context, diagnostic or prognostic, why a model, and which models exist.")),
    TripodItem("3b", _INTRODUCTION, _BACKGROUND, _BOTH, msg(
        "Target population, purpose within the care pathway, and intended users.")),
    TripodItem("3c", _INTRODUCTION, _BACKGROUND, _BOTH, msg(
        "Known health inequalities between sociodemographic groups.")),
    TripodItem("4", _INTRODUCTION, _OBJECTIVES, _BOTH, msg(
        "The study's objectives: development, validation or both.")),
    TripodItem("5a", _METHODS, _DATA, _BOTH, msg(
        "Sources of the data for development and for evaluation, why these, and whom they stand "
        "for.")),
    TripodItem("5b", _METHODS, _DATA, _BOTH, msg(
        "Dates: start and end of accrual, and of follow-up if any.")),
    TripodItem("6a", _METHODS, _PARTICIPANTS, _BOTH, msg(
        "Setting, with the number and the places of the centres.")),
    TripodItem("6b", _METHODS, _PARTICIPANTS, _BOTH, msg("Who was eligible.")),
    TripodItem("6c", _METHODS, _PARTICIPANTS, _BOTH, msg(
        "Treatments received and how they were dealt with, where relevant.")),
    TripodItem("7", _METHODS, _PREPARATION, _BOTH, msg(
        "Pre-processing and quality checks, and whether they were alike across groups.")),
    TripodItem("8a", _METHODS, _OUTCOME, _BOTH, msg(
        "The outcome and its time horizon: how and when assessed, why this one, alike across "
        "groups or not.")),
    TripodItem("8b", _METHODS, _OUTCOME, _BOTH, msg(
        "Who assessed an outcome that needs judgement: qualifications and demographics.")),
    TripodItem("8c", _METHODS, _OUTCOME, _BOTH, msg("Blinding of the outcome's assessment.")),
    TripodItem("9a", _METHODS, _PREDICTORS, _D, msg(
        "How the first set of predictors was chosen, and any selection before model building.")),
    TripodItem("9b", _METHODS, _PREDICTORS, _BOTH, msg(
        "Definition of all predictors: how and when measured, and any blinding.")),
    TripodItem("9c", _METHODS, _PREDICTORS, _BOTH, msg(
        "Who measured predictors that need judgement: qualifications and demographics.")),
    TripodItem("10", _METHODS, _SIZE, _BOTH, msg(
        "How the size came about, separately for development and evaluation, and whether it is "
        "enough.")),
    TripodItem("11", _METHODS, _MISSING, _BOTH, msg(
        "How missing data were dealt with, and why any data were left out.")),
    TripodItem("12a", _METHODS, _ANALYSIS, _D, msg(
        "How the data were used and divided for development and evaluation.")),
    TripodItem("12b", _METHODS, _ANALYSIS, _D, msg(
        "How predictors entered: form, rescaling, transformation, standardisation.")),
    TripodItem("12c", _METHODS, _ANALYSIS, _D, msg(
        "Type of model, why, all steps of building it with tuning, and internal validation.")),
    TripodItem("12d", _METHODS, _ANALYSIS, _BOTH, msg(
        "Heterogeneity of the model and its performance across clusters such as hospitals.")),
    TripodItem("12e", _METHODS, _ANALYSIS, _BOTH, msg(
        "Measures and plots of performance, why these, and how models were compared.")),
    TripodItem("12f", _METHODS, _ANALYSIS, _E, msg(
        "Any updating of the model, such as recalibration, overall or for a group.")),
    TripodItem("12g", _METHODS, _ANALYSIS, _E, msg(
        "How the predictions were calculated in the evaluation.")),
    TripodItem("13", _METHODS, _IMBALANCE, _BOTH, msg(
        "Any methods against class imbalance, why, and recalibration afterwards.")),
    TripodItem("14", _METHODS, _FAIRNESS, _BOTH, msg("Any approach to fairness, and why.")),
    TripodItem("15", _METHODS, _OUTPUT, _D, msg(
        "What the model gives, and how and why any classes and thresholds were set.")),
    TripodItem("16", _METHODS, _DIFFERENCES, _BOTH, msg(
        "Differences between development and evaluation in setting, eligibility, outcome and "
        "predictors.")),
    TripodItem("17", _METHODS, _ETHICS, _BOTH, msg(
        "The committee that approved the study, and consent or its waiver.")),
    TripodItem("18a", _OPEN, msg("Funding"), _BOTH, msg("Source of funding and role of funders.")),
    TripodItem("18b", _OPEN, msg("Conflicts of interest"), _BOTH, msg(
        "Conflicts of interest and financial disclosures of all authors.")),
    TripodItem("18c", _OPEN, msg("Protocol"), _BOTH, msg(
        "Where the protocol is, or that none was prepared.")),
    TripodItem("18d", _OPEN, msg("Registration"), _BOTH, msg(
        "Register and number, or that the study was not registered.")),
    TripodItem("18e", _OPEN, msg("Data sharing"), _BOTH, msg("Availability of the data.")),
    TripodItem("18f", _OPEN, msg("Code sharing"), _BOTH, msg(
        "Availability of the analytical code.")),
    TripodItem("19", _PUBLIC, _PUBLIC, _BOTH, msg(
        "Involvement of patients and the public at any stage, or that there was none.")),
    TripodItem("20a", _RESULTS, _PARTICIPANTS, _BOTH, msg(
        "Flow of participants, with and without the outcome; a diagram helps.")),
    TripodItem("20b", _RESULTS, _PARTICIPANTS, _BOTH, msg(
        "Characteristics overall and by source: dates, key predictors, size, events, missing "
        "data; differences between demographic groups.")),
    TripodItem("20c", _RESULTS, _PARTICIPANTS, _E, msg(
        "Important predictors and the outcome compared with the development data.")),
    TripodItem("21", _RESULTS, _DEVELOPMENT, _BOTH, msg(
        "Participants and events in each analysis: development, tuning, evaluation.")),
    TripodItem("22", _RESULTS, _SPECIFICATION, _D, msg(
        "The full model so that others can use and evaluate it, and any limits on access.")),
    TripodItem("23a", _RESULTS, _PERFORMANCE, _BOTH, msg(
        "Performance with confidence intervals, for key subgroups too; plots help.")),
    TripodItem("23b", _RESULTS, _PERFORMANCE, _BOTH, msg(
        "Heterogeneity of performance across clusters, if examined.")),
    TripodItem("24", _RESULTS, _UPDATING, _E, msg(
        "The updated model and its performance, if the model was updated.")),
    TripodItem("25", _DISCUSSION, _INTERPRETATION, _BOTH, msg(
        "What the results mean, with fairness, against the objectives and earlier studies.")),
    TripodItem("26", _DISCUSSION, _LIMITATIONS, _BOTH, msg(
        "Limitations: sample, size, overfitting, missing data, and what they do to the results.")),
    TripodItem("27a", _DISCUSSION, _USABILITY, _D, msg(
        "What to do in use when inputs are poor or missing.")),
    TripodItem("27b", _DISCUSSION, _USABILITY, _D, msg(
        "Whether users handle inputs or model, and which expertise that needs.")),
    TripodItem("27c", _DISCUSSION, _USABILITY, _BOTH, msg(
        "Next steps of research, above all applicability and generalisability.")),
)  # fmt: skip
