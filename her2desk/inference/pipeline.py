"""``predict(case, pack, progress)``: every branch of the method, for one case.

The same function answers in the window's engine process, on the command line and in Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from her2desk.domain.case import Case
from her2desk.domain.familiarity import Familiarity
from her2desk.domain.prediction import FeatureContribution, Inputs, Prediction
from her2desk.domain.progress import Progress
from her2desk.domain.readout import Estimate
from her2desk.domain.traits import Traits
from her2desk.domain.validation import Attention, OperatingPoint, ValidationSource
from her2desk.errors import InputRefused
from her2desk.inference.branches import (
    clinical_score,
    combined_estimate,
    dlr_score,
    known_inputs,
    radiomics_score,
    signature_values,
)
from her2desk.inference.cautions import cautions
from her2desk.inference.evidence import grounds_of
from her2desk.inference.familiarity import familiarity
from her2desk.inference.heatmap import grad_cam, look
from her2desk.inference.loaded_pack import LoadedPack as LoadedPack
from her2desk.inference.loaded_pack import load_pack as load_pack
from her2desk.inference.networks import Response
from her2desk.inference.readout import branch_probabilities, case_facts, read
from her2desk.inference.requests import check_roi
from her2desk.inference.stages import (
    Picture,
    StageClock,
    enhancement_of,
    prepared,
    read_and_measured,
)
from her2desk.inference.traits import traits_of
from her2desk.inference.unknowns import unknown_effects
from her2desk.packs.manifest import Submodel
from her2desk.packs.pack import Pack
from her2desk.texts import listed, msg

DEFAULT_OPERATING_POINT = "youden"


@dataclass(frozen=True)
class Question:
    """How the answer is to be read: the operating point's name or threshold, and the prevalence.

    ``counted`` are the validation patients of the table and the neighbours.
    """

    operating_point: str | float = DEFAULT_OPERATING_POINT
    prevalence: float | None = None
    counted: ValidationSource = ValidationSource.OUT_OF_FOLD


def operating_point(pack: Pack, asked: str | float, pattern: str) -> OperatingPoint:
    """The operating point of this name for a pattern of known inputs, or an own one in (0, 1).

    Raises ``InputRefused`` for a name that the pack does not have or a threshold outside (0, 1).
    """
    named = pack.operating_points(pattern)
    if isinstance(asked, str) and asked in named:
        return named[asked]
    if isinstance(asked, float) and 0 < asked < 1:
        return OperatingPoint("own", asked)
    raise InputRefused(
        msg("There is no operating point {asked!r} in this pack.", asked=asked),
        msg("Use {names}, or a threshold between 0 and 1.", names=listed(named)),
        code="operating-point",
    )


def predict(
    case: Case, loaded: LoadedPack, progress: Progress, question: Question | None = None
) -> Prediction:
    """The prediction for one case.

    Where the pack enhances images, network and features see the enhanced part around the ROI. The
    prediction's spacing, its heatmap's crop and its attention figures are the image's own pixels,
    which are what the reader sees. Network and features are worked out side by side, so that the
    stages in ``timings_ms`` may add up to more than ``total``.

    Raises ``InputRefused`` for an ROI or a clinical value that cannot be used, ``PackRefused`` where the
    pack has no model for what is known, and ``Cancelled`` when ``progress`` says so.
    """
    question = question or Question()
    pack = loaded.pack
    check_roi(case.roi, case.image, loaded.memory)
    case.clinical.check()
    submodel = pack.submodel(frozenset(known_inputs(pack, case.clinical)))
    point = operating_point(pack, question.operating_point, submodel.pattern)
    _check_prevalence(question.prevalence)
    clock = StageClock(progress)
    picture = prepared(case, loaded, clock)
    enhancement = enhancement_of(picture, pack)
    answer, features = read_and_measured(picture, loaded, clock)
    with clock.stage("heatmap", 0.9):
        heatmap, attention = look(grad_cam(answer), case.pixels, picture.mask, picture.box)
    with clock.stage("readout", 0.95):
        scores = scores_of(case, pack, submodel, answer, features)
        contributions = _contributions(pack, features)
        about = _about(case, pack, submodel.pattern, picture, attention, contributions)
        readout = read(
            scores.estimate,
            grounds_of(pack, submodel.pattern, question.counted),
            point,
            question.prevalence,
            case_facts(scores.signatures, about.traits, about.familiarity),
        )
        unknowns = unknown_effects(pack, case.clinical, answer.logit, scores.dlr)
    return Prediction(
        inputs=inputs_of(case, pack),
        pack=pack.identity,
        classes=pack.manifest.classes,
        estimate=scores.estimate,
        branches=branch_probabilities(
            scores.signatures, scores.estimate, pack, question.prevalence
        ),
        signatures=scores.signatures,
        readout=readout,
        heatmap=heatmap,
        attention=attention,
        features=contributions,
        spacing=picture.spacing,
        device=loaded.network.device,
        warnings=(
            *cautions(case, pack, picture.spacing, contributions, about.familiarity, enhancement),
            *loaded.network.warnings,
        ),
        traits=about.traits,
        familiarity=about.familiarity,
        unknowns=unknowns,
        enhancement=enhancement,
        timings_ms=clock.timings_ms(),
    )


@dataclass(frozen=True)
class Scores:
    """The branches' log-odds by name, and the combined estimate."""

    dlr: float
    estimate: Estimate
    signatures: Mapping[str, float | None]


@dataclass(frozen=True)
class _About:
    """What of the case is set against the pack's patients."""

    traits: Traits
    familiarity: Familiarity


def scores_of(
    case: Case,
    pack: Pack,
    submodel: Submodel,
    answer: Response,
    features: Mapping[str, float],
) -> Scores:
    """Every branch's score, from what the network and the features said of the case."""
    known = known_inputs(pack, case.clinical)
    dlr = dlr_score(pack, features, answer.logit, answer.penultimate)
    clinical = clinical_score(pack, known)
    values = signature_values(known, clinical, answer.logit, dlr)
    estimate = combined_estimate(pack, submodel, values)
    signatures = {
        "clinical": clinical,
        "radiomics": radiomics_score(pack, features),
        "cnn": answer.logit,
        "dlr": dlr,
        "combined": estimate.logit,
    }
    return Scores(dlr, estimate, signatures)


def _about(
    case: Case,
    pack: Pack,
    pattern: str,
    picture: Picture,
    attention: Attention,
    contributions: Sequence[FeatureContribution],
) -> _About:
    traits = traits_of(case.roi, picture.mask, picture.spacing.mm, case.clinical, attention)
    z_scores = {feature.name: feature.z_score for feature in contributions}
    scanner = case.image.scanner
    return _About(traits, familiarity(pack, pattern, z_scores, traits, scanner, picture.spacing))


def inputs_of(case: Case, pack: Pack) -> Inputs:
    """The fingerprint of an answer to this case by this pack."""
    image = case.image
    return Inputs(
        image.sha256,
        image.sop_instance_uid,
        case.roi,
        case.clinical,
        pack.digest,
        image.user_calibration,
    )


def _check_prevalence(prevalence: float | None) -> None:
    if prevalence is not None and not 0 < prevalence < 1:
        raise InputRefused(
            msg("A prevalence of {value:g} gives no figure.", value=prevalence),
            msg("Give the share of HER-2 positive patients, above 0 and below 1."),
            code="prevalence",
        )


def _contributions(pack: Pack, features: Mapping[str, float]) -> tuple[FeatureContribution, ...]:
    def one(name: str, value: float) -> FeatureContribution:
        scale = pack.models.scaling[name]
        outside = not scale.lower <= value <= scale.upper
        return FeatureContribution(name, value, (value - scale.mean) / scale.sd, outside)

    found = [one(name, value) for name, value in features.items()]
    return tuple(sorted(found, key=lambda f: (-abs(f.z_score), f.name)))
