"""Make ``assets/fonts``: the Chinese characters that names and translations need, in one small font.

Cut out of Debian's fonts-droid-fallback (Apache-2.0); everything else is drawn with DejaVu Sans, which
comes with matplotlib. The same font file gives the same bytes. Run it with::

    .venv/bin/python docs/make_fonts.py [/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf]
"""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
LICENCE = Path("/usr/share/common-licenses/Apache-2.0")
FOLDER = Path(__file__).resolve().parent.parent / "assets" / "fonts"
FONT = FOLDER / "DroidSansFallback-names.ttf"
MOST_BYTES = 1_900_000

WRITTEN = ("gb2312", "shift_jis")  # all of mainland Chinese's usual set, and of Japanese's
TRADITIONAL = range(0xA4, 0xC7)  # lead bytes of Big5's first level, the frequent characters
# Unicode orders characters by radical. Simplified ones, whatever their frequency …
SIMPLIFIED = (
    *((0x7EA0, 0x7F36), (0x89C1, 0x89D2), (0x8BA0, 0x8C37), (0x8D1D, 0x8D64), (0x8F66, 0x8F9B)),
    *((0x9485, 0x9577), (0x95E8, 0x961C), (0x97E6, 0x97ED), (0x9875, 0x98A8), (0x98CE, 0x98D8)),
    *((0x98DE, 0x98DF), (0x9963, 0x9996), (0x9A6C, 0x9AA8), (0x9C7C, 0x9CE5), (0x9E1F, 0x9E75)),
)
# … and those that given names are made of: jade, sun, fire, woman, earth, altar, person, stand,
# feather, water and tree.
OF_NAMES = (
    *((0x7389, 0x74DC), (0x65E5, 0x66F0), (0x706B, 0x722A), (0x5973, 0x5B50), (0x571F, 0x58EB)),
    *((0x793A, 0x79B8), (0x4EBA, 0x513F), (0x7ACB, 0x7AF9), (0x7FBD, 0x8001), (0x6C34, 0x706B)),
    (0x6728, 0x6B20),
)
MORE = "喆甡㛃䶮犇骉羴鱻龘贠仝佘逄亓昝甯怼囍燚垚翀"


def main() -> None:
    """Write the font and its licence."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    font = TTFont(source, recalcTimestamp=False)
    options = Options(hinting=False, layout_features=[], glyph_names=False, notdef_outline=True)
    options.drop_tables += ["vhea", "vmtx", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted() & set(font.getBestCmap()))
    subsetter.subset(font)
    FOLDER.mkdir(parents=True, exist_ok=True)
    font.save(FONT)
    size = FONT.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{FONT.name} has {size} bytes, more than {MOST_BYTES}")
    shutil.copyfile(LICENCE, FOLDER / "DroidSansFallback-LICENSE.txt")
    sys.stdout.write(f"{FONT}: {len(font.getBestCmap())} characters, {size} bytes\n")


def wanted() -> set[int]:
    """The code points that the font should have, where its source has them."""
    found = set(map(ord, MORE))
    for encoding in WRITTEN:
        found |= decoded(encoding, range(0x81, 0xFF))
    found |= decoded("big5", TRADITIONAL)
    for first, beyond in (*SIMPLIFIED, *OF_NAMES):
        found |= set(range(first, beyond))
    return found


def decoded(encoding: str, leads: Iterable[int]) -> set[int]:
    """What the two-byte characters of an encoding stand for."""
    found = set()
    for lead in leads:
        for trail in range(0x40, 0xFF):
            text = bytes([lead, trail]).decode(encoding, "ignore")
            if len(text) == 1 and ord(text) > 0x7F:
                found.add(ord(text))
    return found


if __name__ == "__main__":
    main()
