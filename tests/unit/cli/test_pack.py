"""``her2desk pack keygen``, ``sign`` and ``verify --key``."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from her2desk.cli.app import main
from her2desk.domain.prediction import PackIdentity
from her2desk.packs import pack as packs
from her2desk.packs.archive import read_archive, write_archive


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack whose container is real; what lies in it is not looked at here."""
    path = tmp_path / "ward.h2pack"
    write_archive(path, {"manifest.json": b"{}", "card.md": b"# Ward\n"})

    def open_pack(path: Path) -> SimpleNamespace:
        archive = read_archive(path)
        identity = PackIdentity("Ward", "1.0", archive.digest, demo=False)
        return SimpleNamespace(
            identity=identity, digest=archive.digest, archive=archive, network_weights=dict
        )

    monkeypatch.setattr(packs, "open_pack", open_pack)
    return path


@pytest.fixture
def key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["pack", "keygen", "--out", str(tmp_path / "key")]) == 0
    out = capsys.readouterr().out
    assert f"Private key: {tmp_path / 'key'}. Keep it to yourself" in out
    return tmp_path / "key"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["pack", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_from_a_new_key_to_a_signature_that_is_checked(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, made = said(capsys, "keygen", "--out", str(tmp_path / "k"))
    assert code == 0
    assert (made["key"], made["public_key"]) == (str(tmp_path / "k"), str(tmp_path / "k.pub"))
    digest = read_archive(pack).digest
    code, signed = said(capsys, "sign", str(pack), "--key", made["key"])
    assert (code, signed) == (
        0,
        {"pack": str(pack), "sha256": digest, "signed_by": made["fingerprint"]},
    )
    code, verified = said(capsys, "verify", str(pack), "--key", made["public_key"])
    assert (code, verified["ok"], verified["signed"]) == (0, True, True)
    assert verified["signed_by"] == made["fingerprint"]
    assert verified["sha256"] == digest


def test_people_read_who_signed(pack: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "verify", str(pack)]) == 0
    assert "The model pack is not signed" in capsys.readouterr().out
    assert main(["pack", "sign", str(pack), "--key", str(key)]) == 0
    assert f"Signed: {pack}" in capsys.readouterr().out
    assert main(["pack", "verify", str(pack)]) == 0
    assert "signed with a key that nobody here has vouched for" in capsys.readouterr().out
    assert main(["pack", "verify", str(pack), "--key", f"{key}.pub"]) == 0
    assert "It is signed by this key, " in capsys.readouterr().out


def test_a_pack_without_the_signature_that_is_asked_for_is_exit_4(
    pack: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = said(capsys, "verify", str(pack), "--key", f"{key}.pub")
    assert (code, document["error"]["code"]) == (4, "pack-not-signed")
    said(capsys, "keygen", "--out", str(tmp_path / "other"))
    said(capsys, "sign", str(pack), "--key", str(tmp_path / "other"))
    code, document = said(capsys, "verify", str(pack), "--key", f"{key}.pub")
    assert (code, document["error"]["code"]) == (4, "pack-other-key")
    assert "key.pub" in document["error"]["message"]
    verified = said(capsys, "verify", str(pack))[1]
    assert verified["signed"] is True
    assert verified["trust"]["standing"] == "unknown-signer"


def test_the_passphrase_comes_from_the_environment(
    pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = str(tmp_path / "locked")
    from_environment = ["--passphrase-env", "PACK_KEY"]
    monkeypatch.delenv("PACK_KEY", raising=False)
    code, document = said(capsys, "keygen", "--out", key, *from_environment)
    assert (code, document["error"]["code"]) == (3, "passphrase-unset")
    monkeypatch.setenv("PACK_KEY", "eine lange Wörtersammlung")
    assert said(capsys, "keygen", "--out", key, *from_environment)[0] == 0
    code, document = said(capsys, "sign", str(pack), "--key", key)
    assert (code, document["error"]["code"]) == (3, "key-passphrase")
    assert read_archive(pack).signature is None
    assert said(capsys, "sign", str(pack), "--key", key, *from_environment)[0] == 0
    assert read_archive(pack).signature is not None


@pytest.mark.parametrize(
    "arguments", [["keygen"], ["sign", "p.h2pack"], ["sign", "--key", "k"], ["verify"]]
)
def test_what_is_not_said_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = said(capsys, *arguments)
    assert (code, document["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize("command", ["info", "verify", "keygen", "sign"])
def test_every_command_has_help_library_and_json(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "--json" in text
    assert "--library" in text
