"""``her2desk pack info``, ``verify`` and ``sign`` of an enhancer, and who vouches for one in use."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from her2desk.cli.app import main
from her2desk.packs.enhancer_file import read_enhancer, write_enhancer
from her2desk.packs.signing import read_private_key, sign_pack, write_new_key
from her2desk.paths import demo_pack_path
from tests.enhancers import small_enhancer_file, small_weights


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HER2DESK_HOME", str(tmp_path / "home"))


@pytest.fixture
def enhancer(tmp_path: Path) -> Path:
    """An enhancer with the measures of three held-out patients."""
    path = tmp_path / "ward.h2enhancer"
    small_enhancer_file(path, "Ward", trained_on=frozenset({"0" * 64}))
    measures = {"generator": {"psnr": 32.6, "ssim": 0.91}, "lanczos": {"psnr": 31.1}}
    manifest = read_enhancer(path).manifest.model_copy(
        update={"measures": measures, "held_out_patients": 3, "loss": "adversarial"}
    )
    write_enhancer(path, manifest, small_weights(), "# Ward\n", b"")
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    write_new_key(tmp_path / "key")
    return tmp_path / "key"


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main(["pack", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_people_read_what_it_is_whom_it_learnt_from_and_what_was_measured(
    enhancer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", "info", str(enhancer)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Ward 1.0"
    assert lines[1] == "Enhancer ×4, a network with 1,076 parameters, trained with an adversary"
    assert lines[2].startswith("Trained on 1 image of 1 patient: Drawn by chance for tests")
    assert lines[3] == "Means over 3 held-out patients, this network and Lanczos:"
    assert lines[4:6] == ["  psnr: 32.6 · 31.1", "  ssim: 0.91 · –"]
    assert lines[6] == "Licence: CC0-1.0"
    assert lines[7] == f"SHA-256 {read_enhancer(enhancer).enhancer.sha256}"
    assert lines[8] == "The enhancer is not signed: nobody vouches for where it comes from."


def test_scripts_read_the_hash_that_packs_declare(
    enhancer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = said(capsys, "info", enhancer)
    file = read_enhancer(enhancer)
    assert code == 0
    assert document["kind"] == "enhancer"
    assert (document["scale"], document["parameters"]) == (4, 1076)
    assert (document["sha256"], document["digest"]) == (file.enhancer.sha256, file.archive.digest)
    assert document["manifest"]["training_patients"] == 1
    assert document["trust"]["standing"] == "unsigned"


def test_signed_checked_trusted_and_blocked_like_a_pack(
    enhancer: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = read_enhancer(enhancer).archive.digest
    code, document = said(capsys, "verify", enhancer, "--key", f"{key}.pub")
    assert (code, document["error"]["code"]) == (4, "pack-not-signed")
    code, document = said(capsys, "sign", enhancer, "--key", key)
    assert (code, document["sha256"]) == (0, digest)
    code, document = said(capsys, "verify", enhancer, "--key", f"{key}.pub")
    assert (code, document["ok"], document["signed"]) == (0, True, True)
    assert document["trust"]["standing"] == "unknown-signer"
    assert document["trust"]["message"].startswith("The enhancer is signed with a key")
    assert said(capsys, "trust", "add", f"{key}.pub", "--name", "Ward")[0] == 0
    assert main(["pack", "verify", str(enhancer)]) == 0
    assert "The enhancer is signed by Ward, whom you trust." in capsys.readouterr().out
    assert said(capsys, "trust", "block", "Ward")[0] == 0
    code, document = said(capsys, "verify", enhancer)
    assert (code, document["error"]["code"]) == (4, "pack-signer-blocked")
    assert "The enhancer is signed by Ward, whom you have blocked." in document["error"]["message"]


def test_an_enhancer_of_a_blocked_signer_is_not_built_with(
    tmp_path: Path, enhancer: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_pack(enhancer, read_private_key(key))
    said(capsys, "trust", "add", f"{key}.pub", "--name", "Ward")
    said(capsys, "trust", "block", "Ward")
    cohort, out = tmp_path / "nobody", tmp_path / "a.h2pack"
    asked = [str(cohort), "--out", str(out), "--enhance", str(enhancer)]
    code = main(["train", *asked, "--json"])
    assert code == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "pack-signer-blocked"


def test_the_one_that_ships_needs_no_signature(
    tmp_path: Path, enhancer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from her2desk.packs import enhancer_trust
    from her2desk.packs.trust import Standing, TrustStore

    enhancer_trust.shipped_enhancer_digest.cache_clear()
    monkeypatch.setattr(enhancer_trust, "shipped_enhancer_path", lambda: enhancer)
    store = TrustStore(tmp_path / "signers.json")
    trust = enhancer_trust.judge_enhancer(store, read_enhancer(enhancer).archive)
    enhancer_trust.shipped_enhancer_digest.cache_clear()
    assert trust.standing is Standing.SHIPPED
    assert trust.sentence.text() == "The enhancer came with Her2Desk."
    assert not trust.asks


@pytest.mark.parametrize("command", ["info", "verify"])
def test_another_file_by_that_name_is_exit_4(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ward.h2enhancer"
    shutil.copyfile(demo_pack_path(), path)
    code, document = said(capsys, command, path)
    assert (code, document["error"]["code"]) == (4, "enhancer-other-kind")


def test_nobody_signs_an_enhancer_that_would_be_refused(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ward.h2enhancer"
    shutil.copyfile(demo_pack_path(), path)
    code, document = said(capsys, "sign", path, "--key", key)
    assert (code, document["error"]["code"]) == (4, "enhancer-other-kind")
    assert path.read_bytes() == demo_pack_path().read_bytes()
