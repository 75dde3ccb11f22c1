"""Names and one-line explanations of what can be chosen and of what is shown, in the present language."""

from dataclasses import dataclass

from her2desk.domain.clinical import FIELDS_BY_NAME
from her2desk.paths import SHIPPED_ENHANCER
from her2desk.texts import listed, tr, trn
from her2desk.training.request import NO_ENHANCEMENT, SMALL_NETWORK
from her2desk.ui.training.documents import CohortCheck

LITE_NETWORK = "efficientnet_lite0"
PACKAGE_WEIGHTS = "package"
CALIBRATED_PROFILE, PIXEL_PROFILE = "us-2d", "us-2d-px"


@dataclass(frozen=True)
class Choice:
    """A value as the command line spells it, its name on screen, and what it means in a sentence."""

    value: str
    name: str
    hint: str


def moments() -> list[Choice]:
    """When the pack predicts (V8)."""
    return [
        Choice(
            "before-biopsy",
            tr("Before biopsy"),
            tr("Image, age, menopause, family history, calcification: nothing from the tissue."),
        ),
        Choice(
            "after-biopsy",
            tr("After biopsy"),
            tr(
                "ER, PR and Ki-67 too: for IHC 2+ that awaits FISH, or to check for discordance. "
                "Not usable before the biopsy."
            ),
        ),
    ]


def dlr_kinds() -> list[Choice]:
    """How the network enters beside the radiomics (V2)."""
    return [
        Choice(
            "crossfit",
            tr("Cross-fitted score (recommended)"),
            tr("The network enters as one out-of-fold logit beside the radiomics."),
        ),
        Choice(
            "frozen",
            tr("Frozen features"),
            tr(
                "Penultimate features of a network never fitted to these labels; the PCA is made "
                "inside each fold."
            ),
        ),
        Choice(
            "paper",
            tr("As in the paper"),
            tr(
                "For replication, labelled “features seen in training”: network, PCA, selection "
                "and trees are refitted in each outer fold to evaluate it."
            ),
        ),
    ]


def splits() -> list[Choice]:
    """Who is held out for the last look."""
    return [
        Choice(
            "random",
            tr("At random"),
            tr("A share of the patients, drawn by the seed and looked at once, at the very end."),
        ),
        Choice(
            "column",
            tr("By the column “split”"),
            tr("The cohort says who is held out; they are looked at once, at the very end."),
        ),
        Choice(
            "none",
            tr("Nobody"),
            tr("All patients train; the figures are cross-validated only."),
        ),
    ]


def profiles() -> list[Choice]:
    """Which radiomics features."""
    return [
        Choice(
            CALIBRATED_PROFILE,
            tr("us-2d, in millimetres"),
            tr("Resampled to one pixel size, 32 fixed bins. Every image needs a known scale."),
        ),
        Choice(
            PIXEL_PROFILE,
            tr("us-2d-px, in pixels"),
            tr("For images without a scale; a pack of its own, never mixed with the other."),
        ),
        Choice(
            "onekey-1561",
            tr("onekey-1561, as in the paper"),
            tr("The 1,561 features of the paper's software, for replication."),
        ),
    ]


def networks() -> list[Choice]:
    """Networks that can be trained."""
    return [
        Choice(SMALL_NETWORK, tr("ResNet18, slim"), tr("Small and quick: the one to begin with.")),
        Choice(
            LITE_NETWORK, tr("EfficientNet-Lite0"), tr("Small; can start from its own weights.")
        ),
        Choice("resnet50", tr("ResNet50"), tr("As in the paper; wants a GPU.")),
        Choice("resnet101", tr("ResNet101"), tr("The paper's best; wants a GPU.")),
        Choice("vgg19", tr("VGG19"), tr("As in the paper; the largest, wants a GPU.")),
        Choice("densenet121", tr("DenseNet121"), tr("As in the paper; wants a GPU.")),
        Choice("crossformer", tr("CrossFormer"), tr("As in the paper; wants a GPU.")),
    ]


def families() -> list[Choice]:
    """Model families for the radiomics and DLR scores; the best is chosen inside each fold."""
    return [
        Choice("logistic", tr("Logistic regression"), ""),
        Choice("random-forest", tr("Random forest"), ""),
        Choice("extra-trees", tr("Extra trees"), ""),
        Choice("xgboost", tr("XGBoost"), ""),
        Choice("lightgbm", tr("LightGBM"), ""),
    ]


def combined_kinds() -> list[Choice]:
    """How the clinical inputs enter the combined model."""
    return [
        Choice(
            "inputs",
            tr("Each clinical input"),
            tr("Each input has an axis of its own on the nomogram."),
        ),
        Choice(
            "clinical-signature",
            tr("One clinical signature"),
            tr("The clinical branch enters as one score, predicted out of fold."),
        ),
    ]


def indeterminate_rules() -> list[Choice]:
    """When a pack makes no call (V20)."""
    return [
        Choice(
            "interval",
            tr("Interval across the threshold"),
            tr("No call where the probability's interval lies on both sides of the threshold."),
        ),
        Choice(
            "conformal",
            tr("Conformal"),
            tr(
                "No call unless the score is unusual for exactly one class. Needs 40 patients of "
                "each class who are not held out."
            ),
        ),
    ]


def enhancements() -> list[Choice]:
    """What enlarges every picture before it is measured."""
    finer = tr("Interpolation: a finer grid, and no detail that was not there.")
    return [
        Choice(NO_ENHANCEMENT, tr("None (default)"), tr("Every picture is measured as it is.")),
        Choice("lanczos-2", tr("Lanczos ×2"), finer),
        Choice("lanczos-4", tr("Lanczos ×4"), finer),
        Choice(
            SHIPPED_ENHANCER,
            tr("phantom-gan ×4 (comes with Her2Desk)"),
            tr(
                "A network trained on simulated images. Brought down again, its picture must give "
                "back the original; where it does not, the case carries a warning."
            ),
        ),
        Choice(
            "file",
            tr("From a file…"),
            tr(
                "An enhancer that you trained or were given. It becomes part of the pack, which then "
                "refuses patients that it was trained on."
            ),
        ),
    ]


def weight_sources() -> list[Choice]:
    """Where a network starts."""
    return [
        Choice("", tr("At random"), tr("The network is trained from the start.")),
        Choice(
            PACKAGE_WEIGHTS,
            tr("EfficientNet-Lite0's own"),
            tr("From an installed package; learnt on everyday photographs."),
        ),
        Choice("file", tr("A file"), tr("Weights of the chosen network in torchvision's layout.")),
    ]


def input_name(name: str) -> str:
    """A clinical input as the form calls it."""
    field = FIELDS_BY_NAME.get(name)
    return field.label.text() if field is not None else name


def branch_name(name: str) -> str:
    """A branch as the window calls it; an unknown one keeps its name."""
    names = {
        "clinical": tr("Clinical"),
        "radiomics": tr("Radiomics"),
        "cnn": tr("CNN"),
        "dlr": tr("DLR"),
        "combined": tr("Combined"),
        "acquisition": tr("Acquisition only"),
    }
    return names.get(name, name)


def branch_hint(name: str) -> str:
    """What a row of figures is, where its name does not say it; empty else."""
    if name != "acquisition":
        return ""
    return tr("Scanner, site, scale and crop alone: what can be guessed without the tumour")


def evidence_name(name: str) -> str:
    """On whom a figure was worked out."""
    names = {
        "apparent": tr("Apparent"),
        "cross_validated": tr("Cross-validated"),
        "held_out": tr("Held-out"),
    }
    return names[name]


def patients_sentence(check: CohortCheck) -> str:
    """Who is in the cohort, in one line."""
    parts = [
        trn("{n} patient", "{n} patients", check.patients),
        trn("{n} HER-2 positive", "{n} HER-2 positive", check.positive),
    ]
    if check.unknown:
        parts.append(trn("{n} of unknown status", "{n} of unknown status", check.unknown))
    return str(listed(parts))


def images_sentence(check: CohortCheck) -> str:
    """What the images are, in one line."""
    parts = [
        trn("{n} image", "{n} images", check.images),
        trn("{n} with a known scale", "{n} with a known scale", check.calibrated),
    ]
    if check.sites:
        parts.append(trn("{n} site", "{n} sites", len(check.sites)))
    if check.scanners:
        parts.append(trn("{n} scanner", "{n} scanners", len(check.scanners)))
    if check.has_split_column:
        parts.append(tr("with a column “split”"))
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """A length of time as a person says it: 45 s, 3 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return tr("{h} h {m:02d} min").format(h=hours, m=minutes_left)
    if minutes:
        return tr("{m} min {s:02d} s").format(m=minutes, s=rest)
    return tr("{s} s").format(s=rest)


def rough_duration(seconds: float) -> str:
    """A length of time that is a guess: nothing finer than it can be."""
    if seconds < 60:
        return tr("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("about {m} min").format(m=minutes)
    half_hours = round(minutes / 30) / 2
    return tr("about {h:g} h").format(h=half_hours)
