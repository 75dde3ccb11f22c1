"""Which features two readers agree on: measured on request, off the GUI thread, and stopped at once."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from her2desk.agreement.cases import Pair, ReaderCase, common_cases, pair_of_readers
from her2desk.agreement.features import FeatureTable, too_few
from her2desk.agreement.limits import MIN_CASES
from her2desk.domain.progress import Progress
from her2desk.errors import Cancelled, Her2DeskError
from her2desk.texts import Message, tr
from her2desk.ui.jobs import Background
from her2desk.ui.readers.feature_table import FeatureTableModel, feature_view
from her2desk.ui.theme import GRID, set_role
from her2desk.ui.widgets.labels import ElidedLabel, wrapped

Measure = Callable[[Sequence[ReaderCase], Pair, Progress], FeatureTable]
STEPS = 1000


class FeaturesTab(QWidget):
    """``measure`` takes minutes and runs on ``background``, which nothing else should wait for."""

    export_asked = Signal()

    def __init__(
        self, background: Background, measure: Measure, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._measure = measure
        self._cases: tuple[ReaderCase, ...] = ()
        self._pair: Pair | None = None
        self._running: _Told | None = None
        self.table: FeatureTable | None = None
        self.state = wrapped()
        self.measure_now = QPushButton(tr("&Measure features"))
        set_role(self.measure_now, "primary")
        self.cancel = QPushButton(tr("&Cancel"))
        self.bar = QProgressBar()
        self.stage = ElidedLabel()
        self.features = FeatureTableModel(self)
        self.view = feature_view(self.features)
        self.export = QPushButton(tr("&Export table…"))
        self.export.setToolTip(tr("Save the table of features as CSV (Ctrl+E)"))
        self._arrange()
        self.measure_now.clicked.connect(self._start)
        self.cancel.clicked.connect(self.stop)
        self.export.clicked.connect(self.export_asked)
        self._refresh()

    @property
    def is_measuring(self) -> bool:
        return self._running is not None

    def set_cases(self, cases: Sequence[ReaderCase]) -> None:
        """Take the library's cases; what was measured of others is forgotten."""
        if tuple(cases) == self._cases:
            return
        self.stop()
        self._cases, self._pair = tuple(cases), pair_of_readers(cases)
        self._take(None)

    def stop(self) -> None:
        """Stop measuring; nothing is shown of it."""
        if self._running is not None:
            self._running.stop()
            self._running = None
            self._refresh()

    def _start(self) -> None:
        if self._pair is None or self._running is not None:
            return
        told, cases, pair = _Told(self), self._cases, self._pair
        self._running = told
        told.stepped.connect(self._show_step)
        self.bar.setValue(0)
        self.stage.set_full_text(tr("Starting"))

        def deliver(table: Any) -> None:
            if self._running is told:
                self._running = None
                self._take(table)

        def fail(error: Her2DeskError) -> None:
            if self._running is told:
                self._running = None
                self._take(None)
                self.state.setText(str(error))

        self._background.run(lambda: self._measure(cases, pair, told), deliver, fail)
        self._refresh()

    def _show_step(self, fraction: float, text: str) -> None:
        if self.sender() is self._running:
            self.bar.setValue(round(STEPS * fraction))
            self.stage.set_full_text(text)

    def _take(self, table: FeatureTable | None) -> None:
        self.table = table
        self.features.set_rows(() if table is None else table.features)
        self._refresh()

    def _refresh(self) -> None:
        pair, table = self._pair, self.table
        enough = pair is not None and len(common_cases(self._cases, pair)) >= MIN_CASES
        is_done = table is not None and bool(table.features)
        self.measure_now.setVisible(enough and not self.is_measuring and not is_done)
        for widget in (self.cancel, self.bar, self.stage):
            widget.setVisible(self.is_measuring)
        self.view.setVisible(is_done)
        self.export.setVisible(is_done)
        self.state.setText(self._words())

    def _words(self) -> str:
        pair, table = self._pair, self.table
        if pair is None:
            return tr(
                "No case has the outlines of two readers yet. Features are compared over at least "
                "{n} cases."
            ).format(n=MIN_CASES)
        if table is not None:
            return _found(table, pair)
        count = len(common_cases(self._cases, pair))
        readers = tr("Readers: {first} and {second}.").format(first=pair[0], second=pair[1])
        if count < MIN_CASES:
            return f"{readers} {too_few(count, MIN_CASES).text()}"
        return tr(
            "{readers} {n} cases can be compared. How far a feature depends on who drew the outline "
            "is an intraclass correlation over these cases, never of one case."
        ).format(readers=readers, n=count)

    def _arrange(self) -> None:
        running = QHBoxLayout()
        running.setSpacing(2 * GRID)
        running.addWidget(self.measure_now)
        running.addWidget(self.bar, 2)
        running.addWidget(self.stage, 1)
        running.addWidget(self.cancel)
        running.addStretch(0)
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        foot = QHBoxLayout()
        foot.addWidget(self.export)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.state)
        column.addLayout(running)
        column.addWidget(self.view, 1)
        column.addLayout(foot)
        column.addStretch(0)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)


class _Told(QObject):
    """Progress across threads: steps arrive on the GUI thread, a wish to stop at the next step."""

    stepped = Signal(float, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let the next step raise ``Cancelled``."""
        self._stopped.set()

    def step(self, fraction: float, text: Message) -> None:
        """Tell the window; called on the worker's thread."""
        if self._stopped.is_set():
            raise Cancelled
        self.stepped.emit(fraction, text.text())


def _found(table: FeatureTable, pair: Pair) -> str:
    if table.note is not None:
        return table.note.text()
    said = tr(
        "{kept} of {all} features are kept: over {cases} cases of {first} and {second} the lower "
        "bound of ICC(A,1) is at least 0.75. ICC(A,1) is absolute agreement; ICC(C,1) forgives one "
        "reader’s constant shift."
    ).format(
        kept=table.kept,
        all=len(table.features),
        cases=table.cases,
        first=pair[0],
        second=pair[1],
    )
    if table.left_out:
        left_out = tr("{n} cases without a known pixel size are left out.")
        said += " " + left_out.format(n=table.left_out)
    return said
