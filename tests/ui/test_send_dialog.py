"""Sending a report from its window: what is offered, how far it is, what came of it, what waits."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from her2desk.dicom.pacs.node_files import save_pacs
from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings, RemoteNode
from her2desk.dicom.pacs.outbox import outbox_of
from her2desk.dicom.pacs.outgoing import Outgoing
from her2desk.dicom.pacs.receiver import Receiver
from her2desk.dicom.pacs.refusals import connection_cut, syntax_refused
from her2desk.dicom.pacs.spool import Spool
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError, InputRefused, StoreRefused
from her2desk.reports.case_sending import CaseSending, Sent, SentFile
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.reports.sending_notes import SendingNote
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.texts import msg
from her2desk.ui.jobs import Background
from her2desk.ui.report.entrance import ReportEntrance
from her2desk.ui.report.send_dialog import SendDialog
from her2desk.ui.report.sending_desk import SendingDesk, SendingState
from her2desk.ui.theme import apply_theme
from her2desk.ui.widgets.remark import Remark
from tests.orthanc import free_port
from tests.unit.dicom.pacs.samples import instance
from tests.unit.reports.kept_case import a_library, keep_case, the_shelf

Left = Qt.MouseButton.LeftButton
CLINIC = RemoteNode("Clinic", "PACS", "127.0.0.1", 4242)
RESEARCH = RemoteNode("Research", "LAB", "127.0.0.1", 4243)
SOON_MS = 60_000


class Work:
    """A case whose report could be sent."""

    def __init__(self, case_id: int = 7) -> None:
        self.case_id = case_id


def sent_file(kind: str | None) -> SentFile:
    note = None if kind is None else SendingNote(7, 5, kind, "1.2.3", "ab", "cd", True)
    return SentFile(Outgoing(Path("ab.dcm"), "1.2", "1.2.3", "1.2.840.10008.1.2.1"), note)


class Desk:
    """An archive that answers as the test wants."""

    def __init__(self) -> None:
        self.now = SendingState((CLINIC, RESEARCH))
        self.asked: list[tuple[int, str, ReportOptions, tuple[ReportKind, ...]]] = []
        self.went_on: list[str] = []
        self.result = Sent((sent_file("seg"), sent_file("sr")), ())
        self.answers: Callable[[Progress], None] = lambda _progress: None

    def state(self, work: Work | None) -> SendingState:
        return self.now

    def send(
        self,
        work: Work,
        node: RemoteNode,
        options: ReportOptions,
        kinds: Collection[ReportKind],
        progress: Progress,
    ) -> Sent:
        self.asked.append((work.case_id, node.name, options, tuple(kinds)))
        self.answers(progress)
        return self.result

    def send_waiting(self, node: RemoteNode, progress: Progress) -> Sent:
        self.went_on.append(node.name)
        self.answers(progress)
        self.now = replace(self.now, waiting={})
        return self.result


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def dialog(
    desk: Desk, qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> Iterator[Callable[[], SendDialog]]:
    apply_theme(qapp, "dark")
    background = Background()

    def opened(work: Work | None = Work()) -> SendDialog:
        made = SendDialog(desk, background, tmp_path / "windows.ini")  # type: ignore[arg-type]
        qtbot.addWidget(made)
        with qtbot.waitSignal(made.settled):
            made.show_case(work, ReportOptions(heatmap=True))  # type: ignore[arg-type]
        QApplication.processEvents()  # coming to the front reads the state once more
        background.flush()
        QApplication.processEvents()
        return made

    yield opened
    background.close()


Opened = Callable[..., SendDialog]


def said(dialog: SendDialog) -> list[str]:
    """The results, those that warn with what a screen reader says first."""
    items = [dialog.results.itemAt(place).widget() for place in range(dialog.results.count())]
    return [item.accessibleName() for item in items if isinstance(item, Remark)]


def click(qtbot: QtBot, button: QPushButton) -> None:
    qtbot.mouseClick(button, Left)


def tick(qtbot: QtBot, dialog: SendDialog, kind: ReportKind) -> None:
    box = dialog.kinds[kind]
    qtbot.mouseClick(box, Left, pos=QPoint(8, box.height() // 2))


def waiting_button(qtbot: QtBot, dialog: SendDialog) -> QPushButton:
    def shown() -> list[QPushButton]:
        found = dialog.findChildren(QPushButton, "waiting")
        return [button for button in found if button.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def test_report_and_segmentation_are_sent_where_nobody_chose(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    opened = dialog()
    assert opened.windowTitle() == "Send case 0007 to an archive"
    click(qtbot, opened.send)
    qtbot.waitUntil(lambda: said(opened) == ["2 objects sent to Clinic."])
    [(case_id, node, options, kinds)] = desk.asked
    assert (case_id, node, options.heatmap) == (7, "Clinic", True)
    assert kinds == (ReportKind.SR, ReportKind.SEG)


def test_what_was_chosen_last_is_chosen_again(dialog: Opened, desk: Desk, qtbot: QtBot) -> None:
    first = dialog()
    qtbot.keyClick(first.archive, Qt.Key.Key_Down)
    tick(qtbot, first, ReportKind.SC)
    tick(qtbot, first, ReportKind.SR)
    with qtbot.waitSignal(first.task.ended):
        click(qtbot, first.send)
    second = dialog()
    assert second.archive.currentText() == "Research"
    assert second.chosen_kinds() == (ReportKind.SEG, ReportKind.SC)
    assert desk.asked[0][1] == "Research"


def test_nothing_chosen_cannot_be_sent(dialog: Opened, qtbot: QtBot) -> None:
    opened = dialog()
    for kind in (ReportKind.SR, ReportKind.SEG):
        tick(qtbot, opened, kind)
    assert not opened.send.isEnabled()


def test_each_object_that_is_not_taken_has_its_sentence(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    refusal = syntax_refused(CLINIC, "Segmentation Storage", "Explicit VR Little Endian")
    desk.result = Sent(
        (sent_file("sr"),), ((sent_file("seg"), refusal), (sent_file(None), refusal))
    )
    opened = dialog()
    click(qtbot, opened.send)
    qtbot.waitUntil(lambda: len(said(opened)) == 3)
    one, two, three = said(opened)
    assert one == "1 object sent to Clinic."
    assert two.startswith("Warning: Segmentation of case 0007: Clinic does not take this kind")
    assert three.startswith("Warning: A file from before: Clinic does not take")


def test_nothing_taken_does_not_say_that_anything_was_sent(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    refusal = syntax_refused(CLINIC, "Segmentation Storage", "Explicit VR Little Endian")
    desk.result = Sent((), ((sent_file("seg"), refusal),))
    opened = dialog()
    click(qtbot, opened.send)
    qtbot.waitUntil(lambda: len(said(opened)) == 1 and said(opened)[0].startswith("Warning"))


def fails(error: Her2DeskError) -> Callable[[Progress], None]:
    def answer(_: Progress) -> None:
        raise error

    return answer


def test_a_cut_connection_is_said_and_what_waits_goes_on_with_a_click(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    opened = dialog()
    desk.answers = fails(connection_cut(CLINIC))
    desk.now = replace(desk.now, waiting={"Clinic": 2, "Gone": 1})
    told: list[object] = []
    opened.settled.connect(told.append)  # the first reading may settle only now
    click(qtbot, opened.send)
    qtbot.waitUntil(lambda: told[-1:] == [{"Clinic": 2, "Gone": 1}])
    assert said(opened)[0].startswith("Warning: The connection to Clinic was cut.")
    sentences = [remark.sentence.text() for remark in opened.findChildren(Remark)]
    assert "2 objects wait to be sent to Clinic." in sentences
    assert "1 object waits to be sent to Gone. It is not set up any more." in sentences
    desk.answers = lambda _progress: None
    with qtbot.waitSignal(opened.settled):
        click(qtbot, waiting_button(qtbot, opened))
    assert desk.went_on == ["Clinic"]
    assert said(opened) == ["2 objects sent to Clinic."]


def test_it_tells_how_far_it_is_and_stops_when_asked(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    opened, gate = dialog(), Event()

    def answer(progress: Progress) -> None:
        progress.step(0.5, msg("Sending {n} files to {name}", n=2, name="Clinic"))
        assert gate.wait(60)
        progress.step(0.6, msg("Sending {n} files to {name}", n=2, name="Clinic"))

    desk.answers = answer
    click(qtbot, opened.send)
    qtbot.waitUntil(lambda: opened.words.text() == "Sending 2 files to Clinic")
    assert opened.bar.isVisible()
    assert opened.bar.value() == 500
    assert not opened.send.isEnabled()
    opened.show_case(Work(8), ReportOptions())  # type: ignore[arg-type]
    assert opened.windowTitle() == "Send case 0007 to an archive"
    with qtbot.waitSignal(opened.settled):
        click(qtbot, opened.stop)
        gate.set()
    assert said(opened) == ["Stopped."]
    assert not opened.bar.isVisible()
    assert opened.send.isEnabled()


def test_without_an_archive_one_can_be_set_up(dialog: Opened, desk: Desk, qtbot: QtBot) -> None:
    desk.now = SendingState()
    opened = dialog()
    assert opened.obstacle.sentence.text() == "No archive is set up yet."
    assert not opened.send.isEnabled()
    with qtbot.waitSignal(opened.network_requested):
        click(qtbot, opened.set_up)
    desk.now = SendingState((CLINIC,))
    with qtbot.waitSignal(opened.settled):
        QApplication.sendEvent(opened, QEvent(QEvent.Type.ActivationChange))
    assert opened.archive.currentText() == "Clinic"
    assert opened.send.isEnabled()
    assert not opened.set_up.isVisible()


def test_why_nothing_can_be_sent_is_said_and_what_waits_can_be(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    hidden = StoreRefused(msg("Your own impression comes first."), msg("Record it."))
    desk.now = SendingState((CLINIC,), {"Clinic": 1}, hidden)
    opened = dialog()
    assert (
        opened.obstacle.accessibleName() == "Warning: Your own impression comes first. Record it."
    )
    assert not opened.send.isEnabled()
    assert waiting_button(qtbot, opened).isEnabled()


def test_a_library_that_is_only_read_sends_nothing_not_even_what_waits(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    refused = StoreRefused(msg("This library is open for reading only."))
    desk.now = SendingState((CLINIC,), {"Clinic": 1}, refused, can_record=False)
    opened = dialog()
    assert not opened.send.isEnabled()
    assert not waiting_button(qtbot, opened).isEnabled()


def test_settings_that_cannot_be_read_are_said(
    dialog: Opened, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> SendingState:
        raise InputRefused(msg("The network settings cannot be read."), msg("Correct the file."))

    monkeypatch.setattr(desk, "state", broken)
    opened = dialog()
    assert "cannot be read" in opened.obstacle.sentence.text()
    assert not opened.set_up.isVisible()


def test_another_case_begins_without_the_last_ones_results(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    opened = dialog()
    click(qtbot, opened.send)
    qtbot.waitUntil(lambda: said(opened) == ["2 objects sent to Clinic."])
    opened.show_case(Work(8), ReportOptions())  # type: ignore[arg-type]
    assert said(opened) == []
    assert opened.windowTitle() == "Send case 0008 to an archive"


def test_without_a_case_only_what_waits_is_offered(
    dialog: Opened, desk: Desk, qtbot: QtBot
) -> None:
    desk.now = SendingState((CLINIC,), {"Clinic": 1}, InputRefused(msg("No case is open.")))
    opened = dialog(None)
    assert opened.windowTitle() == "Send to an archive"
    assert waiting_button(qtbot, opened).isEnabled()
    assert not opened.send.isEnabled()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with a_library(tmp_path / "library") as found:
        yield found


def test_the_desk_asks_nothing_of_a_network_that_was_never_used(
    library: Library, tmp_path: Path
) -> None:
    desk = SendingDesk(library, tmp_path / "pacs.json")
    assert desk.waiting() == {}
    state = desk.state(None)
    assert state.nodes == ()
    assert state.can_record
    assert "No case is open" in str(state.obstacle)
    assert not (library.folder / "pacs").exists()


@pytest.mark.slow
def test_a_real_case_goes_from_the_window_to_an_archive(
    library: Library, qtbot: QtBot, tmp_path: Path
) -> None:
    case_id, port = keep_case(library), free_port()
    hidden = [msg("Your own impression comes first.")]
    outbox_of(library.folder).add("Archive A", instance(tmp_path / "files", 1))
    entrance = ReportEntrance(
        library,
        the_shelf(library),
        tmp_path / "settings.json",
        lambda: case_id,
        lambda _: hidden[0] if hidden else None,
    )
    window = entrance.open()
    qtbot.addWidget(window)
    panel = window.panel
    qtbot.waitUntil(lambda: not panel.waiting.isHidden(), timeout=SOON_MS)
    assert panel.waiting.sentence.text() == "1 object waits to be sent to Archive A."
    assert not panel.button(ReportKind.SR).isEnabled()
    click(qtbot, panel.send_button)
    dialog = entrance.open_sending()
    qtbot.waitUntil(lambda: "impression" in dialog.obstacle.sentence.text(), timeout=SOON_MS)
    with qtbot.waitSignal(entrance.network_requested):
        click(qtbot, dialog.set_up)
    hidden.clear()
    node = RemoteNode("Archive A", "ARCHIVE", "127.0.0.1", port)
    save_pacs(tmp_path / "pacs.json", PacsSettings(nodes=(node,)))
    window.reload()
    dialog.reload()
    qtbot.waitUntil(dialog.send.isEnabled, timeout=SOON_MS)
    settings = ReceiverSettings(True, "ARCHIVE", "127.0.0.1", port, ("HER2DESK",))
    with (
        Spool(tmp_path / "received") as spool,
        Receiver(settings, spool, lambda _file: None),
    ):
        click(qtbot, dialog.send)
        qtbot.waitUntil(lambda: said(dialog) == ["3 objects sent to Archive A."], timeout=SOON_MS)
        assert len(list(spool.files())) == 3
    [entry] = [one for one in library.history(case_id) if one.action is Action.SENT]
    assert [item["kind"] for item in (entry.content or {})["objects"]] == ["seg", "sr"]
    qtbot.waitUntil(panel.waiting.isHidden, timeout=SOON_MS)
    entrance.close()
    assert not dialog.isVisible()


@pytest.mark.slow
def test_a_main_window_that_closes_leaves_what_is_not_sent_waiting(
    library: Library, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = keep_case(library)
    node = RemoteNode("Archive A", "ARCHIVE", "127.0.0.1", free_port())  # nobody listens
    save_pacs(tmp_path / "pacs.json", PacsSettings(nodes=(node,)))
    begun, whole = Event(), CaseSending.deliver

    def deliver(*arguments: object) -> Sent:
        begun.set()
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(CaseSending, "deliver", deliver)
    entrance = ReportEntrance(
        library, the_shelf(library), tmp_path / "settings.json", lambda: case_id
    )
    window = entrance.open()
    qtbot.addWidget(window)
    qtbot.waitUntil(window.panel.send_button.isEnabled, timeout=SOON_MS)
    dialog = entrance.open_sending()
    qtbot.waitUntil(dialog.send.isEnabled, timeout=SOON_MS)
    click(qtbot, dialog.send)
    qtbot.waitUntil(begun.is_set, timeout=SOON_MS)
    entrance.close()
    assert len(outbox_of(library.folder).waiting("Archive A")) == 2
    assert [one for one in library.history(case_id) if one.action is Action.SENT] == []
