"""The archives that the program knows: adding, changing, forgetting, and testing the connection."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.dicom.pacs.nodes import (
    AE_LENGTH,
    NAME_LENGTH,
    PacsSettings,
    Problem,
    RemoteNode,
    node_problems,
)
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.texts import msg, tr
from her2desk.ui.jobs import Background
from her2desk.ui.pacs.fields import (
    PORT_DIGITS,
    Field,
    TlsFields,
    TlsWords,
    form_layout,
    line,
    port_of,
    set_text,
    show_problems,
    text_of,
)
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.watched_task import WatchedTask
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.remark import Remark

Test = Callable[[RemoteNode, Progress], None]
_LIST_WIDTH = 200
_FIELD_OF = {
    "pacs-host-unknown": "host",
    "pacs-unreachable": "host",
    "pacs-refused-connection": "port",
    "pacs-timeout": "port",
    "pacs-called-title": "ae_title",
}
_TLS_CODES = "pacs-tls"


class ArchivesTab(QWidget):
    """``nodes_changed`` carries all archives, to be kept; ``set_settings`` shows what was kept."""

    nodes_changed = Signal(object)

    def __init__(self, test: Test, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._test = test
        self._nodes: tuple[RemoteNode, ...] = ()
        self._testing = WatchedTask(background, self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Archives"))
        self.add = QPushButton(tr("New"))
        self.remove = QPushButton(tr("Forget"))
        self.name = line(tr("Name"), NAME_LENGTH)
        self.ae_title = line(tr("AE title"), AE_LENGTH)
        self.host = line(tr("Host"))
        self.port = line(tr("Port"), PORT_DIGITS)
        self.tls = TlsFields(
            TlsWords(
                tr("Encrypt the connection (TLS)"),
                tr("Whom to trust"),
                tr("whom this computer trusts"),
                has_name=True,
            )
        )
        self.tls_field = Field(self.tls, tr("Encryption"))
        self.fields = {
            "name": self.name,
            "ae_title": self.ae_title,
            "host": self.host,
            "port": self.port,
            "tls": self.tls_field,
        }
        self.save = QPushButton(tr("Save"))
        self.test = QPushButton(tr("Test connection"))
        self.result = Remark()
        self._arrange()
        self._connect()
        self._show(None)

    def set_settings(self, settings: PacsSettings) -> None:
        """Show the archives; the chosen one stays chosen."""
        chosen = self._chosen_name()
        self._nodes = settings.nodes
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([node.name for node in self._nodes])
        names = [node.name for node in self._nodes]
        row = names.index(chosen) if chosen in names else (0 if names else -1)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self._show(self._nodes[row] if row >= 0 else None)

    def stop(self) -> None:
        """Wait no longer for an archive that is tested."""
        self._testing.cancel()

    def node(self) -> RemoteNode:
        """The archive as the fields have it."""
        return RemoteNode(
            text_of(self.name),
            text_of(self.ae_title),
            text_of(self.host),
            port_of(self.port),
            self.tls.choice(),
        )

    def _chosen_name(self) -> str:
        item = self.list.currentItem()
        return item.text() if item is not None else ""

    def _show(self, node: RemoteNode | None) -> None:
        shown = node or RemoteNode("", "", "", 0)
        set_text(self.name, shown.name)
        set_text(self.ae_title, shown.ae_title)
        set_text(self.host, shown.host)
        set_text(self.port, str(shown.port or ""))
        self.tls.set_choice(shown.tls)
        self.remove.setEnabled(node is not None)
        show_problems(self.fields, ())
        self._say("", False)

    def _begin_new(self) -> None:
        self.list.setCurrentRow(-1)
        self._show(None)
        self.name.editor.setFocus()

    def _choose(self, row: int) -> None:
        if row >= 0:
            self._show(self._nodes[row])

    def _is_sound(self, node: RemoteNode, chosen: str) -> bool:
        problems: list[Problem] = list(node_problems(node))
        others = {other.name for other in self._nodes} - {chosen}
        if node.name in others:
            problems.append(Problem("name", msg("Another archive has this name.")))
        show_problems(self.fields, problems)
        return not problems

    def _save(self) -> None:
        chosen, node = self._chosen_name(), self.node()
        if not self._is_sound(node, chosen):
            return
        kept = [node if other.name == chosen else other for other in self._nodes]
        self._nodes = tuple(kept if chosen else (*self._nodes, node))
        self.nodes_changed.emit(self._nodes)
        self.set_settings(PacsSettings(nodes=self._nodes))
        names = [other.name for other in self._nodes]
        self.list.setCurrentRow(names.index(node.name))
        self._say(tr("Saved."), False)

    def _remove(self) -> None:
        chosen = self._chosen_name()
        self._nodes = tuple(node for node in self._nodes if node.name != chosen)
        self.nodes_changed.emit(self._nodes)
        self.set_settings(PacsSettings(nodes=self._nodes))

    def _begin_test(self) -> None:
        """The archive as the fields have it, saved or not."""
        node = self.node()
        named = node if node.name else replace(node, name=node.ae_title)
        if not self._is_sound(named, self._chosen_name() or named.name):
            return
        self.test.setEnabled(False)
        self._say(tr("Asking {name}…").format(name=named.name), False)
        self._testing.run(lambda progress: self._test(named, progress), self._tested)

    def _tested(self, _none: object) -> None:
        self._say(tr("The connection works."), False)
        set_role(self.result.sentence, "accent")

    def _failed(self, error: Her2DeskError) -> None:
        """Beside the field that it is about, and what to do under all of them."""
        name = _FIELD_OF.get(error.code)
        if name is None and error.code.startswith(_TLS_CODES):
            name = "tls"
        if name is None:
            self._say(str(error), True)
            return
        show_problems(self.fields, [Problem(name, error.message)])
        self._say(error.remedy.text(), False)

    def _say(self, sentence: str, warns: bool) -> None:
        self.result.say(sentence, warns)

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._choose)
        self.add.clicked.connect(self._begin_new)
        self.remove.clicked.connect(self._remove)
        self.save.clicked.connect(self._save)
        self.test.clicked.connect(self._begin_test)
        self._testing.failed.connect(self._failed)
        self._testing.ended.connect(lambda: self.test.setEnabled(True))

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(GRID * 2)
        left.addWidget(self.list, 1)
        left.addLayout(_row([self.add, self.remove]))
        self.list.setFixedWidth(_LIST_WIDTH)
        form = form_layout()
        form.addRow(tr("&Name"), self.name)
        form.addRow(tr("&AE title"), self.ae_title)
        form.addRow(tr("&Host"), self.host)
        form.addRow(tr("&Port"), self.port)
        form.addRow("", self.tls_field)
        set_role(self.save, "primary")
        right = QVBoxLayout()
        right.setSpacing(GRID * 4)
        right.addWidget(wrapped(tr("Archives and other systems that can be asked."), "muted"))
        right.addLayout(form)
        right.addLayout(_row([self.save, self.test]))
        right.addWidget(self.result)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID * 4, GRID * 4, GRID * 4, GRID * 4)
        row.setSpacing(GRID * 6)
        row.addLayout(left)
        row.addLayout(right, 1)
        for field in (self.name, self.ae_title, self.host, self.port):
            field.editor.setMaximumWidth(GRID * 90)
        self.result.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)


def _row(buttons: Sequence[QPushButton]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID * 2)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
