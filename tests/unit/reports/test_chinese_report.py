"""A report in Chinese says the same numbers, and every letter of it is drawn."""

import html
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument

from her2desk.languages import speak
from her2desk.packs.shelf import FOLDER, PackShelf
from her2desk.reports.case_files import case_files
from her2desk.reports.case_record import CaseRecord, read_case
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.store.opening import open_library
from tests.unit.reports.kept_case import keep_case, the_answer

NUMBER = re.compile(r"\d+(?:\.\d+)?")
KINDS = frozenset({ReportKind.PDF, ReportKind.HTML})


@pytest.fixture
def record(tmp_path: Path) -> Iterator[CaseRecord]:
    library = open_library(tmp_path)
    case_id = keep_case(library, the_answer())
    yield read_case(library, PackShelf(library.folder / FOLDER), case_id)
    library.close()


def files_in(language: str, record: CaseRecord) -> dict[ReportKind, bytes]:
    speak(language)
    return dict(case_files(record, ReportOptions(language=language), KINDS))


def words_of(pdf: bytes) -> str:
    with PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def text_of(page: bytes) -> str:
    bare = re.sub(r"<style.*?</style>|data:[^\"']*|<[^>]+>", " ", page.decode(), flags=re.DOTALL)
    return html.unescape(bare)


def test_both_languages_say_the_same_numbers_and_no_glyph_is_missing(
    record: CaseRecord, caplog: pytest.LogCaptureFixture
) -> None:
    english = files_in("en", record)
    with caplog.at_level(logging.WARNING):
        chinese = files_in("zh_CN", record)
    assert [message for message in caplog.messages if "glyph" in message] == []
    pages = words_of(chinese[ReportKind.PDF])
    assert set(NUMBER.findall(pages)) == set(NUMBER.findall(words_of(english[ReportKind.PDF])))
    here, there = text_of(chinese[ReportKind.HTML]), text_of(english[ReportKind.HTML])
    assert set(NUMBER.findall(here)) == set(NUMBER.findall(there))
    assert b'<html lang="zh-CN"' in chinese[ReportKind.HTML]


def test_numbers_behind_a_chinese_line_are_drawn_with_their_own_font(record: CaseRecord) -> None:
    """The axis under “阈值 0.31” had other digits than it was given."""
    pages = words_of(files_in("zh_CN", record)[ReportKind.PDF])
    axis = pages[pages.index("阈值") :].splitlines()
    assert {"0", "0.25", "0.5", "0.75", "1"} <= set(" ".join(axis[:8]).split())
    assert "演示" in pages
