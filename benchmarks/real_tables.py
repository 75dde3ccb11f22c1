"""Real HER-2 status from public clinical tables: ``python -m benchmarks.real_tables OUT``.

METABRIC (cBioPortal), Duke-Breast-Cancer-MRI and TCGA-BRCA, women only. HER-2 is what the tables say;
TCGA's is worked out from IHC and FISH by the product's own rule. Predictors are those of the paper that
the tables have: PR, ER, age, lymph nodes, menopause. OUT receives two CSV files a table (complete
cases, and the held-out scores), on which ``her2desk evaluate`` and ``her2desk nomogram`` are run; one
JSON document with all figures is printed.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.model_selection import StratifiedKFold, train_test_split

from benchmarks.public_data import data_folder, sheet_rows, text_rows
from her2desk.domain.clinical import Pathology
from her2desk.stats.association import OddsRatio, associate
from her2desk.stats.auc import Auc, auc
from her2desk.stats.cross_validation import nadeau_bengio
from her2desk.stats.logistic import fit_logistic
from her2desk.training.fold_pipeline import FoldPipeline, Layout

Matrix = NDArray[np.float64]
Rows = list[dict[str, str]]
Read = Callable[[dict[str, str]], float | None]

COLUMNS = ("pr", "er", "age_years", "lymph_node_metastasis", "postmenopausal")
MODELS: Mapping[str, tuple[str, ...]] = {
    "pr": ("pr",),
    "pr_er": ("pr", "er"),
    "all": COLUMNS,
}
LABEL = "her2"
SEED = 0
FOLDS, REPEATS, HELD_OUT = 5, 4, 0.3
DAYS_IN_A_YEAR = 365.25
POSITIVE = {"Positive": 1.0, "Negative": 0.0}
CODED = {"0": 0.0, "1": 1.0}
FISH = {"Positive": "amplified", "Negative": "not amplified"}


@dataclass(frozen=True)
class ClinicalTable:
    """One public table: columns (n,) by name, NaN where not known, and HER-2 status (n,)."""

    columns: Mapping[str, Matrix]
    labels: NDArray[np.bool_]
    unknown: int

    @property
    def complete(self) -> "ClinicalTable":
        """The patients of whom every column is known."""
        known = np.all([np.isfinite(c) for c in self.columns.values()], axis=0)
        columns = {name: column[known] for name, column in self.columns.items()}
        return ClinicalTable(columns, self.labels[known], self.unknown)

    def matrix(self, names: Sequence[str]) -> Matrix:
        """(n, names)."""
        return np.column_stack([self.columns[name] for name in names])


def metabric(folder: Path) -> ClinicalTable:
    """METABRIC by its own status columns."""
    menopause = {"Post": 1.0, "Pre": 0.0}
    return _table(
        text_rows(folder / "metabric_clinical.tsv", "\t"),
        lambda row: POSITIVE.get(row["HER2 Status"]),
        {
            "pr": lambda row: POSITIVE.get(row["PR Status"]),
            "er": lambda row: POSITIVE.get(row["ER Status"]),
            "age_years": lambda row: _number(row["Age at Diagnosis"]),
            "lymph_node_metastasis": lambda row: _above_0(row["Lymph nodes examined positive"]),
            "postmenopausal": lambda row: menopause.get(row["Inferred Menopausal State"]),
        },
    )


def duke(folder: Path) -> ClinicalTable:
    """Duke's coded columns; nodes by N stage, with -1 for NX."""
    rows = sheet_rows(folder / "duke_breast_mri_clinical.xlsx", header=2, sheet="Data")
    days = "Date of Birth (Days)"
    return _table(
        [row for row in rows if row["Patient ID"]],  # the line below the header gives the codes
        lambda row: CODED.get(row["HER2"]),
        {
            "pr": lambda row: CODED.get(row["PR"]),
            "er": lambda row: CODED.get(row["ER"]),
            "age_years": lambda row: (
                None if (born := _number(row[days])) is None else -born / DAYS_IN_A_YEAR
            ),
            "lymph_node_metastasis": lambda row: _above_0(
                row["Staging(Nodes)#(Nx replaced by -1)[N]"]
            ),
            "postmenopausal": lambda row: CODED.get(row["Menopause (at diagnosis)"]),
        },
    )


def tcga(folder: Path) -> ClinicalTable:
    """TCGA-BRCA; HER-2 by IHC score and FISH, by the stated status where there is no score."""
    rows = text_rows(folder / "tcga_brca_clinical_patient.txt", "\t")[2:]  # two lines of codes
    return _table(
        [row for row in rows if row["gender"] == "FEMALE"],
        tcga_her2,
        {
            "pr": lambda row: POSITIVE.get(row["pr_status_by_ihc"]),
            "er": lambda row: POSITIVE.get(row["er_status_by_ihc"]),
            "age_years": lambda row: _number(row["age_at_diagnosis"]),
            "lymph_node_metastasis": lambda row: _nodes(row["ajcc_nodes_pathologic_pn"]),
            "postmenopausal": lambda row: _menopause(row["menopause_status"]),
        },
    )


def tcga_her2(row: dict[str, str]) -> float | None:
    """IHC 0, 1+ negative, 3+ positive, 2+ by FISH; without a score the status, equivocal by FISH."""
    fish = FISH.get(row["her2_fish_status"])
    score = row["her2_ihc_score"]
    if not score.startswith("["):
        positive = Pathology(score, fish).her2_positive
        return None if positive is None else float(positive)
    status = row["her2_status_by_ihc"]
    if status in POSITIVE:
        return POSITIVE[status]
    return None if fish is None else float(fish == "amplified")


TABLES: Mapping[str, Callable[[Path], ClinicalTable]] = {
    "metabric": metabric,
    "duke": duke,
    "tcga": tcga,
}


def _table(rows: Rows, status: Read, columns: Mapping[str, Read]) -> ClinicalTable:
    known = [row for row in rows if status(row) is not None]
    values = {name: np.array([_or_nan(read(r)) for r in known]) for name, read in columns.items()}
    labels = np.array([status(row) == 1 for row in known])
    return ClinicalTable(values, labels, len(rows) - len(known))


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _above_0(text: str) -> float | None:
    value = _number(text)
    return None if value is None or value < 0 else float(value > 0)


def _nodes(stage: str) -> float | None:
    """pN0 in all its forms is 0; isolated tumour cells and molecular findings are not metastases."""
    return None if not stage.startswith("N") or stage == "NX" else float(stage[1] != "0")


def _menopause(text: str) -> float | None:
    """Perimenopause is neither."""
    return {"Post": 1.0, "Pre": 0.0}.get(text.partition(" ")[0])


def odds_ratios(table: ClinicalTable) -> dict[str, Any]:
    """Each column alone, and in the stepwise model, on the patients who have it."""
    found = associate(dict(table.columns), table.labels)
    return {
        row.name: {
            "n": row.n,
            "alone": _ratio(row.univariable),
            "stepwise": None if row.multivariable is None else _ratio(row.multivariable),
        }
        for row in found.rows
    }


def cross_validated(table: ClinicalTable, names: Sequence[str], families: bool) -> dict[str, Any]:
    """Mean of within-fold AUCs with the interval of Nadeau and Bengio (V13)."""
    x, areas = table.matrix(names), []
    repeats = 1 if families else REPEATS
    for repeat in range(repeats):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED + repeat)
        for train, test in folds.split(x, table.labels):
            if families:
                pipeline = FoldPipeline(Layout(0, 0, len(names)), grid="quick", seed=SEED)
                scores = pipeline.fit(x[train], table.labels[train]).score(x[test])
            else:
                scores = _logit(x[train], table.labels[train], x[test])
            areas.append(auc(table.labels[test], scores).value)
    n = len(table.labels)
    return {**asdict(nadeau_bengio(areas, n * (1 - 1 / FOLDS), n / FOLDS)), "folds": len(areas)}


def held_out(table: ClinicalTable) -> tuple[dict[str, Matrix], NDArray[np.bool_]]:
    """Probabilities by model of the 30 % held out, and their status."""
    train, test = train_test_split(
        np.arange(len(table.labels)), test_size=HELD_OUT, stratify=table.labels, random_state=SEED
    )
    scores = {
        model: expit(_logit(x[train], table.labels[train], x[test]))
        for model, names in MODELS.items()
        for x in (table.matrix(names),)
    }
    return scores, table.labels[test]


def _logit(x: Matrix, labels: NDArray[np.bool_], asked: Matrix) -> Matrix:
    beta = fit_logistic(x, labels).coefficients
    return np.asarray(beta[0] + asked @ beta[1:])


def _ratio(ratio: OddsRatio) -> dict[str, float]:
    return {"value": ratio.value, "lower": ratio.lower, "upper": ratio.upper, "p": ratio.p}


def _area(area: Auc) -> dict[str, float | str]:
    return {"value": area.value, "lower": area.lower, "upper": area.upper, "method": area.method}


def figures(name: str, table: ClinicalTable, out: Path) -> dict[str, Any]:
    """All figures of one table; its files and those of the command line go to ``out``."""
    complete = table.complete
    scores, status = held_out(complete)
    _write(out / f"{name}.csv", complete.columns, complete.labels)
    _write(out / f"{name}-held-out.csv", scores, status)
    areas = {model: _area(auc(status, values)) for model, values in scores.items()}
    asked = [word for model in MODELS for word in ("--score", model)]
    evaluated = _command(
        "evaluate", out / f"{name}-held-out.csv", "--label", LABEL, "--interval", "logit", *asked
    )
    if any(evaluated["auc"][m]["value"] != area["value"] for m, area in areas.items()):
        raise AssertionError(f"{name}: the command line gives another AUC")
    features = [word for column in COLUMNS for word in ("--feature", column)]
    drawn = _command(
        "nomogram", out / f"{name}.csv", "--label", LABEL, *features, "--out", out / f"{name}.svg"
    )
    return {
        "patients": len(table.labels),
        "her2_positive": int(table.labels.sum()),
        "her2_unknown": table.unknown,
        "complete": len(complete.labels),
        "complete_positive": int(complete.labels.sum()),
        "odds_ratios": odds_ratios(table),
        "cross_validated": {
            **{model: cross_validated(complete, names, False) for model, names in MODELS.items()},
            "five_families": cross_validated(complete, COLUMNS, True),
        },
        "held_out": {"n": len(status), "positive": int(status.sum()), "auc": areas},
        "held_out_delong": evaluated["delong"],
        "held_out_brier": evaluated["brier"],
        "nomogram": {key: drawn[key] for key in ("n", "events", "method", "coefficients")},
    }


def external(tables: Mapping[str, ClinicalTable]) -> dict[str, Any]:
    """The model of all columns fitted on one whole table and asked about each other one."""
    found = {}
    for fitted, own in tables.items():
        beta = fit_logistic(own.complete.matrix(COLUMNS), own.complete.labels).coefficients
        for name, other in tables.items():
            if name != fitted:
                scores = beta[0] + other.complete.matrix(COLUMNS) @ beta[1:]
                found[f"{fitted} → {name}"] = _area(auc(other.complete.labels, scores))
    return found


def _write(path: Path, columns: Mapping[str, Matrix], labels: NDArray[np.bool_]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([LABEL, *columns])
        for label, *values in zip(labels, *columns.values(), strict=True):
            table.writerow([int(label), *(repr(float(v)) for v in values)])


def _command(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "her2desk", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def main() -> None:
    """Work out and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder outside the project")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    folder = data_folder() / "tables"
    tables = {name: read(folder) for name, read in TABLES.items()}
    document = {name: figures(name, table, out) for name, table in tables.items()}
    print(json.dumps({**document, "external": external(tables)}, indent=1))


if __name__ == "__main__":
    main()
