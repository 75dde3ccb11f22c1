"""What may be written of a value, and of an error, where others may read it."""

import logging
import math
import pickle
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from her2desk.domain.clinical import ClinicalRecord
from her2desk.errors import Fault, Her2DeskError, InputRefused
from her2desk.faults import our_fault, recorded
from her2desk.logs import RedactingFormatter
from her2desk.redaction import public, redacted, redacted_message, traceback_of
from her2desk.texts import msg

NAME = "Xylophon^Quintessa"
log = logging.getLogger("her2desk.tests")


def line_of(name: str, template: object, *args: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(
        name, logging.INFO, "/x/site/pydicom/valuerep.py", 7, template, args, info, "check"
    )
    return RedactingFormatter().format(record)


class TestValues:
    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (3, "3"),
            (True, "True"),
            (None, "None"),
            (0.5, "0.5"),
            (public("cuda"), "cuda"),
            (NAME, "<str of 18>"),
            (NAME.encode(), "<bytes of 18>"),
            (Path(f"/home/{NAME}/{NAME}.dcm"), "<path *.dcm>"),
            (Path(f"/scans/scan.{NAME}"), "<path>"),
            (InputRefused(NAME, NAME, code="not-dicom"), "InputRefused[not-dicom]"),
            (FileNotFoundError(2, "No such file", NAME), "FileNotFoundError[ENOENT]"),
            (ValueError(NAME), "ValueError"),
            ([NAME], "<list>"),
            ({NAME: NAME}, "<dict>"),
            (ClinicalRecord(), "<ClinicalRecord>"),
            (PurePosixPath(NAME), "<PurePosixPath>"),
            (ValueError, "ValueError"),
            (logging.Logger, "Logger"),
        ],
    )
    def test_are_written_only_where_they_cannot_be_of_a_patient(
        self, value: object, written: str
    ) -> None:
        assert redacted(value) == written

    def test_an_unknown_error_number_is_a_number(self) -> None:
        assert redacted(OSError(9999, NAME)) == "OSError[9999]"

    @given(st.recursive(st.text(min_size=3), lambda s: st.lists(s) | st.tuples(s), max_leaves=4))
    def test_no_text_comes_through_whatever_holds_it(self, value: object) -> None:
        written = redacted(value)
        assert written in ("<list>", "<tuple>") or written == f"<str of {len(str(value))}>"

    def test_messages_keep_their_english_and_numbers(self) -> None:
        inner = msg("{n} rows in {file}", n=2, file=NAME)
        outer = msg("{gib:.1f} GiB, {part}, {who}", gib=1.25, part=inner, who=NAME)
        assert redacted_message(outer) == "1.2 GiB, 2 rows in <str of 18>, <str of 18>"
        assert redacted_message(msg("plain {braces}")) == "plain {braces}"
        assert redacted_message(msg("{a:.1f}", a=NAME)) == "<message 7>"


class TestTracebacks:
    def failing(self) -> Exception:
        try:
            try:
                float(NAME)
            except ValueError as error:
                raise InputRefused(NAME, code="odd") from error
        except InputRefused as error:
            return error
        raise AssertionError

    def test_name_places_and_kinds_of_error_and_nothing_else(self) -> None:
        text = traceback_of(self.failing())
        kinds = [line for line in text.splitlines() if line.startswith("raised")]
        assert kinds == ["raised ValueError", "raised InputRefused[odd]"]
        assert text.count("test_redaction.py:") == 2
        assert "in failing" in text
        assert "Xylophon" not in text
        assert str(Path.home()) not in text

    def test_an_error_that_is_its_own_cause_ends(self) -> None:
        error = ValueError(NAME)
        error.__cause__ = error
        assert traceback_of(error) == "raised ValueError"

    def test_a_deep_one_is_shortened(self) -> None:
        def dive(depth: int) -> float:
            return dive(depth - 1) if depth else math.sqrt(-1)

        with pytest.raises(ValueError, match="math") as caught:
            dive(100)
        lines = traceback_of(caught.value).splitlines()
        assert len(lines) == 42
        assert lines[0].endswith(" more)")


class TestLines:
    def test_of_the_program_keep_their_template(self) -> None:
        line = line_of("her2desk.x", "%s of %s at %d, %.1f %r", public("a"), NAME, 3, 0.25, NAME)
        assert line.endswith("INFO her2desk.x: a of <str of 18> at 3, 0.2 <str of 18>")
        line = line_of("her2desk.x", "%(who)s and %(n)d", {"who": NAME, "n": 2})
        assert line.endswith("<str of 18> and 2")

    @pytest.mark.parametrize("template", ["%d frames", "%s and %s", "100 % of %s"])
    def test_a_template_that_does_not_fit_is_shown_without_values(self, template: str) -> None:
        assert line_of("her2desk.x", template, NAME).endswith(f"her2desk.x: {template}")

    @pytest.mark.parametrize("name", ["pydicom", "her2desktop", "root"])
    def test_of_other_libraries_say_only_where(self, name: str) -> None:
        line = line_of(name, f"Invalid value {NAME}")
        assert line.endswith(f"INFO {name}: said something at valuerep.py:7 in check")

    def test_an_object_for_a_message_is_not_shown(self) -> None:
        assert "Xylophon" not in line_of("her2desk.x", ValueError(NAME))

    def test_what_another_handler_made_of_the_error_is_not_taken_over(self) -> None:
        error = ValueError(NAME)
        record = logging.LogRecord(
            "her2desk.x", 40, __file__, 1, "failed", None, (ValueError, error, None)
        )
        assert NAME in logging.Formatter().format(record)
        assert record.exc_text
        shown = RedactingFormatter().format(record)
        assert NAME not in shown
        assert shown.endswith("failed\nraised ValueError")


class TestFaults:
    def test_the_sentence_names_the_reference_that_the_log_has(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, "her2desk"):
            error = our_fault(log, ValueError(NAME))
        assert error.fault is not None
        assert error.fault.reference in str(error)
        assert NAME not in str(error)
        assert "ValueError" not in str(error)
        assert error.fault.details == "raised ValueError"
        assert f"fault {error.fault.reference}" in caplog.messages

    def test_two_have_two_references(self) -> None:
        error = ValueError()
        assert recorded(log, error).reference != recorded(log, error).reference

    def test_it_survives_the_trip_from_the_engine_process(self) -> None:
        error = Her2DeskError("Stopped.", fault=Fault("ABC234", "raised ValueError"))
        assert pickle.loads(pickle.dumps(error)).fault == error.fault
