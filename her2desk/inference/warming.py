"""The first answer of a session costs what the third does: an answer nobody asked for comes before it.

It imports what answers need, lets the network's libraries choose their ways, and is thrown away.
"""

from dataclasses import replace

import numpy as np

from her2desk.domain.case import Case
from her2desk.domain.clinical import FIELDS_BY_NAME, ClinicalRecord
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.progress import Progress
from her2desk.domain.roi import Roi
from her2desk.inference.loaded_pack import LoadedPack
from her2desk.inference.pipeline import predict
from her2desk.packs.pack import Pack, pattern_inputs

SIDE_PX = 96
MARGIN_PX = 24
SPACING_MM = 0.1


def warm_up(loaded: LoadedPack, progress: Progress) -> None:
    """Answer for a made-up case; raises as ``predict``, for a pack that has no answer to it."""
    predict(made_up_case(loaded.pack), replace(loaded, memory=None), progress)


def made_up_case(pack: Pack) -> Case:
    """Noise with a square outline, and what the pack's first submodel wants to know of a patient."""
    grey = np.random.default_rng(0).integers(40, 200, (SIDE_PX, SIDE_PX), dtype=np.uint8)
    near, far = float(MARGIN_PX), float(SIDE_PX - MARGIN_PX)
    roi = Roi(0, ((near, near), (far, near), (far, far), (near, far)))
    image = UltrasoundImage(
        sha256="0" * 64,
        sop_instance_uid=None,
        rows=SIDE_PX,
        columns=SIDE_PX,
        frames=1,
        photometric="MONOCHROME2",
        transfer_syntax="",
        pixel_spacing_mm=(SPACING_MM, SPACING_MM),
    )
    return Case(image, grey, roi, _patient(pack))


def _patient(pack: Pack) -> ClinicalRecord:
    wanted = pattern_inputs(pack.models.submodels[0].pattern)
    fields = [FIELDS_BY_NAME[name] for name in wanted]
    values = {field.name: field.lower if field.is_number else False for field in fields}
    return replace(ClinicalRecord(), **values)  # type: ignore[arg-type]
