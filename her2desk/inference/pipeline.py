"""``predict(case, pack, progress)``: every branch of the method, for one case.

The same function answers in the window's engine process, on the command line and in Python.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.familiarity import Familiarity
from her2desk.domain.image import Spacing
from her2desk.domain.prediction import FeatureContribution, Inputs, Prediction
from her2desk.domain.progress import Progress
from her2desk.domain.readout import Estimate
from her2desk.domain.roi import Box
from her2desk.domain.traits import Traits
from her2desk.domain.validation import Attention, OperatingPoint, ValidationSource
from her2desk.enhancement.sight import Sight, enhanced_sight
from her2desk.errors import InputRefused, PackRefused
from her2desk.inference.branches import (
    clinical_score,
    combined_estimate,
    dlr_score,
    known_inputs,
    radiomics_score,
    signature_values,
)
from her2desk.inference.cautions import cautions
from her2desk.inference.devices import Device, choose_device, fix_arithmetic
from her2desk.inference.evidence import grounds_of
from her2desk.inference.familiarity import familiarity
from her2desk.inference.heatmap import grad_cam, look
from her2desk.inference.networks import CnnReader, Response, load_reader
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.readout import branch_probabilities, case_facts, read
from her2desk.inference.traits import traits_of
from her2desk.inference.unknowns import unknown_effects
from her2desk.packs.manifest import Preprocessing, Submodel
from her2desk.packs.pack import Pack, open_pack
from her2desk.radiomics.extract import check_names, extract
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import Profile, load_profile
from her2desk.radiomics.shared_picture import SharedPicture
from her2desk.texts import msg

DEFAULT_OPERATING_POINT = "youden"


@dataclass(frozen=True)
class Question:
    """How the answer is to be read: the operating point's name or threshold, and the prevalence.

    ``counted`` are the validation patients of the table and the neighbours.
    """

    operating_point: str | float = DEFAULT_OPERATING_POINT
    prevalence: float | None = None
    counted: ValidationSource = ValidationSource.OUT_OF_FOLD


@dataclass(frozen=True)
class LoadedPack:
    """A pack with its network on a device and its profile parsed."""

    pack: Pack
    network: CnnReader
    profile: Profile


def load_pack(path: Path, device: str | Device = "auto") -> LoadedPack:
    """Open a pack and put its network on ``device``: one by name, or one that others work on too.

    Raises ``PackRefused`` or ``InputRefused``.
    """
    fix_arithmetic()
    pack = open_pack(path)
    if len(pack.manifest.classes) != 2:
        raise PackRefused(
            msg("The pack answers with {n} classes.", n=len(pack.manifest.classes)),
            msg("This version of Her2Desk reads packs of two classes, negative and positive."),
            code="pack-classes",
        )
    part = pack.manifest.network
    chosen = device if isinstance(device, Device) else Device(choose_device(device))
    network = load_reader(part.architecture, part.channels, pack.network_weights(), chosen)
    profile = load_profile(pack.profile_text)
    _check_features(pack, profile)
    return LoadedPack(pack, network, profile)


def _check_features(pack: Pack, profile: Profile) -> None:
    """The pack's profile gives all features that the pack uses; ``PackRefused`` else."""
    try:
        check_names(profile, pack.manifest.features.names)
    except InputRefused as error:
        raise PackRefused(
            error.message,
            msg("Get the pack again from whoever built it."),
            code="pack-features",
        ) from error


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
        msg("Use {names}, or a threshold between 0 and 1.", names=", ".join(named)),
        code="operating-point",
    )


def predict(
    case: Case, loaded: LoadedPack, progress: Progress, question: Question | None = None
) -> Prediction:
    """The prediction for one case.

    Where the pack enhances images, network and features see the enhanced part around the ROI. The
    prediction's spacing, its heatmap's crop and its attention figures are the image's own pixels,
    which are what the reader sees.

    Raises ``InputRefused`` for an ROI or a clinical value that cannot be used, ``PackRefused`` where the
    pack has no model for what is known, and ``Cancelled`` when ``progress`` says so.
    """
    question = question or Question()
    pack = loaded.pack
    case.roi.check(case.image)
    case.clinical.check()
    submodel = pack.submodel(frozenset(known_inputs(pack, case.clinical)))
    point = operating_point(pack, question.operating_point, submodel.pattern)
    _check_prevalence(question.prevalence)
    clock = StageClock(progress)
    picture = prepared(case, loaded, clock)
    with clock.stage("cnn", 0.15):
        answer = loaded.network.read(picture.network_input(pack.manifest.preprocessing))
    with clock.stage("heatmap", 0.3):
        heatmap, attention = look(grad_cam(answer), case.pixels, picture.mask, picture.box)
    with clock.stage("radiomics", 0.4):
        features = features_of(picture.sight, loaded)
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
            *cautions(case, pack, picture.spacing, contributions, about.familiarity),
            *loaded.network.warnings,
        ),
        traits=about.traits,
        familiarity=about.familiarity,
        unknowns=unknowns,
        timings_ms=clock.timings_ms(),
    )


@dataclass(frozen=True)
class Picture:
    """What of the picture is looked at; ``box`` and ``mask`` are in the image's own pixels."""

    box: Box
    mask: NDArray[np.bool_]
    spacing: Spacing
    sight: Sight

    def network_input(self, preprocessing: Preprocessing) -> NDArray[np.float32]:
        """What the network reads, (size, size)."""
        return network_input(self.sight.pixels, self.sight.box(self.box), preprocessing)


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


def prepared(case: Case, loaded: LoadedPack, clock: "StageClock") -> Picture:
    """The case's crop and what is seen of it; raises ``InputRefused`` for an ROI without texture."""
    pack, image, roi = loaded.pack, case.image, case.roi
    with clock.stage("preprocess", 0.02):
        box = crop_box(roi, image.rows, image.columns, pack.manifest.preprocessing)
        mask = rasterise(roi.polygon, image.rows, image.columns)
        check_texture(case.pixels[mask])
        spacing = roi.spacing(image)
        sight = Sight(case.pixels, mask, spacing.mm)
    if pack.enhancer is not None:
        with clock.stage("enhance", 0.05):
            sight = enhanced_sight(
                pack.enhancer, case.pixels, mask, roi, spacing.mm, loaded.profile, box
            )
    return Picture(box, mask, spacing, sight)


def features_of(
    sight: Sight, loaded: LoadedPack, shared: SharedPicture | None = None
) -> dict[str, float]:
    """The pack's features; ``shared`` where others are measured on the same pixels."""
    names = loaded.pack.manifest.features.names
    return extract(
        sight.pixels,
        sight.mask,
        sight.spacing_mm,
        loaded.profile,
        names,
        part=sight.part,
        shared=shared,
    )


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


class StageClock:
    """Times each stage and tells its name to whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, fraction: float) -> Iterator[None]:
        self._progress.step(fraction, _STAGE_NAMES[name])
        started = time.perf_counter()
        yield
        self._stages[name] = (time.perf_counter() - started) * 1000

    def timings_ms(self) -> dict[str, float]:
        return {"total": (time.perf_counter() - self._started) * 1000, **self._stages}


_STAGE_NAMES = {
    "preprocess": msg("Preparing the crop"),
    "enhance": msg("Enhancing the image around the outline"),
    "cnn": msg("Running the network"),
    "heatmap": msg("Mapping attention"),
    "radiomics": msg("Computing radiomics features"),
    "readout": msg("Combining the branches"),
}


def _check_prevalence(prevalence: float | None) -> None:
    if prevalence is not None and not 0 < prevalence < 1:
        raise InputRefused(
            msg("A prevalence of {value:g} gives no figure.", value=prevalence),
            msg("Give the share of HER-2 positive patients, above 0 and below 1."),
            code="prevalence",
        )


def check_texture(grey: NDArray[np.uint8]) -> None:
    """Raise ``InputRefused`` where all of the ROI's pixels are one grey: there is no lesion to read."""
    if grey.min() == grey.max():
        raise InputRefused(
            msg(
                "All pixels inside the outline have the same grey value, so there is nothing to read."
            ),
            msg("Draw the outline around the lesion on the ultrasound picture itself."),
            code="roi-without-texture",
        )


def _contributions(pack: Pack, features: Mapping[str, float]) -> tuple[FeatureContribution, ...]:
    def one(name: str, value: float) -> FeatureContribution:
        scale = pack.models.scaling[name]
        outside = not scale.lower <= value <= scale.upper
        return FeatureContribution(name, value, (value - scale.mean) / scale.sd, outside)

    found = [one(name, value) for name, value in features.items()]
    return tuple(sorted(found, key=lambda f: (-abs(f.z_score), f.name)))
