"""The fourth step to an enhancer: the file, and how near it comes on patients whom it has not seen."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import QLabel, QWidget

from her2desk.texts import tr, trn
from her2desk.ui.jobs import Background
from her2desk.ui.theme import set_role
from her2desk.ui.training.enhancer_documents import GENERATOR, LANCZOS, MadeEnhancer
from her2desk.ui.training.measures_table import MeasuresTable
from her2desk.ui.training.outcome_page import OutcomePage, button
from her2desk.ui.widgets.labels import wrapped

_FEW_PATIENTS = 10


class EnhancerResultPage(OutcomePage):
    """``enhancer_chosen`` asks for a new pack that enhances by it."""

    enhancer_chosen = Signal(Path)

    def __init__(
        self,
        background: Background,
        open_url: Callable[[QUrl], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(background, open_url, parent)
        self._file: Path | None = None
        self.use = button(
            tr("&Use it in a new pack…"), tr("Choose it for the next pack, in the other window")
        )
        set_role(self.use, "primary")
        self.measures = MeasuresTable()
        self.held_out = QLabel()
        set_role(self.held_out, "heading")
        meaning = wrapped(_how_to_read(), "muted")
        self._lay_out((self.use,), (self.warnings, self.held_out, self.measures, meaning))
        self.use.clicked.connect(self._use)

    def show_made(self, made: MadeEnhancer, request: object) -> None:
        """Show a finished enhancer."""
        self._file = made.file
        name = tr("{name} {version}").format(name=made.name, version=made.version)
        rest = tr("And {n} more files that were left out.")
        self._show_file(made.file, made.sha256, name, _warnings(made), rest)
        self.held_out.setText(
            trn(
                "On {n} patient whom it has not seen",
                "On {n} patients whom it has not seen",
                made.held_out_patients,
            )
        )
        self.measures.set_measures(made.measures)
        self._show_figures([path for path in made.figures if path.suffix == ".png"])
        self.use.setFocus()

    def _use(self) -> None:
        if self._file is not None:
            self.enhancer_chosen.emit(self._file)


def _warnings(made: MadeEnhancer) -> list[str]:
    """What speaks against it, the most important first."""
    found = []
    own, other = (made.measures.get(by, {}).get("psnr_db") for by in (GENERATOR, LANCZOS))
    if own is not None and other is not None and own < other:
        found.append(
            tr(
                "Its pictures are farther from the true ones than Lanczos' are, by PSNR. Train longer."
            )
        )
    if made.held_out_patients < _FEW_PATIENTS:
        found.append(
            trn(
                "Only {n} patient was held out: these figures say little.",
                "Only {n} patients were held out: these figures say little.",
                made.held_out_patients,
            )
        )
    left_out = tr("{file} was left out: {reason}")
    return found + [left_out.format(file=one.column, reason=one.message) for one in made.left_out]


def _how_to_read() -> str:
    return tr(
        "Means over pictures that were made four times smaller and enlarged again. PSNR and SSIM: more "
        "is better; GMSD: less; the differences of speckle are best at 0. This says how near the "
        "pictures are, not that a pack answers better: build one with it and one without, and compare."
    )
