"""What all tests share: the public test data, and a library of their own."""

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from her2desk.languages import LANGUAGE_VARIABLE
from her2desk.paths import translations_dir
from her2desk.texts import CATALOGUE, SOURCE_LANGUAGE
from tests.orthanc import Orthanc, orthanc_program, running_orthanc

settings.register_profile("steady", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")  # a busy machine is no failure

ROOT = Path(__file__).resolve().parent.parent


def find_test_data() -> Path | None:
    named = os.environ.get("HER2DESK_TEST_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of public test data; the test is skipped, saying so, where it is absent."""
    folder = find_test_data()
    if folder is None:
        pytest.skip("public test data absent: set HER2DESK_TEST_DATA or place it at ../shared/data")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has a library and settings of its own."""
    home = tmp_path / "her2desk-home"
    monkeypatch.setenv("HER2DESK_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test, and what it starts, speaks English on any computer, whatever the one before spoke."""
    monkeypatch.setenv(LANGUAGE_VARIABLE, SOURCE_LANGUAGE)
    monkeypatch.setenv("LANGUAGE", SOURCE_LANGUAGE)
    yield
    if CATALOGUE.language != SOURCE_LANGUAGE:
        CATALOGUE.use(SOURCE_LANGUAGE, translations_dir())


@pytest.fixture(scope="session")
def running_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """A real archive for all tests; ``orthanc`` is the same, empty."""
    program = orthanc_program()
    if program is None:
        pytest.skip("Orthanc is absent: apt-get install orthanc")
    with running_orthanc(program, tmp_path_factory.mktemp("orthanc")) as one:
        yield one


@pytest.fixture
def orthanc(running_archive: Orthanc) -> Orthanc:
    """A real archive, empty."""
    running_archive.empty()
    return running_archive


@pytest.fixture
def nothing_left_running() -> Iterator[None]:
    """What the test started has ended with it; pools of earlier tests live on."""
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before
