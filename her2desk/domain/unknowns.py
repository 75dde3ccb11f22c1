"""What a clinical value that is not known could do to the answer."""

from dataclasses import dataclass

from her2desk.domain.log_odds import sigmoid


@dataclass(frozen=True)
class UnknownEffect:
    """The answers if ``field`` were known: log-odds (training prevalence) at each supposed value.

    ``answers`` are (value, log-odds), by value; yes is 1. They are empty where the pack has no
    submodel for just this more being known.
    """

    field: str
    answers: tuple[tuple[float, float], ...]

    def span(self, shift: float = 0.0) -> tuple[float, float] | None:
        """Lowest and highest probability over the supposed values; None where none is to be had."""
        if not self.answers:
            return None
        logits = [logit for _, logit in self.answers]
        return sigmoid(min(logits) + shift), sigmoid(max(logits) + shift)
