"""A build on enhanced images: what it asks, what it says, and whom it refuses (V3)."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from her2desk.domain.progress import SilentProgress
from her2desk.enhancement.enhancer import grey_sha256
from her2desk.enhancement.known import ENHANCERS
from her2desk.enhancement.lanczos import LanczosEnhancer
from her2desk.errors import InputRefused
from her2desk.inference.cohort import CohortRow, case_of_row, read_cohort
from her2desk.packs.pack import open_pack
from her2desk.paths import demo_pack_path
from her2desk.phantoms.cohort import write_cohort
from her2desk.radiomics.profile import us_2d
from her2desk.texts import Message
from her2desk.training import prepare
from her2desk.training.card import model_card
from her2desk.training.prepare import enhancer_of, preprocessing_of
from her2desk.training.request import Enhancement, TrainRequest
from her2desk.training.run import settings_of, train
from her2desk.training.seen import refuse_seen

PATIENTS = 24


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


def request_on(cohort: Path, out: Path, enhance: Enhancement) -> TrainRequest:
    return TrainRequest(
        cohort, out, enhance=enhance, split="none", outer_folds=2, inner_folds=2, repeats=1
    )


def test_every_known_enhancement_can_be_asked_for() -> None:
    assert get_args(Enhancement) == ("none", *ENHANCERS)
    asked = [enhancer_of(TrainRequest(Path(), Path(), enhance=e)) for e in get_args(Enhancement)]
    assert asked == [None, *ENHANCERS.values()]


def test_the_manifest_declares_what_was_asked() -> None:
    plain = TrainRequest(Path(), Path())
    assert preprocessing_of(plain).enhancement is None
    part = preprocessing_of(replace(plain, enhance="lanczos-2")).enhancement
    enhancer = ENHANCERS["lanczos-2"]
    assert part is not None
    assert (part.method, part.scale, part.sha256) == ("lanczos", 2, enhancer.sha256)


def test_another_enhancement_is_another_build_and_none_is_not_mentioned() -> None:
    """A build without enhancement has the settings, and so the digest, that it had before."""
    plain = TrainRequest(Path(), Path())
    said = [
        settings_of(replace(plain, enhance=enhance), us_2d(), (), 5)
        for enhance in get_args(Enhancement)
    ]
    assert "enhance" not in said[0]
    assert said[1]["enhance"].startswith("lanczos-2 (SHA-256 ")
    assert said[1] != said[2]


def test_the_card_says_so_and_a_card_without_says_nothing() -> None:
    manifest = open_pack(demo_pack_path()).manifest
    assert "enhanced" not in model_card(manifest, ())
    preprocessing = preprocessing_of(TrainRequest(Path(), Path(), enhance="lanczos-4"))
    enhanced = manifest.model_copy(update={"preprocessing": preprocessing})
    assert "Images are enhanced ×4 by lanczos" in model_card(enhanced, ())


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
    tmp_path: Path, ward: Path, rows: list[CohortRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Trained(trained_on=frozenset({picture(rows[5])}))
    monkeypatch.setattr(prepare, "ENHANCERS", {"lanczos-4": fake})
    with pytest.raises(InputRefused) as refused:
        train(request_on(ward, tmp_path / "a.h2pack", "lanczos-4"), StopsBeforeMeasuring())
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
