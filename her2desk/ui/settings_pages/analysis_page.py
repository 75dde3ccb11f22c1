"""With what the analysis works, and how its answer is read."""

import os
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QPushButton, QVBoxLayout, QWidget

from her2desk.inference.threads import AUTOMATIC, automatic_threads
from her2desk.settings import MOST_THREADS, Settings
from her2desk.stats.statements import operating_point_name
from her2desk.texts import tr, trn
from her2desk.ui.panels.operating_controls import STANDARD_POINTS
from her2desk.ui.settings_pages.form import SettingsForm, choose, chooser
from her2desk.ui.settings_pages.questions import SettingsQuestions
from her2desk.ui.settings_pages.surroundings import Surroundings
from her2desk.ui.theme import GRID
from her2desk.ui.widgets.inputs import QuietDoubleSpinBox
from her2desk.ui.widgets.labels import wrapped

_FIRST_PREVALENCE = 20.0
SHIPPED = ""  # stands for the pack that came with the program


class AnalysisPage(QWidget):
    """Device, threads, pack, operating point, prevalence, heatmap."""

    def __init__(
        self, around: Surroundings, questions: SettingsQuestions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._questions = questions
        self.device = chooser(
            [
                ("auto", tr("Automatic")),
                ("cuda", tr("NVIDIA GPU (CUDA)")),
                ("cuda-half", tr("NVIDIA GPU (CUDA), half precision")),
                ("mps", tr("Apple GPU (MPS)")),
                ("cpu", tr("CPU")),
            ],
            tr("Device"),
        )
        self.threads = chooser(_thread_choices(), tr("Processor threads"))
        self.pack = chooser(
            [
                (SHIPPED, tr("The pack that came with Her2Desk")),
                *((path, name) for name, path in around.packs),
            ],
            tr("Model pack"),
        )
        self.other_pack = QPushButton(tr("Choose…"))
        self.other_pack.setToolTip(tr("Choose a pack's file"))
        self.other_pack.clicked.connect(self._choose_pack)
        self.operating_point = chooser(
            [(name, operating_point_name(name).text()) for name in STANDARD_POINTS],
            tr("Operating point"),
        )
        self.own_prevalence = QCheckBox(tr("My patients differ:"))
        self.prevalence = _percent(0.1, 99.9, tr("Local prevalence of HER-2 positive"), 1)
        self.opacity = _percent(0, 100, tr("Opacity of the heatmap"), 0)
        self.own_prevalence.toggled.connect(self.prevalence.setEnabled)
        self._arrange(around)

    def show_settings(self, settings: Settings) -> None:
        """Show these."""
        choose(self.device, settings.device)
        if self.threads.findData(settings.threads) < 0:
            self.threads.addItem(_threads(settings.threads), settings.threads)
        choose(self.threads, settings.threads)
        self._show_pack(settings.pack_path or SHIPPED)
        choose(self.operating_point, settings.operating_point)
        share = settings.local_prevalence
        self.own_prevalence.setChecked(share is not None)
        self.prevalence.setEnabled(share is not None and self.own_prevalence.isEnabled())
        self.prevalence.setValue(_FIRST_PREVALENCE if share is None else 100 * share)
        self.opacity.setValue(100 * settings.heatmap_opacity)

    def over(self, settings: Settings) -> Settings:
        """``settings`` with what this page shows; a value that only looks rounded here stays exact."""
        for field in (self.prevalence, self.opacity):
            field.interpretText()  # a number still being typed counts
        share = None
        if self.own_prevalence.isChecked():
            share = _unless_shown(settings.local_prevalence, self.prevalence)
        return replace(
            settings,
            device=str(self.device.currentData()),
            threads=int(self.threads.currentData()),
            pack_path=str(self.pack.currentData()) or None,
            operating_point=str(self.operating_point.currentData()),
            local_prevalence=share,
            heatmap_opacity=_unless_shown(settings.heatmap_opacity, self.opacity),
        )

    def _choose_pack(self) -> None:
        path = self._questions.pack()
        if path is not None:
            self._show_pack(str(path))

    def _show_pack(self, path: str) -> None:
        if self.pack.findData(path) < 0:
            self.pack.addItem(Path(path).name, path)
        choose(self.pack, path)

    def _arrange(self, around: Surroundings) -> None:
        form = SettingsForm()
        form.add(tr("&Device"), [self.device], around.lock_of("device"))
        form.add(
            tr("&Processor threads"),
            [self.threads],
            around.lock_of("threads"),
            said=[
                wrapped(
                    tr(
                        "Her2Desk on the command line uses as many. With another device or another "
                        "number, the analysis process starts anew."
                    ),
                    "muted",
                )
            ],
        )
        form.add(tr("&Model pack"), [self.pack, self.other_pack], around.lock_of("pack_path"))
        form.add(tr("&Operating point"), [self.operating_point], around.lock_of("operating_point"))
        form.add(
            tr("Prevalence of HER-2 positive"),
            [self.own_prevalence, self.prevalence],
            around.lock_of("local_prevalence"),
            said=[
                wrapped(
                    tr(
                        "Without a prevalence of your own, the estimate holds for the mix of "
                        "patients that the pack was built from."
                    ),
                    "muted",
                )
            ],
        )
        form.add(tr("&Heatmap opacity"), [self.opacity], around.lock_of("heatmap_opacity"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addStretch()


def _thread_choices() -> list[tuple[object, str]]:
    own = os.cpu_count() or 1
    automatic = tr("Automatic ({threads})").format(threads=_threads(automatic_threads()))
    numbers = range(1, min(own, MOST_THREADS) + 1)
    return [(AUTOMATIC, automatic), *((number, _threads(number)) for number in numbers)]


def _threads(number: int) -> str:
    return trn("{n} thread", "{n} threads", number)


def _percent(lowest: float, highest: float, name: str, decimals: int) -> QuietDoubleSpinBox:
    field = QuietDoubleSpinBox()
    field.setRange(lowest, highest)
    field.setDecimals(decimals)
    field.setSuffix("\u00a0%")
    field.setAccessibleName(name)
    field.setFixedWidth(GRID * 28)
    return field


def _unless_shown(kept: float | None, field: QuietDoubleSpinBox) -> float:
    """``kept`` where the field shows just that, rounded; what was typed else."""
    if kept is not None and round(100 * kept, field.decimals()) == field.value():
        return kept
    return field.value() / 100
