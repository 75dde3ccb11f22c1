"""How counts are said (V15): counts before percentages, and never "100 %" for want of errors."""

from her2desk.domain.counts import Confusion, Proportion
from her2desk.texts import Message, msg

INTERVAL_FROM = 10
PERCENTAGE_FROM = 20


def class_sizes(table: Confusion) -> tuple[int, int]:
    """How many HER-2 positive and negative patients a table counts."""
    return table.tp + table.fn, table.fp + table.tn


def allows_predictive_values(table: Confusion) -> bool:
    """Whether there are enough patients of each class for rates to be said (V15)."""
    return min(class_sizes(table)) >= INTERVAL_FROM


def describe(proportion: Proportion) -> Message:
    """A proportion in words, by V15.

    Below 10: "3 of 7". From 10: "11 of 15 (48–89 %)". From 20: "36 of 45, 80 % (66–89 %)", without
    the percentage where there is no error (or nothing but errors): "45 of 45 (92–100 %)".
    """
    if proportion.total < INTERVAL_FROM:
        return msg("{count} of {total}", count=proportion.count, total=proportion.total)
    if proportion.total < PERCENTAGE_FROM or is_extreme(proportion):
        return with_interval(proportion)
    return msg(
        "{count} of {total}, {share} % ({lower}–{upper} %)",
        share=percent(proportion.value),
        **_figures(proportion),
    )


def with_interval(proportion: Proportion) -> Message:
    """Counts and interval, "11 of 20 (34–74 %)"; counts only below 10."""
    if proportion.total < INTERVAL_FROM:
        return describe(proportion)
    return msg("{count} of {total} ({lower}–{upper} %)", **_figures(proportion))


def observed(proportion: Proportion) -> Message:
    """What an operating point reached, as V14 says it: "93 % (14 of 15), interval 70–99 %".

    Counts only below 10; without the percentage where there is no error, or nothing but errors.
    """
    if proportion.total < INTERVAL_FROM:
        return describe(proportion)
    if is_extreme(proportion):
        return msg("{count} of {total}, interval {lower}–{upper} %", **_figures(proportion))
    return msg(
        "{share} % ({count} of {total}), interval {lower}–{upper} %",
        share=percent(proportion.value),
        **_figures(proportion),
    )


def is_extreme(proportion: Proportion) -> bool:
    """Whether none or all were counted."""
    return proportion.count in (0, proportion.total)


def percent(share: float) -> str:
    """A share (0–1) in whole per cent; with more digits where rounding would say 0 or 100."""
    if not 0 < share < 1:
        return f"{100 * share:.0f}"
    for digits in (0, 1):
        text = f"{100 * share:.{digits}f}"
        if 0 < float(text) < 100:
            return text
    return "<0.1" if share < 0.5 else ">99.9"


def prevalence(share: float) -> str:
    """A prevalence in per cent as it is entered: one decimal, none where it is 0."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    return percent(share) if text in ("0", "100") else text


def probability(value: float) -> str:
    """A probability with two decimals; "<0.01" and ">0.99" instead of a false certainty."""
    if value < 0.005:
        return "<0.01"
    if value >= 0.995:
        return ">0.99"
    return f"{value:.2f}"


def _figures(proportion: Proportion) -> dict[str, object]:
    return {
        "count": proportion.count,
        "total": proportion.total,
        "lower": f"{100 * proportion.lower:.0f}",
        "upper": f"{100 * proportion.upper:.0f}",
    }
