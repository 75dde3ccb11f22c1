"""How the answer moves when the outline does, and what it is on the frames beside (V22).

Each other outline is answered for as ``pipeline.predict`` does it, but for heatmap and readout. Features
are those of ``predict`` to the last bit; the network's numbers agree to rounding
(``CnnReader.read_many``).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from her2desk.domain.case import Case
from her2desk.domain.progress import Portion, Progress, Standstill
from her2desk.domain.roi import Box, Roi
from her2desk.domain.stability import FEWEST_FOR_A_BAND, VARIANTS, Stability, VariantKind
from her2desk.errors import InputRefused
from her2desk.inference.branches import known_inputs
from her2desk.inference.loaded_pack import LoadedPack
from her2desk.inference.networks import Response
from her2desk.inference.outline_variants import variability_of, variants
from her2desk.inference.pipeline import inputs_of, scores_of
from her2desk.inference.preprocess import crop_box, network_input
from her2desk.inference.remembered import key_of
from her2desk.inference.stages import (
    Picture,
    SharedByOutlines,
    StageClock,
    crop_of,
    features_of,
    prepared,
)
from her2desk.radiomics.extract import check_extent, spacing_used
from her2desk.radiomics.mask import rasterise
from her2desk.radiomics.shared_picture import SharedPicture
from her2desk.texts import msg

log = logging.getLogger(__name__)
TOLD_EVERY = 2  # outlines, once there are enough for a band
_OUTLINES = msg("Answering for slightly different outlines")
_FRAMES = msg("Answering for the frames beside")

FramesBeside = Sequence[tuple[int, NDArray[np.uint8]]]


def stability(
    case: Case,
    loaded: LoadedPack,
    progress: Progress,
    partial: Callable[[Stability], None],
    count: int = VARIANTS,
    beside: FramesBeside = (),
) -> Stability:
    """Answers for ``count`` other outlines of the case's lesion, and for the same one on other frames.

    ``partial`` is given what there is as soon as that makes a band, and then every few outlines.
    ``beside`` are frame indices with their grey values (rows, columns). An outline or a frame that
    cannot be measured is left out. ``progress`` is asked before the network and before the features of
    each outline.

    Raises as ``pipeline.predict``.
    """
    case.roi.check(case.image)
    case.clinical.check()
    pack = loaded.pack
    variability = variability_of(pack.readout.variability, case.roi.spacing(case.image).mm)
    outlines = variants(case.roi, case.image, variability, count)
    found = Stability(inputs_of(case, pack).sha256, (), (), len(outlines), variability)
    steps = len(outlines) + len(beside)
    if outlines:
        progress.step(0.0, _OUTLINES)
        together = _Outlines(case, loaded, [roi for _, roi in outlines])
    for number, (kind, roi) in enumerate(outlines):
        part = Portion(progress, number / steps, (number + 1) / steps)
        logit = together.logit(roi, part)
        found = _with(found, kind, logit)
        if logit is not None and _is_worth_telling(found):
            partial(found)
    for number, (index, pixels) in enumerate(beside, start=len(outlines)):
        part = Portion(progress, number / steps, (number + 1) / steps)
        part.step(0.0, _FRAMES)
        roi = replace(case.roi, frame_index=index)
        own = replace(case, pixels=pixels, coloured=None, roi=roi)
        logit = _Outlines(own, loaded, [own.roi]).logit(own.roi, part)
        if logit is not None:
            found = replace(found, frames=(*found.frames, (index, logit)))
    return found


class _Outlines:
    """Answers for several outlines on one frame; what they have in common is worked out once.

    Of an enhanced frame only the tiles are shared, in the pack's memory: the part that is enhanced
    depends on the outline, and so, by rounding on the edges of pixels, does the resampled mask.
    """

    def __init__(self, case: Case, loaded: LoadedPack, rois: Sequence[Roi]) -> None:
        self._case = case
        self._loaded = loaded
        known = known_inputs(loaded.pack, case.clinical)
        self._submodel = loaded.pack.submodel(frozenset(known))
        self._boxes = list(dict.fromkeys(self._box(roi) for roi in rois))
        self._responses: dict[Box, Response] = {}
        self._shared = self._shared_by(rois) if loaded.pack.enhancer is None else None

    def logit(self, roi: Roi, progress: Progress) -> float | None:
        """The combined estimate's log-odds for one of the outlines; None where it has none."""
        loaded = self._loaded
        try:
            case = replace(self._case, roi=roi)
            picture = prepared(case, loaded, StageClock(Standstill(progress, 0.0, _OUTLINES)))
            response = self._response(picture)
            progress.step(0.5, _OUTLINES)
            features = features_of(picture.sight, loaded, self._shared)
        except InputRefused:
            log.info("an outline that is only a little different has no answer", exc_info=True)
            return None
        return scores_of(case, loaded.pack, self._submodel, response, features).estimate.logit

    def _box(self, roi: Roi) -> Box:
        image = self._case.image
        preprocessing = self._loaded.pack.manifest.preprocessing
        return crop_box(roi, image.rows, image.columns, preprocessing)

    def _response(self, picture: Picture) -> Response:
        """What the network says of a crop, and of the next ones where it reads several at once."""
        box, network = picture.box, self._loaded.network
        preprocessing = self._loaded.pack.manifest.preprocessing
        if box in self._responses:
            return self._responses[box]
        boxes, crops = [box], [crop_of(picture, self._loaded)]
        if self._shared is not None:
            place = self._boxes.index(box)
            boxes = self._boxes[place : place + network.at_once]
            crops += [network_input(self._case.pixels, b, preprocessing) for b in boxes[1:]]
        self._responses |= zip(boxes, network.read_many(np.stack(crops)), strict=True)
        return self._responses[box]

    def _shared_by(self, rois: Sequence[Roi]) -> SharedByOutlines:
        case, profile = self._case, self._loaded.profile
        masks = (rasterise(roi.polygon, case.image.rows, case.image.columns) for roi in rois)
        anywhere = np.logical_or.reduce(list(masks))
        spacing = spacing_used(profile, case.roi.spacing(case.image).mm)
        check_extent(anywhere, spacing, profile)
        names = self._loaded.pack.manifest.features.names
        return SharedByOutlines(
            key_of("shared", anywhere, spacing),
            lambda: SharedPicture(case.pixels, anywhere, spacing, profile, names),
        )


def _with(found: Stability, kind: VariantKind, logit: float | None) -> Stability:
    """One more outline answered for, or one fewer to come."""
    if logit is None:
        return replace(found, wanted=found.wanted - 1)
    return replace(found, kinds=(*found.kinds, kind), logits=(*found.logits, logit))


def _is_worth_telling(found: Stability) -> bool:
    more = len(found.logits) - FEWEST_FOR_A_BAND
    return not found.is_complete and more >= 0 and more % TOLD_EVERY == 0
