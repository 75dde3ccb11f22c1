"""Every way in which another system can fail to answer is one sentence and one thing to do."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind as FindModel,
)
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelGet as GetModel,
)

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.echo import echo
from her2desk.dicom.pacs.find import find, identifier_of
from her2desk.dicom.pacs.nodes import RemoteNode, TlsChoice
from her2desk.dicom.pacs.outbox import Outbox, deliver
from her2desk.dicom.pacs.patience import Patience, trying
from her2desk.dicom.pacs.queries import Level, Query
from her2desk.dicom.pacs.refusals import PacsRefused, connection_cut, rejected, status_refusal
from her2desk.dicom.pacs.retrieve import get_study, move_study
from her2desk.dicom.pacs.spool import Spool
from her2desk.dicom.pacs.tls import answering_context, asking_context
from her2desk.dicom.pacs.wire import Limits
from her2desk.errors import Cancelled, InputRefused, StoreRefused
from her2desk.texts import Message
from tests.orthanc import free_port
from tests.tls_files import identity

from ..dicom_builder import US_IMAGE
from .samples import STUDY, instance, instances

HERE = "127.0.0.1"
NODE = RemoteNode("Archive", "PEER", HERE, 104)
HURRIED = Limits(connect_s=1, associate_s=0.5, answer_s=0.5, idle_s=5, stall_s=0.5, pdu_s=0.5)
ONCE = Patience(tries=1)
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"


@contextmanager
def peer(
    handlers: list[Any], *contexts: Any, tls: ssl.SSLContext | None = None
) -> Iterator[RemoteNode]:
    """Another system, of pynetdicom alone."""
    entity = AE("PEER")
    for context in contexts:
        entity.add_supported_context(
            context.abstract_syntax, context.transfer_syntax, context.scu_role, context.scp_role
        )
    server = entity.start_server((HERE, 0), block=False, evt_handlers=handlers, ssl_context=tls)
    try:
        yield replace(NODE, port=server.server_address[1])
    finally:
        entity.shutdown()


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[RemoteNode]:
    """Something that listens and is no DICOM system."""
    with closing(socket.create_server((HERE, 0))) as listening:

        def serve() -> None:
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield replace(NODE, port=listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def refusal(node: RemoteNode, limits: Limits = Limits()) -> PacsRefused:
    with pytest.raises(PacsRefused) as refused:
        echo(node, Asking("HER2DESK", limits))
    assert refused.value.message.text().endswith(".")
    assert refused.value.remedy.text().endswith(".")
    return refused.value


def test_nothing_listens() -> None:
    assert refusal(replace(NODE, port=free_port())).code == "pacs-refused-connection"


def test_nobody_of_this_name() -> None:
    assert refusal(replace(NODE, host="no-such-host.invalid")).code == "pacs-host-unknown"


def test_nobody_answers() -> None:
    from her2desk.dicom.pacs.refusals import no_connection

    assert no_connection(NODE, TimeoutError()).code == "pacs-timeout"
    assert no_connection(NODE, OSError(113, "No route to host")).code == "pacs-unreachable"


def test_something_that_keeps_silent() -> None:
    with answering(lambda connection: connection.recv(4096) and connection.recv(1)) as node:
        silent = refusal(node, HURRIED)
    assert silent.code == "pacs-timeout"
    assert "did not answer as a DICOM system" in str(silent)


@pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_something_that_speaks_otherwise(words: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(words)
        connection.recv(1 << 20)

    with answering(answer) as node:
        assert refusal(node, HURRIED).code in ("pacs-aborted", "pacs-timeout")


def test_something_that_hangs_up() -> None:
    with answering(lambda connection: connection.close()) as node:
        assert refusal(node).code == "pacs-aborted"


@pytest.mark.parametrize(
    ("source", "reason", "code", "passing"),
    [
        (1, 1, "pacs-rejected", False),
        (1, 2, "pacs-rejected", False),
        (1, 3, "pacs-calling-title", False),
        (1, 7, "pacs-called-title", False),
        (2, 1, "pacs-rejected", False),
        (2, 2, "pacs-rejected", False),
        (3, 1, "pacs-busy", True),
        (3, 2, "pacs-busy", True),
        (3, 7, "pacs-rejected", False),
    ],
)
def test_every_reason_for_a_rejection(source: int, reason: int, code: str, passing: bool) -> None:
    """PS3.8 9.3.4, table 9-21."""
    told = rejected(NODE, "HER2DESK", source, reason)
    assert (told.code, told.is_passing) == (code, passing)
    assert told.remedy.text()


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [
        (0xA700, "pacs-out-of-resources", "room"),
        (0xA702, "pacs-out-of-resources", "room"),
        (0xA801, "pacs-destination-unknown", "where to send"),
        (0xA900, "pacs-status", "contradicts"),
        (0xC000, "pacs-status", "understand"),
        (0xC123, "pacs-status", "understand"),
        (0x0122, "pacs-status", "support"),
        (0x0124, "pacs-status", "allow"),
        (0x0211, "pacs-status", "know"),
        (0x0110, "pacs-status", "failure 0110"),
    ],
)
def test_every_status_is_a_sentence(status: int, code: str, word: str) -> None:
    told = status_refusal(NODE, status)
    assert told.code == code
    assert word in told.message.text()
    assert f"{status:04X}" in told.message.text()


def test_a_peer_without_the_service() -> None:
    with peer([], build_context(US_IMAGE)) as node:
        assert refusal(node).code == "pacs-not-offered"


def test_an_echo_that_fails() -> None:
    handlers = [(evt.EVT_C_ECHO, lambda _event: 0x0122)]
    with peer(handlers, build_context(VERIFICATION)) as node:
        assert refusal(node).code == "pacs-status"


def test_certificates_that_cannot_be_trusted(tmp_path: Path) -> None:
    good = identity(tmp_path, "good")
    old = identity(tmp_path, "old", valid_from_days=-9, valid_to_days=-2)
    early = identity(tmp_path, "early", valid_from_days=2, valid_to_days=9)
    elsewhere = identity(tmp_path, "elsewhere", host="pacs.example")
    found = {}
    for name, theirs, choice in (
        ("unknown", good, TlsChoice(elsewhere.certificate)),
        ("nobody", good, TlsChoice()),
        ("expired", old, TlsChoice(old.certificate)),
        ("early", early, TlsChoice(early.certificate)),
        ("name", elsewhere, TlsChoice(elsewhere.certificate)),
    ):
        tls = answering_context(TlsChoice(None, theirs.certificate, theirs.key))
        with peer([], build_context(VERIFICATION), tls=tls) as node:
            found[name] = refusal(replace(node, tls=choice)).code
    assert found == {
        "unknown": "pacs-tls-unknown",
        "nobody": "pacs-tls-unknown",
        "expired": "pacs-tls-expired",
        "early": "pacs-tls-early",
        "name": "pacs-tls-name",
    }


def test_one_certificate_can_be_trusted_by_itself(tmp_path: Path) -> None:
    theirs = identity(tmp_path, "theirs", host="pacs.example")
    tls = answering_context(TlsChoice(None, theirs.certificate, theirs.key))
    pinned = TlsChoice(theirs.certificate, checks_name=False)
    with peer([], build_context(VERIFICATION), tls=tls) as node:
        echo(replace(node, tls=pinned), Asking("HER2DESK"))


def test_an_old_version_of_tls_is_not_spoken(tmp_path: Path) -> None:
    theirs = identity(tmp_path, "theirs")
    tls = answering_context(TlsChoice(None, theirs.certificate, theirs.key))
    assert tls.minimum_version is ssl.TLSVersion.TLSv1_2
    assert asking_context(TlsChoice()).minimum_version is ssl.TLSVersion.TLSv1_2
    only_13 = answering_context(TlsChoice(None, theirs.certificate, theirs.key))
    only_13.set_ciphers("ECDHE+AESGCM")
    only_13.maximum_version = ssl.TLSVersion.TLSv1_2
    only_13.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")  # its certificate is not of that kind
    with peer([], build_context(VERIFICATION), tls=only_13) as node:
        assert refusal(replace(node, tls=TlsChoice(theirs.certificate))).code == "pacs-tls"


def test_a_peer_that_speaks_no_tls() -> None:
    with peer([], build_context(VERIFICATION)) as node:
        assert refusal(replace(node, tls=TlsChoice()), HURRIED).code == "pacs-tls-absent"
    with answering(lambda connection: connection.sendall(b"HTTP/1.1 400\r\n\r\n")) as node:
        assert refusal(replace(node, tls=TlsChoice())).code == "pacs-tls-absent"


def test_files_that_are_no_certificates_are_named(tmp_path: Path) -> None:
    good, other = identity(tmp_path, "good"), identity(tmp_path, "other")
    locked = identity(tmp_path, "locked", passphrase=b"secret")
    (tmp_path / "note.txt").write_text("a note")
    absent = tmp_path / "absent.pem"
    for choice, word in (
        (TlsChoice(tmp_path / "note.txt"), "note.txt"),
        (TlsChoice(absent), "absent.pem"),
        (TlsChoice(None, absent, good.key), "absent.pem"),
        (TlsChoice(None, tmp_path / "note.txt", good.key), "note.txt"),
        (TlsChoice(None, good.certificate, other.key), "other.key"),
        (TlsChoice(None, locked.certificate, locked.key), "passphrase"),
    ):
        with pytest.raises(InputRefused, match=word) as refused:
            asking_context(choice)
        assert refused.value.code == "pacs-tls-file"


def test_a_search_that_the_archive_fails() -> None:
    handlers = [(evt.EVT_C_FIND, lambda _event: iter([(0xA700, None)]))]
    with peer(handlers, build_context(FindModel)) as node, pytest.raises(PacsRefused) as refused:
        find(node, Asking("HER2DESK"), Query())
    assert refused.value.code == "pacs-out-of-resources"


def test_an_archive_that_says_nothing_in_time() -> None:
    waiting = threading.Event()

    def slow(_event: Any) -> Iterator[tuple[int, None]]:
        waiting.wait(10)
        yield 0x0000, None

    handlers = [(evt.EVT_C_FIND, slow)]
    with peer(handlers, build_context(FindModel)) as node:
        with pytest.raises(PacsRefused) as refused:
            find(node, Asking("HER2DESK", HURRIED), Query())
        waiting.set()
    assert refused.value.code == "pacs-cut"


class Stops:
    """A reader who has had enough after so many steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self, _fraction: float, _text: Message) -> None:
        self._left -= 1
        if self._left < 0:
            raise Cancelled


def test_waiting_for_an_archive_can_be_stopped() -> None:
    waiting = threading.Event()

    def slow(_event: Any) -> Iterator[tuple[int, None]]:
        waiting.wait(10)
        yield 0x0000, None

    threads = threading.active_count()
    with peer([(evt.EVT_C_FIND, slow)], build_context(FindModel)) as node:
        with pytest.raises(Cancelled):
            find(node, Asking("HER2DESK"), Query(), Stops(2))
        waiting.set()
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    "query",
    [
        Query(patient_name="a\\b"),
        Query(patient_id="x" * 65),
        Query(patient_name="a\x00"),
        Query(date_from="2024-01-01"),
        Query(date_to="٢٠٢٤٠١٠١"),
        Query(Level.SERIES),
        Query(Level.IMAGE),
        Query(patient_name="王", character_set="ISO_IR 100"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(query: Query) -> None:
    with pytest.raises(InputRefused) as refused:
        identifier_of(query)
    assert refused.value.code == "pacs-query"


def test_how_names_and_days_are_asked_for() -> None:
    def asked(keyword: str, **values: Any) -> str:
        return str(identifier_of(Query(**values)).get(keyword))

    assert asked("PatientName", patient_name="Doe") == "Doe*"
    assert asked("PatientName", patient_name="D?e") == "D?e"
    assert asked("PatientName", patient_name="小东") == "*小东*"
    assert asked("StudyDate", date_from="20240101", date_to="20240101") == "20240101"
    assert asked("StudyDate", date_from="20240101", date_to="20241231") == "20240101-20241231"
    assert asked("StudyDate", date_from="20240101") == "20240101-"
    assert asked("StudyDate", date_to="20240101") == "-20240101"
    assert asked("ModalitiesInStudy") == "US"


def test_a_peer_that_takes_no_such_file(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Archive", instance(tmp_path / "files", 1))
    with peer([], build_context(US_IMAGE, "1.2.840.10008.1.2.4.50")) as node:
        delivered = deliver(outbox, node, Asking("HER2DESK"))
    ((_file, why),) = delivered.refused
    assert why.code == "pacs-no-context"
    assert "Ultrasound Image Storage" in str(why)
    assert "Explicit VR Little Endian" in str(why)
    assert "never converted" in str(why)
    assert not outbox.waiting("Archive")
    assert len(outbox.refused("Archive")) == 1
    assert outbox.try_again("Archive") == 1
    assert len(outbox.waiting("Archive")) == 1


def test_of_several_kinds_those_that_it_takes_are_sent(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    other = instance(tmp_path / "files", 1, SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    from pydicom import dcmread

    changed = dcmread(other)
    changed.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    changed.save_as(other)
    for path in (other, instance(tmp_path / "files", 2)):
        outbox.add("Archive", path)
    stored = [(evt.EVT_C_STORE, lambda _event: 0x0000)]
    with peer(stored, build_context(US_IMAGE, EXPLICIT)) as node:
        delivered = deliver(outbox, node, Asking("HER2DESK"))
    assert len(delivered.sent) == 1
    assert [why.code for _file, why in delivered.refused] == ["pacs-no-context"]


@pytest.mark.parametrize(("status", "is_sent"), [(0xB000, True), (0xA900, False), (0xC000, False)])
def test_what_the_peer_says_of_a_file(status: int, is_sent: bool, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Archive", instance(tmp_path / "files", 1))
    stored = [(evt.EVT_C_STORE, lambda _event: status)]
    with peer(stored, build_context(US_IMAGE, EXPLICIT)) as node:
        delivered = deliver(outbox, node, Asking("HER2DESK"))
    assert (len(delivered.sent), len(delivered.refused)) == ((1, 0) if is_sent else (0, 1))


def test_a_peer_without_room_is_asked_again_later(tmp_path: Path) -> None:
    answers = iter([0xA700, 0xA700, 0x0000])
    outbox = Outbox(tmp_path / "outbox")
    outbox.add("Archive", instance(tmp_path / "files", 1))
    stored = [(evt.EVT_C_STORE, lambda _event: next(answers))]
    with peer(stored, build_context(US_IMAGE, EXPLICIT)) as node:
        delivered = deliver(outbox, node, Asking("HER2DESK"), patience=Patience(4, 0.01))
    assert len(delivered.sent) == 1


def test_an_outbox_outlives_the_program(tmp_path: Path) -> None:
    """Another object on the same folder is another run of the program."""
    path = instance(tmp_path / "files", 1)
    Outbox(tmp_path / "outbox").add("Archive", path)
    Outbox(tmp_path / "outbox").add("Archive", path)
    Outbox(tmp_path / "outbox").add("Other", path)
    (tmp_path / "files" / "0000.part").write_bytes(b"")
    path.unlink()
    after = Outbox(tmp_path / "outbox")
    assert len(after.waiting("Archive")) == 1
    assert set(after.nodes()) == {"Archive", "Other"}
    heard: list[str] = []

    def stored(event: Any) -> int:
        heard.append(event.request.AffectedSOPInstanceUID)
        return 0x0000

    with peer([(evt.EVT_C_STORE, stored)], build_context(US_IMAGE, EXPLICIT)) as node:
        deliver(after, node, Asking("HER2DESK"))
    assert len(heard) == 1
    assert Outbox(tmp_path / "outbox").nodes() == ("Other",)


def test_stopping_leaves_the_rest_waiting(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    for path in instances(tmp_path / "files", 5):
        outbox.add("Archive", path)
    reader = Stops(1 << 30)
    stored: list[Any] = []

    def store(event: Any) -> int:
        stored.append(event)
        if len(stored) == 3:
            reader._left = 0
        return 0x0000

    with (
        peer([(evt.EVT_C_STORE, store)], build_context(US_IMAGE, EXPLICIT)) as node,
        pytest.raises(Cancelled),
    ):
        deliver(outbox, node, Asking("HER2DESK"), reader)
    assert 2 <= len(outbox.waiting("Archive")) <= 3


def test_an_outbox_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(StoreRefused) as refused:
        Outbox(tmp_path / "outbox").add("Archive", instance(tmp_path / "files", 1))
    assert refused.value.code == "outbox-unwritable"


def study_peer(get: Callable[[Any], Iterator[Any]], count: int = 2) -> list[Any]:
    """Handlers of an archive that lists ``count`` images, and answers C-GET as told."""

    def listed(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        numbers = range(count) if event.identifier.QueryRetrieveLevel == "IMAGE" else range(1)
        for number in numbers:
            answer = Dataset()
            answer.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
            answer.StudyInstanceUID = STUDY
            answer.SeriesInstanceUID = "1.2.3"
            if event.identifier.QueryRetrieveLevel == "IMAGE":
                answer.SOPInstanceUID = f"1.2.3.{number}"
            yield 0xFF00, answer

    return [(evt.EVT_C_FIND, listed), (evt.EVT_C_GET, get)]


def test_an_archive_that_sends_less_than_it_lists(tmp_path: Path) -> None:
    def nothing(_event: Any) -> Iterator[Any]:
        yield 0

    contexts = (build_context(FindModel), build_context(GetModel))
    with (
        Spool(tmp_path / "inbox") as spool,
        peer(study_peer(nothing), *contexts) as node,
        pytest.raises(PacsRefused) as refused,
    ):
        get_study(node, Asking("HER2DESK", spool=spool), STUDY, patience=ONCE)
    assert refused.value.code == "pacs-incomplete"
    assert "2 images" in str(refused.value)


def test_an_archive_that_cannot_send_some_says_which(tmp_path: Path) -> None:
    def fails(_event: Any) -> Iterator[Any]:
        yield 1
        yield 0xB000, Dataset()

    contexts = (build_context(FindModel), build_context(GetModel))
    with Spool(tmp_path / "inbox") as spool, peer(study_peer(fails), *contexts) as node:
        got = get_study(node, Asking("HER2DESK", spool=spool), STUDY, patience=ONCE)
    assert got.files == ()
    assert got.refused == ("1.2.3.0", "1.2.3.1")


def test_an_archive_that_refuses_to_send(tmp_path: Path) -> None:
    def refuses(_event: Any) -> Iterator[Any]:
        yield 1
        yield 0xA702, Dataset()

    contexts = (build_context(FindModel), build_context(GetModel))
    with (
        Spool(tmp_path / "inbox") as spool,
        peer(study_peer(refuses), *contexts) as node,
        pytest.raises(PacsRefused) as refused,
    ):
        get_study(node, Asking("HER2DESK", spool=spool), STUDY, patience=ONCE)
    assert refused.value.code == "pacs-out-of-resources"


def test_an_archive_that_does_not_move(tmp_path: Path) -> None:
    contexts = (build_context(FindModel),)
    with (
        peer(study_peer(lambda _event: iter([0])), *contexts) as node,
        pytest.raises(PacsRefused) as refused,
    ):
        move_study(node, Asking("HER2DESK"), STUDY, lambda _uid: False, patience=ONCE)
    assert refused.value.code == "pacs-not-offered"
    assert "C-MOVE" in str(refused.value)


def test_a_full_disk_ends_a_retrieval_with_a_sentence(tmp_path: Path) -> None:
    from pydicom import dcmread

    image = dcmread(instance(tmp_path / "files", 0))

    def sends(_event: Any) -> Iterator[Any]:
        yield 1
        yield 0xFF00, image

    contexts = (
        build_context(FindModel),
        build_context(GetModel),
        build_context(US_IMAGE, EXPLICIT),
    )
    contexts[2].scu_role, contexts[2].scp_role = False, True
    with (
        Spool(tmp_path / "inbox", free_bytes=lambda _folder: 0) as spool,
        peer(study_peer(sends), *contexts) as node,
        pytest.raises(StoreRefused) as refused,
    ):
        get_study(node, Asking("HER2DESK", spool=spool), STUDY, patience=ONCE)
    assert refused.value.code == "spool-full"


def tries(patience: Patience, fails: Callable[[int], PacsRefused | None]) -> int:
    """How often it is tried while ``fails`` says so; what is gained is the first five tries."""
    tried: list[int] = []
    for attempt in trying(patience, lambda: None, lambda: min(len(tried), 5)):
        with attempt:
            tried.append(len(tried) + 1)
            error = fails(tried[-1])
            if error is not None:
                raise error
    return len(tried)


def test_patience_is_new_after_whatever_was_gained() -> None:
    assert tries(Patience(2, 0.0), lambda n: connection_cut(NODE) if n <= 5 else None) == 6


def test_patience_ends() -> None:
    heard: list[int] = []

    def fails(number: int) -> PacsRefused:
        heard.append(number)
        return connection_cut(NODE)

    with pytest.raises(PacsRefused):
        tries(Patience(3, 0.01), fails)
    assert len(heard) == 5 + 2  # five gained something, and two more did not


def test_what_will_not_pass_is_not_tried_again() -> None:
    heard: list[int] = []

    def fails(number: int) -> PacsRefused:
        heard.append(number)
        return status_refusal(NODE, 0xC000)

    with pytest.raises(PacsRefused):
        tries(Patience(), fails)
    assert heard == [1]
