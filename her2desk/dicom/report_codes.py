"""The codes of structured reports (docs/files.md lists them with their sources).

Each is (value, scheme, meaning). What no public scheme has is of our own, 99HER2DESK: SNOMED CT and
LOINC know HER2 only as a pathologist's result, which a prediction from a picture must not be taken for.
"""

from her2desk.domain.counts import Call
from her2desk.domain.readout import Doubt

Concept = tuple[str, str, str]

SCHEME = "99HER2DESK"
SCHEME_NAME = "Her2Desk codes for predictions of HER2 status from ultrasound"

# PS3.16 annex D, SNOMED CT and UCUM
LESION = ("52988006", "SCT", "Lesion")
ABNORMAL_STRUCTURE = ("49755003", "SCT", "Morphologically Abnormal Structure")
BREAST = ("76752008", "SCT", "Breast")
LEFT, RIGHT = ("7771000", "SCT", "Left"), ("24028007", "SCT", "Right")
ULTRASONOGRAPHY = ("47079000", "SCT", "Ultrasonography of breast")
ARTIFICIAL_INTELLIGENCE = ("123110", "DCM", "Artificial Intelligence")
COMMENT = ("121106", "DCM", "Comment")
IMAGE_REGION = ("111030", "DCM", "Image Region")
SEGMENTATION_FRAME = ("121214", "DCM", "Referenced Segmentation Frame")
TRACKING_UID = ("112040", "DCM", "Tracking Unique Identifier")
FINDING_SITE = ("363698007", "SCT", "Finding Site")
LATERALITY = ("272741003", "SCT", "Laterality")
ALGORITHM_NAME = ("111001", "DCM", "Algorithm Name")
ALGORITHM_VERSION = ("111003", "DCM", "Algorithm Version")
ALGORITHM_PARAMETERS = ("111002", "DCM", "Algorithm Parameters")
PERSON_NAME = ("121008", "DCM", "Person Observer Name")
AREA = ("42798000", "SCT", "Area")
LONG_AXIS = ("103339001", "SCT", "Long Axis")
SHORT_AXIS = ("103340004", "SCT", "Short Axis")
MM, MM2 = ("mm", "UCUM", "mm"), ("mm2", "UCUM", "mm2")
NO_UNITS = ("1", "UCUM", "no units")
POSITIVE, NEGATIVE = ("10828004", "SCT", "Positive"), ("260385009", "SCT", "Negative")
INDETERMINATE = ("82334004", "SCT", "Indeterminate")

# Our own
PROBABILITY = ("PROBABILITY", SCHEME, "Predicted probability of HER-2 positive")
LOWER = ("PROBABILITY-LOW", SCHEME, "Predicted probability, lower limit of 95 % interval")
UPPER = ("PROBABILITY-HIGH", SCHEME, "Predicted probability, upper limit of 95 % interval")
THRESHOLD = ("THRESHOLD", SCHEME, "Threshold on the predicted probability")
PREVALENCE = ("PREVALENCE", SCHEME, "Prevalence of HER-2 positive that the probability is at")
CALL = ("CALL", SCHEME, "HER-2 status called by the model")
DOUBT = ("DOUBT", SCHEME, "Reason why the model makes no call")
IMPRESSION = ("IMPRESSION", SCHEME, "HER-2 status expected by the reader before the model")
CONFIDENCE = ("CONFIDENCE", SCHEME, "Reader's confidence before the model, 1 to 5")
ANSWER = ("ANSWER", SCHEME, "HER-2 status expected by the reader after the model")
ASSESSMENT = ("ASSESSMENT", SCHEME, "Reader's assessment of the model's call")
REASON = ("REASON", SCHEME, "Reader's reason")
ACCEPTED = ("ACCEPTED", SCHEME, "Model's call accepted by the reader")
OVERRULED = ("OVERRULED", SCHEME, "Model's call overruled by the reader")
UNSURE = ("UNSURE", SCHEME, "Reader is unsure")

CALLS = {Call.POSITIVE: POSITIVE, Call.NEGATIVE: NEGATIVE, Call.INDETERMINATE: INDETERMINATE}
ANSWERS = {"positive": POSITIVE, "negative": NEGATIVE, "unsure": UNSURE}
DOUBTS = {
    Doubt.INTERVAL: ("DOUBT-INTERVAL", SCHEME, "The interval lies on both sides of the threshold"),
    Doubt.CONFORMAL: ("DOUBT-CONFORMAL", SCHEME, "Neither class can be ruled out"),
    Doubt.BRANCHES: ("DOUBT-BRANCHES", SCHEME, "Radiomics and network disagree"),
    Doubt.OUT_OF_RANGE: ("DOUBT-RANGE", SCHEME, "The case is unlike the pack's patients"),
}
SIDES = {"L": LEFT, "R": RIGHT}
