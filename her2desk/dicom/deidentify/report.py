"""What a run did, file by file: for the screen with the originals' names, for the folder without."""

import html
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk.dicom.deidentify.one_file import Done
from her2desk.dicom.deidentify.profile import TABLE_EDITION, Action, Option
from her2desk.dicom.deidentify.verdict import Status
from her2desk.errors import unwritable
from her2desk.texts import Message, listed, msg, tr

REPORT_NAME = "deidentification-report"
SCHEMA = 1
STATUS_WORDS = {
    Status.CLEAN: msg("clean"),
    Status.NOT_VERIFIED: msg("not verified"),
    Status.REFUSED: msg("refused"),
}
DATES_MOVED = msg(
    "Each patient's dates were moved by one number of days worked out from the project's key; "
    "times and intervals are as they were."
)
DATES_REMOVED = msg("Dates and times were removed.")
STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem;max-width:75rem;color:#1a1e23}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem;border-bottom:1px solid #b9c0c9}th{background:#eceff2}"
    ".clean{color:#00674b}.not-verified{color:#825300}.refused{color:#a33f00}"
    "@media(prefers-color-scheme:dark){body{background:#14171b;color:#e8ebef}th{background:#272c33}"
    ".clean{color:#3cc79d}.not-verified{color:#f0b03c}.refused{color:#f28a45}}"
)


@dataclass(frozen=True)
class FileReport:
    """One file: ``source`` is what the user calls it, ``output`` and ``done`` are set if written."""

    source: str
    status: Status
    reason: Message
    remedy: Message | None = None
    code: str = ""
    output: str | None = None
    done: Done | None = None

    def to_json(self, number: int, *, with_source: bool) -> dict[str, Any]:
        """The file's entry; without its source only the number, counted from 1, tells which."""
        document: dict[str, Any] = {"number": number}
        if with_source:
            document["source"] = self.source
        reason = self.reason if with_source else without_reader(self.reason)
        document |= {
            "status": str(self.status),
            "reason": reason.text(),
            "remedy": self.remedy.text() if self.remedy else None,
            "code": self.code or None,
            "output": self.output,
        }
        return document | (_done_to_json(self.done) if self.done else {})


@dataclass(frozen=True)
class Report:
    """A whole run; ``stopped`` says that files are missing because the user ended it."""

    files: tuple[FileReport, ...]
    options: frozenset[Option]
    key_fingerprint: str
    stopped: bool = False

    @property
    def counts(self) -> Counter[Status]:
        """How many files came to which end."""
        return Counter(file.status for file in self.files)

    @property
    def dates(self) -> Message:
        """What became of dates."""
        return DATES_MOVED if Option.RETAIN_MODIFIED_DATES in self.options else DATES_REMOVED

    def to_json(self, *, with_sources: bool) -> dict[str, Any]:
        """The report as a document; what lies among the copies names no original."""
        counts = self.counts
        return {
            "schema": SCHEMA,
            "profile": f"DICOM PS3.15 {TABLE_EDITION} Basic Application Level Confidentiality Profile",
            "options": sorted(str(option) for option in self.options),
            "dates": self.dates.text(),
            "key_fingerprint": self.key_fingerprint,
            "stopped": self.stopped,
            "counts": {str(status): counts[status] for status in Status},
            "files": [
                file.to_json(number, with_source=with_sources)
                for number, file in enumerate(self.files, start=1)
            ],
        }


def _done_to_json(done: Done) -> dict[str, Any]:
    return {
        "patient": done.patient,
        "scanner": done.scanner.name,
        "frames": done.frames,
        "attributes": {str(action): done.counts[action] for action in Action},
        "uids_replaced": len(done.uids),
        "boxes_blackened": [[b.x0, b.y0, b.x1, b.y1] for b in done.boxes],
        "transfer_syntax": {"before": done.syntax_before, "after": done.syntax_after},
        "pixels": {
            "bytes_copied": done.pixels_copied,
            "unchanged_outside_boxes": True,  # else the file would have been refused
            "sha256": done.pixels_sha256,
        },
    }


def without_reader(reason: Message) -> Message:
    """The sentence for whoever gets the copies, who need not know which person looked at them."""
    if "reader" not in reason.params:
        return reason
    return Message(reason.msgid, {**reason.params, "reader": tr("A reader")})


def write_report(folder: Path, report: Report) -> tuple[Path, Path]:
    """Write the report beside the copies, as JSON and to be read; raises ``InputRefused``.

    An earlier run's report stays; the new one is numbered.
    """
    number, stem = 1, REPORT_NAME
    while any((folder / f"{stem}{end}").exists() for end in (".json", ".html")):
        number += 1
        stem = f"{REPORT_NAME}-{number}"
    json_path, html_path = folder / f"{stem}.json", folder / f"{stem}.html"
    document = json.dumps(report.to_json(with_sources=False), indent=1, ensure_ascii=False)
    try:
        for path, text in ((json_path, document + "\n"), (html_path, _as_html(report))):
            with path.open("x", encoding="utf-8") as stream:
                stream.write(text)
    except OSError as error:
        raise unwritable(json_path) from error
    return json_path, html_path


def summary(report: Report) -> str:
    """How many files came to which end, in one line."""
    counts = report.counts
    parts = [f"{counts[status]} {words.text()}" for status, words in STATUS_WORDS.items()]
    return tr("{n} files: {parts}.").format(n=len(report.files), parts=listed(parts))


def _as_html(report: Report) -> str:
    titles = (
        tr("File"), tr("Status"), tr("Why"), tr("Attributes"), tr("UIDs"), tr("Blackened"),
        tr("Stored as"), tr("Frames"),
    )  # fmt: skip
    rows = "".join(
        f'<tr><td>{html.escape(file.output or str(number))}</td><td class="{file.status}">'
        f"{html.escape(STATUS_WORDS[file.status].text())}</td>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(file))
        + "</tr>"
        for number, file in enumerate(report.files, start=1)
    )
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    heading = html.escape(tr("De-identification report"))
    told = [
        summary(report),
        report.dates.text(),
        tr("Private attributes and overlays were removed."),
    ]
    if report.stopped:
        told.insert(0, tr("The run was stopped before its end."))
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in told)
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{heading}</title>'
        f"<style>{STYLE}</style></head><body><h1>{heading}</h1>{lines}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></body></html>\n"
    )


def _cells(file: FileReport) -> list[str]:
    done, reason = file.done, without_reader(file.reason).text()
    if done is None:
        return [reason, "", "", "", "", ""]
    counted = [
        tr("{n} removed").format(n=done.counts[Action.REMOVE]),
        tr("{n} emptied").format(n=done.counts[Action.EMPTY]),
        tr("{n} replaced").format(n=done.counts[Action.DUMMY]),
        tr("{n} dates moved").format(n=done.counts[Action.SHIFT]),
    ]
    boxes = tr("nothing") if not done.boxes else str(len(done.boxes))
    stored = tr("as before") if done.syntax_after == done.syntax_before else tr("uncompressed")
    return [
        reason, ", ".join(counted), str(len(done.uids)), boxes, stored, str(done.frames),
    ]  # fmt: skip
