"""Brings the help's translations up to date with its English pages: new sentences come empty, old ones go.

Run: make help-words
"""

import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

DOCS = Path(__file__).resolve().parent
WORDS = DOCS.parent / "build" / "help-words"
TRANSLATIONS = DOCS / "locales" / "zh_CN" / "LC_MESSAGES"
PAGES = ("index", "what-it-can-and-cannot", "glossary")  # and all of the guide


def main() -> int:
    """Write every catalogue; says how much of it is empty."""
    guide = sorted(f"guide/{path.stem}" for path in (DOCS / "guide").glob("*.md"))
    for page in (*PAGES, *guide):
        with (WORDS / f"{page}.pot").open("rb") as file:
            words = read_po(file)
        path = TRANSLATIONS / f"{page}.po"
        catalogue = Catalog(locale="zh_CN")
        if path.is_file():
            with path.open("rb") as file:
                catalogue = read_po(file, locale="zh_CN")
        catalogue.update(words, no_fuzzy_matching=True)
        catalogue.header_comment = f"# {page}: the help in Simplified Chinese."
        catalogue.fuzzy = False
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=0, ignore_obsolete=True, omit_header=False)
        empty = sum(1 for message in catalogue if message.id and not message.string)
        sys.stdout.write(f"{page}: {empty} to translate\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
