"""Whatever is imported: every file has its row, every refusal its sentence, no original changes."""

import csv
import hashlib
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.inference.importing import ImportedFile, ImportStatus, import_files
from her2desk.inference.importing_apart import CheckersApart
from her2desk.store.library import Library
from her2desk.store.opening import open_library

from .ultrasound_files import write_ultrasound

LARGEST_BYTES = 2 * 2**20  # mutations are of small files: hundreds of them fit in a few seconds
A_FEW, THOUSANDS = 200, 4000
MEMORY = 256 * 2**20


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


def state_of(folder: Path) -> dict[str, tuple[int, str]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    }


def check_rows(files: Sequence[ImportedFile], library: Library) -> None:
    """Every fate is told in words, and what is said to be in the library is."""
    cases = {case.case_id: case for case in library.cases()}
    for file in files:
        if file.case_id is not None:
            assert file.image is not None
            assert cases[file.case_id].sha256 == file.image.sha256
        if file.status is ImportStatus.IMPORTED:
            assert file.reason is None
            continue
        assert file.reason is not None
        assert file.code
        sentence = file.reason.text()
        assert sentence.isprintable()
        assert len(sentence) < 160
        assert sentence.endswith(".")
        if file.status is ImportStatus.REFUSED:
            assert file.remedy is not None
            assert file.remedy.text().endswith(".")
        assert file.code != "internal", file.path
    library.check()


@pytest.mark.data
@pytest.mark.parametrize("folder", ["dicom_us", "fuzz"])
def test_everything_public_is_imported_or_says_why_not(
    test_data: Path, library: Library, folder: str
) -> None:
    source = test_data / folder
    before = state_of(source)
    files = import_files([source], library, SilentProgress(), apart=True)
    check_rows(files, library)
    told = {file.path for file in files}
    if folder == "fuzz":
        with (source / "index.csv").open(newline="", encoding="utf-8") as stream:
            listed = {str(source / row["file"]) for row in csv.DictReader(stream)}
        assert listed <= told
        assert "too-slow" not in {file.code for file in files}
    else:
        assert sum(file.status is ImportStatus.IMPORTED for file in files) >= 25
    assert {path for path in before if not path.endswith(".zip")} <= told
    assert state_of(source) == before


@pytest.mark.data
def test_the_odd_files_as_ultrasound_take_little_memory(
    test_data: Path, tmp_path: Path, library: Library
) -> None:
    """Most of the corpus is CT and would be refused for that alone."""
    folder = tmp_path / "as-ultrasound"
    folder.mkdir()
    for path in sorted((test_data / "fuzz").rglob("*.dcm")):
        content = path.read_bytes()
        content = content.replace(b"\x08\x00\x60\x00CS\x02\x00CT", b"\x08\x00\x60\x00CS\x02\x00US")
        (folder / f"{len(list(folder.iterdir())):03}.dcm").write_bytes(content)
    tracemalloc.start()
    try:
        files = import_files([folder], library, SilentProgress(), apart=False)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    check_rows(files, library)
    assert most < MEMORY


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, a piece cut out or doubled, or the end missing."""
    changed = bytearray(content)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(changed[: rng.randrange(len(changed))])
    if kind == 1:
        start = rng.randrange(len(changed))
        piece = changed[start : start + rng.randint(1, 64)]
        return bytes(changed[:start] + piece * rng.choice((0, 2)) + changed[start + len(piece) :])
    header = rng.random() < 0.8
    for _ in range(rng.randint(1, 12)):
        place = rng.randrange(min(len(changed), 4096) if header else len(changed))
        changed[place] = rng.randrange(256) if kind == 2 else changed[place] ^ 1 << rng.randrange(8)
    return bytes(changed)


def import_mutations(
    originals: Sequence[bytes], count: int, folder: Path, library: Library, seed: int
) -> None:
    rng = random.Random(seed)
    for start in range(0, count, 100):
        part = folder / f"{start}"
        part.mkdir(parents=True)
        for number in range(min(100, count - start)):
            (part / f"{number:03}").write_bytes(mutated(rng.choice(originals), rng))
        before = state_of(part)
        files = import_files([part], library, SilentProgress(), apart=True)
        assert sorted(file.path for file in files) == sorted(before)
        check_rows(files, library)
        assert state_of(part) == before


def test_changed_ultrasound_files_are_imported_or_say_why_not(
    tmp_path: Path, library: Library
) -> None:
    content = write_ultrasound(tmp_path / "one.dcm").read_bytes()
    import_mutations([content], A_FEW, tmp_path / "changed", library, seed=1)


def real_files(test_data: Path) -> list[bytes]:
    paths = sorted(p for p in (test_data / "dicom_us").iterdir() if p.suffix != ".csv")
    return [p.read_bytes() for p in paths if p.stat().st_size <= LARGEST_BYTES]


@pytest.mark.data
def test_changed_real_files_are_imported_or_say_why_not(
    test_data: Path, tmp_path: Path, library: Library
) -> None:
    import_mutations(real_files(test_data), A_FEW, tmp_path / "changed", library, seed=2)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 6))
def test_thousands_of_changed_real_files(
    test_data: Path, tmp_path: Path, library: Library, seed: int
) -> None:
    import_mutations(real_files(test_data), THOUSANDS, tmp_path / "changed", library, seed)


def test_a_decoder_that_is_killed_costs_its_file_only(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    for number in range(5):
        write_ultrasound(folder / f"{number}.dcm", shade=number)
    really_take = CheckersApart._hand_out
    killed: list[int] = []

    def hand_out(pool: CheckersApart, paths: Sequence[Path], given: int, until: int) -> int:
        after = really_take(pool, paths, given, until)
        for worker in pool._workers:
            if worker._is_ready and worker.number >= 0 and not killed:
                assert worker._process is not None
                killed.append(worker.number)
                worker._process.kill()
        return after

    monkeypatch.setattr(CheckersApart, "_hand_out", hand_out)
    files = import_files([folder], library, SilentProgress(), apart=True)
    fates = [file.code for file in files]
    assert fates.pop(killed[0]) in ("decoder-failed", "")  # it may have answered before it ended
    assert fates == [""] * 4
