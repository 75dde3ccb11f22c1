"""Colours, type and style sheet of the window, dark and light.

Hues are those of Okabe and Ito (2008), "Color Universal Design", lightened on dark and darkened on
light until text in them reaches the contrast of WCAG 2.1 AA (4.5 : 1). Painted widgets ask
``colours()`` when they paint, so that a change of theme reaches them without signals.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from her2desk.ui.letters import with_chinese

GRID = 4  # every margin and gap is a multiple of this many device-independent pixels
SIZE_SMALL, SIZE_BODY, SIZE_TITLE, SIZE_HEADLINE, SIZE_FIGURE = 12, 13, 15, 22, 32
_PROPERTY = "her2desk_theme"


@dataclass(frozen=True)
class Palette:
    """The colours of one theme as ``#rrggbb``.

    ``roi`` is drawn on the ultrasound picture, which is dark in both themes. ``what_if`` marks
    values that are not the patient's. ``positive`` and ``negative`` are HER-2 status, never good
    and bad. ``border`` parts what lies beside each other; ``edge`` is the outline of what can be typed
    into, ticked or scrolled, which has to be seen (WCAG 2.1, 1.4.11: 3 : 1).
    """

    name: str
    window: str
    surface: str
    surface_raised: str
    border: str
    edge: str
    text: str
    text_muted: str
    accent: str
    on_accent: str
    roi: str
    what_if: str
    warning: str
    positive: str
    negative: str
    focus: str


DARK = Palette(
    name="dark",
    window="#14171b",
    surface="#1b1f24",
    surface_raised="#272c33",
    border="#434b56",
    edge="#7d8998",
    text="#e8ebef",
    text_muted="#aab3be",
    accent="#56b4e9",
    on_accent="#0b1620",
    roi="#f0e442",
    what_if="#c87ea9",
    warning="#f0b03c",
    positive="#f28a45",
    negative="#3cc79d",
    focus="#9fd8ff",
)
LIGHT = Palette(
    name="light",
    window="#eceff2",
    surface="#ffffff",
    surface_raised="#f5f7f9",
    border="#b9c0c9",
    edge="#79828d",
    text="#1a1e23",
    text_muted="#4b545f",
    accent="#00639c",
    on_accent="#ffffff",
    roi="#f0e442",
    what_if="#721d56",
    warning="#825300",
    positive="#a33f00",
    negative="#00674b",
    focus="#0057c2",
)
_BY_NAME = {palette.name: palette for palette in (DARK, LIGHT)}


def colours() -> Palette:
    """The palette in use; dark before any theme was applied."""
    app = QApplication.instance()
    name = app.property(_PROPERTY) if app is not None else None
    return _BY_NAME.get(str(name), DARK)


def apply_theme(app: QApplication, name: str) -> None:
    """Give the whole application the theme ``"dark"``, ``"light"`` or ``"system"``.

    ``"system"`` takes what the desktop reports now, and dark where it reports nothing.
    """
    palette = _resolve(name)
    if app.property(_PROPERTY) == palette.name:
        return  # styling every widget anew takes longer than a frame
    app.setProperty(_PROPERTY, palette.name)
    app.setStyle("Fusion")
    app.setFont(_font())
    app.setPalette(_qt_palette(palette))
    for widget_class in ("QCheckBox", "QRadioButton"):  # PySide's stub says bytes, it takes str
        app.setPalette(_indicator_palette(palette), widget_class)  # type: ignore[arg-type]
    app.setStyleSheet(_style_sheet(palette))


@contextmanager
def dressed_at_the_end() -> Iterator[None]:
    """Build a window without the style sheet, and dress it once when it stands.

    Whatever is put into something else is dressed anew with all that it holds: half of the time that
    the main window took to build.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    sheet = app.styleSheet()
    app.setStyleSheet("")
    try:
        yield
    finally:
        app.setStyleSheet(sheet)


def set_role(widget: QWidget, role: str) -> None:
    """Give ``widget`` a role of the style sheet: ``"muted"``, ``"title"``, ``"primary"`` ..."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _resolve(name: str) -> Palette:
    hints = QGuiApplication.styleHints()
    if name != "system":
        wanted = Qt.ColorScheme.Light if name == LIGHT.name else Qt.ColorScheme.Dark
        hints.setColorScheme(wanted)  # title bars follow where the desktop allows it
        return _BY_NAME.get(name, DARK)
    hints.unsetColorScheme()
    return LIGHT if hints.colorScheme() == Qt.ColorScheme.Light else DARK


def _font() -> QFont:
    font = with_chinese(QApplication.font())
    font.setPixelSize(SIZE_BODY)
    return font


def _qt_palette(colour: Palette) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    pairs = {
        role.Window: colour.window,
        role.WindowText: colour.text,
        role.Base: colour.surface,
        role.AlternateBase: colour.surface_raised,
        role.Text: colour.text,
        role.Button: colour.surface_raised,
        role.ButtonText: colour.text,
        role.BrightText: colour.warning,
        role.ToolTipBase: colour.surface_raised,
        role.ToolTipText: colour.text,
        role.PlaceholderText: colour.text_muted,
        role.Highlight: colour.accent,
        role.HighlightedText: colour.on_accent,
        role.Accent: colour.accent,
        role.Link: colour.accent,
        role.LinkVisited: colour.accent,
        role.Light: colour.surface_raised,
        role.Midlight: colour.surface_raised,
        role.Mid: colour.border,
        role.Dark: colour.border,
        role.Shadow: colour.window,
    }
    for key, value in pairs.items():
        palette.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(faded(colour)))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colour.border))
    return palette


def _indicator_palette(colour: Palette) -> QPalette:
    """For boxes to tick: Fusion outlines them darker than the window, which dark hides."""
    palette = _qt_palette(colour)
    if colour is DARK:
        palette.setColor(QPalette.ColorRole.Base, QColor(colour.border))
    return palette


def faded(colour: Palette) -> str:
    """Text of something that cannot be used now: from muted text two fifths of the way to the surface."""
    a, b = QColor(colour.text_muted), QColor(colour.surface)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(0.6 * x + 0.4 * y) for x, y in pairs)).name()


def _style_sheet(colour: Palette) -> str:
    values = {name: getattr(colour, name) for name in colour.__dataclass_fields__}
    return Template(_SHEET).substitute(
        values,
        disabled=faded(colour),
        small=SIZE_SMALL,
        body=SIZE_BODY,
        title=SIZE_TITLE,
        headline=SIZE_HEADLINE,
        figure=SIZE_FIGURE,
    )


_SHEET = """
QToolTip { color: $text; background: $surface_raised; border: 1px solid $border; padding: 4px 8px; }

QLabel[role="muted"], QCheckBox[role="muted"] { color: $text_muted; font-size: ${small}px; }
QLabel[role="small"] { font-size: ${small}px; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="headline"] { font-size: ${headline}px; }
QLabel[role="headline-stale"] { font-size: ${headline}px; color: $text_muted; }
QLabel[role="title-stale"] { font-size: ${title}px; font-weight: 600; color: $text_muted; }
QLabel[role="figure"] { font-size: ${figure}px; font-weight: 600; }
QLabel[role="figure-stale"] { font-size: ${figure}px; font-weight: 600; color: $text_muted; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="accent"] { color: $accent; }
QLabel[role="what-if"] { color: $what_if; font-size: ${title}px; font-weight: 600; }

QPushButton, QToolButton {
    background: $surface_raised; color: $text; border: 1px solid $border; border-radius: 4px;
    padding: 4px 12px; min-height: 18px;
}
QToolButton { padding: 4px 8px; }
QPushButton:hover, QToolButton:hover { border-color: $accent; }
QPushButton:pressed, QToolButton:pressed { background: $border; }
QPushButton:checked, QToolButton:checked {
    background: $accent; color: $on_accent; border-color: $accent;
}
QPushButton:disabled, QToolButton:disabled { color: $disabled; background: $surface; }
QPushButton:focus, QToolButton:focus { border: 2px solid $focus; padding: 3px 11px; }
QToolButton:focus { padding: 3px 7px; }
QPushButton[role="primary"], QPushButton:default {
    background: $accent; color: $on_accent; border-color: $accent; font-weight: 600;
}
QPushButton[role="primary"]:hover { border-color: $text; }
QPushButton[role="primary"]:disabled {
    background: $surface_raised; color: $disabled; border-color: $border;
}
QPushButton[role="primary"]:focus, QPushButton:default:focus { border: 2px solid $text; }
QPushButton[role="flat"], QToolButton[role="flat"] {
    background: transparent; border-color: transparent; padding: 4px 8px;
}
QPushButton[role="flat"]:hover, QToolButton[role="flat"]:hover { background: $surface_raised; }
QPushButton[role="flat"]:focus, QToolButton[role="flat"]:focus {
    border: 2px solid $focus; padding: 3px 7px;
}
QPushButton[role="link"] {
    background: transparent; border: none; color: $accent; padding: 0 4px; min-height: 18px;
    text-decoration: underline;
}
QPushButton[role="link"]:focus { border: 2px solid $focus; padding: 0 2px; }
QToolButton[role="fold"] {
    background: transparent; border: 2px solid transparent; padding: 3px 0; font-weight: 600;
    text-align: left; margin-left: -4px;
}
QToolButton[role="fold"]:focus { border: 2px solid transparent; padding: 3px 0; }
QToolButton[role="fold"][quiet="true"] {
    font-weight: 400; font-size: ${small}px; color: $text_muted;
}
QToolButton[role="fold"]:checked { background: transparent; color: $text; }
QToolButton[role="fold"]:hover { color: $accent; }

QPushButton[segment="first"], QPushButton[segment="middle"], QPushButton[segment="last"],
QPushButton[segment="only"] { padding: 4px 8px; border-radius: 0; margin-left: -1px; }
QPushButton[segment="first"] {
    border-top-left-radius: 4px; border-bottom-left-radius: 4px; margin-left: 0;
}
QPushButton[segment="last"] { border-top-right-radius: 4px; border-bottom-right-radius: 4px; }
QPushButton[segment="only"] { border-radius: 4px; margin-left: 0; }
QPushButton[quiet="true"]:checked { background: $border; color: $text; border-color: $border; }
QPushButton[segment]:focus { border: 2px solid $focus; padding: 3px 7px; }
QPushButton[segment]:checked:focus { border: 2px solid $text; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
    background: $surface; color: $text; border: 1px solid $edge; border-radius: 4px;
    padding: 4px 8px; min-height: 18px; selection-background-color: $accent;
    selection-color: $on_accent; placeholder-text-color: $text_muted;
}
QLineEdit:hover, QSpinBox:hover, QDoubleSpinBox:hover, QComboBox:hover {
    border-color: $text_muted;
}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus,
QTextEdit:focus { border: 2px solid $focus; padding: 3px 7px; }
QLineEdit[invalid="true"] { border: 2px solid $warning; padding: 3px 7px; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {
    color: $disabled; background: $window;
}
QPlainTextEdit[role="small-print"] {
    background: transparent; border: 1px solid transparent; color: $text_muted;
    font-size: ${small}px; padding: 0;
}
QPlainTextEdit[role="small-print"]:focus { border: 1px solid $focus; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QComboBox[chevron="true"]::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView {
    background: $surface_raised; color: $text; border: 1px solid $border;
    selection-background-color: $accent; selection-color: $on_accent; outline: none;
}

QTabWidget::tab-bar { left: 4px; }
QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabBar::tab {
    background: transparent; color: $text_muted; padding: 8px 12px; border: none;
    border-bottom: 2px solid transparent;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus {
    color: $text; border: 2px solid $focus; padding: 6px 10px 8px 10px;
}

QListView, QTreeView, QTableView {
    background: $surface; color: $text; border: 1px solid $border; border-radius: 4px;
    alternate-background-color: $surface_raised; gridline-color: $border; outline: none;
}
QListView:focus, QTreeView:focus, QTableView:focus { border: 2px solid $focus; }
QListView::item, QTreeView::item { padding: 4px 8px; }
QTableView::item { padding: 4px 5px; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {
    background: $accent; color: $on_accent;
}
QHeaderView::section {
    background: $surface_raised; color: $text_muted; border: none;
    border-bottom: 1px solid $border; padding: 4px 8px;
}

QScrollArea { border: 1px solid transparent; background: transparent; }
QScrollArea:focus { border-color: $focus; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $edge; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: $text_muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSlider::groove:horizontal { height: 4px; background: $border; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
    background: $text; border: 1px solid $window; width: 12px; height: 12px; margin: -5px 0;
    border-radius: 7px;
}
QSlider::handle:horizontal:hover { background: $accent; }
QSlider::handle:horizontal:focus { border: 2px solid $focus; }

QProgressBar {
    background: $border; border: none; border-radius: 2px; max-height: 4px; min-height: 4px;
}
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QSplitter::handle { background: $window; }
QSplitter::handle:horizontal { width: 4px; }
QSplitter::handle:vertical { height: 4px; border-top: 1px solid $border; }
QSplitter::handle:hover { background: $accent; }

QMenuBar, QToolBar, QStatusBar { background: $window; color: $text; border: none; }
QStatusBar { border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QMenuBar::item { padding: 4px 8px; background: transparent; }
QMenuBar::item:selected { background: $surface_raised; }
QMenu { background: $surface_raised; color: $text; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }

QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: 4px; }
QFrame[role="footer"] { background: $surface; border: none; border-top: 1px solid $border; }
QFrame[role="rule"] { background: $border; max-height: 1px; min-height: 1px; border: none; }
QFrame[role="notice"] {
    background: $surface_raised; border: 1px solid $warning; border-radius: 4px;
}
"""
