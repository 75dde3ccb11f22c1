"""The report as a PDF: the same words as the HTML, selectable, on two papers, in Chinese too."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from her2desk.domain.counts import Call
from her2desk.domain.image import ImageWarning
from her2desk.domain.prediction import PackIdentity
from her2desk.domain.readout import Doubt
from her2desk.errors import InputRefused
from her2desk.paths import assets_dir
from her2desk.readable import readable
from her2desk.reports.case_report import (
    CaseFacts,
    CasePictures,
    build_content,
    case_pictures,
)
from her2desk.reports.content import (
    Block,
    Columns,
    CountTable,
    FeatureTable,
    Lines,
    Picture,
    ReportContent,
    Row,
    Rows,
    Section,
)
from her2desk.reports.html import count_headings
from her2desk.reports.page_pictures import page_pictures
from her2desk.reports.pdf import render_pdf
from her2desk.reports.pdf_drawings import AnswerBox, Banner, Columned, Counts
from her2desk.reports.pdf_pieces import Drawn, Heading
from her2desk.reports.pdf_sheet import INK, SIZES_MM, Sheet, Style
from her2desk.reports.report_options import Paper, ReportOptions
from her2desk.texts import msg

from .kept_case import the_answer, the_image, the_pack
from .report_cases import CONFUSION, a_readout

CHINESE = "王小东 欧阳菲菲 喆堃䶮 張學友"
RESEARCH = "Research use: an adjunct to, never a replacement for, IHC and FISH."
LONG = "A sentence that goes on, and on, and then once more, before it ends. "


@lru_cache(maxsize=1)
def a_picture() -> Picture:
    file = io.BytesIO()
    Image.fromarray(np.linspace(0, 255, 40 * 50).reshape(40, 50).astype(np.uint8)).save(file, "png")
    return Picture(file.getvalue(), msg("The frame."), msg("A frame with an outline."))


def content(name: str = "Phantom^Ada", prediction: Any = None, **facts: Any) -> ReportContent:
    prediction = prediction or the_answer()
    pictures = CasePictures(a_picture(), a_picture(), a_picture())
    image = replace(the_image().image, patient_name=name, patient_id="0007")
    facts = {"case_id": 7, "last_utc": "2026-01-31T12:34:56+00:00", **facts}
    return build_content(prediction, image, the_pack(), pictures, CaseFacts(**facts))


@lru_cache(maxsize=4)
def the_pdf(paper: Paper = Paper.A4) -> bytes:
    return render_pdf(content(), paper)


def pages(pdf: bytes) -> list[str]:
    """Each page's text, without any white space: lines are broken where the paper ends."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [bare(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def sentences(said: ReportContent) -> Iterator[str]:
    """Everything that the content says, in its order."""
    yield from (row.value.text() for row in said.identity)
    answer = said.answer
    yield answer.probability.text()
    yield answer.next_step.text()
    yield from (sentence.text() for sentence in answer.sentences)
    for part in said.parts:
        yield from (of_section(part) if isinstance(part, Section) else of_columns(part))


def of_columns(part: Columns) -> Iterator[str]:
    yield from () if part.title is None else (part.title.text(),)
    for block in part.above:
        yield from of_block(block)
    for section in (*part.left, *part.right):
        yield from of_section(section)


def of_section(section: Section) -> Iterator[str]:
    yield from () if section.title is None else (section.title.text(),)
    for block in section.blocks:
        yield from of_block(block)


def of_block(block: Block) -> Iterator[str]:
    match block:
        case Rows(rows):
            for row in rows:
                yield row.label.text()
                yield row.value.text()
        case Lines(lines):
            yield from (line.text() for line in lines)
        case CountTable(table, title):
            yield title.text()
            yield from (str(n) for n in (table.tp, table.fp, table.fn, table.tn))
        case FeatureTable(features):
            for feature in features:
                yield from (feature.name, feature.value, feature.z_score)
        case Picture(_, caption, _):
            yield caption.text()


@pytest.mark.parametrize("paper", list(Paper))
def test_every_word_of_the_content_can_be_selected_on_either_paper(paper: Paper) -> None:
    found = "".join(pages(the_pdf(paper)))
    missing = [said for said in sentences(content()) if bare(said) not in found]
    assert not missing


@pytest.mark.parametrize("paper", list(Paper))
def test_every_page_is_of_that_paper(paper: Paper) -> None:
    document = pypdfium2.PdfDocument(the_pdf(paper))
    expected = [side / 25.4 * 72 for side in SIZES_MM[paper]]
    try:
        for page in document:
            assert page.get_size() == pytest.approx(expected, abs=0.5)
    finally:
        document.close()


def test_every_page_says_what_it_is_for_whose_it_is_and_that_it_is_a_demo() -> None:
    found = pages(the_pdf())
    assert len(found) > 1
    for number, text in enumerate(found, start=1):
        assert bare(RESEARCH) in text
        assert f"Page{number}of{len(found)}" in text
        assert "PhantomAda" in text
        assert "0007" in text
        assert bare(f"pack {the_pack().digest[:16]}…") in text
        assert bare(f"inputs {the_answer().inputs.sha256[:16]}…") in text
        assert text.count("DEMO") >= 2  # in the head, and across the page


def test_a_pack_that_is_no_demo_is_not_called_one() -> None:
    answer = the_answer(pack=PackIdentity("Site pack", "2.0", the_pack().digest, False))
    assert "DEMO" not in "".join(pages(render_pdf(content(prediction=answer), Paper.A4)))


def test_the_file_says_what_it_is_without_the_patient_and_without_the_clock() -> None:
    document = pypdfium2.PdfDocument(the_pdf())
    try:
        said = document.get_metadata_dict()
    finally:
        document.close()
    assert said["Title"] == "HER-2 estimate, case 0007"
    assert said["Subject"] == RESEARCH
    assert said["Producer"] == said["Creator"] == "Her2Desk"
    assert said["CreationDate"].startswith("D:20260131123456")
    assert "Ada" not in str(said)
    assert b"/Lang (en)" in the_pdf()


@pytest.mark.parametrize(
    ("utc", "date"),
    [("", "D:19800101"), ("no date", "D:19800101"), ("2026-01-31T12:00:00", "D:20260131120000")],
)
def test_a_time_that_is_not_known_is_no_reason_to_ask_the_clock(utc: str, date: str) -> None:
    document = pypdfium2.PdfDocument(render_pdf(replace(content(), parts=(), utc=utc), Paper.A4))
    try:
        assert document.get_metadata_dict()["CreationDate"].startswith(date)
    finally:
        document.close()


def test_the_same_content_gives_the_same_bytes() -> None:
    assert render_pdf(content(), Paper.A4) == the_pdf()


def test_a_chinese_name_is_shown_and_can_be_selected() -> None:
    pdf = render_pdf(replace(content(CHINESE), parts=()), Paper.A4)
    [text] = pages(pdf)
    assert bare(CHINESE) in text
    assert b"DroidSansFallback" in pdf
    assert b"DroidSansFallback" not in the_pdf()  # embedded only where it is needed


def test_a_chinese_name_is_drawn_not_boxed() -> None:
    """Each character has ink of its own: the boxes of a missing glyph would all be alike."""
    letters = bare(CHINESE)
    with Sheet(Paper.A4) as sheet:
        sheet.add_page()
        for number, letter in enumerate(letters):
            sheet.write(20, 20 + 12 * number, 20, letter, Style(20))
        [page] = page_pictures(sheet.content(), 72)
    ink = np.frombuffer(page.rgb, np.uint8).reshape(page.height, page.width, 3)
    mm = page.height / SIZES_MM[Paper.A4][1]
    drawn = {
        ink[round((20 + 12 * n) * mm) : round((32 + 12 * n) * mm)].tobytes()
        for n in range(len(letters))
    }
    assert len(drawn) == len(set(letters))
    assert all(np.frombuffer(one, np.uint8).min() < 128 for one in drawn)


def test_a_character_that_no_font_has_is_shown_by_its_code_point() -> None:
    [text] = pages(render_pdf(replace(content("A\u1200\U00020000\u202eB"), parts=()), Paper.A4))
    assert "AU+1200U+20000U+202EB" in text


def test_the_font_has_the_characters_of_names() -> None:
    fonts = list((assets_dir() / "fonts").glob("*.ttf"))
    assert len(fonts) == 1
    assert fonts[0].stat().st_size <= 1_900_000
    with TTFont(fonts[0]) as font:
        has = set(font.getBestCmap())
    in_gb2312 = {
        ord(bytes([high, low]).decode("gb2312"))
        for high in range(0xB0, 0xF8)
        for low in range(0xA1, 0xFF)
        if bytes([high, low]).decode("gb2312", "ignore")
    }
    assert len(in_gb2312) == 6763
    assert in_gb2312 <= has
    assert (
        set(map(ord, "镕喆堃翀昇犇玥珺珅甡祎旻晟玮琍劼妤䶮垚燊翯昫赟張學友佐藤はアキ，。")) <= has
    )


def test_what_is_longer_than_a_page_is_broken_over_pages() -> None:
    warnings = tuple(
        ImageWarning("size-assumed", msg("{text}{n}.", text=LONG * 3, n=n)) for n in range(40)
    )
    many = the_answer(warnings=warnings, readout=a_readout(doubts=(Doubt.INTERVAL,)))
    reason = Section(msg("Reading"), (Rows((a_row("Reason", LONG * 80), a_row("Other", "short"))),))
    said = content(prediction=many)
    pdf = render_pdf(replace(said, parts=(*said.parts, reason)), Paper.LETTER)
    whole = "".join(pages(pdf))
    assert whole.count("thenoncemore") == 40 * 3 + 80
    assert all(f"beforeitends.{n}." in whole for n in range(40))
    assert_nothing_is_cut(pdf)


def test_one_sentence_longer_than_a_page_is_broken_too() -> None:
    long = Section(None, (Lines((msg("{text}", text=LONG * 200),)),))
    found = pages(render_pdf(replace(content(), parts=(long,)), Paper.A4))
    assert len(found) > 2
    assert "".join(found).count("thenoncemore") == 200


def test_a_drawing_does_not_fall_into_pieces() -> None:
    said = content()
    words = count_headings()
    whole = (
        Banner("DEMO", "A sentence."),
        AnswerBox(said.answer, "Title", RESEARCH),
        Counts(CONFUSION, "Title", words),
        Columned(("a", "b", "c")),
        Heading("Title", INK),
        Drawn(a_picture().png, (50, 40), "caption", "alternative"),
    )
    with Sheet(Paper.A4) as sheet:
        sheet.add_page()
        for piece in whole:
            assert list(piece.pieces(sheet, 100)) == [piece]
            assert piece.height(sheet, 100) > 0


def a_row(label: str, value: str) -> Row:
    return Row(msg(label), msg("{value}", value=value), is_flagged=True)


def assert_nothing_is_cut(pdf: bytes) -> None:
    """No letter lies outside the margins of its page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            width, height = page.get_size()
            text = page.get_textpage()
            for number in range(text.count_chars()):
                left, bottom, right, top = text.get_charbox(number)
                if right - left > 60:  # the mark of a demo, across the page
                    continue
                assert 40 < left <= right < width - 40 or right == left
                assert 20 < bottom <= top < height - 15
    finally:
        document.close()


@pytest.mark.parametrize("paper", list(Paper))
def test_nothing_reaches_into_the_margins(paper: Paper) -> None:
    assert_nothing_is_cut(the_pdf(paper))


def test_pictures_are_sharp_enough_to_print() -> None:
    options = ReportOptions(heatmap=True)
    frame = the_image().frames.frame(9)
    pictures = case_pictures(the_answer(), frame, the_pack(), options)
    said = build_content(the_answer(), the_image().image, the_pack(), pictures, CaseFacts())
    document = pypdfium2.PdfDocument(render_pdf(said, Paper.A4))
    try:
        drawn = [one for page in document for one in page.get_objects([FPDF_PAGEOBJ_IMAGE])]
        assert len(drawn) == 3
        for one in drawn:
            left, _, right, _ = one.get_bounds()
            assert one.get_px_size()[0] / ((right - left) / 72) >= 150
    finally:
        document.close()


def test_what_the_reader_must_check_is_marked_in_words() -> None:
    table = Section(
        msg("Look here"),
        (Rows((a_row("Signature", "unsigned"),)), Lines((msg("A paragraph."),), is_list=False)),
        is_warning=True,
    )
    [text] = pages(render_pdf(replace(content(), parts=(table,)), Paper.A4))
    assert "⚠Lookhere" in text
    assert "unsigned⚠check" in text


def test_a_long_name_takes_neither_the_number_nor_the_date_away() -> None:
    said = content("W" * 300)
    for text in pages(render_pdf(said, Paper.LETTER)):
        assert "WWW…" in text
        for row in said.identity:
            assert row.label.text() == "Patient" or bare(row.value.text()) in text


def test_a_head_too_long_for_its_line_ends_in_an_ellipsis() -> None:
    first = pages(render_pdf(replace(content("W" * 300), parts=()), Paper.A4))[0]
    assert "WWW…" in first


def test_the_bar_and_the_table_are_drawn_of_the_answer() -> None:
    """Moved to the ends of the scale, the answer still has its threshold named."""
    for value, call in ((0.0, Call.NEGATIVE), (1.0, Call.POSITIVE)):
        readout = a_readout(probability=value, lower=value, upper=value, call=call)
        said = replace(content(prediction=the_answer(readout=readout)), parts=())
        [text] = pages(render_pdf(said, Paper.A4))
        assert "threshold0.31" in text


def test_pages_become_pictures_of_their_size() -> None:
    found = page_pictures(the_pdf(), 60)
    assert len(found) == len(pages(the_pdf()))
    assert {(p.width, p.height) for p in found} == {(497, 702)}
    assert all(len(p.rgb) == p.width * p.height * 3 for p in found)
    with pytest.raises(InputRefused) as refused:
        page_pictures(b"no pdf", 60)
    assert refused.value.code == "pdf-unreadable"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x07", "U+0007"),
        ("\u2067", "U+2067"),
        ("\ue000", "\ue000"),
        ("\u0378", "U+0378"),
        ("王", "王"),
    ],
)
def test_readable_text(text: str, shown: str) -> None:
    assert readable(text) == shown


def test_readable_text_asks_the_font() -> None:
    assert readable("aé", str.isascii) == "aU+00E9"
