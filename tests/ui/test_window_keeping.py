"""The real window keeps what is done in it: full disks, second windows, packs, reports, erasure."""

import hashlib
import os
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QPushButton, QWidget

from her2desk.domain.prediction import Prediction
from her2desk.inference.reproducing import Sameness, reproduce, stored_answers
from her2desk.inference.stored_prediction import from_stored
from her2desk.packs.signing import fingerprint
from her2desk.packs.trust import How, TrustStore
from her2desk.paths import demo_case_dir, demo_pack_path
from her2desk.settings import load_settings
from her2desk.store.history import Action
from her2desk.ui import app
from her2desk.ui.jobs import JobRunner
from her2desk.ui.main_window import MainWindow
from her2desk.ui.packs.trust_question import TrustQuestion
from her2desk.ui.panels.result_panel import ResultState
from tests.orthanc import free_port
from tests.pack_samples import write_version
from tests.ui.seat import (
    CTRL,
    SHIFT,
    Seat,
    all_that_is_said,
    asked,
    button,
    click,
    full_disk,
    lead,
    type_into,
    wait_until,
)
from tests.unit.dicom.dicom_builder import US_IMAGE
from tests.unit.dicom.pacs.samples import instance

DEMO = demo_case_dir() / "demo.dcm"
Key = Qt.Key
RETRY_MS = 100


@pytest.fixture
def seat(qapp: QApplication, tmp_path: Path) -> Iterator[Seat]:
    made = Seat(tmp_path)
    made.window.session.writes._again.setInterval(RETRY_MS)
    yield made
    made.close()


def drawings(seat: Seat, case_id: int) -> list[object]:
    entries = seat.library.history(case_id)
    return [entry.content for entry in entries if entry.action is Action.DRAWING]


# 1: a disk that is full


def test_strokes_wait_for_a_full_disk_and_are_written_in_order_without_a_click(seat: Seat) -> None:
    seat.open_demo()
    window, case_id = seat.window, 1
    seat.stroke_demo()
    wait_until(seat.says_saved)
    drawn = [window.session.drawing.to_json()]
    with full_disk(seat):
        for count in (1, 2, 3):
            seat.stroke_demo(by=8.0 * count)
            drawn.append(window.session.drawing.to_json())
            words = f"{count} change not saved" if count == 1 else f"{count} changes not saved"
            wait_until(lambda words=words: window.status.text().endswith(words))
        note = window.workspace.note_text()
        assert "The disk is full" in note
        assert "Free some space" in note
        assert drawings(seat, case_id) == drawn[:1]
        click(button(window.workspace.view, "Close"))
        tries: list[object] = []
        window.session.writes.held_up.connect(lambda *told: tries.append(told))
        wait_until(lambda: tries)  # in vain
        assert window.workspace.note_text() == "", "once is enough"
    wait_until(seat.says_saved)
    assert drawings(seat, case_id) == drawn
    assert window.workspace.note_text() == "", "there is nothing to do any more"
    assert seat.errors() == []


def test_closing_while_nothing_can_be_saved_asks_and_stays(seat: Seat) -> None:
    seat.open_demo()
    with full_disk(seat):
        seat.stroke_demo()
        # At once: whether it can be written is not known yet.
        with asked(lambda box: QTest.keyClick(box, Key.Key_Return)) as said:
            seat.window.close()
        assert seat.window.isVisible()
        words = " ".join(said)
        assert "1 change is not saved." in words
        assert "The disk is full" in words
        with asked(lambda box: QTest.keyClick(box, Key.Key_Escape)):
            seat.press(Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
        assert seat.window.isVisible()
    wait_until(seat.says_saved)
    seat.window.close()
    assert not seat.window.isVisible()


def test_closing_may_lose_what_cannot_be_saved_where_the_reader_wants_it(seat: Seat) -> None:
    seat.open_demo()
    with full_disk(seat):
        seat.stroke_demo()
        wait_until(lambda: seat.window.session.writes.held is not None)
        with asked(lambda box: click(button(box, "Close and lose them"))):
            seat.window.close()
        assert not seat.window.isVisible()
        QApplication.processEvents()
        assert not seat.window.session.writes._again.isActive(), "it tries nothing more"
        assert seat.errors() == []


def test_while_changes_wait_another_case_is_refused_in_words(seat: Seat, tmp_path: Path) -> None:
    seat.bring_in(instance(tmp_path / "in", 1))
    seat.open_demo()
    session = seat.window.session
    assert session.case is not None
    demo, other = session.case.case_id, 1
    assert demo == 2
    with full_disk(seat):
        seat.stroke_demo()
        wait_until(lambda: session.writes.held is not None)
        drawing = session.drawing
        seat.click_row(other)
        wait_until(lambda: seat.errors())
        assert seat.errors()[0].startswith(
            "This case stays open until its changes are saved. The disk is full"
        )
        assert seat.window.result.state is ResultState.EMPTY, "that is said of no answer"
        assert session.case.case_id == demo
        wait_until(lambda: seat.window.cases.selected() == demo)  # what is on screen is marked
        assert seat.window.workspace.view.drawing == drawing
    wait_until(seat.says_saved)
    assert seat.errors() == []
    seat.click_row(other)
    wait_until(lambda: session.case is not None and session.case.case_id == other)


# 2: two windows on one library


def test_a_second_window_reads_only_and_says_who_has_the_library(
    seat: Seat, tmp_path: Path
) -> None:
    seat.open_demo()
    second = Seat(tmp_path)
    window = second.window
    standing = window.problems.standing
    assert standing.isVisible()
    assert "Read only" in standing.sentence.text()
    assert f"process {os.getpid()} on " in standing.sentence.text()
    assert not standing.findChildren(QPushButton)[0].isVisible(), "it cannot be closed away"
    wait_until(lambda: len(second.rows()) == 1)
    second.click_row(1)
    wait_until(lambda: window.workspace.view.has_frame)
    before = len(seat.library.history(1))
    second.stroke_demo()
    second.settle()
    assert window.session.roi is not None
    assert len(seat.library.history(1)) == before
    assert window.status.text().endswith("read only")
    second.drop(instance(tmp_path / "in", 1))
    wait_until(lambda: second.errors())
    assert second.errors() == [
        "This window only reads; nothing can be imported here."
        " Import in the window that has the library open for writing."
    ]
    second.close()

    seat.window.close()
    third = Seat(tmp_path)
    assert not third.window.problems.standing.isVisible()
    wait_until(lambda: len(third.rows()) == 1)
    third.click_row(1)
    wait_until(lambda: third.window.workspace.view.has_frame)
    third.stroke_demo()
    wait_until(third.says_saved)
    assert len(third.library.history(1)) > before
    third.close()


def test_another_reader_may_sit_down_at_a_window_that_only_reads(
    seat: Seat, tmp_path: Path
) -> None:
    seat.open_demo()
    seat.stroke_demo()
    seat.settle()
    mine = seat.window.session.roi
    second = Seat(tmp_path)
    wait_until(lambda: len(second.rows()) == 1)
    second.click_row(1)
    wait_until(lambda: second.window.session.case is not None)
    assert second.window.session.roi == mine
    second.window.preferences.choose_reader("Reader B")
    wait_until(lambda: second.library.reader == "Reader B")
    wait_until(lambda: second.window.session.roi is None)
    assert second.window.header.reader.text() == "Reader B"
    second.close()


# 3: the case list


def test_the_list_is_searched_and_filtered_and_a_stroke_renews_one_row(
    seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        instance(tmp_path / "in", number, PatientID=name)
        for number, name in enumerate(("ALPHA", "BETA", "GAMMA"), 1)
    ]
    seat.bring_in(*files)
    cases, case = seat.window.cases, seat.window.session.case
    assert case is not None
    assert {str(row.status) for row in seat.rows()} == {"imported"}

    searches: list[object] = []
    whole = seat.library.find
    monkeypatch.setattr(
        seat.library, "find", lambda *asked, **more: searches.append(asked) or whole(*asked, **more)
    )
    seat.stroke(8, 6, 24, 18)
    wait_until(lambda: seat.status_of(case.case_id) == "drawn")
    assert searches == [], "ten thousand cases are not read for one stroke"
    assert len(seat.rows()) == 3

    seat.press(Key.Key_F, CTRL)
    assert cases.search.hasFocus()
    QTest.keyClicks(cases.search, "beta")
    wait_until(lambda: [row.patient_id for row in seat.rows()] == ["BETA"])
    assert cases.count.text() == "1 of 3"
    QTest.keyClicks(cases.search, "x")
    wait_until(lambda: cases.empty_text() == "No case matches “betax”.")
    cases.search.clear()
    wait_until(lambda: len(seat.rows()) == 3)

    click(cases.filter_button)
    status = cases.filters.status
    status.setFocus()
    while status.currentText() != "drawn":
        QTest.keyClick(status, Key.Key_Down)
    wait_until(lambda: [row.case_id for row in seat.rows()] == [case.case_id])
    assert cases.filter_button.text().startswith("1 filter ")
    click(cases.filters.clear_button)
    wait_until(lambda: len(seat.rows()) == 3)


# 4: the library as a whole


def test_a_backup_restored_from_the_window_closes_it_and_opens_another_that_says_so(
    qapp: QApplication, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, library = tmp_path / "mine.h2library", own_home
    monkeypatch.setattr(app, "has_display", lambda _environment: True)
    monkeypatch.setattr(JobRunner, "start", lambda _runner: None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(backup), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(backup), ""))
    seen: dict[str, object] = {}

    def windows() -> list[MainWindow]:
        tops = QApplication.topLevelWidgets()
        return [one for one in tops if isinstance(one, MainWindow) and one.isVisible()]

    def first() -> MainWindow:
        assert isinstance(seen["first"], MainWindow)
        return seen["first"]

    def open_demo() -> bool:
        if windows():
            seen["first"] = windows()[0]
            first().open_demo()
        return "first" in seen

    def back_up() -> bool:
        window = first().tools.library.window
        if first().session.case is None:
            return False
        if window is None:
            QTest.keyClick(first(), Key.Key_B, CTRL | SHIFT)
            return False
        if window.back_up.isEnabled():
            click(window.back_up)
            return True
        return False

    def restore() -> bool:
        window = first().tools.library.window
        assert window is not None
        if "Backed up" in window.note.text() and window.restore.isEnabled():
            click(window.restore)
            return True
        return False

    def agree() -> bool:
        box = QApplication.activeModalWidget()
        if box is None or "The backup is whole: 1 case." not in box.text():
            return False
        click(button(box, "Restore"))
        return True

    def look_at_the_next() -> bool:
        after = [one for one in windows() if one is not first()]
        if not after or not after[0].problems.note.isVisible():
            return False
        seen["title"] = any(one is first() and one.isVisible() for one in windows())
        seen["note"] = after[0].problems.note.sentence.text()
        seen["rows"] = after[0].cases.count.text()
        if not seen["rows"]:
            return False
        after[0].close()
        return True

    leading = lead((open_demo, back_up, restore, agree, look_at_the_next))
    assert app.run(["--library", str(library)]) == 0
    leading.stop()
    assert str(seen["note"]).startswith("Restored 1 case. The library from before lies in ")
    assert seen["rows"] == "1 case"
    assert seen["title"] is False


def test_erasing_the_open_case_leaves_nothing_of_the_patient_on_screen_or_in_the_engine(
    seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = instance(tmp_path / "in", 1, PatientID="QX-7781", PatientName="Xylophon^Quintessa")
    named = planted.rename(planted.with_name("Xylophon Quintessa.dcm"))
    seat.bring_in(named)
    window = seat.window
    seat.stroke(8, 6, 24, 18)
    seat.settle()
    assert any("QX-7781" in text for text in all_that_is_said())
    seat.press(Key.Key_I, CTRL)
    seat.press(Key.Key_P, CTRL)
    report = window.tools.report.window
    assert report is not None
    wait_until(lambda: "has no answer" in report.empty.text() or report.remedy.text())
    seat.press(Key.Key_L, CTRL | SHIFT)
    seat.press(Key.Key_B, CTRL | SHIFT)
    library = window.tools.library.window
    assert library is not None
    wait_until(lambda: library.table.view.model().rowCount() == 1)
    library.table.view.selectRow(0)

    def erase(question: object) -> None:
        type_into(question.typed, "QX-7781")  # type: ignore[attr-defined]
        click(question.erase)  # type: ignore[attr-defined]

    forgotten: list[bool] = []
    monkeypatch.setattr(window.runner, "forget", lambda: forgotten.append(True))
    wait_until(library.erase.isEnabled)
    with asked(erase):
        click(library.erase)
        wait_until(lambda: window.session.case is None)
    assert forgotten == [True]
    wait_until(lambda: window.cases.empty_text().startswith("No cases yet."))
    seat.settle()
    wait_until(lambda: library.table.view.model().rowCount() == 0)
    assert window.workspace.empty_state.isVisible()
    left = [
        text
        for text in all_that_is_said()
        if any(part in text for part in ("QX-7781", "Xylophon", "Quintessa"))
    ]
    assert sorted(set(left)) == []
    assert window.workspace.view.image is None
    seat.press(Key.Key_P, CTRL)
    wait_until(lambda: report.empty.text() == "No case is open.")


# 6: who vouches for a pack


KEY = Ed25519PrivateKey.generate()
MARK = fingerprint(KEY.public_key())


def choose_pack(seat: Seat, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    click(seat.window.header.pack_button)


def question_of(seat: Seat) -> TrustQuestion:
    wait_until(
        lambda: seat.window.asking.question is not None and seat.window.asking.question.isVisible()
    )
    assert seat.window.asking.question is not None
    return seat.window.asking.question


def in_use(seat: Seat) -> str:
    pack = seat.window.session.pack
    return "" if pack is None else f"{pack.pack.identity.name} {pack.pack.identity.version}"


def test_a_pack_of_an_unknown_signer_is_asked_about_and_the_answer_outlives_the_window(
    seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = seat.window
    window.session.open_pack(demo_pack_path())
    wait_until(lambda: in_use(seat))
    demo = in_use(seat)
    signed = write_version(tmp_path / "ward.h2pack", "1.0", KEY)
    choose_pack(seat, signed, monkeypatch)
    question = question_of(seat)
    assert {
        b.text().replace("&", "") for b in (question.always, question.once, question.refuse)
    } == {
        "Trust this signer",
        "Use once",
        "Do not use",
    }
    assert in_use(seat) == demo, "not before it is answered"
    click(question.refuse)
    wait_until(lambda: seat.errors())
    assert "is not used" in seat.errors()[0]
    assert in_use(seat) == demo

    choose_pack(seat, signed, monkeypatch)
    click(question_of(seat).once)
    wait_until(lambda: in_use(seat) == "Ward pack 1.0")
    assert window.header.trust_badge.isVisible()
    assert window.header.trust_badge.text() == "Signer not known"

    window.session.open_pack(demo_pack_path())
    wait_until(lambda: in_use(seat) == demo)
    assert not window.header.trust_badge.isVisible()
    signed = write_version(tmp_path / "ward 1.1.h2pack", "1.1", KEY)
    choose_pack(seat, signed, monkeypatch)
    question = question_of(seat)
    type_into(question.name, "Ward 3")
    click(question.always)
    wait_until(lambda: in_use(seat) == "Ward pack 1.1")
    assert not window.header.trust_badge.isVisible()
    seat.close()

    assert load_settings(tmp_path / "settings.json").pack_path == str(signed)
    (signer,) = TrustStore(tmp_path / "signers.json").signers()
    assert (signer.name, signer.fingerprint) == ("Ward 3", MARK)
    again = Seat(tmp_path)
    again.window.session.open_pack(again.window._pack_path)
    wait_until(lambda: in_use(again) == "Ward pack 1.1")
    assert again.window.asking.question is None
    again.close()


def test_an_unsigned_pack_is_marked_and_a_blocked_signers_pack_leaves_the_old_one(
    seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = seat.window
    choose_pack(seat, write_version(tmp_path / "plain.h2pack", "2.0"), monkeypatch)
    click(question_of(seat).always)
    wait_until(lambda: in_use(seat) == "Ward pack 2.0")
    assert window.header.trust_badge.isVisible()
    assert window.header.trust_badge.text() == "Not signed"
    TrustStore(tmp_path / "signers.json").block(KEY.public_key(), "Mallory", How.COMMAND)
    choose_pack(seat, write_version(tmp_path / "theirs.h2pack", "3.0", KEY), monkeypatch)
    wait_until(lambda: seat.errors())
    assert seat.errors() == [
        "The model pack is signed by Mallory, whom you have blocked."
        " Use another pack, or trust the signer again if the block was a mistake."
    ]
    assert in_use(seat) == "Ward pack 2.0"
    assert window.header.trust_badge.text() == "Not signed"


# 7: the network


def test_images_are_received_only_while_that_is_switched_on(seat: Seat, tmp_path: Path) -> None:
    header, port = seat.window.header, free_port()
    assert header.receive_button.text() == "Receive ○ off"
    assert seat.window.tools.network.window is None
    assert not seat.window.tools.network.receiver.is_on
    sent = instance(tmp_path / "in", 1, PatientID="SENT-1")
    assert refuses(port)

    click(header.receive_button)
    network = seat.window.tools.network.window
    assert network is not None
    tab = network.receiving
    wait_until(tab.isVisible)
    worker = seat.window.tools.network._background
    assert worker is not None
    worker.flush()
    QApplication.processEvents()
    tab.enabled.setFocus()
    QTest.keyClick(tab.enabled, Key.Key_Space)
    type_into(tab.port.editor, str(port))
    type_into(tab.allowed.editor, "HER2TEST")
    receiver = seat.window.tools.network.receiver
    click(tab.apply)
    wait_until(lambda: receiver.is_listening)
    assert header.receive_button.text() == "Receive ● on"
    assert send(sent, port) == 0
    wait_until(lambda: [row.patient_id for row in seat.rows()] == ["SENT-1"])
    assert header.receive_button.text() == "Receive ● 1"

    click(header.receive_button)
    QTest.keyClick(tab.enabled, Key.Key_Space)
    click(header.receive_button)
    worker.flush()
    QApplication.processEvents()
    assert not tab.enabled.isChecked(), "what is not applied yet is not taken back by a look"
    click(tab.apply)
    wait_until(lambda: header.receive_button.text() == "Receive ○ off")
    wait_until(lambda: refuses(port))


def send(path: Path, port: int) -> int | None:
    """By C-STORE, as a scanner does; None where nobody listens or takes it."""
    ae = AE("HER2TEST")
    ae.add_requested_context(US_IMAGE, ExplicitVRLittleEndian)
    association = ae.associate("127.0.0.1", port, ae_title="HER2DESK")
    if not association.is_established:
        return None
    status = association.send_c_store(dcmread(path))
    association.release()
    return int(status.Status)


def refuses(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


# 8: what nobody foresaw


def test_a_fault_of_ours_is_shown_with_a_reference_and_a_bundle_is_saved_by_keys(
    seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, bundle = seat.window, tmp_path / "bundle.zip"
    bar = window.problems.errors
    QTimer.singleShot(0, lambda: float("Xylophon^Quintessa"))
    wait_until(bar.isVisible)
    assert not [text for text in all_that_is_said() if "Xylophon" in text]
    error = bar.errors()[0]
    assert error.fault is not None
    assert error.fault.reference in error.message.text() or (
        f"reference {error.fault.reference}" in bar.details.toPlainText()
    )
    window.workspace.setFocus()
    seat.press(Key.Key_F8)
    assert bar.close_button.hasFocus()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(bundle), ""))
    monkeypatch.setattr(window.problems.saving, "_command", [str(tmp_path / "no such program")])
    seat.press(Key.Key_F8, CTRL | SHIFT)
    wait_until(lambda: "written: " in window.status.text())
    with zipfile.ZipFile(bundle) as opened:
        assert not any(b"Xylophon" in opened.read(name) for name in opened.namelist())
    QTest.keyClick(bar.close_button, Key.Key_Escape)
    assert not bar.isVisible()
    assert window.workspace.isAncestorOf(QApplication.focusWidget() or bar)


# Keys


def test_no_key_of_the_window_means_two_things(seat: Seat) -> None:
    """Qt does nothing at all where one key has two meanings in one window."""
    window = seat.window
    meanings: dict[str, set[str]] = {}
    for one in (window, *window.findChildren(QWidget)):
        if one.window() is not window:
            continue
        for action in one.actions():
            for keys in action.shortcuts():
                meanings.setdefault(keys.toString(), set()).add(action.text())
        if isinstance(one, QAbstractButton) and not one.shortcut().isEmpty():
            meanings.setdefault(one.shortcut().toString(), set()).add(one.text())
    assert len(meanings) > 40
    assert {keys: sorted(what) for keys, what in meanings.items() if len(what) > 1} == {}


def test_the_tools_stand_in_groups_with_their_keys(seat: Seat) -> None:
    menu = seat.window.header.tools_button.menu()
    groups = "/".join("" if a.isSeparator() else a.text() for a in menu.actions()).split("//")
    assert groups == [
        "Report…",
        "Open an outline…/Save the outline…",
        "Compare readers…/Readings…/How the pack does here…",
        "Files of the last import…/Search an archive…/Receive images…/De-identify files…",
        "Model packs…/Library…",
    ]
    assert all(a.shortcut().toString() for a in menu.actions() if not a.isSeparator())


# 3, 5, 6 and 9: what is kept of an answer; these ask the engine


@pytest.fixture(scope="module")
def answering(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    made = Seat(tmp_path_factory.mktemp("answering"), answers=True)
    made.open_demo()
    made.stroke_demo()
    made.answer()
    yield made
    made.close()


def latest(seat: Seat, case_id: int) -> Prediction:
    stored = seat.library.latest_prediction(case_id)
    assert stored is not None
    assert stored.whole is not None
    return from_stored(stored.whole)


def test_an_answer_is_kept_whole_with_its_pack_and_how_it_moves(answering: Seat) -> None:
    seat, session = answering, answering.window.session
    assert session.case is not None
    assert session.prediction is not None
    case_id = session.case.case_id
    wait_until(lambda: seat.status_of(case_id) == "read")
    kept = latest(seat, case_id)
    assert kept.to_json() == session.prediction.to_json()
    assert kept.inputs == session.prediction.inputs
    assert session.shelf.path(kept.pack.sha256) is not None
    actions = {entry.action for entry in seat.library.history(case_id)}
    if Action.STABILITY not in actions:
        wait_until(
            lambda: Action.STABILITY in {entry.action for entry in seat.library.history(case_id)}
        )


def test_the_report_is_seen_saved_and_stale_after_another_stroke(
    answering: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat, window = answering, answering.window
    session, place = window.session, tmp_path / "report.pdf"
    assert session.case is not None
    case_id = session.case.case_id
    seat.press(Key.Key_P, CTRL)
    report = window.tools.report.window
    assert report is not None
    wait_until(lambda: report.preview is not None and not report.busy.isVisible())
    assert report.pages.isVisible()
    assert report.page_number.text().startswith("Page 1 of ")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(place), ""))
    report.activateWindow()
    QTest.keyClick(report, Key.Key_S, CTRL)
    wait_until(lambda: seat.status_of(case_id) == "reported")
    assert place.read_bytes().startswith(b"%PDF")
    entry = seat.library.history(case_id)[-1]
    assert entry.action is Action.REPORTED
    assert entry.content is not None
    assert entry.content["sha256"]["pdf"] == hashlib.sha256(place.read_bytes()).hexdigest()

    seat.stroke_demo(by=3.0)
    session.cancel()  # as by Esc, so that no new answer comes
    wait_until(lambda: report.preview is None and bool(report.empty.text()))
    wait_until(lambda: not report.pages.isVisible())
    assert "outline" in report.empty.text()
    wait_until(lambda: seat.status_of(case_id) == "drawn")
    session.run()
    seat.answer()
    wait_until(lambda: report.preview is not None)
    wait_until(lambda: seat.status_of(case_id) == "read")


@pytest.mark.slow
def test_an_older_pack_is_rolled_back_to_and_all_its_answers_can_be_worked_out_again(
    answering: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat, window = answering, answering.window
    session = window.session
    assert session.case is not None
    case_id = session.case.case_id
    for version in ("1.0", "2.0"):
        choose_pack(seat, write_version(tmp_path / f"{version}.h2pack", version), monkeypatch)
        click(question_of(seat).always)
        wait_until(lambda version=version: in_use(seat) == f"Ward pack {version}")
        seat.answer()
    assert session.reads_first
    seat.press(Key.Key_P, CTRL)
    report = window.tools.report.window
    assert report is not None
    wait_until(lambda: "Your own impression comes before" in report.empty.text())

    seat.press(Key.Key_M, CTRL | SHIFT)
    packs = window.tools.packs.window
    assert packs is not None
    wait_until(lambda: len(packs.table.packs.rows) == 3)
    row = [r.pack.version for r in packs.table.packs.rows].index("1.0")
    packs.table.selectRow(row)
    click(packs.details.use)
    wait_until(lambda: in_use(seat) == "Ward pack 1.0")
    seat.answer()
    wait_until(lambda: load_settings(seat.home / "settings.json").pack_path is not None)
    for entry in stored_answers(seat.library, case_id):
        again = reproduce(seat.library, session.shelf, entry)
        assert again.sameness is Sameness.IDENTICAL
