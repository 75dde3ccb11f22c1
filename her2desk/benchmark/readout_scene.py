"""From an ROI that is closed to the whole readout, through the engine process as the window asks it."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from her2desk.benchmark.engine_client import EngineClient, running_engine
from her2desk.benchmark.feature_scene import WARM_PX, least_bytes
from her2desk.benchmark.lesions import LesionPicture, with_vertex_moved
from her2desk.benchmark.machine import NO_LIMIT, Limit
from her2desk.benchmark.network_scene import (
    CUDA,
    RESNET101_FLOP,
    different_crops,
    no_card,
)
from her2desk.benchmark.ordinary import by_pyradiomics
from her2desk.benchmark.sample_packs import (
    ARCHITECTURE,
    FEATURES,
    names_of,
    random_weights,
    write_pack,
)
from her2desk.benchmark.scene import Scene, just
from her2desk.benchmark.timing import Side
from her2desk.domain.clinical import ClinicalRecord
from her2desk.domain.prediction import Prediction
from her2desk.radiomics.profile import onekey_1561
from her2desk.texts import Message, msg

NEW_OUTLINE, VERTEX_MOVED, FORM_CHANGED, FIRST = (
    "readout_resnet101",
    "readout_vertex_moved",
    "readout_form_changed",
    "readout_first",
)
FIRST_ROUNDS = 5  # each starts an engine
FAR = 10_000  # between the outlines of different rows, so that none has been asked before


@dataclass(frozen=True)
class ReadoutScene(Scene):
    """A pack of ``features`` features and ResNet101, on one outline of ``area_px`` after another.

    ``whole_baseline`` is the full set and the network, as the ordinary stack gives it; else only the
    pack's features are asked of pyradiomics.
    """

    names: tuple[str, ...] = (NEW_OUTLINE, VERTEX_MOVED, FORM_CHANGED, FIRST)
    area_px: int = 56_000
    features: int = FEATURES
    device: str = "cpu"
    whole_baseline: bool = True
    product_rounds: int = 60
    baseline_rounds: int = 3

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(f"{name}_{CUDA}" if self.device == CUDA else name for name in self.names)

    @property
    def baseline_name(self) -> Message:
        if self.whole_baseline:
            return msg("pyradiomics 3.0.1, full set, and eager PyTorch ResNet101")
        return msg("pyradiomics 3.0.1, the pack's features, and eager PyTorch ResNet101")

    @property
    def about(self) -> Mapping[str, Any]:
        return {
            "roi_px": self.area_px,
            "frame": self._picture.shape,
            "features": self.features,
            "image_types": len(self._images()),
            "device": self.device,
        }

    def limit(self, row: str) -> Limit:
        """Of a new outline; where the crop is unchanged the network, and where the form, all is known."""
        if row.startswith(FORM_CHANGED):
            return NO_LIMIT
        has_network = self.device != CUDA and not row.startswith(VERTEX_MOVED)
        flop = RESNET101_FLOP if has_network else 0.0
        return Limit(flop, least_bytes(self._picture, len(self._images())))

    def absent(self) -> Message | None:
        return no_card() if self.device == CUDA else None

    @property
    def _picture(self) -> LesionPicture:
        return LesionPicture(self.area_px)

    def _images(self) -> set[str]:
        return {name.split("_")[0] for name in names_of(onekey_1561(), self.features)}

    def products(self, place: Path) -> AbstractContextManager[Mapping[str, Side]]:
        return self._products(place)

    @contextmanager
    def _products(self, place: Path) -> Iterator[Mapping[str, Side]]:
        image, pack = self._files(place)
        with ExitStack() as engines:
            sides = {}
            if set(self.names) != {FIRST}:
                client = engines.enter_context(running_engine(place, image, pack, self.device))
                client.warm()
                sides = _Asked(client, self._picture, self.product_rounds).sides()
            first = _FirstAnswers(place, image, pack, self.device)
            engines.callback(first.close)
            sides[FIRST] = Side(
                lambda number: first.ask(self._picture, number),
                min(FIRST_ROUNDS, self.product_rounds),
                warm=lambda: None,
                prepare=lambda _number: first.start(),
            )
            yield {row: sides[name] for row, name in zip(self.rows, self.names, strict=True)}

    def baseline(self, place: Path) -> AbstractContextManager[Side]:
        from her2desk.benchmark.ordinary import eager_network
        from her2desk.inference.devices import fix_arithmetic

        fix_arithmetic()
        profile, grey = onekey_1561(), self._picture.grey()
        names = None if self.whole_baseline else names_of(profile, self.features)
        logit = eager_network(random_weights(), self.device)
        crops = different_crops(self.baseline_rounds)

        def work(number: int) -> None:
            by_pyradiomics(self._picture.outline(number, grey), profile, names)
            logit(crops[number])

        def warm() -> None:
            by_pyradiomics(LesionPicture(WARM_PX).outline(0), profile, names)
            logit(crops[0])

        return just(Side(work, self.baseline_rounds, warm=warm))

    def _files(self, place: Path) -> tuple[Path, Path]:
        image = place / f"lesion-{self.area_px}.dcm"
        pack = place / f"{ARCHITECTURE}-{self.features}.h2pack"
        if not image.exists():
            self._picture.write(image)
        if not pack.exists():
            write_pack(pack, onekey_1561(), self.features)
        return image, pack


class _Asked:
    """The questions of a session, each prepared by the one before it that a reader would have asked."""

    def __init__(self, client: EngineClient, picture: LesionPicture, rounds: int) -> None:
        self._client = client
        self._picture = picture
        self._rounds = rounds

    def sides(self) -> dict[str, Side]:
        return {
            NEW_OUTLINE: Side(
                lambda k: self._client.ask(self._picture.roi(k)), self._rounds, warm=self._warm
            ),
            VERTEX_MOVED: Side(
                lambda k: self._client.ask(with_vertex_moved(self._picture.roi(FAR + k), k)),
                self._rounds,
                warm=self._warm,
                prepare=lambda k: self._client.ask(self._picture.roi(FAR + k)),
            ),
            FORM_CHANGED: Side(
                lambda k: self._client.ask(self._picture.roi(2 * FAR + k), ClinicalRecord(pr=True)),
                self._rounds,
                warm=self._warm,
                prepare=lambda k: self._client.ask(self._picture.roi(2 * FAR + k)),
            ),
        }

    def _warm(self) -> None:
        """An outline that no round asks about."""
        self._client.ask(self._picture.roi(4 * FAR))


class _FirstAnswers:
    """The first answer of one engine after another, each warmed up as the window's is."""

    def __init__(self, place: Path, image: Path, pack: Path, device: str) -> None:
        self._asked_of = place, image, pack, device
        self._running = ExitStack()
        self._client: EngineClient | None = None

    def start(self) -> None:
        self.close()
        self._client = self._running.enter_context(running_engine(*self._asked_of))
        self._client.warm()

    def ask(self, picture: LesionPicture, number: int) -> Prediction:
        assert self._client is not None
        return self._client.ask(picture.roi(3 * FAR + number))

    def close(self) -> None:
        self._running.close()
