"""Errors, texts, paths, settings and the log: what everything else stands on."""

import faulthandler
import gettext
import json
import logging
import os
import pickle
import re
import subprocess
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from her2desk import paths
from her2desk.errors import (
    EngineFailed,
    Her2DeskError,
    InputRefused,
    PackRefused,
    StoreRefused,
)
from her2desk.logs import (
    LOGS_VARIABLE,
    crash_files,
    crashes_written,
    log_in_worker,
    logging_in_child,
    logging_to,
)
from her2desk.settings import Settings, load_settings, save_settings
from her2desk.texts import CATALOGUE, SOURCE_LANGUAGE, Message, msg, msgn, phrase, tr, trn


class TestErrors:
    def test_says_what_is_wrong_and_what_to_do(self) -> None:
        error = InputRefused(msg("The file has {n} rows.", n=0), "Export it again.", code="empty")
        assert str(error) == "The file has 0 rows. Export it again."
        assert error.code == "empty"

    @pytest.mark.parametrize(
        ("kind", "exit_code"),
        # architecture.md, "Command line": 3 input refused, 4 pack refused, 5 our fault
        [(InputRefused, 3), (StoreRefused, 3), (PackRefused, 4), (EngineFailed, 5)],
    )
    def test_its_kind_decides_the_exit_code(
        self, kind: type[Her2DeskError], exit_code: int
    ) -> None:
        assert kind("x").exit_code == exit_code

    def test_survives_the_trip_from_the_engine_process(self) -> None:
        error = PackRefused(msg("Row {n} is wrong.", n=3), msg("Get it again."), code="pack-row")
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is PackRefused
        assert (str(copy), copy.code) == (str(error), "pack-row")

    def test_without_a_remedy_there_is_no_stray_space(self) -> None:
        assert str(Her2DeskError("Stopped.")) == "Stopped."


@pytest.fixture
def german(tmp_path: Path):
    catalogue = Catalog(locale="de")
    catalogue.add("{rows} rows", "{rows} Zeilen")
    catalogue.add(("{n} case", "{n} cases"), ("{n} Fall", "{n} Fälle"))
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "her2desk.mo").open("wb") as file:
        write_mo(file, catalogue)
    CATALOGUE.use("de", tmp_path)
    yield
    CATALOGUE.use(SOURCE_LANGUAGE, tmp_path)


class TestTexts:
    def test_english_is_the_template_with_its_parameters(self) -> None:
        assert msg("{rows} rows", rows=3).text() == "3 rows"

    def test_braces_of_a_text_without_parameters_stay(self) -> None:
        assert Message('{"a": 1}').text() == '{"a": 1}'

    def test_an_empty_message_is_empty_in_every_language(self, german: None) -> None:
        assert Message("").text() == ""  # gettext would give the catalogue's header

    def test_a_message_is_translated_when_it_is_shown(self, german: None) -> None:
        assert msg("{rows} rows", rows=3).text() == "3 Zeilen"
        assert tr("not in the catalogue") == "not in the catalogue"

    def test_counted_phrases_follow_the_language(self, german: None) -> None:
        assert [trn("{n} case", "{n} cases", n) for n in (1, 2)] == ["1 Fall", "2 Fälle"]

    def test_counted_phrases_in_english(self) -> None:
        assert [trn("{n} case", "{n} cases", n) for n in (1, 2)] == ["1 case", "2 cases"]

    def test_a_counted_sentence_is_chosen_when_it_is_shown(self, german: None) -> None:
        said = [msgn("{n} case", "{n} cases", n).text() for n in (0, 1, 2)]
        assert said == ["0 Fälle", "1 Fall", "2 Fälle"]

    def test_a_counted_sentence_can_have_more_fields_and_be_a_part(self) -> None:
        part = phrase(msgn("{n} case of {total}", "{n} cases of {total}", 1, total=9))
        assert msg("Only {part}.", part=part).text() == "Only 1 case of 9."

    def test_a_counted_sentence_needs_its_count(self) -> None:
        with pytest.raises(TypeError, match="without a count"):
            Message("{n} case", {"n": "one"}, "{n} cases").text()

    def test_an_unknown_language_leaves_the_present_one(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="translation"):
            CATALOGUE.use("xx", tmp_path)
        assert CATALOGUE.language == SOURCE_LANGUAGE
        assert type(CATALOGUE.translations) is gettext.NullTranslations


class TestPaths:
    def test_the_library_follows_its_variable(self, own_home: Path) -> None:
        assert paths.usual_library_dir() == own_home
        assert paths.settings_path() == own_home / "settings.json"

    def test_without_the_variable_the_platform_decides(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(paths.LIBRARY_VARIABLE)
        assert "Her2Desk" in paths.usual_library_dir().parts
        assert paths.settings_path().name == "settings.json"
        assert "Her2Desk" in paths.settings_path().parts

    def test_assets_lie_beside_the_package_in_a_checkout(self) -> None:
        assert paths.assets_dir() == Path(paths.__file__).parent.parent / "assets"
        assert paths.translations_dir().parent == paths.assets_dir()
        assert paths.demo_pack_path().is_relative_to(paths.assets_dir())
        assert paths.demo_case_dir().is_relative_to(paths.assets_dir())

    def test_assets_lie_inside_an_installed_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "assets").mkdir()
        monkeypatch.setattr(paths, "__file__", str(tmp_path / "paths.py"))
        assert paths.assets_dir() == tmp_path / "assets"


valid_settings = st.builds(
    Settings,
    theme=st.sampled_from(["dark", "light", "system"]),
    device=st.sampled_from(["auto", "cpu", "cuda", "cuda-half", "mps"]),
    local_prevalence=st.none() | st.floats(0, 1, exclude_min=True, exclude_max=True),
    reader=st.text(),
    read_first=st.booleans(),
    pack_path=st.none() | st.text(),
    heatmap_opacity=st.floats(0, 1),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
same_folder = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


class TestSettings:
    @same_folder
    @given(chosen=valid_settings)
    def test_come_back_as_they_were_chosen(self, tmp_path: Path, chosen: Settings) -> None:
        save_settings(tmp_path / "settings.json", chosen)
        assert load_settings(tmp_path / "settings.json") == chosen

    def test_are_the_defaults_before_the_first_choice(self, tmp_path: Path) -> None:
        assert load_settings(tmp_path / "absent.json") == Settings()

    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b"null"])
    def test_are_the_defaults_where_the_file_is_broken(
        self, tmp_path: Path, content: bytes
    ) -> None:
        file = tmp_path / "settings.json"
        file.write_bytes(content)
        assert load_settings(file) == Settings()

    @same_folder
    @given(raw=st.dictionaries(st.sampled_from(sorted(asdict(Settings()))), anything))
    def test_whatever_the_file_says_every_value_is_usable(
        self, tmp_path: Path, raw: dict[str, object]
    ) -> None:
        file = tmp_path / "settings.json"
        file.write_text(json.dumps(raw), encoding="utf-8")
        loaded = load_settings(file)
        assert loaded == loaded.checked()
        assert type(loaded.read_first) is bool
        assert 0 <= loaded.heatmap_opacity <= 1

    def test_one_bad_value_does_not_cost_the_others(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.json"
        file.write_text('{"theme": "neon", "reader": "Dr Chan", "local_prevalence": 1.5, "x": 1}')
        assert load_settings(file) == Settings(reader="Dr Chan")

    def test_are_for_their_owner_alone(self, tmp_path: Path) -> None:
        before = os.umask(0o022)
        try:
            save_settings(tmp_path / "new" / "settings.json", Settings())
        finally:
            os.umask(before)
        modes = [oct(p.stat().st_mode & 0o777) for p in (tmp_path / "new", *tmp_path.glob("*/*"))]
        assert modes == ["0o700", "0o600"]

    def test_that_cannot_be_written_are_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "in-the-way").write_text("")
        with pytest.raises(StoreRefused) as refused:
            save_settings(tmp_path / "in-the-way" / "settings.json", Settings())
        assert refused.value.code == "settings-unwritable"


class TestLog:
    def test_lines_carry_utc_and_the_level(self, tmp_path: Path) -> None:
        with logging_to(tmp_path) as path:
            logging.getLogger("her2desk.something").info("library opened")
        assert path == tmp_path / "logs" / "her2desk.log"
        line = path.read_text()
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ INFO her2desk\.something: ", line)

    def test_a_quiet_run_leaves_no_file(self, tmp_path: Path) -> None:
        with logging_to(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_warnings_of_libraries_go_to_the_log(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with warnings.catch_warnings(), logging_to(tmp_path, "engine") as path:
            warnings.simplefilter("always")
            warnings.warn("an odd value", UserWarning, stacklevel=1)
        assert path.name == "engine.log"
        logged = path.read_text()
        assert re.search(r"WARNING her2desk.logs: UserWarning at .*test_base.py:\d+", logged)
        assert "an odd value" not in logged  # it may be a patient's
        assert capsys.readouterr().err == ""

    def test_is_for_its_owner_alone(self, tmp_path: Path) -> None:
        before = os.umask(0o022)
        try:
            with logging_to(tmp_path) as path:
                logging.getLogger("her2desk").error("x")
        finally:
            os.umask(before)
        modes = [oct(p.stat().st_mode & 0o777) for p in (path.parent, path)]
        assert modes == ["0o700", "0o600"]

    def test_a_child_logs_beside_whoever_started_it(self, tmp_path: Path) -> None:
        with logging_to(tmp_path), logging_in_child("frames"):
            logging.getLogger("her2desk").error("heard")
        assert "heard" in (tmp_path / "logs" / "frames.log").read_text()
        assert LOGS_VARIABLE not in os.environ

    def test_a_child_of_nobody_who_logs_is_silent(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(LOGS_VARIABLE, raising=False)
        with warnings.catch_warnings(), logging_in_child("frames"):
            warnings.simplefilter("always")
            logging.getLogger("pydicom").error("Xylophon")
            warnings.warn("Xylophon", UserWarning, stacklevel=1)
        assert capsys.readouterr().err == ""

    def test_an_error_that_ends_a_child_is_in_the_log_and_not_printed(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with logging_to(tmp_path), pytest.raises(SystemExit) as ended, logging_in_child("frames"):
            raise ValueError("Xylophon")
        assert ended.value.code == 1
        logged = (tmp_path / "logs" / "frames.log").read_text()
        assert "raised ValueError" in logged
        assert "Xylophon" not in logged + capsys.readouterr().err

    def test_a_worker_of_a_pool_logs_until_it_ends(self, tmp_path: Path) -> None:
        with (
            logging_to(tmp_path),
            ProcessPoolExecutor(1, get_context("spawn"), log_in_worker, ("pool",)) as pool,
        ):
            assert pool.submit(warnings.warn, "Xylophon").result() is None
        assert "UserWarning at " in (tmp_path / "logs" / "pool.log").read_text()

    def test_a_log_that_cannot_be_written_stops_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "logs").write_text("in the way")
        with logging_to(tmp_path):
            logging.getLogger("her2desk").error("lost")
        assert capsys.readouterr().err == ""

    def test_leaves_logging_as_it_was(self, tmp_path: Path) -> None:
        before = list(logging.getLogger().handlers), logging.getLogger("her2desk").level
        with logging_to(tmp_path):
            assert logging.getLogger("her2desk").level == logging.INFO
        assert before == (list(logging.getLogger().handlers), logging.getLogger("her2desk").level)


class TestCrashes:
    CODE = """
import faulthandler, sys
from pathlib import Path
from her2desk.logs import crashes_written
with crashes_written(Path(sys.argv[1]), "window") as path:
    if sys.argv[2] == "crash":
        faulthandler._sigsegv()
"""

    def run(self, library: Path, how: str) -> int:
        return subprocess.run(
            [sys.executable, "-c", self.CODE, str(library), how],
            check=False,
            capture_output=True,
            cwd=Path(paths.__file__).parent.parent,
        ).returncode

    def test_of_native_code_are_written_for_their_owner_alone(self, tmp_path: Path) -> None:
        assert self.run(tmp_path, "crash") < 0
        (path,) = crash_files(tmp_path)
        assert "Segmentation fault" in path.read_text()
        assert path.stat().st_mode & 0o077 == 0

    def test_without_one_nothing_is_left(self, tmp_path: Path) -> None:
        assert self.run(tmp_path, "end") == 0
        assert list((tmp_path / "logs").iterdir()) == []
        assert crash_files(tmp_path) == []

    def test_the_last_few_are_kept(self, tmp_path: Path) -> None:
        (tmp_path / "logs").mkdir()
        for n in range(8):
            path = tmp_path / "logs" / f"window-{n}.crash"
            path.write_text("Fatal")
            os.utime(path, (1000 + n, 1000 + n))
        self.run(tmp_path, "crash")
        assert [p.name for p in crash_files(tmp_path)[1:]] == [
            f"window-{n}.crash" for n in (7, 6, 5, 4)
        ]

    def test_where_they_cannot_be_written_the_work_goes_on(self, tmp_path: Path) -> None:
        (tmp_path / "logs").write_text("in the way")
        assert self.run(tmp_path, "end") == 0
        assert crash_files(tmp_path) == []

    def test_whoever_writes_them_already_goes_on(self, tmp_path: Path) -> None:
        """Here that is pytest."""
        assert faulthandler.is_enabled()
        with crashes_written(tmp_path) as path:
            assert path is None
        assert faulthandler.is_enabled()


def test_the_base_needs_nothing_heavy() -> None:
    assert not {"torch", "PySide6", "filelock"} & {m.partition(".")[0] for m in _modules_of_base()}


def _modules_of_base() -> set[str]:
    code = (
        "import sys; from her2desk import errors, faults, last_run, logs, paths, settings, texts; "
        "print('\\n'.join(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())
