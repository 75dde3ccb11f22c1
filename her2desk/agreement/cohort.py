"""Two readers of a whole cohort, as ``roi`` and ``roi_reader2`` of ``cohort.csv`` name them."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from her2desk.agreement.features import FeatureTable, feature_agreement
from her2desk.agreement.limits import DICE_BELOW, HAUSDORFF_OVER_MM
from her2desk.agreement.overlap import OverlapFigures, compare, third_reader_reasons
from her2desk.dicom.outline import outline_from_file
from her2desk.dicom.reader import OpenedImage, open_image
from her2desk.domain.progress import Portion, Progress
from her2desk.domain.roi import Roi
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortRow
from her2desk.texts import Message, msg, phrase

if TYPE_CHECKING:
    from her2desk.inference.measuring import Outline
    from her2desk.radiomics.feature_cache import FeatureCache
    from her2desk.radiomics.profile import Profile

READING_SHARE = 0.1  # of the progress


@dataclass(frozen=True)
class CaseAgreement:
    """One row of a cohort that two readers outlined; ``reasons`` call for a third one."""

    row: CohortRow
    figures: OverlapFigures
    reasons: tuple[Message, ...]


@dataclass(frozen=True)
class Summary:
    """A figure over several cases; quartiles by linear interpolation (R's type 7)."""

    n: int
    median: float
    lower_quartile: float
    upper_quartile: float
    smallest: float
    largest: float

    def to_json(self) -> dict[str, Any]:
        """The summary for scripts."""
        return {
            "n": self.n,
            "median": self.median,
            "quartiles": [self.lower_quartile, self.upper_quartile],
            "range": [self.smallest, self.largest],
        }


@dataclass(frozen=True)
class CohortAgreement:
    """What two readers of a cohort agree on.

    ``hausdorff_mm`` and ``mean_distance_mm`` are over the calibrated cases, None without any;
    ``features`` is None where they were not asked for.
    """

    cases: tuple[CaseAgreement, ...]
    dice: Summary
    hausdorff_mm: Summary | None
    mean_distance_mm: Summary | None
    features: FeatureTable | None = None

    @property
    def third_reader(self) -> tuple[CaseAgreement, ...]:
        """The cases that call for a third reader."""
        return tuple(case for case in self.cases if case.reasons)


def agreement_of_cohort(
    rows: Sequence[CohortRow],
    profile: "Profile | None" = None,
    *,
    dice_below: float = DICE_BELOW,
    hausdorff_over_mm: float = HAUSDORFF_OVER_MM,
    cache: "FeatureCache | None" = None,
    jobs: int = 1,
    progress: Progress,
    scheduler: str | None = None,
) -> CohortAgreement:
    """Figures of every row with a second outline and, with a ``profile``, of the features.

    Of a patient with several such images, features are measured on the one with the largest outline
    of the first reader, so that a patient counts once. Raises ``InputRefused`` with code
    ``no-second-reader`` where no row has two outlines, naming the patient of a file that cannot be
    used; ``Cancelled`` from ``progress``.
    """
    twice = [row for row in rows if row.roi_reader2 is not None]
    if not twice:
        raise InputRefused(
            msg("No row of the cohort has a second reader's outline."),
            msg("Name it in the column roi_reader2 of cohort.csv."),
            code="no-second-reader",
        )
    share = 1.0 if profile is None else READING_SHARE
    reading = Portion(progress, 0, share)
    cases: list[CaseAgreement] = []
    largest: dict[str, tuple[float, tuple[Outline, Outline]]] = {}
    for done, row in enumerate(twice):
        reading.step(
            done / len(twice), msg("Comparing {n} of {total}", n=done + 1, total=len(twice))
        )
        opened, first, second = _read(row)
        figures = compare(first, second, opened.image)
        reasons = third_reader_reasons(figures, dice_below, hausdorff_over_mm)
        cases.append(CaseAgreement(row, figures, reasons))
        if profile is not None and first.area_px > largest.get(row.patient_id, (0.0, None))[0]:
            largest[row.patient_id] = first.area_px, _outlines(row, opened, first, second)
    table = None
    if profile is not None:
        table = feature_agreement(
            [pair for _, pair in largest.values()],
            profile,
            cache=cache,
            jobs=jobs,
            progress=Portion(progress, share, 1),
            scheduler=scheduler,
        )
    return CohortAgreement(
        tuple(cases),
        summary([case.figures.dice for case in cases]),
        _summary_of_known([case.figures.hausdorff_mm for case in cases]),
        _summary_of_known([case.figures.mean_distance_mm for case in cases]),
        table,
    )


def summary(values: Sequence[float]) -> Summary:
    """Median, quartiles and range of at least one value."""
    if len(values) == 1:
        (only,) = values
        return Summary(1, only, only, only, only, only)
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return Summary(len(values), median, lower, upper, min(values), max(values))


def _summary_of_known(values: Sequence[float | None]) -> Summary | None:
    known = [value for value in values if value is not None]
    return summary(known) if known else None


def _read(row: CohortRow) -> tuple[OpenedImage, Roi, Roi]:
    try:
        opened = open_image(row.image)
        first, second = (
            outline_from_file(path, row.frame_index, opened.image).roi
            for path in (row.roi, row.roi_reader2)
            if path is not None
        )
        for roi in (first, second):
            roi.check(opened.image)
    except InputRefused as refused:
        raise InputRefused(
            msg(
                "Patient {patient}: {reason}",
                patient=row.patient_id,
                reason=phrase(refused.message),
            ),
            refused.remedy,
            code=refused.code,
        ) from refused
    return opened, first, second


def _outlines(
    row: CohortRow, opened: OpenedImage, first: Roi, second: Roi
) -> "tuple[Outline, Outline]":
    from her2desk.inference.measuring import Outline
    from her2desk.inference.requests import case_of

    case = case_of(opened, first, row.clinical)
    return Outline.on(row.patient_id, case, first), Outline.on(row.patient_id, case, second)
