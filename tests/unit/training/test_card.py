"""The model card says what the pack's own rows say, for every pattern and operating point."""

import dataclasses

import pytest

from her2desk.packs.manifest import TrainingPopulation
from her2desk.packs.pack import open_pack
from her2desk.training.build import BRANCH_NAMES, write_pack
from her2desk.training.card import model_card
from her2desk.training.demo import INTENT

POPULATION = TrainingPopulation(
    description="a test", patients=150, positive=50, cohort_sha256="0" * 64
)


@pytest.fixture
def pack(fitted, plan, tmp_path):
    write_pack(tmp_path / "a.h2pack", fitted, plan, INTENT, POPULATION, 7)
    return open_pack(tmp_path / "a.h2pack")


def tables(card: str) -> list[list[str]]:
    """The cells of every table row below a head."""
    rows = [line.strip("| ").split(" | ") for line in card.splitlines() if line.startswith("| ")]
    return [row for row in rows if row[0] not in ("branch", "known inputs")]


def test_every_confusion_adds_up_to_the_cohort(pack):
    confusions = [row for row in tables(pack.card) if len(row) == 7]
    assert len(confusions) == 6  # two patterns, three operating points
    for _, _, tp, fp, tn, fn, patients in confusions:
        assert int(tp) + int(fp) + int(tn) + int(fn) == int(patients) == 150
        assert int(tp) + int(fn) == 50


def test_every_branch_has_its_auc_with_an_interval(pack):
    aucs = {row[0]: row[1:] for row in tables(pack.card) if len(row) == 3}
    assert tuple(aucs) == BRANCH_NAMES
    for value, interval in aucs.values():
        lower, upper = interval.split("–")
        assert 0 <= float(lower) <= float(value) <= float(upper) <= 1


def test_the_card_says_what_the_pack_is_for(pack):
    for said in (
        INTENT.intended_use,
        INTENT.moment_of_prediction,
        INTENT.decision,
        INTENT.licence,
        "150 patients, 50 HER-2 positive",
        "crossfit",
    ):
        assert said in pack.card
    assert pack.card.startswith("# Phantom demo 1.0 — DEMO\n")


def test_a_pack_of_patients_is_no_demo(pack):
    manifest = pack.manifest.model_copy(update={"demo": False})
    assert "DEMO" not in model_card(manifest, pack.validation)


def test_other_rows_give_another_card(pack):
    turned = [dataclasses.replace(r, logit=-r.logit) for r in pack.validation]
    assert model_card(pack.manifest, turned) != pack.card
