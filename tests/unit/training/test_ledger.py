"""V5: how often a cohort was built on, and its held-out patients looked at."""

import pytest

from her2desk.errors import InputRefused
from her2desk.training.ledger import FILE, Entry, LedgerFile


def entry(build: str, cohort: str = "c1", opened: bool = True) -> Entry:
    return Entry(build=build, cohort_sha256=cohort, opened_held_out=opened)


@pytest.fixture
def ledger(tmp_path):
    (tmp_path / "cohort").mkdir()
    return LedgerFile(tmp_path / "cohort", tmp_path / "elsewhere")


def counts(found):
    return found.builds, found.held_out_opened


def test_each_other_build_counts_and_so_does_each_look(ledger):
    assert counts(ledger.record(entry("a"))) == (1, 1)
    assert counts(ledger.record(entry("b", opened=False))) == (2, 1)
    assert counts(ledger.record(entry("c"))) == (3, 2)


def test_the_same_build_made_again_is_the_same_entry(ledger):
    ledger.record(entry("a"))
    ledger.record(entry("b"))
    assert counts(ledger.record(entry("a"))) == (1, 1)


def test_another_cohort_in_the_same_folder_has_a_count_of_its_own(ledger):
    ledger.record(entry("a"))
    assert counts(ledger.record(entry("a", cohort="c2"))) == (1, 1)


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_count(ledger, tmp_path):
    (tmp_path / "cohort" / FILE).mkdir()  # what stands there is no file
    ledger.record(entry("a"))
    assert counts(ledger.record(entry("b"))) == (2, 2)
    assert (tmp_path / "elsewhere" / FILE).is_file()


@pytest.mark.parametrize("text", ["{}{", '{"builds": [{"build": 1}]}', "\udcff"])
def test_a_damaged_ledger_is_not_counted_from_anew(ledger, tmp_path, text):
    path = tmp_path / "cohort" / FILE
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputRefused, match="cannot be read"):
        ledger.record(entry("a"))


def test_a_ledger_that_cannot_be_kept_is_said(ledger, tmp_path):
    (tmp_path / "cohort" / FILE).mkdir()
    (tmp_path / "elsewhere").write_text("in the way")
    with pytest.raises(InputRefused, match="cannot be written"):
        ledger.record(entry("a"))
