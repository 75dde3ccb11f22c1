"""Sending a case's report to an archive: where to, which objects, how far it is, what came of it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QSettings, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from her2desk.dicom.pacs.nodes import RemoteNode
from her2desk.errors import Her2DeskError
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.texts import msgn, tr
from her2desk.ui.jobs import Background
from her2desk.ui.report.sending_desk import SendingDesk, SendingState
from her2desk.ui.report.work import CaseWork
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.watched_task import WatchedTask
from her2desk.ui.widgets.inputs import QuietComboBox
from her2desk.ui.widgets.labels import wrapped
from her2desk.ui.widgets.remark import Remark

if TYPE_CHECKING:
    from her2desk.reports.case_sending import Sent, SentFile

_WIDTH = 480
_STEPS = 1000
_CHOSEN = {ReportKind.SR: True, ReportKind.SEG: True, ReportKind.SC: False}
_KEPT = "sending"


class SendDialog(QDialog):
    """Does not block the report's window; closed while it sends, it goes on.

    The archive and the objects chosen last are kept in ``choices_file``. ``settled`` comes with how
    much waits, by archive, whenever that was asked; ``network_requested`` where an archive is to be
    set up.
    """

    settled = Signal(object)
    network_requested = Signal()

    def __init__(
        self,
        desk: SendingDesk,
        background: Background,
        choices_file: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setModal(False)
        self._desk = desk
        self._background = background
        self._kept = QSettings(str(choices_file), QSettings.Format.IniFormat)
        self._work: CaseWork | None = None
        self._options = ReportOptions()
        self._state = SendingState()
        self._is_known = False
        self.task = WatchedTask(background, self)
        self.archive = QuietComboBox()
        self.kinds = {kind: QCheckBox(text) for kind, text in _kind_words().items()}
        self.obstacle = Remark()
        self.set_up = QPushButton(tr("Set up an archive…"))
        self.waiting = QVBoxLayout()
        self.results = QVBoxLayout()
        self.bar = QProgressBar()
        self.words = QLabel()
        self.stop = QPushButton(tr("Stop"))
        self.send = QPushButton(tr("&Send"))
        self.leave = QPushButton(tr("Close"))
        self._arrange()
        self._connect()
        self._take_choices()
        self._show()

    def show_case(self, work: CaseWork | None, options: ReportOptions) -> None:
        """Offer to send the report of this case, made with these options; None: only what waits."""
        if not self.task.is_running:
            if work is not self._work:
                self._forget_results()
                self._is_known = False
            self._work, self._options = work, options
            self.setWindowTitle(_title(work))
            self._show()
        self.show()
        self.activateWindow()
        self.reload()

    def reload(self) -> None:
        """Ask again how things stand, unless something is being sent."""
        work = self._work
        if not self.task.is_running:
            self._background.run(lambda: self._desk.state(work), self._take, self._fail_to_load)

    def end(self) -> None:
        """Stop, and close; what is not sent waits."""
        self.task.cancel()
        self.close()

    def changeEvent(self, event: QEvent) -> None:
        """Back from another window, where an archive may have been set up."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.reload()

    def chosen_kinds(self) -> tuple[ReportKind, ...]:
        """The objects that are ticked."""
        return tuple(kind for kind, box in self.kinds.items() if box.isChecked())

    def _take(self, state: SendingState) -> None:
        before, self._state, self._is_known = self._state, state, True
        names = [node.name for node in state.nodes]
        chosen = self.archive.currentText() or str(self._kept.value(f"{_KEPT}/archive", ""))
        if [self.archive.itemText(i) for i in range(self.archive.count())] != names:
            self.archive.clear()
            self.archive.addItems(names)
            self.archive.setCurrentIndex(max(self.archive.findText(chosen), 0 if names else -1))
        if (before.waiting, before.nodes) != (state.waiting, state.nodes):
            self._show_waiting(state)  # else a button that has the focus keeps it
        self._show()
        self.settled.emit(state.waiting)

    def _fail_to_load(self, error: Her2DeskError) -> None:
        self._take(SendingState(obstacle=error, can_record=False))

    def _begin(self) -> None:
        work, node, kinds = self._work, self._node(), self.chosen_kinds()
        if work is None or node is None or self.task.is_running:
            return
        self._keep_choices()
        options = self._options
        self._run(node, lambda progress: self._desk.send(work, node, options, kinds, progress))

    def _send_waiting(self, node: RemoteNode) -> None:
        if not self.task.is_running:
            self._run(node, lambda progress: self._desk.send_waiting(node, progress))

    def _run(self, node: RemoteNode, task: Any) -> None:
        self._forget_results()
        self._say(tr("Stopped."), False)  # stands unless something else comes of it
        self.task.run(task, partial(self._show_sent, node))
        self._show()

    def _show_sent(self, node: RemoteNode, sent: "Sent") -> None:
        self._forget_results()
        if sent.confirmed or not sent.refused:
            n = len(sent.confirmed)
            said = msgn(
                "{n} object sent to {name}.", "{n} objects sent to {name}.", n, name=node.name
            )
            self._say(said.text(), False)
        for one, error in sent.refused:
            self._say(f"{_called(one)}: {error}", True)

    def _fail(self, error: Her2DeskError) -> None:
        self._forget_results()
        self._say(str(error), True)

    def _ended(self) -> None:
        self.bar.setRange(0, 0)
        self.words.clear()
        self._show()
        self.reload()

    def _tell(self, fraction: float, words: str) -> None:
        self.bar.setRange(0, _STEPS if fraction else 0)  # without an end while the objects are made
        self.bar.setValue(round(_STEPS * fraction))
        self.words.setText(words)

    def _show(self) -> None:
        """Show what can be done now."""
        running, state = self.task.is_running, self._state
        without = self._is_known and not state.nodes and state.obstacle is None
        said = tr("No archive is set up yet.") if without else str(state.obstacle or "")
        self.obstacle.say(said, state.obstacle is not None)
        self.obstacle.setVisible(bool(said))
        self.set_up.setVisible(self._is_known and not state.nodes and state.can_record)
        for widget in (self.bar, self.words, self.stop):
            widget.setVisible(running)
        can = self._is_known and not running and state.obstacle is None and bool(state.nodes)
        self.archive.setEnabled(not running and bool(state.nodes))
        for box in self.kinds.values():
            box.setEnabled(not running)
        self.send.setEnabled(can and bool(self.chosen_kinds()))
        for button in self.findChildren(QPushButton, "waiting"):
            button.setEnabled(not running and state.can_record)
        self.adjustSize()

    def _show_waiting(self, state: SendingState) -> None:
        _clear(self.waiting)
        nodes = {node.name: node for node in state.nodes}
        for name, sentence in waiting_sentences(state.waiting).items():
            remark, node = Remark(), nodes.get(name)
            if node is None:
                sentence += " " + tr("It is not set up any more.")
            remark.say(sentence, True)
            row = QHBoxLayout()
            row.setSpacing(GRID * 2)
            row.addWidget(remark, 1)
            if node is not None:
                button = QPushButton(tr("Send now"))
                button.setObjectName("waiting")
                button.setAutoDefault(False)
                button.setAccessibleName(tr("Send to {name} what waits").format(name=name))
                button.clicked.connect(partial(self._send_waiting, node))
                row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            self.waiting.addLayout(row)

    def _say(self, sentence: str, warns: bool) -> None:
        remark = Remark()
        remark.say(sentence, warns)
        self.results.addWidget(remark)

    def _forget_results(self) -> None:
        _clear(self.results)

    def _node(self) -> RemoteNode | None:
        index = self.archive.currentIndex()
        return self._state.nodes[index] if index >= 0 else None

    def _take_choices(self) -> None:
        for kind, box in self.kinds.items():
            kept = self._kept.value(f"{_KEPT}/{kind}", _CHOSEN[kind], bool)
            box.setChecked(bool(kept))

    def _keep_choices(self) -> None:
        self._kept.setValue(f"{_KEPT}/archive", self.archive.currentText())
        for kind, box in self.kinds.items():
            self._kept.setValue(f"{_KEPT}/{kind}", box.isChecked())

    def _connect(self) -> None:
        self.send.clicked.connect(self._begin)
        self.stop.clicked.connect(self.task.cancel)
        self.leave.clicked.connect(self.close)
        self.set_up.clicked.connect(self.network_requested)
        for box in self.kinds.values():
            box.toggled.connect(lambda _checked: self._show())
        self.task.progressed.connect(self._tell)
        self.task.failed.connect(self._fail)
        self.task.ended.connect(self._ended)

    def _arrange(self) -> None:
        self.archive.setAccessibleName(tr("Archive"))
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Sending"))
        set_role(self.words, "muted")
        set_role(self.send, "primary")
        self.send.setDefault(True)
        for button in (self.leave, self.stop, self.set_up):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(5 * GRID, 5 * GRID, 5 * GRID, 5 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(wrapped(tr("Archive"), "heading"))
        column.addWidget(self.archive)
        column.addSpacing(3 * GRID)
        column.addWidget(wrapped(tr("What to send"), "heading"))
        for box in self.kinds.values():
            column.addWidget(box)
        column.addWidget(wrapped(tr("These name the patient as the image does."), "muted"))
        column.addSpacing(3 * GRID)
        column.addWidget(self.obstacle)
        column.addWidget(self.set_up, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self.results, self.waiting):
            part.setSpacing(2 * GRID)
            column.addLayout(part)
        column.addWidget(self.bar)
        column.addWidget(self.words)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addStretch(1)
        for button in (self.stop, self.leave, self.send):
            row.addWidget(button)
        column.addLayout(row)
        self.setFixedWidth(_WIDTH)


def waiting_sentences(waiting: Mapping[str, int]) -> dict[str, str]:
    """What waits for each archive, by its name."""
    return {
        name: msgn(
            "{n} object waits to be sent to {name}.",
            "{n} objects wait to be sent to {name}.",
            n,
            name=name,
        ).text()
        for name, n in waiting.items()
    }


def _title(work: CaseWork | None) -> str:
    if work is None:
        return tr("Send to an archive")
    return tr("Send case {case} to an archive").format(case=f"{work.case_id:04d}")


def _kind_words() -> dict[ReportKind, str]:
    return {
        ReportKind.SR: tr("Structured &report: the answer as coded measurements"),
        ReportKind.SEG: tr("Se&gmentation: the outline as a mask"),
        ReportKind.SC: tr("Secondary &capture: the frame with the outline"),
    }


def _called(one: "SentFile") -> str:
    """What a file is called where it was not taken."""
    if one.note is None:
        return tr("A file from before")
    words = {
        ReportKind.SR: tr("Structured report"),
        ReportKind.SEG: tr("Segmentation"),
        ReportKind.SC: tr("Secondary capture"),
    }
    kind = words[ReportKind(one.note.kind)]
    return tr("{kind} of case {case}").format(kind=kind, case=f"{one.note.case_id:04d}")


def _clear(layout: Any) -> None:
    while (item := layout.takeAt(0)) is not None:
        if item.widget() is not None:
            item.widget().hide()
            item.widget().deleteLater()
        elif item.layout() is not None:
            _clear(item.layout())
