"""Whether an enhancement helps models of images: ``python -m benchmarks.enhancement_effect OUT``.

Simulated patients with a planted signal and BrEaST (benign against malignant), each in the same stratified
folds for every arm: no enhancement, Lanczos ×4, the generator that learnt from pixels alone, and the same
after its steps against a discriminator. Generators are trained inside the fold, on its training patients
alone (validity rule V3). In the setting "lowered" a picture is first degraded as declared and then brought
back, so that its original is known; "as-used" enlarges the picture itself, as a pack does.

Radiomics is a small profile in the enhanced picture's pixels, selection and logistic model inside the
fold; DLR adds the principal components of what a frozen network (weights of the package) makes of the
crop. The AUC is the mean over folds (V13). OUT keeps what is measured, so that a run that was stopped goes
on; ``--table`` prints the Markdown of what is there. ``--data`` and ``--setting`` choose a part.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.model_selection import StratifiedKFold

from benchmarks.enhancement_arms import LEARNT, Enlarge, lanczos, sample, trained
from benchmarks.enhancement_cases import (
    SETTINGS,
    Case,
    Reader,
    Setting,
    Sights,
    View,
    breast,
    measured,
    phantoms,
    profile,
)
from benchmarks.paired_folds import compared, within_folds
from her2desk.radiomics.extract import all_names
from her2desk.stats.cross_validation import nadeau_bengio
from her2desk.stats.icc import icc_a1
from her2desk.training.enhancer_phases import LossWeights
from her2desk.training.enhancer_training import EnhancerPlan
from her2desk.training.fold_pipeline import FoldPipeline, Layout

Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]
Measured = Mapping[str, Matrix]

SEED, FOLDS = 11, 3
PATIENTS, PHANTOM_SEED, SIGNAL = 160, 6000, 0.8
PLAN = EnhancerPlan(
    l1_steps=600,
    adversarial_steps=400,
    batch=8,
    discriminator_width=16,
    weights=LossWeights(1.0, adversarial=0.002, features=0.05),
)
DATA: Mapping[str, Callable[[], list[Case]]] = {
    "phantoms": lambda: phantoms(PATIENTS, PHANTOM_SEED, SIGNAL, PLAN.degradation.scale),
    "breast": lambda: breast(PLAN.degradation.scale),
}
ORIGINAL, NONE, LANCZOS = "original", "none", "lanczos"
ARMS = (NONE, LANCZOS, *LEARNT)
MODELS = ("radiomics", "dlr")
COMPARED = (("lanczos", "none"), ("l1", "none"), ("gan", "none"), ("l1", "lanczos"),
            ("gan", "lanczos"), ("gan", "l1"))  # fmt: skip
RELIABLE = 0.75  # of the lower bound of an ICC
SHAPE = "_shape2D_"


def folds_of(cases: Sequence[Case]) -> list[tuple[Rows, Rows]]:
    """Training and test rows of each fold."""
    labels = np.array([case.positive for case in cases])
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    return list(splitter.split(labels, labels))


def measure(name: str, setting: Setting, out: Path) -> None:
    """Everything of one data set in one setting, each arm and fold kept as it is done."""
    cases = DATA[name]()
    ways = _Ways(setting, [Sights.of(case, setting, PLAN.degradation) for case in cases], Reader())
    folder = out / name / setting
    folder.mkdir(parents=True, exist_ok=True)
    _keep(folder / f"{NONE}.npz", lambda: ways.measured(Sights.plain))
    if setting == "lowered":
        _keep(folder / f"{ORIGINAL}.npz", lambda: ways.measured(Sights.original))
    _keep(folder / f"{LANCZOS}.npz", lambda: ways.enhanced(lanczos(PLAN.degradation.scale)))
    for fold, (rows, _) in enumerate(folds_of(cases)):
        if all((folder / f"{arm}-{fold}.npz").exists() for arm in LEARNT):
            continue
        own = [sample(cases[i].pixels, cases[i].patient) for i in rows]
        arms = trained(own, PLAN, SEED + fold, out / name / f"generator-{fold}")
        for arm, enlarge in arms.items():
            _keep(folder / f"{arm}-{fold}.npz", partial(ways.enhanced, enlarge))


@dataclass(frozen=True)
class _Ways:
    """All cases of a data set in one setting, and how they are measured."""

    setting: Setting
    every: Sequence[Sights]
    reader: Reader

    def measured(self, view: Callable[[Sights], View]) -> Measured:
        """The cases in one view each."""
        return measured(map(view, self.every), profile(self.setting), self.reader)

    def enhanced(self, enlarge: Enlarge) -> Measured:
        """The cases enhanced, and how like their originals they are where those are known."""
        likeness: list[tuple[float, float]] = []

        def seen(sights: Sights) -> View:
            view = sights.enhanced(enlarge)
            if sights.true is not None:
                likeness.append(_likeness(view, sights.original()))
            return view

        found = self.measured(seen)
        return {**found, "likeness": np.array(likeness)} if likeness else found


def _likeness(view: View, original: View) -> tuple[float, float]:
    """PSNR (dB) and SSIM of a crop."""
    box = original.box
    true = original.pixels[box.y0 : box.y1, box.x0 : box.x1]
    return (
        float(peak_signal_noise_ratio(true, view.pixels, data_range=255)),
        float(structural_similarity(true, view.pixels, data_range=255)),
    )


def _keep(path: Path, work: Callable[[], Measured]) -> None:
    if path.exists():
        return
    started = time.perf_counter()
    found = work()
    np.savez(path, **found)  # type: ignore[arg-type]
    print(f"{path}: {time.perf_counter() - started:.0f} s", flush=True)


def read(folder: Path, arm: str, fold: int) -> Measured:
    """What was measured in an arm by the enhancer of a fold."""
    own = folder / f"{arm}-{fold}.npz"
    with np.load(own if own.exists() else folder / f"{arm}.npz") as file:
        return {name: file[name] for name in file.files}


def analysed(name: str, setting: Setting, out: Path) -> dict[str, Any]:
    """Every figure of one data set in one setting."""
    cases = DATA[name]()
    labels = np.array([case.positive for case in cases])
    folds = folds_of(cases)
    number = np.zeros(len(labels), dtype=np.intp)
    for fold, (_, rows) in enumerate(folds):
        number[rows] = fold
    folder = out / name / setting
    arms = (ORIGINAL, *ARMS) if setting == "lowered" else ARMS
    kept = {arm: [read(folder, arm, fold) for fold in range(FOLDS)] for arm in arms}
    scores = {
        model: {arm: _scores(kept[arm], labels, folds, model) for arm in arms} for model in MODELS
    }
    return {
        "patients": len(labels),
        "positive": int(labels.sum()),
        "auc": {
            model: {arm: _area(labels, own, number) for arm, own in by_arm.items()}
            for model, by_arm in scores.items()
        },
        "differences": {
            model: {
                f"{a} − {b}": compared(labels, by_arm[a], by_arm[b], number, SEED)
                for a, b in COMPARED
            }
            for model, by_arm in scores.items()
        },
        "icc": _agreement(kept, all_names(profile(setting)), number),
        "likeness": {
            arm: _out_of_fold(kept[arm], "likeness", number).mean(axis=0).tolist()
            for arm in arms
            if "likeness" in kept[arm][0]
        },
    }


def _scores(
    kept: Sequence[Measured],
    labels: NDArray[np.bool_],
    folds: Sequence[tuple[Rows, Rows]],
    model: str,
) -> Matrix:
    """Out-of-fold log-odds (patients,): selection, components and penalty inside each fold."""
    found = np.empty(len(labels))
    for fold, (own, asked) in enumerate(folds):
        features, network = kept[fold]["features"], kept[fold]["network"]
        features = features[:, np.isfinite(features).all(axis=0)]
        values, layout = features, Layout(features.shape[1])
        if model == "dlr":
            values = np.column_stack([features, network])
            layout = Layout(features.shape[1], network.shape[1])
        pipeline = FoldPipeline(layout, families=("logistic",), seed=SEED + fold)
        found[asked] = pipeline.fit(values[own], labels[own]).score(values[asked])
    return found


def _area(labels: NDArray[np.bool_], scores: Matrix, number: Rows) -> dict[str, float]:
    areas = within_folds(labels, scores, number)
    n = len(labels)
    mean = nadeau_bengio(areas, n * (1 - 1 / FOLDS), n / FOLDS)
    return {"value": mean.value, "lower": mean.lower, "upper": mean.upper}


def _out_of_fold(kept: Sequence[Measured], what: str, number: Rows) -> Matrix:
    """Each patient as the enhancer of the fold measures it that has not learnt from her."""
    found: Matrix = kept[0][what].copy()
    for fold, own in enumerate(kept):
        found[number == fold] = own[what][number == fold]
    return found


def _agreement(
    kept: Mapping[str, Sequence[Measured]], names: Sequence[str], number: Rows
) -> dict[str, dict[str, float]]:
    """ICC(A,1) of each feature with that of the picture itself, the first arm; shape left out."""
    is_asked = np.array([SHAPE not in name for name in names])
    reference = next(iter(kept))
    true = _out_of_fold(kept[reference], "features", number)[:, is_asked]
    found = {}
    for arm in kept:
        if arm != reference:
            own = _out_of_fold(kept[arm], "features", number)[:, is_asked]
            both = np.stack([true, own], axis=-1).transpose(1, 0, 2)
            usable = np.isfinite(both).all(axis=(1, 2)) & (np.ptp(both[..., 0], axis=1) > 0)
            icc = icc_a1(both[usable])
            found[arm] = {
                "features": int(usable.sum()),
                "reliable": int((icc.lower >= RELIABLE).sum()),
                "median": float(np.nanmedian(icc.value)),
            }
    return found


def table(document: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    lines: list[str] = []
    for part, own in document.items():
        lines += [f"**{part}**: {own['patients']} patients, {own['positive']} positive.", ""]
        lines += [
            "| arm | AUC, radiomics | AUC, DLR | features with ICC ≥ 0.75 | median ICC | PSNR, SSIM |"
        ]
        lines += ["|---|---|---|---|---|---|"]
        for arm in own["auc"]["radiomics"]:
            areas = [_figure(own["auc"][model][arm]) for model in MODELS]
            icc = own["icc"].get(arm)
            agreement = (
                f"{icc['reliable']} of {icc['features']} | {icc['median']:.2f}" if icc else "– | –"
            )
            like = own["likeness"].get(arm)
            lines.append(
                f"| {arm} | {areas[0]} | {areas[1]} | {agreement} | "
                + (f"{like[0]:.2f} dB, {like[1]:.3f} |" if like else "– |")
            )
        lines += ["", "| difference of AUC | radiomics | p | DLR | p |", "|---|---|---|---|---|"]
        for pair in own["differences"]["radiomics"]:
            cells = [
                f"{_figure(found, sign='+')} | {found['p']:.2f}"
                for found in (own["differences"][model][pair] for model in MODELS)
            ]
            lines.append(f"| {pair} | {cells[0]} | {cells[1]} |")
        lines.append("")
    return "\n".join(lines)


def _figure(found: Mapping[str, float], sign: str = "") -> str:
    value, lower, upper = (f"{found[key]:{sign}.3f}" for key in ("value", "lower", "upper"))
    return f"{value} ({lower} to {upper})".replace("-", "−")


def main() -> None:
    """Measure what is missing, work out, write ``effect.json``, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder outside the project")
    parser.add_argument("--data", choices=DATA, action="append")
    parser.add_argument("--setting", choices=SETTINGS, action="append")
    parser.add_argument("--table", action="store_true", help="print what is there as Markdown")
    given = parser.parse_args()
    torch.set_num_threads(1)
    path = given.out / "effect.json"
    document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if given.table:
        print(table(document))
        return
    for setting in given.setting or SETTINGS:
        for name in given.data or DATA:
            measure(name, setting, given.out)
            document[f"{name}, {setting}"] = analysed(name, setting, given.out)
            path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
