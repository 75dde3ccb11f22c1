"""``NAME.h2enhancer``: written and read again, and refused wherever it is not what it says."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.numpy import load, save

from her2desk.domain.roi import Box
from her2desk.enhancement.architecture import MOST_BLOCKS, Architecture
from her2desk.enhancement.degradation import Degradation
from her2desk.enhancement.generator import Generator
from her2desk.errors import PackRefused
from her2desk.packs import enhancer_file
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.enhancer_file import (
    CARD_FILE,
    CURVES_FILE,
    GENERATOR_FILE,
    MANIFEST_FILE,
    EnhancerManifest,
    enhancer_of_members,
    generator_shapes,
    read_enhancer,
    write_enhancer,
)
from her2desk.packs.pack import open_pack
from her2desk.packs.signing import sign_pack, signed_members
from her2desk.paths import demo_pack_path, shipped_enhancer_path
from tests.enhancers import small_enhancer_file, small_weights

Members = dict[str, bytes]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FRAMES = frozenset(hashlib.sha256(bytes([n])).hexdigest() for n in range(3))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("enhancers") / "tiny.h2enhancer"
    small_enhancer_file(path, trained_on=FRAMES)
    return path


@pytest.fixture(scope="module")
def manifest(sound: Path) -> EnhancerManifest:
    return read_enhancer(sound).manifest


def refusal(path: Path, members: Members) -> PackRefused:
    write_archive(path, members)
    with pytest.raises(PackRefused) as caught:
        read_enhancer(path)
    assert caught.value.message.text()
    assert caught.value.remedy.text()
    return caught.value


def test_what_is_written_is_read_again(sound: Path, manifest: EnhancerManifest) -> None:
    file = read_enhancer(sound)
    enhancer = file.enhancer
    assert (enhancer.name, enhancer.version, enhancer.method) == ("tiny", "1.0", "network")
    assert (enhancer.scale, enhancer.tolerance, enhancer.trained_on) == (4, 1.0, FRAMES)
    assert enhancer.degradation == manifest.degradation
    assert {n: w.tobytes() for n, w in enhancer.weights.items()} == {
        n: w.tobytes() for n, w in small_weights().items()
    }
    assert file.card == "# Drawn by chance\n"
    assert file.archive.members[CURVES_FILE] == b"step,psnr\n0,0\n"
    frame = np.arange(40 * 30, dtype=np.uint8).reshape(40, 30)
    assert enhancer.enhance(frame, Box(0, 0, 30, 40)).pixels.shape == (160, 120)


def test_its_sha256_is_of_manifest_and_weights_and_of_nothing_else(
    tmp_path: Path, sound: Path, manifest: EnhancerManifest
) -> None:
    members = read_archive(sound).members
    two = [hashlib.sha256(members[name]).hexdigest() for name in (MANIFEST_FILE, GENERATOR_FILE)]
    expected = hashlib.sha256(f"{two[0]}\n{two[1]}\n".encode()).hexdigest()
    assert read_enhancer(sound).enhancer.sha256 == expected
    other = tmp_path / "other.h2enhancer"
    assert write_enhancer(other, manifest, small_weights(), "# Another card\n", b"") == expected
    assert write_enhancer(other, manifest, small_weights(seed=1), "# A card\n", b"") != expected
    renamed = manifest.model_copy(update={"name": "tinier"})
    assert write_enhancer(other, renamed, small_weights(), "# A card\n", b"") != expected


def test_the_same_enhancer_is_the_same_bytes(tmp_path: Path, sound: Path) -> None:
    again = tmp_path / "again.h2enhancer"
    small_enhancer_file(again, trained_on=FRAMES)
    assert again.read_bytes() == sound.read_bytes()


def test_a_signature_changes_neither_digest_and_is_checked(tmp_path: Path, sound: Path) -> None:
    path = tmp_path / "signed.h2enhancer"
    path.write_bytes(sound.read_bytes())
    sign_pack(path, KEY)
    before, after = read_enhancer(sound), read_enhancer(path)
    assert after.enhancer.sha256 == before.enhancer.sha256
    assert after.archive.digest == before.archive.digest
    forged = signed_members({CARD_FILE: b"x"}, Ed25519PrivateKey.generate())
    members = {**after.archive.whole, "signature": forged["signature"]}
    assert refusal(path, members).code == "pack-signature"


@pytest.mark.parametrize(("width", "blocks", "scale"), [(1, 1, 2), (5, 3, 4), (8, MOST_BLOCKS, 8)])
def test_the_tensors_it_asks_for_are_the_generators(width: int, blocks: int, scale: int) -> None:
    network = Generator(Architecture(width, blocks), Degradation(scale, scale / 3, scale / 2))
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert generator_shapes(width, blocks, scale) == own


def test_a_file_that_is_no_enhancer_is_told_so(tmp_path: Path) -> None:
    text = tmp_path / "notes.h2enhancer"
    text.write_text("notes")
    for path in (text, demo_pack_path()):
        with pytest.raises(PackRefused) as caught:
            read_enhancer(path)
        assert caught.value.code == "enhancer-other-kind"
        assert ".h2enhancer" in caught.value.remedy.text()


def test_an_enhancer_is_no_model_pack_whatever_it_is_called(tmp_path: Path, sound: Path) -> None:
    misnamed = tmp_path / "ward.h2pack"
    misnamed.write_bytes(sound.read_bytes())
    with pytest.raises(PackRefused) as caught:
        open_pack(misnamed)
    assert caught.value.code == "pack-other-kind"
    assert "an enhancer, not a model pack" in caught.value.message.text()


def test_one_of_a_later_version_says_so(tmp_path: Path, sound: Path) -> None:
    members = {**read_archive(sound).members}
    members[MANIFEST_FILE] = members[MANIFEST_FILE].replace(
        b'"schema_version": 1', b'"schema_version": 2'
    )
    assert refusal(tmp_path / "later.h2enhancer", members).code == "enhancer-later-schema"


# Files made to do harm


def said(**changes: Any) -> Callable[[Members], object]:
    """Another manifest."""

    def apply(members: Members) -> None:
        document = json.loads(members[MANIFEST_FILE])
        members[MANIFEST_FILE] = json.dumps({**document, **changes}).encode()

    return apply


def without(name: str) -> Callable[[Members], object]:
    """A manifest that leaves something out."""

    def apply(members: Members) -> None:
        document = json.loads(members[MANIFEST_FILE])
        del document[name]
        members[MANIFEST_FILE] = json.dumps(document).encode()

    return apply


def weights(change: Callable[[dict[str, Any]], object]) -> Callable[[Members], object]:
    """Other tensors."""

    def apply(members: Members) -> None:
        tensors = load(members[GENERATOR_FILE])
        change(tensors)
        members[GENERATOR_FILE] = save(tensors)

    return apply


def put(name: str, content: bytes) -> Callable[[Members], object]:
    return lambda members: members.update({name: content})


def poisoned(value: float) -> Callable[[dict[str, Any]], object]:
    def apply(tensors: dict[str, Any]) -> None:
        changed = tensors["tail.weight"].copy()
        changed[1, 2, 0, 0] = value
        tensors["tail.weight"] = changed

    return apply


HOSTILE: dict[str, tuple[Callable[[Members], object], str]] = {
    "no manifest": (lambda m: m.pop(MANIFEST_FILE), MANIFEST_FILE),
    "no weights": (lambda m: m.pop(GENERATOR_FILE), GENERATOR_FILE),
    "no card": (lambda m: m.pop(CARD_FILE), CARD_FILE),
    "no curves": (lambda m: m.pop(CURVES_FILE), CURVES_FILE),
    "another network beside it": (put("networks/cnn.safetensors", b""), "networks/cnn.safetensors"),
    "a pack's models beside it": (put("models/models.json", b"{}"), "models/models.json"),
    "a manifest that is a list": (put(MANIFEST_FILE, b"[]"), MANIFEST_FILE),
    "a manifest that is no JSON": (put(MANIFEST_FILE, b"\xff{"), MANIFEST_FILE),
    "a manifest nested beyond all measure": (put(MANIFEST_FILE, b"[" * 100_000), MANIFEST_FILE),
    "a card with hidden characters": (put(CARD_FILE, "\u202ecard".encode()), CARD_FILE),
    "a card that is no text": (put(CARD_FILE, b"\xff\xfe"), CARD_FILE),
    "an unknown key": (said(code="import os"), MANIFEST_FILE),
    "no tolerance below black and white": (said(tolerance=255), MANIFEST_FILE),
    "a tolerance of nothing": (said(tolerance=0), MANIFEST_FILE),
    "a name that is two lines": (said(name="a\nb"), MANIFEST_FILE),
    "no name": (said(name=""), MANIFEST_FILE),
    "a licence that turns the text": (said(licence="\u202eMIT"), MANIFEST_FILE),
    "a scale that is no power of two": (said(scale=3), MANIFEST_FILE),
    "a scale of one": (said(scale=1), MANIFEST_FILE),
    "a scale of sixteen": (said(scale=16), MANIFEST_FILE),
    "another scale than the weights'": (said(scale=8), GENERATOR_FILE),
    "a scale as text": (said(scale="4"), MANIFEST_FILE),
    "a width as a fraction": (said(width=4.0), MANIFEST_FILE),
    "another width": (said(width=5), GENERATOR_FILE),
    "too wide": (said(width=129), MANIFEST_FILE),
    "another number of blocks": (said(blocks=2), GENERATOR_FILE),
    "deeper than tiles reach": (said(blocks=MOST_BLOCKS + 1), MANIFEST_FILE),
    "a million blocks": (said(blocks=10**6), MANIFEST_FILE),
    "no block": (said(blocks=0), MANIFEST_FILE),
    "a blur that cannot be undone": (said(lateral_sigma=6.0), MANIFEST_FILE),
    "no blur": (said(depth_sigma=0.0), MANIFEST_FILE),
    "a blur beyond all measure": (said(depth_sigma=1e300), MANIFEST_FILE),
    "frames out of order": (said(training_frames_sha256=["f" * 64, "0" * 64]), MANIFEST_FILE),
    "a frame twice": (said(training_frames_sha256=["0" * 64] * 2), MANIFEST_FILE),
    "a frame that is no digest": (said(training_frames_sha256=["x"]), MANIFEST_FILE),
    "more patients than images": (said(training_patients=99), MANIFEST_FILE),
    "more frames than images": (said(training_images=1, training_patients=1), MANIFEST_FILE),
    "a measure that is no number": (
        put(MANIFEST_FILE, b'{"kind": "enhancer", "measures": NaN}'), MANIFEST_FILE
    ),
    "a measure of nobody": (said(measures={"gan": {"psnr": 30.0}}), MANIFEST_FILE),
    "another loss": (said(loss="magic"), MANIFEST_FILE),
    "no degradation": (without("depth_sigma"), MANIFEST_FILE),
    "no training frames": (without("training_frames_sha256"), MANIFEST_FILE),
    "weights that are none": (put(GENERATOR_FILE, b"PK\x03\x04"), GENERATOR_FILE),
    "empty weights": (put(GENERATOR_FILE, b""), GENERATOR_FILE),
    "weights whose header has no end": (
        put(GENERATOR_FILE, (2**40).to_bytes(8, "little") + b"{}"), GENERATOR_FILE
    ),
    "weights that are not a number": (weights(poisoned(float("nan"))), GENERATOR_FILE),
    "infinite weights": (weights(poisoned(float("-inf"))), GENERATOR_FILE),
    "a tensor too few": (weights(lambda t: t.pop("head.bias")), GENERATOR_FILE),
    "a tensor too many": (
        weights(lambda t: t.update({"extra": np.zeros(3, np.float32)})), GENERATOR_FILE
    ),
    "a tensor of another shape": (
        weights(lambda t: t.update({"head.weight": np.zeros((4, 1, 5, 5), np.float32)})),
        GENERATOR_FILE,
    ),
    "a tensor of half the precision": (
        weights(lambda t: t.update({"head.bias": t["head.bias"].astype(np.float16)})),
        GENERATOR_FILE,
    ),
    "a tensor of whole numbers": (
        weights(lambda t: t.update({"head.bias": np.zeros(4, np.int32)})), GENERATOR_FILE
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_file_that_is_not_what_it_says_is_refused_and_its_part_named(
    tmp_path: Path, sound: Path, attack: str
) -> None:
    change, part = HOSTILE[attack]
    members = dict(read_archive(sound).members)
    change(members)
    refused = refusal(tmp_path / "x.h2enhancer", members)
    assert refused.code == "enhancer-malformed"
    assert part in refused.message.text()


def test_nothing_is_written_that_would_be_refused(
    tmp_path: Path, manifest: EnhancerManifest
) -> None:
    path = tmp_path / "x.h2enhancer"
    wrong = {**small_weights(), "head.bias": np.full(4, np.nan, np.float32)}
    with pytest.raises(PackRefused):
        write_enhancer(path, manifest, wrong, "# Card\n", b"")
    with pytest.raises(PackRefused):
        write_enhancer(path, manifest, small_weights(width=5), "# Card\n", b"")
    with pytest.raises(PackRefused):
        write_enhancer(path, manifest, small_weights(), "# \u202eCard\n", b"")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValidationError):
        EnhancerManifest.model_validate({**manifest.model_dump(), "scale": 6})


def test_a_changed_byte_of_the_weights_is_refused(tmp_path: Path, sound: Path) -> None:
    content = bytearray(sound.read_bytes())
    content[content.index(b"up.weight") + 200] ^= 1
    path = tmp_path / "x.h2enhancer"
    path.write_bytes(content)
    with pytest.raises(PackRefused) as caught:
        read_enhancer(path)
    assert caught.value.code == "pack-changed"


@given(data=st.data())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_members_are_refused_or_are_this_enhancer_still(
    sound: Path, data: st.DataObject
) -> None:
    """Bytes overwritten behind the hashes' back: a refusal, or tensors that are sound."""
    members = dict(read_archive(sound).members)
    name = data.draw(st.sampled_from([MANIFEST_FILE, GENERATOR_FILE]))
    content = bytearray(members[name])
    at = data.draw(st.integers(0, len(content) - 1))
    filling = data.draw(st.binary(min_size=1, max_size=16))
    content[at : at + len(filling)] = filling
    members[name] = bytes(content)
    try:
        found = enhancer_of_members(members[MANIFEST_FILE], members[GENERATOR_FILE])
    except PackRefused as error:
        assert error.code in ("enhancer-malformed", "enhancer-later-schema")  # noqa: PT017
        return
    shapes = generator_shapes(found.width, found.blocks, found.scale)
    assert {n: w.shape for n, w in found.weights.items()} == shapes
    assert all(np.isfinite(w).all() for w in found.weights.values())


def test_reading_one_loads_no_network_library(sound: Path) -> None:
    """The window names an enhancer before anything of it runs."""
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; "
        "from her2desk.packs.enhancer_file import read_enhancer; "
        f"read_enhancer(Path({str(sound)!r})); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_as_many_frames_as_are_allowed_fit_the_manifest(
    tmp_path: Path, manifest: EnhancerManifest
) -> None:
    frames = tuple(f"{n:064x}" for n in range(enhancer_file.MOST_FRAMES))
    full = manifest.model_copy(
        update={"training_frames_sha256": frames, "training_images": len(frames)}
    )
    path = tmp_path / "full.h2enhancer"
    write_enhancer(path, full, small_weights(), "# Card\n", b"")
    assert len(read_enhancer(path).enhancer.trained_on) == len(frames)


def test_the_one_that_ships_is_sound_small_and_learnt_from_no_patient() -> None:
    file = read_enhancer(shipped_enhancer_path())
    manifest = file.manifest
    assert (manifest.name, manifest.scale, manifest.loss) == ("phantom-gan", 4, "adversarial")
    assert sum(w.size for w in file.enhancer.weights.values()) <= 400_000
    assert "phantom" in manifest.description
    assert manifest.held_out_patients
    assert set(manifest.measures) == {"lanczos", "generator"}
