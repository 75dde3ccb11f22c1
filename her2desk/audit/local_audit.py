"""The whole audit of one pack in one library, as the window shows it and the command line prints it."""

from dataclasses import dataclass
from typing import Any

from her2desk.audit.drift import Drift, InputDrift, drift, drift_sentence
from her2desk.audit.performance import (
    AucCheck,
    Calibrated,
    Performance,
    RateCheck,
    missing,
    performance,
)
from her2desk.audit.results import LocalCase, LocalResults, Standing, local_results
from her2desk.audit.verdict import Verdict, chart_words, verdict
from her2desk.audit.verification import Verification, verification
from her2desk.domain.counts import Proportion
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.packs.pack import Pack
from her2desk.stats.calibration import Interval
from her2desk.stats.cusum import Cusum
from her2desk.store.library import Library


@dataclass(frozen=True)
class LocalAudit:
    """Everything that local results say of ``pack``; ``performance`` is None while they are too few."""

    pack: Pack
    results: LocalResults
    verification: Verification
    performance: Performance | None
    drift: Drift
    verdict: Verdict

    def called(self, case: LocalCase) -> dict[str, bool]:
        """Whether the case is called positive, by operating point."""
        points = self.pack.operating_points(case.answer.pattern)
        return {name: case.answer.logit >= logit(p.threshold) for name, p in points.items()}

    def to_json(self) -> dict[str, Any]:
        """The document that ``her2desk audit --json`` prints; what cannot be judged yet is null."""
        results, found = self.results, self.performance
        identity = self.pack.identity
        positives, negatives = missing(results)
        return {
            "pack": {
                "name": identity.name,
                "version": identity.version,
                "sha256": identity.sha256,
                "demo": identity.demo,
            },
            "cases": len(results.lesions),
            "with_pathology": len(results.counted),
            "positives": results.positives,
            "negatives": results.negatives,
            "missing": {"positives": positives, "negatives": negatives},
            "left_out": {
                **{str(s): results.of(s) for s in Standing if s is not Standing.COUNTED},
                "unreadable": results.unreadable,
            },
            "readers": {
                reader: {"cases": cases, "with_pathology": counted}
                for reader, (cases, counted) in results.by_reader().items()
            },
            "verification": _verification(self.verification),
            "auc": None if found is None else _auc(found.auc),
            "calibration": None if found is None else _calibration(found.calibrated),
            "confusion": None if found is None else _confusion(found),
            "cusum": None if found is None else _cusum(found.cusum, chart_words(found).text()),
            "drift": _drift(self.drift),
            "verdict": {
                "standing": str(self.verdict.standing),
                "sentence": self.verdict.sentence.text(),
                "advice": self.verdict.advice.text(),
            },
        }


def local_audit(pack: Pack, library: Library) -> LocalAudit:
    """Audit ``pack`` on what ``library`` holds; seconds for a library of thousands."""
    return audit_of(pack, local_results(library, pack.digest))


def audit_of(pack: Pack, results: LocalResults) -> LocalAudit:
    """The audit of these results."""
    found = performance(pack, results)
    return LocalAudit(
        pack,
        results,
        verification(results),
        found,
        drift(pack, results),
        verdict(results, found),
    )


CASE_COLUMNS = (
    "case_id", "patient_id", "study_date", "reader", "predicted_utc", "probability", "pattern",
    "youden", "sensitivity95", "specificity95", "her2_ihc", "her2_fish", "her2_positive", "standing",
)  # fmt: skip
INPUT_COLUMNS = (
    "input", "kind", "here_n", "here_mean", "here_sd", "pack_n", "pack_mean", "pack_sd",
    "difference_sd", "difference_lower", "difference_upper", "here_count", "here_total",
    "pack_count", "pack_total", "p", "adjusted_p", "changed",
)  # fmt: skip


def case_row(audit: LocalAudit, case: LocalCase) -> list[object]:
    """The cells of ``CASE_COLUMNS``; what is not known is empty. Calls are 1 for positive."""
    called = audit.called(case)
    points = ("youden", "sensitivity95", "specificity95")
    positive = case.pathology.her2_positive
    return [
        case.case_id,
        case.patient_id,
        case.study_date,
        case.answer.reader,
        case.answer.utc,
        repr(sigmoid(case.answer.logit)),
        case.answer.pattern,
        *("" if name not in called else int(called[name]) for name in points),
        case.pathology.her2_ihc or "",
        case.pathology.her2_fish or "",
        "" if positive is None else int(positive),
        str(case.standing),
    ]


def input_row(row: InputDrift) -> list[object]:
    """The cells of ``INPUT_COLUMNS``; what is not known is empty."""
    moments = [
        cell
        for m in (row.local, row.reference)
        for cell in (("", "", "") if m is None else (m.n, repr(m.mean), repr(m.sd)))
    ]
    gap = row.difference
    shares = [
        cell
        for s in (row.share, row.promised)
        for cell in (("", "") if s is None else (s.count, s.total))
    ]
    return [
        row.name,
        str(row.kind),
        *moments,
        *(("", "", "") if gap is None else map(repr, (gap.value, gap.lower, gap.upper))),
        *shares,
        "" if row.p is None else repr(row.p),
        "" if row.adjusted_p is None else repr(row.adjusted_p),
        int(row.has_changed),
    ]


def _verification(found: Verification) -> dict[str, Any]:
    area = found.comparison
    return {
        "share": _proportion(found.share),
        "probability_with_result": found.with_result,
        "probability_without": found.without,
        "auc": None if area is None else [area.value, area.lower, area.upper],
        "sentence": found.sentence.text(),
    }


def _auc(check: AucCheck) -> dict[str, Any]:
    local = check.local
    return {
        "value": local.value,
        "lower": local.lower,
        "upper": local.upper,
        "method": local.method,
        "promised": None if check.promised is None else list(check.promised),
        "p": check.p,
        "adjusted_p": check.adjusted_p,
    }


def _calibration(found: Calibrated) -> dict[str, Any]:
    c, test = found.figures, found.slope_test
    return {
        "n": c.n,
        "observed": c.events,
        "expected": found.expected,
        "observed_to_expected": _interval(found.observed_to_expected),
        "intercept": _interval(c.intercept),
        "slope": None if c.slope is None else _interval(c.slope),
        "slope_p": None if test is None else test.p,
        "brier": c.brier,
        "judged": found.is_judged,
    }


def _confusion(found: Performance) -> dict[str, Any]:
    return {
        check.point.name: {
            "threshold": check.point.threshold,
            "tp": check.table.tp,
            "fp": check.table.fp,
            "tn": check.table.tn,
            "fn": check.table.fn,
            "pattern": found.pattern,
            "sensitivity": _rate(check.sensitivity),
            "specificity": _rate(check.specificity),
        }
        for check in found.points
    }


def _rate(rate: RateCheck) -> dict[str, Any]:
    return {
        **_proportion(rate.local),
        "promised": None if rate.promised is None else _proportion(rate.promised),
        "p": rate.p,
        "adjusted_p": rate.adjusted_p,
    }


def _cusum(found: Cusum, sentence: str) -> dict[str, Any]:
    return {
        "horizon": found.horizon,
        "false_signals": found.false_signals,
        "sentence": sentence,
        "charts": {
            str(chart.shift): {
                "values": chart.values.tolist(),
                "limit": chart.limit,
                "signal": None if chart.signal is None else chart.signal + 1,
            }
            for chart in found.charts
        },
    }


def _drift(found: Drift) -> dict[str, Any]:
    return {
        "cases": found.lesions,
        "compared": found.compared,
        "changed": [row.name for row in found.changed],
        "new_scanners": list(found.new_scanners),
        "sentence": drift_sentence(found).text(),
        "inputs": [
            {
                "name": row.name,
                "kind": str(row.kind),
                "difference": None if row.difference is None else _interval(row.difference),
                "share": None if row.share is None else _proportion(row.share),
                "promised": None if row.promised is None else _proportion(row.promised),
                "p": row.p,
                "adjusted_p": row.adjusted_p,
            }
            for row in found.inputs
        ],
    }


def _interval(found: Interval) -> dict[str, float]:
    return {"value": found.value, "lower": found.lower, "upper": found.upper}


def _proportion(found: Proportion) -> dict[str, Any]:
    return {
        "count": found.count,
        "total": found.total,
        "lower": found.lower,
        "upper": found.upper,
    }
