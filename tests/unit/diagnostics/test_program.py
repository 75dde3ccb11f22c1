"""The program itself, its files, its font, the clock."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from her2desk import __version__
from her2desk.diagnostics.clock import clock_check
from her2desk.diagnostics.fonts import fonts_check
from her2desk.diagnostics.program import Program, bundle_check, program_check
from her2desk.paths import font_path

RUNNING = Program((3, 11, 7), 64, "x86_64", "Linux 6.1", is_bundled=False)


def test_this_program_is_one_that_was_tested() -> None:
    assert program_check(Program.running()).ok


def test_versions_and_system_are_told() -> None:
    said = program_check(RUNNING).message.text()
    assert said == f"Her2Desk {__version__}, Python 3.11.7, on Linux 6.1, x86_64."
    said = program_check(replace(RUNNING, is_bundled=True)).message.text()
    assert said == f"Her2Desk {__version__}, installed, on Linux 6.1, x86_64."


def test_another_python_is_named() -> None:
    check = program_check(replace(RUNNING, python=(3, 13, 1)))
    assert not check.ok
    assert "3.13.1" in check.message.text()
    assert "3.11" in check.remedy.text()


@pytest.mark.parametrize("other", [{"bits": 32}, {"machine": "riscv64"}])
def test_another_kind_of_computer_is_named(other: dict[str, object]) -> None:
    check = program_check(replace(RUNNING, **other))
    assert not check.ok
    assert "64-bit" in check.remedy.text()


class TestBundle:
    def test_outside_one_there_is_nothing_to_check(self) -> None:
        assert bundle_check(None).ok

    def test_whole(self, tmp_path: Path) -> None:
        assert "as they were built" in bundle_check(tmp_path, lambda _root: ()).message.text()

    def test_a_changed_file_is_named(self, tmp_path: Path) -> None:
        check = bundle_check(tmp_path, lambda _root: ("lib/libtorch.so",))
        assert not check.ok
        assert "1 file" in check.message.text()
        assert "lib/libtorch.so" in check.message.text()
        assert "Install Her2Desk again" in check.remedy.text()

    def test_of_many_a_few_are_named(self, tmp_path: Path) -> None:
        said = bundle_check(tmp_path, lambda _root: tuple("abcdefgh")).message.text()
        assert "8 files" in said
        assert "a, b, c, d, e." in said

    def test_a_folder_without_a_list_is_damaged(self, tmp_path: Path) -> None:
        assert not bundle_check(tmp_path).ok


class TestFont:
    def test_ships(self) -> None:
        assert fonts_check(font_path()).ok

    def test_missing(self, tmp_path: Path) -> None:
        check = fonts_check(tmp_path / "absent.ttf")
        assert not check.ok
        assert "missing" in check.message.text()
        assert check.remedy.text()

    def test_damaged(self, tmp_path: Path) -> None:
        torn = tmp_path / "torn.ttf"
        torn.write_bytes(font_path().read_bytes()[:5000])
        assert "damaged" in fonts_check(torn).message.text()
        torn.write_bytes(b"not a font at all")
        assert "damaged" in fonts_check(torn).message.text()

    def test_another_font_lacks_the_characters(self) -> None:
        import matplotlib

        latin = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
        assert "lacks" in fonts_check(latin).message.text()


@pytest.mark.parametrize(
    ("year", "ok"), [(1970, False), (2024, False), (2026, True), (2150, False)]
)
def test_a_clock_that_cannot_be_right(year: int, ok: bool) -> None:
    check = clock_check(datetime(year, 3, 1, 12, 30, tzinfo=UTC))
    assert check.ok is ok
    assert f"{year}-03-01 12:30 UTC" in check.message.text()
    assert bool(check.remedy.text()) is not ok
