"""A folder for the library: a library, an encrypted one, or an empty folder; nothing else."""

from pathlib import Path

import pytest

from her2desk.errors import StoreRefused
from her2desk.store import choosing
from her2desk.store.choosing import PlaceKind, place_for_library
from her2desk.store.opening import open_library


def refused(folder: Path) -> str:
    with pytest.raises(StoreRefused) as error:
        place_for_library(folder)
    assert "Nothing was changed." in error.value.remedy.text()
    return error.value.code


def test_a_library_is_known(tmp_path: Path) -> None:
    open_library(tmp_path / "cases").close()
    place = place_for_library(tmp_path / "cases")
    assert place.kind is PlaceKind.LIBRARY
    assert "will be opened" in place.sentence.text()


def test_an_encrypted_library_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "is_encrypted", lambda _folder: True)
    assert place_for_library(tmp_path).kind is PlaceKind.ENCRYPTED


@pytest.mark.parametrize("left", [(), (".DS_Store", "desktop.ini", "logs")])
def test_an_empty_folder_will_do_also_one_that_only_looks_used(
    tmp_path: Path, left: tuple[str, ...]
) -> None:
    for name in left:
        (tmp_path / name).touch()
    assert place_for_library(tmp_path).kind is PlaceKind.EMPTY


def test_a_folder_that_is_not_there_yet_will_be_made(tmp_path: Path) -> None:
    wanted = tmp_path / "病例 cases" / "new"
    assert place_for_library(wanted).kind is PlaceKind.EMPTY
    assert not wanted.exists()


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    assert refused(tmp_path) == "place-occupied"


def test_a_file_or_half_a_path_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file") == "place-no-folder"
    assert refused(tmp_path / "file" / "below") == "place-unwritable"
    assert refused(Path("cases")) == "place-relative"


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing.os, "access", lambda *_: False)
    assert refused(tmp_path) == "place-unwritable"
    assert refused(tmp_path / "new") == "place-unwritable"
