"""One plain sentence on a pack here, and what to do next."""

from dataclasses import dataclass
from enum import StrEnum

from her2desk.audit.performance import LEVEL, NEEDED, Performance, PointCheck, RateCheck, missing
from her2desk.audit.results import LocalResults
from her2desk.stats.counts import observed, probability
from her2desk.stats.cusum import Chart, Shift
from her2desk.stats.statements import operating_point_name
from her2desk.texts import Message, msg, phrase

Triple = tuple[float, float, float]

UNSURE_LEVEL = (
    0.05  # of one test by itself: enough to say "lower", not enough to say "fallen behind"
)
INTERCEPT_LEVEL = 0.005  # beside two charts that watch the same; see docs/validation.md


class Standing(StrEnum):
    """How a pack stands here, the most serious last."""

    NOT_YET = "not-yet"  # too few results
    KEEPS = "keeps-its-promise"
    UNSURE = "unsure"  # lower than promised, but chance may explain it
    MISCALIBRATED = "miscalibrated"  # it ranks as promised, but its probabilities are off
    BEHIND = "fallen-behind"


@dataclass(frozen=True)
class Verdict:
    """``sentence`` says it, ``advice`` what to do next."""

    standing: Standing
    sentence: Message
    advice: Message


def verdict(results: LocalResults, found: Performance | None) -> Verdict:
    """The verdict on these figures; ``found`` is None while there are too few results."""
    if found is None:
        return _not_yet(results)
    if found.auc.promised is None:
        return Verdict(
            Standing.NOT_YET,
            msg(
                "On {n} local patients the AUC is {auc}; the pack promises none to compare it with.",
                n=found.patients,
                auc=phrase(_local(found)),
            ),
            msg("Ask whoever built the pack for its validation."),
        )
    return _behind(found) or _miscalibrated(found) or _in_line(found)


def auc_words(triple: Triple) -> Message:
    """An AUC with its interval: 0.61 (0.47–0.74)."""
    value, lower, upper = (probability(v) for v in triple)
    return msg("{value} ({lower}–{upper})", value=value, lower=lower, upper=upper)


def chart_title(shift: Shift) -> Message:
    """What a chart watches for, in a few words."""
    match shift:
        case Shift.MORE:
            return msg("More positive than predicted")
        case Shift.FEWER:
            return msg("Fewer positive than predicted")
        case Shift.FLATTER:
            return msg("Scores tell less than predicted")


def chart_words(found: Performance) -> Message:
    """All charts in a sentence, for who cannot or need not look at them."""
    charts = found.cusum
    scope = msg(
        "without any change, {share:.0f} % of sequences of {horizon} results would go beyond a limit",
        share=100 * charts.false_signals,
        horizon=charts.horizon,
    )
    if not charts.signals:
        return msg(
            "None of {n} charts went beyond its limit over {results} results ({scope}).",
            n=len(charts.charts),
            results=len(charts.charts[0].values),
            scope=phrase(scope),
        )
    first = charts.signals[0]
    return msg(
        "“{title}” went beyond its limit at result {k} of {results} ({scope}).",
        title=phrase(chart_title(first.shift)),
        k=_place(first),
        results=len(first.values),
        scope=phrase(scope),
    )


def _not_yet(results: LocalResults) -> Verdict:
    positives, negatives = missing(results)
    return Verdict(
        Standing.NOT_YET,
        msg(
            "This pack cannot be judged here yet: {needed} HER-2 positive and {needed} negative results "
            "are needed; {positives} and {negatives} are still missing.",
            needed=NEEDED,
            positives=positives,
            negatives=negatives,
        ),
        msg("Enter IHC and FISH as they arrive, of every patient who was predicted."),
    )


_LOOK = msg("do not rely on this pack here before it is looked into")
_LOOK_WHERE = msg(
    "See whether inputs have changed (scanner, outlines, patients), and read the cases that went wrong."
)


def _behind(found: Performance) -> Verdict | None:
    n, promised = found.patients, found.auc.promised
    if promised is not None and _is_worse(found.auc.adjusted_p):
        sentence = msg(
            "On {n} local patients the AUC is {local}, below the {promised} that the card promises: "
            "{look}.",
            n=n,
            local=phrase(_local(found)),
            promised=phrase(auc_words(promised)),
            look=phrase(_LOOK),
        )
        return Verdict(Standing.BEHIND, sentence, _LOOK_WHERE)
    rate = next((r for p in found.points for r in _worse_rates(p)), None)
    if rate is not None:
        return Verdict(Standing.BEHIND, _rate_sentence(found, *rate), _LOOK_WHERE)
    flat = next((c for c in found.cusum.signals if c.shift is Shift.FLATTER), None)
    if flat is not None:
        sentence = msg(
            "This pack tells HER-2 positive from negative patients less well here than it promises; "
            "that shows from result {k} of {n} on: {look}.",
            k=_place(flat),
            n=len(flat.values),
            look=phrase(_LOOK),
        )
        return Verdict(Standing.BEHIND, sentence, _LOOK_WHERE)
    return None


def _worse_rates(point: PointCheck) -> list[tuple[Message, PointCheck, RateCheck]]:
    rates = (
        (msg("sensitivity"), point, point.sensitivity),
        (msg("specificity"), point, point.specificity),
    )
    return [named for named in rates if _is_worse(named[2].adjusted_p)]


def _rate_sentence(
    found: Performance, name: Message, point: PointCheck, rate: RateCheck
) -> Message:
    assert rate.promised is not None  # what has a p has a promise
    return msg(
        "On {n} local patients the {rate} at “{point}” is {local}, below the {promised} of the pack's "
        "own validation: {look}.",
        n=found.patients,
        rate=phrase(name),
        point=phrase(operating_point_name(point.point.name)),
        local=phrase(observed(rate.local)),
        promised=phrase(observed(rate.promised)),
        look=phrase(_LOOK),
    )


def _miscalibrated(found: Performance) -> Verdict | None:
    figures = found.calibrated.figures
    advice = msg(
        "Recalibrate it as a new version, or set the local prevalence; the ranking of patients stays."
    )
    counts = {
        "observed": figures.events,
        "n": figures.n,
        "expected": f"{found.calibrated.expected:.1f}",
    }
    if found.cusum.signals:  # only of the two that watch the number of positives
        sentence = msg(
            "Nothing shows that this pack ranks local patients worse, but its probabilities are off: by "
            "result {k} "
            "the difference was beyond chance; of {n} patients {observed} were HER-2 positive and "
            "{expected} were expected.",
            k=_place(found.cusum.signals[0]),
            **counts,
        )
        return Verdict(Standing.MISCALIBRATED, sentence, advice)
    intercept = figures.intercept
    if found.calibrated.is_judged and _is_far(intercept.value, intercept.upper):
        sentence = msg(
            "Nothing shows that this pack ranks local patients worse, but its probabilities are off: of "
            "{n} patients "
            "{observed} were HER-2 positive and {expected} were expected.",
            **counts,
        )
        return Verdict(Standing.MISCALIBRATED, sentence, advice)
    return None


def _in_line(found: Performance) -> Verdict:
    promised = found.auc.promised
    assert promised is not None
    fields = {
        "n": found.patients,
        "local": phrase(_local(found)),
        "promised": phrase(auc_words(promised)),
    }
    if found.auc.p is not None and found.auc.p < UNSURE_LEVEL:
        return Verdict(
            Standing.UNSURE,
            msg(
                "On {n} local patients the AUC is {local}, lower than the {promised} that the card "
                "promises, but chance may still explain it.",
                **fields,
            ),
            msg("Use the pack with care here, and go on entering results."),
        )
    return Verdict(
        Standing.KEEPS,
        msg(
            "On {n} local patients the AUC is {local}, in line with the {promised} that the card "
            "promises.",
            **fields,
        ),
        msg("Go on entering results; the pack is compared anew with each."),
    )


def _local(found: Performance) -> Message:
    area = found.auc.local
    return auc_words((area.value, area.lower, area.upper))


def _is_worse(adjusted_p: float | None) -> bool:
    return adjusted_p is not None and adjusted_p < LEVEL


def _is_far(value: float, upper: float) -> bool:
    """Whether 0 lies outside the interval at the level of a look; ``upper`` is that of 95 %."""
    from statistics import NormalDist

    normal = NormalDist()
    error = (upper - value) / normal.inv_cdf(0.975)
    return abs(value) > normal.inv_cdf(1 - INTERCEPT_LEVEL / 2) * error


def _place(chart: Chart) -> int:
    """The result at which a chart went beyond its limit, from 1."""
    assert chart.signal is not None
    return chart.signal + 1
