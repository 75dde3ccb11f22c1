"""What stands around a readout: the pack, and what the reader should know of the inputs."""

from dataclasses import dataclass

from her2desk.domain.prediction import PackIdentity, Prediction
from her2desk.texts import Message


@dataclass(frozen=True)
class ResultContext:
    """All that the result panel says beside the readout.

    Parameters
    ----------
    pack : which pack answered.
    training_prevalence : share of positives among the pack's patients.
    warnings : sentences on the image or the pack, such as a missing calibration.
    missing_inputs : what leaving out a clinical value does to the estimate, or None.
    stability : 5th and 95th percentile of the probability under small changes of the outline (V22).
    """

    pack: PackIdentity
    training_prevalence: float
    warnings: tuple[Message, ...] = ()
    missing_inputs: Message | None = None
    stability: tuple[float, float] | None = None


def context_of(
    prediction: Prediction,
    *,
    missing_inputs: Message | None = None,
    stability: tuple[float, float] | None = None,
) -> ResultContext:
    """The context that a prediction carries along."""
    return ResultContext(
        pack=prediction.pack,
        training_prevalence=prediction.estimate.training_prevalence,
        warnings=tuple(warning.message for warning in prediction.warnings),
        missing_inputs=missing_inputs,
        stability=stability,
    )
