"""What came over the network and the library: gone from the inbox when it is in, and not before."""

from pathlib import Path

import pytest

from her2desk.dicom.pacs.spool import Spool
from her2desk.domain.progress import SilentProgress
from her2desk.errors import StoreRefused
from her2desk.inference.received import bring_in
from her2desk.store.intake import Intake
from her2desk.store.opening import open_library
from tests.unit.dicom.pacs.samples import instance


def put(spool: Spool, content: bytes, uid: str) -> Path:
    part = spool.begin(uid, b"")
    part.write(content)
    return part.finish().path


def test_what_is_in_the_library_goes_and_what_it_never_takes_is_put_aside(tmp_path: Path) -> None:
    image = instance(tmp_path / "files", 1).read_bytes()
    with (
        Spool(tmp_path / "inbox") as spool,
        open_library(tmp_path / "library", reader="Reader A") as library,
    ):
        good, bad = put(spool, image, "1.2"), put(spool, b"no picture", "1.3")
        files = bring_in(spool, [good, bad], library, SilentProgress())
        assert [str(file.status) for file in files] == ["imported", "refused"]
        again = put(spool, image, "1.2")
        assert [str(f.status) for f in bring_in(spool, [again], library, SilentProgress())] == [
            "duplicate"
        ]
        assert spool.files() == ()
        assert [path.name for path in (spool.folder / "aside").iterdir()] == [bad.name]
        assert len(library.cases()) == 1


def test_what_a_full_library_refuses_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_intake: Intake) -> None:
        raise StoreRefused("The disk is full.", code="store-full")

    image = instance(tmp_path / "files", 1).read_bytes()
    with (
        Spool(tmp_path / "inbox") as spool,
        open_library(tmp_path / "library", reader="Reader A") as library,
    ):
        path = put(spool, image, "1.2")
        with monkeypatch.context() as patched:
            patched.setattr(Intake, "commit", full)
            bring_in(spool, [path], library, SilentProgress())
        assert spool.files() == (path,)
        bring_in(spool, spool.files(), library, SilentProgress())
        assert spool.files() == ()
        assert len(library.cases()) == 1
