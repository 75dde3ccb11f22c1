"""Header values are read as what they are, or are absent."""

import io
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from her2desk.dicom.header import MAX_TEXT, Attributes, as_number, quiet, read_header
from her2desk.errors import InputRefused

from .dicom_builder import us_bytes


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        ("0.25", 0.25),
        (b" 12\0", 12.0),
        (True, None),
        (None, None),
        ("NaN", None),
        (float("inf"), None),
        (10**400, None),
        ("a", None),
        (b"\xff\xfe", None),
        ([1], None),
    ],
)
def test_numbers(value: Any, number: float | None) -> None:
    assert as_number(value) == number


class Hostile:
    """A value whose every use fails."""

    def __str__(self) -> str:
        raise LookupError("unknown character set")


class HostileDataset:
    def get(self, keyword: str) -> Any:
        if keyword == "PatientName":
            return Hostile()
        if keyword == "PatientID":
            return b"\x00\x01"
        raise NotImplementedError(keyword)


def test_values_that_cannot_be_read_are_absent() -> None:
    attributes = Attributes(HostileDataset())
    assert attributes.text("PatientName") == ""
    assert attributes.text("PatientID") == ""
    assert attributes.text("StudyDate") == ""
    assert attributes.number("Rows") is None
    assert attributes.whole("Rows") is None
    assert attributes.items("ViewCodeSequence") is None


def test_text_is_one_printable_line_of_bounded_length() -> None:
    ds = Dataset()
    ds.PatientComments = "a\nb\t\x1bc" + "d" * 5000
    text = Attributes(ds).text("PatientComments")
    assert text.startswith("a b  cd")
    assert len(text) == MAX_TEXT


def test_a_fraction_is_no_whole_number() -> None:
    ds = Dataset()
    ds.FrameTime = "2.5"
    assert Attributes(ds).whole("FrameTime") is None
    assert Attributes(ds).number("FrameTime") == 2.5


def test_warnings_go_to_the_log_not_to_the_user(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with warnings.catch_warnings(record=True) as escaped, quiet():
        warnings.warn("odd value", stacklevel=1)
    assert escaped == []
    assert "UserWarning" in caplog.text
    assert "odd value" not in caplog.text, "its words may be the patient's"


def test_only_what_is_needed_is_kept_of_a_header() -> None:
    content = us_bytes(InstitutionName="Somewhere", PatientComments="private")
    header = read_header(io.BytesIO(content), len(content))
    assert header.attributes.text("Modality") == "US"
    assert not header.attributes.has("PatientComments")
    assert content[header.offset : header.offset + header.length] == content[-header.length :]


def test_a_header_cut_in_the_middle_of_the_pixel_tag_has_no_pixels() -> None:
    content = us_bytes()
    cut = content[: content.index(b"\xe0\x7f\x10\x00") + 6]
    assert read_header(io.BytesIO(cut), len(cut)).pixel_tag is None


@given(st.text(max_size=20) | st.binary(max_size=20) | st.floats() | st.integers())
def test_any_value_is_a_finite_number_or_none(value: Any) -> None:
    number = as_number(value)
    assert number is None or abs(number) < float("inf")


def test_a_file_without_preamble_is_refused() -> None:
    with pytest.raises(InputRefused):
        read_header(io.BytesIO(b"no preamble"), 11)
