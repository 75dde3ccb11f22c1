"""What stands around a readout: the pack, and what the reader should know of the inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

from her2desk.domain.familiarity import Familiarity
from her2desk.domain.prediction import PackIdentity, Prediction
from her2desk.domain.validation import ValidationSource
from her2desk.texts import Message


@dataclass(frozen=True)
class ResultContext:
    """All that the result panel says beside the readout.

    Parameters
    ----------
    pack : which pack answered.
    training_prevalence : share of positives among the pack's patients.
    warnings : sentences on the image or the pack, such as a missing calibration.
    sources : of which kinds of validation patients the pack has a table; a choice where more than one.
    familiarity : how familiar the case is to the pack, where it states that.
    """

    pack: PackIdentity
    training_prevalence: float
    warnings: tuple[Message, ...] = ()
    sources: tuple[ValidationSource, ...] = ()
    familiarity: Familiarity | None = None


def context_of(prediction: Prediction, sources: Sequence[ValidationSource] = ()) -> ResultContext:
    """The context that a prediction carries along; ``sources`` are the pack's."""
    return ResultContext(
        pack=prediction.pack,
        training_prevalence=prediction.estimate.training_prevalence,
        warnings=tuple(warning.message for warning in prediction.warnings),
        sources=tuple(sources),
        familiarity=prediction.familiarity,
    )
