"""Packs whose hashes agree and whose contents do not: refused on opening, never half-way through."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from her2desk.errors import PackRefused
from her2desk.packs.archive import read_archive, write_archive
from her2desk.packs.pack import CNN_FILE, MODELS_FILE, PCA_FILE, open_pack, trees_file
from her2desk.packs.readout_part import READOUT_FILE, SPACE_FILE
from her2desk.paths import demo_pack_path

Members = dict[str, bytes]


def edited(name: str, change: Callable[[dict], object]) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        document = json.loads(members[name])
        change(document)
        members[name] = json.dumps(document).encode()

    return apply


def manifest(change: Callable[[dict], object]) -> Callable[[Members], None]:
    return edited("manifest.json", change)


def models(change: Callable[[dict], object]) -> Callable[[Members], None]:
    return edited(MODELS_FILE, change)


def submodel(document: dict, pattern: str) -> dict:
    return next(s for s in document["submodels"] if s["pattern"] == pattern)["model"]


def with_negative_variance(document: dict) -> None:
    model = submodel(document, "pr")
    n = len(model["covariance"])
    model["covariance"] = [[-1.0 if i == j else 0.0 for j in range(n)] for i in range(n)]


def with_lopsided_covariance(document: dict) -> None:
    submodel(document, "pr")["covariance"][0][1] += 1.0


def with_inputs_that_are_not_known(document: dict) -> None:
    submodel(document, "image-only").update(submodel(document, "pr"))


def with_a_fold_too_few(document: dict) -> None:
    for point in document["operating_points"]:
        if point["pattern"] == "image-only":
            point["fold_thresholds"].pop()


def with_components_that_are_no_numbers(members: Members) -> None:
    members[PCA_FILE] = save({"mean": np.zeros(4), "components": np.full((2, 4), np.nan)})


def with_components_of_another_width(members: Members) -> None:
    members[PCA_FILE] = save({"mean": np.zeros(3), "components": np.zeros((2, 4))})


def with_components_missing(members: Members) -> None:
    members[PCA_FILE] = save({"mean": np.zeros(3)})


def rows(change: Callable[[list[str]], object]) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        lines = members["validation.csv"].decode().splitlines()
        cells = lines[1].split(",")
        change(cells)
        lines[1] = ",".join(cells)
        members["validation.csv"] = "\n".join(lines).encode() + b"\n"

    return apply


BOOSTED = {"family": "xgboost", "coefficients": []}


def trees_cut_short(members: Members) -> None:
    document = json.loads(members[MODELS_FILE])
    document["radiomics"].update(BOOSTED)
    members[MODELS_FILE] = json.dumps(document).encode()
    members[trees_file("radiomics")] = b"not an array in sight"


def a_held_out_row_with_a_fold(members: Members) -> None:
    text = members["validation.csv"].decode()
    members["validation.csv"] = text.replace(",,held-out", ",0,held-out", 1).encode()


def all_positive(members: Members) -> None:
    lines = members["validation.csv"].decode().splitlines()
    cells = [line.split(",") for line in lines]
    turned = [lines[0], *(",".join([c[0], "1", *c[2:]]) for c in cells[1:])]
    members["validation.csv"] = "\n".join(turned).encode() + b"\n"


def table(change: Callable[[list[str]], object]) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        lines = members["validation.csv"].decode().splitlines()
        change(lines)
        members["validation.csv"] = "\n".join(lines).encode() + b"\n"

    return apply


def with_a_patient_of_two_statuses(lines: list[str]) -> None:
    """The same patient in another pattern, with the other outcome."""
    patient = lines[1].split(",")[0]
    place = next(i for i in range(2, len(lines)) if lines[i].split(",")[0] == patient)
    cells = lines[place].split(",")
    cells[1] = "1" if cells[1] == "0" else "0"
    lines[place] = ",".join(cells)


@pytest.mark.parametrize(
    "forge",
    [
        manifest(lambda d: d["training"].update(patients=10**400)),
        models(lambda d: submodel(d, "pr").update(intercept=1e308)),
        table(lambda lines: lines.append(lines[1])),
        table(with_a_patient_of_two_statuses),
        rows(lambda cells: cells.__setitem__(5, "1e308")),
        rows(lambda cells: cells.__setitem__(0, "V" * 200_000)),  # beyond csv's own limit
        manifest(lambda d: d["training"].update(positive=d["training"]["patients"])),
        manifest(lambda d: d["features"].update(count=d["features"]["count"] + 1)),
        manifest(lambda d: d["operating_points"].clear()),
        manifest(with_a_fold_too_few),
        models(with_negative_variance),
        models(with_lopsided_covariance),
        models(with_inputs_that_are_not_known),
        models(lambda d: submodel(d, "pr")["coefficients"].pop()),
        models(lambda d: submodel(d, "pr")["covariance"].pop()),
        models(lambda d: d["dlr"]["inputs"].pop()),
        models(lambda d: d["radiomics"].update(BOOSTED)),  # without its trees
        models(lambda d: d["radiomics"].update(inputs=["cnn_logit"])),
        models(lambda d: d["clinical"].update(inputs=["age_years"])),
        models(lambda d: submodel(d, "image-only").update(terms=["clinical"])),
        models(lambda d: d["submodels"][0].update(refit_variance={"age_years": 1.0})),
        models(lambda d: d["submodels"][0].update(refit_variance={"dlr": -1.0})),
        trees_cut_short,
        a_held_out_row_with_a_fold,
        with_components_that_are_no_numbers,
        with_components_of_another_width,
        with_components_missing,
        rows(lambda cells: cells.__setitem__(2, "99")),
        rows(lambda cells: cells.__setitem__(1, "yes")),
        rows(lambda cells: cells.__setitem__(5, "nan")),
        lambda members: members.pop("profile.json"),
        lambda members: members.update({"manifest.json": b"[]"}),
    ],
)
def test_contents_that_do_not_agree_are_refused_on_opening(tmp_path: Path, forge) -> None:
    members = dict(read_archive(demo_pack_path()).members)
    forge(members)
    write_archive(tmp_path / "forged.h2pack", members)
    with pytest.raises(PackRefused) as refused:
        open_pack(tmp_path / "forged.h2pack")
    assert refused.value.code == "pack-malformed"
    assert refused.value.remedy.text()


def without_table(members: Members) -> None:
    """Nothing is then said of patients either: neighbours and pictures are of the table's."""
    for name in [n for n in members if n.startswith("preview/")]:
        del members[name]
    for name in ("validation.csv", READOUT_FILE, SPACE_FILE):
        members.pop(name, None)


@pytest.mark.parametrize("change", [all_positive, without_table])
def test_a_table_that_counts_too_little_is_opened_for_a_readout_that_says_less(
    tmp_path: Path, change
) -> None:
    members = dict(read_archive(demo_pack_path()).members)
    change(members)
    write_archive(tmp_path / "poor.h2pack", members)
    pack = open_pack(tmp_path / "poor.h2pack")
    assert not any(not row.positive for row in pack.validation)
    assert pack.operating_points("image-only")


def test_weights_that_are_no_numbers_are_refused_before_a_network_uses_them(tmp_path: Path) -> None:
    members = dict(read_archive(demo_pack_path()).members)
    weights = load(members[CNN_FILE])
    name = next(n for n, values in sorted(weights.items()) if values.dtype == np.float32)
    weights[name] = np.full_like(weights[name], np.nan)
    members[CNN_FILE] = save(weights)
    write_archive(tmp_path / "forged.h2pack", members)
    pack = open_pack(tmp_path / "forged.h2pack")
    with pytest.raises(PackRefused, match=r"cnn\.safetensors"):
        pack.network_weights()
