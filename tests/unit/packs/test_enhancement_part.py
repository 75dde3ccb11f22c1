"""What a pack says of its enhancement, the network that it holds for it, and the packs without."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from her2desk.enhancement.known import ENHANCERS
from her2desk.errors import PackRefused
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.enhancer_file import EMBEDDED_GENERATOR, EMBEDDED_MANIFEST, read_enhancer
from her2desk.packs.manifest import EnhancementPart, Manifest, Preprocessing
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_pack_path
from tests.enhancers import small_enhancer_file
from tests.pack_samples import demo_members

Members = dict[str, bytes]
LANCZOS = ENHANCERS["lanczos-4"]
SOUND = {"method": "lanczos", "scale": 4, "sha256": LANCZOS.sha256}


def pack_with(folder: Path, enhancement: Any, held: Members | None = None) -> Path:
    members = demo_members()
    document = json.loads(members["manifest.json"])
    document["preprocessing"]["enhancement"] = enhancement
    members["manifest.json"] = json.dumps(document).encode()
    path = folder / "enhanced.h2pack"
    write_archive(path, {**members, **(held or {})})
    return path


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The members that a pack holds of a network that enhances ×4."""
    path = tmp_path_factory.mktemp("enhancer") / "tiny.h2enhancer"
    small_enhancer_file(path)
    return read_enhancer(path).embedded


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a pack declares of that network."""
    enhancer = small_enhancer_file(tmp_path_factory.mktemp("enhancer") / "tiny.h2enhancer")
    return {"method": "network", "scale": 4, "sha256": enhancer.sha256}


def refusal(path: Path) -> PackRefused:
    with pytest.raises(PackRefused) as refused:
        open_pack(path)
    assert refused.value.remedy.text()
    return refused.value


def test_a_pack_enhances_by_the_network_that_it_holds(
    tmp_path: Path, network: Members, declared: dict[str, Any]
) -> None:
    enhancer = open_pack(pack_with(tmp_path, declared, network)).enhancer
    assert enhancer is not None
    assert (enhancer.name, enhancer.version, enhancer.scale) == ("tiny", "1.0", 4)
    assert enhancer.sha256 == declared["sha256"]
    assert enhancer.tolerance == 1.0


@pytest.mark.parametrize("held", [(), (EMBEDDED_MANIFEST,), (EMBEDDED_GENERATOR,)])
def test_a_pack_without_its_network_is_refused(
    tmp_path: Path, network: Members, declared: dict[str, Any], held: tuple[str, ...]
) -> None:
    own = {name: network[name] for name in held}
    refused = refusal(pack_with(tmp_path, declared, own))
    assert refused.code == "pack-enhancement"
    assert "by a network, which is missing from it" in refused.message.text()


def test_a_pack_with_another_network_is_refused(tmp_path: Path, declared: dict[str, Any]) -> None:
    small_enhancer_file(tmp_path / "other.h2enhancer", "other", "2.1", seed=1)
    other = read_enhancer(tmp_path / "other.h2enhancer").embedded
    refused = refusal(pack_with(tmp_path, declared, other))
    assert refused.code == "pack-enhancement"
    assert "other 2.1, is not the one it was built with" in refused.message.text()


def test_weights_of_another_network_under_the_right_words_are_refused(
    tmp_path: Path, network: Members, declared: dict[str, Any]
) -> None:
    small_enhancer_file(tmp_path / "other.h2enhancer", seed=1)
    other = read_enhancer(tmp_path / "other.h2enhancer").embedded
    mixed = {**network, EMBEDDED_GENERATOR: other[EMBEDDED_GENERATOR]}
    assert refusal(pack_with(tmp_path, declared, mixed)).code == "pack-enhancement"


def test_a_network_of_another_scale_is_refused(
    tmp_path: Path, network: Members, declared: dict[str, Any]
) -> None:
    refused = refusal(pack_with(tmp_path, {**declared, "scale": 2}, network))
    assert refused.code == "pack-enhancement"
    assert "×2, but the enhancer in it, tiny 1.0, enlarges ×4" in refused.message.text()


@pytest.mark.parametrize("part", [None, SOUND])
def test_a_network_that_the_pack_does_not_use_is_refused(
    tmp_path: Path, network: Members, part: dict[str, Any] | None
) -> None:
    refused = refusal(pack_with(tmp_path, part, network))
    assert refused.code == "pack-enhancement"
    assert "an enhancer that it does not use" in refused.message.text()


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.update({EMBEDDED_GENERATOR: b""}),
        lambda held: held.update({EMBEDDED_MANIFEST: b"{}"}),
        lambda held: held.update(
            {EMBEDDED_MANIFEST: held[EMBEDDED_MANIFEST].replace(b'"width": 4', b'"width": 5')}
        ),
    ],
)
def test_a_network_in_a_pack_is_checked_like_one_in_its_own_file(
    tmp_path: Path,
    network: Members,
    declared: dict[str, Any],
    change: Callable[[Members], None],
) -> None:
    held = dict(network)
    change(held)
    assert refusal(pack_with(tmp_path, declared, held)).code == "enhancer-malformed"


def test_a_pack_with_a_known_enhancement_opens_with_it(tmp_path: Path) -> None:
    pack = open_pack(pack_with(tmp_path, SOUND))
    assert pack.enhancer is LANCZOS
    assert pack.digest != open_pack(demo_pack_path()).digest


def test_null_is_no_enhancement(tmp_path: Path) -> None:
    assert open_pack(pack_with(tmp_path, None)).enhancer is None


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "gan"},
        {"method": "network-2"},
        {"scale": 8},
        {"scale": 2},  # known, but not by this digest
        {"sha256": "0" * 64},
    ],
)
def test_an_enhancement_that_this_version_does_not_have_is_refused(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    part = {**SOUND, **changed}
    with pytest.raises(PackRefused) as refused:
        open_pack(pack_with(tmp_path, part))
    assert refused.value.code == "pack-enhancement"
    assert f"{part['method']} ×{part['scale']}" in refused.value.message.text()
    assert refused.value.remedy.text()


@pytest.mark.parametrize(
    "part",
    [
        "lanczos",
        {},
        {**SOUND, "scale": "4"},
        {**SOUND, "scale": 4.0},
        {**SOUND, "scale": True},
        {**SOUND, "scale": 1},
        {**SOUND, "scale": 1024},
        {**SOUND, "sha256": "short"},
        {**SOUND, "sha256": LANCZOS.sha256.upper()},
        {**SOUND, "method": "../weights"},
        {**SOUND, "method": ""},
        {**SOUND, "weights": "w.pt"},
        {"method": "lanczos", "scale": 4},
    ],
)
def test_an_enhancement_that_is_not_described_as_it_must_be_is_refused(
    tmp_path: Path, part: Any
) -> None:
    with pytest.raises(PackRefused) as refused:
        open_pack(pack_with(tmp_path, part))
    assert refused.value.code == "pack-malformed"


def test_a_manifest_without_enhancement_is_written_as_it_always_was() -> None:
    """The manifest of the pack that ships, written again, is the same bytes."""
    content = read_archive(demo_pack_path()).members["manifest.json"]
    assert Manifest.model_validate_json(content).model_dump_json(indent=2).encode() == content
    assert b"enhancement" not in content


def test_the_pack_that_ships_keeps_its_digest(tmp_path: Path) -> None:
    copy = tmp_path / "copy.h2pack"
    shutil.copyfile(demo_pack_path(), copy)
    members = dict(read_archive(copy).members)
    rewritten = Manifest.model_validate_json(members["manifest.json"]).model_dump_json(indent=2)
    members["manifest.json"] = rewritten.encode()
    members.pop("SHA256SUMS", None)
    assert write_archive(copy, members) == open_pack(demo_pack_path()).digest


def test_what_is_written_is_read_again() -> None:
    plan = Preprocessing(
        crop_margin_px=10, input_size_px=112, enhancement=EnhancementPart.model_validate(SOUND)
    )
    assert Preprocessing.model_validate_json(plan.model_dump_json()) == plan
    assert plan.model_dump()["enhancement"] == SOUND
    with pytest.raises(ValidationError):
        Preprocessing.model_validate({"crop_margin_px": 10, "input_size_px": 112, "enhance": None})
