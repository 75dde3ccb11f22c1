"""The help's pages say what is there: labels, numbers, links, and the same in both languages."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from her2desk.paths import demo_pack_path, translations_dir
from her2desk.texts import DOMAIN
from tests.unit.help.guide_words import (
    DOCS,
    GUIDE,
    TRANSLATED,
    labels_in,
    plain,
    words_of_program,
)

TRANSLATIONS = DOCS / "locales" / "zh_CN" / "LC_MESSAGES"
_NUMBER = re.compile(r"(?<![\w-])\d+(?:\.\d+)?(?![\w-])")
_ADDRESS = re.compile(r"\]\(([^)]+)\)")
_CODE = re.compile(r"`[^`]+`")
_LONE_STAR = re.compile(r"(?<!\*)\*(?!\*)[^*\n]+[…）。：]\*(?=\w)")
SYMBOLS = {"?"}


def messages(page: str) -> Iterator[Message]:
    with (TRANSLATIONS / f"{page}.po").open("rb") as file:
        yield from (message for message in read_po(file, locale="zh_CN") if message.id)


@pytest.mark.parametrize("path", [*GUIDE, DOCS / "index.md", DOCS / "researcher.md",
                                  DOCS / "what-it-can-and-cannot.md"], ids=lambda p: p.stem)  # fmt: skip
def test_every_label_that_a_page_names_is_in_the_program(path: Path, labels: set[str]) -> None:
    named = set(labels_in(path.read_text(encoding="utf-8"))) - SYMBOLS
    assert named <= labels


@pytest.fixture(scope="module")
def labels() -> set[str]:
    return words_of_program()


@pytest.fixture(scope="module")
def in_chinese() -> dict[str, str]:
    """The window's labels, from English to Chinese, without marks for mnemonics."""
    with (translations_dir() / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        single = [message for message in read_po(file) if isinstance(message.string, str)]
    return {plain(str(one.id)): plain(str(one.string)) for one in single if one.id and one.string}


@pytest.mark.parametrize("page", TRANSLATED)
def test_every_sentence_is_in_chinese(page: str) -> None:
    assert [message.id for message in messages(page) if not message.string] == []


@pytest.mark.parametrize("page", TRANSLATED)
def test_the_translation_is_of_the_page_as_it_is_now(page: str) -> None:
    """A page that changed has paragraphs that the catalogue lacks."""
    known = {_plain_words(str(message.id)) for message in messages(page)}
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    for block in re.split(r"\n\s*\n", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if block.lstrip().startswith(("|", "-", "!", "1.", "2.", "3.", "4.", "5.")):
            continue
        words = _plain_words(block.lstrip("# "))
        assert not words or words in known, block


@pytest.mark.parametrize("page", TRANSLATED)
def test_links_pictures_and_keys_are_the_same_in_both_languages(page: str) -> None:
    for message in messages(page):
        source, chinese = str(message.id), str(message.string)
        assert sorted(_ADDRESS.findall(chinese)) == sorted(_ADDRESS.findall(source))
        assert sorted(_CODE.findall(chinese)) == sorted(_CODE.findall(source))
        assert _NUMBER.findall(chinese.replace("%", "")) or not _NUMBER.findall(source), source


@pytest.mark.parametrize("page", TRANSLATED)
def test_emphasis_ends_where_markdown_sees_it(page: str) -> None:
    """After "…*" a letter would keep the star on screen."""
    assert [m.id for m in messages(page) if _LONE_STAR.search(str(m.string))] == []


@pytest.mark.parametrize("page", TRANSLATED)
def test_chinese_pages_name_the_chinese_windows_labels(
    page: str, in_chinese: dict[str, str]
) -> None:
    for message in messages(page):
        wanted = [in_chinese.get(label, label) for label in labels_in(str(message.id))]
        assert sorted(labels_in(str(message.string))) == sorted(wanted)


def test_every_number_of_what_it_can_do_is_measured() -> None:
    with zipfile.ZipFile(demo_pack_path()) as pack:
        training = json.loads(pack.read("manifest.json"))["training"]
    measured = set(_NUMBER.findall((DOCS / "validation.md").read_text(encoding="utf-8")))
    measured |= {str(training["patients"]), str(training["positive"])}
    page = (DOCS / "what-it-can-and-cannot.md").read_text(encoding="utf-8")
    numbers = set(_NUMBER.findall(page.replace("HER-2", ""))) - {"1"}
    assert len(numbers) > 15
    assert numbers <= measured


def test_every_picture_of_a_page_is_made_by_the_script() -> None:
    made = {path.name for path in (DOCS / "images").glob("*.webp")}
    for path in (*GUIDE, DOCS / "researcher.md"):
        shown = re.findall(r"images/([\w-]+\.webp)", path.read_text(encoding="utf-8"))
        assert set(shown) <= made


def test_every_page_of_the_folder_is_in_the_contents() -> None:
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"<([\w/-]+)>", contents))
    there = {path.stem for path in DOCS.glob("*.md")} | {f"guide/{path.stem}" for path in GUIDE}
    assert there - {"index"} <= listed


def _plain_words(text: str) -> str:
    return " ".join(text.split())
