"""How a case's report is wanted; kept with each report that was written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from her2desk.errors import InputRefused
from her2desk.texts import SOURCE_LANGUAGE, msg


class Paper(StrEnum):
    """What a PDF is laid out for."""

    A4 = "a4"
    LETTER = "letter"


class ReportKind(StrEnum):
    """What a report is written as."""

    HTML = "html"
    PDF = "pdf"
    SR = "sr"  # DICOM structured report
    SEG = "seg"  # DICOM segmentation
    SC = "sc"  # DICOM secondary capture

    @property
    def is_dicom(self) -> bool:
        """Whether it is for a PACS."""
        return self in (ReportKind.SR, ReportKind.SEG, ReportKind.SC)

    def file_name(self, case_id: int) -> str:
        """What a file of this kind is called, with nothing of the patient in it."""
        return f"case-{case_id:04d}" + (f"-{self}.dcm" if self.is_dicom else f".{self}")


@dataclass(frozen=True)
class ReportOptions:
    """What a report shows, in which language, on which paper.

    Without ``patient`` neither the patient's name nor number is on it; the case's number is.
    """

    heatmap: bool = False
    nomogram: bool = True
    patient: bool = True
    language: str = SOURCE_LANGUAGE
    paper: Paper = Paper.A4

    def to_json(self) -> dict[str, Any]:
        """The options as the library keeps them."""
        return {**asdict(self), "paper": str(self.paper)}


def options_from_json(raw: object) -> ReportOptions:
    """The options that ``ReportOptions.to_json`` wrote; raises ``InputRefused`` (``report-options``)."""
    kinds = {field.name: field.type for field in fields(ReportOptions)}
    try:
        if not isinstance(raw, Mapping) or set(raw) != set(kinds):
            raise TypeError
        if not all(type(raw[name]) is bool for name in ("heatmap", "nomogram", "patient")):
            raise TypeError
        if not isinstance(raw["language"], str):
            raise TypeError
        return ReportOptions(**{**raw, "paper": Paper(raw["paper"])})
    except (TypeError, ValueError) as error:
        raise InputRefused(
            msg("These are no options of a report."),
            msg("Choose them again."),
            code="report-options",
        ) from error
