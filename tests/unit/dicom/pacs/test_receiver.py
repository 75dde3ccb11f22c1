"""What others may send, and what they cannot do to the one who receives."""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pynetdicom import AE, build_context

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.contexts import STORAGE_CLASSES, SYNTAXES
from her2desk.dicom.pacs.echo import echo
from her2desk.dicom.pacs.nodes import ReceiverSettings, RemoteNode, TlsChoice
from her2desk.dicom.pacs.outbox import Delivered, Outbox, deliver
from her2desk.dicom.pacs.patience import Patience
from her2desk.dicom.pacs.receiver import Crowd, Receiver
from her2desk.dicom.pacs.refusals import PacsRefused
from her2desk.dicom.pacs.spool import ReceivedFile, Spool, SpoolLimits
from her2desk.dicom.pacs.wire import Limits
from her2desk.errors import InputRefused
from tests.cutting_proxy import CuttingProxy, random_budget
from tests.tls_files import identity

from ..dicom_builder import US_IMAGE
from .samples import data_set, instance, instances

HERE = "127.0.0.1"
SETTINGS = ReceiverSettings(True, "HER2DESK", HERE, 11112, ("SCANNER",))
QUICKLY = Patience(tries=30, first_s=0.01, longest_s=0.05)
HURRIED = Limits(connect_s=5, associate_s=0.5, answer_s=5, idle_s=0.5, stall_s=0.5, pdu_s=0.5)


class Desk:
    """A receiver on a free port, and those who send to it."""

    def __init__(self, folder: Path, receiver: Receiver, heard: list[ReceivedFile]) -> None:
        self.folder = folder
        self.receiver = receiver
        self.heard = heard
        self.node = RemoteNode("Desk", "HER2DESK", HERE, receiver.port)

    def send(self, paths: list[Path], port: int | None = None, title: str = "SCANNER") -> Delivered:
        outbox = Outbox(self.folder / "outbox")
        for path in paths:
            outbox.add("Desk", path)
        node = replace(self.node, port=port or self.node.port)
        return deliver(outbox, node, Asking(title), patience=QUICKLY)


Opened = Callable[..., Desk]


@pytest.fixture
def opened(tmp_path: Path, spool: Spool) -> Iterator[Opened]:
    """Opens a receiver; its threads are gone when the test is over."""
    before = threading.active_count()
    receivers: list[Receiver] = []

    def open_one(
        spool: Spool = spool,
        limits: Limits = Limits(),
        crowd: Crowd = Crowd(),
        **changes: object,
    ) -> Desk:
        heard: list[ReceivedFile] = []
        free = ReceiverSettings(**{**SETTINGS.__dict__, **changes})  # type: ignore[arg-type]
        with closing(socket.create_server((HERE, 0))) as probe:
            free = replace(free, port=probe.getsockname()[1])
        receiver = Receiver(free, spool, heard.append, limits, crowd)
        receiver.start()
        receivers.append(receiver)
        return Desk(tmp_path, receiver, heard)

    yield open_one
    for receiver in receivers:
        receiver.stop()
    assert threading.active_count() <= before


def test_what_is_sent_is_on_disk_as_it_was(opened: Opened, tmp_path: Path, spool: Spool) -> None:
    desk = opened()
    paths = instances(tmp_path / "files", 3)
    delivered = desk.send(paths)
    assert len(delivered.sent) == 3
    assert {data_set(path) for path in spool.files()} == {data_set(path) for path in paths}
    assert {file.path for file in desk.heard} == set(spool.files())
    for path in spool.files():
        read = dcmread(path)
        assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID
        if os.name == "posix":
            assert path.stat().st_mode & 0o777 == 0o600


def test_it_answers_an_echo(opened: Opened) -> None:
    echo(opened().node, Asking("SCANNER"))


def test_the_same_instance_twice_is_one_file(opened: Opened, tmp_path: Path, spool: Spool) -> None:
    desk = opened()
    path = instance(tmp_path / "files", 1)
    desk.send([path])
    desk.send([path])
    assert [(file.is_new, file.differs) for file in desk.heard] == [(True, False), (False, False)]
    assert len(spool.files()) == 1


def test_other_content_under_the_same_uid_is_kept_apart(
    opened: Opened, tmp_path: Path, spool: Spool
) -> None:
    desk = opened()
    path = instance(tmp_path / "files", 1)
    desk.send([path])
    changed = dcmread(path)
    changed.PatientID = "P2"
    changed.save_as(path)
    desk.send([path])
    assert [(file.is_new, file.differs) for file in desk.heard] == [(True, False), (True, True)]
    assert len(spool.files()) == 2


def test_nothing_is_lost_or_doubled_when_the_sender_is_cut_off(
    opened: Opened, tmp_path: Path, spool: Spool
) -> None:
    desk = opened()
    paths = instances(tmp_path / "files", 60)
    with CuttingProxy(desk.node.port, random_budget(3, 500, 30_000)) as proxy:
        delivered = desk.send(paths, proxy.port)
    assert proxy.cuts >= 2
    assert len(delivered.sent) == 60
    assert sorted(map(data_set, spool.files())) == sorted(map(data_set, paths))
    assert len({file.path for file in desk.heard if file.is_new}) == 60


@pytest.mark.parametrize(
    ("title", "called", "code"),
    [("STRANGER", "HER2DESK", "pacs-calling-title"), ("SCANNER", "OTHER", "pacs-called-title")],
)
def test_titles_that_are_not_listed_are_turned_away(
    title: str, called: str, code: str, opened: Opened
) -> None:
    node = replace(opened().node, ae_title=called)
    with pytest.raises(PacsRefused) as refused:
        echo(node, Asking(title))
    assert refused.value.code == code


def test_every_kind_and_syntax_is_agreed_on(opened: Opened) -> None:
    """Asked for in parts, as 128 contexts are the most that fit."""
    desk = opened()
    pairs = [(uid, syntax) for uid in STORAGE_CLASSES for syntax in SYNTAXES]
    agreed = 0
    for start in range(0, len(pairs), 128):
        asker = AE("SCANNER")
        contexts = [build_context(uid, [syntax]) for uid, syntax in pairs[start : start + 128]]
        link = asker.associate(HERE, desk.node.port, contexts, "HER2DESK")
        assert link.is_established
        agreed += len(link.accepted_contexts)
        link.release()
        link.join()
    assert agreed == len(pairs)


def test_a_full_disk_is_said_and_leaves_nothing(opened: Opened, tmp_path: Path) -> None:
    room = [1 << 40]
    with Spool(tmp_path / "small", free_bytes=lambda _folder: room[0]) as small:
        desk = opened(spool=small)
        room[0] = 1000
        outbox = Outbox(tmp_path / "outbox")
        outbox.add("Desk", instance(tmp_path / "files", 1))
        with pytest.raises(PacsRefused) as refused:
            deliver(outbox, desk.node, Asking("SCANNER"), patience=Patience(2, 0.01))
        assert refused.value.code == "pacs-out-of-resources"
        assert "A700" in str(refused.value)
        assert not desk.heard
        assert not small.files()
        assert not parts(tmp_path / "small")
        room[0] = 1 << 40
        assert len(deliver(outbox, desk.node, Asking("SCANNER")).sent) == 1
        assert len(small.files()) == 1


def test_an_object_larger_than_any_is_not_taken(opened: Opened, tmp_path: Path) -> None:
    with Spool(tmp_path / "small", SpoolLimits(object_bytes=1000)) as small:
        desk = opened(spool=small)
        outbox = Outbox(tmp_path / "outbox")
        outbox.add("Desk", instance(tmp_path / "files", 1))
        with pytest.raises(PacsRefused, match="A700"):
            deliver(outbox, desk.node, Asking("SCANNER"), patience=Patience(1, 0.01))
        assert not small.files()
        assert not parts(tmp_path / "small")


def test_a_disk_that_fails_in_the_middle_is_said(
    opened: Opened, tmp_path: Path, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened()

    def fails(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Desk", instance(tmp_path / "files", 1))
    monkeypatch.setattr("her2desk.dicom.pacs.spool.os.fsync", fails)
    with pytest.raises(PacsRefused, match="A700"):
        deliver(outbox, desk.node, Asking("SCANNER"), patience=Patience(1, 0.01))
    assert not spool.files()
    assert not parts(spool.folder)


@pytest.mark.parametrize("uid", ["1.2.3.04", "../../../etc/passwd", "a/b", "1.2..3"])
def test_an_odd_uid_stays_a_value(uid: str, opened: Opened, tmp_path: Path, spool: Spool) -> None:
    desk = opened()
    path = tmp_path / "odd.dcm"
    original = instance(tmp_path / "files", 1).read_bytes()
    meta, offset = split(original)
    padded = uid.encode() + b"\0" * (len(uid) % 2)
    path.write_bytes(meta(padded) + original[offset:])
    desk.send([path])
    assert len(spool.files()) == 1
    assert {file.name for file in tmp_path.iterdir()} <= {"odd.dcm", "files", "inbox", "outbox"} | {
        "her2desk-home"
    }


def split(original: bytes) -> tuple[Callable[[bytes], bytes], int]:
    """What makes a meta header with a UID that pydicom would not write, and where the rest begins."""
    length = int.from_bytes(original[140:144], "little")

    def element(number: int, value: bytes) -> bytes:
        return struct.pack("<HH2sH", 2, number, b"UI", len(value)) + value

    def meta(uid: bytes) -> bytes:
        content = (
            element(2, US_IMAGE.encode() + b"\0" * (len(US_IMAGE) % 2))
            + element(3, uid)
            + element(0x10, b"1.2.840.10008.1.2.1\0")
        )
        start = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(content))
        return b"\0" * 128 + b"DICM" + start + content

    return meta, 144 + length


def parts(folder: Path) -> list[Path]:
    return [
        path for path in (folder / "parts").rglob("*") if path.is_file() and path.name != "lock"
    ]


def closed_by_peer(connection: socket.socket) -> bool:
    """Waits until the other side ends the connection; what it says before is read."""
    connection.settimeout(20)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


ASSOCIATE = b"\x01\x00"
GARBAGE = {
    "text": b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    "a long PDU": ASSOCIATE + b"\xff\xff\xff\xff" + b"A" * 1000,
    "half a PDU": ASSOCIATE + struct.pack(">I", 500) + b"A" * 10,
    "an empty request": ASSOCIATE + struct.pack(">I", 0),
    "data before a request": b"\x04\x00" + struct.pack(">I", 12) + b"\0" * 12,
    "an answer nobody asked for": b"\x02\x00" + struct.pack(">I", 68) + b"\0" * 68,
    "nothing at all": b"",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_ends_its_own_connection_alone(kind: str, opened: Opened) -> None:
    desk = opened(limits=HURRIED)
    with socket.create_connection((HERE, desk.node.port)) as connection:
        connection.sendall(GARBAGE[kind])
        assert closed_by_peer(connection)
    echo(desk.node, Asking("SCANNER"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from([b"", ASSOCIATE, b"\x04\x00"]), rest=st.binary(max_size=300))
def test_no_bytes_stop_it(start: bytes, rest: bytes, opened: Opened) -> None:
    if not hasattr(opened, "desk"):
        opened.desk = opened(limits=HURRIED)  # type: ignore[attr-defined]
    desk: Desk = opened.desk  # type: ignore[attr-defined]
    with socket.create_connection((HERE, desk.node.port)) as connection:
        connection.sendall(start + rest)
        connection.shutdown(socket.SHUT_WR)
        assert closed_by_peer(connection)


def test_a_message_that_is_none_ends_its_association_alone(opened: Opened) -> None:
    desk = opened()
    link = AE("SCANNER").associate(
        HERE, desk.node.port, [build_context(US_IMAGE, "1.2.840.10008.1.2.1")], "HER2DESK"
    )
    assert link.is_established
    nonsense = b"\x01\x03" + b"\xde\xad" * 50  # a command, complete, of nothing
    pdv = struct.pack(">I", len(nonsense)) + nonsense
    link.dul.socket.socket.sendall(b"\x04\x00" + struct.pack(">I", len(pdv)) + pdv)
    link.join(20)
    assert not link.is_established
    echo(desk.node, Asking("SCANNER"))


def test_one_who_drips_is_cut_off_and_keeps_nobody_waiting(opened: Opened) -> None:
    desk = opened(limits=HURRIED)
    with socket.create_connection((HERE, desk.node.port)) as connection:
        connection.sendall(ASSOCIATE + struct.pack(">I", 500))
        echo(desk.node, Asking("SCANNER"))
        ended = threading.Event()

        def drip() -> None:
            while not ended.wait(0.05):
                try:
                    connection.sendall(b"A")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        assert closed_by_peer(connection)
        ended.set()
        dripping.join()


def test_there_is_room_for_so_many_and_no_more(opened: Opened) -> None:
    desk = opened(crowd=Crowd(associations=1, connections=2))
    link = AE("SCANNER").associate(
        HERE, desk.node.port, [build_context("1.2.840.10008.1.1")], "HER2DESK"
    )
    assert link.is_established
    with pytest.raises(PacsRefused) as busy:
        echo(desk.node, Asking("SCANNER"))
    assert busy.value.code == "pacs-busy"
    assert busy.value.is_passing
    with (
        socket.create_connection((HERE, desk.node.port)) as second,
        socket.create_connection((HERE, desk.node.port)) as third,
    ):
        assert closed_by_peer(third)
        second.close()
    link.release()
    link.join()


def test_one_who_is_gone_in_the_middle_leaves_nothing(
    opened: Opened, tmp_path: Path, spool: Spool
) -> None:
    desk = opened()
    path = instance(tmp_path / "files", 1, ImageComments="x" * 5000)
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Desk", path)
    with CuttingProxy(desk.node.port, lambda: 3500) as proxy:
        node = replace(desk.node, port=proxy.port)
        with pytest.raises(PacsRefused):
            deliver(outbox, node, Asking("SCANNER"), patience=Patience(1))
    desk.receiver.stop()  # waits for its threads
    assert not spool.files()
    assert not parts(spool.folder)


def test_stopping_ends_the_conversations_and_frees_the_port(opened: Opened) -> None:
    desk = opened()
    link = AE("SCANNER").associate(
        HERE, desk.node.port, [build_context("1.2.840.10008.1.1")], "HER2DESK"
    )
    assert link.is_established
    desk.receiver.stop()
    link.join(10)
    assert not link.is_established
    with closing(socket.create_server((HERE, desk.node.port))):
        pass


def test_it_does_not_begin_where_nobody_may_send(spool: Spool) -> None:
    receiver = Receiver(replace(SETTINGS, allowed_ae_titles=()), spool, lambda _file: None)
    with pytest.raises(InputRefused) as refused:
        receiver.start()
    assert refused.value.code == "pacs-nobody-allowed"
    receiver.stop()


def test_a_port_in_use_is_a_sentence(opened: Opened, spool: Spool) -> None:
    desk = opened()
    second = Receiver(replace(SETTINGS, port=desk.node.port), spool, lambda _file: None)
    with pytest.raises(InputRefused, match="Another program listens") as refused:
        second.start()
    assert refused.value.code == "pacs-port"


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_a_sentence(host: str, spool: Spool) -> None:
    receiver = Receiver(replace(SETTINGS, host=host), spool, lambda _file: None)
    with pytest.raises(InputRefused, match="no address of this computer"):
        receiver.start()


def test_encrypted_with_certificates_on_both_sides(
    opened: Opened, tmp_path: Path, spool: Spool
) -> None:
    ours, theirs = identity(tmp_path / "tls", "desk"), identity(tmp_path / "tls", "scanner")
    stranger = identity(tmp_path / "tls", "stranger")
    desk = opened(tls=TlsChoice(theirs.certificate, ours.certificate, ours.key))
    known = TlsChoice(ours.certificate, theirs.certificate, theirs.key)
    unknown = TlsChoice(ours.certificate, stranger.certificate, stranger.key)
    nameless = TlsChoice(ours.certificate)

    path = instance(tmp_path / "files", 1)
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Desk", path)
    deliver(outbox, replace(desk.node, tls=known), Asking("SCANNER"))
    assert [data_set(one) for one in spool.files()] == [data_set(path)]
    for wrong in (unknown, nameless):
        with pytest.raises(PacsRefused) as refused:
            echo(replace(desk.node, tls=wrong), Asking("SCANNER"))
        assert refused.value.code == "pacs-tls-own-certificate"


def test_a_plain_connection_to_an_encrypted_port_holds_up_nobody(
    opened: Opened, tmp_path: Path
) -> None:
    ours = identity(tmp_path / "tls", "desk")
    desk = opened(tls=TlsChoice(None, ours.certificate, ours.key))
    encrypted = replace(desk.node, tls=TlsChoice(ours.certificate))
    with socket.create_connection((HERE, desk.node.port)):  # says nothing
        with pytest.raises(PacsRefused) as refused:
            echo(desk.node, Asking("SCANNER"))
        assert refused.value.code == "pacs-aborted"
        assert "encrypted" in str(refused.value)
        echo(encrypted, Asking("SCANNER"))


def test_listening_or_not_is_all_the_sockets_there_are(opened: Opened) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("sockets are counted by /proc, which this system does not have")
    before = open_sockets()
    desk = opened()
    echo(desk.node, Asking("SCANNER"))
    desk.receiver.stop()
    assert open_sockets() == before


def open_sockets() -> int:
    links = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.append(entry.readlink())
        except OSError:
            continue
    return sum(str(link).startswith("socket:") for link in links)


def test_an_idle_association_is_ended(opened: Opened) -> None:
    desk = opened(limits=HURRIED)
    link = AE("SCANNER").associate(
        HERE, desk.node.port, [build_context("1.2.840.10008.1.1")], "HER2DESK"
    )
    assert link.is_established
    end = time.monotonic() + 20
    while link.is_established and time.monotonic() < end:
        link.join(0.05)
    assert not link.is_established
