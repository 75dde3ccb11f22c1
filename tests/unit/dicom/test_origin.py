"""What derived objects repeat of a real header: cleaned where it describes, exact where it identifies."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import encode_string
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from her2desk.dicom.origin import (
    Origin,
    is_uid,
    origin_of,
    valid_date,
    valid_name,
    valid_time,
)
from her2desk.dicom.reader import open_image
from her2desk.dicom.strict_text import UncertainText, strict_text
from her2desk.errors import InputRefused

from .dicom_builder import save, us_dataset, us_file
from .report_samples import WHEN


def origin(tmp_path: Path, **elements: Any) -> Origin:
    path = us_file(tmp_path / "image.dcm", **elements)
    return origin_of(path, open_image(path).image)


def with_bytes(tmp_path: Path, charset: Any, name: bytes, number: bytes = b"P1") -> Origin:
    """The origin of a file whose patient is these very bytes under this character set."""
    ds = us_dataset()
    path = save(ds, tmp_path / "image.dcm")
    content = path.read_bytes()
    for tag, vr, value in (
        (Tag("PatientName"), b"PN", name),
        (Tag("PatientID"), b"LO", number),
        (Tag("SpecificCharacterSet"), b"CS", "\\".join(charset).encode()),
    ):
        content = _put(content, tag, vr, value)
    path.write_bytes(content)
    return origin_of(path, open_image(path).image)


def _put(content: bytes, tag: Any, vr: bytes, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    key = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little")
    element = key + vr + len(value).to_bytes(2, "little") + value
    start = content.find(key + vr)
    if start < 0:  # the character set, the first element of the data set
        start = content.find(b"\x08\x00\x16\x00UI")
        return content[:start] + element + content[start:]
    length = int.from_bytes(content[start + 6 : start + 8], "little")
    return content[:start] + element + content[start + 8 + length :]


def refusal(tmp_path: Path, **elements: Any) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        origin(tmp_path, **elements)
    assert caught.value.message.text()
    assert caught.value.remedy.text()
    return caught.value


@pytest.mark.parametrize(
    ("charset", "encoding", "name"),
    [
        (["ISO_IR 192"], "utf-8", "Wang^XiaoDong=王^小东"),
        (["GB18030"], "gb18030", "Wang^XiaoDong=王^小东"),
        (["GB18030"], "gb18030", "Wu^Cheng=武^俓"),  # its second byte is a backslash's
        (["GBK"], "gbk", "王^小东"),
        (["ISO_IR 100"], "latin-1", "Müller-Lüdenscheidt^Zoë"),
        (["ISO-IR 100"], "latin-1", "Größe^Änne"),  # as scanners misspell it
        (["ISO_IR 144"], "iso8859-5", "Люкceмбypг^Роза"),
        (["ISO_IR 192"], "utf-8", "山田　花子^花"),  # an ideographic space stays one
        (["ISO_IR 101"], "iso8859-2", "Wałęsa^Łucja"),
    ],
)
def test_names_and_numbers_survive_their_character_set(
    tmp_path: Path, charset: list[str], encoding: str, name: str
) -> None:
    number = f"Nr {name[-2:]}"
    found = with_bytes(tmp_path, charset, name.encode(encoding), number.encode(encoding))
    assert (found.patient_name, found.patient_id) == (name, number)


def test_japanese_names_with_code_extensions_survive(tmp_path: Path) -> None:
    """PS3.5 annex H.3.1, example 1."""
    raw = b"Yamada^Tarou=" + b"^".join(
        encode_string(part, ["iso8859", "iso2022_jp"]) for part in ("山田", "太郎")
    ) + b"=" + b"^".join(
        encode_string(part, ["iso8859", "iso2022_jp"]) for part in ("やまだ", "たろう")
    )  # fmt: skip
    found = with_bytes(tmp_path, ["", "ISO 2022 IR 87"], raw)
    assert found.patient_name == "Yamada^Tarou=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize(
    ("charset", "name", "number"),
    [
        ([""], "王".encode("gbk"), b"P1"),  # no character set is declared
        (["ISO_IR 6"], "Müller".encode("latin-1"), b"P1"),
        (["ISO_IR 9999"], "Müller".encode("latin-1"), b"P1"),
        (["ISO_IR 192"], "Müller".encode("latin-1"), b"P1"),  # the wrong one
        (["ISO_IR 192"], b"Doe^Jane", "ä".encode("latin-1")),
        (["ISO_IR 100"], b"Doe^Jane", b"P1\\P2"),  # two numbers
        (["ISO_IR 100"], b"Doe^Jane", b"P\x011"),
        (["ISO_IR 100"], b"Doe^" + b"J" * 80, b"P1"),
        (["ISO_IR 100"], b"a^b^c^d^e^f", b"P1"),
        (["ISO_IR 100"], b"Doe^Jane", b"7" * 66),
    ],
)
def test_a_patient_who_is_not_certain_is_refused(
    tmp_path: Path, charset: list[str], name: bytes, number: bytes
) -> None:
    with pytest.raises(InputRefused) as caught:
        with_bytes(tmp_path, charset, name, number)
    assert caught.value.code == "uncertain-patient"


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.filterwarnings("ignore:The (value|PN component) length")
def test_what_only_describes_is_cleaned_or_left_out(tmp_path: Path) -> None:
    found = origin(
        tmp_path,
        StudyTime="13:45:00",
        StudyDate="2024.09.01",
        PatientSex="U",
        PatientBirthDate="19000000",
        AccessionNumber="A" * 18,
        StudyID="S1",
        StudyDescription="Mamma\x01",
        ReferringPhysicianName="x" * 80,
        TimezoneOffsetFromUTC="+0800",
        IssuerOfPatientID="Ward 3",
    )
    assert (found.study_time, found.study_date) == ("134500", "20240901")
    assert (found.patient_sex, found.patient_birth_date) == ("", "")
    assert found.accession_number == "", "half a number is another number"
    assert (found.study_id, found.study_description, found.referring_physician) == ("S1", "", "")
    assert (found.utc_offset, found.patient_id_issuer) == ("+0800", "Ward 3")
    assert found.local(WHEN).strftime("%H:%M %z") == "23:16 +0800"
    assert found.data_set().PatientID == "P1"


def test_the_files_own_zone_is_used_and_otherwise_utc(tmp_path: Path) -> None:
    west = origin(tmp_path, TimezoneOffsetFromUTC="-0330")
    assert west.local(WHEN).strftime("%H:%M") == "11:46"
    for odd in (None, "+9999", "soon"):
        elements = {} if odd is None else {"TimezoneOffsetFromUTC": odd}
        found = origin(tmp_path, **elements)
        assert (found.utc_offset, found.local(WHEN)) == ("", WHEN)


def test_a_de_identified_image_makes_de_identified_objects(tmp_path: Path) -> None:
    found = origin(tmp_path, PatientIdentityRemoved="YES", DeidentificationMethod="PS3.15 E")
    ds = found.data_set()
    assert (ds.PatientIdentityRemoved, ds.DeidentificationMethod) == ("YES", "PS3.15 E")
    silent = origin(tmp_path, PatientIdentityRemoved="YES").data_set()
    assert silent.DeidentificationMethod
    assert "PatientIdentityRemoved" not in origin(tmp_path).data_set()


def test_what_cannot_be_read_at_all_is_uncertain() -> None:
    ds = Dataset()
    assert strict_text(ds, "PatientName") == ""
    ds.PatientName = None
    assert strict_text(ds, "PatientName") == ""
    ds.PatientName = "Doe^Jane"
    assert strict_text(ds, "PatientName", is_name=True) == "Doe^Jane"
    ds._dict[Tag("PatientID")] = object()  # a hostile element that raises when it is looked at
    with pytest.raises(UncertainText):
        strict_text(ds, "PatientID")


@given(st.binary(max_size=40), st.sampled_from(["", "ISO_IR 100", "ISO_IR 192", "GB18030", "ODD"]))
def test_any_bytes_are_one_text_or_none(name: bytes, charset: str) -> None:
    """What is kept as UTF-8 comes back as the same text."""
    raw = RawDataElement(Tag("PatientName"), "PN", len(name), name, 0, False, True)
    ds = Dataset({Tag("PatientName"): raw})
    ds.SpecificCharacterSet = charset
    try:
        text = strict_text(ds, "PatientName", is_name=True)
    except UncertainText:
        return
    again = Dataset()
    again.SpecificCharacterSet = "ISO_IR 192"
    again._dict[Tag("PatientName")] = raw._replace(value=text.encode())
    assert strict_text(again, "PatientName", is_name=True) == text


@pytest.mark.filterwarnings("ignore:(Invalid value for VR|The value length)")
@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("uid", [None, "", "not a uid", "1.02.3", "999.1", "1." + "2" * 64])
def test_an_image_of_no_study_is_refused(tmp_path: Path, keyword: str, uid: str | None) -> None:
    refused = refusal(tmp_path, **{keyword: uid})
    assert refused.code == "no-study"
    assert keyword in refused.message.text()


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_an_identifier_that_is_none_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, SOPInstanceUID="999.999.2.1").code == "needs-dicom"


def test_a_file_of_another_instance_is_refused(tmp_path: Path) -> None:
    image = open_image(us_file(tmp_path / "one.dcm")).image
    other = us_file(tmp_path / "other.dcm", SOPInstanceUID="1.2.3.5")
    with pytest.raises(InputRefused) as caught:
        origin_of(other, image)
    assert caught.value.code == "other-image"


def test_the_retired_class_of_cines_is_named_as_it_is(tmp_path: Path) -> None:
    retired = "1.2.840.10008.5.1.4.1.1.3"
    assert origin(tmp_path, SOPClassUID=retired).sop_class_uid == retired
    assert origin(tmp_path).reference(4).ReferencedFrameNumber == 5
    assert "ReferencedFrameNumber" not in origin(tmp_path).reference()


@pytest.mark.parametrize(
    ("uid", "valid"),
    [("1.2.840.10008", True), ("2.25.0", True), ("3.1", False), ("1", False), ("1.2.", False)],
)
def test_identifiers_are_valid_or_not(uid: str, valid: bool) -> None:
    assert is_uid(uid) is valid


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("20240901", "20240901"),
        ("2024-09-01", "20240901"),
        ("20241301", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_dates_are_days_or_nothing(text: str, cleaned: str) -> None:
    assert valid_date(text) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("13:45:00", "134500"), ("1345", "134500"), ("134500.123", "134500.123"),
        ("246000", ""), ("", ""), ("noon", ""),
    ],
)  # fmt: skip
def test_times_are_times_or_nothing(text: str, cleaned: str) -> None:
    assert valid_time(text) == cleaned


def test_names_keep_their_groups_within_their_length() -> None:
    assert valid_name("Yamada^Tarou=山田^太郎") == "Yamada^Tarou=山田^太郎"
    assert valid_name("a\\b^c^^^") == "a b^c"
    assert len(valid_name("x" * 100)) == 64
