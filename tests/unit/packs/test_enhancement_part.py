"""What a pack says of its enhancement, and the packs that say nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from her2desk.enhancement.known import ENHANCERS
from her2desk.errors import PackRefused
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.manifest import EnhancementPart, Manifest, Preprocessing
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_pack_path

LANCZOS = ENHANCERS["lanczos-4"]
SOUND = {"method": "lanczos", "scale": 4, "sha256": LANCZOS.sha256}


def pack_with(folder: Path, enhancement: Any) -> Path:
    members = dict(read_archive(demo_pack_path()).members)
    document = json.loads(members["manifest.json"])
    document["preprocessing"]["enhancement"] = enhancement
    members["manifest.json"] = json.dumps(document).encode()
    path = folder / "enhanced.h2pack"
    write_archive(path, members)
    return path


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
