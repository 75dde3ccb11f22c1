"""Text from anywhere made showable: what cannot be shown is written as its code point.

Names come from files. A control character could steer a reader's eye or a program, and one that no
font has would leave a gap: neither is dropped silently.
"""

import unicodedata
from collections.abc import Callable

_STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINES = "\n\t"
_HIDDEN = ("Cc", "Cs", "Zl", "Zp", "Cn")


def readable(text: str, has_glyph: Callable[[str], bool] = lambda _letter: True) -> str:
    """``text`` with U+XXXX for each character that is not to be shown or that no font has.

    Line breaks and tabs stay. The other control characters, those that turn the direction of writing,
    halves of a surrogate pair and what Unicode does not define become their code points.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c in _LINES or (_is_shown(c) and has_glyph(c)) else f"U+{ord(c):04X}" for c in text
    )


def _is_shown(letter: str) -> bool:
    return letter not in _STEERING and unicodedata.category(letter) not in _HIDDEN
