"""Each attribute gets the action of PS3.15 Table E.1-1; keys, dates and pseudonyms hold."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.uid import UID

from her2desk.dicom.deidentify.dates import shifted
from her2desk.dicom.deidentify.key import (
    MAX_SHIFT_DAYS,
    ProjectKey,
    key_path,
    library_key,
    load_key,
)
from her2desk.dicom.deidentify.profile import Action, Option, Profile, _table
from her2desk.errors import InputRefused, StoreRefused

KEY = ProjectKey(b"k" * 32)
BASIC = Profile(())
DATES = Profile([Option.RETAIN_MODIFIED_DATES])
DEVICE = Profile([Option.RETAIN_DEVICE_IDENTITY])


def action(
    keyword: str, vr: str, *values: str, profile: Profile = BASIC, nested: bool = False
) -> Action:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return profile.decide(tag, vr, list(values), nested=nested).action


@pytest.mark.parametrize(
    ("keyword", "vr", "expected"),
    [
        # PS3.15 2026d, Table E.1-1, column "Basic Prof."
        ("PatientName", "PN", Action.EMPTY),
        ("PatientBirthDate", "DA", Action.EMPTY),
        ("PatientAge", "AS", Action.REMOVE),
        ("AccessionNumber", "SH", Action.EMPTY),
        ("InstitutionName", "LO", Action.REMOVE),
        ("ReferringPhysicianName", "PN", Action.EMPTY),
        ("ImageComments", "LT", Action.REMOVE),
        ("SeriesDescription", "LO", Action.REMOVE),
        ("StudyDate", "DA", Action.EMPTY),
        ("SOPInstanceUID", "UI", Action.UID),
        ("FrameOfReferenceUID", "UI", Action.UID),
        ("RequestAttributesSequence", "SQ", Action.REMOVE),
        ("SourceImageSequence", "SQ", Action.UID),
        ("DeviceSerialNumber", "LO", Action.REMOVE),
        ("PersonName", "PN", Action.DUMMY),
    ],
)
def test_the_basic_action(keyword: str, vr: str, expected: Action) -> None:
    assert action(keyword, vr) is expected


def test_the_table_is_the_whole_of_the_2026d_edition() -> None:
    table = _table()
    assert len(table) == 653  # and 3 repeating groups, and the private attributes
    counts = {code: sum(row.basic == code for row in table.values()) for code in "XZDU"}
    assert counts == {"X": 413, "Z": 42, "D": 93, "U": 55}
    assert sum(row.retain_modified_dates == "C" for row in table.values()) == 169
    assert sum(row.retain_device_identity == "K" for row in table.values()) == 48


@pytest.mark.parametrize("tag", [0x00091001, 0x50000010, 0x60003000, 0x60FE0022, 0x00080000])
def test_private_curve_overlay_and_group_length_attributes_go(tag: int) -> None:
    assert BASIC.decide(tag, "LO", ["x"], nested=False).action is Action.REMOVE


def test_an_attribute_that_no_dictionary_knows_goes() -> None:
    assert BASIC.decide(0x00287FFE, "US", ["1"], nested=False).action is Action.REMOVE


def test_inside_a_sequence_the_strictest_type_is_satisfied() -> None:
    assert action("InstitutionName", "LO", nested=True) is Action.DUMMY
    assert action("ContentDate", "DA") is Action.EMPTY
    assert action("ContentDate", "DA", nested=True) is Action.DUMMY


def test_options_keep_the_device_and_move_dates() -> None:
    assert action("DeviceSerialNumber", "LO", profile=DEVICE) is Action.KEEP
    assert action("StationName", "SH", profile=DEVICE) is Action.KEEP
    assert action("TransducerData", "LO") is Action.REMOVE
    assert action("TransducerData", "LO", profile=DEVICE) is Action.KEEP
    assert action("StudyDate", "DA", profile=DATES) is Action.SHIFT
    assert action("StudyDate", "DA", profile=DEVICE) is Action.EMPTY
    assert action("DateOfLastCalibration", "DA", profile=DEVICE) is Action.KEEP
    both = Profile([Option.RETAIN_DEVICE_IDENTITY, Option.RETAIN_MODIFIED_DATES])
    assert action("DateOfLastCalibration", "DA", profile=both) is Action.SHIFT


def test_text_that_the_table_does_not_name_is_kept_only_where_it_describes_the_machine() -> None:
    assert action("Manufacturer", "LO", "ACUSON") is Action.KEEP
    assert action("ManufacturerModelName", "LO", "X") is Action.KEEP
    assert action("QualityControlSubject", "LO", "X") is Action.REMOVE


def test_code_strings_and_numbers_are_kept_where_they_can_be_what_they_say() -> None:
    assert action("Modality", "CS", "US") is Action.KEEP
    assert action("Modality", "CS", "Jane Doe, born 1970") is Action.REMOVE
    assert action("Rows", "US", "480") is Action.KEEP
    assert action("Rows", "US", *["74"] * 20) is Action.REMOVE
    assert action("PixelAspectRatio", "IS", "1", "1") is Action.KEEP
    assert action("ICCProfile", "OB") is Action.REMOVE
    assert action("RedPaletteColorLookupTableData", "OW") is Action.KEEP


def test_uids_of_the_standard_stay_and_others_are_replaced() -> None:
    assert action("SOPClassUID", "UI", "1.2.840.10008.5.1.4.1.1.6.1") is Action.KEEP
    assert action("SOPClassUID", "UI", "1.2.3") is Action.UID


def test_names_and_dates_that_the_table_does_not_name_go_too() -> None:
    assert action("EvaluatorName", "PN", "Doe") is Action.EMPTY
    assert action("ExpiryDate", "DA", "20200101") is Action.REMOVE
    assert action("ExpiryDate", "DA", "20200101", profile=DATES) is Action.SHIFT


@pytest.mark.parametrize(
    ("vr", "value", "days", "expected"),
    [
        ("DA", "20240301", -1, "20240229"),
        ("DA", "2024.03.01", -1, "20240229"),
        ("DA", "", -7, ""),
        ("DA", "20240230", -1, None),
        ("DA", "202403", -1, None),
        ("DA", "00010101", -1, None),
        ("TM", "134500.123", -9, "134500.123"),
        ("TM", "13:45:00", -9, "13:45:00"),
        ("TM", "Jane", -9, None),
        ("DT", "20240301134500.5+0100", -366, "20230301134500.5+0100"),
        ("DT", "20240301", -1, "20240229"),
        ("DT", "2024", -1, None),
    ],
)
def test_dates_are_moved_whole_and_times_stay(
    vr: str, value: str, days: int, expected: str | None
) -> None:
    assert shifted(vr, value, days) == expected


@given(st.dates(), st.dates(), st.integers(-MAX_SHIFT_DAYS, -1))
def test_intervals_are_kept(first: object, second: object, days: int) -> None:
    from datetime import date, datetime, timedelta

    assert isinstance(first, date)
    assert isinstance(second, date)
    texts = [shifted("DA", f"{d.year:04d}{d:%m%d}", days) for d in (first, second)]
    if None in texts:
        assert min(first, second).year < 12
        return
    moved = [datetime.strptime(str(text), "%Y%m%d").date() for text in texts]
    assert moved[1] - moved[0] == second - first
    assert moved[0] - first == timedelta(days)


@given(st.text(max_size=80), st.text(max_size=80))
def test_pseudonyms_depend_on_the_key_and_on_nothing_else(one: str, two: str) -> None:
    other = ProjectKey(b"o" * 32)
    assert KEY.patient(one) == ProjectKey(b"k" * 32).patient(one)
    assert KEY.patient(one) != other.patient(one)
    assert (KEY.patient(one) == KEY.patient(two)) == (one == two)
    assert -MAX_SHIFT_DAYS <= KEY.days(one) <= -1
    uid = UID(KEY.uid(one))
    assert uid.is_valid
    assert len(uid) <= 64
    number = int(uid.split(".")[2])
    assert (number >> 76) & 0xF == 8  # RFC 9562, version 8
    assert (number >> 62) & 0b11 == 0b10


def test_patients_do_not_all_move_by_the_same_days() -> None:
    assert len({KEY.days(str(n)) for n in range(200)}) > 180


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = library_key(tmp_path)
    path = key_path(tmp_path)
    assert library_key(tmp_path).fingerprint == first.fingerprint
    assert load_key(path).patient("P1") == first.patient("P1")
    assert library_key(tmp_path / "another").fingerprint != first.fingerprint
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.read_text().strip() not in repr(first)


def test_a_key_that_another_process_made_first_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = library_key(tmp_path)
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path != key_path(tmp_path) and exists(path))
    assert library_key(tmp_path).fingerprint == theirs.fingerprint


def test_without_hard_links_a_key_is_made_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError("not here")

    monkeypatch.setattr(os, "link", no_links)
    assert library_key(tmp_path).fingerprint == library_key(tmp_path).fingerprint


@pytest.mark.parametrize("content", ["", "0" * 63, "0" * 65, "z" * 64, "secret"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(InputRefused) as refused:
        load_key(path)
    assert refused.value.code == "key-unreadable"
    with pytest.raises(InputRefused):
        load_key(tmp_path / "absent")


def test_a_key_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deidentify").write_text("a file where the folder should be")
    with pytest.raises(StoreRefused) as refused:
        library_key(tmp_path)
    assert refused.value.code == "key-unwritable"
