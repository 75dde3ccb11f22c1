"""Whether the font for Chinese names and words ships with this program, and is whole."""

import io
from pathlib import Path

from her2desk.diagnostics.check import INSTALL_AGAIN, Check
from her2desk.texts import Message, msg

SAMPLE = "乳腺超声报告阳性概率张王李赵"


def fonts_check(file: Path) -> Check:
    """Whether the font in ``file`` has a glyph for each character of a Chinese sample."""
    from fontTools.ttLib import TTFont

    try:
        with TTFont(io.BytesIO(file.read_bytes()), lazy=True) as font:
            known = font.getBestCmap().keys()
    except FileNotFoundError:
        return _bad(msg("The font that shows Chinese characters is missing."))
    except Exception:  # fontTools has no error of its own for every damage
        return _bad(msg("The font that shows Chinese characters is damaged."))
    if not {ord(character) for character in SAMPLE} <= known:
        return _bad(msg("The font that shows Chinese characters lacks some of them."))
    return Check("fonts", True, msg("Chinese names and words can be shown and printed."))


def _bad(said: Message) -> Check:
    return Check("fonts", False, said, INSTALL_AGAIN)
