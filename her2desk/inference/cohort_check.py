"""Checking a cohort completely before any of it is used: every problem, its row and its remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk.domain.clinical import CLINICAL_FIELDS
from her2desk.domain.progress import Progress
from her2desk.errors import InputRefused
from her2desk.inference.assist.training_list import training_lists
from her2desk.inference.cohort import CohortRow, cohort_rows
from her2desk.inference.cohort_assisted import check_assisted
from her2desk.inference.cohort_files import FileLook, Seen
from her2desk.inference.cohort_rules import cross_check, patients_of
from her2desk.inference.cohort_table import COLUMNS, TABLE_NAME, Findings
from her2desk.inference.cohort_table import Finding as Finding
from her2desk.paths import contour_network_path
from her2desk.texts import Message, msg

NAMED_PROBLEMS = 3
ABOUT_TRAINING = frozenset({
    "class-empty", "class-too-small", "split-missing", "split-side-empty", "split-class-empty",
    "split-both-sides",
})  # fmt: skip


@dataclass(frozen=True)
class CohortCheck:
    """What was found in a cohort. Counts are of patients; a patient's first row speaks for them.

    ``rows`` are all rows of the table, those with problems too; ``spacings_mm`` is (row, column)
    under each row's ROI, None where unknown.
    """

    rows: tuple[CohortRow, ...]
    findings: tuple[Finding, ...]
    spacings_mm: tuple[tuple[float, float] | None, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether all of it can be used; else nothing is."""
        return not any(finding.is_error for finding in self.findings)

    @property
    def patients(self) -> int:
        return len(self._firsts)

    @property
    def positive(self) -> int:
        return sum(1 for row in self._firsts if row.positive)

    @property
    def unknown(self) -> int:
        """Patients of unknown status: listed, never trained on."""
        return sum(1 for row in self._firsts if row.positive is None)

    @property
    def known_counts(self) -> Mapping[str, int]:
        """For each clinical input, of how many of the patients it is known."""
        records = [row.clinical for row in self._firsts]
        return {
            spec.name: sum(record.value(spec.name) is not None for record in records)
            for spec in CLINICAL_FIELDS
        }

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(sorted({row.site for row in self.rows if row.site is not None}))

    @property
    def scanners(self) -> tuple[str, ...]:
        return tuple(sorted({row.scanner for row in self.rows if row.scanner is not None}))

    @property
    def has_split_column(self) -> bool:
        """Whether the table itself says who is trained on."""
        return any(row.split is not None for row in self.rows)

    def document(self) -> dict[str, Any]:
        """The check as JSON, its sentences in the present language."""
        return {
            "patients": self.patients,
            "positive": self.positive,
            "unknown": self.unknown,
            "images": len(self.rows),
            "usable": self.usable,
            "findings": [_finding_json(finding) for finding in self.findings],
            "inputs": [{"name": name, "known": n} for name, n in self.known_counts.items()],
            "sites": list(self.sites),
            "scanners": list(self.scanners),
            "calibrated": sum(spacing is not None for spacing in self.spacings_mm),
            "has_split_column": self.has_split_column,
        }

    @property
    def _firsts(self) -> list[CohortRow]:
        return [rows[0] for rows in patients_of(self.rows).values()]


def check_cohort(folder: Path, progress: Progress) -> CohortCheck:
    """Read the table, open every image and outline, and compare the rows with each other.

    Whatever is wrong with the content becomes a finding, in order of rows; raised is only what
    ``progress.step`` raises (``Cancelled``), and ``EngineFailed`` where Her2Desk's own files are
    damaged.
    """
    findings = Findings()
    try:
        rows = cohort_rows(folder, findings)
    except InputRefused as refused:
        findings.refusal(None, None, refused)
        rows = []
    seen = _look_at_files(rows, findings, progress)
    cross_check(rows, seen, findings)
    check_assisted(rows, seen, training_lists(contour_network_path().parent), findings)
    return CohortCheck(
        tuple(rows),
        tuple(sorted(findings.found, key=_place)),
        tuple(seen[row.number].spacing_mm if row.number in seen else None for row in rows),
    )


def require_usable(check: CohortCheck, *, for_training: bool = True) -> None:
    """Raise ``InputRefused`` (``cohort-findings``) that counts the problems and names the first.

    Not ``for_training``, the size of the classes and the split do not count.
    """
    errors = [
        finding
        for finding in check.findings
        if finding.is_error and (for_training or finding.code not in ABOUT_TRAINING)
    ]
    if not errors:
        return
    named = " ".join(_where_and_what(finding).text() for finding in errors[:NAMED_PROBLEMS])
    raise InputRefused(
        msg("{table} has one problem. {named}", table=TABLE_NAME, named=named)
        if len(errors) == 1
        else msg("{table} has {n} problems. {named}", table=TABLE_NAME, n=len(errors), named=named),
        errors[0].remedy
        if len(errors) == 1
        else msg("Correct them all and check the cohort again; nothing of it was used."),
        code="cohort-findings",
    )


def _look_at_files(
    rows: Sequence[CohortRow], findings: Findings, progress: Progress
) -> dict[int, Seen]:
    """What was seen of each row whose image could be opened, by the row's number."""
    look = FileLook(findings)
    seen = {}
    for done, row in enumerate(rows):
        progress.step(done / len(rows), msg("Checking row {number}", number=row.number))
        found = look.at(row)
        if found is not None:
            seen[row.number] = found
    return seen


def _place(finding: Finding) -> tuple[int, int]:
    column = finding.column
    return finding.row or 0, COLUMNS.index(column) if column in COLUMNS else -1


def _where_and_what(finding: Finding) -> Message:
    text = finding.message.text()
    if finding.row is None:
        return msg("{text}", text=text)
    if finding.column is None:
        return msg("Row {row}: {text}", row=finding.row, text=text)
    return msg("Row {row}, {column}: {text}", row=finding.row, column=finding.column, text=text)


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "row": finding.row,
        "column": finding.column,
        "severity": "error" if finding.is_error else "notice",
        "code": finding.code,
        "message": finding.message.text(),
        "remedy": finding.remedy.text(),
    }
