"""V3: nobody is predicted who has trained the enhancement of the very images that are read."""

from collections.abc import Sequence

from her2desk.enhancement.enhancer import Enhancer, grey_sha256
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortRow, case_of_row
from her2desk.texts import listed, msg


def refuse_seen(rows: Sequence[CohortRow], enhancer: Enhancer | None) -> None:
    """Refuse a cohort with an image, of whichever patient, that the enhancement was trained on.

    Every image of a patient counts, also one that no model will read: what the enhancement learnt
    of the patient it knows of the others. Raises ``InputRefused`` (code ``enhancement-seen``) with the
    patients.
    """
    if enhancer is None or not enhancer.trained_on:
        return
    seen = {
        row.patient_id
        for row in rows
        if grey_sha256(case_of_row(row).pixels) in enhancer.trained_on
    }
    if seen:
        raise InputRefused(
            msg(
                "The enhancement {name} was trained on images of {n} of these patients: {patients}.",
                name=enhancer.name,
                n=len(seen),
                patients=listed(sorted(seen)),
            ),
            msg("Leave those patients out, or use an enhancement that has not seen them."),
            code="enhancement-seen",
        )
