"""The enhanced picture of the frame on screen: asked for, shown, dropped in time, and saved."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from her2desk.dicom.reader import open_image
from her2desk.domain.drawing import drawing_of
from her2desk.domain.enhancement import EnhancedFrame, EnhancementUse
from her2desk.domain.proposal import Prompt, Proposal, ProposalOrigin
from her2desk.errors import InputRefused
from her2desk.inference.engine import (
    AssistRequest,
    EnhanceRequest,
    PredictRequest,
    StabilityRequest,
)
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import Settings
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.texts import msg
from her2desk.ui.afterthoughts import Afterthoughts
from her2desk.ui.canvas.comparison import CompareMode
from her2desk.ui.canvas.comparison_paint import HEAD
from her2desk.ui.canvas.workspace import Workspace
from her2desk.ui.dialogs import Dialogs
from her2desk.ui.enhancing import Enhancing
from her2desk.ui.jobs import Background
from her2desk.ui.opened_case import OpenPack
from her2desk.ui.proposals import Proposals
from her2desk.ui.session import Session
from tests.enhancers import Nearest
from tests.unit.reports.kept_case import OUTLINE, the_answer, the_pack

from .engine_stand_in import Runner
from .session_on import session_on

DEMO = demo_case_dir() / "demo.dcm"
WAIT_MS = 20_000
SCALE = 2
LINES = 58  # three lines on their plate, in device-independent pixels


@pytest.fixture
def runner(qtbot: QtBot) -> Runner:
    return Runner()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as library:
        yield library


@pytest.fixture
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.fixture
def session(runner: Runner, library: Library, background: Background) -> Iterator[Session]:
    session = session_on(library, runner, background, Settings(device="cpu"))
    yield session
    session.close()


@pytest.fixture
def workspace(qtbot: QtBot, session: Session) -> Workspace:
    workspace = Workspace()
    qtbot.addWidget(workspace)
    session.case_opened.connect(lambda case: workspace.show_case(case.image, drawing=case.drawing))
    session.case_left.connect(workspace.clear_case)
    session.frame_decoded.connect(workspace.frame_ready)
    workspace.frame_requested.connect(session.request_frame)
    workspace.resize(800, 600)
    workspace.show()
    return workspace


@pytest.fixture
def enhancing(
    session: Session, runner: Runner, background: Background, workspace: Workspace
) -> Enhancing:
    dialogs, afterthoughts = Dialogs(workspace), Afterthoughts(session, runner)
    return Enhancing(
        session, runner, background, workspace, dialogs, lambda: afterthoughts.is_at_work
    )


@pytest.fixture
def on_screen(
    qtbot: QtBot, enhancing: Enhancing, session: Session, library: Library, workspace: Workspace
) -> Enhancing:
    """The demo case's first frame, and the demo pack."""
    case_id = library.add_image(DEMO, open_image(DEMO).image).case_id
    session.use_pack(OpenPack(demo_pack_path(), the_pack()))
    session.open_case(case_id)
    qtbot.waitUntil(lambda: workspace.view.has_frame, timeout=WAIT_MS)
    return enhancing


def frame(value: int = 90, **said) -> EnhancedFrame:
    image = open_image(DEMO).image
    use = EnhancementUse("network", "tiny", "1.0", SCALE, "1" * 64, 1.0, 0.2, 0, 1)
    pixels = np.full((image.rows * SCALE, image.columns * SCALE), value, np.uint8)
    return EnhancedFrame(pixels, replace(use, **said))


def compare(qtbot: QtBot, workspace: Workspace, runner: Runner, **said) -> None:
    """Press the key, and have the engine answer."""
    workspace.activateWindow()
    workspace.toolbar.compare_action.trigger()
    assert runner.asked[-1] is EnhanceRequest
    runner.finish(frame(**said))
    qtbot.waitUntil(lambda: workspace.view.compared is not None, timeout=WAIT_MS)


def asked(runner: Runner) -> list[EnhanceRequest]:
    return [request for request in runner.requests if isinstance(request, EnhanceRequest)]


class TestAsking:
    def test_the_frame_on_screen_is_asked_for_with_the_pack_and_then_shown(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session,
    ) -> None:  # fmt: skip
        assert workspace.compare_bar.isHidden()
        compare(qtbot, workspace, runner)
        assert session.case is not None
        assert asked(runner) == [EnhanceRequest(session.case.path, 0, demo_pack_path())]
        assert "to 0.2 grey levels" in workspace.compare_bar.text()
        assert workspace.compare_bar.save_button.isVisible()
        assert workspace.view.grip.isVisible()

    def test_how_far_it_is_is_said_and_it_can_be_cancelled(
        self, on_screen: Enhancing, workspace: Workspace, runner: Runner
    ) -> None:
        workspace.toolbar.compare_action.trigger()
        runner.progressed.emit(len(runner.requests), 0.4, msg("Tile 5 of 12"))
        bar = workspace.compare_bar
        assert bar.text() == "Tile 5 of 12"
        assert bar.progress.value() == 0.4 * bar.progress.maximum()
        QTest.mouseClick(bar.end_button, Qt.MouseButton.LeftButton)
        assert not runner.is_running
        assert bar.isHidden()
        assert not workspace.toolbar.compare_action.isChecked()

    def test_what_cannot_be_enhanced_is_a_sentence_in_its_place(
        self, on_screen: Enhancing, workspace: Workspace, runner: Runner
    ) -> None:
        workspace.toolbar.compare_action.trigger()
        runner.fail(InputRefused(msg("The frame is in colour."), msg("Choose a grey one.")))
        assert workspace.compare_bar.text() == "The frame is in colour. Choose a grey one."
        assert workspace.view.compared is None
        assert len(asked(runner)) == 1

    def test_an_answer_that_is_being_worked_out_comes_first(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session,
    ) -> None:  # fmt: skip
        session.set_drawing(drawing_of(OUTLINE))
        assert runner.asked == [PredictRequest]
        workspace.toolbar.compare_action.trigger()
        assert runner.asked == [PredictRequest]
        runner.finish(the_answer(inputs=session.inputs))
        # How the answer moves with its outline is put off in its favour, and goes on afterwards.
        assert runner.asked == [PredictRequest, StabilityRequest, EnhanceRequest]
        runner.finish(frame())
        assert runner.asked[3:] == [StabilityRequest]
        assert len(asked(runner)) == 1

    def test_what_the_reader_asked_for_is_not_put_off(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session,
    ) -> None:  # fmt: skip
        proposals = Proposals(session, runner)
        proposals.ask(Prompt(0, ((10.0, 20.0), (90.0, 80.0))))
        workspace.toolbar.compare_action.trigger()
        assert runner.asked == [AssistRequest]
        with qtbot.waitSignal(proposals.proposed):
            runner.finish(Proposal(OUTLINE, ProposalOrigin.ASSISTED))
        assert runner.asked == [AssistRequest, EnhanceRequest]

    def test_a_question_that_comes_between_only_puts_it_off(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session,
    ) -> None:  # fmt: skip
        workspace.toolbar.compare_action.trigger()
        session.set_drawing(drawing_of(OUTLINE))
        assert runner.asked == [EnhanceRequest, PredictRequest]
        runner.finish(the_answer(inputs=session.inputs))
        assert len(asked(runner)) == 2
        runner.finish(frame())
        qtbot.waitUntil(lambda: workspace.view.compared is not None, timeout=WAIT_MS)

    def test_the_words_say_whether_the_answer_comes_from_it(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session,
    ) -> None:  # fmt: skip
        compare(qtbot, workspace, runner)
        assert workspace.view.compared is not None
        assert "not used for this answer" in workspace.view.compared.burnt_in()
        workspace.set_comparing(False)
        enhancing_pack = replace(the_pack(), enhancer=Nearest(sha256="1" * 64))
        session.use_pack(OpenPack(demo_pack_path(), enhancing_pack))
        compare(qtbot, workspace, runner)
        assert workspace.view.compared is not None
        assert workspace.view.compared.burnt_in() == "enhanced by tiny 1.0"


class TestNeverOfAnotherFrame:
    def test_another_frame_takes_it_away_at_once_and_is_enhanced_itself(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner
    ) -> None:
        compare(qtbot, workspace, runner)
        workspace.go_to_frame(3)
        assert workspace.view.compared is None
        assert "Enhancing" in workspace.compare_bar.text()
        qtbot.waitUntil(lambda: len(asked(runner)) == 2, timeout=WAIT_MS)
        assert asked(runner)[-1].frame_index == 3
        runner.finish(frame())
        qtbot.waitUntil(lambda: workspace.view.compared is not None, timeout=WAIT_MS)
        assert workspace.view.compared is not None
        assert workspace.view.compared.frame_index == 3 == workspace.view.frame_index

    def test_an_answer_that_comes_too_late_is_not_shown(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner
    ) -> None:
        workspace.toolbar.compare_action.trigger()
        workspace.go_to_frame(3)
        runner.finish(frame())  # of frame 0
        qtbot.waitUntil(lambda: len(asked(runner)) == 2, timeout=WAIT_MS)
        assert workspace.view.frame_index == 3
        assert workspace.view.compared is None
        assert asked(runner)[-1].frame_index == 3

    def test_who_goes_on_and_back_gets_it_again(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner
    ) -> None:
        compare(qtbot, workspace, runner)
        workspace.go_to_frame(1)
        workspace.go_to_frame(0)
        qtbot.waitUntil(lambda: len(asked(runner)) == 2, timeout=WAIT_MS)
        assert asked(runner)[-1].frame_index == 0

    def test_a_film_goes_without_and_the_frame_where_it_stops_gets_one(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner
    ) -> None:
        compare(qtbot, workspace, runner)
        workspace.cine.play_action.trigger()
        assert workspace.view.compared is None
        assert workspace.compare_bar.text() == "The comparison waits until the film stands still."
        with qtbot.waitSignal(workspace.frame_shown, timeout=WAIT_MS):
            pass
        assert len(asked(runner)) == 1
        workspace.cine.pause()
        qtbot.waitUntil(lambda: len(asked(runner)) == 2, timeout=WAIT_MS)
        assert asked(runner)[-1].frame_index == workspace.view.frame_index

    def test_another_case_begins_without(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session,
    ) -> None:  # fmt: skip
        compare(qtbot, workspace, runner)
        assert session.case is not None
        with qtbot.waitSignal(session.case_opened, timeout=WAIT_MS):
            session.open_case(session.case.case_id)
        assert workspace.view.compared is None
        assert workspace.compare_bar.isHidden()
        assert not workspace.toolbar.compare_action.isChecked()

    def test_another_pack_takes_it_away_and_is_asked(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session, tmp_path: Path,
    ) -> None:  # fmt: skip
        compare(qtbot, workspace, runner)
        other = replace(the_pack(), enhancer=Nearest())
        session.use_pack(OpenPack(tmp_path / "other.h2pack", other))
        assert workspace.view.compared is None
        qtbot.waitUntil(lambda: len(asked(runner)) == 2, timeout=WAIT_MS)
        assert asked(runner)[-1].pack_path == tmp_path / "other.h2pack"

    def test_nothing_of_it_is_kept_when_the_case_is_left(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        session: Session,
    ) -> None:  # fmt: skip
        compare(qtbot, workspace, runner)
        session.leave_case()
        assert workspace.view.compared is None
        assert not workspace.toolbar.compare_action.isEnabled()


class TestTheBar:
    def test_a_lens_is_chosen_by_a_click(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner
    ) -> None:
        compare(qtbot, workspace, runner)
        lens = workspace.compare_bar.mode.button(CompareMode.LENS)
        QTest.mouseClick(lens, Qt.MouseButton.LeftButton)
        assert workspace.view.placement.mode is CompareMode.LENS

    def test_a_message_leaves_the_words_of_the_sides_in_sight(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner
    ) -> None:
        compare(qtbot, workspace, runner, failing_px=1, largest_residual=3.0)
        before = workspace.view.grab().toImage()
        workspace.show_note(msg("The outline crosses itself."))
        words = QRect(0, 0, workspace.view.width(), HEAD + LINES)
        assert workspace.view.grab().toImage().copy(words) == before.copy(words)

    def test_escape_at_the_grip_ends_it(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner
    ) -> None:
        compare(qtbot, workspace, runner)
        QTest.keyClick(workspace.view.grip, Qt.Key.Key_Escape)
        assert workspace.view.compared is None
        assert not workspace.toolbar.compare_action.isChecked()

    @pytest.mark.parametrize(("entry", "width"), [(0, None), (1, 640 * SCALE)])
    def test_a_picture_is_saved_where_it_is_asked_for(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: int, width: int | None,
    ) -> None:  # fmt: skip
        compare(qtbot, workspace, runner)
        path = tmp_path / "picture.png"
        monkeypatch.setattr(Dialogs, "place_of_picture", lambda *_: path)
        with qtbot.waitSignal(on_screen.written, timeout=WAIT_MS):
            workspace.compare_bar.save_button.menu().actions()[entry].trigger()
        saved = QImage(str(path))
        assert saved.width() == (width or 2 * workspace.view.width())
        assert saved.text("Description").startswith("enhanced by tiny 1.0")

    def test_a_place_that_cannot_be_written_is_said(
        self, on_screen: Enhancing, qtbot: QtBot, workspace: Workspace, runner: Runner,
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        compare(qtbot, workspace, runner)
        monkeypatch.setattr(Dialogs, "place_of_picture", lambda *_: tmp_path / "none" / "x.png")
        with qtbot.waitSignal(on_screen.refused, timeout=WAIT_MS) as refused:
            workspace.compare_bar.save_button.menu().actions()[0].trigger()
        assert "x.png" in str(refused.args[0])
