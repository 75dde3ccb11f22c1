"""An encrypted library on the command line, as people and scripts use it."""

import json
import os
import pty
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from her2desk.cli.app import main
from her2desk.cli.passphrases import use_passphrase_file
from her2desk.paths import demo_case_dir
from her2desk.store.opening import needs_passphrase, open_library
from her2desk.store.vault import unlock_vault
from her2desk.store.vault_converting import encrypt_library
from tests.quick_vaults import PASSPHRASE, use_quick_vaults

OTHER = "quite another sentence"
PATIENT = b"DEMO"


class Command:
    """``her2desk …`` in this process, on one library."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capfd = capfd

    def __call__(self, *arguments: object, secret: Path | None = None, text: bool = False) -> Any:
        before = [] if secret is None else ["--passphrase-file", str(secret)]
        after = [] if text else ["--json"]
        self._capfd.readouterr()
        self.code = main(
            [*before, *(str(a) for a in arguments), "--library", str(self.folder), *after]
        )
        out, self.err = self._capfd.readouterr()
        return out if text else json.loads(out)


@pytest.fixture
def command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path / "library", capfd)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    use_quick_vaults(monkeypatch)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return a_secret(tmp_path / "secret", PASSPHRASE)


def a_secret(path: Path, passphrase: str) -> Path:
    path.write_text(passphrase + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_from_the_first_image_to_a_plain_library_again(
    command: Command, secret: Path, tmp_path: Path
) -> None:
    """Import, list, predict, report, verify, back up, restore and erase go on as before."""
    said = command("library", "encrypt")
    assert command.code == 0
    assert said == {"encrypted": False, "deleted": []}
    assert not needs_passphrase(command.folder)
    assert command("library", "encrypt", "--yes", secret=secret)["encrypted"]
    assert needs_passphrase(command.folder)

    case = demo_case_dir()
    imported = command("import", case / "demo.dcm", secret=secret)
    assert command.code == 0
    assert len(imported["files"]) == 1
    assert command("library", "list", secret=secret)["count"] == 1
    command("library", "verify", secret=secret)
    assert command.code == 0
    assert all(PATIENT not in p.read_bytes() for p in command.folder.rglob("*") if p.is_file())

    backup = tmp_path / "backup.zip"
    assert command("library", "backup", backup, secret=secret)["encrypted"]
    assert command("library", "verify", backup)["error"]["code"] == "passphrase-needed"
    assert command("library", "verify", backup, secret=secret)["ok"]
    assert command("library", "erase", "--case", 1, "--yes", secret=secret)["erased"]
    assert command("library", "list", secret=secret)["count"] == 0
    assert command("library", "restore", backup, secret=secret)["cases"] == 1
    assert command("library", "list", secret=secret)["count"] == 1

    new = a_secret(tmp_path / "new", OTHER)
    command("library", "passphrase", "--new-passphrase-file", new, secret=secret)
    assert command.code == 0
    assert command("library", "list", secret=secret)["error"]["code"] == "passphrase-wrong"
    assert command("library", "list", secret=new)["count"] == 1

    assert command("library", "decrypt", secret=new) == {"encrypted": True}
    assert command("library", "decrypt", "--yes", secret=new)["cases"] == 1
    assert command("library", "list")["count"] == 1
    with open_library(command.folder) as library:
        assert library.image_path(1).read_bytes() == (case / "demo.dcm").read_bytes()


@pytest.mark.slow
def test_an_answer_is_worked_out_kept_and_reported(
    command: Command, secret: Path, tmp_path: Path
) -> None:
    encrypt_library(command.folder, PASSPHRASE)
    case = demo_case_dir()
    given = ("--roi", case / "roi.json", "--clinical", case / "clinical.json")
    said = command("predict", case / "demo.dcm", *given, "--save", secret=secret)
    assert command.code == 0, said
    html = tmp_path / "report.html"
    command("report", said["case_id"], "--html", html, secret=secret)
    assert command.code == 0
    assert f"{said['probability']:.2f}" in html.read_text(encoding="utf-8")
    listed = command("library", "list", secret=secret)
    assert listed["cases"][0]["status"] == "reported"


def test_it_says_that_there_is_no_way_back_before_it_asks(command: Command, secret: Path) -> None:
    said = command("library", "encrypt", text=True)
    assert "who forgets it has lost the library" in said
    assert "Nothing was changed; give --yes to encrypt." in said
    command("library", "encrypt", "--yes", secret=secret, text=True)
    assert "who forgets it has lost the library" in command.err


def test_earlier_libraries_that_go_are_named(command: Command, secret: Path) -> None:
    open_library(command.folder).close()
    aside = command.folder / "replaced-20260101T000000000000Z"
    aside.mkdir()
    said = command("library", "encrypt", text=True)
    assert f"Earlier libraries in its folder are deleted: {aside}" in said
    assert aside.exists()
    assert command("library", "encrypt", "--yes", secret=secret)["deleted"] == [str(aside)]
    assert not aside.exists()


@pytest.mark.parametrize("name", ["decrypt", "passphrase"])
def test_what_a_plain_library_has_not(command: Command, name: str) -> None:
    assert command("library", name)["error"]["code"] == "library-not-encrypted"


def test_what_is_encrypted_already(command: Command) -> None:
    encrypt_library(command.folder, PASSPHRASE)
    assert command("library", "encrypt", "--yes")["error"]["code"] == "library-encrypted"


def test_what_was_lost_or_stays_is_said(
    command: Command, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from her2desk.store import vault_converting
    from her2desk.store.vault_converting import Converted

    left = command.folder / "replaced-x"
    monkeypatch.setattr(
        vault_converting, "encrypt_library", lambda *_: Converted(2, ("ab",), (left,))
    )
    said = command("library", "encrypt", "--yes", secret=secret, text=True)
    assert "The image of 1 case was lost before" in said
    assert f"could not be deleted, delete it yourself: {left}" in said


def test_doctor_says_whether_it_is_encrypted_and_waits_for_nobody(command: Command) -> None:
    from her2desk.cli.passphrases import unlocked
    from her2desk.diagnostics.library import library_checks

    def said() -> dict[str, tuple[bool, str]]:
        unlock = partial(unlocked, command.folder)
        return {c.name: (c.ok, c.message.text()) for c in library_checks(command.folder, unlock)}

    open_library(command.folder).close()
    assert said()["library-encryption"] == (True, "The library is not encrypted.")
    encrypt_library(command.folder, PASSPHRASE)
    use_passphrase_file(None)
    assert said() == {
        "library": (True, "This library is encrypted; it opens with its passphrase only.")
    }
    use_passphrase_file(a_secret(command.folder.parent / "secret", PASSPHRASE))
    assert said()["library-encryption"] == (True, "The library is encrypted.")
    use_passphrase_file(None)


@pytest.mark.skipif(os.name == "nt", reason="needs a terminal of POSIX")
def test_the_passphrase_is_typed_unseen_at_a_terminal(command: Command) -> None:
    """Through the real program, terminal and vault."""
    encrypt_library(command.folder, PASSPHRASE)
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "HER2DESK_PASSPHRASE_FILE"}
    with subprocess.Popen(
        [sys.executable, "-m", "her2desk", "library", "list", "--library", str(command.folder)],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
    ) as child:  # fmt: skip
        os.close(theirs)
        shown = _until(ours, b"Passphrase of the library: ")
        os.write(ours, PASSPHRASE.encode() + b"\n")
        shown += _until(ours, b"")
    os.close(ours)
    assert child.returncode == 0, shown
    assert b"0 of 0 cases" in shown
    assert PASSPHRASE.encode() not in shown


def test_keys_are_nowhere_a_command_writes(
    command: Command, secret: Path, tmp_path: Path, own_home: Path
) -> None:
    encrypt_library(command.folder, PASSPHRASE)
    vault = unlock_vault(command.folder, PASSPHRASE)
    command("import", demo_case_dir() / "demo.dcm", secret=secret)
    command("library", "list", secret=a_secret(tmp_path / "wrong", OTHER + OTHER))
    command("library", "verify", secret=secret)
    folders = (command.folder, own_home)
    for path in (p for folder in folders for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        for word in (PASSPHRASE, OTHER, vault.identity, vault.database_key.hexadecimal):
            assert word.encode() not in content, path


def _until(terminal: int, words: bytes) -> bytes:
    """What the terminal shows up to these words, or to its end."""
    shown = b""
    while not words or words not in shown:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux's end of a terminal
            return shown
        if not part:
            return shown
        shown += part
    return shown
