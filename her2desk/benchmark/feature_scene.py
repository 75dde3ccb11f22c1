"""The full set of features of one large outline, in one process."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk.benchmark.lesions import LesionPicture
from her2desk.benchmark.machine import Limit
from her2desk.benchmark.ordinary import by_pyradiomics, largest_difference
from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.inference.measuring import Outline
from her2desk.radiomics.extract import all_names, extract
from her2desk.radiomics.profile import onekey_1561
from her2desk.texts import Message, msg

WARM_PX = 2_000
FLOAT_BYTES = 8
TEXTURES_AND_FIRST_ORDER = 6  # classes that read each filtered image


def least_bytes(picture: LesionPicture, images: int) -> float:
    """Each filtered image of the frame written once, and its ROI read once by each class."""
    rows, columns = picture.shape
    read = TEXTURES_AND_FIRST_ORDER * picture.area_px
    return FLOAT_BYTES * images * (rows * columns + read)


@dataclass(frozen=True)
class FeatureScene(Scene):
    """Rows of pyradiomics' full set on one outline of ``area_px``; each round is another outline."""

    row: str
    area_px: int
    baseline_rounds: int = 3
    product_rounds: int = 30

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.row,)

    @property
    def baseline_name(self) -> Message:
        return msg("pyradiomics 3.0.1, full set")

    @property
    def about(self) -> Mapping[str, Any]:
        names = all_names(onekey_1561())
        return {"roi_px": self.area_px, "frame": self._picture.shape, "features": len(names)}

    def limit(self, _row: str) -> Limit:
        profile = onekey_1561()
        images = sum(len(profile.images_of(kind)) for kind in profile.image_types)
        return Limit(moved_bytes=least_bytes(self._picture, images))

    @property
    def _picture(self) -> LesionPicture:
        return LesionPicture(self.area_px)

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        profile, grey = onekey_1561(), self._picture.grey()
        names = all_names(profile)

        def measured(one: Outline) -> dict[str, float]:
            return extract(one.grey, one.mask, one.spacing_mm, profile, names, on_missing="nan")

        side = Side(
            lambda drawn: measured(self._picture.outline(drawn, grey)),
            self.product_rounds,
            warm=lambda: measured(LesionPicture(WARM_PX).outline(0)),
        )
        return just({self.row: side})

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        profile, grey = onekey_1561(), self._picture.grey()
        return just(
            Side(
                lambda drawn: by_pyradiomics(self._picture.outline(drawn, grey), profile),
                self.baseline_rounds,
                warm=lambda: by_pyradiomics(LesionPicture(WARM_PX).outline(0), profile),
            )
        )

    def difference(self, product: Any, baseline: Any) -> float | None:
        return largest_difference(product, baseline, all_names(onekey_1561()))
