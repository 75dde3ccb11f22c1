"""The options of ``her2desk train``: one for each field of ``TrainRequest``, in one table."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import typer

from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.paths import ENHANCER_SUFFIX
from her2desk.texts import Message, msg, tr
from her2desk.training.request import (
    ENHANCEMENTS,
    FAMILIES,
    CombinedKind,
    DlrKind,
    Indeterminate,
    Moment,
    SplitKind,
    TrainRequest,
)

NOTHING = "none"
BETWEEN = ","
DEFAULTS = TrainRequest(Path(), Path())


@dataclass(frozen=True)
class TrainOption:
    """An option by the field it sets; ``choices`` are the words it may hold, () for any.

    ``kind`` is what it is on the command line. A list is words divided by commas. Beside the choices
    it may name a file that ends in ``suffix``.
    """

    field: str
    flag: str
    kind: Any
    help: Message
    choices: tuple[str, ...] = ()
    is_list: bool = False
    lower: float | None = None
    upper: float | None = None
    suffix: str | None = None

    def parameter(self) -> inspect.Parameter:
        """The option as typer reads it from a command's signature."""
        default = getattr(DEFAULTS, self.field)
        if isinstance(default, tuple):
            default = BETWEEN.join(str(part) for part in default)
        option = typer.Option(
            default, self.flag, help=self.help.text(), min=self.lower, max=self.upper
        )
        return inspect.Parameter(
            self.field, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=self.kind
        )

    def value(self, given: Any) -> Any:
        """The field's value; raises ``typer.BadParameter`` for a word that is no choice."""
        if self.field == "decision_range":
            return _range(self.flag, given)
        if self.field == "robustness_cases" and given == 1:
            raise typer.BadParameter(
                tr("{flag} takes 0 or at least 2: agreement needs two cases.").format(
                    flag=self.flag
                )
            )
        if given is None or not (self.is_list or self.choices) or self._is_file(given):
            return given
        words = tuple(word.strip() for word in given.split(BETWEEN)) if self.is_list else (given,)
        if self.field == "inputs" and words == (NOTHING,):
            return ()
        unknown = [
            word for word in words if not word or (self.choices and word not in self.choices)
        ]
        if unknown or len(set(words)) < len(words):
            raise typer.BadParameter(
                tr("{flag} does not take {given}; it takes: {choices}.").format(
                    flag=self.flag, given=given, choices=", ".join(self._what_it_takes())
                )
                if self.choices
                else tr("{flag} names each thing once, with commas between.").format(flag=self.flag)
            )
        return words if self.is_list else given

    def _is_file(self, given: str) -> bool:
        return self.suffix is not None and Path(given).suffix == self.suffix

    def _what_it_takes(self) -> tuple[str, ...]:
        return self.choices if self.suffix is None else (*self.choices, f"NAME{self.suffix}")


OPTIONS = (
    TrainOption(
        "profile", "--profile", str,
        msg("Feature profile: us-2d, us-2d-px, onekey-1561, or a profile's JSON file."),
    ),
    TrainOption(
        "enhance", "--enhance", str,
        msg(
            "Enlarge every image before it is measured: none, lanczos-2, lanczos-4, phantom-gan, or an "
            "enhancer's file, NAME.h2enhancer."
        ),
        ENHANCEMENTS, suffix=ENHANCER_SUFFIX,
    ),
    TrainOption(
        "networks", "--networks", str,
        msg("Networks to try, with commas between; the choice is made inside each fold."),
        is_list=True,
    ),
    TrainOption(
        "families", "--families", str,
        msg("Model families to try: logistic, random-forest, extra-trees, xgboost, lightgbm."),
        FAMILIES, is_list=True,
    ),
    TrainOption(
        "inputs", "--inputs", str | None,
        msg("Clinical inputs, such as pr,age_years, or none (all that may be used, if not given)."),
        tuple(FIELDS_BY_NAME), is_list=True,
    ),
    TrainOption(
        "moment", "--moment", str,
        msg("When the pack predicts: before-biopsy or after-biopsy."), get_args(Moment),
    ),
    TrainOption(
        "dlr", "--dlr", str,
        msg("How the network enters DLR: crossfit, frozen or paper."), get_args(DlrKind),
    ),
    TrainOption(
        "combined", "--combined", str,
        msg("What the combined model takes beside DLR: inputs or clinical-signature."),
        get_args(CombinedKind),
    ),
    TrainOption(
        "split", "--split", str,
        msg("Held-out patients: random, column (split in cohort.csv) or none."), get_args(SplitKind),
    ),
    TrainOption(
        "held_out", "--held-out", float,
        msg("Share of patients held out by a random split."), lower=0.05, upper=0.9,
    ),
    TrainOption(
        "leave_one_site_out", "--leave-one-site-out", bool,
        msg("Also leave out each site in turn."),
    ),
    TrainOption(
        "seed", "--seed", int | None,
        msg("Seed of every random choice (from the cohort's content, if not given)."), lower=0,
    ),
    TrainOption("outer_folds", "--outer-folds", int, msg("Outer folds."), lower=2, upper=20),
    TrainOption("inner_folds", "--inner-folds", int, msg("Inner folds."), lower=2, upper=20),
    TrainOption(
        "repeats", "--repeats", int,
        msg("Repeats of the cross-validation; below 4 the interval is too narrow."), lower=1, upper=50,
    ),
    TrainOption(
        "epochs", "--epochs", int, msg("Most epochs that a network is trained."), lower=1, upper=1000,
    ),
    TrainOption(
        "input_size_px", "--input-size-px", int | None,
        msg("Side of the network's input (112 for the small network, 224 else)."), lower=32, upper=512,
    ),
    TrainOption(
        "weights", "--weights", str | None,
        msg("Initial weights: a file, or package for those of efficientnet-lite0."),
    ),
    TrainOption(
        "indeterminate", "--indeterminate", str,
        msg(
            "When no call is made: interval (it lies across the threshold), or conformal (40 patients "
            "of each class needed)."
        ),
        get_args(Indeterminate),
    ),
    TrainOption(
        "thumbnails", "--thumbnails", bool,
        msg(
            "Put a small picture of each patient's lesion into the pack, for whoever gets the pack to "
            "see. Only with permission of the images' owner."
        ),
    ),
    TrainOption(
        "robustness_cases", "--robustness-cases", int,
        msg("Cases whose outline is jittered to see how features bear it; 0 for none."),
        lower=0, upper=1000,
    ),
    TrainOption("jobs", "--jobs", int, msg("How many processes work."), lower=1, upper=256),
    TrainOption(
        "scheduler", "--scheduler", str | None,
        msg("Measure features on the workers of this Dask scheduler, such as tcp://HOST:8786."),
    ),
    TrainOption("device", "--device", str, msg("auto, cpu, cuda or mps.")),
    TrainOption(
        "work", "--work", Path | None,
        msg("Folder that keeps finished networks, so that a stopped run can go on."),
    ),
    TrainOption("name", "--name", str | None, msg("The pack's name.")),
    TrainOption("version", "--pack-version", str, msg("The pack's version.")),
    TrainOption("intended_use", "--intended-use", str, msg("What the pack is for.")),
    TrainOption("decision", "--decision", str, msg("Which decision it helps with.")),
    TrainOption(
        "decision_range", "--decision-range", str,
        msg("Probabilities at which it may be taken, such as 0.1,0.5, or none: for net benefit."),
    ),
    TrainOption("licence", "--licence", str, msg("Under which licence it may be used.")),
    TrainOption("population", "--population", str | None, msg("Who the patients are, in a sentence.")),
    TrainOption("demo", "--demo", bool, msg("Mark the pack as a demonstration.")),
)  # fmt: skip


def _range(flag: str, given: str) -> tuple[float, float] | None:
    if given == NOTHING:
        return None
    try:
        lower, upper = (float(part) for part in given.split(BETWEEN))
    except ValueError:
        lower, upper = 1.0, 0.0
    if not 0 < lower < upper < 1:
        raise typer.BadParameter(
            tr("{flag} takes two probabilities, such as 0.1,0.5, or none.").format(flag=flag)
        )
    return lower, upper


def request_of(cohort: Path, out: Path, given: Mapping[str, Any]) -> TrainRequest:
    """The request that the options make; raises ``typer.BadParameter`` naming a wrong one."""
    values = {option.field: option.value(given[option.field]) for option in OPTIONS}
    return TrainRequest(cohort, out, **values)
