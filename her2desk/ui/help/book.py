"""The built help as files: its contents, its pages, and a search through their words.

``docs/help_pages.py`` writes ``window/contents.json`` and one fragment of HTML for each page.
Nothing outside the folder is ever read.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from her2desk.errors import InputRefused
from her2desk.paths import help_dir
from her2desk.texts import SOURCE_LANGUAGE, msg

AROUND = 60  # characters of text before and after a word that was found


@dataclass(frozen=True)
class Page:
    """One page: its name, heading, the part of the help it stands in, and its words for the search."""

    name: str
    title: str
    part: str
    text: str


@dataclass(frozen=True)
class Hit:
    """A page that has every word searched for, with the place of the first; ``count`` is how often."""

    page: Page
    words: str
    count: int


class Book:
    """One language of the help.

    Raises ``InputRefused`` where the folder is incomplete.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        try:
            text = (self.folder / "window" / "contents.json").read_text(encoding="utf-8")
            raw = json.loads(text)
            self.pages = tuple(
                Page(one["name"], one["title"], one["part"], one["text"]) for one in raw["pages"]
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise absent() from error
        self._by_name = {page.name: page for page in self.pages}

    def page(self, name: str) -> Page | None:
        """The page of this name, if there is one."""
        return self._by_name.get(name)

    def html(self, name: str) -> str:
        """What stands on a page, as HTML with addresses relative to the book's folder."""
        page = self._by_name.get(name)
        path = None if page is None else self.file(f"window/{page.name}.html")
        if path is None:
            raise absent()
        return path.read_text(encoding="utf-8")

    def file(self, address: str) -> Path | None:
        """A file of the book by its relative address; None where it lies elsewhere or nowhere."""
        try:
            path = (self.folder / address).resolve()
            if path.is_relative_to(self.folder) and path.is_file():
                return path
        except (OSError, ValueError):  # no name that a file could have
            pass
        return None

    def search(self, words: str) -> list[Hit]:
        """Pages that have every one of ``words``, those that have them in the heading first."""
        wanted = words.casefold().split()
        hits = [] if not wanted else [h for p in self.pages if (h := _hit(p, wanted)) is not None]
        in_title = {h.page.name: all(w in h.page.title.casefold() for w in wanted) for h in hits}
        return sorted(hits, key=lambda hit: not in_title[hit.page.name])


def open_book(language: str) -> Book:
    """The help in ``language``, in English where it was not translated.

    Raises ``InputRefused`` where there is no help.
    """
    folder = help_dir()
    if folder is None:
        raise absent()
    chosen = folder / language
    return Book(chosen if chosen.is_dir() else folder / SOURCE_LANGUAGE)


def absent() -> InputRefused:
    """There is nothing to show."""
    return InputRefused(
        msg("The help pages are not here."),
        msg("Install Her2Desk again; from its source, run make help."),
        code="help-absent",
    )


def _hit(page: Page, wanted: list[str]) -> Hit | None:
    text = page.text.casefold()
    whole = f"{page.title.casefold()}\n{text}"
    if not all(word in whole for word in wanted):
        return None
    at = max(text.find(wanted[0]), 0)
    around = page.text[max(0, at - AROUND) : at + AROUND].replace("\n", " ")
    return Hit(page, around.strip(), sum(text.count(word) for word in wanted))
