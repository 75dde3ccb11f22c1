"""The fourth step to a pack: the pack, how well it did on whom, and its figures."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import QWidget

from her2desk.errors import Her2DeskError
from her2desk.texts import tr
from her2desk.training.request import TrainRequest
from her2desk.ui.jobs import Background
from her2desk.ui.theme import set_role
from her2desk.ui.training.documents import TrainedPack
from her2desk.ui.training.figure_strip import pictures_in
from her2desk.ui.training.metrics_table import MetricsTable
from her2desk.ui.training.outcome_page import OutcomePage, button
from her2desk.ui.widgets.labels import wrapped


class ResultPage(OutcomePage):
    """``pack_chosen`` asks the main window to answer with the pack."""

    pack_chosen = Signal(Path)

    def __init__(
        self,
        background: Background,
        open_url: Callable[[QUrl], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(background, open_url, parent)
        self._trained: TrainedPack | None = None
        self.use = button(tr("&Use this pack"), tr("Answer with this pack from now on"))
        set_role(self.use, "primary")
        self.report = button(tr("Open &report"), tr("Open the report of this training"))
        self.tripod = button(tr("Open &TRIPOD draft"), tr("Open the draft of the TRIPOD+AI list"))
        self.used = wrapped()
        self.used.hide()
        self.metrics = MetricsTable()
        how_to_read = wrapped(_how_to_read(), "muted")
        self._lay_out(
            (self.use, self.report, self.tripod),
            (
                self.used,
                self.warnings,
                self.metrics,
                how_to_read,
            ),
        )
        self.use.clicked.connect(self._use)
        self.report.clicked.connect(lambda: self._open(self._of("report")))
        self.tripod.clicked.connect(lambda: self._open(self._of("tripod")))

    def show_made(self, made: TrainedPack, request: TrainRequest | None) -> None:
        """Show a finished pack."""
        name = None if request is None else request.name
        self._trained = made
        rest = tr("And {n} more, listed in the report.")
        self._show_file(made.pack, made.digest, name or made.pack.stem, made.warnings, rest)
        self.used.hide()
        self.report.setEnabled(made.report is not None)
        self.tripod.setVisible(made.tripod is not None)
        self.metrics.set_aucs(made.aucs)
        self._show_figures(pictures_in(made.figures))
        self.use.setFocus()

    def show_used(self, pack: Path) -> None:
        """Say that the window answers with this pack, if it is the one shown."""
        is_shown = self._trained is not None and self._trained.pack == pack
        set_role(self.used, "plain")
        self.used.setText(tr("Her2Desk now answers with this pack."))
        self.used.setVisible(is_shown)

    def show_not_used(self, error: Her2DeskError) -> None:
        """Say why the window does not answer with the pack shown."""
        set_role(self.used, "warning")
        self.used.setText(str(error))
        self.used.show()

    def _use(self) -> None:
        if self._trained is not None:
            self.pack_chosen.emit(self._trained.pack)

    def _of(self, name: str) -> Path | None:
        found = getattr(self._trained, name, None)
        return found if isinstance(found, Path) else None


def _how_to_read() -> str:
    return tr(
        "With 95 % intervals; ≈ marks an approximate one. Judge the pack by the held-out column, or "
        "the cross-validated one where nobody was held out: the apparent column is optimistic."
    )
