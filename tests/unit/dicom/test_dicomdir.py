"""What a disc's directory lists is compared with what is there."""

import random
import shutil
import zipfile
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from her2desk.dicom import dicomdir
from her2desk.dicom.dicomdir import Disc, ListedFile, folded, listed_files, place_of
from her2desk.dicom.scan import Candidate, CandidateStatus, candidate_files
from her2desk.errors import InputRefused

from .dicom_builder import us_bytes, us_dataset

MUTATIONS = 150


@pytest.fixture(scope="module")
def pressed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disc with a DICOMDIR and three images, as pydicom makes it."""
    files = FileSet()
    for number in range(3):
        ds = us_dataset(
            SOPInstanceUID=f"1.2.3.{number}",
            SeriesInstanceUID="1.2.9",
            StudyDate="20260101",
            StudyTime="101010",
            StudyID="1",
            SeriesNumber=1,
            InstanceNumber=number + 1,
            AccessionNumber="",
            StudyDescription="",
        )
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        files.add(ds)
    folder = tmp_path_factory.mktemp("disc")
    files.write(folder)
    files._stage["t"].cleanup()  # or Python warns of the folder that pydicom left
    return folder


@pytest.fixture
def disc(pressed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pressed, tmp_path / "disc"))


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def images(disc: Path) -> list[Path]:
    return sorted(p for p in disc.rglob("*") if p.is_file() and p.name != "DICOMDIR")


def codes(candidates: list[Candidate]) -> list[str]:
    return sorted(c.code or str(c.status) for c in candidates)


def found(candidates: list[Candidate]) -> list[Candidate]:
    return [c for c in candidates if c.status is CandidateStatus.FOUND]


def test_the_directory_lists_every_image_once(disc: Path) -> None:
    listed = listed_files(disc / "DICOMDIR")
    places = [place_of(str(path.relative_to(disc))) for path in images(disc)]
    assert sorted(file.place for file in listed) == sorted(places)


def test_a_whole_disc_is_found_without_a_word(disc: Path, temporary: Path) -> None:
    candidates = candidate_files([disc / "DICOMDIR"], temporary)
    assert codes(candidates) == ["directory", "found", "found", "found"]
    assert not any(c.warnings for c in candidates)
    assert candidates[0].reason is not None
    assert "3 listed, 0 of them missing" in candidates[0].reason.text()


def test_a_listed_file_that_is_not_there_is_refused_by_its_name(
    disc: Path, temporary: Path
) -> None:
    gone = images(disc)[1]
    gone.unlink()
    candidates = candidate_files([disc], temporary)
    (absent,) = [c for c in candidates if c.status is CandidateStatus.REFUSED]
    assert (absent.code, absent.name) == ("missing-on-disc", str(gone))
    assert absent.remedy
    assert len(found(candidates)) == 2


def test_a_file_beside_the_listed_ones_is_found_and_said_to_be_so(
    disc: Path, temporary: Path
) -> None:
    (disc / "extra").write_bytes(us_bytes(SOPInstanceUID="1.2.99"))
    warned = {Path(c.name).name: [w.code for w in c.warnings] for c in
              found(candidate_files([disc], temporary))}  # fmt: skip
    assert warned.pop("extra") == ["not-in-directory"]
    assert list(warned.values()) == [[], [], []]


@pytest.mark.parametrize("rename", [str.lower, lambda name: f"{name};1", lambda name: f"{name}.;1"])
def test_names_that_a_system_changed_are_the_same_files(
    disc: Path, temporary: Path, rename: object
) -> None:
    for path in images(disc):
        path.rename(path.with_name(rename(path.name)))  # type: ignore[operator]
    candidates = candidate_files([disc], temporary)
    assert codes(candidates) == ["directory", "found", "found", "found"]
    assert not any(c.warnings for c in candidates)


def test_a_directory_may_be_spelled_in_small_letters(disc: Path, temporary: Path) -> None:
    (disc / "DICOMDIR").rename(disc / "dicomdir")
    assert codes(candidate_files([disc], temporary))[0] == "directory"


def test_a_mere_copy_of_a_directory_does_not_stand_for_the_folder_it_lies_in(
    disc: Path, temporary: Path, tmp_path: Path
) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "other.dcm").write_bytes(us_bytes())
    shutil.copy(disc / "DICOMDIR", downloads)
    candidates = candidate_files([downloads / "DICOMDIR"], temporary)
    assert codes(candidates) == ["directory", *["missing-on-disc"] * 3]


@pytest.mark.parametrize("content", [b"", b"nothing", us_bytes()])
def test_a_broken_directory_is_said_and_the_folder_walked(
    disc: Path, temporary: Path, content: bytes
) -> None:
    (disc / "DICOMDIR").write_bytes(content)
    candidates = candidate_files([disc / "DICOMDIR"], temporary)
    assert codes(candidates) == ["directory-unreadable", "found", "found", "found"]
    assert not any(c.warnings for c in candidates)


def test_a_directory_of_unreasonable_size_is_not_read(
    disc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicomdir, "MAX_BYTES", 100)
    with pytest.raises(InputRefused) as refused:
        listed_files(disc / "DICOMDIR")
    assert refused.value.code == "too-large"


def test_struck_out_records_are_no_files(disc: Path) -> None:
    directory = dcmread(disc / "DICOMDIR")
    last = directory.DirectoryRecordSequence[-1]
    assert last.ReferencedFileID
    last.RecordInUseFlag = 0
    directory.save_as(disc / "DICOMDIR")
    assert len(listed_files(disc / "DICOMDIR")) == 2


def test_listed_names_never_lead_outside_the_disc(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(us_bytes())
    folder = tmp_path / "disc"
    folder.mkdir()
    names = ["..\\secret", "/etc/passwd", str(tmp_path / "secret"), "C:\\x", "\0", "a" * 300]
    disc = Disc(folder, [ListedFile(name, place_of(name)) for name in names])
    assert disc.present == set()
    assert [file.name for file in disc.absent] == names


def test_folding_takes_away_what_systems_add() -> None:
    assert [folded(part) for part in ("im1", "IM1.;1", "IM1;12", " IM1 ", "IM1.DCM;1")] == [
        *["IM1"] * 4,
        "IM1.DCM",
    ]
    assert place_of("IMAGES\\IM1") == place_of("images/im1;1") == ("IMAGES", "IM1")


def listed_or_refused(path: Path) -> list[str]:
    """The names that a directory lists, or the sentence and the remedy of its refusal."""
    try:
        return [file.name for file in listed_files(path)] or ["nothing"]
    except InputRefused as refusal:
        return [refusal.message.text(), refusal.remedy.text()]


@pytest.mark.parametrize("seed", range(3))
def test_a_directory_of_changed_bytes_lists_something_or_is_refused(
    disc: Path, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    whole = (disc / "DICOMDIR").read_bytes()
    changed = tmp_path / "changed"
    for _ in range(MUTATIONS):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(132, len(content))] = rng.randrange(256)
        changed.write_bytes(content[: rng.choice((len(content), rng.randrange(len(content))))])
        said = listed_or_refused(changed)
        assert said
        assert all(text.isprintable() for text in said)


class TestInAnArchive:
    def packed(self, disc: Path, archive: Path, inside: str = "") -> Path:
        with zipfile.ZipFile(archive, "w") as packed:
            for path in sorted(p for p in disc.rglob("*") if p.is_file()):
                packed.write(path, inside + str(path.relative_to(disc)))
        return archive

    @pytest.mark.parametrize("inside", ["", "cd/"])
    def test_a_disc_is_compared_with_its_directory(
        self, disc: Path, temporary: Path, tmp_path: Path, inside: str
    ) -> None:
        gone, *kept = images(disc)
        gone.unlink()
        (disc / "extra").write_bytes(us_bytes(SOPInstanceUID="1.2.99"))
        archive = self.packed(disc, tmp_path / "cd.zip", inside)
        candidates = candidate_files([archive], temporary)
        assert codes(candidates) == ["directory", "found", "found", "found", "missing-on-disc"]
        (absent,) = [c for c in candidates if c.status is CandidateStatus.REFUSED]
        written = absent.name.removeprefix(f"{archive}/")
        assert place_of(written) == place_of(inside + str(gone.relative_to(disc)))
        warned = [c.name.rpartition("/")[2] for c in candidates if c.warnings]
        assert warned == ["extra"]
        assert len(kept) == 2

    def test_a_broken_directory_is_said(self, disc: Path, temporary: Path, tmp_path: Path) -> None:
        (disc / "DICOMDIR").write_bytes(us_bytes())
        archive = self.packed(disc, tmp_path / "cd.zip")
        candidates = candidate_files([archive], temporary)
        assert codes(candidates) == ["directory-unreadable", "found", "found", "found"]


def test_who_watches_is_told_how_many_were_seen_and_may_end_the_walk(
    disc: Path, temporary: Path
) -> None:
    seen: list[int] = []
    candidate_files([disc], temporary, seen.append)
    assert seen == [1, 2, 3, 4]

    def stop(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        candidate_files([disc], temporary, stop)
