"""What is asked of ``her2desk train``, as arguments; the same request gives the same command."""

from collections.abc import Sequence
from pathlib import Path

from her2desk.training.request import TrainRequest

NOTHING = "none"


def check_arguments(cohort: Path) -> list[str]:
    """Arguments that look at a cohort and train nothing."""
    return ["train", str(cohort), "--check", "--json", "--progress", "json"]


def train_arguments(request: TrainRequest) -> list[str]:
    """Arguments of one training, every choice spelled out; None leaves one to the builder."""
    arguments = ["train", str(request.cohort), "--out", str(request.out)]
    arguments += ["--json", "--progress", "json"]
    choices: list[tuple[str, object]] = [
        ("--name", request.name),
        ("--population", request.population),
        ("--decision", request.decision),
        ("--decision-range", _range(request.decision_range)),
        ("--profile", request.profile),
        ("--enhance", request.enhance),
        ("--networks", _listed(request.networks)),
        ("--families", _listed(request.families)),
        ("--inputs", None if request.inputs is None else _listed(request.inputs) or NOTHING),
        ("--moment", request.moment),
        ("--dlr", request.dlr),
        ("--combined", request.combined),
        ("--split", request.split),
        ("--held-out", f"{request.held_out:g}"),
        ("--seed", request.seed),
        ("--repeats", request.repeats),
        ("--epochs", request.epochs),
        ("--jobs", request.jobs),
        ("--weights", request.weights),
        ("--indeterminate", request.indeterminate),
    ]
    for name, value in choices:
        if value is not None:
            arguments += [name, str(value)]
    return [*arguments, "--thumbnails"] if request.thumbnails else arguments


def _listed(names: Sequence[str]) -> str:
    return ",".join(names)


def _range(limits: tuple[float, float] | None) -> str:
    return NOTHING if limits is None else f"{limits[0]:g},{limits[1]:g}"
