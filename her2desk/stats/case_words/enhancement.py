"""What network and features saw of the image, where a pack enhances it first."""

from her2desk.domain.enhancement import EnhancementUse
from her2desk.texts import Message, msg, phrase


def enhancement_sentence(use: EnhancementUse) -> Message:
    """By what the image was enhanced, and how far its picture is from giving the image back."""
    enhanced = phrase(use.words)
    if use.tolerance is None:
        return msg(
            "Features and network saw the image {enhanced} (×{scale}), which only interpolates "
            "between its pixels.",
            enhanced=enhanced,
            scale=use.scale,
        )
    return msg(
        "Features and network saw the image {enhanced} (×{scale}); the largest difference when brought "
        "down again is {largest:.2f} grey levels, where {tolerance:g} is tolerated.",
        enhanced=enhanced,
        scale=use.scale,
        largest=use.largest_residual,
        tolerance=use.tolerance,
    )
