"""Searching archives, setting them up, and receiving, as the reader does it."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.node_files import load_pacs, save_pacs
from her2desk.dicom.pacs.nodes import PacsSettings, ReceiverSettings, RemoteNode, TlsChoice
from her2desk.dicom.pacs.outbox import Outbox, deliver
from her2desk.dicom.pacs.queries import Match, Matches, Query
from her2desk.dicom.pacs.refusals import connection_cut, no_connection, rejected
from her2desk.domain.progress import Progress
from her2desk.errors import Her2DeskError
from her2desk.texts import msg
from her2desk.ui.import_rows import ImportRow
from her2desk.ui.pacs.desk import NetworkDesk
from her2desk.ui.pacs.entrance import PacsEntrance
from her2desk.ui.pacs.fields import Field
from her2desk.ui.pacs.network_window import NetworkWindow
from tests.orthanc import free_port
from tests.unit.dicom.pacs.samples import instance

ARCHIVE = RemoteNode("Clinic", "PACS", "127.0.0.1", 4242)
STUDIES = (
    Match("0001", "Doe^Jane", "19610203", study_date="20240305", study_uid="1.2.3", instances=4),
    Match("0002", "Wang^XiaoDong=王^小东", study_uid="1.2.4"),
)
SOON_MS = 30_000


class Desk(NetworkDesk):
    """An archive that answers as the test wants."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "pacs.json", folder / "library")
        self.asked: list[Query] = []
        self.tested: list[RemoteNode] = []
        self.answers: Callable[[], None] = lambda: None
        self.is_cut_off = False

    def test(self, node: RemoteNode, progress: Progress) -> None:
        self.tested.append(node)
        self.answers()

    def search(self, node: RemoteNode, query: Query, progress: Progress) -> Matches:
        self.asked.append(query)
        self.answers()
        return Matches(STUDIES, self.is_cut_off)

    def fetch(self, node: RemoteNode, study_uid: str, progress: Progress) -> tuple[list[Path], str]:
        progress.step(0.5, msg("Fetching"))
        self.answers()
        return [Path(f"{study_uid}.dcm")], ""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    save_pacs(made.settings_path, PacsSettings(nodes=(ARCHIVE,)))
    return made


@pytest.fixture
def entrance(tmp_path: Path, desk: Desk) -> Iterator[PacsEntrance]:
    made = PacsEntrance(tmp_path / "library", tmp_path / "settings.json")
    made.desk = desk
    yield made
    made.close()


@pytest.fixture
def window(entrance: PacsEntrance, qtbot: QtBot) -> NetworkWindow:
    opened = entrance.open()
    qtbot.addWidget(opened)
    qtbot.waitUntil(lambda: opened.search.archive.count() == 1)
    return opened


def edit(field: Field) -> QLineEdit:
    assert isinstance(field.editor, QLineEdit)
    return field.editor


def write(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)


def click(qtbot: QtBot, button: object) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_study_is_searched_for_and_fetched(
    qtbot: QtBot, window: NetworkWindow, desk: Desk
) -> None:
    search = window.search
    write(qtbot, search.name, "Doe")
    write(qtbot, search.first, "2024-01-01")
    with qtbot.waitSignal(search.task.ended):
        qtbot.keyClick(search.name, Qt.Key.Key_Return)
    assert desk.asked == [Query(patient_name="Doe", date_from="20240101")]
    assert search.studies.rowCount() == 2
    assert search.note.sentence.text() == "2 studies found."
    shown = [search.studies.data(search.studies.index(1, column)) for column in range(7)]
    assert shown[1] == "Wang XiaoDong · 王 小东"
    with qtbot.waitSignal(window.fetched) as fetched:
        click(qtbot, search.fetch)
    assert fetched.args == [[Path("1.2.3.dcm")]]


def test_what_is_cut_off_is_said(qtbot: QtBot, window: NetworkWindow, desk: Desk) -> None:
    desk.is_cut_off = True
    click(qtbot, window.search.ultrasound_only)
    with qtbot.waitSignal(window.search.task.ended):
        click(qtbot, window.search.search)
    assert desk.asked[0].modality == ""
    assert window.search.note.warns()


def test_a_day_that_is_none_is_said_before_anything_is_asked(
    qtbot: QtBot, window: NetworkWindow, desk: Desk
) -> None:
    write(qtbot, window.search.last, "31.12.")
    click(qtbot, window.search.search)
    assert "YYYY-MM-DD" in window.search.note.sentence.text()
    assert not desk.asked


def test_an_archive_that_fails_is_a_sentence(
    qtbot: QtBot, window: NetworkWindow, desk: Desk
) -> None:
    def fails() -> None:
        raise connection_cut(ARCHIVE)

    desk.answers = fails
    with qtbot.waitSignal(window.search.task.ended):
        click(qtbot, window.search.search)
    assert window.search.note.warns()
    assert "was cut" in window.search.note.sentence.text()
    assert window.search.search.isEnabled()


def test_fetching_can_be_stopped(qtbot: QtBot, window: NetworkWindow, desk: Desk) -> None:
    search = window.search
    with qtbot.waitSignal(search.task.ended):
        click(qtbot, search.search)
    go_on = threading.Event()
    desk.answers = lambda: desk_step(search) if go_on.wait(30) else None
    with qtbot.waitSignal(search.task.progressed):
        click(qtbot, search.fetch)
    assert search.cancel.isVisible()
    assert search.bar.value() == 500
    with qtbot.assertNotEmitted(window.fetched):
        click(qtbot, search.cancel)
        with qtbot.waitSignal(search.task.ended):
            go_on.set()
    assert search.fetch.isEnabled()


def desk_step(search: object) -> None:
    """What the work does between two images."""
    search.task.step(0.6, msg("Fetching"))  # type: ignore[attr-defined]


def test_an_archive_is_added_and_forgotten(qtbot: QtBot, window: NetworkWindow, desk: Desk) -> None:
    window.tabs.setCurrentIndex(2)
    archives = window.archives
    click(qtbot, archives.add)
    for field, text in (
        (archives.name, "Teaching"),
        (archives.ae_title, "ORTHANC"),
        (archives.host, "10.0.0.7"),
        (archives.port, "104"),
    ):
        write(qtbot, edit(field), text)
    click(qtbot, archives.save)
    qtbot.waitUntil(lambda: window.search.archive.count() == 2)
    added = RemoteNode("Teaching", "ORTHANC", "10.0.0.7", 104)
    assert load_pacs(desk.settings_path).nodes == (ARCHIVE, added)
    click(qtbot, archives.remove)
    qtbot.waitUntil(lambda: window.search.archive.count() == 1)
    assert load_pacs(desk.settings_path).nodes == (ARCHIVE,)


def test_an_archive_is_changed(qtbot: QtBot, window: NetworkWindow, desk: Desk) -> None:
    window.tabs.setCurrentIndex(2)
    write(qtbot, edit(window.archives.port), "11112")
    click(qtbot, window.archives.tls.encrypted)
    window.archives.tls.authority.set_path(Path("/ca.pem"))
    click(qtbot, window.archives.save)
    qtbot.waitUntil(lambda: load_pacs(desk.settings_path).nodes[0].port == 11112)
    assert load_pacs(desk.settings_path).nodes[0].tls == TlsChoice(Path("/ca.pem"))


def test_each_wrong_field_says_so_beside_itself(
    qtbot: QtBot, window: NetworkWindow, desk: Desk
) -> None:
    window.tabs.setCurrentIndex(2)
    archives = window.archives
    click(qtbot, archives.add)
    write(qtbot, edit(archives.name), "Clinic")
    click(qtbot, archives.save)
    assert "Another archive" in archives.name.problem.sentence.text()
    assert "missing" in archives.ae_title.problem.sentence.text()
    assert "missing" in archives.host.problem.sentence.text()
    assert "1 to 65535" in archives.port.problem.sentence.text()
    assert not archives.tls_field.problem.warns()
    assert len(load_pacs(desk.settings_path).nodes) == 1


@pytest.mark.parametrize(
    ("error", "field"),
    [
        (no_connection(ARCHIVE, socket.gaierror()), "host"),
        (no_connection(ARCHIVE, ConnectionRefusedError()), "port"),
        (rejected(ARCHIVE, "HER2DESK", 1, 7), "ae_title"),
        (no_connection(ARCHIVE, ConnectionResetError(), in_tls=True), "tls"),
        (rejected(ARCHIVE, "HER2DESK", 1, 3), None),
    ],
)
def test_a_failed_test_is_told_beside_the_field_that_it_is_about(
    error: Her2DeskError, field: str | None, qtbot: QtBot, window: NetworkWindow, desk: Desk
) -> None:
    def fails() -> None:
        raise error

    desk.answers = fails
    window.tabs.setCurrentIndex(2)
    archives = window.archives
    click(qtbot, archives.test)
    qtbot.waitUntil(archives.test.isEnabled)
    assert desk.tested == [ARCHIVE]
    said = {name: one.problem.sentence.text() for name, one in archives.fields.items()}
    for name, text in said.items():
        assert text == (error.message.text() if name == field else "")
    assert error.remedy.text() in archives.result.sentence.text()


def test_a_test_that_succeeds_says_so(qtbot: QtBot, window: NetworkWindow) -> None:
    window.tabs.setCurrentIndex(2)
    click(qtbot, window.archives.test)
    qtbot.waitUntil(window.archives.test.isEnabled)
    assert window.archives.result.sentence.text() == "The connection works."


def test_a_broken_settings_file_is_a_sentence(
    qtbot: QtBot, entrance: PacsEntrance, desk: Desk
) -> None:
    desk.settings_path.write_text("no json")
    window = entrance.open()
    qtbot.addWidget(window)
    qtbot.waitUntil(window.note.isVisible)
    assert "cannot be read" in window.note.sentence.text()


def test_receiving_is_switched_on_takes_an_image_and_is_switched_off(
    qtbot: QtBot, window: NetworkWindow, entrance: PacsEntrance, desk: Desk, tmp_path: Path
) -> None:
    window.show_receiving()
    receiving, port = window.receiving, free_port()
    assert receiving.state.sentence.text().startswith("Off")
    qtbot.keyClick(receiving.enabled, Qt.Key.Key_Space)
    write(qtbot, edit(receiving.port), str(port))
    click(qtbot, receiving.apply)
    assert "nobody else can" in receiving.allowed.problem.sentence.text()
    write(qtbot, edit(receiving.allowed), "SCANNER, PACS,")
    with qtbot.waitSignal(entrance.receiver.listening, timeout=SOON_MS):
        click(qtbot, receiving.apply)
    kept = load_pacs(desk.settings_path).receiver
    assert kept == ReceiverSettings(True, port=port, allowed_ae_titles=("SCANNER", "PACS"))

    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Desk", instance(tmp_path / "files", 1))
    with qtbot.waitSignal(entrance.paths_arrived, timeout=SOON_MS) as arrived:
        deliver(outbox, RemoteNode("Desk", "HER2DESK", "127.0.0.1", port), Asking("SCANNER"))
    (path,) = arrived.args[0]
    assert path.parent == desk.inbox
    assert receiving.state.sentence.text() == "On: 1 image received."

    qtbot.keyClick(receiving.enabled, Qt.Key.Key_Space)
    with qtbot.waitSignal(entrance.receiving_changed, timeout=SOON_MS) as changed:
        click(qtbot, receiving.apply)
    assert changed.args == [None]
    assert not entrance.receiver.is_on
    assert desk.waiting() == [path]
    entrance.settle([row(path, "imported"), row(tmp_path / "else.dcm", "imported")])
    qtbot.waitUntil(lambda: not desk.waiting())


def row(path: Path, status: str, code: str = "") -> ImportRow:
    return ImportRow(path.name, str(path), status, "", "", None, False, code)


def test_a_port_in_use_is_said_where_it_was_switched_on(
    qtbot: QtBot, window: NetworkWindow, entrance: PacsEntrance
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = ReceiverSettings(
            True, port=taken.getsockname()[1], allowed_ae_titles=("SCANNER",)
        )
        with qtbot.waitSignal(entrance.refused, timeout=SOON_MS):
            entrance.receiver.start(settings, entrance.desk.inbox)
    assert "Another program listens" in window.receiving.state.sentence.text()
    assert not entrance.receiver.is_on


def test_how_far_it_can_be_reached_follows_what_is_written(
    qtbot: QtBot, window: NetworkWindow
) -> None:
    window.show_receiving()
    assert not window.receiving.reach.warns()
    write(qtbot, edit(window.receiving.host), "0.0.0.0")
    assert window.receiving.reach.warns()
    assert "not encrypted" in window.receiving.reach.sentence.text()


def test_nothing_is_started_where_the_network_was_never_used(qtbot: QtBot, tmp_path: Path) -> None:
    entrance = PacsEntrance(tmp_path / "none", tmp_path / "none" / "settings.json")
    threads = threading.active_count()
    entrance.begin()
    assert threading.active_count() == threads
    assert not entrance.receiver.is_on
    entrance.close()


def test_what_an_earlier_run_left_is_brought_in(
    qtbot: QtBot, entrance: PacsEntrance, desk: Desk
) -> None:
    desk.inbox.mkdir(parents=True)
    left = desk.inbox / "left.dcm"
    left.write_bytes(b"")
    with qtbot.waitSignal(entrance.paths_arrived) as arrived:
        entrance.begin()
    assert arrived.args == [[left]]
    entrance.settle([row(left, "refused", "store-full")])  # may be taken another time
    entrance.settle([row(left, "refused", "malformed")])
    qtbot.waitUntil(lambda: (desk.inbox / "aside" / "left.dcm").exists())
