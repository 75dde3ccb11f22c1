"""How a study's figures and names are said, the same in tables, pictures and the TRIPOD draft."""

import math

from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.domain.counts import Proportion
from her2desk.packs.pack import CNN_LOGIT
from her2desk.reports.document import plain
from her2desk.reports.study import AucFigure, Evidence, OperatingPointFigures, Study
from her2desk.stats.counts import describe, observed
from her2desk.stats.counts import probability as probability_text
from her2desk.stats.proportions import wilson
from her2desk.texts import Message, Phrase, msg, phrase

MINUS = "\u2212"
COMBINED = "combined"
SMALLEST_P = 0.001
UNSEEN = (Evidence.EXTERNAL, Evidence.HELD_OUT)


def number(value: float, digits: int = 3) -> str:
    """A number with a true minus sign and no minus zero; "–" where there is none."""
    if not math.isfinite(value):
        return "∞" if value == math.inf else "–"
    text = f"{round(value, digits) + 0.0:.{digits}f}"
    return text.replace("-", MINUS)


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign."""
    text = number(value, digits)
    return text if text.startswith(MINUS) or float(text.replace(MINUS, "-")) == 0 else f"+{text}"


def with_bounds(value: float, lower: float, upper: float, digits: int = 3) -> str:
    """An estimate and its interval, "0.786 (0.667–0.904)"; "to" between bounds with a minus sign."""
    return f"{number(value, digits)} ({bounds(lower, upper, digits)})"


def bounds(lower: float, upper: float, digits: int = 3) -> str:
    """Both ends of an interval, "0.667–0.904" or "−0.15 to 1.98"."""
    low, high = number(lower, digits), number(upper, digits)
    dash = f" {_TO.text()} " if MINUS in low + high else "–"
    return f"{low}{dash}{high}"


def auc_text(figure: AucFigure) -> str:
    """An AUC with its interval."""
    return with_bounds(figure.value, figure.lower, figure.upper)


def p_text(p: float) -> str:
    """A p-value with three decimals, "<0.001" below."""
    return f"<{SMALLEST_P}" if p < SMALLEST_P else f"{p:.3f}"


def share_text(count: int, total: int) -> Message:
    """A count of a total in words, by V15."""
    return describe(wilson(count, total))


def branch_name(branch: str) -> Message:
    """A branch's short name."""
    names = {
        "clinical": msg("Clinical"),
        "radiomics": msg("Radiomics"),
        "cnn": msg("CNN"),
        "dlr": msg("DLR"),
        COMBINED: msg("Combined"),
        "acquisition": msg("Acquisition only"),
    }
    return names.get(branch) or plain(branch)


def evidence_name(evidence: Evidence) -> Message:
    """What stands over a column."""
    return {
        Evidence.APPARENT: msg("Apparent"),
        Evidence.CROSS_VALIDATED: msg("Cross-validated"),
        Evidence.HELD_OUT: msg("Held-out"),
        Evidence.EXTERNAL: msg("External"),
    }[evidence]


def evidence_patients(evidence: Evidence, n: int) -> Message:
    """Whose answers were counted."""
    return {
        Evidence.APPARENT: msg("{n} patients that the model was fitted on", n=n),
        Evidence.CROSS_VALIDATED: msg("{n} patients, each predicted out of fold", n=n),
        Evidence.HELD_OUT: msg("{n} held-out patients", n=n),
        Evidence.EXTERNAL: msg("{n} patients of another cohort", n=n),
    }[evidence]


def method_name(method: str) -> Message:
    """The name of an interval."""
    names = {
        "logit-delong": msg("logit DeLong"),
        "delong": msg("DeLong"),
        "newcombe": msg("Newcombe's method 5"),
        "nadeau-bengio": msg("Nadeau–Bengio, approximate"),
    }
    return names.get(method) or plain(method)


def family_name(family: str) -> Message:
    """A model family's name."""
    names = {
        "logistic": msg("Logistic regression"),
        "random-forest": msg("Random forest"),
        "extra-trees": msg("Extra trees"),
        "xgboost": msg("XGBoost"),
        "lightgbm": msg("LightGBM"),
    }
    return names.get(family) or plain(family)


def input_name(name: str) -> Message:
    """A clinical input, a signature or anything else that enters a model, in words."""
    field = FIELDS_BY_NAME.get(name)
    if field is not None:
        return field.label
    branch = "cnn" if name == CNN_LOGIT else name
    if branch in ("clinical", "radiomics", "cnn", "dlr"):
        return msg("{branch} signature", branch=phrase(branch_name(branch)))
    return plain(name)


def group_name(kind: str) -> Message:
    """What patients are grouped by."""
    names = {
        "scanner": msg("Scanner"),
        "site": msg("Site"),
        "size": msg("Lesion size"),
        "age": msg("Age"),
        "menopause": msg("Menopause"),
        "ihc": msg("IHC score"),
    }
    return names.get(kind) or plain(kind)


def moment_words(moment: str) -> Message:
    """When the pack predicts and what is known then (V8)."""
    moments = {
        "before-biopsy": msg(
            "Before biopsy: image, age, menopause, family history and calcification are known."
        ),
        "after-biopsy": msg(
            "After biopsy: ER, PR and Ki-67 are known too, from the tissue that gives HER-2."
        ),
    }
    return moments.get(moment) or plain(moment)


def point_name(name: str) -> Message:
    """An operating point, by what its threshold was tuned for."""
    names = {
        "youden": msg("Largest sensitivity + specificity"),
        "sensitivity95": msg("Tuned for 95 % sensitivity"),
        "specificity95": msg("Tuned for 95 % specificity"),
    }
    return names.get(name) or msg("Own threshold")


def point_rates(point: OperatingPointFigures) -> tuple[Proportion, Proportion]:
    """Observed sensitivity and specificity."""
    table = point.confusion
    return wilson(table.tp, table.tp + table.fn), wilson(table.tn, table.tn + table.fp)


def point_sentence(point: OperatingPointFigures) -> Message:
    """What a threshold was tuned for and what it reached (V14)."""
    sensitivity, specificity = (phrase(observed(rate)) for rate in point_rates(point))
    words: dict[str, object] = {
        "threshold": probability_text(point.threshold),
        "sensitivity": sensitivity,
        "specificity": specificity,
    }
    match point.name:
        case "sensitivity95":
            return msg(
                "Threshold {threshold}, tuned for 95 % sensitivity; observed {sensitivity}. "
                "Specificity observed: {specificity}.",
                **words,
            )
        case "specificity95":
            return msg(
                "Threshold {threshold}, tuned for 95 % specificity; observed {specificity}. "
                "Sensitivity observed: {sensitivity}.",
                **words,
            )
        case "youden":
            return msg(
                "Threshold {threshold}, tuned for the largest sensitivity + specificity; observed "
                "sensitivity {sensitivity}; specificity {specificity}.",
                **words,
            )
        case _:
            return msg(
                "Threshold {threshold}, chosen after looking; optimistic: sensitivity "
                "{sensitivity}; specificity {specificity}.",
                **words,
            )


def main_evidence(study: Study) -> Evidence | None:
    """The strongest evidence that the study has on the combined model, None without any."""
    known = study.figures.get(COMBINED, {})
    order = (*UNSEEN, Evidence.CROSS_VALIDATED, Evidence.APPARENT)
    return next((e for e in order if e in known), None)


def said(message: Message) -> Phrase:
    """``message`` as a part of another."""
    return phrase(message)


_TO: Message = msg("to")
