"""Chinese in the window: every letter of the catalogue and of usual names has a glyph, on any computer."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont
from matplotlib import get_data_path
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QFontMetrics, QRawFont
from PySide6.QtWidgets import QApplication

from her2desk.paths import font_path, translations_dir
from her2desk.settings import Settings
from her2desk.ui.app import make_application
from her2desk.ui.letters import legible, with_chinese
from tests.unit.dicom.test_origin import with_bytes

USUAL = (
    "王小东 李娜 欧阳建国 诸葛亮 陈喆 张堃 刘淼 赵祎 吴燚 孙赟 周曌 郑犇 冯骉 卫翀 朱镕基 黄旻 龚䶮"
)
NOT_DRAWN = {"𠮷": "U+20BB7", "㙓": "U+3653", "頔": "U+9814", "彧": "U+5F67"}
DROID = "Droid Sans Fallback"


@pytest.fixture(scope="module")
def shipped() -> frozenset[int]:
    """What the PDF's and the figures' fonts have, which come with the program on every computer."""
    latin = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return frozenset(TTFont(font_path()).getBestCmap()) | frozenset(TTFont(latin).getBestCmap())


@pytest.fixture
def application(qapp: QApplication) -> QApplication:
    return make_application(Settings())


def test_every_character_of_the_catalogue_has_a_glyph(shipped: frozenset[int]) -> None:
    files = sorted(translations_dir().glob("*/LC_MESSAGES/*.po"))
    assert files
    for path in files:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parent.parent.name)
        words = [
            text
            for message in catalogue
            for text in (message.string if isinstance(message.string, tuple) else [message.string])
        ]
        missing = {letter for text in words for letter in text if letter.isprintable()}
        assert {letter for letter in missing if ord(letter) not in shipped} == set()


def test_every_character_of_gb2312_has_a_glyph(shipped: frozenset[int]) -> None:
    """6763 characters: by the standard's own count more than 99.7 % of what is written."""
    pairs = (bytes([lead, trail]) for lead in range(0xB0, 0xF8) for trail in range(0xA1, 0xFF))
    letters = {letter for pair in pairs for letter in pair.decode("gb2312", "ignore")}
    assert len(letters) == 6763
    assert {letter for letter in letters if ord(letter) not in shipped} == set()


def test_a_name_in_gb18030_is_drawn_and_what_is_not_can_be_looked_up(
    application: QApplication, shipped: frozenset[int], tmp_path: Path
) -> None:
    name = "Wang^XiaoDong=" + USUAL.replace(" ", "") + "^" + "".join(NOT_DRAWN)
    header = with_bytes(tmp_path, ["GB18030"], name.encode("gb18030"))
    assert header.patient_name == name  # the characters of four bytes too
    usual = {letter for letter in USUAL if letter != " "}
    assert {letter for letter in usual if ord(letter) not in shipped} == set()
    assert legible(USUAL) == USUAL
    for letter, code in NOT_DRAWN.items():
        assert ord(letter) not in shipped
        assert legible(letter) in (letter, code)  # a computer may have a font of its own for it


def test_what_no_font_can_draw_is_its_code(application: QApplication) -> None:
    assert legible("王\U000f1234 Wang") == "王U+F1234 Wang"
    assert legible("a\u202eb") == "aU+202Eb"
    assert legible("plain – text") == "plain – text"


def test_latin_keeps_its_face_and_chinese_has_one(application: QApplication) -> None:
    font = QFont(application.font())
    assert DROID in font.families()
    assert QFontInfo(font).family() == font.families()[0] != DROID
    before = QFont(font.families()[0])
    metrics = QFontMetrics(font)
    assert metrics.inFontUcs4(ord("病"))
    assert metrics.horizontalAdvance("Wang") == QFontMetrics(
        _sized(before, font)
    ).horizontalAdvance("Wang")
    drawn = QRawFont.fromFont(_sized(QFont(DROID), font))
    assert drawn.familyName() == DROID


def test_the_font_is_found_once(application: QApplication) -> None:
    again = with_chinese(with_chinese(application.font()))
    assert again.families() == application.font().families()
    assert QFontDatabase.families().count(DROID) == 1


def _sized(font: QFont, like: QFont) -> QFont:
    font.setPixelSize(like.pixelSize())
    return font
