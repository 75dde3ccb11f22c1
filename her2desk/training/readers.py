"""Two readers in a build: features on the second outlines, and which of them both readers agree on (V21).

A feature that depends on who drew the outline says little of the next patient, whose outline somebody
else draws. Each scope judges by its own rows alone, once for all its inner folds, as it resamples to one
pixel size: no label enters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from her2desk.agreement.limits import KEPT_FROM, MIN_CASES
from her2desk.dicom.outline import outline_from_file
from her2desk.domain.progress import Progress
from her2desk.domain.roi import Roi
from her2desk.enhancement.enhancer import Enhancer
from her2desk.errors import InputRefused
from her2desk.inference.measuring import MeasuredCase, Outline, measure_outlines, naming
from her2desk.packs.manifest import ReadersPart
from her2desk.radiomics.feature_cache import FeatureCache
from her2desk.radiomics.profile import Profile
from her2desk.stats.icc import icc_a1
from her2desk.texts import Message, msg
from her2desk.training.folds import Scope
from her2desk.training.table import Labels, Matrix, Table


@dataclass(frozen=True)
class ReaderFilter:
    """What two readers say of a scope's features: ``patients`` of its rows have two outlines.

    ``kept`` (selectable features) is true for what the scope's selection is offered; None where the
    patients are too few to say, and everything is offered.
    """

    patients: int
    kept: Labels | None

    @property
    def left_out(self) -> int:
        """How many features are not offered."""
        return 0 if self.kept is None else int((~self.kept).sum())

    @property
    def part(self) -> ReadersPart | None:
        """The filter as a pack states it; None where everything is offered for want of patients."""
        if self.kept is None:
            return None
        return ReadersPart(
            patients=self.patients,
            features=len(self.kept),
            left_out=self.left_out,
            kept_from=KEPT_FROM,
        )


def second_features(
    cases: Sequence[MeasuredCase],
    profile: Profile,
    names: Sequence[str],
    *,
    cache: FeatureCache | None,
    jobs: int,
    progress: Progress,
    enhancer: Enhancer | None = None,
    scheduler: str | None = None,
) -> Matrix:
    """Features (cases, names) on the second reader's outlines; NaN for cases without one.

    An outline without a scale, where the profile needs one, counts as absent. Raises ``InputRefused``
    naming the patient, and what ``progress`` raises.
    """
    outlines = {
        place: outline
        for place, case in enumerate(cases)
        if (outline := _second_outline(case, enhancer)) and _can_be_measured(outline, profile)
    }
    found = np.full((len(cases), len(names)), np.nan)
    if outlines:
        found[list(outlines)] = measure_outlines(
            list(outlines.values()),
            profile,
            names,
            cache=cache,
            jobs=jobs,
            progress=progress,
            on_missing="nan",
            finished=lambda n, total: msg("Second outline {n} of {total}", n=n, total=total),
            scheduler=scheduler,
        )
    return found


def second_roi(case: MeasuredCase) -> Roi | None:
    """The second reader's outline, checked; None where there is none. Raises ``InputRefused``."""
    row, image = case.row, case.case.image
    if row.roi_reader2 is None:
        return None
    with naming(row.patient_id):
        roi = outline_from_file(row.roi_reader2, row.frame_index, image).roi
        roi.check(image)
    return roi


def reader_filters(table: Table, scopes: Sequence[Scope]) -> tuple[ReaderFilter, ...]:
    """The filter of each scope, from its own rows; nothing where nobody has two outlines.

    A feature is kept where the lower bound of its ICC(A,1) (McGraw & Wong 1996) is at least 0.75; one
    without a value on some outline is not. Raises ``InputRefused`` (code ``readers-disagree``) where
    a scope would keep none.
    """
    if not table.second:
        return ()
    return tuple(_reader_filter(table, scope) for scope in scopes)


def reader_notes(deployed: ReaderFilter, others: Sequence[ReaderFilter]) -> tuple[Message, ...]:
    """Where readers' agreement could not be used: at all, or in some of the folds."""
    if deployed.kept is None:
        return (
            msg(
                "Readers' agreement was not used: {n} patients have two outlines, {needed} are "
                "needed.",
                n=deployed.patients,
                needed=MIN_CASES,
            ),
        )
    without = sum(other.kept is None for other in others)
    if not without:
        return ()
    return (
        msg(
            "Readers' agreement was not used in {n} of {folds} folds: fewer than {needed} patients "
            "have two outlines there.",
            n=without,
            folds=len(others),
            needed=MIN_CASES,
        ),
    )


def _second_outline(case: MeasuredCase, enhancer: Enhancer | None) -> Outline | None:
    roi = second_roi(case)
    return None if roi is None else Outline.on(case.row.patient_id, case.case, roi, enhancer)


def _can_be_measured(outline: Outline, profile: Profile) -> bool:
    """It may lie in a region of the frame without a scale, although the first outline does not."""
    needs_scale = profile.unit != "px" and profile.assumed_mm is None
    return not needs_scale or outline.spacing_mm is not None


def _reader_filter(table: Table, scope: Scope) -> ReaderFilter:
    first, second = (
        kind[scope.target_mm][scope.rows][:, table.selectable]
        for kind in (table.features, table.second)
    )
    twice = np.isfinite(second).any(axis=1)
    patients = int(twice.sum())
    if patients < MIN_CASES:
        return ReaderFilter(patients, None)
    ratings = np.stack([first[twice], second[twice]], axis=-1).transpose(1, 0, 2)
    kept = icc_a1(np.where(np.isfinite(ratings), ratings, np.nan)).lower >= KEPT_FROM
    if not kept.any():
        raise InputRefused(
            msg(
                "The two readers agree on no feature: over {n} patients no ICC(A,1) has a lower "
                "bound of {limit} or more.",
                n=patients,
                limit=KEPT_FROM,
            ),
            msg("Check that both outlines are of the same lesion, or leave roi_reader2 empty."),
            code="readers-disagree",
        )
    return ReaderFilter(patients, kept)
