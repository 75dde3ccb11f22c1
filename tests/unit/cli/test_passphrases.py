"""A passphrase is typed or read from a private file."""

import getpass
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from her2desk.cli import passphrases
from her2desk.cli.passphrases import (
    FILE_VARIABLE,
    new_passphrase,
    passphrase,
    read_passphrase,
    unlocked,
    use_passphrase_file,
)
from her2desk.errors import InputRefused, StoreRefused
from her2desk.store.vault_converting import encrypt_library
from tests.quick_vaults import PASSPHRASE, use_quick_vaults


@pytest.fixture(autouse=True)
def none_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    use_passphrase_file(None)


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Somebody sits at a terminal and types these one after another; gives what was asked."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def begin(*typed: str) -> list[str]:
        waiting, asked = list(typed), []

        def answer(question: str) -> str:
            asked.append(question)
            if not waiting:
                raise EOFError
            return waiting.pop(0)

        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr(getpass, "getpass", answer)
        return asked

    return begin


def a_file(folder: Path, content: bytes = f"{PASSPHRASE}\n".encode()) -> Path:
    path = folder / "passphrase"
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_it_is_typed(typing: Callable[..., list[str]]) -> None:
    asked = typing("a sentence")
    assert passphrase("Which? ") == "a sentence"
    assert asked == ["Which? "]


def test_a_new_one_is_typed_twice(typing: Callable[..., list[str]]) -> None:
    asked = typing(PASSPHRASE, PASSPHRASE)
    assert new_passphrase() == PASSPHRASE
    assert len(asked) == 2
    typing(PASSPHRASE, PASSPHRASE + "x")
    with pytest.raises(InputRefused, match="not the same"):
        new_passphrase()


def test_a_short_one_is_refused_before_it_is_typed_again(typing: Callable[..., list[str]]) -> None:
    asked = typing("short", "short")
    with pytest.raises(InputRefused, match="15 characters"):
        new_passphrase()
    assert len(asked) == 1


def test_where_nobody_can_type_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, typing: Callable[..., list[str]]
) -> None:
    typing()
    with pytest.raises(StoreRefused, match="--passphrase-file"):
        passphrase("Which? ")
    for stream in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(StoreRefused, match="--passphrase-file"):
            passphrase("Which? ")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nanother line\n"])
def test_it_is_the_first_line_of_a_file(tmp_path: Path, ending: str) -> None:
    path = a_file(tmp_path, (" Blänks count " + ending).encode())
    assert read_passphrase(path) == " Blänks count "


def test_the_file_is_named_by_option_or_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_file(tmp_path)
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    use_passphrase_file(None)
    assert passphrase("?") == PASSPHRASE
    (tmp_path / "other").mkdir()
    use_passphrase_file(a_file(tmp_path / "other", b"the option's"))
    assert passphrase("?") == "the option's"
    assert new_passphrase(path) == PASSPHRASE


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = a_file(tmp_path)
    path.chmod(mode)
    with pytest.raises(InputRefused, match="Others on this computer") as refused:
        read_passphrase(path)
    assert "chmod 600" in refused.value.remedy.text()


@pytest.mark.parametrize(
    ("content", "match"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "cannot be read")]
)
def test_a_file_without_one_is_refused(tmp_path: Path, content: bytes, match: str) -> None:
    with pytest.raises(InputRefused, match=match):
        read_passphrase(a_file(tmp_path, content))
    with pytest.raises(InputRefused, match="cannot be read"):
        read_passphrase(tmp_path / "absent")


def test_only_an_encrypted_library_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typing: Callable[..., list[str]]
) -> None:
    use_quick_vaults(monkeypatch)
    asked = typing(PASSPHRASE)
    assert unlocked(tmp_path) is None
    assert asked == []
    encrypt_library(tmp_path, PASSPHRASE)
    assert unlocked(tmp_path) is not None
    assert asked == ["Passphrase of the library: "]


def test_nothing_of_it_is_kept(tmp_path: Path) -> None:
    use_passphrase_file(a_file(tmp_path))
    passphrase("?")
    assert PASSPHRASE not in repr(vars(passphrases))
