"""The clinical record and the pathologist's HER-2 result, with units, limits and "not known"."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from her2desk.errors import InputRefused
from her2desk.texts import Message, listed, msg, phrase


@dataclass(frozen=True)
class ClinicalField:
    """One entry of the form; ``lower`` and ``upper`` bound what is plausible, None for yes/no."""

    name: str
    label: Message
    unit: Message = field(default_factory=lambda: Message(""))
    lower: float | None = None
    upper: float | None = None

    @property
    def is_number(self) -> bool:
        return self.upper is not None


CLINICAL_FIELDS: tuple[ClinicalField, ...] = (
    ClinicalField("age_years", msg("Age"), msg("years"), 18, 110),
    ClinicalField("er", msg("Oestrogen receptor (ER)")),
    ClinicalField("pr", msg("Progesterone receptor (PR)")),
    ClinicalField("ki67_percent", msg("Ki-67"), msg("%"), 0, 100),
    ClinicalField("lymph_node_metastasis", msg("Lymph-node metastasis")),
    ClinicalField("calcification", msg("Calcification")),
    ClinicalField("postmenopausal", msg("Postmenopausal")),
    ClinicalField("family_history", msg("Family history")),
    ClinicalField("cea_ng_ml", msg("CEA"), msg("ng/mL"), 0, 10_000),
    ClinicalField("ca125_u_ml", msg("CA125"), msg("U/mL"), 0, 50_000),
    ClinicalField("ca199_u_ml", msg("CA199"), msg("U/mL"), 0, 100_000),
    ClinicalField("ca153_u_ml", msg("CA153"), msg("U/mL"), 0, 50_000),
)
FIELDS_BY_NAME: Mapping[str, ClinicalField] = {f.name: f for f in CLINICAL_FIELDS}
LATERALITIES = ("L", "R")


@dataclass(frozen=True)
class ClinicalRecord:
    """What is known of the patient; None is "not known". Units are in the names."""

    age_years: float | None = None
    er: bool | None = None
    pr: bool | None = None
    ki67_percent: float | None = None
    lymph_node_metastasis: bool | None = None
    calcification: bool | None = None
    postmenopausal: bool | None = None
    family_history: bool | None = None
    cea_ng_ml: float | None = None
    ca125_u_ml: float | None = None
    ca199_u_ml: float | None = None
    ca153_u_ml: float | None = None
    laterality: str | None = None

    def check(self) -> None:
        """Raise ``InputRefused`` naming the first value that cannot be right."""
        for spec in CLINICAL_FIELDS:
            check_value(spec, getattr(self, spec.name))
        if self.laterality is not None and self.laterality not in LATERALITIES:
            raise InputRefused(
                msg("Laterality is {value!r}; it must be L or R.", value=self.laterality),
                msg("Correct it, or leave it out when it is not known."),
                code="clinical-value",
            )

    def value(self, name: str) -> float | None:
        """A field as a number (yes is 1, no is 0), or None when not known."""
        raw = getattr(self, name)
        return None if raw is None else float(raw)

    def to_json(self) -> dict[str, Any]:
        """Every field by name, None for what is not known."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def check_value(spec: ClinicalField, value: object) -> None:
    """Raise ``InputRefused`` when ``value`` is of the wrong kind or outside the plausible range."""
    if value is None:
        return
    if not spec.is_number:
        if not isinstance(value, bool):
            raise _wrong(spec, value, msg("Give true, false or null (not known)."))
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or _is_not_finite(value):
        raise _wrong(spec, value, msg("Give a number, or null when it is not known."))
    lower, upper = spec.lower, spec.upper
    if lower is not None and upper is not None and not lower <= value <= upper:
        raise _wrong(
            spec,
            value,
            msg(
                "It must be between {lower:g} and {upper:g} {unit}; check the value and its unit.",
                lower=lower,
                upper=upper,
                unit=phrase(spec.unit),
            ),
        )


def _is_not_finite(value: float) -> bool:
    return isinstance(value, float) and not math.isfinite(value)  # an int may be too large to ask


def clinical_from_json(raw: object) -> ClinicalRecord:
    """A record from parsed JSON; unknown keys and impossible values are refused by name."""
    if not isinstance(raw, dict):
        raise InputRefused(
            msg("The clinical record is not a JSON object."),
            msg("It should read {example}.", example='{"age_years": 52, "pr": false, …}'),
            code="clinical-malformed",
        )
    known = {f.name for f in fields(ClinicalRecord)}
    unknown = sorted(set(raw) - known - PATHOLOGY_KEYS)
    if unknown:
        raise InputRefused(
            msg(
                "The clinical record has a field {name!r} that is not known here.", name=unknown[0]
            ),
            msg("Use these names: {names}.", names=listed(sorted(known))),
            code="clinical-unknown-field",
        )
    record = ClinicalRecord(**{name: value for name, value in raw.items() if name in known})
    record.check()
    return record


def _wrong(spec: ClinicalField, value: object, remedy: Message) -> InputRefused:
    return InputRefused(
        msg("{name} is {value!r}, which cannot be right.", name=spec.name, value=value),
        remedy,
        code="clinical-value",
    )


PATHOLOGY_KEYS = {"her2_ihc", "her2_fish"}
IHC_SCORES = ("0", "1+", "2+", "3+")
FISH_RESULTS = ("amplified", "not amplified")


@dataclass(frozen=True)
class Pathology:
    """The pathologist's HER-2 result; the raw score is kept (HER2-low is treatable)."""

    her2_ihc: str | None = None
    her2_fish: str | None = None

    def check(self) -> None:
        """Raise ``InputRefused`` for a score or a FISH result that does not exist."""
        if self.her2_ihc is not None and self.her2_ihc not in IHC_SCORES:
            raise InputRefused(
                msg("IHC score {value!r} does not exist.", value=self.her2_ihc),
                msg("Use 0, 1+, 2+ or 3+."),
                code="pathology-value",
            )
        if self.her2_fish is not None and self.her2_fish not in FISH_RESULTS:
            raise InputRefused(
                msg("FISH result {value!r} does not exist.", value=self.her2_fish),
                msg('Use "amplified" or "not amplified".'),
                code="pathology-value",
            )

    @property
    def her2_positive(self) -> bool | None:
        """Status by ASCO/CAP: 3+ positive, 0 and 1+ negative, 2+ by FISH, else unknown (None)."""
        if self.her2_ihc == "3+":
            return True
        if self.her2_ihc in ("0", "1+"):
            return False
        if self.her2_ihc == "2+" and self.her2_fish is not None:
            return self.her2_fish == "amplified"
        return None


def pathology_from_json(raw: object) -> Pathology:
    """The result as a library holds it; what is no result of either kind is not known."""
    said: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    ihc, fish = said.get("her2_ihc"), said.get("her2_fish")
    return Pathology(
        ihc if ihc in IHC_SCORES else None,
        fish if fish in FISH_RESULTS else None,
    )
