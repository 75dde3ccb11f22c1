"""What is reported of one case to other systems: the answer, and what its reader made of it."""

from dataclasses import dataclass
from datetime import datetime

from her2desk.domain.counts import Call
from her2desk.domain.image import UltrasoundImage
from her2desk.domain.prediction import Inputs, PackIdentity, Prediction
from her2desk.domain.reading import Decision, Impression
from her2desk.domain.readout import Doubt
from her2desk.domain.roi import Roi
from her2desk.domain.validation import OperatingPoint
from her2desk.errors import InputRefused
from her2desk.texts import msg


@dataclass(frozen=True)
class ReportedFindings:
    """One answer and its reader's decision.

    ``when`` is when the answer was made, with its zone. ``lower`` and ``upper`` are the 95 % interval
    of ``probability``, at ``prevalence``. ``reader`` is empty where nobody is named.
    """

    inputs: Inputs
    pack: PackIdentity
    when: datetime
    probability: float
    lower: float
    upper: float
    prevalence: float
    operating_point: OperatingPoint
    call: Call
    doubts: tuple[Doubt, ...] = ()
    reader: str = ""
    impression: Impression | None = None
    decision: Decision | None = None

    def check(self, image: UltrasoundImage, roi: Roi) -> None:
        """Raise ``InputRefused`` (``stale``) unless the answer was made of just these."""
        stated = self.inputs
        is_same = (
            (stated.image_sha256, stated.sop_instance_uid, stated.roi, stated.calibration)
            == (image.sha256, image.sop_instance_uid, roi, image.user_calibration)
            and self.pack.sha256 == stated.pack_sha256
            and self._is_decided_on_this
        )
        if not is_same:
            raise InputRefused(
                msg("The answer or the decision belongs to another image, outline or pack."),
                msg("Run the prediction again for what is on screen, and decide again."),
                code="stale",
            )

    @property
    def _is_decided_on_this(self) -> bool:
        decision = self.decision
        return decision is None or (
            (decision.inputs_sha256, decision.call, decision.probability)
            == (self.inputs.sha256, self.call, self.probability)
        )


def reported(
    prediction: Prediction,
    when: datetime,
    *,
    reader: str = "",
    impression: Impression | None = None,
    decision: Decision | None = None,
) -> ReportedFindings:
    """What is reported of ``prediction``, made at ``when``.

    Raises ``ValueError`` for a time without a zone.
    """
    if when.tzinfo is None:
        raise ValueError("a report's time needs a zone")
    readout = prediction.readout
    return ReportedFindings(
        inputs=prediction.inputs,
        pack=prediction.pack,
        when=when,
        probability=readout.probability,
        lower=readout.lower,
        upper=readout.upper,
        prevalence=readout.prevalence,
        operating_point=readout.operating_point,
        call=readout.call,
        doubts=readout.doubts,
        reader=reader,
        impression=impression,
        decision=decision,
    )
