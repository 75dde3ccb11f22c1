"""A build on enhanced images: what it asks, what it says, and whom it refuses (V3)."""

import dataclasses
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.domain.progress import SilentProgress
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.enhancement.known import ENHANCERS
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.cohort import CohortRow, case_of_row, read_cohort
from her2desk.packs.enhancer_file import read_enhancer
from her2desk.packs.manifest import Manifest
from her2desk.packs.pack import open_pack
from her2desk.packs.signing import fingerprint, sign_pack
from her2desk.paths import demo_pack_path
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d
from her2desk.reports.tripod import tripod_draft
from her2desk.texts import Message
from her2desk.training import enhancement as enhancements
from her2desk.training.card import model_card
from her2desk.training.enhancement import ChosenEnhancement, chosen_enhancement
from her2desk.training.prepare import preprocessing_of
from her2desk.training.request import ENHANCEMENTS, TrainRequest
from her2desk.training.run import settings_of, train
from her2desk.training.seen import refuse_seen
from tests.enhancers import small_enhancer_file
from tests.unit.reports.study_cases import a_study

PATIENTS = 24
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass(frozen=True)
class Trained(LanczosEnhancer):
    """As if the enhancement had been trained on some pictures."""

    trained_on: frozenset[str] = frozenset()


class StopsBeforeMeasuring:
    """Fails the test when the build goes on to measure."""

    def step(self, fraction: float, text: Message) -> None:
        assert fraction < 0.06


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms") / "ward"
    write_cohort(folder, PATIENTS, seed=3)
    return folder


@pytest.fixture(scope="module")
def rows(ward: Path) -> list[CohortRow]:
    return read_cohort(ward)


def picture(row: CohortRow) -> str:
    return grey_sha256(case_of_row(row).pixels)


def request_on(cohort: Path, out: Path, enhance: str) -> TrainRequest:
    return TrainRequest(
        cohort, out, enhance=enhance, split="none", outer_folds=2, inner_folds=2, repeats=1
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An enhancer as ``train-enhancer`` writes it, signed."""
    path = tmp_path_factory.mktemp("enhancer") / "tiny.h2enhancer"
    small_enhancer_file(path, trained_on=frozenset({"0" * 64, "f" * 64}))
    sign_pack(path, KEY)
    return path


def settings(enhancement: ChosenEnhancement) -> dict[str, str]:
    return settings_of(TrainRequest(Path(), Path()), enhancement, us_2d(), (), 5)


def test_each_word_names_its_enhancement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ("none", *ENHANCERS, "phantom-gan") == ENHANCEMENTS
    assert chosen_enhancement("none") == ChosenEnhancement()
    for word, enhancer in ENHANCERS.items():
        assert chosen_enhancement(word) == ChosenEnhancement(enhancer)
    small_enhancer_file(tmp_path / "ours.h2enhancer", "phantom-gan")
    monkeypatch.setattr(enhancements, "shipped_enhancer_path", lambda: tmp_path / "ours.h2enhancer")
    shipped = chosen_enhancement("phantom-gan").enhancer
    assert shipped is not None
    assert (shipped.name, shipped.method) == ("phantom-gan", "network")


def test_a_file_names_its_own(file: Path) -> None:
    chosen = chosen_enhancement(str(file))
    assert chosen.file is not None
    assert chosen.enhancer is chosen.file.enhancer
    assert chosen.members == read_enhancer(file).embedded
    with pytest.raises(PackRefused):
        chosen_enhancement(str(file.with_name("lost.h2enhancer")))


def test_the_manifest_declares_what_was_asked(file: Path) -> None:
    request = TrainRequest(Path(), Path())
    assert preprocessing_of(request, ChosenEnhancement()).enhancement is None
    for asked, method, scale in (("lanczos-2", "lanczos", 2), (str(file), "network", 4)):
        chosen = chosen_enhancement(asked)
        part = preprocessing_of(request, chosen).enhancement
        assert part is not None
        assert chosen.enhancer is not None
        assert (part.method, part.scale, part.sha256) == (method, scale, chosen.enhancer.sha256)


def test_another_enhancement_is_another_build_and_none_is_not_mentioned() -> None:
    """A build without enhancement has the settings, and so the digest, that it had before."""
    assert "enhance" not in settings(ChosenEnhancement())
    twice, four_times = (settings(chosen_enhancement(f"lanczos-{scale}")) for scale in (2, 4))
    assert twice["enhance"] == f"lanczos-2 (SHA-256 {ENHANCERS['lanczos-2'].sha256})"
    assert twice != four_times
    fields = [f.name for f in dataclasses.fields(TrainRequest)]
    assert [name for name in fields if name in twice] == list(twice)  # bytes follow the order


def test_the_settings_of_a_network_say_whom_it_learnt_from_and_name_no_place(file: Path) -> None:
    chosen = chosen_enhancement(str(file))
    assert chosen.enhancer is not None
    said = settings(chosen)
    assert said["enhance"] == f"tiny 1.0 ×4 (SHA-256 {chosen.enhancer.sha256})"
    assert said["enhancer_patients"] == "2"
    assert said["enhancer_licence"] == "CC0-1.0"
    assert said["enhancer_signed_by"] == fingerprint(KEY.public_key())
    assert str(file.parent) not in repr(said)


def test_the_card_says_so_and_a_card_without_says_nothing() -> None:
    manifest = open_pack(demo_pack_path()).manifest
    assert "enhanced" not in model_card(manifest, ())
    enhanced = _enhanced(manifest, chosen_enhancement("lanczos-4"))
    assert "Images are enhanced ×4 by lanczos" in model_card(enhanced, ())
    assert "That network" not in model_card(enhanced, ())


def test_the_card_names_the_network_its_patients_its_licence_and_its_signer(
    tmp_path: Path, file: Path
) -> None:
    manifest = open_pack(demo_pack_path()).manifest
    chosen = chosen_enhancement(str(file))
    card = model_card(_enhanced(manifest, chosen), (), enhancer=chosen.manifest)
    assert "enhanced ×4 by the network tiny 1.0 before network and features see them" in card
    assert "trained on 2 images of 2 patients (Drawn by chance for tests" in card
    assert "licence: CC0-1.0; signed with the key " + fingerprint(KEY.public_key()) in card
    small_enhancer_file(tmp_path / "bare.h2enhancer")
    bare = chosen_enhancement(str(tmp_path / "bare.h2enhancer"))
    assert "; not signed" in model_card(_enhanced(manifest, bare), (), enhancer=bare.manifest)


def test_the_tripod_draft_names_it_too(file: Path) -> None:
    plain = a_study()
    assert "The enhancement is a network" not in tripod_draft(plain)
    chosen = chosen_enhancement(str(file))
    text = tripod_draft(replace(plain, settings={**plain.settings, **chosen.settings}))
    assert "Images were enhanced before both: tiny 1.0 ×4" in text
    assert "a network trained on 2 patients (Drawn by chance for tests" in text
    assert "Its licence: CC0-1.0." in text


def _enhanced(manifest: Manifest, chosen: ChosenEnhancement) -> Manifest:
    provenance = manifest.provenance.model_copy(update={"settings": settings(chosen)})
    preprocessing = preprocessing_of(TrainRequest(Path(), Path()), chosen)
    return manifest.model_copy(update={"preprocessing": preprocessing, "provenance": provenance})


def test_an_enhancement_that_saw_a_patient_is_refused_with_the_name(rows: list[CohortRow]) -> None:
    seen = [rows[7], rows[2]]
    with pytest.raises(InputRefused) as refused:
        refuse_seen(rows, Trained(trained_on=frozenset(picture(row) for row in seen)))
    assert refused.value.code == "enhancement-seen"
    said = refused.value.message.text()
    assert f"2 of these patients: {rows[2].patient_id}, {rows[7].patient_id}." in said
    assert refused.value.remedy.text()


def test_enhancements_that_saw_nobody_of_the_cohort_are_used(rows: list[CohortRow]) -> None:
    other = grey_sha256(np.zeros((4, 4), np.uint8))
    refuse_seen(rows, Trained(trained_on=frozenset({other})))
    refuse_seen(rows[1:], Trained(trained_on=frozenset({picture(rows[0])})))
    refuse_seen(rows, None)


def test_where_nothing_was_trained_no_image_is_opened(rows: list[CohortRow]) -> None:
    lost = replace(rows[0], image=rows[0].image.with_name("lost.dcm"))
    refuse_seen([lost], LanczosEnhancer())


def test_the_builder_refuses_before_it_measures(
    tmp_path: Path, ward: Path, rows: list[CohortRow]
) -> None:
    enhancer = tmp_path / "tiny.h2enhancer"
    small_enhancer_file(enhancer, trained_on=frozenset({picture(rows[5])}))
    with pytest.raises(InputRefused) as refused:
        train(request_on(ward, tmp_path / "a.h2pack", str(enhancer)), StopsBeforeMeasuring())
    assert refused.value.code == "enhancement-seen"
    assert rows[5].patient_id in refused.value.message.text()
    assert not list(tmp_path.glob("*.h2pack"))


def test_a_pack_whose_enhancement_saw_a_patient_is_not_validated_on_the_patient(
    ward: Path, rows: list[CohortRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    from her2desk.inference.pipeline import LoadedPack, load_pack
    from her2desk.training import validation

    found = load_pack(demo_pack_path(), "cpu")
    fake = Trained(trained_on=frozenset({picture(rows[5])}))
    pack = replace(found.pack, enhancer=fake)
    monkeypatch.setattr(
        validation, "load_pack", lambda *_: LoadedPack(pack, found.network, found.profile)
    )
    with pytest.raises(InputRefused) as refused:
        validation.validate(ward, Path("any.h2pack"), SilentProgress())
    assert refused.value.code == "enhancement-seen"
