"""How a case and a pack are put on screen, and taken from it, wherever in the window they show."""

from PySide6.QtCore import QObject, Qt

from her2desk.packs.trust import PackTrust
from her2desk.ui.answer_display import AnswerDisplay
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.case_finder import CaseFinder
from her2desk.ui.case_list import CaseList
from her2desk.ui.header_bar import HeaderBar
from her2desk.ui.opened_case import OpenCase, OpenPack
from her2desk.ui.right_column import RightColumn
from her2desk.ui.session import Session


class CaseDisplay(QObject):
    """Follows the session: list, image, form and header show one case and one pack together."""

    def __init__(
        self,
        session: Session,
        cases: CaseList,
        finder: CaseFinder,
        workspace: Workspace,
        right: RightColumn,
        answer: AnswerDisplay,
        header: HeaderBar,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._cases = cases
        self._finder = finder
        self._workspace = workspace
        self._right = right
        self._answer = answer
        self._header = header
        session.case_opened.connect(self._show_case)
        session.case_left.connect(self._show_no_case)
        session.case_saved.connect(self._renew_row)
        # Once the list is done with the click that chose what was refused.
        session.refused.connect(self._mark_present, Qt.ConnectionType.QueuedConnection)
        session.reader_changed.connect(finder.search)
        session.pack_opened.connect(self._show_pack)
        session.image_described.connect(workspace.set_image)
        session.frame_decoded.connect(workspace.frame_ready)
        session.frame_failed.connect(workspace.frame_failed)

    def use_pack(self, opened: OpenPack, trust: PackTrust) -> None:
        """Answer with a pack whose signer was judged, and mark it where nobody known vouches for it."""
        mark = trust.mark
        self._header.set_trust("" if mark is None else mark.text(), trust.sentence.text())
        self._session.use_pack(opened, trust)

    def forget_erased(self, case_ids: tuple[int, ...]) -> None:
        """These cases are gone: leave one that is open, and list the others."""
        case = self._session.case
        if case is not None and case.case_id in case_ids:
            self._session.leave_case()
        self._finder.search()

    def _show_case(self, case: OpenCase) -> None:
        right = self._right
        self._workspace.show_case(case.image, drawing=case.drawing)
        right.clinical.set_record(case.clinical)
        self._cases.select(case.case_id)
        self._answer.hide()
        right.result.set_impression(case.impression)
        right.decision.set_decision(case.decision)
        self._session.take_pathology(case.pathology)

    def _show_no_case(self) -> None:
        right = self._right
        self._answer.hide()
        self._workspace.clear_case()
        right.clinical.set_record(self._session.clinical)
        right.result.set_impression(None)
        right.decision.set_decision(None)
        self._cases.select(None)

    def _show_pack(self, opened: OpenPack) -> None:
        identity = opened.pack.identity
        self._header.set_pack(identity)
        self._right.result.set_pack(identity)
        self._right.clinical.set_used_fields(opened.pack.models.clinical_inputs)
        self._answer.apply_read_first()

    def _mark_present(self) -> None:
        case = self._session.case
        self._cases.select(None if case is None else case.case_id)

    def _renew_row(self) -> None:
        if self._session.case is not None:
            self._finder.renew(self._session.case.case_id)
