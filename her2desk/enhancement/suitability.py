"""Which pictures a trained enhancement is for: grey, large enough, and not magnified already."""

from her2desk.dicom.contents import is_coloured, tissue_boxes
from her2desk.dicom.pixels import Frame, grey
from her2desk.domain.image import ImageWarning, UltrasoundImage
from her2desk.domain.roi import Box
from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.magnification import magnification
from her2desk.enhancement.trained import TrainedEnhancer
from her2desk.errors import InputRefused
from her2desk.texts import msg


def check_suitable(
    enhancer: Enhancer, frame: Frame, image: UltrasoundImage, crop: Box | None = None
) -> None:
    """Refuse what an enhancer is not for; one that was not trained takes any picture.

    ``frame`` is as shown, uint8, (rows, columns) or (rows, columns, 3); ``crop`` is what network and
    features see of it, None for all its pictures of tissue. Raises ``InputRefused``
    (``enhancement-colour``, ``enhancement-too-small``).
    """
    if not isinstance(enhancer, TrainedEnhancer):
        return
    pictures = tissue_boxes(image)
    if crop is not None:
        pictures = [box for box in pictures if _meet(box, crop)] or pictures
    if any(is_coloured(frame, box) for box in ([crop] if crop else pictures)):
        raise InputRefused(
            msg("The picture is coloured, and {name} enhances grey pictures.", name=enhancer.name),
            msg("Choose a frame without colour, or a pack without enhancement."),
            code="enhancement-colour",
        )
    least = enhancer.architecture.seen_px
    smallest = min(min(box.width, box.height) for box in pictures)
    if min(smallest, *frame.shape[:2]) < least:
        raise InputRefused(
            msg(
                "The ultrasound picture is {pixels} pixels wide or high, and {name} looks at "
                "{least}.",
                pixels=min(smallest, *frame.shape[:2]),
                name=enhancer.name,
                least=least,
            ),
            msg("Choose a larger image, or a pack without enhancement."),
            code="enhancement-too-small",
        )


def magnified_warning(enhancer: Enhancer, frame: Frame, around: Box) -> ImageWarning | None:
    """``enhancement-magnified``, where a trained enhancer gets a picture that looks magnified already.

    ``frame`` as for ``check_suitable``; looked at is the middle of ``around``.
    """
    if not isinstance(enhancer, TrainedEnhancer):
        return None
    times = magnification(grey(frame), around)
    if times is None:
        return None
    return ImageWarning(
        "enhancement-magnified",
        msg(
            "The picture looks magnified about ×{times:.2g} already: it holds no detail of the size of "
            "its pixels. {name} was trained on pictures as they are scanned, so what it adds here "
            "is doubtful.",
            times=times,
            name=enhancer.name,
        ),
    )


def _meet(one: Box, other: Box) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1
