"""A backup holds everything or is not there; a restored library is the one that was backed up."""

import errno
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import zipfile
from collections import namedtuple
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from her2desk.domain.clinical import ClinicalRecord
from her2desk.errors import Cancelled, StoreRefused
from her2desk.store import replacing
from her2desk.store.backup import backup_library, last_backup
from her2desk.store.backup_names import SUMS_NAME
from her2desk.store.connection import DATABASE_NAME
from her2desk.store.library import Library
from her2desk.store.opening import open_for_window, open_library
from her2desk.store.restoring import restore_library, verify_backup
from her2desk.texts import Message

AddCase = Callable[..., int]
posix = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def filled(library: Library, add_case: AddCase, folder: Path) -> Library:
    """Three cases, a pack, a key; what belongs to no backup beside them."""
    for number in range(3):
        case_id = add_case(b"image %d" % number, patient_id=f"P{number}")
        library.save_clinical(case_id, ClinicalRecord(age_years=50 + number))
    for name in ("packs/ab.h2pack", "deidentify/project.key", "ledgers/01/ledger.json"):
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_bytes(name.encode())
    for name in ("logs/her2desk.log", "cache/x", "packs/.half.part", "packs/my own (1).h2pack"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not kept")
    return library


@pytest.fixture
def backup(filled: Library, tmp_path: Path) -> Path:
    target = tmp_path / "backup.zip"
    backup_library(filled, target)
    return target


def contents(library: Library) -> list[object]:
    return [
        (row, library.history(row.case_id), library.image_path(row.case_id).read_bytes())
        for row in library.cases()
    ]


def state(folder: Path) -> dict[str, bytes]:
    """Everything in a folder but the lock, which comes and goes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("library.lock")
    }


def rewritten(backup: Path, target: Path, changed: Mapping[str, bytes | None]) -> Path:
    """``backup`` with other members, and sums that fit them."""
    with zipfile.ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members |= {name: content for name, content in changed.items() if content is not None}
    for name in [name for name, content in changed.items() if content is None]:
        del members[name]
    if SUMS_NAME not in changed:
        members[SUMS_NAME] = "".join(
            f"{hashlib.sha256(content).hexdigest()}  {name}\n"
            for name, content in members.items()
            if name != SUMS_NAME
        ).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def refusal(work: Callable[[], object]) -> StoreRefused:
    with pytest.raises(StoreRefused) as refused:
        work()
    return refused.value


class TestBackup:
    def test_it_does_not_lie_in_the_library(
        self, filled: Library, folder: Path, tmp_path: Path
    ) -> None:
        inside = folder / "b.zip"
        if os.name == "posix":
            (tmp_path / "link").symlink_to(folder)
            inside = tmp_path / "link" / "b.zip"
        assert refusal(lambda: backup_library(filled, inside)).code == "inside-library"
        assert not inside.exists()

    def test_it_is_one_private_file_with_everything_in_it(
        self, filled: Library, tmp_path: Path
    ) -> None:
        settings_file = tmp_path / "settings.json"
        settings_file.write_text("{}")
        made = backup_library(filled, tmp_path / "b.zip", settings=[settings_file])
        assert (made.cases, made.entries, made.left_out) == (3, 6, ())
        assert made.size == made.path.stat().st_size
        with zipfile.ZipFile(made.path) as archive:
            names = set(archive.namelist())
            lines = archive.read(SUMS_NAME).decode().splitlines()
            for line in lines:
                digest, name = line.split("  ")
                assert hashlib.sha256(archive.read(name)).hexdigest() == digest
        images = {f"files/{row.sha256[:2]}/{row.sha256}" for row in filled.cases()}
        assert names == images | {
            DATABASE_NAME,
            "backup.json",
            SUMS_NAME,
            "packs/ab.h2pack",
            "deidentify/project.key",
            "ledgers/01/ledger.json",
            "settings/settings.json",
        }
        assert {line.split("  ")[1] for line in lines} == names - {SUMS_NAME}
        if os.name == "posix":
            assert made.path.stat().st_mode & 0o077 == 0
        assert [p.name for p in tmp_path.glob(".b.zip*")] == []

    def test_work_goes_on_meanwhile(self, filled: Library, tmp_path: Path) -> None:
        class Draws:
            def step(self, _: float, __: Message) -> None:
                filled.save_clinical(1, ClinicalRecord(age_years=70))

        backup_library(filled, tmp_path / "b.zip", Draws())
        found = verify_backup(tmp_path / "b.zip")
        assert found.contents.entries == 6  # as it was at the beginning

    def test_nothing_is_overwritten(self, filled: Library, backup: Path) -> None:
        before = backup.read_bytes()
        assert refusal(lambda: backup_library(filled, backup)).code == "backup-exists"
        assert backup.read_bytes() == before

    @pytest.mark.parametrize("at", [0.0, 0.3, 0.6])
    def test_who_stops_it_leaves_nothing(self, filled: Library, tmp_path: Path, at: float) -> None:
        class Stops:
            def step(self, fraction: float, _: Message) -> None:
                if fraction >= at:
                    raise Cancelled

        target = tmp_path / "out" / "b.zip"
        target.parent.mkdir()
        with pytest.raises(Cancelled):
            backup_library(filled, target, Stops())
        assert list(target.parent.iterdir()) == []

    def test_a_full_disk_leaves_nothing(
        self, filled: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        target = tmp_path / "out" / "b.zip"
        target.parent.mkdir()

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr("her2desk.store.backup.os.fsync", full)
        assert refusal(lambda: backup_library(filled, target)).code == "backup-unwritable"
        assert list(target.parent.iterdir()) == []

    def test_a_folder_that_is_not_there_is_a_sentence(
        self, filled: Library, tmp_path: Path
    ) -> None:
        found = refusal(lambda: backup_library(filled, tmp_path / "nowhere" / "b.zip"))
        assert found.code == "backup-unwritable"

    def test_an_image_that_was_lost_before_is_named_and_does_not_stop_it(
        self, filled: Library, tmp_path: Path, folder: Path
    ) -> None:
        lost, damaged = filled.image_path(1), filled.image_path(2)
        lost.unlink()
        damaged.write_bytes(b"changed")
        made = backup_library(filled, tmp_path / "b.zip")
        assert set(made.left_out) == {lost.name, damaged.name}
        filled.close()
        restored = restore_library(tmp_path / "b.zip", tmp_path / "other")
        assert set(restored.left_out) == set(made.left_out)
        with open_library(tmp_path / "other") as other:
            assert other.count() == 3
            assert refusal(lambda: other.image_path(1)).code == "store-file-missing"

    def test_a_history_that_was_changed_is_not_backed_up_as_if_it_were_whole(
        self, filled: Library, folder: Path, tmp_path: Path
    ) -> None:
        with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            sql = dict(connection.execute("SELECT name, sql FROM sqlite_master"))
            connection.execute("DROP TRIGGER history_is_never_changed")
            connection.execute("UPDATE history SET reader = 'x' WHERE entry_id = 3")
            connection.execute(sql["history_is_never_changed"])
            connection.commit()
        found = refusal(lambda: backup_library(filled, tmp_path / "b.zip"))
        assert found.code == "store-history-changed"
        assert not (tmp_path / "b.zip").exists()

    def test_when_it_was_is_remembered(self, filled: Library, folder: Path, tmp_path: Path) -> None:
        assert last_backup(folder) is None
        backup_library(filled, tmp_path / "b.zip")
        made = last_backup(folder)
        assert made is not None
        assert made.tzinfo is not None
        for said in (b"", b"{}", b'{"made_utc": "2025-01-01"}', b'{"made_utc": 7}', b"[]"):
            (folder / "library.backed-up").write_bytes(said)
            assert last_backup(folder) is None


class TestRestore:
    def test_an_empty_place_gets_the_library(
        self, filled: Library, backup: Path, tmp_path: Path
    ) -> None:
        target = tmp_path / "new" / "library"
        restored = restore_library(backup, target)
        assert (restored.contents.cases, restored.aside) == (3, None)
        with open_library(target, "Reader A") as other:
            assert contents(other) == contents(filled)
            other.check()
        assert (target / "packs" / "ab.h2pack").read_bytes() == b"packs/ab.h2pack"
        assert (target / "deidentify" / "project.key").exists()
        assert not (target / "packs" / ".half.part").exists()
        if os.name == "posix":
            assert [p for p in (target, *target.rglob("*")) if p.stat().st_mode & 0o077] == []
        assert sorted(p.name for p in target.iterdir() if p.name.startswith(".")) == []

    def test_the_present_library_is_moved_aside(
        self, filled: Library, backup: Path, folder: Path, add_case: AddCase
    ) -> None:
        before = contents(filled)
        add_case(b"came later")
        filled.save_clinical(1, ClinicalRecord(age_years=90))
        later = contents(filled)
        filled.close()
        restored = restore_library(backup, folder)
        with open_library(folder, "Reader A") as library:
            assert contents(library) == before
            library.check()
            library.save_clinical(1, ClinicalRecord(age_years=91))
            library.check()
        assert restored.aside is not None
        with open_library(restored.aside, "Reader A") as aside:
            assert contents(aside) == later
            aside.check()
        assert (folder / "logs" / "her2desk.log").exists()

    def test_settings_come_back_when_asked_for(
        self, filled: Library, tmp_path: Path, folder: Path
    ) -> None:
        own = tmp_path / "config"
        own.mkdir()
        (own / "settings.json").write_text("old")
        (own / "pacs.json").write_text("pacs")
        backup_library(filled, tmp_path / "b.zip", settings=sorted(own.iterdir()))
        filled.close()
        (own / "settings.json").write_text("new")
        (own / "pacs.json").unlink()
        restore_library(tmp_path / "b.zip", folder)
        assert (own / "settings.json").read_text() == "new"
        restored = restore_library(tmp_path / "b.zip", folder, settings=own)
        assert (own / "settings.json").read_text() == "old"
        assert (own / "pacs.json").read_text() == "pacs"
        assert restored.aside is not None
        assert (restored.aside / "settings" / "settings.json").read_text() == "new"

    def test_a_library_in_use_is_left_alone(
        self, filled: Library, backup: Path, folder: Path
    ) -> None:
        assert refusal(lambda: restore_library(backup, folder)).code == "store-in-use"
        filled.close()
        with open_for_window(folder, "A"):
            assert refusal(lambda: restore_library(backup, folder)).code == "store-in-use"
        with open_library(folder, "Reader A") as library:
            assert library.count() == 3
        assert not (folder / replacing.PLAN_NAME).exists()
        assert replacing.replaced(folder) == ()
        assert restore_library(backup, folder).aside is not None

    def test_a_damaged_library_can_be_replaced(
        self, filled: Library, backup: Path, folder: Path
    ) -> None:
        filled.close()
        (folder / DATABASE_NAME).write_bytes(b"destroyed " * 1000)
        restored = restore_library(backup, folder)
        with open_library(folder) as library:
            library.check()
            assert library.count() == 3
        assert restored.aside is not None
        assert (restored.aside / DATABASE_NAME).read_bytes().startswith(b"destroyed")

    def test_an_older_librarys_backup_is_brought_up_to_date(
        self, old_library: Path, tmp_path: Path
    ) -> None:
        """Its database is put into a backup as an older version would have written it."""
        with open_library(tmp_path / "empty") as empty:
            backup_library(empty, tmp_path / "b.zip")
        database = (old_library / DATABASE_NAME).read_bytes()
        with closing(sqlite3.connect(old_library / DATABASE_NAME)) as connection:
            ((head,),) = connection.execute("SELECT sha256 FROM history WHERE entry_id = 6")
        with zipfile.ZipFile(tmp_path / "b.zip") as archive:
            manifest = json.loads(archive.read("backup.json"))
        manifest |= {"head": head, "left_out": ["1" * 64, "2" * 64]}
        changed = {DATABASE_NAME: database, "backup.json": json.dumps(manifest).encode()}
        older = rewritten(tmp_path / "b.zip", tmp_path / "older.zip", changed)
        assert restore_library(older, tmp_path / "other").contents.schema == 2
        with open_library(tmp_path / "other", "Reader A") as library:
            library.check()
            assert library.summary(1) is not None

    def test_who_stops_it_changes_nothing(
        self, filled: Library, backup: Path, folder: Path
    ) -> None:
        class Stops:
            def step(self, fraction: float, _: Message) -> None:
                if fraction > 0.1:
                    raise Cancelled

        filled.close()
        before = state(folder)
        with pytest.raises(Cancelled):
            restore_library(backup, folder, Stops())
        assert state(folder) == before

    def test_a_full_disk_changes_nothing(
        self, filled: Library, backup: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filled.close()
        before = state(folder)
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 10))
            assert refusal(lambda: restore_library(backup, folder)).code == "store-full"
        assert state(folder) == before

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "full")

        with monkeypatch.context() as patched:
            patched.setattr("her2desk.store.files.os.fsync", full)
            assert refusal(lambda: restore_library(backup, folder)).code == "store-full"
        assert state(folder) == before


def restore_killed_after(steps: int, backup: Path, place: Path) -> bool:
    """Restore in a process that dies before its next change of the folder; whether it got through."""
    child = os.fork()
    if child == 0:
        left = [steps]

        def counting(real: Callable[..., object]) -> Callable[..., object]:
            def step(*arguments: object, **named: object) -> object:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return real(*arguments, **named)

            return step

        for name in ("rename", "unlink", "rmdir", "replace"):
            setattr(Path, name, counting(getattr(Path, name)))
        shutil.rmtree = counting(shutil.rmtree)  # type: ignore[assignment]
        try:
            restore_library(backup, place)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFEXITED(status)


@posix
def test_a_process_killed_at_any_step_of_a_restore_leaves_one_of_the_two(
    filled: Library, backup: Path, folder: Path, tmp_path: Path
) -> None:
    older = contents(filled)
    filled.save_clinical(1, ClinicalRecord(age_years=90))
    newer = contents(filled)
    filled.close()
    seen: list[str] = []
    for step in range(100):
        place = tmp_path / f"place {step}"
        shutil.copytree(folder, place)
        done = restore_killed_after(step, backup, place)
        with open_for_window(place, "Reader A") as library:
            found = contents(library)
            library.check()
        assert found in (older, newer)
        seen.append("restored" if found == older else "as before")
        names = {path.name for path in place.iterdir()}
        assert [name for name in names if name.startswith(".")] == []
        assert replacing.PLAN_NAME not in names
        asides = replacing.replaced(place)
        assert len(asides) == (1 if found == older else 0)
        if asides:
            with open_library(asides[0], "Reader A") as aside:
                assert contents(aside) == newer
        shutil.rmtree(place)
        if done:
            break
    assert done
    assert seen == sorted(seen)  # as before …, then restored …
    assert seen.count("as before") > 1
    assert seen.count("restored") > 5


class TestInterruptedExchange:
    def test_nobody_writes_into_it(self, filled: Library, folder: Path) -> None:
        (folder / replacing.PLAN_NAME).write_text("not a plan")
        filled.close()
        assert refusal(lambda: open_library(folder)).code == "store-replacing"
        assert refusal(lambda: open_library(folder, read_only=True)).code == "store-in-use"

    @pytest.mark.parametrize(
        "forged",
        [
            {"stage": "../elsewhere"},
            {"stage": ".replacing-x/../../elsewhere"},
            {"stage": "/etc"},
            {"stage": ".replacing-link"},
            {"aside": "../elsewhere"},
            {"aside": "replaced-x/../../elsewhere"},
            {"discarded": ["replaced-/../../elsewhere"]},
            {"settings": 5},
        ],
    )
    def test_a_forged_plan_leads_nowhere(
        self, filled: Library, folder: Path, tmp_path: Path, forged: dict[str, object]
    ) -> None:
        """A library's folder may come from a stranger: opening it takes nothing of ours."""
        filled.close()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "diary").write_text("mine")
        if os.name == "posix":
            (folder / ".replacing-link").symlink_to(elsewhere)
        plan = {"stage": ".replacing-x", "aside": "replaced-x", "settings": "", **forged}
        (folder / replacing.PLAN_NAME).write_text(json.dumps(plan))
        assert refusal(lambda: open_library(folder)).code == "store-replacing"
        assert (elsewhere / "diary").read_text() == "mine"

    def test_a_plan_of_somebody_else_changes_no_settings(
        self, filled: Library, folder: Path, tmp_path: Path
    ) -> None:
        filled.close()
        staged = folder / ".replacing-x" / replacing.SETTINGS_FOLDER
        staged.mkdir(parents=True)
        (staged / "signers.json").write_text("{}")
        own = tmp_path / "own"
        own.mkdir()
        plan = {"stage": ".replacing-x", "aside": "replaced-x", "settings": str(own)}
        (folder / replacing.PLAN_NAME).write_text(json.dumps(plan))
        with open_library(folder) as library:
            assert library.count() == 3
        assert list(own.iterdir()) == []

    def test_settings_follow_where_an_exchange_is_carried_on(
        self,
        filled: Library,
        folder: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        own = tmp_path / "own"
        own.mkdir()
        (own / "settings.json").write_text("{}")
        backup_library(filled, tmp_path / "b.zip", settings=sorted(own.iterdir()))
        (own / "settings.json").write_text('{"later": 1}')
        filled.close()

        def fails(*_: object) -> None:
            raise OSError(errno.EIO, "gone")

        with monkeypatch.context() as patched:
            patched.setattr(replacing, "_put_settings", fails)
            restoring = partial(restore_library, tmp_path / "b.zip", folder, settings=own)
            assert refusal(restoring).code == "store-replacing"
        with open_library(folder):
            assert (own / "settings.json").read_text() == "{}"
        assert [path.name for path in own.iterdir()] == ["settings.json"]

    def test_an_exchange_under_way_elsewhere_is_waited_for(
        self, filled: Library, backup: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filled.close()
        codes: list[str] = []
        real = replacing._carry_out

        def meanwhile(*arguments: object) -> None:
            codes.append(refusal(lambda: open_library(folder)).code)
            real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(replacing, "_carry_out", meanwhile)
        restore_library(backup, folder)
        assert codes == ["store-in-use"]

    def test_an_exchange_that_began_while_a_library_was_opened_is_seen(
        self, filled: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from her2desk.store import opening

        filled.close()
        real = opening.open_database

        def begins(*arguments: object) -> object:
            opened = real(*arguments)  # type: ignore[arg-type]
            (folder / replacing.PLAN_NAME).write_text("{}")
            return opened

        monkeypatch.setattr(opening, "open_database", begins)
        assert refusal(lambda: open_library(folder)).code == "store-in-use"

    def test_a_disk_that_fails_in_the_middle_is_carried_on_later(
        self, filled: Library, backup: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filled.close()
        real, left = Path.rename, [3]

        def fails(path: Path, target: Path) -> Path:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.EIO, "gone")
            return real(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", fails)
            assert refusal(lambda: restore_library(backup, folder)).code == "store-replacing"
            assert refusal(lambda: open_library(folder)).code == "store-replacing"
        with open_library(folder) as library:
            library.check()
            assert library.count() == 3


ELSEWHERE = (
    "../escaped",
    "/tmp/escaped",
    "files/../../escaped",
    "packs/../../escaped",
    "packs/..",
    "packs\\..\\..\\escaped",
    "C:/escaped",
    "packs/a b",
    "packs//x",
    "settings/../x.json",
    "settings/x.exe",
    "library.lock",
    "library.replacing",
    "LIBRARY.SQLITE",
    "files/ab/" + "cd" * 32,
    "files/ab/short",
    "packs/",
)


class TestHostileBackups:
    @pytest.fixture
    def untouched(self, filled: Library, backup: Path, folder: Path) -> Path:
        filled.close()
        return folder

    def refused(self, backup: Path, folder: Path) -> str:
        before = state(folder)
        found = refusal(lambda: restore_library(backup, folder))
        assert state(folder) == before
        assert refusal(lambda: verify_backup(backup)).code == found.code
        return found.code

    def test_a_changed_byte_anywhere(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        content = backup.read_bytes()
        with zipfile.ZipFile(backup) as archive:
            starts = [i.header_offset + 30 + len(i.filename) + 20 for i in archive.infolist()]
        assert len(starts) > 8
        for at in starts:
            changed = bytearray(content)
            changed[at + 3] ^= 0x20
            wrong = tmp_path / "changed.zip"
            wrong.write_bytes(changed)
            assert self.refused(wrong, untouched) == "backup-damaged"

    def test_a_backup_that_was_cut_off(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        content = backup.read_bytes()
        for part in (0.0, 0.1, 0.5, 0.99):
            wrong = tmp_path / "cut.zip"
            wrong.write_bytes(content[: int(part * len(content))])
            assert self.refused(wrong, untouched) == "backup-damaged"

    def test_names_that_lead_elsewhere(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        for name in ELSEWHERE:
            wrong = rewritten(backup, tmp_path / "wrong.zip", {name: b"x"})
            assert self.refused(wrong, untouched) == "backup-damaged", name
        assert not (tmp_path / "escaped").exists()

    def test_an_image_under_another_hash(
        self, untouched: Path, backup: Path, tmp_path: Path
    ) -> None:
        with zipfile.ZipFile(backup) as archive:
            image = next(n for n in archive.namelist() if n.startswith("files/"))
        wrong = rewritten(backup, tmp_path / "wrong.zip", {image: b"another image"})
        assert self.refused(wrong, untouched) == "backup-damaged"

    def test_a_part_that_is_missing(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        with zipfile.ZipFile(backup) as archive:
            image = next(n for n in archive.namelist() if n.startswith("files/"))
        for missing in (DATABASE_NAME, "backup.json", image, SUMS_NAME):
            wrong = rewritten(backup, tmp_path / "wrong.zip", {missing: None})
            assert self.refused(wrong, untouched) == "backup-damaged", missing

    def test_a_manifest_that_is_not_ours(
        self, untouched: Path, backup: Path, tmp_path: Path
    ) -> None:
        ours = b'{"format": "her2desk-library-backup", "version": 1}'
        for said in (b"\xff", b"[]", b"{}", b"[" * 100_000, ours):
            wrong = rewritten(backup, tmp_path / "wrong.zip", {"backup.json": said})
            assert self.refused(wrong, untouched) == "backup-damaged"

    def test_a_later_format(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        said = b'{"format": "her2desk-library-backup", "version": 2}'
        wrong = rewritten(backup, tmp_path / "wrong.zip", {"backup.json": said})
        assert self.refused(wrong, untouched) == "backup-newer"

    def test_sums_that_are_not_ours(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        for sums in (b"", b"\xff", b"no sums at all", b"ab  library.sqlite\n" * 2):
            wrong = rewritten(backup, tmp_path / "wrong.zip", {SUMS_NAME: sums})
            assert self.refused(wrong, untouched) == "backup-damaged"

    def test_a_bomb_is_not_unpacked(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        bomb = tmp_path / "bomb.zip"
        shutil.copy(backup, bomb)
        with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("packs/bomb.h2pack", bytes(10_000_000))
        assert self.refused(bomb, untouched) == "backup-damaged"

    def test_members_that_overlap_are_not_unpacked(
        self, untouched: Path, backup: Path, tmp_path: Path
    ) -> None:
        """One member's bytes, named a thousand times in the directory."""
        bomb = tmp_path / "bomb.zip"
        shutil.copy(backup, bomb)
        with zipfile.ZipFile(bomb, "a") as archive:
            archive.writestr("packs/a.h2pack", bytes(100_000))
            (info,) = [i for i in archive.infolist() if i.filename == "packs/a.h2pack"]
            for number in range(1000):
                other = zipfile.ZipInfo(f"packs/a{number}.h2pack")
                for name in ("header_offset", "file_size", "compress_size", "CRC"):
                    setattr(other, name, getattr(info, name))
                archive.filelist.append(other)
        assert self.refused(bomb, untouched) == "backup-damaged"

    def test_an_encrypted_member(self, untouched: Path, backup: Path, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.zip"
        shutil.copy(backup, wrong)
        with zipfile.ZipFile(wrong, "a") as archive:
            archive.writestr("packs/secret.h2pack", b"x")
            archive.infolist()[-1].flag_bits |= 1
        assert self.refused(wrong, untouched) == "backup-damaged"

    def test_another_file_altogether(self, untouched: Path, tmp_path: Path) -> None:
        for content in (b"", b"PK", b"picture " * 100):
            wrong = tmp_path / "wrong.zip"
            wrong.write_bytes(content)
            assert self.refused(wrong, untouched) == "backup-damaged"
        assert self.refused(tmp_path / "nothing.zip", untouched) == "backup-absent"
        (tmp_path / "a folder").mkdir()
        assert self.refused(tmp_path / "a folder", untouched) == "backup-unreadable"

    @settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
    )
    @given(data=st.data())
    def test_whatever_is_changed_the_library_stays_or_is_the_one_backed_up(
        self, untouched: Path, backup: Path, tmp_path: Path, data: st.DataObject
    ) -> None:
        content = bytearray(backup.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] = data.draw(st.integers(0, 255))
        wrong = tmp_path / "fuzzed.zip"
        wrong.write_bytes(content)
        try:
            found = verify_backup(wrong)
        except StoreRefused:
            return
        assert (found.contents.cases, found.contents.entries) == (3, 6)
