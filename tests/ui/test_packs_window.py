"""Who vouches for a pack is asked before it is used; kept packs are shown, used again and removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from pytestqt.qtbot import QtBot

from her2desk.errors import PackRefused
from her2desk.packs.archive import write_archive
from her2desk.packs.pack import open_pack
from her2desk.packs.shelf import PackShelf
from her2desk.packs.signing import fingerprint, signed_members
from her2desk.packs.trust import How, PackTrust, Standing, TrustStore, grouped
from her2desk.packs.uses import PackUse
from her2desk.paths import demo_pack_path
from her2desk.ui.jobs import Background
from her2desk.ui.opened_case import OpenPack
from her2desk.ui.packs import page as page_module
from her2desk.ui.packs.asking import TrustAsking
from her2desk.ui.packs.entrance import PacksEntrance
from her2desk.ui.packs.pack_window import PackWindow
from her2desk.ui.packs.page import PackDesk
from her2desk.ui.packs.trust_question import TrustAnswer, TrustQuestion
from tests.pack_samples import version_members, write_version

KEY = Ed25519PrivateKey.generate()
MARK = fingerprint(KEY.public_key())
Left, Key = Qt.MouseButton.LeftButton, Qt.Key


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "signers.json")


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    worker = Background()
    yield worker
    worker.close()


@pytest.fixture
def asking(store: TrustStore, background: Background) -> TrustAsking:
    return TrustAsking(store, background)


def opened(path: Path) -> OpenPack:
    return OpenPack(path, open_pack(path))


def asked(asking: TrustAsking, pack: OpenPack, qtbot: QtBot) -> TrustQuestion:
    asking.settle(pack)
    qtbot.waitUntil(lambda: asking.question is not None and asking.question.isVisible())
    assert asking.question is not None
    return asking.question


# The question


def test_the_demo_pack_is_used_without_a_question(asking: TrustAsking, qtbot: QtBot) -> None:
    demo = opened(demo_pack_path())
    with qtbot.waitSignal(asking.settled) as settled:
        asking.settle(demo)
    assert settled.args is not None
    assert settled.args[0] is demo
    assert settled.args[1].standing is Standing.SHIPPED
    assert asking.question is None


def test_a_signer_is_trusted_under_a_name_and_never_asked_about_again(
    asking: TrustAsking, store: TrustStore, tmp_path: Path, qtbot: QtBot
) -> None:
    question = asked(asking, opened(write_version(tmp_path / "a.h2pack", "1.0", KEY)), qtbot)
    assert question.isModal()
    assert question.fingerprint.text() == grouped(MARK)
    assert question.heading.text() == "Ward pack 1.0"
    assert not question.always.isEnabled()
    assert question.always.toolTip()
    question.name.setFocus()
    qtbot.keyClicks(question.name, " Ward 3 ")
    with qtbot.waitSignal(asking.settled) as settled:
        qtbot.mouseClick(question.always, Left)
    assert settled.args is not None
    assert settled.args[1] == PackTrust(
        Standing.TRUSTED, settled.args[0].pack.digest, MARK, "Ward 3", is_signed=True
    )
    assert store.signers()[0].how is How.FIRST_USE
    with qtbot.waitSignal(asking.settled):
        asking.settle(opened(write_version(tmp_path / "b.h2pack", "2.0", KEY)))


def test_a_pack_is_used_once_until_the_program_ends(
    asking: TrustAsking,
    store: TrustStore,
    background: Background,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    pack = opened(write_version(tmp_path / "a.h2pack", "1.0", KEY))
    question = asked(asking, pack, qtbot)
    with qtbot.waitSignal(asking.settled) as settled:
        qtbot.mouseClick(question.once, Left)
    assert settled.args is not None
    assert settled.args[1].standing is Standing.UNKNOWN
    with qtbot.waitSignal(asking.settled):
        asking.settle(pack)
    assert store.signers() == ()
    again = TrustAsking(store, background)
    assert asked(again, pack, qtbot).isVisible()
    again.close()


def test_an_unsigned_pack_may_be_used_from_now_on_and_stays_marked(
    asking: TrustAsking,
    store: TrustStore,
    background: Background,
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    pack = opened(write_version(tmp_path / "a.h2pack", "1.0"))
    question = asked(asking, pack, qtbot)
    assert not question.name.isVisible()
    assert "nobody vouches" in question.sentence.text()
    with qtbot.waitSignal(asking.settled) as settled:
        qtbot.mouseClick(question.always, Left)
    assert settled.args is not None
    trust = settled.args[1]
    assert (trust.standing, trust.was_accepted, trust.is_marked) == (Standing.UNSIGNED, True, True)
    with qtbot.waitSignal((another := TrustAsking(store, background)).settled):
        another.settle(pack)
    assert another.question is None


@pytest.mark.parametrize("how", ["button", "escape", "cross"])
def test_a_pack_that_is_not_wanted_is_not_used(
    asking: TrustAsking, store: TrustStore, tmp_path: Path, qtbot: QtBot, how: str
) -> None:
    question = asked(asking, opened(write_version(tmp_path / "a.h2pack", "1.0")), qtbot)
    used: list[object] = []
    asking.settled.connect(lambda *args: used.append(args))
    with qtbot.waitSignal(asking.refused) as refused:
        match how:
            case "button":
                qtbot.mouseClick(question.refuse, Left)
            case "escape":
                qtbot.keyClick(question, Key.Key_Escape)
            case _:
                question.closeEvent(QCloseEvent())
    assert refused.args is not None
    assert refused.args[0].code == "pack-not-wanted"
    assert used == []
    assert not store.file.exists()


def test_enter_does_not_use_a_pack(asking: TrustAsking, tmp_path: Path, qtbot: QtBot) -> None:
    """The careful answer is the one that a hasty key gives."""
    question = asked(asking, opened(write_version(tmp_path / "a.h2pack", "1.0")), qtbot)
    with qtbot.waitSignal(asking.refused):
        qtbot.keyClick(question, Key.Key_Return)


def test_a_blocked_signers_pack_is_refused_without_a_question(
    asking: TrustAsking, store: TrustStore, tmp_path: Path, qtbot: QtBot
) -> None:
    store.block(KEY.public_key(), "Mallory", How.COMMAND)
    with qtbot.waitSignal(asking.refused) as refused:
        asking.settle(opened(write_version(tmp_path / "a.h2pack", "1.0", KEY)))
    assert refused.args is not None
    assert refused.args[0].code == "pack-signer-blocked"
    assert asking.question is None


def test_a_pack_that_comes_while_another_is_asked_about_takes_its_place(
    asking: TrustAsking, tmp_path: Path, qtbot: QtBot
) -> None:
    asked(asking, opened(write_version(tmp_path / "a.h2pack", "1.0")), qtbot)
    refused: list[object] = []
    asking.refused.connect(refused.append)
    with qtbot.waitSignal(asking.settled) as settled:
        asking.settle(opened(demo_pack_path()))
    assert settled.args is not None
    assert settled.args[1].standing is Standing.SHIPPED
    assert asking.question is None
    assert refused == []


def test_a_question_is_taken_away_when_the_window_closes(
    asking: TrustAsking, tmp_path: Path, qtbot: QtBot
) -> None:
    question = asked(asking, opened(write_version(tmp_path / "a.h2pack", "1.0")), qtbot)
    asking.close()
    assert not question.isVisible()
    question.answered.emit(TrustAnswer.ONCE, "")  # too late
    assert asking.question is None


def test_a_signature_without_its_key_says_what_to_ask_for(
    asking: TrustAsking, tmp_path: Path, qtbot: QtBot
) -> None:
    whole = signed_members(version_members("1.0"), KEY)
    del whole["signer.pub"]
    write_archive(tmp_path / "a.h2pack", whole)
    question = asked(asking, opened(tmp_path / "a.h2pack"), qtbot)
    assert "public key" in question.advice.text()
    asking.close()


# The window


class Desk:
    """A library that keeps four packs, one of which answered."""

    def __init__(self, folder: Path, store: TrustStore, monkeypatch: pytest.MonkeyPatch) -> None:
        store.trust(KEY.public_key(), "Ward 3", How.COMMAND)
        self.store = store
        self.shelf = PackShelf(folder / "packs", store.trusts)
        self.old = self.shelf.keep(write_version(folder / "a.h2pack", "1.9", KEY))
        self.new = self.shelf.keep(write_version(folder / "b.h2pack", "1.10", KEY))
        self.plain = self.shelf.keep(write_version(folder / "c.h2pack", "2.0"))
        self.demo = self.shelf.keep(demo_pack_path())
        self.uses = {self.old.digest: PackUse(1240, 31)}
        monkeypatch.setattr(page_module, "uses_of", lambda _library: self.uses)
        self.in_use: str | None = self.new.digest


@pytest.fixture
def desk(tmp_path: Path, store: TrustStore, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, store, monkeypatch)


@pytest.fixture
def window(desk: Desk, background: Background, qtbot: QtBot) -> PackWindow:
    made = PackWindow(
        PackDesk(desk.shelf, desk.store, None),  # type: ignore[arg-type]
        background,
        lambda: desk.in_use,
    )
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: len(made.table.packs.rows) == 4)
    return made


def cells(window: PackWindow) -> list[list[str]]:
    model = window.table.packs
    return [
        [str(model.data(model.index(row, column))) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def choose(window: PackWindow, digest: str) -> None:
    window.table.selectRow([row.pack.digest for row in window.table.packs.rows].index(digest))


def test_every_version_is_listed_with_its_signer_and_its_answers(window: PackWindow) -> None:
    assert cells(window) == [
        ["Phantom demo", "1.2", "Her2Desk", "0", "0"],
        ["Ward pack", "1.9", "Ward 3", "31", "1,240"],
        ["● Ward pack (in use)", "1.10", "Ward 3", "0", "0"],
        ["Ward pack", "2.0", "⚠ Not signed", "0", "0"],
    ]
    assert window.table.row is not None
    assert window.table.row.pack.version == "1.10"
    assert not window.details.use.isEnabled()
    assert not window.details.remove.isEnabled()


def test_an_older_version_is_used_again_with_one_click(
    window: PackWindow, desk: Desk, qtbot: QtBot
) -> None:
    choose(window, desk.old.digest)
    assert "1240 stored answers" in window.details.use_line.text()
    with qtbot.waitSignal(window.pack_chosen) as chosen:
        qtbot.mouseClick(window.details.use, Left)
    assert chosen.args == [desk.old.path]


def test_enter_uses_the_chosen_pack_and_not_the_one_in_use(
    window: PackWindow, desk: Desk, qtbot: QtBot
) -> None:
    with qtbot.assertNotEmitted(window.pack_chosen):
        qtbot.keyClick(window.table, Key.Key_Return)
    choose(window, desk.plain.digest)
    with qtbot.waitSignal(window.pack_chosen):
        qtbot.keyClick(window.table, Key.Key_Return)


def test_the_card_is_shown_as_plain_text(window: PackWindow, desk: Desk, qtbot: QtBot) -> None:
    members = {**version_members("3.0"), "card.md": b"# <b>Bold</b> <script>alert(1)</script>\n"}
    write_archive(desk.shelf.folder.parent / "d.h2pack", members)
    kept = desk.shelf.keep(desk.shelf.folder.parent / "d.h2pack")
    window.reload()
    qtbot.waitUntil(lambda: len(window.table.packs.rows) == 5)
    choose(window, kept.digest)
    qtbot.waitUntil(lambda: "script" in window.details.card.toPlainText())
    assert window.details.card.toPlainText() == "# <b>Bold</b> <script>alert(1)</script>\n"


def test_a_pack_that_was_changed_on_the_shelf_says_so_in_place_of_its_card(
    window: PackWindow, desk: Desk, qtbot: QtBot
) -> None:
    content = bytearray(desk.plain.path.read_bytes())
    content[len(content) // 2] ^= 1
    desk.plain.path.write_bytes(content)
    choose(window, desk.plain.digest)
    qtbot.waitUntil(lambda: "was changed" in window.details.card.toPlainText())


def test_only_a_pack_that_never_answered_can_be_removed(
    window: PackWindow, desk: Desk, qtbot: QtBot
) -> None:
    choose(window, desk.old.digest)
    assert not window.details.remove.isEnabled()
    assert "work them out again" in window.details.remove.toolTip()
    choose(window, desk.plain.digest)
    qtbot.mouseClick(window.details.remove, Left)
    assert desk.plain.path.is_file()  # a second click says that it was meant
    qtbot.mouseClick(window.details.remove, Left)
    qtbot.waitUntil(lambda: len(window.table.packs.rows) == 3)
    assert not desk.plain.path.exists()


def test_a_pack_that_answered_in_the_meantime_is_not_removed(
    window: PackWindow, desk: Desk, qtbot: QtBot
) -> None:
    choose(window, desk.plain.digest)
    desk.uses[desk.plain.digest] = PackUse(1, 1)
    qtbot.mouseClick(window.details.remove, Left)
    qtbot.mouseClick(window.details.remove, Left)
    qtbot.waitUntil(lambda: window.table.packs.rows[-1].use.predictions == 1)
    assert desk.plain.path.is_file()


def test_a_signer_is_blocked_trusted_again_and_forgotten(
    window: PackWindow, desk: Desk, qtbot: QtBot
) -> None:
    window.tabs.setCurrentWidget(window.signers)
    signers = window.signers
    assert signers.signers.rows[0].name == "Ward 3"
    qtbot.mouseClick(signers.block, Left)
    qtbot.waitUntil(lambda: signers.signers.rows[0].is_blocked)
    assert signers.block.text() == "&Trust again"
    assert [row[2] for row in cells(window)][1] == "⚠ Signer blocked"
    qtbot.mouseClick(signers.block, Left)
    qtbot.waitUntil(lambda: not signers.signers.rows[0].is_blocked)
    qtbot.mouseClick(signers.forget, Left)
    qtbot.waitUntil(lambda: not signers.signers.rows)
    assert not signers.block.isEnabled()
    assert "Nobody is trusted yet" in signers.note.text()
    signers.block.click()
    signers.forget.click()
    assert desk.store.signers() == ()


def test_a_signers_row_says_since_when_and_how(window: PackWindow) -> None:
    model = window.signers.signers
    told = [str(model.data(model.index(0, column))) for column in range(model.columnCount())]
    assert told[:2] == ["Ward 3", "Trusted"]
    assert told[3] == "By command"
    assert told[4] == grouped(MARK).replace("\n", " ")
    tip = model.data(model.index(0, 4), Qt.ItemDataRole.ToolTipRole)
    assert tip == grouped(MARK)


def test_a_list_of_signers_that_cannot_be_read_is_said(
    window: PackWindow, desk: Desk, qtbot: QtBot
) -> None:
    desk.store.file.write_bytes(b"{")
    window.reload()
    qtbot.waitUntil(lambda: "cannot be read" in window.note.text())


def test_the_way_in_opens_one_window_and_passes_on_what_is_chosen(desk: Desk, qtbot: QtBot) -> None:
    entrance = PacksEntrance(None, desk.shelf, desk.store, lambda: None)  # type: ignore[arg-type]
    entrance.refresh()  # nothing is open yet
    window = entrance.open()
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: len(window.table.packs.rows) == 4)
    assert entrance.open() is window
    choose(window, desk.old.digest)
    with qtbot.waitSignal(entrance.pack_chosen) as chosen:
        qtbot.mouseClick(window.details.use, Left)
    assert chosen.args == [desk.old.path]
    with qtbot.waitSignal(entrance.file_requested):
        qtbot.mouseClick(window.open_file, Left)
    desk.shelf.remove(desk.plain.digest)
    entrance.refresh()
    qtbot.waitUntil(lambda: len(window.table.packs.rows) == 3)
    entrance.close()
    assert not window.isVisible()


def test_an_empty_library_says_what_will_be_kept(
    tmp_path: Path,
    store: TrustStore,
    background: Background,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_module, "uses_of", lambda _library: {})
    shelf = PackShelf(tmp_path / "packs")
    window = PackWindow(PackDesk(shelf, store, None), background, lambda: None)  # type: ignore[arg-type]
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: "first stored answer" in window.empty.text())
    assert not window.details.isEnabled()
    window.details.ask_to_use()
    with pytest.raises(PackRefused):
        shelf.open("00" * 32)
