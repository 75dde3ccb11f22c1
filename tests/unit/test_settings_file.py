"""The settings file keeps what it does not know; the settings travel in one file, wholly checked."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from her2desk.errors import InputRefused
from her2desk.settings import PERSONAL, RULES, Settings, load_settings, read_settings, save_settings
from her2desk.settings_file import REMEMBERED, export_settings, import_settings
from tests.unit.test_base import valid_settings

PLACE = Path(__file__).anchor + "cases"
OURS = Settings(
    theme="light", threads=2, reader="Dr Ada", library=PLACE, shortcuts={"train": "", "audit": "F6"}
)
same_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)


def write(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


class TestKept:
    def test_only_what_was_chosen_is_written(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.json"
        save_settings(file, Settings(theme="light"))
        assert json.loads(file.read_text()) == {"theme": "light"}

    def test_a_choice_stays_when_it_is_the_standard_again(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.json"
        save_settings(file, Settings(theme="light"))
        save_settings(file, Settings(theme="dark"))
        assert json.loads(file.read_text()) == {"theme": "dark"}

    def test_what_a_newer_version_wrote_is_there_after_an_older_one_changed_something(
        self, tmp_path: Path
    ) -> None:
        newer = {"theme": "sepia", "reader": "Dr Li", "voice": {"speed": 2}, "threads": 500}
        file = write(tmp_path / "settings.json", newer)
        loaded = load_settings(file)
        assert loaded == Settings(reader="Dr Li")
        save_settings(file, replace(loaded, device="cpu"))
        assert json.loads(file.read_text()) == {**newer, "device": "cpu"}

    def test_an_older_file_with_every_field_is_still_read(self, tmp_path: Path) -> None:
        older = {
            "theme": "light", "device": "cpu", "language": "en", "operating_point": "youden",
            "local_prevalence": 0.2, "reader": "Dr Li", "read_first": False, "pack_path": None,
            "heatmap_opacity": 0.5,
        }  # fmt: skip
        loaded = read_settings(write(tmp_path / "settings.json", older))
        assert loaded.notes == ()
        assert {name: asdict(loaded.settings)[name] for name in older} == older
        assert loaded.settings.threads == 0

    @pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe{", b"[" * 100_000])
    def test_a_damaged_file_is_told_of_and_kept_beside_the_new_one(
        self, tmp_path: Path, content: bytes
    ) -> None:
        file = tmp_path / "settings.json"
        file.write_bytes(content)
        read = read_settings(file)
        assert read.settings == Settings()
        assert "is damaged" in read.notes[0].text()
        assert file.read_bytes() == content
        save_settings(file, Settings(theme="light"))
        assert load_settings(file) == Settings(theme="light")
        assert (tmp_path / "settings.json.unreadable").read_bytes() == content

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (
                {"theme": "drak"},
                'The setting theme is "drak", but may be one of dark, light, system.',
            ),
            ({"threads": 2.5}, "The setting threads is 2.5, but may be a whole number from 0"),
            ({"threads": True}, "The setting threads is true"),
            ({"library": "cases"}, "but may be a folder's whole path, or null."),
            ({"library": ""}, "but may be a folder's whole path"),
            ({"shortcuts": {"train": 5}}, "but may be an object of texts"),
            ({"shortcuts": ["F5"]}, "but may be an object of texts"),
            ({"reader": ["x" * 500]}, "…"),
        ],
    )
    def test_a_value_that_cannot_be_is_named_with_what_it_may_be(
        self, tmp_path: Path, raw: object, said: str
    ) -> None:
        (note,) = read_settings(write(tmp_path / "settings.json", raw)).notes
        assert said in note.text()

    def test_every_setting_has_a_rule_that_its_default_keeps(self) -> None:
        assert set(RULES) == set(asdict(Settings()))
        assert all(RULES[name].holds(value) for name, value in asdict(Settings()).items())


class TestTravelling:
    @same_folder
    @given(chosen=valid_settings)
    def test_settings_come_back_from_the_file_as_they_went(
        self, tmp_path: Path, chosen: Settings
    ) -> None:
        export_settings(tmp_path / "s.json", chosen, with_personal=True)
        found = import_settings(tmp_path / "s.json")
        assert found.over(Settings(), with_personal=True, locked={}) == chosen

    def test_what_is_personal_is_left_out_and_named(self, tmp_path: Path) -> None:
        export_settings(tmp_path / "s.json", OURS)
        text = (tmp_path / "s.json").read_text()
        assert "Ada" not in text
        assert "cases" not in text
        assert json.loads(text)["personal_left_out"] == list(PERSONAL)
        assert not set(REMEMBERED) & set(json.loads(text)["settings"])

    def test_what_is_personal_is_taken_only_when_asked_for(self, tmp_path: Path) -> None:
        export_settings(tmp_path / "s.json", OURS, with_personal=True)
        found = import_settings(tmp_path / "s.json")
        assert found.personal == PERSONAL
        without = found.over(Settings(), with_personal=False, locked={})
        assert (without.theme, without.reader, without.library) == ("light", "Reader A", None)
        assert found.over(Settings(), with_personal=True, locked={}) == OURS

    def test_what_is_locked_is_not_taken(self, tmp_path: Path) -> None:
        export_settings(tmp_path / "s.json", OURS)
        found = import_settings(tmp_path / "s.json")
        assert "theme" not in found.taken(with_personal=True, locked={"theme": "dark"})

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (
                {"settings": {"theme": "drak"}},
                'The setting theme is "drak", but may be one of dark',
            ),
            ({"settings": {"tehme": "dark"}}, "settings.tehme is not known; theme is."),
            (
                {"settings": {"threads": -1, "devise": "cpu"}},
                "settings.devise is not known; device is.; The setting threads is -1",
            ),
            ({"settings": []}, "has no settings in it"),
            ({"more": 1}, "more is not known"),
            ({"format_version": 2}, "is in a form that this version does not read"),
            ({"format": "other"}, "is not a file of Her2Desk's settings"),
        ],
    )
    def test_a_fault_is_named_and_nothing_is_taken(
        self, tmp_path: Path, change: dict[str, object], said: str
    ) -> None:
        export_settings(tmp_path / "s.json", OURS)
        document = json.loads((tmp_path / "s.json").read_text())
        file = write(tmp_path / "s.json", {**document, **change})
        with pytest.raises(InputRefused) as refused:
            import_settings(file)
        assert said in refused.value.message.text()
        assert "Nothing was changed." in refused.value.remedy.text()
        assert refused.value.code == "settings-file"

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"x" * 2_000_000])
    def test_what_is_no_such_file_is_a_sentence(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "s.json").write_bytes(content)
        with pytest.raises(InputRefused, match=r"s\.json"):
            import_settings(tmp_path / "s.json")
        with pytest.raises(InputRefused, match="cannot be read"):
            import_settings(tmp_path / "absent.json")

    def test_a_file_of_another_version_says_so(self, tmp_path: Path) -> None:
        export_settings(tmp_path / "s.json", OURS)
        document = json.loads((tmp_path / "s.json").read_text())
        write(tmp_path / "s.json", {**document, "program": "9.1", "settings": {"voice": 1}})
        with pytest.raises(InputRefused, match=r"written by Her2Desk 9\.1"):
            import_settings(tmp_path / "s.json")

    @same_folder
    @given(
        raw=st.dictionaries(
            st.sampled_from(["format", "format_version", "settings", "program"]),
            st.sampled_from(["her2desk-settings", 1, None, {}])
            | st.dictionaries(
                st.sampled_from(sorted(RULES)), st.none() | st.text() | st.integers()
            ),
        )
    )
    def test_whatever_it_says_it_is_taken_wholly_or_refused(
        self, tmp_path: Path, raw: dict[str, object]
    ) -> None:
        try:
            found = import_settings(write(tmp_path / "s.json", raw))
        except InputRefused:
            return
        taken = found.over(Settings(), with_personal=True, locked={})
        assert taken == taken.checked()
