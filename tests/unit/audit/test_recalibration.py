"""A recalibrated pack: the old one with its log-odds moved, signed, and nothing else changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from her2desk.audit.recalibration import (
    RecalibrationKind,
    fit_recalibration,
    recalibrated,
    write_recalibrated,
)
from her2desk.audit.results import LocalResults
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.log_odds import logit, sigmoid
from her2desk.domain.readout import Estimate
from her2desk.domain.validation import ValidationSource
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.branches import known_inputs
from her2desk.inference.readout import branch_probabilities, confusion_at
from her2desk.packs.manifest import LinearPart, NomogramPart
from her2desk.packs.pack import Pack, open_pack
from her2desk.packs.signing import SignatureState, signature_state
from her2desk.paths import demo_pack_path

Ward = Callable[..., LocalResults]
INTERCEPT, BOTH = RecalibrationKind


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def enough(ward: Ward) -> LocalResults:
    return ward(260, odds_ratio=2.5, true=0.8)


def eta(model: LinearPart, values: np.ndarray) -> tuple[float, float]:
    """log-odds and their variance by the coefficients' covariance."""
    x = np.concatenate([[1.0], values])
    return float(x @ [model.intercept, *model.coefficients]), float(
        x @ np.array(model.covariance) @ x
    )


@pytest.mark.parametrize("kind", RecalibrationKind)
def test_every_submodel_answers_a_plus_b_times_what_it_did(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path, kind
) -> None:
    fit = fit_recalibration(enough, kind)
    new = write_recalibrated(pack, enough, kind, "1.1-local", key, tmp_path / "new.h2pack")
    rng = np.random.default_rng(0)
    (var_a, cov), (_, var_b) = fit.covariance
    for before, after in zip(pack.models.submodels, new.models.submodels, strict=True):
        for _ in range(20):
            values = rng.normal(size=len(before.model.terms))
            old, variance = eta(before.model, values)
            moved, new_variance = eta(after.model, values)
            assert moved == pytest.approx(fit.intercept + fit.slope * old, abs=1e-12)
            # the delta method, for one patient: the intercept's own direction is 1 for everyone
            expected = fit.slope**2 * variance + var_a + 2 * old * cov + old**2 * var_b
            assert new_variance == pytest.approx(expected, rel=1e-9)
        assert after.refit_variance == before.refit_variance
    assert new.manifest.prevalence == enough.positives / len(enough.counted)


@pytest.mark.parametrize("kind", RecalibrationKind)
def test_sensitivity_and_specificity_stay_what_they_were(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path, kind
) -> None:
    new = write_recalibrated(pack, enough, kind, "2", key, tmp_path / "new.h2pack")
    compared = 0
    for submodel in pack.models.submodels:
        points = new.operating_points(submodel.pattern)
        for source in (ValidationSource.OUT_OF_FOLD, ValidationSource.HELD_OUT):
            old_rows = pack.rows(submodel.pattern, source)
            new_rows = new.rows(submodel.pattern, source)
            for name, point in pack.operating_points(submodel.pattern).items():
                assert confusion_at(new_rows, points[name], 0) == confusion_at(old_rows, point, 0)
                compared += 1
    assert compared == 12


def test_the_new_pack_opens_is_signed_and_says_what_was_done(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    fit = fit_recalibration(enough, INTERCEPT)
    path = tmp_path / "new.h2pack"
    write_recalibrated(pack, enough, INTERCEPT, "1.1-local", key, path)
    new = open_pack(path)
    assert signature_state(new.archive, key.public_key()) is SignatureState.SIGNED
    part = new.manifest.recalibration
    assert part is not None
    assert (part.from_version, part.from_sha256) == (pack.manifest.version, pack.digest)
    assert (part.intercept, part.slope) == (fit.intercept, 1.0)
    assert (part.patients, part.positive) == (260, enough.positives)
    assert (part.first_study, part.last_study) == ("20260105", "20260105")
    assert new.manifest.version == "1.1-local"
    assert new.card.startswith("# Phantom demo 1.1-local")
    assert f"## Recalibrated from version {pack.manifest.version}" in new.card
    assert f"{enough.positives} HER-2 positive, studies 20260105 to 20260105" in new.card
    assert "## Discrimination" in new.card
    same = {"networks/cnn.safetensors", "profile.json"}
    assert all(new.archive.members[n] == pack.archive.members[n] for n in same)
    combined = [row.branches["combined"] for row in new.validation]
    assert combined == [row.logit for row in new.validation]
    assert open_pack(demo_pack_path()).digest == pack.digest, "the old pack stays"


def test_a_readout_of_the_new_pack_adds_up(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    new = write_recalibrated(pack, enough, INTERCEPT, "2", key, tmp_path / "new.h2pack")
    rows = new.rows("pr", ValidationSource.HELD_OUT)
    point = new.operating_points("pr")["youden"]
    assert confusion_at(rows, point, 0.0).cohort_size == len(rows) == 90
    assert known_inputs(new, ClinicalRecord(pr=True)) == {"pr": 1.0}


def test_after_recalibration_the_expected_number_is_the_observed(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey
) -> None:
    fit = fit_recalibration(enough, INTERCEPT)
    expected = sum(sigmoid(fit.intercept + case.answer.logit) for case in enough.counted)
    assert expected == pytest.approx(enough.positives)


def test_recalibrating_again_composes(
    pack: Pack, enough: LocalResults, ward: Ward, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    first = fit_recalibration(enough, BOTH)
    once = write_recalibrated(pack, enough, BOTH, "2", key, tmp_path / "2.h2pack")
    later = ward(300, seed=3, odds_ratio=1.5)
    second = fit_recalibration(later, BOTH)
    twice = write_recalibrated(once, later, BOTH, "3", key, tmp_path / "3.h2pack")
    old, new = pack.models.submodels[0].model, twice.models.submodels[0].model
    expected = second.intercept + second.slope * (first.intercept + first.slope * old.intercept)
    assert new.intercept == pytest.approx(expected, abs=1e-12)
    assert twice.manifest.recalibration is not None
    assert twice.manifest.recalibration.from_sha256 == once.digest
    assert twice.card.count("## Recalibrated from version") == 2


def test_the_slope_is_refused_below_fifty_of_each_class(pack: Pack, ward: Ward) -> None:
    few = ward(140)
    assert few.positives < 50
    assert fit_recalibration(few, INTERCEPT).slope == 1
    with pytest.raises(InputRefused) as refused:
        recalibrated(pack, few, BOTH, "2")
    assert refused.value.code == "too-few-results"
    assert "50 HER-2 positive and 50 negative" in str(refused.value)
    assert "intercept alone" in str(refused.value)


def test_the_intercept_is_refused_below_ten_of_each_class(pack: Pack, ward: Ward) -> None:
    with pytest.raises(InputRefused) as refused:
        recalibrated(pack, ward(20), INTERCEPT, "2")
    assert refused.value.code == "too-few-results"


@pytest.mark.parametrize("version", ["", " 2", "2\n", "x" * 41, "1.1"])
def test_a_version_that_cannot_be_one_is_refused(
    pack: Pack, enough: LocalResults, version: str
) -> None:
    if version == "1.1":
        version = pack.manifest.version
    with pytest.raises(InputRefused) as refused:
        recalibrated(pack, enough, INTERCEPT, version)
    assert refused.value.code == "version"


def test_a_pack_is_never_overwritten(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.h2pack"
    taken.write_bytes(b"mine")
    with pytest.raises(InputRefused) as refused:
        write_recalibrated(pack, enough, INTERCEPT, "2", key, taken)
    assert refused.value.code == "pack-exists"
    assert taken.read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_is_refused(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    with pytest.raises(PackRefused) as refused:
        write_recalibrated(pack, enough, INTERCEPT, "2", key, tmp_path / "gone" / "new.h2pack")
    assert refused.value.code == "pack-not-written"


def test_a_pack_that_would_not_open_is_not_left_behind(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path, monkeypatch
) -> None:
    from her2desk.audit import recalibration

    def refuse(path: Path) -> Pack:
        raise PackRefused("Broken.", code="pack-malformed")

    monkeypatch.setattr(recalibration, "open_pack", refuse)
    with pytest.raises(PackRefused):
        write_recalibrated(pack, enough, INTERCEPT, "2", key, tmp_path / "new.h2pack")
    assert list(tmp_path.glob("*.h2pack")) == []


def with_scores(results: LocalResults, score: Callable[[float], float]) -> LocalResults:
    return LocalResults(
        tuple(
            replace(case, answer=replace(case.answer, logit=score(case.answer.logit)))
            for case in results.cases
        )
    )


def test_a_threshold_pushed_to_certainty_is_refused(pack: Pack, enough: LocalResults) -> None:
    narrow = with_scores(enough, lambda eta: eta / 1e4)
    with pytest.raises(InputRefused) as refused:
        recalibrated(pack, narrow, BOTH, "2")
    assert refused.value.code == "threshold-lost"


def test_scores_beyond_what_a_probability_can_say_do_no_harm(pack: Pack, ward: Ward) -> None:
    far = with_scores(ward(60), lambda eta: -5000.0)
    assert np.isfinite(fit_recalibration(far, INTERCEPT).intercept)


def test_nomograms_move_with_the_submodels(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    model = pack.models.submodels[0].model
    part = NomogramPart(name="The paper's", model=model, refit_variance={})
    with_one = replace(pack, models=pack.models.model_copy(update={"nomograms": (part,)}))
    new = write_recalibrated(with_one, enough, BOTH, "2", key, tmp_path / "new.h2pack")
    assert new.models.nomograms[0].model == new.models.submodels[0].model


def test_a_pack_without_validation_patients_or_a_usual_card_is_recalibrated_too(
    pack: Pack, enough: LocalResults
) -> None:
    members = {**pack.archive.members, "card.md": b"Our pack.\n"}
    bare = replace(pack, validation=(), archive=replace(pack.archive, members=members))
    made = recalibrated(bare, enough, INTERCEPT, "2")
    assert made["validation.csv"] == members["validation.csv"]
    card = made["card.md"].decode()
    assert card.startswith("Our pack.")
    assert "## Recalibrated from version" in card


def test_branches_below_the_combined_model_come_into_the_local_world(
    pack: Pack, enough: LocalResults, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    new = write_recalibrated(pack, enough, INTERCEPT, "2", key, tmp_path / "new.h2pack")
    local = enough.positives / (enough.positives + enough.negatives)
    estimate = Estimate(0.3, 0.1, "pr", new.manifest.prevalence)

    found = branch_probabilities({"cnn": 0.3, "combined": 0.3}, estimate, new, None)
    at_20 = branch_probabilities({"cnn": 0.3, "combined": 0.3}, estimate, new, 0.2)

    trained = logit(pack.manifest.training.prevalence)
    assert found["combined"] == sigmoid(0.3), "recalibration has moved it already"
    assert found["cnn"] == pytest.approx(sigmoid(0.3 + logit(local) - trained))
    assert at_20["cnn"] == pytest.approx(sigmoid(0.3 + logit(0.2) - trained))
    assert at_20["combined"] == pytest.approx(sigmoid(0.3 + logit(0.2) - logit(local)))
