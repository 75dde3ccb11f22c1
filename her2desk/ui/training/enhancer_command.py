"""What is asked of ``her2desk train-enhancer``, as arguments; the same request gives the same command."""

from dataclasses import dataclass
from pathlib import Path

from her2desk.ui.training.enhancer_documents import images_of, made_of
from her2desk.ui.training.training_process import Errand

ADVERSARIAL, L1 = "adversarial", "l1"
QUICK, STANDARD = "quick", "standard"
STEPS = {QUICK: (600, 300), STANDARD: (2000, 1000)}


@dataclass(frozen=True)
class AskedEnhancer:
    """One training of an enhancer; None leaves a choice to the command."""

    images: Path
    out: Path
    name: str
    version: str
    licence: str | None
    population: str | None
    kind: str
    length: str
    seed: int | None
    jobs: int
    device: str


def check_arguments(images: Path) -> list[str]:
    """Arguments that look at a folder of images and train nothing."""
    return ["train-enhancer", str(images), "--check", "--json", "--progress", "json"]


def train_arguments(request: AskedEnhancer) -> list[str]:
    """Arguments of one training, every choice spelled out."""
    arguments = ["train-enhancer", str(request.images), "--out", str(request.out)]
    arguments += ["--json", "--progress", "json"]
    l1_steps, adversarial_steps = STEPS[request.length]
    choices: list[tuple[str, object]] = [
        ("--name", request.name),
        ("--enhancer-version", request.version),
        ("--licence", request.licence),
        ("--population", request.population),
        ("--l1-steps", l1_steps),
        ("--adversarial-steps", adversarial_steps),
        ("--seed", request.seed),
        ("--jobs", request.jobs),
        ("--device", request.device),
    ]
    for name, value in choices:
        if value is not None:
            arguments += [name, str(value)]
    return [*arguments, "--l1-only"] if request.kind == L1 else arguments


ENHANCER = Errand(check_arguments, train_arguments, images_of, made_of)
