"""The gettext catalogues: compiled when a wheel is built, and looked through for what is missing.

As hatchling's build hook it writes ``her2desk.mo`` beside each ``her2desk.po``, for wheels and for the
editable installation alike; the compiled files are not in the repository. ``make setup`` compiles those
that changed; ``make messages`` names after an update what is not translated::

    .venv/bin/python installer/catalogues.py compile
    .venv/bin/python installer/catalogues.py check
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = Path("assets", "translations")


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles every catalogue before the files of a wheel are gathered."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the compiled catalogues where force-include finds them."""
        compile_all(Path(self.root))


def catalogues(root: Path) -> list[Path]:
    """The translators' files."""
    return sorted((root / TRANSLATIONS).glob("*/LC_MESSAGES/*.po"))


def compile_all(root: Path) -> None:
    """Write the ``.mo`` of each; a fuzzy message is left out, so that it shows in English.

    Not by ``pybabel compile``, which takes "95 % interval" for a placeholder of the percent form.
    """
    for path in catalogues(root):
        with path.open("rb") as source:
            catalogue = read_po(source, locale=path.parent.parent.name)
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalogue)


def missing(path: Path) -> Iterator[str]:
    """What of a catalogue is not translated yet, or only guessed."""
    with path.open("rb") as source:
        catalogue = read_po(source, locale=path.parent.parent.name)
    for message in catalogue:
        words = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(words)):
            yield message.id if isinstance(message.id, str) else message.id[0]


def main(task: str) -> None:
    """Compile, or name every message without a translation; exit code 1 where there is one."""
    if task == "compile":
        compile_all(ROOT)
        return
    found = [(path, words) for path in catalogues(ROOT) for words in missing(path)]
    for path, words in found:
        sys.stdout.write(f"{path.parent.parent.name}: {words!r}\n")
    sys.stdout.write(f"{len(found)} messages are not translated.\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
