"""A pack brought into line with local results: a new, signed version; the old one stays as it is.

Log-odds η of every submodel become a + b·η, and with them the operating points and the validation
patients' log-odds, so that sensitivity and specificity at a named point stay what they were. What no
recalibration touches: networks, features, branches, failures, distances.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from her2desk.audit.performance import NEEDED, labels_of, logits_of
from her2desk.audit.results import COMBINED, LocalResults
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.validation import ValidationRow
from her2desk.errors import InputRefused, PackRefused
from her2desk.packs.archive import write_archive
from her2desk.packs.manifest import (
    LinearPart,
    Manifest,
    NomogramPart,
    OperatingPointPart,
    PackPart,
    RecalibrationPart,
    Submodel,
)
from her2desk.packs.pack import MODELS_FILE, VALIDATION_FILE, Pack, open_pack
from her2desk.packs.validation_table import validation_csv
from her2desk.stats.recalibration import (
    Recalibration,
    recalibrate_intercept,
    recalibrate_slope,
)
from her2desk.texts import msg

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# Fitted slopes of a pack that is right run from 0.40 to 2.61 at 15 of each class, from 0.62 to 1.57 at
# 50 (AUC 0.80; docs/validation.md): below, fitting a slope is as likely to spoil as to mend.
NEEDED_FOR_SLOPE = 50
_LONGEST_VERSION = 40


class RecalibrationKind(StrEnum):
    """What is fitted."""

    INTERCEPT = "intercept"
    INTERCEPT_AND_SLOPE = "intercept-and-slope"


def fit_recalibration(results: LocalResults, kind: RecalibrationKind) -> Recalibration:
    """Fit to the counted results, whatever their pattern of known inputs.

    Raises ``InputRefused`` with code ``"too-few-results"`` below 10 of a class, 50 where the slope is
    asked for, and as ``stats.recalibration`` does.
    """
    with_slope = kind is RecalibrationKind.INTERCEPT_AND_SLOPE
    needed = NEEDED_FOR_SLOPE if with_slope else NEEDED
    if min(results.positives, results.negatives) < needed:
        remedy = msg("Enter more results first.")
        if with_slope:
            remedy = msg(
                "Recalibrate the intercept alone, which comes first, or enter more results."
            )
        raise InputRefused(
            msg(
                "For this recalibration {needed} HER-2 positive and {needed} negative results are "
                "needed; there are {positives} and {negatives}.",
                needed=needed,
                positives=results.positives,
                negatives=results.negatives,
            ),
            remedy,
            code="too-few-results",
        )
    fit = recalibrate_slope if with_slope else recalibrate_intercept
    return fit(labels_of(results.counted), logits_of(results.counted))


def recalibrated(
    pack: Pack, results: LocalResults, kind: RecalibrationKind, version: str
) -> dict[str, bytes]:
    """The members of the new pack, without a signature.

    Raises ``InputRefused`` as ``fit_recalibration`` does, with ``"version"`` for a version that is
    empty, too long or the old one, and with ``"threshold-lost"`` where an operating point would end at
    0 or 1.
    """
    _check_version(pack, version)
    change = _Change(fit_recalibration(results, kind))
    manifest = _manifest(pack, results, change, version)
    models = pack.models.model_copy(
        update={
            "submodels": tuple(change.submodel(s) for s in pack.models.submodels),
            "nomograms": tuple(change.nomogram(n) for n in pack.models.nomograms),
        }
    )
    members = {
        **pack.archive.members,
        "manifest.json": _json(manifest),
        MODELS_FILE: _json(models),
        "card.md": _card(pack, manifest).encode(),
    }
    if pack.validation:
        members[VALIDATION_FILE] = validation_csv(tuple(map(change.row, pack.validation)))
    return members


def write_recalibrated(
    pack: Pack,
    results: LocalResults,
    kind: RecalibrationKind,
    version: str,
    key: "Ed25519PrivateKey",
    out: Path,
) -> Pack:
    """Write the new pack to ``out``, signed with ``key``, and open it again as anyone would.

    Nothing is ever overwritten. Raises ``InputRefused`` as ``recalibrated`` does and with code
    ``"pack-exists"`` where there is a file of that name, ``PackRefused`` where it cannot be written.
    """
    if out.exists():
        raise InputRefused(
            msg("{name} is there already; a pack is never overwritten.", name=out.name),
            msg("Choose another name for the new version."),
            code="pack-exists",
        )
    from her2desk.packs.signing import signed_members

    write_archive(out, signed_members(recalibrated(pack, results, kind, version), key))
    try:
        return open_pack(out)
    except PackRefused:
        out.unlink()
        raise


@dataclass(frozen=True)
class _Change:
    """η becomes a + b·η."""

    fit: Recalibration

    def log_odds(self, eta: float) -> float:
        return self.fit.intercept + self.fit.slope * eta

    def threshold(self, probability: float) -> float:
        moved = sigmoid(self.log_odds(logit(probability)))
        if not 0 < moved < 1:
            raise InputRefused(
                msg("After this recalibration a threshold would lie at {value:g}.", value=moved),
                msg("These results are too far from the pack; look into them first."),
                code="threshold-lost",
            )
        return moved

    def linear(self, model: LinearPart) -> LinearPart:
        """Coefficients b·β with a added to the intercept; covariance by the delta method.

        With independent errors of (a, b) and β: b²Σ + Var(b) ββᵀ + Cov(a, b)(e₀βᵀ + βe₀ᵀ) +
        Var(a) e₀e₀ᵀ, where e₀ is the intercept's direction.
        """
        beta = np.array([model.intercept, *model.coefficients])
        first = np.zeros_like(beta)
        first[0] = 1.0
        (var_a, cov), (_, var_b) = self.fit.covariance.tolist()
        b = self.fit.slope
        crossed = np.outer(first, beta)
        matrix = (
            b**2 * np.array(model.covariance)
            + var_b * np.outer(beta, beta)
            + cov * (crossed + crossed.T)
            + var_a * np.outer(first, first)
        )
        return model.model_copy(
            update={
                "intercept": self.log_odds(model.intercept),
                "coefficients": tuple(b * c for c in model.coefficients),
                "covariance": tuple(map(tuple, matrix.tolist())),
            }
        )

    def submodel(self, part: Submodel) -> Submodel:
        """The refit variance stays: it is of the terms, and their coefficients carry the b."""
        return part.model_copy(update={"model": self.linear(part.model)})

    def nomogram(self, part: NomogramPart) -> NomogramPart:
        return part.model_copy(update={"model": self.linear(part.model)})

    def point(self, part: OperatingPointPart) -> OperatingPointPart:
        return part.model_copy(
            update={
                "threshold": self.threshold(part.threshold),
                "fold_thresholds": tuple(map(self.threshold, part.fold_thresholds)),
            }
        )

    def row(self, row: ValidationRow) -> ValidationRow:
        combined = row.branches[COMBINED]
        moved = None if combined is None else self.log_odds(combined)
        return replace(
            row, logit=self.log_odds(row.logit), branches={**row.branches, COMBINED: moved}
        )


def _manifest(pack: Pack, results: LocalResults, change: _Change, version: str) -> Manifest:
    fit = change.fit
    dates = sorted(case.study_date for case in results.counted if case.study_date)
    (var_a, cov), (_, var_b) = fit.covariance.tolist()
    return pack.manifest.model_copy(
        update={
            "version": version,
            "operating_points": tuple(map(change.point, pack.manifest.operating_points)),
            "recalibration": RecalibrationPart(
                from_version=pack.manifest.version,
                from_sha256=pack.digest,
                intercept=fit.intercept,
                slope=fit.slope,
                covariance=((var_a, cov), (cov, var_b)),
                patients=fit.patients,
                positive=fit.positive,
                first_study=dates[0] if dates else "",
                last_study=dates[-1] if dates else "",
            ),
        }
    )


def _check_version(pack: Pack, version: str) -> None:
    if (
        version.strip() != version
        or not version.isprintable()
        or not 1 <= len(version) <= _LONGEST_VERSION
        or version == pack.manifest.version
    ):
        raise InputRefused(
            msg("{version!r} cannot be the new version.", version=version),
            msg(
                "Give a version other than {old} with 1 to {longest} characters.",
                old=pack.manifest.version,
                longest=_LONGEST_VERSION,
            ),
            code="version",
        )


def _card(pack: Pack, manifest: Manifest) -> str:
    """The old card under the new version, with a paragraph before its first section."""
    part = manifest.recalibration
    assert part is not None
    old = f"# {manifest.name} {part.from_version}"
    card = pack.card
    if card.startswith(old):
        card = f"# {manifest.name} {manifest.version}" + card.removeprefix(old)
    head, section, rest = card.partition("\n## ")
    studies = f", studies {part.first_study} to {part.last_study}" if part.first_study else ""
    fitted = "intercept and slope" if part.slope != 1 else "intercept"
    paragraph = (
        f"## Recalibrated from version {part.from_version}\n\n"
        f"Log-odds η of version {part.from_version} (SHA-256 {part.from_sha256}) became "
        f"{part.intercept:.4f} + {part.slope:.4f} η; {fitted} fitted on {part.patients} local "
        f"patients, {part.positive} HER-2 positive{studies}. Probabilities are for a place where "
        f"{100 * manifest.prevalence:.0f} % are HER-2 positive, provided these patients stand for all. "
        "Ranking, AUCs, and sensitivity and specificity at the named operating points are those of "
        "the validation below; nobody has validated the new probabilities on other patients.\n"
    )
    return f"{head}\n{paragraph}{section}{rest}"


def _json(part: PackPart) -> bytes:
    return part.model_dump_json(indent=1).encode()
