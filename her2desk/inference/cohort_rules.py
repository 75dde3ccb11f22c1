"""What the rows of a cohort say of each other: one patient, one status, one side of a split."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from her2desk.domain.clinical import CLINICAL_FIELDS, Pathology
from her2desk.inference.cohort import CohortRow
from her2desk.inference.cohort_files import Seen
from her2desk.inference.cohort_table import Findings
from her2desk.texts import Message, msg, phrase

FEWEST_OF_A_CLASS = 5  # V25's limit: below it a class is counted, not measured
FEW_OF_A_CLASS = 10  # V15: below it counts only

_ONE_ID = msg("Give all rows of one patient the same patient_id, or remove the copy.")


def patients_of(rows: Iterable[CohortRow]) -> dict[str, list[CohortRow]]:
    """The rows of each patient, in order of the table; rows without a patient left out."""
    patients: dict[str, list[CohortRow]] = {}
    for row in rows:
        if row.patient_id:
            patients.setdefault(row.patient_id, []).append(row)
    return patients


def cross_check(rows: Sequence[CohortRow], seen: Mapping[int, Seen], findings: Findings) -> None:
    """Note what the rows contradict of each other; ``seen`` is by the row's number."""
    patients = patients_of(rows)
    for of_patient in patients.values():
        _check_one_patient(of_patient, findings)
    _check_similar_names(patients, findings)
    _check_copies(rows, seen, findings)
    _check_studies(rows, seen, findings)
    if patients:
        _check_classes(patients, findings)
    _check_split(patients, findings)
    _check_spacings(seen, findings)
    _check_sites(patients, findings)
    for row in rows:
        _check_status(row, findings)


def _said_of_patient(row: CohortRow) -> dict[str, Any]:
    """What must be the same in all rows of a patient, by column."""
    return {
        "her2_ihc": row.pathology.her2_ihc,
        "her2_fish": row.pathology.her2_fish,
        **{spec.name: getattr(row.clinical, spec.name) for spec in CLINICAL_FIELDS},
        "laterality": row.clinical.laterality,
        "site": row.site,
    }


def _check_one_patient(rows: Sequence[CohortRow], findings: Findings) -> None:
    first = rows[0]
    said = _said_of_patient(first)
    for row in rows[1:]:
        unread = findings.spoiled(first.number) | findings.spoiled(row.number)
        differing = [c for c, value in _said_of_patient(row).items() if value != said[c]]
        if row.pathology == first.pathology and row.positive is not first.positive:
            differing.append("label")
        for column in differing:
            if column not in unread:
                findings.error(
                    row.number,
                    column,
                    msg(
                        "{patient} has another {column} here than in row {first}.",
                        patient=row.patient_id,
                        column=column,
                        first=first.number,
                    ),
                    msg("Give the same value in all rows of a patient, or correct patient_id."),
                    "patient-contradicts",
                )


def _check_similar_names(patients: Mapping[str, Sequence[CohortRow]], findings: Findings) -> None:
    alike: dict[str, str] = {}
    for name, rows in patients.items():
        other = alike.setdefault("".join(name.split()).casefold(), name)
        if other != name:
            findings.notice(
                rows[0].number,
                "patient_id",
                msg("{a} and {b} differ only by spaces or capital letters.", a=other, b=name),
                msg("If both are one patient, write the name in one way."),
                "patient-names-alike",
            )


def _check_copies(rows: Sequence[CohortRow], seen: Mapping[int, Seen], findings: Findings) -> None:
    """The same picture twice: counted double in one patient, a leak between two."""
    first_with: dict[str, CohortRow] = {}
    for row in rows:
        look = seen.get(row.number)
        if look is None:
            continue
        frame = look.pixels_sha256 or f"{look.image_sha256}/{row.frame_index}"
        same_frame = first_with.setdefault(frame, row)
        same_file = first_with.setdefault(look.image_sha256, row)
        other = next((r for r in (same_frame, same_file) if r.patient_id != row.patient_id), None)
        if other is not None:
            findings.error(
                row.number,
                "image",
                msg(
                    "The same picture is in row {first}, under patient {patient}.",
                    first=other.number,
                    patient=other.patient_id,
                ),
                _ONE_ID,
                "image-of-two-patients",
            )
        elif same_frame is not row:
            findings.error(
                row.number,
                "image",
                msg("The same picture is in row {first} already.", first=same_frame.number),
                msg("Keep one row; a second reader's outline belongs in roi_reader2."),
                "image-twice",
            )


def _check_studies(rows: Sequence[CohortRow], seen: Mapping[int, Seen], findings: Findings) -> None:
    """One DICOM study is of one patient, unless whoever removed the names made all alike."""
    first_with: dict[str, CohortRow] = {}
    for row in rows:
        study = seen[row.number].study_uid if row.number in seen else ""
        if not study:
            continue
        first = first_with.setdefault(study, row)
        if first.patient_id != row.patient_id:
            findings.notice(
                row.number,
                "patient_id",
                msg(
                    "The image is of the same study as row {first}, of patient {patient}.",
                    first=first.number,
                    patient=first.patient_id,
                ),
                _ONE_ID,
                "study-of-two-patients",
            )


def _check_classes(patients: Mapping[str, Sequence[CohortRow]], findings: Findings) -> None:
    status = [rows[0].positive for rows in patients.values()]
    for positive, name in ((True, msg("positive")), (False, msg("negative"))):
        n = status.count(positive)
        if n == 0:
            findings.error(
                None,
                None,
                msg("No patient is HER-2 {name}.", name=phrase(name)),
                msg("A model needs patients of both kinds; check IHC, FISH or label."),
                "class-empty",
            )
        elif n < FEWEST_OF_A_CLASS:
            findings.error(
                None,
                None,
                msg("HER-2 {name} patients: only {n}.", n=n, name=phrase(name)),
                msg(
                    "With fewer than {limit}, some part of a cross-validation has none to learn "
                    "from or to be judged by; add patients.",
                    limit=FEWEST_OF_A_CLASS,
                ),
                "class-too-small",
            )
        elif n < FEW_OF_A_CLASS:
            findings.notice(
                None,
                None,
                msg("HER-2 {name} patients: only {n}.", n=n, name=phrase(name)),
                msg("Every figure will be very uncertain; add patients if you can."),
                "class-small",
            )


def _check_split(patients: Mapping[str, Sequence[CohortRow]], findings: Findings) -> None:
    sides: dict[str | None, list[str]] = {"train": [], "test": []}
    if not any(row.split for rows in patients.values() for row in rows):
        return
    for name, rows in patients.items():
        unread = any("split" in findings.spoiled(row.number) for row in rows)
        of_patient = {row.split for row in rows}
        if len(of_patient) == 1 and None not in of_patient:
            sides[rows[0].split].append(name)
        elif len(of_patient - {None}) > 1:
            findings.error(
                next(row.number for row in rows if row.split != rows[0].split),
                "split",
                msg("{patient} is in train and in test.", patient=name),
                msg("Keep all images of a patient on one side."),
                "split-both-sides",
            )
        elif not unread and rows[0].positive is not None:
            findings.error(
                rows[0].number,
                "split",
                msg("{patient} is on no side of the split, others are.", patient=name),
                msg("Write train or test for every patient, or empty the whole column."),
                "split-missing",
            )
    for side, names in sides.items():
        _check_side({patients[name][0].positive for name in names}, str(side), findings)


def _check_side(statuses: set[bool | None], side: str, findings: Findings) -> None:
    remedy = msg("Move patients of both kinds to each side, or empty the whole column.")
    if not statuses - {None}:
        findings.error(
            None,
            "split",
            msg("No patient of known status is in {side}.", side=side),
            remedy,
            "split-side-empty",
        )
        return
    for positive, name in ((True, msg("positive")), (False, msg("negative"))):
        if positive not in statuses:
            findings.error(
                None,
                "split",
                msg("No patient in {side} is HER-2 {name}.", side=side, name=phrase(name)),
                remedy,
                "split-class-empty",
            )


def _check_spacings(seen: Mapping[int, Seen], findings: Findings) -> None:
    """V7: uncalibrated images are a profile of their own and never mixed with calibrated ones."""
    outlined = [look for look in seen.values() if look.has_roi]
    unknown = sum(look.spacing_mm is None for look in outlined)
    if not unknown:
        return
    mixed: Message = msg(
        "{n} of {total} images do not say how large a pixel is; the profile us-2d needs it and "
        "never mixes both kinds.",
        n=unknown,
        total=len(outlined),
    )
    none: Message = msg("No image says how large a pixel is; the profile us-2d needs it.")
    is_mixed = unknown < len(outlined)
    findings.notice(
        None,
        "image",
        mixed if is_mixed else none,
        msg("Use the original DICOM files, or a profile for uncalibrated images."),
        "spacing-mixed" if is_mixed else "spacing-unknown",
    )


def _check_sites(patients: Mapping[str, Sequence[CohortRow]], findings: Findings) -> None:
    without = sum(rows[0].site is None for rows in patients.values())
    if 0 < without < len(patients):
        findings.notice(
            None,
            "site",
            msg("{n} of {total} patients have no site.", n=without, total=len(patients)),
            msg("Fill the column, or sites cannot be compared."),
            "site-incomplete",
        )


def _check_status(row: CohortRow, findings: Findings) -> None:
    if findings.spoiled(row.number) & {"her2_ihc", "her2_fish", "label"}:
        return
    ihc, fish = row.pathology.her2_ihc, row.pathology.her2_fish
    if row.positive is None:
        findings.notice(
            row.number,
            "her2_ihc" if row.pathology != Pathology() else "label",
            msg("The HER-2 status is unknown: listed, never trained on."),
            msg("Add the FISH result when it is there."),
            "status-unknown",
        )
    if (ihc == "3+" and fish == "not amplified") or (ihc in ("0", "1+") and fish == "amplified"):
        findings.notice(
            row.number,
            "her2_fish",
            msg("FISH says otherwise than IHC {ihc}; IHC decides.", ihc=ihc),
            msg("Check both results."),
            "fish-contradicts-ihc",
        )
