"""Whose status is known, and whether that depends on what the pack said (verification bias, V23)."""

from dataclasses import dataclass
from statistics import median

from her2desk.audit.results import LocalResults, Standing
from her2desk.domain.counts import Proportion
from her2desk.domain.log_odds import sigmoid
from her2desk.stats.auc import Auc, auc
from her2desk.stats.counts import percent
from her2desk.stats.proportions import wilson
from her2desk.texts import Message, msg

NEEDED = 10  # with and without a result, before they are compared


@dataclass(frozen=True)
class Verification:
    """``share`` of the predicted lesions whose status is known.

    ``with_result`` and ``without`` are median predicted probabilities; ``comparison`` is the chance that
    a lesion with a result has the higher one, with its interval (0.5 without selection). All None where
    there are too few of either to compare.
    """

    share: Proportion
    with_result: float | None
    without: float | None
    comparison: Auc | None

    @property
    def is_selective(self) -> bool:
        """Whether those with a result were predicted otherwise than those without."""
        area = self.comparison
        return area is not None and not area.lower <= 0.5 <= area.upper

    @property
    def sentence(self) -> Message:
        """The share, and what follows from how it came about."""
        counts = {"count": self.share.count, "total": self.share.total}
        if self.with_result is None or self.without is None:
            return msg("Status is known of {count} of {total} predicted lesions.", **counts)
        fields = {
            **counts,
            "share": percent(self.share.value),
            "with_result": percent(self.with_result),
            "without": percent(self.without),
        }
        if not self.is_selective:
            return msg(
                "Status is known of {count} of {total} predicted lesions, {share} %; nothing shows that "
                "it depends on the prediction (median predicted probability {with_result} % with a "
                "result, {without} % without).",
                **fields,
            )
        return msg(
            "Status is known of {count} of {total} predicted lesions, {share} %, and it depends on the "
            "prediction: the median predicted probability is {with_result} % with a result and "
            "{without} % without. Figures of those with a result alone can then look better or worse "
            "than they are.",
            **fields,
        )


def verification(results: LocalResults) -> Verification:
    """How the lesions with a known status differ from those that wait for one."""
    known_standings = (Standing.COUNTED, Standing.PREDICTED_AFTER)
    lesions = results.lesions
    known = [case.standing in known_standings for case in lesions]
    share = wilson(sum(known), len(lesions))
    if min(share.count, share.total - share.count) < NEEDED:
        return Verification(share, None, None, None)
    logits = [case.answer.logit for case in lesions]
    with_result = median(v for v, k in zip(logits, known, strict=True) if k)
    without = median(v for v, k in zip(logits, known, strict=True) if not k)
    return Verification(share, sigmoid(with_result), sigmoid(without), auc(known, logits))
