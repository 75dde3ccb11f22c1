"""Whom a set consists of: the table that opens every paper, from the samples themselves."""

from collections.abc import Sequence

import numpy as np

from her2desk.domain.clinical import CLINICAL_FIELDS, ClinicalField, ClinicalRecord
from her2desk.reports.study import Population
from her2desk.texts import Message
from her2desk.training.table import Sample


def population(name: Message, samples: Sequence[Sample]) -> Population:
    """Counts, and each known clinical input by class (positive, negative).

    Yes/no inputs as "12 of 30", numbers as "median (quartiles), n".
    """
    positive = [s.clinical for s in samples if s.positive]
    negative = [s.clinical for s in samples if not s.positive]
    summaries = tuple(
        (field.label, _summary(field, positive), _summary(field, negative))
        for field in CLINICAL_FIELDS
        if any(s.clinical.value(field.name) is not None for s in samples)
    )
    return Population(name, len(samples), len(positive), summaries)


def _summary(field: ClinicalField, records: Sequence[ClinicalRecord]) -> str:
    values = [v for record in records if (v := record.value(field.name)) is not None]
    if not field.is_number:
        return f"{int(sum(values))} of {len(values)}"
    if not values:
        return "–"
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return f"{middle:.3g} ({low:.3g}–{high:.3g}), n = {len(values)}"
