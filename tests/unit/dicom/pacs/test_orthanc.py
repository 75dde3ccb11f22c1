"""The whole network with a real archive at its other end."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.datadict import keyword_for_tag, tag_for_keyword

from her2desk.dicom.header import quiet
from her2desk.dicom.pacs.association import Asking
from her2desk.dicom.pacs.echo import echo
from her2desk.dicom.pacs.find import find
from her2desk.dicom.pacs.nodes import ReceiverSettings
from her2desk.dicom.pacs.outbox import Outbox, deliver
from her2desk.dicom.pacs.patience import Patience
from her2desk.dicom.pacs.queries import Level, Query
from her2desk.dicom.pacs.receiver import Receiver
from her2desk.dicom.pacs.refusals import PacsRefused
from her2desk.dicom.pacs.retrieve import get_study, move_study
from her2desk.dicom.pacs.spool import ReceivedFile, Spool
from her2desk.errors import InputRefused
from tests.cutting_proxy import CuttingProxy, random_budget
from tests.orthanc import Orthanc

from .samples import STUDY, data_set, instance, instances

QUICKLY = Patience(tries=40, first_s=0.01, longest_s=0.05)
SMALLEST, LARGEST = 500, 30_000  # bytes that a connection lives; an instance has some 1,500
LEAST_IN = 16_000  # of which C-GET needs these to agree on what it can take


def sent(outbox: Outbox, orthanc: Orthanc, paths: list[Path], asking: Asking) -> None:
    for path in paths:
        outbox.add("Archive", path)
    deliver(outbox, orthanc.node(), asking)


def test_an_archive_that_is_there_answers(orthanc: Orthanc, asking: Asking) -> None:
    echo(orthanc.node(), asking)


def test_an_archive_under_another_title_says_so(orthanc: Orthanc, asking: Asking) -> None:
    from dataclasses import replace

    with pytest.raises(PacsRefused) as refused:
        echo(replace(orthanc.node(), ae_title="OTHER"), asking)
    assert refused.value.code == "pacs-called-title"
    assert "AE title OTHER" in str(refused.value)


def test_what_is_sent_is_found_at_every_level(
    tmp_path: Path, orthanc: Orthanc, asking: Asking
) -> None:
    sent(Outbox(tmp_path / "outbox"), orthanc, instances(tmp_path / "files", 3), asking)

    patients = find(orthanc.node(), asking, Query(Level.PATIENT, patient_name="Doe")).matches
    studies = find(orthanc.node(), asking, Query(patient_id="P1", date_from="20240101")).matches
    series = find(orthanc.node(), asking, Query(Level.SERIES, study_uid=STUDY)).matches
    images = find(
        orthanc.node(),
        asking,
        Query(Level.IMAGE, study_uid=STUDY, series_uid=series[0].series_uid),
    ).matches

    assert [match.patient_name for match in patients] == ["Doe^Jane"]
    assert [(match.study_uid, match.instances, match.modalities) for match in studies] == [
        (STUDY, 3, "US")
    ]
    assert len(images) == 3
    assert not find(orthanc.node(), asking, Query(date_to="20231231")).matches
    assert not find(orthanc.node(), asking, Query(modality="MR")).matches


def test_more_than_is_wanted_is_cut_off_and_said(
    tmp_path: Path, orthanc: Orthanc, asking: Asking
) -> None:
    paths = [
        instance(tmp_path / "files", number, StudyInstanceUID=f"{STUDY}.{number}")
        for number in range(4)
    ]
    sent(Outbox(tmp_path / "outbox"), orthanc, paths, asking)
    found = find(orthanc.node(), asking, Query(), most=2)
    assert len(found.matches) == 2
    assert found.is_cut_off


@pytest.mark.parametrize("character_set", ["ISO_IR 192", "GB18030"])
def test_a_chinese_name_is_found(
    character_set: str, tmp_path: Path, orthanc: Orthanc, asking: Asking
) -> None:
    path = instance(
        tmp_path / "files",
        1,
        SpecificCharacterSet=character_set,
        PatientName="Wang^XiaoDong=王^小东",
        PatientID="P王",
    )
    sent(Outbox(tmp_path / "outbox"), orthanc, [path], asking)
    by_name = find(orthanc.node(), asking, Query(patient_name="小东")).matches
    by_latin = find(orthanc.node(), asking, Query(patient_name="Wang")).matches
    assert [match.patient_name for match in by_name] == ["Wang^XiaoDong=王^小东"]
    assert by_latin == by_name


def test_a_study_comes_back_as_it_was_sent(
    tmp_path: Path, orthanc: Orthanc, asking: Asking, spool: Spool
) -> None:
    paths = instances(tmp_path / "files", 5)
    sent(Outbox(tmp_path / "outbox"), orthanc, paths, asking)
    got = get_study(orthanc.node(), asking, STUDY)
    assert len(got.files) == 5
    assert not got.refused
    assert {data_set(path) for path in spool.files()} == {data_set(path) for path in paths}
    for file in got.files:
        read = dcmread(file.path)
        assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID
        assert read.file_meta.MediaStorageSOPClassUID == read.SOPClassUID


def test_a_study_that_is_not_there_is_a_sentence(orthanc: Orthanc, asking: Asking) -> None:
    with pytest.raises(InputRefused, match="no images") as refused:
        get_study(orthanc.node(), asking, "1.2.3.4.5")
    assert refused.value.code == "pacs-study"


def receiving(orthanc: Orthanc, spool: Spool, heard: list[ReceivedFile]) -> Receiver:
    settings = ReceiverSettings(True, "HER2DESK", "127.0.0.1", orthanc.receiver_port, ("ORTHANC",))
    return Receiver(settings, spool, heard.append)


def test_a_study_is_moved_to_the_receiver(
    tmp_path: Path, orthanc: Orthanc, asking: Asking, spool: Spool
) -> None:
    paths = instances(tmp_path / "files", 4)
    sent(Outbox(tmp_path / "outbox"), orthanc, paths, asking)
    heard: list[ReceivedFile] = []
    with receiving(orthanc, spool, heard):
        assert move_study(orthanc.node(), asking, STUDY, spool.has) == ()
    assert {data_set(file.path) for file in heard} == {data_set(path) for path in paths}


def test_a_move_to_a_title_that_the_archive_does_not_know(
    tmp_path: Path, orthanc: Orthanc, spool: Spool
) -> None:
    stranger = Asking("NOBODY", spool=spool)
    sent(Outbox(tmp_path / "outbox"), orthanc, instances(tmp_path / "files", 1), stranger)
    with pytest.raises(PacsRefused) as refused:
        move_study(orthanc.node(), stranger, STUDY, spool.has, patience=Patience(2, 0.01))
    assert refused.value.code == "pacs-cut"  # Orthanc hangs up on titles that it does not know
    assert "may not allow" in refused.value.remedy.text()


def test_the_archive_sends_and_a_stranger_cannot(
    tmp_path: Path, orthanc: Orthanc, asking: Asking, spool: Spool
) -> None:
    from urllib.error import HTTPError

    sent(Outbox(tmp_path / "outbox"), orthanc, instances(tmp_path / "files", 2), asking)
    heard: list[ReceivedFile] = []
    with receiving(orthanc, spool, heard):
        orthanc.store_at("her2desk", orthanc.instances())
        orthanc.store_at("her2desk", orthanc.instances())
        with pytest.raises(HTTPError):
            orthanc.store_at("stranger", orthanc.instances())
    assert [file.is_new for file in heard] == [True, True, False, False]
    assert len(spool.files()) == 2


def round_trip(
    count: int, tmp_path: Path, orthanc: Orthanc, asking: Asking, spool: Spool, seed: int
) -> tuple[int, int]:
    """``count`` instances out and in again over cut connections; how many were cut each way."""
    paths = instances(tmp_path / "files", count)
    outbox = Outbox(tmp_path / "outbox")
    for path in paths:
        outbox.add("Archive", path)
    with CuttingProxy(orthanc.port, random_budget(seed, SMALLEST, LARGEST)) as proxy:
        delivered = deliver(outbox, orthanc.node(proxy.port), asking, patience=QUICKLY)
        cuts_out = proxy.cuts
    assert len(delivered.sent) == count
    assert not delivered.refused
    assert not outbox.waiting("Archive")
    wanted = sorted(str(dcmread(path).SOPInstanceUID) for path in paths)
    assert orthanc.uids() == wanted

    draw = random_budget(seed, LEAST_IN, LEAST_IN + LARGEST)
    # The lists of series and images come through: there is no half of one to go on from.
    with CuttingProxy(orthanc.port, lambda: None if proxy.connections <= 2 else draw()) as proxy:
        got = get_study(orthanc.node(proxy.port), asking, STUDY, patience=QUICKLY)
        cuts_in = proxy.cuts
    assert sorted(file.sop_instance_uid for file in got.files) == wanted
    assert len(spool.files()) == count
    before = {dcmread(path).SOPInstanceUID: data_set(path) for path in paths}
    after = {dcmread(path).SOPInstanceUID: data_set(path) for path in spool.files()}
    assert after == before
    return cuts_out, cuts_in


def test_nothing_is_lost_or_doubled_over_a_network_that_fails(
    tmp_path: Path, orthanc: Orthanc, asking: Asking, spool: Spool
) -> None:
    threads = threading.active_count()
    cuts_out, cuts_in = round_trip(60, tmp_path, orthanc, asking, spool, seed=1)
    assert cuts_out >= 2
    assert cuts_in >= 2
    assert threading.active_count() == threads


@pytest.mark.slow
def test_a_thousand_are_not_lost_or_doubled(
    tmp_path: Path, orthanc: Orthanc, asking: Asking, spool: Spool
) -> None:
    cuts_out, cuts_in = round_trip(1000, tmp_path, orthanc, asking, spool, seed=2)
    assert cuts_out > 20
    assert cuts_in > 5


@pytest.mark.data
def test_real_files_come_back_with_their_pixels_and_headers(
    test_data: Path, tmp_path: Path, orthanc: Orthanc, asking: Asking, spool: Spool
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    for path in sorted((test_data / "dicom_us").iterdir()):
        with suppress(InputRefused):  # the index, and a ZIP archive
            outbox.add("Archive", path)
    before = {file.path.name: file for file in outbox.waiting("Archive")}
    originals: dict[str, list[Path]] = {}
    kept = tmp_path / "kept"
    kept.mkdir()
    for file in before.values():
        (kept / file.path.name).write_bytes(file.path.read_bytes())
        originals.setdefault(file.sop_instance_uid, []).append(kept / file.path.name)
    delivered = deliver(outbox, orthanc.node(), asking, patience=QUICKLY)
    # One file lacks the tag of a sequence: dcmtk, in Orthanc, ends the connection at it.
    assert [refusal.code for _file, refusal in delivered.refused] == ["pacs-cut-at-file"]
    lost = {file.sop_instance_uid for file, _refusal in delivered.refused}
    syntaxes = set()
    studies = find(orthanc.node(), asking, Query(modality="")).matches
    for study in studies:
        got = get_study(orthanc.node(), asking, study.study_uid)
        assert not got.refused
    files = spool.files()
    for path in files:
        with quiet():
            read = dcmread(path)
            syntaxes.add(str(read.file_meta.TransferSyntaxUID))
            twins = [dcmread(one) for one in originals[str(read.SOPInstanceUID)]]
            same = [one for one in twins if one.get("PixelData") == read.get("PixelData")]
            assert same, path
            assert any(not differing(read, one) for one in same), path
    assert len(files) == len(originals.keys() - lost)
    assert len(syntaxes) >= 5


def differing(one: object, other: object) -> list[str]:
    """Keywords of what differs, aside from group lengths and padding, which dcmtk drops."""
    a = {e.tag: e for e in one if e.tag.element}  # type: ignore[attr-defined]
    b = {e.tag: e for e in other if e.tag.element}  # type: ignore[attr-defined]
    tags = (a.keys() | b.keys()) - {tag_for_keyword("DataSetTrailingPadding")}
    return [keyword_for_tag(tag) or str(tag) for tag in tags if a.get(tag) != b.get(tag)]
