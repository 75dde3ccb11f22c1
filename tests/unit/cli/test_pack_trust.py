"""``her2desk pack trust``: who is trusted, who is blocked, and what that does to every command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.cli.app import main
from her2desk.domain.prediction import Prediction
from her2desk.inference import pipeline
from her2desk.packs.archive import write_archive
from her2desk.packs.signing import fingerprint, public_pem
from her2desk.paths import demo_case_dir, demo_pack_path
from tests.pack_samples import version_members, write_version

KEY = Ed25519PrivateKey.generate()
FINGERPRINT = fingerprint(KEY.public_key())
CASE = demo_case_dir()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "ward.pub"
    path.write_bytes(public_pem(KEY.public_key()))
    return path


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_version(tmp_path / "ward.h2pack", "1.0", KEY)


def answered_once(predict: Callable[..., Prediction]) -> Callable[..., Prediction]:
    answers: list[Prediction] = []

    def answer(*arguments: object) -> Prediction:
        if not answers:
            answers.append(predict(*arguments))
        return answers[0]

    return answer


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def predict(capsys: pytest.CaptureFixture[str], pack: Path) -> tuple[int, dict[str, Any]]:
    return said(capsys, "predict", CASE / "demo.dcm", "--roi", CASE / "roi.json", "--pack", pack)


def test_a_signer_is_trusted_by_key_and_forgotten_by_name(
    key: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "pack", "trust", "list") == (0, {"signers": []})
    code, added = said(capsys, "pack", "trust", "add", key, "--name", "Ward 3")
    assert code == 0
    assert (added["fingerprint"], added["name"], added["how"]) == (FINGERPRINT, "Ward 3", "command")
    assert said(capsys, "pack", "trust", "list")[1]["signers"] == [added]
    assert said(capsys, "pack", "verify", pack)[1]["trust"] == {
        "standing": "trusted",
        "fingerprint": FINGERPRINT,
        "signer": "Ward 3",
        "message": "The model pack is signed by Ward 3, whom you trust.",
    }
    code, removed = said(capsys, "pack", "trust", "remove", "Ward 3")
    assert (code, removed) == (0, {"removed": added})
    assert said(capsys, "pack", "trust", "list") == (0, {"signers": []})


def test_people_read_who_is_trusted(
    pack: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", "trust", "list"]) == 0
    assert "Nobody is trusted yet" in capsys.readouterr().out
    assert main(["pack", "trust", "add", str(pack), "--name", "Ward 3"]) == 0
    out = capsys.readouterr().out
    assert "Trusted: Ward 3" in out
    assert FINGERPRINT[:4] in out
    assert main(["pack", "trust", "block", "Ward 3"]) == 0
    assert "Blocked: Ward 3" in capsys.readouterr().out
    assert main(["pack", "trust", "remove", "Ward 3"]) == 0
    assert "Forgotten: Ward 3" in capsys.readouterr().out


def test_a_pack_without_a_key_gives_nobody_to_trust(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsigned = write_version(tmp_path / "plain.h2pack", "1.0")
    code, document = said(capsys, "pack", "trust", "add", unsigned, "--name", "Ward")
    assert (code, document["error"]["code"]) == (3, "key-unreadable")
    code, document = said(capsys, "pack", "trust", "remove", "Ward")
    assert (code, document["error"]["code"]) == (3, "signer-unknown")


@pytest.mark.parametrize(
    "command",
    [
        ("pack", "verify"),
        ("predict", CASE / "demo.dcm", "--roi", CASE / "roi.json", "--pack"),
        ("audit", "--pack"),
        ("validate", CASE, "--pack"),
    ],
)
def test_a_blocked_signers_pack_is_exit_4_wherever_it_would_be_used(
    pack: Path, key: Path, command: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "pack", "trust", "block", key, "--name", "Mallory")
    code, document = said(capsys, *command, pack)
    assert (code, document["error"]["code"]) == (4, "pack-signer-blocked")
    assert "Mallory" in document["error"]["message"]
    assert document["error"]["remedy"]


def test_a_pack_that_nobody_vouches_for_answers_with_a_warning(
    pack: Path,
    key: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All four packs are the same model, so it is asked once."""
    monkeypatch.setattr(pipeline, "predict", answered_once(pipeline.predict))

    def codes(path: Path) -> list[str]:
        code, document = predict(capsys, path)
        assert code == 0
        return [w["code"] for w in document["warnings"] if w["code"].startswith("pack-")]

    unsigned = write_version(tmp_path / "plain.h2pack", "1.0")
    assert codes(unsigned) == ["pack-unsigned"]
    assert codes(pack) == ["pack-signer-unknown"]
    said(capsys, "pack", "trust", "add", key, "--name", "Ward 3")
    assert codes(pack) == []
    assert codes(demo_pack_path()) == []


def test_a_signature_that_is_not_the_packs_own_is_exit_4(
    pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from her2desk.packs.signing import signed_members

    other = signed_members(version_members("2.0"), KEY)
    forged = {**version_members("1.0"), **{n: other[n] for n in ("signature", "signer.pub")}}
    write_archive(pack, forged)
    for command in (("pack", "verify"), ("pack", "info"), ("audit", "--pack")):
        code, document = said(capsys, *command, pack)
        assert (code, document["error"]["code"]) == (4, "pack-signature")


def test_a_pack_whose_network_is_no_network_is_not_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ward.h2pack"
    write_archive(path, {**version_members("1.0"), "networks/cnn.safetensors": b"nothing"})
    code, document = said(capsys, "pack", "verify", path)
    assert (code, document["error"]["code"]) == (4, "pack-malformed")
