"""All words that a person reads, through the standard library's gettext.

``tr`` translates at once (windows, command line). ``msg`` makes a ``Message``, an English template
and its parameters, which layers without a language return; whoever shows it turns it into text.
``trn`` and ``msgn`` do the same for what is counted.
Templates use ``str.format`` fields with names: ``msg("{rows} rows", rows=3)``. A field may itself be
words, as a ``phrase`` or as ``listed`` ones: they are read in the same language as the sentence.
"""

import gettext
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

DOMAIN = "her2desk"
SOURCE_LANGUAGE = "en"


@dataclass(frozen=True)
class Message:
    """A sentence not yet put into a language: the English template and its parameters.

    A counted sentence has a ``plural`` template too; its parameter ``n`` chooses.
    """

    msgid: str
    params: Mapping[str, object] = field(default_factory=dict)
    plural: str = ""

    def text(self) -> str:
        """The sentence in the present language."""
        if self.plural:
            translate = CATALOGUE.translations.ngettext
            return translate(self.msgid, self.plural, _count(self.params)).format(**self.params)
        template = tr(self.msgid) if self.msgid else ""
        return template.format(**self.params) if self.params else template


@dataclass(frozen=True)
class Phrase(Message):
    """A part of a sentence: as a field of another message it reads in the language then in use."""

    def __str__(self) -> str:
        return self.text()


class Catalogue:
    """The present language: one translation table, exchanged when the user chooses another."""

    def __init__(self) -> None:
        self.language = SOURCE_LANGUAGE
        self.translations: gettext.NullTranslations = gettext.NullTranslations()

    def use(self, language: str, folder: Path) -> None:
        """Switch to ``language`` as found under ``folder``; English needs no file."""
        if language == SOURCE_LANGUAGE:
            self.translations = gettext.NullTranslations()
        else:
            self.translations = gettext.translation(DOMAIN, folder, languages=[language])
        self.language = language


CATALOGUE = Catalogue()


def tr(msgid: str) -> str:
    """``msgid`` in the present language."""
    return CATALOGUE.translations.gettext(msgid)


def trn(singular: str, plural: str, n: int) -> str:
    """The form of a counted phrase for ``n`` in the present language, ``{n}`` filled in."""
    return CATALOGUE.translations.ngettext(singular, plural, n).format(n=n)


def msg(msgid: str, **params: object) -> Message:
    """A sentence to be translated by whoever shows it."""
    return Message(msgid, params)


def msgn(singular: str, plural: str, n: int, **params: object) -> Message:
    """A counted sentence to be translated by whoever shows it; ``n`` is a parameter of both."""
    return Message(singular, {"n": n, **params}, plural)


def phrase(message: Message) -> Phrase:
    """``message`` as a part of another."""
    return Phrase(message.msgid, message.params, message.plural)


def listed(items: Iterable[Message | str]) -> Phrase:
    """``items`` one after another, with the sign between them that the language in use writes."""
    return _joined([_part(item) for item in items], msg("{first}, {rest}"))


def listed_apart(items: Iterable[Message | str]) -> Phrase:
    """The same for items that may have commas themselves: "a, b; c"."""
    return _joined([_part(item) for item in items], msg("{first}; {rest}"))


def as_message(value: Message | str) -> Message:
    """``value`` itself, or plain text as a message."""
    return value if isinstance(value, Message) else Message(value)


def _part(item: Message | str) -> Phrase | str:
    return phrase(item) if isinstance(item, Message) else item


def _joined(parts: list[Phrase | str], pattern: Message) -> Phrase:
    """Nested by halves, so that a list needs no form of its own wherever messages are kept."""
    if not parts:
        return Phrase("")
    if len(parts) == 1:
        only = parts[0]
        return only if isinstance(only, Phrase) else Phrase("{text}", {"text": only})
    half = len(parts) // 2
    halves = {"first": _joined(parts[:half], pattern), "rest": _joined(parts[half:], pattern)}
    return Phrase(pattern.msgid, halves)


def _count(params: Mapping[str, object]) -> int:
    n = params["n"]
    if not isinstance(n, int):
        raise TypeError(f"a counted sentence without a count: {n!r}")
    return n
