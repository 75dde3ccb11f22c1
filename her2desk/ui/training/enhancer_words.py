"""Names and one-line explanations of what can be chosen for an enhancer, in the present language."""

from her2desk.paths import ENHANCER_SUFFIX
from her2desk.texts import tr
from her2desk.ui.training.enhancer_command import ADVERSARIAL, L1, QUICK, STANDARD, STEPS
from her2desk.ui.training.save_choice import SaveWords
from her2desk.ui.training.words import Choice


def kinds() -> list[Choice]:
    """What the generator is fitted to."""
    return [
        Choice(
            ADVERSARIAL,
            tr("Adversarial (as in the paper)"),
            tr(
                "First to the pixels, then also against a second network that tells true pictures "
                "from made ones: sharper texture, and more that can be invented."
            ),
        ),
        Choice(
            L1,
            tr("To the pixels only (L1)"),
            tr("Nearest to the true pixels on average: smoother, and invents less."),
        ),
    ]


def devices() -> list[Choice]:
    """What works."""
    return [
        Choice("auto", tr("Automatic"), tr("The graphics card where there is one.")),
        Choice("cpu", tr("Processor"), tr("The same seed gives the same enhancer, bit for bit.")),
        Choice("cuda", tr("Graphics card (CUDA)"), tr("Faster, on a card by NVIDIA.")),
        Choice("mps", tr("Graphics card (Apple)"), tr("Faster, on a Mac with Apple's processor.")),
    ]


def lengths() -> list[Choice]:
    """How long it learns."""
    return [
        Choice(STANDARD, tr("Standard"), _steps(STANDARD)),
        Choice(QUICK, tr("Quick, to see whether all goes well"), _steps(QUICK)),
    ]


def _steps(length: str) -> str:
    to_pixels, adversarial = STEPS[length]
    return tr("{n:,} steps to the pixels; where it is adversarial, {m:,} more.").format(
        n=to_pixels, m=adversarial
    )


def save_words() -> SaveWords:
    """What is saved."""
    return SaveWords(
        suffix=ENHANCER_SUFFIX,
        stem="enhancer",
        name=tr("Name of the enhancer"),
        place=tr("Where to save the enhancer"),
        choose_tip=tr("Choose where the enhancer is saved"),
        kinds=tr("Enhancers"),
        title=tr("Save the enhancer"),
        beside=tr("A picture of its curves is written beside it."),
        no_name=tr("Give the enhancer a name."),
        no_file=tr("Choose where to save the enhancer, as a file that ends in .h2enhancer."),
    )
