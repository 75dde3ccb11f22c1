"""Sending a case's report: kept before it is sent, recorded once it has arrived, once each."""

import hashlib
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pynetdicom import AE, evt

from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.nodes import ReceiverSettings, RemoteNode
from her2desk.dicom.pacs.outbox import Outbox, deliver, outbox_of
from her2desk.dicom.pacs.patience import Patience
from her2desk.dicom.pacs.receiver import Receiver
from her2desk.dicom.pacs.refusals import PacsRefused
from her2desk.dicom.pacs.spool import Spool
from her2desk.errors import Cancelled, StoreRefused
from her2desk.reports.case_files import case_files
from her2desk.reports.case_record import CaseRecord, read_case
from her2desk.reports.case_sending import CaseSending, forget_erased, waiting
from her2desk.reports.report_options import ReportKind, ReportOptions
from her2desk.store.erasing import erase_cases
from her2desk.store.history import Action
from her2desk.store.library import Library
from her2desk.store.opening import open_library
from her2desk.texts import Message
from tests.cutting_proxy import CuttingProxy
from tests.orthanc import Orthanc, free_port
from tests.unit.dicom.pacs.samples import data_set, instance

from .kept_case import READER, a_library, keep_case, the_shelf

ASKING = Asking("HER2DESK")
AT_ONCE = Patience(tries=1)
QUICKLY = Patience(tries=40, first_s=0.01, longest_s=0.05)
ALL = (ReportKind.SEG, ReportKind.SR, ReportKind.SC)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with a_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def record(library: Library) -> CaseRecord:
    return read_case(library, the_shelf(library), keep_case(library))


@pytest.fixture
def outbox(library: Library) -> Outbox:
    return outbox_of(library.folder)


@pytest.fixture
def sending(library: Library, outbox: Outbox) -> CaseSending:
    return CaseSending(library, outbox)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[ReportKind, bytes]:
    """The objects of the case that every test keeps anew; they come out the same."""
    with a_library(tmp_path_factory.mktemp("objects") / "library") as library:
        record = read_case(library, the_shelf(library), keep_case(library))
        return dict(case_files(record, ReportOptions(), ALL))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[RemoteNode]:
    """Another Her2Desk that receives, in the place of an archive."""
    port = free_port()
    settings = ReceiverSettings(True, "ARCHIVE", "127.0.0.1", port, ("HER2DESK",))
    with (
        Spool(tmp_path / "received") as spool,
        Receiver(settings, spool, lambda _file: None),
    ):
        yield RemoteNode("Archive A", "ARCHIVE", "127.0.0.1", port)


def arrived(tmp_path: Path) -> set[bytes]:
    return {data_set(path) for path in (tmp_path / "received").glob("*.dcm")}


def data_sets(folder: Path, *contents: bytes) -> set[bytes]:
    found = set()
    for number, content in enumerate(contents):
        path = folder / f"expected-{number}.dcm"
        path.write_bytes(content)
        found.add(data_set(path))
    return found


def entries(library: Library, case_id: int) -> list[dict[str, object]]:
    found = [entry for entry in library.history(case_id) if entry.action is Action.SENT]
    return [dict(entry.content or {}) for entry in found]


def uid(content: bytes) -> str:
    return str(dcmread(BytesIO(content)).SOPInstanceUID)


def nobody() -> RemoteNode:
    return RemoteNode("Archive A", "ARCHIVE", "127.0.0.1", free_port())


def test_what_arrived_is_recorded_by_uid_and_hash_and_names_nobody(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
    tmp_path: Path,
) -> None:
    sending.queue(archive.name, record, objects)
    assert entries(library, record.case_id) == []
    sent = sending.deliver(archive, ASKING)
    assert [one.note.kind for one in sent.confirmed if one.note] == ["seg", "sr", "sc"]
    assert sent.refused == ()
    [entry] = entries(library, record.case_id)
    assert len(str(entry.pop("sending"))) == 16
    assert entry == {
        "node": "Archive A",
        "what": "report",
        "prediction_entry": record.entry_id,
        "objects": [
            {
                "kind": str(kind),
                "sop_instance_uid": uid(objects[kind]),
                "sha256": hashlib.sha256(objects[kind]).hexdigest(),
            }
            for kind in ALL
        ],
    }
    assert "Phantom" not in json.dumps(entry)
    assert arrived(tmp_path) == data_sets(tmp_path, *objects.values())
    assert not list((library.folder / "pacs").rglob("*.case"))
    assert not list((library.folder / "pacs").rglob("*.dcm"))


def test_sent_again_the_archive_has_it_once_and_the_history_says_twice(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
    tmp_path: Path,
) -> None:
    for _ in range(2):
        sending.queue(archive.name, record, {ReportKind.SR: objects[ReportKind.SR]})
        sending.deliver(archive, ASKING)
    assert len(list((tmp_path / "received").glob("*.dcm"))) == 1
    first, second = entries(library, record.case_id)
    assert first["objects"] == second["objects"]
    assert first["sending"] != second["sending"]


def test_what_could_not_be_sent_waits_and_goes_with_the_next_try(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
) -> None:
    sending.queue(archive.name, record, objects)
    with pytest.raises(PacsRefused) as refused:
        sending.deliver(nobody(), ASKING, patience=AT_ONCE)
    assert refused.value.code == "pacs-refused-connection"
    assert waiting(outbox) == {"Archive A": 3}
    assert entries(library, record.case_id) == []
    again = CaseSending(library, outbox_of(library.folder))  # as after a start
    assert len(again.deliver(archive, ASKING).confirmed) == 3
    assert waiting(outbox) == {}
    assert len(entries(library, record.case_id)) == 1


class StopsAfter:
    """Stops the work once the first object is confirmed."""

    def step(self, fraction: float, text: Message) -> None:
        if fraction > 0:
            raise Cancelled


def test_stopped_in_the_middle_what_arrived_is_recorded_and_the_rest_waits(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
) -> None:
    sending.queue(archive.name, record, objects)
    with pytest.raises(Cancelled):
        sending.deliver(archive, ASKING, StopsAfter())
    assert waiting(outbox) == {"Archive A": 2}
    sending.deliver(archive, ASKING)
    first, second = entries(library, record.case_id)
    assert [item["kind"] for item in first["objects"]] == ["seg"]  # type: ignore[attr-defined]
    assert [item["kind"] for item in second["objects"]] == ["sr", "sc"]  # type: ignore[attr-defined]


class Killed(BaseException):
    """The process ends here."""


def test_killed_between_the_archives_word_and_the_record_it_is_recorded_later(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
) -> None:
    sending.queue(archive.name, record, objects)
    deliver(outbox, archive, ASKING)  # and nothing after it
    assert entries(library, record.case_id) == []
    CaseSending(library, outbox).record_confirmed()
    assert len(entries(library, record.case_id)) == 1
    CaseSending(library, outbox).record_confirmed()
    assert len(entries(library, record.case_id)) == 1


def test_killed_between_the_record_and_the_end_it_is_not_recorded_twice(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sending.queue(archive.name, record, objects)
    deliver(outbox, archive, ASKING)
    whole = library.record

    def killed(*arguments: object) -> int:
        whole(*arguments)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(library, "record", killed)
    with pytest.raises(Killed):
        sending.record_confirmed()
    monkeypatch.setattr(library, "record", whole)
    sending.record_confirmed()
    assert len(entries(library, record.case_id)) == 1
    assert not list((library.folder / "pacs").rglob("*.case"))


def test_killed_before_it_was_kept_nothing_is_said_to_be_sent(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(outbox, "add_bytes", killed)
    with pytest.raises(Killed):
        sending.queue("Archive A", record, objects)
    sending.record_confirmed()
    assert entries(library, record.case_id) == []
    assert not list((library.folder / "pacs").rglob("*.case"))


def test_killed_after_it_was_kept_the_record_has_its_uid(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = outbox.add_bytes

    def killed(node_name: str, content: bytes) -> None:
        whole(node_name, content)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "add_bytes", killed)
        with pytest.raises(Killed):
            sending.queue(archive.name, record, {ReportKind.SR: objects[ReportKind.SR]})
    sending.deliver(archive, ASKING)
    [entry] = entries(library, record.case_id)
    assert f"'sop_instance_uid': '{uid(objects[ReportKind.SR])}'" in str(entry["objects"])


def test_a_full_disk_is_said_and_nothing_is_sent(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    objects: dict[ReportKind, bytes],
) -> None:
    (library.folder / "pacs").write_text("a file in the way")
    with pytest.raises(StoreRefused) as refused:
        sending.queue("Archive A", record, objects)
    assert refused.value.code == "outbox-unwritable"


def test_a_library_that_is_only_read_sends_nothing(
    library: Library, record: CaseRecord, outbox: Outbox, objects: dict[ReportKind, bytes]
) -> None:
    library.close()
    with open_library(library.folder, READER, read_only=True) as opened:
        sending = CaseSending(opened, outbox)
        for ask in (
            lambda: sending.queue("Archive A", record, objects),
            lambda: sending.deliver(nobody(), ASKING),
        ):
            with pytest.raises(StoreRefused) as refused:
                ask()
            assert refused.value.code == "store-read-only"
    assert not (library.folder / "pacs").exists()


def test_what_waits_of_an_erased_case_is_neither_kept_nor_sent(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
    tmp_path: Path,
) -> None:
    sending.queue(archive.name, record, objects)
    outbox.add(archive.name, instance(tmp_path / "files", 1))
    forget_erased(library, outbox)
    assert waiting(outbox) == {"Archive A": 4}
    erase_cases(library, [record.case_id])
    forget_erased(library, outbox)
    assert waiting(outbox) == {"Archive A": 1}
    [one] = sending.deliver(archive, ASKING).confirmed
    assert one.note is None


def test_a_case_erased_after_it_was_sent_is_not_recorded(
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    archive: RemoteNode,
) -> None:
    sending.queue(archive.name, record, objects)
    deliver(outbox, archive, ASKING)
    erase_cases(library, [record.case_id])
    sending.record_confirmed()
    assert not list((library.folder / "pacs").rglob("*.case"))


def test_notes_held_by_another_are_a_sentence(
    sending: CaseSending,
    record: CaseRecord,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from filelock import FileLock

    from her2desk.reports import sending_notes

    monkeypatch.setattr(sending_notes, "LOCK_S", 0.05)
    outbox.folder.mkdir(parents=True)
    with FileLock(outbox.folder / sending_notes.LOCK), pytest.raises(StoreRefused) as refused:
        sending.queue("Archive A", record, objects)
    assert refused.value.code == "outbox-in-use"


@pytest.mark.slow
def test_a_real_archive_has_the_objects_of_the_case_byte_by_byte(
    orthanc: Orthanc,
    record: CaseRecord,
    sending: CaseSending,
    objects: dict[ReportKind, bytes],
    tmp_path: Path,
) -> None:
    for _ in range(2):
        sending.queue("Archive", record, objects)
        sending.deliver(orthanc.node(), ASKING)
    assert orthanc.uids() == sorted(uid(content) for content in objects.values())
    kept = [orthanc.file(instance) for instance in orthanc.instances()]
    (tmp_path / "kept").mkdir()
    (tmp_path / "made").mkdir()
    assert data_sets(tmp_path / "kept", *kept) == data_sets(tmp_path / "made", *objects.values())
    modalities = {str(dcmread(BytesIO(content)).Modality) for content in kept}
    assert {"SR", "SEG"} < modalities


@pytest.mark.slow
def test_a_network_that_cuts_every_connection_loses_nothing_and_doubles_nothing(
    orthanc: Orthanc,
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    objects: dict[ReportKind, bytes],
) -> None:
    sending.queue("Archive", record, objects)
    budgets = iter([600, 2_500, 9_000, 14_000, 20_000])
    with CuttingProxy(orthanc.port, lambda: next(budgets, None)) as proxy:
        sent = sending.deliver(orthanc.node(proxy.port), ASKING, patience=QUICKLY)
        assert proxy.cuts > 1
    assert len(sent.confirmed) == 3
    assert orthanc.uids() == sorted(uid(content) for content in objects.values())
    [entry] = entries(library, record.case_id)
    assert len(entry["objects"]) == 3  # type: ignore[arg-type]


@pytest.fixture
def choosy(objects: dict[ReportKind, bytes]) -> Iterator[RemoteNode]:
    """An archive of the same name that knows structured reports alone."""
    entity = AE("ARCHIVE")
    entity.add_supported_context(dcmread(BytesIO(objects[ReportKind.SR])).SOPClassUID)
    port = free_port()
    server = entity.start_server(
        ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda _event: 0)]
    )
    yield RemoteNode("Archive A", "ARCHIVE", "127.0.0.1", port)
    assert server is not None
    server.shutdown()


def test_what_an_archive_does_not_take_is_told_by_its_kind_and_tried_when_sent_again(
    choosy: RemoteNode,
    archive: RemoteNode,
    library: Library,
    record: CaseRecord,
    sending: CaseSending,
    outbox: Outbox,
    objects: dict[ReportKind, bytes],
) -> None:
    pair = {kind: objects[kind] for kind in (ReportKind.SR, ReportKind.SEG)}
    sending.queue(choosy.name, record, pair)
    sent = sending.deliver(choosy, ASKING)
    [(refused, error)] = sent.refused
    assert refused.note is not None
    assert (refused.note.kind, error.code) == ("seg", "pacs-no-context")
    assert [one.note.kind for one in sent.confirmed if one.note] == ["sr"]
    assert len(outbox.refused(choosy.name)) == 1
    sending.queue(archive.name, record, pair)
    assert outbox.refused(archive.name) == ()
    assert len(sending.deliver(archive, ASKING).confirmed) == 2
    kinds = [[item["kind"] for item in e["objects"]] for e in entries(library, record.case_id)]  # type: ignore[attr-defined]
    assert kinds == [["sr"], ["seg", "sr"]]
