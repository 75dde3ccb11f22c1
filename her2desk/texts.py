"""All words that a person reads, through the standard library's gettext.

``tr`` translates at once (windows, command line). ``msg`` makes a ``Message``, an English template
and its parameters, which layers without a language return; whoever shows it turns it into text.
``trn`` and ``msgn`` do the same for what is counted.
Templates use ``str.format`` fields with names: ``msg("{rows} rows", rows=3)``.
"""

import gettext
from collections.abc import Mapping
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


def as_message(value: Message | str) -> Message:
    """``value`` itself, or plain text as a message."""
    return value if isinstance(value, Message) else Message(value)


def _count(params: Mapping[str, object]) -> int:
    n = params["n"]
    if not isinstance(n, int):
        raise TypeError(f"a counted sentence without a count: {n!r}")
    return n
