"""What the guide names of the program, and what the program has: labels in *emphasis*, keys in `code`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtGui import QKeySequence

ROOT = Path(__file__).resolve().parent.parent.parent.parent
DOCS = ROOT / "docs"
GUIDE = sorted((DOCS / "guide").glob("*.md"))
TRANSLATED = (
    "index",
    *(f"guide/{path.stem}" for path in GUIDE),
    "what-it-can-and-cannot",
    "glossary",
)
_LABEL = re.compile(r"(?<![*\w])\*(?!\*)([^*\n]+)\*(?!\*)")
_CODE = re.compile(r"`([^`\n]+)`")
_KEY = re.compile(
    r"(?:(?:Ctrl|Shift|Alt)\+)*(?:F\d+|[A-Z←→↑↓,\[\]]|\d|Enter|Esc|Delete|Backspace|Space|Home|End"
    r"|Shift|Ctrl|Alt|Tab)$"
)
_ARROWS = {"←": "Left", "→": "Right", "↑": "Up", "↓": "Down"}
_WORD_FUNCTIONS = ("tr", "trn", "msg", "msgn", "phrase")


def labels_in(text: str) -> list[str]:
    """What stands in emphasis; the way through a menu counts as its steps."""
    flat = re.sub(r"\s*\n\s*", " ", text)
    return [part.strip() for found in _LABEL.findall(flat) for part in found.split("→")]


def keys_in(text: str) -> list[str]:
    """What stands as code and looks like a key."""
    return [found for found in _CODE.findall(text) if _KEY.match(found)]


def words_of_program() -> set[str]:
    """Every literal that the program translates, without marks for mnemonics."""
    found: set[str] = set()
    for folder in ("ui", "domain", "stats"):
        for path in sorted((ROOT / "her2desk" / folder).rglob("*.py")):
            found |= set(_literals(ast.parse(path.read_text(encoding="utf-8"))))
    return found


def plain(label: str) -> str:
    """A label without its mnemonic."""
    return re.sub(r"\(&\w\)", "", label).replace("&", "")


def portable(key: str) -> str:
    """A key as Qt writes it."""
    for arrow, name in _ARROWS.items():
        key = key.replace(arrow, name)
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def _literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in _WORD_FUNCTIONS:
                continue
            for argument in node.args[:2]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield plain(argument.value)
