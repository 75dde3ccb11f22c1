"""A whole header is cleaned: names, sequences, private and odd elements, and what it then says."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from her2desk.dicom.deidentify.cleaning import DUMMY_TEXT, METHOD, clean_header
from her2desk.dicom.deidentify.identity import NamingWords, patient_identity
from her2desk.dicom.deidentify.key import ProjectKey
from her2desk.dicom.deidentify.masks import MaskBook
from her2desk.dicom.deidentify.one_file import Choices
from her2desk.dicom.deidentify.profile import ALL_OPTIONS, Action, Option, Profile
from her2desk.dicom.deidentify.run import deidentify
from her2desk.dicom.deidentify.source import MAX_DEPTH, open_source
from her2desk.dicom.header import Attributes
from her2desk.domain.progress import SilentProgress
from her2desk.errors import InputRefused

from .dicom_builder import picture, region, us_bytes, us_file

KEY = ProjectKey(b"k" * 32)
SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
ONE_FILE = [HealthCheck.function_scoped_fixture]


def cleaned(path: Path, options: frozenset[Option] = ALL_OPTIONS) -> pydicom.FileDataset:
    """The file de-identified and read again by pydicom."""
    number = len(list(path.parent.glob("out*")))
    out = path.parent / f"out{number}"
    result = deidentify([path], out, Choices(KEY, options, MaskBook()), SilentProgress())
    (file,) = result.report.files
    assert file.output is not None, file.reason.text()
    return pydicom.dcmread(out / file.output)


def item(**elements: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_profile_is_applied_in_every_encoding(tmp_path: Path, syntax: str) -> None:
    path = us_file(
        tmp_path / "a.dcm",
        syntax=syntax,
        StudyDate="20240301",
        StudyTime="101500",
        PatientBirthDate="19700101",
        InstitutionName="St Elsewhere",
        Manufacturer="ACUSON",
        DeviceSerialNumber="SN-77",
        ImageComments="Jane came late",
        SequenceOfUltrasoundRegions=[region()],
        WindowCenter="127.5",
    )
    ds = cleaned(path)
    assert ds.PatientID == ds.PatientName == KEY.patient("id\0P1\0")
    assert ds.StudyInstanceUID == KEY.uid("1.2.3")
    assert ds.StudyDate != "20240301"
    assert ds.StudyTime == "101500"
    assert ds.PatientBirthDate == ""
    assert "InstitutionName" not in ds
    assert "ImageComments" not in ds
    assert ds.Manufacturer == "ACUSON"
    assert ds.DeviceSerialNumber == "SN-77"
    assert ds.WindowCenter == 127.5
    assert ds.SequenceOfUltrasoundRegions[0].PhysicalDeltaX == 0.01
    assert ds.DeidentificationMethod == METHOD
    assert np.array_equal(ds.pixel_array, picture()[0])


def test_without_options_dates_and_device_go(tmp_path: Path) -> None:
    path = us_file(tmp_path / "a.dcm", StudyDate="20240301", DeviceSerialNumber="SN-77")
    ds = cleaned(path, frozenset())
    assert ds.StudyDate == ""
    assert "DeviceSerialNumber" not in ds
    assert ds.LongitudinalTemporalInformationModified == "REMOVED"
    assert [i.CodeValue for i in ds.DeidentificationMethodCodeSequence] == ["113100"]


def test_uids_stay_consistent_in_sequences_and_between_files(tmp_path: Path) -> None:
    source = [item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.6.1",
                   ReferencedSOPInstanceUID="1.2.9")]  # fmt: skip
    one = cleaned(us_file(tmp_path / "a.dcm", SOPInstanceUID="1.2.9"))
    two = cleaned(us_file(tmp_path / "b.dcm", SourceImageSequence=source, SOPInstanceUID="1.2.8"))
    referenced = two.SourceImageSequence[0]
    assert referenced.ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert referenced.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.6.1"
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID


def test_private_overlay_and_curve_data_go_at_every_depth(tmp_path: Path) -> None:
    inner = region()
    inner.private_block(0x0019, "MAKER", create=True).add_new(1, "LO", "Jane")
    path = tmp_path / "a.dcm"
    ds = pydicom.dcmread(us_file(path, SequenceOfUltrasoundRegions=[inner]))
    ds.private_block(0x0009, "MAKER", create=True).add_new(1, "LO", "Jane")
    ds.add_new(0x60003000, "OW", b"\1\2")
    ds.add_new(0x60000010, "US", 4)
    ds.add_new(0x50000010, "US", 4)
    ds.save_as(path)
    assert not any(
        element.tag.is_private or element.tag.group in (0x5000, 0x6000)
        for element in cleaned(path).iterall()
    )


def test_codes_of_a_hospitals_own_scheme_go_and_public_ones_stay(tmp_path: Path) -> None:
    own = item(CodeValue="7", CodingSchemeDesignator="SIEMENS_RIS", CodeMeaning="DOE KIDNEY")
    public = item(CodeValue="113040", CodingSchemeDesignator="DCM", CodeMeaning="Lossy Compression")
    ds = cleaned(us_file(tmp_path / "a.dcm", ViewCodeSequence=[own, public]))
    assert [i.CodeValue for i in ds.ViewCodeSequence] == ["113040"]


def test_a_name_that_turns_up_in_a_kept_attribute_is_taken_out(tmp_path: Path) -> None:
    path = us_file(
        tmp_path / "a.dcm",
        PatientName="Doehring^Jane",
        ImageType=["ORIGINAL", "PRIMARY", "DOEHRING", "0001"],
        ProcessingFunction="preset of Dr Doehring",
        StageName="Baseline",
    )
    ds = cleaned(path)
    assert list(ds.ImageType) == ["ORIGINAL", "PRIMARY", "", "0001"]
    assert not ds.ProcessingFunction
    assert ds.StageName == "Baseline"
    assert ds.PhotometricInterpretation == "MONOCHROME2"


def test_dates_that_are_none_are_treated_as_the_basic_profile_says(tmp_path: Path) -> None:
    path = us_file(tmp_path / "a.dcm")
    content = path.read_bytes()
    at = content.index(b"\x08\x00\x60\x00CS")
    for tag, text in ((b"\x08\x00\x20\x00", b"soon"), (b"\x08\x00\x22\x00", b"late")):
        content = content[:at] + tag + b"DA\x04\x00" + text + content[at:]
        at += 12
    path.write_bytes(content)
    ds = cleaned(path)
    assert ds.StudyDate == ""
    assert "AcquisitionDate" not in ds


def test_elements_that_are_not_what_their_tag_says_go(tmp_path: Path) -> None:
    content = us_bytes()
    at = content.index(b"\x28\x00\x02\x00US")
    name = b"\x18\x00\x12\x60LO\x08\x00Jane Doe"  # RegionSpatialFormat is a number
    path = tmp_path / "a.dcm"
    path.write_bytes(content[:at] + name + content[at:])
    assert b"Jane Doe" not in _output_bytes(path)


def _output_bytes(path: Path) -> bytes:
    return Path(str(cleaned(path).filename)).read_bytes()


def test_what_follows_the_pixels_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(us_bytes() + b"\xfc\xff\xfc\xffOB\0\0\x08\0\0\0Jane Doe")
    assert b"Jane Doe" not in _output_bytes(path)


def test_surplus_pixel_data_is_left_out(tmp_path: Path) -> None:
    path = us_file(tmp_path / "a.dcm", picture(frames=3), NumberOfFrames=2)
    assert len(cleaned(path).PixelData) == picture(frames=2).nbytes


def test_a_file_without_uids_gets_some_of_its_own(tmp_path: Path) -> None:
    gone = {"StudyInstanceUID": None, "SOPInstanceUID": None, "SOPClassUID": None}
    one = cleaned(us_file(tmp_path / "a.dcm", **gone))
    two = cleaned(us_file(tmp_path / "b.dcm", InstanceNumber=2, **gone))
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.SOPClassUID == "1.2.840.10008.5.1.4.1.1.6.1"


def test_several_values_where_one_uid_should_be_get_one(tmp_path: Path) -> None:
    ds = cleaned(us_file(tmp_path / "a.dcm", SOPInstanceUID=["1.2", "1.3"], SOPClassUID=None))
    assert ds.SOPInstanceUID == ds.file_meta.MediaStorageSOPInstanceUID
    assert ds.SOPInstanceUID.is_valid


@pytest.mark.parametrize(
    ("elements", "identity"),
    [
        ({"PatientID": "P1"}, "id\0P1\0"),
        ({"PatientID": "P1", "IssuerOfPatientID": "A"}, "id\0P1\0A"),
        ({"PatientName": "Doe", "PatientBirthDate": "19700101"}, "name\0Doe\x0019700101"),
        ({"StudyInstanceUID": "1.2"}, "study\x001.2"),
        ({"SOPInstanceUID": "1.3"}, "study\x001.3"),
    ],
)
def test_who_the_patient_is(elements: dict[str, str], identity: str) -> None:
    assert patient_identity(Attributes(item(**elements))) == identity


def test_words_are_looked_for_as_words() -> None:
    words = NamingWords.of(
        item(PatientName="Le^Jane Marie", PatientID="77", AccessionNumber="12345")
    )
    assert words.words == {"jane", "marie", "12345", "le^jane marie"}
    assert words.occur_in(["for JANE, again"])
    assert words.occur_in(["12345"])
    assert not words.occur_in(["Janet", "7712345", "Le"])
    assert words.occur_in_bytes(b"\xff\xfe\0\x10LE^Jane Marie")
    assert not words.occur_in_bytes(b"\xff\xfe\0\x1012345 marie")
    assert not NamingWords(()).occur_in(["anything"])


def test_a_name_amid_a_compressed_picture_is_refused(tmp_path: Path) -> None:
    from .dicom_builder import JPEG_BASELINE, jpeg

    plain = jpeg(picture()[0])
    named = plain[:-2] + b"Doehring" + plain[-2:]  # where no part can be taken out
    path = us_file(
        tmp_path / "a.dcm", syntax=JPEG_BASELINE, encoded=[named], PatientName="Doehring"
    )
    result = deidentify(
        [path], tmp_path / "out", Choices(KEY, ALL_OPTIONS, MaskBook()), SilentProgress()
    )
    assert [f.code for f in result.report.files] == ["named-in-pixels"]
    assert not list((tmp_path / "out").rglob("*.dcm"))


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("SpecificCharacterSet", "ISO_IR 100"),
        ("StageName", "STAGE_MEIER_1"),
        ("ViewName", "view of Meier"),
        ("Manufacturer", "for Meier made"),
        ("RedPaletteColorLookupTableData", b"\0\1\2\3Doehring"),
    ],
)
def test_a_name_does_not_outlive_in_what_is_kept(
    tmp_path: Path, keyword: str, value: object
) -> None:
    path = us_file(
        tmp_path / "a.dcm", PatientName="Meier^Anna^Doehring", PatientID="1", **{keyword: value}
    )
    path.write_bytes(path.read_bytes().replace(b"ISO_IR 100", b"MEIER ANNA"))
    result = deidentify(
        [path], tmp_path / "out", Choices(KEY, ALL_OPTIONS, MaskBook()), SilentProgress()
    )
    assert [f.code for f in result.report.files] == [""]
    for file in (tmp_path / "out").rglob("*"):
        if file.is_file():
            content = file.read_bytes().lower()
            assert not any(name in content for name in (b"meier", b"anna", b"doehring")), file


def test_an_overlay_hidden_in_pixel_bits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    ds = pydicom.dcmread(us_file(path, picture(dtype=np.uint16), BitsStored=12, HighBit=11))
    ds.add_new(0x60000102, "US", 15)
    ds.save_as(path)
    with pytest.raises(InputRefused) as refused:
        open_source(path)
    assert refused.value.code == "unsupported-pixels"


def test_an_overlay_of_its_own_is_none_to_refuse(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    ds = pydicom.dcmread(us_file(path))
    ds.add_new(0x60000102, "US", 0)
    ds.save_as(path)
    assert open_source(path).dataset


def test_long_values_are_left_unread_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("her2desk.dicom.deidentify.source.MAX_ELEMENT_BYTES", 40)
    ds = cleaned(us_file(tmp_path / "a.dcm", Manufacturer="M" * 60, ManufacturerModelName="S"))
    assert "Manufacturer" not in ds
    assert ds.ManufacturerModelName == "S"


def test_a_header_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("her2desk.dicom.deidentify.source.MAX_HEADER_BYTES", 64)
    with pytest.raises(InputRefused) as refused:
        open_source(us_file(tmp_path / "a.dcm"))
    assert refused.value.code == "too-large"


def test_a_sequence_nested_too_deep_is_cut_off(tmp_path: Path) -> None:
    inner = item(EvaluatorName="Jane Doe", ReferencedSOPInstanceUID="1.2.9")
    for _ in range(MAX_DEPTH + 4):
        inner = item(ViewCodeSequence=[inner])
    ds = cleaned(us_file(tmp_path / "a.dcm", ViewCodeSequence=[inner]))
    depth, level = 0, ds
    while "ViewCodeSequence" in level:
        level, depth = level.ViewCodeSequence[0], depth + 1
    assert depth == MAX_DEPTH


NAMES = st.text(st.characters(min_codepoint=65, max_codepoint=90), min_size=5, max_size=12)
PERSONS = ("PatientName", "EvaluatorName", "PersonName", "OperatorsName", "ContentCreatorName",
           "DocumentAuthorTrial", "PhysiciansOfRecord")  # fmt: skip
SEQUENCES = ("ViewCodeSequence", "SourceImageSequence", "ContentSequence", "AnatomicRegionSequence",
             "RequestAttributesSequence", "SharedFunctionalGroupsSequence")  # fmt: skip
TEXTS = ("CodeMeaning", "StageName", "ProtocolName", "ImageComments", "ProcessingFunction")


@st.composite
def nested(draw: st.DrawFn, name: str, depth: int = 0) -> Dataset:
    ds = Dataset()
    for keyword in draw(st.sets(st.sampled_from(PERSONS), max_size=3)):
        setattr(ds, keyword, f"{name}^{draw(NAMES)}")
    for keyword in draw(st.sets(st.sampled_from(TEXTS), max_size=2)):
        setattr(ds, keyword, draw(st.sampled_from([name, f"of {name.lower()}", "plain"])))
    if depth < 3:
        for keyword in draw(st.sets(st.sampled_from(SEQUENCES), max_size=2)):
            items = draw(st.lists(nested(name, depth + 1), max_size=2))
            setattr(ds, keyword, Sequence(items))
    return ds


@given(data=st.data(), name=NAMES, syntax=st.sampled_from(SYNTAXES))
@settings(max_examples=40, deadline=None, suppress_health_check=ONE_FILE)
def test_no_nested_data_set_keeps_a_persons_name(
    tmp_path: Path, data: st.DataObject, name: str, syntax: str
) -> None:
    extra = data.draw(nested(name))
    elements = {element.keyword: element.value for element in extra}
    elements["PatientName"] = f"{name}^Jane"
    path = us_file(tmp_path / "a.dcm", syntax=syntax, **elements)
    source = open_source(path)
    header = clean_header(source, Profile(), KEY)
    assume(name not in DUMMY_TEXT)
    words = [name.casefold()]
    for element in header.elements.values():
        if element.is_raw:
            assert not any(w.encode() in bytes(element.value).lower() for w in words)
            continue
        inside = element.value if element.VR == "SQ" else [Dataset()]
        for one in [element, *(e for i in inside for e in i.iterall())]:
            assert one.VR != "PN" or str(one.value) in ("", "None", "REMOVED", header.patient)
            assert one.VR == "SQ" or name.casefold() not in str(one.value).casefold()
    assert header.counts[Action.UID] >= 2
