"""Text of a pack as it may be read and shown: JSON that says everything once, and nothing unseen."""

import json
import re
from typing import Any, NoReturn

# Control characters but tab and line ends, lines that only some programs break, characters that turn
# the direction of others (UAX #9), byte-order marks, halves of characters and invisible tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def check_text(text: str) -> str:
    """``text`` itself; raises ``ValueError`` for characters that hide or reorder others."""
    if _UNSEEN.search(text):
        raise ValueError("a character that cannot be seen")
    return text


def checked_line(text: str) -> str:
    """``text`` itself; raises ``ValueError`` unless it is one printable line with no space around."""
    if not text.isprintable() or text != text.strip():
        raise ValueError("not a printable line")
    return text


def check_json(content: bytes) -> Any:
    """The document; raises ``ValueError`` for one that two readers could read as two.

    That is one with a key twice, NaN or infinity, other than UTF-8, nested beyond all measure, or
    with unseen characters in its text.
    """
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check_texts(document)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _check_texts(document: Any) -> None:
    waiting = [document]
    while waiting:
        match waiting.pop():
            case str() as text:
                check_text(text)
            case dict() as found:
                waiting += [*found, *found.values()]
            case list() as found:
                waiting += found
            case _:
                pass
