"""One rule for where the library is, for the window and every command."""

from pathlib import Path

import pytest

from her2desk import in_force, paths
from her2desk.in_force import default_library_dir, library_without_choice
from her2desk.settings import Settings, save_settings
from tests.policies import under_policy


@pytest.fixture
def user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without HER2DESK_HOME; gives where the platform would put the library."""
    monkeypatch.delenv(paths.LIBRARY_VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return paths.usual_library_dir()


def test_the_usual_folder_where_nobody_chose(user_folders: Path) -> None:
    assert default_library_dir() == library_without_choice() == user_folders


def test_the_chosen_folder_and_the_settings_stay_where_they_were(
    user_folders: Path, tmp_path: Path
) -> None:
    before = paths.settings_path()
    save_settings(before, Settings(library=str(tmp_path / "病例")))
    assert default_library_dir() == tmp_path / "病例"
    assert paths.settings_path() == before


def test_the_variable_comes_before_the_choice(own_home: Path, tmp_path: Path) -> None:
    save_settings(paths.settings_path(), Settings(library=str(tmp_path / "chosen")))
    assert default_library_dir() == own_home


def test_the_administrators_default_holds_until_a_choice(
    user_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    under_policy(monkeypatch, tmp_path / "etc", {"defaults": {"library": str(shared)}})
    assert default_library_dir() == library_without_choice() == shared
    in_force.keep_settings(Settings(library=str(tmp_path / "mine")))
    assert default_library_dir() == tmp_path / "mine"


def test_a_lock_comes_before_everything(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(paths.settings_path(), Settings(library=str(tmp_path / "mine")))
    locked = tmp_path / "locked"
    under_policy(monkeypatch, tmp_path / "etc", {"settings": {"library": str(locked)}})
    assert default_library_dir() == locked
