"""What stands open in a window, for the one that takes its place when the language is changed.

Widgets keep the words that they were made with, so the window is made anew, in the same process: the
same case, frame, pack and answer stand in it, and the answer is not asked for again.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMessageBox

from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.drawing import Drawing
from her2desk.domain.image import UserCalibration
from her2desk.domain.prediction import Prediction
from her2desk.domain.validation import ValidationSource
from her2desk.packs.trust import PackTrust
from her2desk.settings import Settings
from her2desk.store.library import Library
from her2desk.texts import listed, tr
from her2desk.ui.opened_case import OpenCase, OpenPack, open_case

if TYPE_CHECKING:
    from her2desk.ui.main_window import MainWindow


@dataclass(frozen=True)
class StandingCase:
    """The open case as it is on screen, which a window that only reads has kept nowhere else."""

    case_id: int
    frame_index: int
    drawing: Drawing
    clinical: ClinicalRecord
    calibration: UserCalibration | None
    prediction: Prediction | None

    def opened(self, library: Library) -> OpenCase:
        """The case, read again; raises as ``open_case``."""
        case = open_case(library, self.case_id)
        return replace(
            case,
            drawing=self.drawing,
            clinical=self.clinical,
            image=replace(case.image, user_calibration=self.calibration),
        )


@dataclass(frozen=True)
class Standing:
    """All that a window in place of another begins with."""

    settings: Settings
    geometry: QByteArray
    search: str
    page: int
    heatmap_is_visible: bool
    operating_point: str | float
    counted: ValidationSource
    pack: OpenPack | None
    trust: PackTrust | None
    case: StandingCase | None


def make_anew(window: "MainWindow") -> None:
    """Close ``window`` for another that speaks the language chosen now; asks where work would be lost.

    What was drawn is written first. Where the reader would rather wait, the language changes with the
    next start.
    """
    if not _may_interrupt(window):
        return
    window.standing = _standing_of(window)
    if not window.close():
        window.standing = None


def take_up(window: "MainWindow", standing: Standing) -> None:
    """Have ``window`` show what stood open; it has begun its work already."""
    window.restoreGeometry(standing.geometry)
    window.cases.search.setText(standing.search)
    window.right.tabs.setCurrentIndex(standing.page)
    session = window.session
    session.operating_point, session.counted = standing.operating_point, standing.counted
    if standing.pack is not None and standing.trust is not None:
        window.case_display.use_pack(standing.pack, standing.trust)
    case = standing.case
    if case is None:
        return

    def go_on(_case: OpenCase) -> None:
        session.case_opened.disconnect(go_on)
        window.workspace.go_to_frame(case.frame_index)
        window.workspace.set_heatmap_visible(standing.heatmap_is_visible)

    session.case_opened.connect(go_on)
    session.open_again(case.opened, case.prediction)


def _standing_of(window: "MainWindow") -> Standing:
    session = window.session
    case = session.case
    return Standing(
        session.settings,
        window.saveGeometry(),
        window.cases.search.text(),
        window.right.tabs.currentIndex(),
        window.workspace.view.heatmap_is_shown(),
        session.operating_point,
        session.counted,
        session.pack,
        session.trust,
        None
        if case is None
        else StandingCase(
            case.case_id,
            window.workspace.frame_index,
            session.drawing,
            session.clinical,
            case.image.user_calibration,
            session.prediction,
        ),
    )


def _may_interrupt(window: "MainWindow") -> bool:
    """Whether the window may be closed now; asks where something runs that would end with it."""
    running = list(window.tools.running())
    if window.importer.is_busy:
        running.append(tr("an import"))
    if not running:
        return True
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(tr("Change the language"))
    box.setText(tr("This still runs and would be stopped: {what}.").format(what=listed(running)))
    box.setInformativeText(
        tr("Let it finish, and the language changes when Her2Desk is opened next.")
    )
    wait = box.addButton(tr("Let it finish"), QMessageBox.ButtonRole.RejectRole)
    stop = box.addButton(tr("Stop it and change now"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(wait)
    box.setEscapeButton(wait)
    box.exec()
    return box.clickedButton() is stop
