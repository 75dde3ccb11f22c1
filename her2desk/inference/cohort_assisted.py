"""V3: no outline from a network that was trained on the very patient.

Such an outline is nearer to the expert's than the network's outlines of other patients are, so a model
that is validated with it looks better than it is.
"""

from collections.abc import Mapping, Sequence

from her2desk.inference.cohort import CohortRow
from her2desk.inference.cohort_files import Seen
from her2desk.inference.cohort_rules import patients_of
from her2desk.inference.cohort_table import Findings
from her2desk.texts import msg


def check_assisted(
    rows: Sequence[CohortRow],
    seen: Mapping[int, Seen],
    lists: Mapping[str, frozenset[str]],
    findings: Findings,
) -> None:
    """Note outlines proposed by a network that knows the patient, or by one that is not known here.

    ``seen`` is by the row's number; ``lists`` are ``training_lists``. One picture on a network's list
    makes all pictures of its patient known to that network.
    """
    for of_patient in patients_of(rows).values():
        looks = [(row, seen[row.number]) for row in of_patient if row.number in seen]
        pictures = {look.pixels_sha256 for _, look in looks}
        for row, look in looks:
            for column, network in look.assisted:
                if network not in lists:
                    _note_unknown(row.number, column, findings)
                elif lists[network] & pictures:
                    _note_overlap(row, column, findings)


def _note_overlap(row: CohortRow, column: str, findings: Findings) -> None:
    findings.error(
        row.number,
        column,
        msg(
            "A network proposed this outline that was itself trained on patient {patient}.",
            patient=row.patient_id,
        ),
        msg("Draw this patient's outline by hand, or leave the patient out."),
        "outline-by-trained-network",
    )


def _note_unknown(number: int, column: str, findings: Findings) -> None:
    findings.notice(
        number,
        column,
        msg("This outline was proposed by a network that is not known here."),
        msg("Make sure that the network was not trained on this patient; it cannot be checked."),
        "outline-by-unknown-network",
    )
