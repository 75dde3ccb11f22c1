"""``predict(case, pack, progress)``: every branch of the method, for one case.

The same function answers in the window's engine process, on the command line and in Python.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from her2desk.domain.case import Case
from her2desk.domain.prediction import FeatureContribution, Inputs, Prediction
from her2desk.domain.progress import Progress
from her2desk.domain.validation import OperatingPoint
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
from her2desk.inference.devices import choose_device, fix_threads
from her2desk.inference.heatmap import grad_cam, look
from her2desk.inference.networks import CnnReader, load_reader
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.readout import branch_probabilities, prevalence_shift, read
from her2desk.packs.pack import Pack, open_pack
from her2desk.radiomics.extract import extract
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.profile import Profile, load_profile
from her2desk.texts import msg

DEFAULT_OPERATING_POINT = "youden"


@dataclass(frozen=True)
class Question:
    """How the answer is to be read: the operating point's name or threshold, and the prevalence."""

    operating_point: str | float = DEFAULT_OPERATING_POINT
    prevalence: float | None = None


@dataclass(frozen=True)
class LoadedPack:
    """A pack with its network on a device and its profile parsed."""

    pack: Pack
    network: CnnReader
    profile: Profile


def load_pack(path: Path, device: str = "auto") -> LoadedPack:
    """Open a pack and put its network on ``device``; raises ``PackRefused`` or ``InputRefused``."""
    fix_threads()
    pack = open_pack(path)
    if len(pack.manifest.classes) != 2:
        raise PackRefused(
            msg("The pack answers with {n} classes.", n=len(pack.manifest.classes)),
            msg("This version of Her2Desk reads packs of two classes, negative and positive."),
            code="pack-classes",
        )
    part = pack.manifest.network
    network = load_reader(
        part.architecture, part.channels, pack.network_weights(), choose_device(device)
    )
    return LoadedPack(pack, network, load_profile(pack.profile_text))


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
    pack, image, roi = loaded.pack, case.image, case.roi
    roi.check(image)
    case.clinical.check()
    known = known_inputs(pack, case.clinical)
    submodel = pack.submodel(frozenset(known))
    point = operating_point(pack, question.operating_point, submodel.pattern)
    _check_prevalence(question.prevalence)
    clock = _StageClock(progress)
    with clock.stage("preprocess", 0.02):
        box = crop_box(roi, image.rows, image.columns, pack.manifest.preprocessing)
        mask = rasterise(roi.polygon, image.rows, image.columns)
        spacing = roi.spacing(image)
        sight = Sight(case.pixels, mask, spacing.mm)
    if pack.enhancer is not None:
        with clock.stage("enhance", 0.05):
            sight = enhanced_sight(
                pack.enhancer, case.pixels, mask, roi, spacing.mm, loaded.profile, box
            )
    with clock.stage("cnn", 0.15):
        crop = network_input(sight.pixels, sight.box(box), pack.manifest.preprocessing)
        answer = loaded.network.read(crop)
    with clock.stage("heatmap", 0.3):
        heatmap, attention = look(grad_cam(answer), case.pixels, mask, box)
    with clock.stage("radiomics", 0.4):
        names = pack.manifest.features.names
        features = extract(
            sight.pixels, sight.mask, sight.spacing_mm, loaded.profile, names, part=sight.part
        )
    with clock.stage("readout", 0.95):
        dlr = dlr_score(pack, features, answer.logit, answer.penultimate)
        clinical = clinical_score(pack, known)
        estimate = combined_estimate(
            pack, submodel, signature_values(known, clinical, answer.logit, dlr)
        )
        signatures = {
            "clinical": clinical,
            "radiomics": radiomics_score(pack, features),
            "cnn": answer.logit,
            "dlr": dlr,
            "combined": estimate.logit,
        }
        contributions = _contributions(pack, features)
        readout = read(estimate, pack.out_of_fold, point, question.prevalence)
    return Prediction(
        inputs=Inputs(
            image.sha256,
            image.sop_instance_uid,
            roi,
            case.clinical,
            pack.digest,
            image.user_calibration,
        ),
        pack=pack.identity,
        classes=pack.manifest.classes,
        estimate=estimate,
        branches=branch_probabilities(signatures, prevalence_shift(estimate, question.prevalence)),
        signatures=signatures,
        readout=readout,
        heatmap=heatmap,
        attention=attention,
        features=contributions,
        spacing=spacing,
        device=loaded.network.device,
        warnings=cautions(case, pack, spacing, contributions),
        timings_ms=clock.timings_ms(),
    )


class _StageClock:
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


def _contributions(pack: Pack, features: Mapping[str, float]) -> tuple[FeatureContribution, ...]:
    def one(name: str, value: float) -> FeatureContribution:
        scale = pack.models.scaling[name]
        outside = not scale.lower <= value <= scale.upper
        return FeatureContribution(name, value, (value - scale.mean) / scale.sd, outside)

    found = [one(name, value) for name, value in features.items()]
    return tuple(sorted(found, key=lambda f: (-abs(f.z_score), f.name)))
