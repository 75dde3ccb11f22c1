"""How much each radiomics feature depends on who drew the outline: ICC over cases (V21)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from her2desk.agreement.limits import KEPT_FROM, MIN_CASES
from her2desk.domain.progress import Progress
from her2desk.texts import Message, msg

if TYPE_CHECKING:
    from her2desk.inference.measuring import Outline
    from her2desk.radiomics.feature_cache import FeatureCache
    from her2desk.radiomics.profile import Profile


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; NaN where there is none."""

    value: float
    lower: float
    upper: float

    def to_json(self) -> dict[str, float | None]:
        """The figures for scripts, null for none."""
        figures = {"value": self.value, "lower": self.lower, "upper": self.upper}
        return {name: v if math.isfinite(v) else None for name, v in figures.items()}


@dataclass(frozen=True)
class FeatureAgreement:
    """A feature's ICC(A,1), absolute agreement, and ICC(C,1), which forgives a constant shift."""

    feature: str
    absolute: Estimate
    consistent: Estimate

    @property
    def is_kept(self) -> bool:
        """Whether the lower bound of ICC(A,1) is at least 0.75; a feature without one is not."""
        return self.absolute.lower >= KEPT_FROM


@dataclass(frozen=True)
class FeatureTable:
    """The features' agreement over ``cases``, one a patient; ``note`` says why there is none.

    ``left_out`` cases have no pixel size, which the profile needs.
    """

    cases: int
    profile: str
    features: tuple[FeatureAgreement, ...] = ()
    left_out: int = 0
    resample_mm: float | None = None
    note: Message | None = None

    @property
    def kept(self) -> int:
        """How many features are kept."""
        return sum(feature.is_kept for feature in self.features)

    def to_json(self) -> dict[str, Any]:
        """The document of scripts, without the table."""
        return {
            "profile": self.profile,
            "cases": self.cases,
            "left_out": self.left_out,
            "measured": len(self.features),
            "kept": self.kept,
            "kept_from": KEPT_FROM,
            "resample_mm": self.resample_mm,
            "note": None if self.note is None else self.note.text(),
        }


def feature_agreement(
    pairs: "Sequence[tuple[Outline, Outline]]",
    profile: "Profile",
    *,
    cache: "FeatureCache | None" = None,
    jobs: int = 1,
    progress: Progress,
    minimum: int = MIN_CASES,
    scheduler: str | None = None,
) -> FeatureTable:
    """ICC(A,1) and ICC(C,1) (McGraw & Wong 1996) of every feature of ``profile`` over ``pairs``.

    A pair is the first and the second reader's outline of one case, one case a patient, the readers
    in the same order throughout. All images are measured at one pixel size (V7). Below ``minimum``
    cases nothing is computed and ``note`` says so. A feature without a value on some outline has no
    ICC. Raises ``InputRefused`` naming the case, ``Cancelled`` from ``progress``.
    """
    import numpy as np

    from her2desk.inference.measuring import measure_outlines
    from her2desk.radiomics.extract import all_names
    from her2desk.radiomics.profile import is_noise
    from her2desk.stats.icc import icc_a1, icc_c1

    used = [pair for pair in pairs if _can_be_measured(pair, profile)]
    left_out = len(pairs) - len(used)
    if len(used) < minimum:
        return FeatureTable(
            len(used), profile.name, left_out=left_out, note=too_few(len(used), minimum)
        )
    profile = _at_one_size(profile, used)
    names = [name for name in all_names(profile) if not is_noise(name.split("_")[0])]
    values = measure_outlines(
        [outline for pair in used for outline in pair],
        profile,
        names,
        cache=cache,
        jobs=jobs,
        progress=progress,
        on_missing="nan",
        finished=lambda n, total: msg("Outline {n} of {total}", n=n, total=total),
        scheduler=scheduler,
    )
    ratings = values.reshape(len(used), 2, len(names)).transpose(2, 0, 1)
    figures = []
    for found in (icc_a1(ratings), icc_c1(ratings)):
        columns = np.column_stack([found.value, found.lower, found.upper]).tolist()
        figures.append([Estimate(*column) for column in columns])
    rows = (
        FeatureAgreement(name, absolute, consistent)
        for name, absolute, consistent in zip(names, *figures, strict=True)
    )
    return FeatureTable(len(used), profile.name, tuple(rows), left_out, profile.resample)


def too_few(cases: int, minimum: int) -> Message:
    """Why there are no figures of features: ``cases`` are fewer than ``minimum``."""
    return msg(
        "Features are compared over at least {minimum} cases that both readers outlined; there are "
        "{cases}, {missing} too few.",
        minimum=minimum,
        cases=cases,
        missing=minimum - cases,
    )


def _can_be_measured(pair: "tuple[Outline, Outline]", profile: "Profile") -> bool:
    if profile.unit == "px" or profile.uncalibrated == "as-if":
        return True
    return all(outline.spacing_mm is not None for outline in pair)


def _at_one_size(profile: "Profile", pairs: "Sequence[tuple[Outline, Outline]]") -> "Profile":
    """The profile resampling to the coarser of its own pixel size and these images'."""
    from her2desk.radiomics.profile import with_resample
    from her2desk.radiomics.resampling import resample_target

    if profile.resample is None:
        return profile
    spacings = (pair[0].spacing_mm for pair in pairs)
    coarser = [max(mm) if mm is not None else profile.assumed_mm for mm in spacings]
    known = [mm for mm in coarser if mm is not None]
    return with_resample(profile, resample_target(known, profile.resample))
