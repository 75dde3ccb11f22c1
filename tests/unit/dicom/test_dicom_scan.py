"""Everything that is dropped on the window is listed, with what became of it."""

import os
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from her2desk.dicom import scan as scan_module
from her2desk.dicom import unzip as unzip_module
from her2desk.dicom.reader import open_image
from her2desk.dicom.scan import Candidate, CandidateStatus, candidate_files, is_hidden

from .dicom_builder import us_bytes, us_file


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A folder as it comes on a CD: images, a directory, a viewer, system files."""
    folder = tmp_path / "disc"
    (folder / "IMAGES").mkdir(parents=True)
    us_file(folder / "IMAGES" / "IM0002")
    us_file(folder / "IMAGES" / "IM0001")
    (folder / "DICOMDIR").write_bytes(us_bytes())
    (folder / "viewer.exe").write_bytes(b"MZ" + b"\0" * 200)
    (folder / "Thumbs.db").write_bytes(us_bytes())
    (folder / ".hidden").mkdir()
    us_file(folder / ".hidden" / "IM0003")
    return folder


def zipped(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def told(candidates: list[Candidate]) -> dict[str, str]:
    return {Path(c.name).name: c.code or str(c.status) for c in candidates}


def test_a_folder_is_listed_whole(disc: Path, temporary: Path) -> None:
    candidates = candidate_files([disc], temporary)
    assert told(candidates) == {
        "IM0001": "found",
        "IM0002": "found",
        "DICOMDIR": "directory-unreadable",  # an image by that name lists nothing
        "viewer.exe": "not-an-image",
        "Thumbs.db": "hidden",
        ".hidden": "hidden",
    }
    found = [c.path.name for c in candidates if c.status is CandidateStatus.FOUND]
    assert found == ["IM0001", "IM0002"]
    for candidate in candidates:
        assert (candidate.reason is None) == (candidate.status is CandidateStatus.FOUND)


def test_a_directory_file_stands_for_its_disc(disc: Path, temporary: Path) -> None:
    assert told(candidate_files([disc / "DICOMDIR"], temporary))["IM0001"] == "found"


def test_a_file_named_twice_is_listed_once(disc: Path, temporary: Path) -> None:
    image = disc / "IMAGES" / "IM0001"
    assert len(candidate_files([image, image, disc / "IMAGES"], temporary)) == 2


def test_a_file_chosen_by_name_is_left_to_be_refused(disc: Path, temporary: Path) -> None:
    assert told(candidate_files([disc / "viewer.exe"], temporary)) == {"viewer.exe": "found"}


def test_a_vanished_file_is_listed_as_refused(tmp_path: Path, temporary: Path) -> None:
    (candidate,) = candidate_files([tmp_path / "gone"], temporary)
    assert (candidate.status, candidate.code) == (CandidateStatus.REFUSED, "unreadable-file")
    assert candidate.reason
    assert candidate.remedy


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_locked_folder_is_listed_as_refused(disc: Path, temporary: Path) -> None:
    locked = disc / "IMAGES"
    locked.chmod(0)
    try:
        assert told(candidate_files([disc], temporary))["IMAGES"] == "unreadable-file"
    finally:
        locked.chmod(0o755)


def test_a_folder_that_cannot_be_listed_is_refused(
    disc: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    (candidate,) = candidate_files([disc], temporary)
    assert (candidate.path, candidate.code) == (disc, "unreadable-file")


def test_links_to_folders_are_not_followed(disc: Path, temporary: Path) -> None:
    try:
        (disc / "IMAGES" / "loop").symlink_to(disc, target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    names = [c.name for c in candidate_files([disc], temporary)]
    assert len(names) == 6


def test_a_walk_does_not_enter_where_archives_are_unpacked(tmp_path: Path, temporary: Path) -> None:
    zipped(tmp_path / "a.zip", [("IM1", us_bytes())])
    names = [c.name for c in candidate_files([tmp_path], temporary)]
    assert names == [f"{tmp_path / 'a.zip'}/IM1"]


def test_there_is_an_end_to_files_and_it_is_said(
    disc: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_module, "MAX_FILES", 3)
    candidates = candidate_files([disc], temporary)
    assert [c.code for c in candidates[3:]] == ["too-large"]


def test_windows_hidden_files_are_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Status:
        st_file_attributes = 0x2

    path = us_file(tmp_path / "us.dcm")
    assert not is_hidden(path)
    assert not is_hidden(tmp_path / "gone")
    monkeypatch.setattr(Path, "lstat", lambda self: Status())
    assert is_hidden(path)


class TestArchives:
    def test_members_are_found_and_open(self, tmp_path: Path, temporary: Path) -> None:
        archive = zipped(
            tmp_path / "study.zip",
            [
                ("study/IM1", us_bytes()),
                ("study/", b""),
                ("readme.txt", b"hello"),
                ("inner.zip", zipped(tmp_path / "x.zip", [("a", b"b")]).read_bytes()),
            ],
        )
        candidates = candidate_files([archive], temporary)
        assert told(candidates) == {
            "IM1": "found",
            "readme.txt": "not-an-image",
            "inner.zip": "nested-archive",
        }
        image = next(c for c in candidates if c.status is CandidateStatus.FOUND)
        assert image.name == f"{archive}/study/IM1"
        assert temporary in image.path.parents
        assert open_image(image.path).image.patient_id == "P1"

    @pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:evil"])
    def test_names_that_point_outside_are_refused(
        self, tmp_path: Path, temporary: Path, name: str
    ) -> None:
        archive = zipped(tmp_path / "evil.zip", [(name, us_bytes())])
        (candidate,) = candidate_files([archive], temporary)
        assert candidate.code == "unsafe-name"
        assert not list(tmp_path.rglob("evil"))

    def test_a_bomb_is_refused(
        self, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unzip_module, "ALWAYS_ALLOWED_BYTES", 1000)
        bomb = b"\0" * 128 + b"DICM" + b"\0" * 5_000_000
        archive = zipped(tmp_path / "bomb.zip", [("IM1", bomb)])
        (candidate,) = candidate_files([archive], temporary)
        assert (candidate.status, candidate.code) == (CandidateStatus.REFUSED, "too-large")

    def test_too_many_members_are_refused(
        self, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unzip_module, "MAX_MEMBERS", 2)
        archive = zipped(tmp_path / "many.zip", [(f"IM{n}", b"") for n in range(3)])
        (candidate,) = candidate_files([archive], temporary)
        assert candidate.code == "too-large"

    def test_an_index_of_any_size_is_not_read(
        self, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        archive = zipped(tmp_path / "many.zip", [(f"IM{n}" * 50, b"") for n in range(900)])
        monkeypatch.setattr(unzip_module, "MAX_INDEX_BYTES", 100_000)
        (candidate,) = candidate_files([archive], temporary)
        assert candidate.code == "too-large"

    def test_a_password_is_said(self, tmp_path: Path, temporary: Path) -> None:
        content = bytearray(zipped(tmp_path / "p.zip", [("IM1", us_bytes())]).read_bytes())
        central = content.index(b"PK\x01\x02")
        content[central + 8] |= 1
        content[6] |= 1
        (tmp_path / "p.zip").write_bytes(content)
        (candidate,) = candidate_files([tmp_path / "p.zip"], temporary)
        assert candidate.code == "archive-encrypted"

    def test_a_damaged_archive_is_refused(self, tmp_path: Path, temporary: Path) -> None:
        path = tmp_path / "cut.zip"
        path.write_bytes(zipped(path, [("IM1", us_bytes())]).read_bytes()[:-30])
        (candidate,) = candidate_files([path], temporary)
        assert candidate.code == "malformed"

    def test_one_damaged_member_does_not_cost_the_others(
        self, tmp_path: Path, temporary: Path
    ) -> None:
        path = zipped(tmp_path / "x.zip", [("IM1", us_bytes()), ("IM2", us_bytes())])
        content = bytearray(path.read_bytes())
        start = 30 + struct.unpack("<H", content[26:28])[0]
        content[start + 400 : start + 420] = b"\xff" * 20
        path.write_bytes(content)
        assert told(candidate_files([path], temporary)) == {"IM1": "malformed", "IM2": "found"}
        assert len(list(temporary.rglob("0*"))) == 1
