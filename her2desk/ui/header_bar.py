"""The bar along the top: import, which pack answers, who reads, theme, settings, help."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from her2desk.domain.prediction import PackIdentity
from her2desk.texts import tr, trn
from her2desk.ui.canvas.icon_button import with_key
from her2desk.ui.theme import GRID, colours, set_role
from her2desk.ui.widgets.labels import Badge

LONGEST_NAME = 40  # characters of a pack's or reader's name; the tooltip has the whole


class HeaderBar(QWidget):
    """Signals are what was clicked; the window does it."""

    import_clicked = Signal()
    receive_clicked = Signal()
    training_clicked = Signal()
    pack_clicked = Signal()
    settings_clicked = Signal()
    theme_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header_bar")
        self._keys: Callable[[str], str] = lambda _action: ""
        self._tips: dict[QPushButton, tuple[str, str]] = {}  # words, and whose key belongs to them
        self.name = QLabel("Her2Desk")
        set_role(self.name, "title")
        self.import_button = QPushButton(tr("Import…"))
        self._tell(
            self.import_button, tr("Import ultrasound files, or drop them here"), "import_files"
        )
        self.receive_button = _flat("", "")
        self.set_receiving(None)
        self.training_button = _flat(tr("Train…"), "")
        self._tell(self.training_button, tr("Train a model pack on a cohort of your own"), "train")
        self.tools_button = _flat(
            tr("Tools"), tr("Report, outlines, readers, files, packs and library")
        )
        self.pack_button = _flat(tr("No pack open"), "")
        self._tell(self.pack_button, tr("Choose a model pack"), "choose_pack")
        self.demo_badge = Badge(tr("DEMO"))
        self.demo_badge.setToolTip(tr("This pack was trained on simulated phantoms, not patients."))
        self.demo_badge.hide()
        self.trust_badge = Badge()
        self.trust_badge.hide()
        self.reader = _flat("", "")
        self.theme_button = _flat("", "")
        self._tell(self.theme_button, tr("Switch between light and dark"), "switch_theme")
        self.settings_button = _flat(tr("Settings"), "")
        self._tell(self.settings_button, tr("Settings"), "edit_settings")
        self.help_button = _flat("?", "")
        self._tell(self.help_button, tr("Help, keys, tour, sample cases, what is new"), "show_help")
        self.help_button.setAccessibleName(tr("Help"))
        self._arrange()
        self.name_theme()
        self.import_button.clicked.connect(self.import_clicked)
        self.receive_button.clicked.connect(self.receive_clicked)
        self.training_button.clicked.connect(self.training_clicked)
        self.pack_button.clicked.connect(self.pack_clicked)
        self.settings_button.clicked.connect(self.settings_clicked)
        self.theme_button.clicked.connect(self.theme_clicked)

    def set_pack(self, pack: PackIdentity) -> None:
        """Show which pack answers, and that it is a demo where it is one."""
        text = tr("Pack: {name} {version}").format(name=pack.name, version=pack.version)
        self.pack_button.setText(_shortened(text))
        self.pack_button.setAccessibleName(text)
        words = tr("{pack}. SHA-256 {digest}. Click to choose another.")
        self._tell(self.pack_button, words.format(pack=text, digest=pack.sha256), "choose_pack")
        self.demo_badge.setVisible(pack.demo)

    def set_trust(self, mark: str, sentence: str) -> None:
        """Mark a pack that nobody known vouches for; no mark where ``mark`` is empty."""
        self.trust_badge.setText(mark)
        self.trust_badge.setToolTip(sentence)
        self.trust_badge.setAccessibleName(sentence)
        self.trust_badge.setVisible(bool(mark))

    def set_receiving(self, received: int | None) -> None:
        """Show whether images can be sent here, and how many came; None while that is switched off."""
        if received is None:
            words, tip = tr("Receive ○ off"), tr("No other computer can send images here")
        else:
            words = tr("Receive ● on") if not received else tr("Receive ● {n:,}").format(n=received)
            tip = trn("{n} image received", "{n} images received", received)
        self.receive_button.setText(words)
        self._tell(self.receive_button, tip, "receive")

    def set_training(self, state: str) -> None:
        """Show how a training stands that is not in sight; nothing where there is none."""
        self.training_button.setText(state or tr("Train…"))

    def set_reader(self, name: str) -> None:
        """Show who reads."""
        self.reader.setText(_shortened(name or tr("Who reads?")))
        self.reader.setAccessibleName(tr("Reader: {name}").format(name=name))
        self.reader.setToolTip(
            tr("Reader: {name}, kept with all that is drawn; click for another").format(name=name)
        )

    def set_menus(self, readers: QMenu, tools: QMenu, help_menu: QMenu) -> None:
        """What opens under the reader's name, under Tools, and under the question mark."""
        self.reader.setMenu(readers)
        self.tools_button.setMenu(tools)
        self.help_button.setMenu(help_menu)

    def name_keys(self, keys: Callable[[str], str]) -> None:
        """Say in the tooltips which key does the same; ``keys`` gives an action's present one."""
        self._keys = keys
        for button, (words, action) in self._tips.items():
            self._tell(button, words, action)

    def _tell(self, button: QPushButton, words: str, action: str) -> None:
        self._tips[button] = words, action
        button.setToolTip(with_key(words, self._keys(action)))

    def name_theme(self) -> None:
        """Offer the theme that is not in use."""
        is_dark = colours().name == "dark"
        self.theme_button.setText(tr("Light theme") if is_dark else tr("Dark theme"))

    def _arrange(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.name)
        layout.addSpacing(4 * GRID)
        layout.addWidget(self.import_button)
        layout.addWidget(self.receive_button)
        layout.addWidget(self.training_button)
        layout.addWidget(self.tools_button)
        layout.addStretch(1)
        layout.addWidget(self.pack_button)
        layout.addWidget(self.demo_badge)
        layout.addWidget(self.trust_badge)
        layout.addSpacing(4 * GRID)
        for button in (self.reader, self.theme_button, self.settings_button, self.help_button):
            layout.addWidget(button)


class _FlatButton(QPushButton):
    """A button without a frame until the pointer or the keyboard comes to it."""

    def sizeHint(self) -> QSize:
        """As wide as its words; Qt would make a short one wider."""
        hint = super().sizeHint()
        words = self.fontMetrics().horizontalAdvance(self.text())
        arrow = 4 * GRID if self.menu() is not None else 0
        return QSize(max(words + arrow + 5 * GRID, 8 * GRID), hint.height())


def _flat(text: str, tip: str) -> QPushButton:
    button = _FlatButton(text)
    button.setToolTip(tip)
    set_role(button, "flat")
    return button


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
