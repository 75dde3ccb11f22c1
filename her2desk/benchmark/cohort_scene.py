"""The features of a cohort, by several processes, against one patient after another."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

from her2desk.benchmark.feature_scene import WARM_PX, least_bytes
from her2desk.benchmark.lesions import LesionPicture
from her2desk.benchmark.machine import Limit
from her2desk.benchmark.ordinary import by_pyradiomics, largest_difference
from her2desk.benchmark.sample_packs import names_of
from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.domain.progress import SilentProgress
from her2desk.inference.measuring import Outline, measure_outlines
from her2desk.radiomics.extract import all_names
from her2desk.radiomics.profile import Profile, onekey_1561
from her2desk.texts import Message, msg

PICTURES = 20  # different frames; outlines are all different


@dataclass(frozen=True)
class CohortScene(Scene):
    """``patients`` outlines of ``area_px``, of whom ``sample`` are measured in a round.

    Where the sample is smaller than the cohort its time is scaled up, and that of starting the processes
    is added once. ``features`` None is the full set.
    """

    row: str
    area_px: int
    patients: int
    sample: int
    jobs: int = 2
    features: int | None = None
    product_rounds: int = 3
    baseline_rounds: int = 3

    @property
    def rows(self) -> tuple[str, ...]:
        return (self.row,)

    @property
    def baseline_name(self) -> Message:
        return msg("pyradiomics 3.0.1, one patient after another")

    @property
    def about(self) -> Mapping[str, Any]:
        return {
            "roi_px": self.area_px,
            "patients": self.patients,
            "patients_measured": self.sample,
            "processes": self.jobs,
            "features": len(self._names(onekey_1561())),
        }

    def limit(self, _row: str) -> Limit:
        profile, names = onekey_1561(), self._names(onekey_1561())
        images = len({name.split("_")[0] for name in names} & set(_images(profile)))
        picture = LesionPicture(self.area_px)
        return Limit(moved_bytes=self.patients * least_bytes(picture, images))

    def absent(self) -> Message | None:
        if self.jobs > 1 and find_spec("joblib") is None:
            return msg("Several processes need joblib, which is installed with her2desk[train].")
        return None

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        return self._products()

    @contextmanager
    def _products(self) -> Iterator[Mapping[str, Side]]:
        profile = onekey_1561()
        greys = [LesionPicture(self.area_px, seed).grey() for seed in range(PICTURES)]
        small = [LesionPicture(WARM_PX).outline(drawn) for drawn in range(2 * self.jobs)]
        began = perf_counter()
        self._measure(small, profile)  # the processes start, and load what they need
        start_ms = 1000 * (perf_counter() - began)
        cohorts: dict[int, list[Outline]] = {}

        def prepare(number: int) -> None:
            cohorts.clear()
            first = number * self.sample
            cohorts[number] = [
                LesionPicture(self.area_px).outline(k, greys[k % PICTURES])
                for k in range(first, first + self.sample)
            ]

        yield {
            self.row: Side(
                lambda number: self._measure(cohorts[number], profile)[0],
                self.product_rounds,
                warm=lambda: None,
                prepare=prepare,
                scale=self.patients / self.sample,
                offset_ms=start_ms,
            )
        }

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        profile = onekey_1561()
        names = None if self.features is None else names_of(profile, self.features)
        greys = [LesionPicture(self.area_px, seed).grey() for seed in range(PICTURES)]

        def work(number: int) -> dict[str, Any]:
            one = LesionPicture(self.area_px).outline(number, greys[number % PICTURES])
            return by_pyradiomics(one, profile, names)

        return just(
            Side(
                work,
                self.baseline_rounds,
                warm=lambda: by_pyradiomics(LesionPicture(WARM_PX).outline(0), profile, names),
                scale=self.patients,
            )
        )

    def difference(self, product: Any, baseline: Any) -> float | None:
        return largest_difference(list(product), baseline, self._names(onekey_1561()))

    def _names(self, profile: Profile) -> list[str]:
        if self.features is None:
            return list(all_names(profile))
        return names_of(profile, self.features)

    def _measure(self, outlines: list[Outline], profile: Profile) -> Any:
        return measure_outlines(
            outlines,
            profile,
            self._names(profile),
            cache=None,
            jobs=self.jobs,
            progress=SilentProgress(),
            on_missing="nan",
        )


def _images(profile: Profile) -> list[str]:
    return [image for kind in profile.image_types for image in profile.images_of(kind)]
