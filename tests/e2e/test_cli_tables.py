"""``her2desk evaluate`` and ``nomogram`` as processes of their own, against R's pROC and rms."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from tests.ready_processes import run_her2desk

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SCORES = json.loads((GOLDEN / "stats_goldens.json").read_text())
TEXTURES = np.array(["fine", "medium", "coarse", "very coarse"])
MODELS = json.loads((GOLDEN / "nomogram_goldens.json").read_text())["models"]


def breast_cancer() -> dict[str, np.ndarray]:
    """scikit-learn's table with the columns that tests/golden's R scripts add."""
    bunch = load_breast_cancer()
    named = {name.replace(" ", "_"): bunch.data[:, k] for k, name in enumerate(bunch.feature_names)}
    return {
        **named,
        "malignant": 1 - bunch.target,
        "large": (named["mean_radius"] > 13).astype(int),
        "dense": (named["mean_compactness"] > 0.1).astype(int),
        "texture_class": TEXTURES[np.digitize(named["mean_texture"], (15, 19, 24))],
        "symmetry_grade": np.digitize(named["mean_symmetry"], (0.16, 0.19)) + 1,
        "mean_texture_tied": np.round(named["mean_texture"] / 4),
        "minus_symmetry_error": -named["symmetry_error"],
    }


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    return breast_cancer()


@pytest.fixture(scope="module")
def table(columns: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "breast_cancer.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(columns)
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        writer.writerows([v if isinstance(v, str) else repr(v) for v in row] for row in rows)
    return path


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = run_her2desk(*arguments, "--json")
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def options(name: str, values: list[str]) -> list[str]:
    return [part for value in values for part in (name, value)]


def test_aucs_and_delongs_tests_are_those_of_proc(table: Path) -> None:
    names = list(SCORES["auc"])
    code, document = run("evaluate", str(table), "--label", "malignant", *options("--score", names))
    assert code == 0
    assert set(document) == {
        "n", "events", "auc", "delong", "hosmer_lemeshow", "brier", "net_benefit",
    }  # fmt: skip
    assert (document["n"], document["events"]) == (569, 212)
    for name, expected in SCORES["auc"].items():
        found = document["auc"][name]
        assert found["method"] == "delong"
        for ours, theirs in (("value", "auc"), ("lower", "lower"), ("upper", "upper")):
            assert found[ours] == pytest.approx(expected[theirs], abs=1e-6)
    tests = {(t["a"], t["b"]): t for t in document["delong"]}
    assert len(tests) == len(names) * (len(names) - 1) // 2
    for expected in SCORES["delong"]:
        pair = (expected["a"], expected["b"])
        sign = 1 if pair in tests else -1
        found = tests[pair if sign == 1 else pair[::-1]]
        assert sign * found["z"] == pytest.approx(expected["z"], abs=1e-6)
        assert found["p"] == pytest.approx(expected["p"], abs=1e-6)


def test_probabilities_get_calibration_and_net_benefit_and_other_scores_do_not(
    columns: dict[str, np.ndarray], tmp_path: Path
) -> None:
    positive = columns["malignant"]
    radius = columns["mean_radius"]
    p = 1 / (1 + np.exp(-1.03 * (radius - 14.9)))
    path = tmp_path / "p.csv"
    lines = [
        f"{y},{a!r},{b!r}" for y, a, b in zip(positive, p.tolist(), radius.tolist(), strict=True)
    ]
    path.write_text("\n".join(["truth,p,radius", *lines]))
    code, document = run(
        "evaluate", str(path), "--label", "truth", "--score", "p", "--score", "radius"
    )
    assert code == 0
    assert document["brier"]["p"] == pytest.approx(float(((p - positive) ** 2).mean()), abs=1e-12)
    assert document["hosmer_lemeshow"]["p"]["g"] == 10
    curve = dict(map(tuple, document["net_benefit"]["p"]))
    assert sorted(curve) == pytest.approx([k / 100 for k in range(1, 100)])
    called = p >= 0.2
    expected = (called & (positive == 1)).mean() - (called & (positive == 0)).mean() * 0.2 / 0.8
    assert curve[0.2] == pytest.approx(float(expected), abs=1e-12)
    for part in ("brier", "hosmer_lemeshow", "net_benefit"):
        assert document[part].get("radius") is None
    assert document["auc"]["p"]["value"] == pytest.approx(document["auc"]["radius"]["value"])


def test_a_low_score_that_means_positive_is_never_turned_round(table: Path) -> None:
    _, document = run("evaluate", str(table), "--label", "malignant", "--score", "symmetry_error")
    assert document["auc"]["symmetry_error"]["value"] == pytest.approx(
        1 - SCORES["auc"]["minus_symmetry_error"]["auc"], abs=1e-9
    )


def test_the_logit_interval_is_asked_for(table: Path) -> None:
    asked = ["evaluate", str(table), "--label", "malignant", "--score", "mean_radius"]
    _, document = run(*asked, "--interval", "logit")
    area = SCORES["auc"]["mean_radius"]
    found = document["auc"]["mean_radius"]
    assert found["method"] == "logit-delong"
    half = 1.959963984540054 * area["variance"] ** 0.5 / (area["auc"] * (1 - area["auc"]))
    logit = np.log(area["auc"] / (1 - area["auc"]))
    assert found["lower"] == pytest.approx(1 / (1 + np.exp(-(logit - half))), abs=1e-6)
    assert found["upper"] == pytest.approx(1 / (1 + np.exp(-(logit + half))), abs=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: "+".join(a["name"] for a in m["axes"]))
def test_a_nomogram_is_that_of_rms(table: Path, model: dict[str, Any]) -> None:
    names = [axis["name"] for axis in model["axes"]]
    grouped = ["--categorical", "symmetry_grade"] if "symmetry_grade" in names else []
    code, document = run(
        "nomogram", str(table), "--label", "malignant", *options("--feature", names), *grouped
    )
    assert code == 0
    assert document["method"] == "maximum likelihood"
    assert list(document["points"]) == names
    expected = {"intercept": model["intercept"]}
    for axis in model["axes"]:
        values, points = zip(*document["points"][axis["name"]], strict=True)
        if "levels" in axis:
            assert document["levels"][axis["name"]] == axis["levels"]
            assert list(values) == axis["values"]
            own = zip(axis["levels"][1:], axis["effects"][1:], strict=True)
            expected |= {f"{axis['name']}={level}": effect for level, effect in own}
        else:
            assert values == pytest.approx(axis["values"], abs=1e-9)
            expected[axis["name"]] = axis["coefficient"]
        assert points == pytest.approx(axis["points"], abs=1e-6)
    assert list(document["coefficients"]) == list(expected)
    assert list(document["coefficients"].values()) == pytest.approx(
        list(expected.values()), rel=1e-6
    )
    assert list(document["standard_errors"].values()) == pytest.approx(
        [row[k] ** 0.5 for k, row in enumerate(model["covariance"])], rel=1e-6
    )
    assert ("levels" in document) == any("levels" in axis for axis in model["axes"])
    shown = dict(map(tuple, document["probability"]))
    rms = model["probability"]
    common = [(p, t) for p, t in zip(rms["value"], rms["total"], strict=True) if p in shown]
    assert len(common) >= 3
    for p, total in common:  # rms interpolates this axis; ours is the exact inverse
        assert shown[p] == pytest.approx(total, abs=1e-3)


def test_standard_errors_are_those_of_glm(table: Path) -> None:
    golden = SCORES["glm"]
    code, document = run(
        "nomogram", str(table), "--label", "malignant", *options("--feature", golden["features"])
    )
    assert code == 0
    names = ["intercept", *golden["features"]]
    for k, name in enumerate(names):
        assert document["coefficients"][name] == pytest.approx(golden["coefficients"][k], rel=1e-6)
        expected = golden["covariance"][k][k] ** 0.5
        assert document["standard_errors"][name] == pytest.approx(expected, rel=1e-6)


def test_a_drawing_and_words_of_categories(table: Path, tmp_path: Path) -> None:
    picture = tmp_path / "n.svg"
    done = subprocess.run(
        [sys.executable, "-m", "her2desk", "nomogram", str(table), "--label", "malignant",
         "--feature", "texture_class", "--feature", "symmetry_grade",
         "--categorical", "symmetry_grade", "--out", str(picture)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "texture_class=very coarse: coefficient" in done.stdout
    assert "symmetry_grade: points by level: 1 0, 2 " in " ".join(done.stdout.split())
    assert picture.read_bytes().startswith(b"<?xml")


def test_a_category_that_is_no_feature_is_wrong_usage(table: Path) -> None:
    asked = ["nomogram", str(table), "--label", "malignant", "--feature", "mean_texture"]
    done = run_her2desk(*asked, "--categorical", "symmetry_grade", "--json")
    assert done.returncode == 2


def test_a_column_called_as_a_level_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{k % 2},{'ab'[k // 2 % 2]},{k % 3}" for k in range(12)]
    path.write_text("\n".join(["y,g,g=b", *rows]))
    asked = ["nomogram", str(path), "--label", "y", "--feature", "g", "--feature", "g=b"]
    code, document = run(*asked)
    assert code == 3
    assert document["error"]["code"] == "column-twice"
