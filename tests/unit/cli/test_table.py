"""Tables that people bring: read as they are, or refused with the rows that are wrong."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.cli.table import Measurements, measurements, read_table, rows_text
from her2desk.errors import InputRefused


def table_of(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(tmp_path: Path, text: str | bytes, **options: object) -> Measurements:
    return measurements(read_table(table_of(tmp_path, text)), "y", ["s"], **options)  # type: ignore[arg-type]


def refusal(tmp_path: Path, text: str | bytes, **options: object) -> InputRefused:
    with pytest.raises(InputRefused) as refused:
        read(tmp_path, text, **options)
    assert refused.value.message.text()
    assert refused.value.remedy.text()
    return refused.value


@pytest.mark.parametrize(
    "text",
    [
        "y,s\n1,0.25\n0,-3e-2\n",
        "y;s\r\n1;0.25\r\n0;-3e-2\r\n",
        "y\ts\n1\t0.25\n0\t-3e-2",
        "\ufeffy,s\n1,0.25\n\n0,-3e-2\n\n",
        ' y , s \n 1 , 0.25 \n"0","-3e-2"\n',
        'note,y,s\n"a, b\nc",1,0.25\n,0,-3e-2\n',
        "y;s\n1;0,25\n0;-3e-2\n",
    ],
)
def test_every_common_form_of_table_reads_alike(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == Measurements([True, False], {"s": [0.25, -0.03]}, 0)


@pytest.mark.parametrize(
    ("positive", "negative"),
    [("1", "0"), ("True", "FALSE"), ("positive", "Negative"), ("1.0", "0.0"), ("yes", "no")],
)
def test_the_usual_labels_are_known(tmp_path: Path, positive: str, negative: str) -> None:
    assert read(tmp_path, f"y,s\n{positive},1\n{negative},2\n").positive == [True, False]


def test_any_other_label_is_named_on_the_command_line(tmp_path: Path) -> None:
    text = "y,s\nM,1\nB,2\nB,3\n"
    assert read(tmp_path, text, positive="M").positive == [True, False, False]
    refused = refusal(tmp_path, text)
    assert refused.code == "label-unknown"
    assert refused.message.text().endswith("'M' is neither positive nor negative: row 2, 3, 4.")
    assert "--positive" in refused.remedy.text()


def test_a_positive_label_that_no_row_has_names_those_that_are_there(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "y,s\nM,1\nB,2\n", positive="m")
    assert (refused.code, refused.remedy.text()) == ("positive-absent", "The labels are: B, M.")
    many = "y,s\n" + "".join(f"{c},1\n" for c in string.ascii_letters)
    assert refusal(tmp_path, many, positive="no").remedy.text().endswith("J, ….")


@pytest.mark.parametrize("gap", ["", "NA", "nan", "NaN", "N/A", "null", ".", " "])
def test_a_missing_value_is_refused_with_its_row(tmp_path: Path, gap: str) -> None:
    text = f"y,s\n1,1\n\n0,{gap}\n{gap},3\n0,4\n"
    refused = refusal(tmp_path, text)
    assert refused.code == "missing-values"
    assert refused.message.text() == "2 rows have no value in y, s: row 4, 5."
    assert "--drop-missing" in refused.remedy.text()


def test_missing_values_are_left_out_and_counted_only_when_asked(tmp_path: Path) -> None:
    found = read(tmp_path, "y,s,t\n1,1,\n0,,\n,3,\n0,4,\n", drop_missing=True)
    assert found == Measurements([True, False], {"s": [1.0, 4.0]}, 2)


@pytest.mark.parametrize(
    "text", ["inf", "-Infinity", "1e999", "1_000", "0x10", "93 %", "high", "١"]
)
def test_what_is_no_number_is_refused_and_never_dropped(tmp_path: Path, text: str) -> None:
    refused = refusal(tmp_path, f"y,s\n1,1\n0,{text}\n", drop_missing=True)
    assert refused.code == "not-a-number"
    assert "row 3" in refused.message.text()


@pytest.mark.parametrize(
    "text", ["y\ts\n1\t1,234\n", "y;s\n1;1,234\n0;2.5\n", 'y,s\n1,"1,234"\n', "y;s\n1;1,234,567\n"]
)
def test_a_comma_that_may_be_a_sign_of_thousands_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).code == "not-a-number"


def test_a_column_that_is_not_there_or_twice_is_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "label,s\n1,1\n")
    assert (refused.code, refused.remedy.text()) == (
        "unknown-column",
        "Its columns are: label, s.",
    )
    assert refusal(tmp_path, "y,s,s\n1,1,2\n").code == "column-twice"


def test_a_row_that_is_too_long_is_refused_and_a_short_one_has_gaps(tmp_path: Path) -> None:
    refused = refusal(tmp_path, "y,s\n1,1\n0,0,93\n")
    assert refused.code == "table-row"
    assert "Row 3" in refused.message.text()
    assert refusal(tmp_path, "y,s\n1\n").code == "missing-values"
    assert read(tmp_path, "y,s\n1,1,,\n").positive == [True]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "table-empty"),
        (b"\n\n", "table-empty"),
        (b"y,s\n", "table-empty"),
        (b"y,s\n,\n\n", "table-empty"),
        (b"\xff\xfey\x00", "table-unreadable"),
        (b'y,s\n1,"1\n', "table-unreadable"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal(tmp_path, content).code == code


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"gone\.csv cannot be read"):
        read_table(tmp_path / "gone.csv")


def test_ten_rows_are_named_at_most() -> None:
    assert rows_text([3, 1, 2]) == "1, 2, 3"
    assert rows_text(range(2, 40)) == "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_refusal(tmp_path_factory, content: bytes) -> None:  # type: ignore[no-untyped-def]
    path = table_of(tmp_path_factory.getbasetemp(), content)
    try:
        table = read_table(path)
        measurements(table, table.columns[0], table.columns[1:], drop_missing=True)
    except InputRefused:
        return
    assert table.rows


@given(st.lists(st.tuples(st.booleans(), st.floats(allow_nan=False, allow_infinity=False))))
def test_numbers_survive_the_trip(tmp_path_factory, rows) -> None:  # type: ignore[no-untyped-def]
    text = "y,s\n1,0\n" + "".join(f"{int(y)},{s!r}\n" for y, s in rows)
    found = read(tmp_path_factory.getbasetemp(), text)
    assert found.numbers["s"] == [0.0, *(s for _, s in rows)]
    assert found.positive == [True, *(y for y, _ in rows)]


def test_words_are_levels_where_categories_are_asked_for(tmp_path: Path) -> None:
    text = "y,s\n1,fine\n0,coarse\n1,fine\n"
    found = read(tmp_path, text, categorical=())
    assert found.levels == {"s": ("coarse", "fine")}
    assert found.numbers == {"s": [1.0, 0.0, 1.0]}
    assert refusal(tmp_path, text).code == "not-a-number"


def test_numbers_are_levels_only_when_they_are_said_to_be(tmp_path: Path) -> None:
    text = "y,s\n1,10\n0,2\n1,2.0\n"
    assert read(tmp_path, text, categorical=()).levels == {}
    found = read(tmp_path, text, categorical=["s"])
    assert found.levels == {"s": ("2", "10")}  # by size, and 2.0 is 2
    assert found.numbers == {"s": [1.0, 0.0, 0.0]}


def test_one_slip_among_numbers_makes_no_category(tmp_path: Path) -> None:
    assert refusal(tmp_path, "y,s\n1,10\n0,l2\n", categorical=()).code == "not-a-number"


@pytest.mark.parametrize(
    ("cells", "code"), [(["a"] * 3, "one-level"), ([f"n{k}" for k in range(21)], "too-many-levels")]
)
def test_a_column_that_is_no_category_is_refused(
    tmp_path: Path, cells: list[str], code: str
) -> None:
    text = "y,s\n" + "".join(f"{k % 2},{cell}\n" for k, cell in enumerate(cells))
    assert refusal(tmp_path, text, categorical=()).code == code
