"""The translations against the words that the program has now."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import her2desk
from her2desk.languages import LANGUAGES
from her2desk.paths import translations_dir
from her2desk.texts import SOURCE_LANGUAGE

KEYWORDS = {"tr": None, "trn": (1, 2), "msg": None, "msgn": (1, 2)}
CODES = [language.code for language in LANGUAGES if language.code != SOURCE_LANGUAGE]


@pytest.fixture(scope="module")
def template() -> Catalog:
    """What ``make messages`` would find now."""
    found = Catalog()
    package = Path(her2desk.__file__).parent
    rows = extract_from_dir(package, [("**.py", "python")], keywords=KEYWORDS)
    for name, line, words, _comments, _context in rows:
        found.add(words, locations=[(name, line)])
    return found


@pytest.fixture(scope="module", params=CODES)
def translation(request: pytest.FixtureRequest) -> Catalog:
    path = translations_dir() / request.param / "LC_MESSAGES" / "her2desk.po"
    with path.open("rb") as file:
        return read_po(file, locale=request.param)


def entries(template: Catalog, translation: Catalog) -> Iterator[tuple[str, str]]:
    """(English, translated) of all that is translated; of a counted phrase each form."""
    for message in template:
        found = translation.get(message.id) if message.id else None
        if found is None:
            continue
        sources = message.id if isinstance(message.id, tuple | list) else (message.id,)
        targets = found.string if isinstance(found.string, tuple | list) else (found.string,)
        for target in filter(None, targets):
            yield sources[-1], target


def test_nothing_is_untranslated_or_only_guessed(template: Catalog, translation: Catalog) -> None:
    def is_done(message: Message) -> bool:
        found = translation.get(message.id)
        if found is None or found.fuzzy:
            return False
        words = found.string if isinstance(found.string, tuple | list) else (found.string,)
        return all(words)

    assert len(template) > 3000
    assert [message.id for message in template if message.id and not is_done(message)] == []


def test_every_field_is_there_once_as_it_was(template: Catalog, translation: Catalog) -> None:
    wrong = [(a, b) for a, b in entries(template, translation) if fields_of(a) != fields_of(b)]
    assert wrong == []


def test_spaces_lines_and_keys_at_the_ends_stay(template: Catalog, translation: Catalog) -> None:
    def ends(text: str) -> tuple[str, str]:
        return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]

    wrong = [(a, b) for a, b in entries(template, translation) if ends(a) != ends(b)]
    assert wrong == []


def test_a_key_of_a_label_stays_its_key(template: Catalog, translation: Catalog) -> None:
    wrong = [
        (a, b)
        for a, b in entries(template, translation)
        if sorted(map(str.upper, keys_of(a))) != sorted(map(str.upper, keys_of(b)))
    ]
    assert wrong == []


def test_markup_stays(template: Catalog, translation: Catalog) -> None:
    def tags(text: str) -> Counter[str]:
        return Counter(re.findall(r"</?[a-z]+>", text))

    wrong = [(a, b) for a, b in entries(template, translation) if tags(a) != tags(b)]
    assert wrong == []


def test_nothing_is_translated_that_is_not_said(template: Catalog, translation: Catalog) -> None:
    assert [m.id for m in translation if m.id and template.get(m.id) is None] == []


def fields_of(text: str) -> Counter[tuple[str | None, ...]]:
    """The ``str.format`` fields with how they are written; argparse's ``%(name)s`` too."""
    named = [(name, None, None) for name in re.findall(r"%\(\w+\)s", text)]
    fields = [(n, s, c) for _, n, s, c in Formatter().parse(text) if n is not None]
    return Counter([*fields, *named])


def keys_of(text: str) -> list[str]:
    return re.findall(r"&(\w)", text)
