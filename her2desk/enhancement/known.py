"""The enhancements that this version can carry out, by the words that ask for them."""

from collections.abc import Mapping

from her2desk.enhancement.enhancer import Enhancer
from her2desk.enhancement.lanczos import LANCZOS_SCALES, LanczosEnhancer

ENHANCERS: Mapping[str, Enhancer] = {
    f"lanczos-{scale}": LanczosEnhancer(scale) for scale in LANCZOS_SCALES
}


def find_enhancer(method: str, scale: int) -> Enhancer | None:
    """The enhancement of this method and scale, None where there is none."""
    return ENHANCERS.get(f"{method}-{scale}")
