"""Numbers as people type them: a decimal point or comma, and never a guess which of the two is meant."""

import re

_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0E: ".", 0x2212: "-"}


def plain_number(text: str) -> str | None:
    """``text`` with a decimal point for its comma, as ``float`` reads it; None where it is ambiguous.

    "1,234" is 1.234 to some and 1234 to others, and "1,234.5" and "1.2,3" have two separators: those
    are refused. "12,5", "0,125" and "1234,5" can only be decimals. Digits of full width, as a Chinese
    keyboard gives them, are digits.
    """
    plain = text.strip().translate(_FULL_WIDTH)
    if _GROUPED.fullmatch(plain) or sum(plain.count(sign) for sign in ".,") > 1:
        return None
    return plain.replace(",", ".")
